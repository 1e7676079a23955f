/* SPDX-License-Identifier: MPL-2.0 */
/*
 * host_root: a host's os-release, and the cache of its fingerprint. A feature's name is made of few letters, and is the
 * same however its values are quoted; a refusal has a reason and leaves the name alone.
 */
#include "sandbox/host_root.h"

#include "base/buf.h"
#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_feature(const char *feature)
{
	static const char front[] = "host-root:";
	static const struct bytes letters =
		BYTES_LITERAL("abcdefghijklmnopqrstuvwxyz0123456789._-");
	char again[HOST_ROOT_NAME];
	struct err err;
	struct bytes name = bytes_text(feature);
	must(bytes_has_prefix(name, bytes_text(front)), "a feature says what it is");
	struct bytes value = bytes_from(name, sizeof front - 1);
	for (size_t at = 0; at < value.size; at++)
		must(bytes_find(letters, value.data[at]) != SIZE_MAX,
			"a feature is of few letters");
	/* Where the two values meet cannot be told; either way of cutting names the same. */
	size_t dash = bytes_find(value, '-');
	must(dash != SIZE_MAX, "a feature has two parts");
	cleanup_buf struct buf text = BUF(BUF_MAX);
	buf_format(&text, "VERSION_ID='%.*s'\nID=\"%.*s\"\n",
		BYTES_ARGS(bytes_from(value, dash + 1)), BYTES_ARGS(bytes_first(value, dash)));
	if (host_root_feature(buf_bytes(&text), again, &err))
		must(strcmp(again, feature) == 0, "quotes are no part of a value");
}

static void
check_cache(struct bytes text)
{
	struct bytes key = bytes_first(text, bytes_find(text, '\n'));
	struct bytes line = bytes_from(text, key.size + 1);
	struct digest digest = {0};
	if (!host_root_cached(line, key, &digest))
		return;
	struct digest_text print = digest_print(&digest);
	must(bytes_has_prefix(line, key), "a cache is of one key");
	must(bytes_equal_text(bytes_first(bytes_from(line, key.size), DIGEST_TEXT), print.text),
		"a fingerprint is the one that is written there");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char feature[HOST_ROOT_NAME] = "";
	struct err err = {0};
	if (host_root_feature(bytes_of(data, size), feature, &err))
		check_feature(feature);
	else
		must(err.kind == ERR_NOT_FOUND && !feature[0],
			"a refusal has a reason and no name");
	check_cache(bytes_of(data, size));
	return 0;
}
