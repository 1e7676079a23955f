/* SPDX-License-Identifier: MPL-2.0 */
/* A listing: a byte for the scheme, then the document; its rows are in order, of the document, and each name is there once. And
 * the whole input as the front of a pack in which a server said how many commits there are. */
#include "island/versions.h"

#include "base/must.h"
#include "island/commits.h"
#include "island/island_ref.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum scheme_id schemes[] = {
		SCHEME_CRATES, SCHEME_NPM, SCHEME_PYPI, SCHEME_GITHUB};
	if (!size)
		return 0;
	uint32_t commits = 0;
	must(!commits_read(bytes_of(data, size), &commits) || commits,
		"no commits are none to speak of");
	const struct scheme *scheme = scheme_get(schemes[data[0] % 4]);
	struct island island = {.scheme = scheme,
		.place = BYTES_LITERAL("some-thing"),
		.text = BYTES_LITERAL("an island")};
	cleanup_versions struct versions versions = VERSIONS;
	struct err err = {0};
	buf_add(&versions.document, bytes_of(data + 1, size - 1));
	if (!versions_read(&versions, &island, &err)) {
		must(err.kind == ERR_CORRUPT, "an error has its kind");
		return 0;
	}
	for (size_t at = 0; at < versions.size; at++) {
		struct bytes name = versions.rows[at].name;
		must(name.size > 0, "a version has a name");
		must(scheme->shape != SHAPE_REGISTRY || island_version_is_valid(scheme->id, name),
			"an island can name it");
		for (size_t other = 0; other < at; other++)
			must(!bytes_equal(name, versions.rows[other].name), "a name is there once");
	}
	return 0;
}
