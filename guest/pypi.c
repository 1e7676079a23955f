/* SPDX-License-Identifier: MPL-2.0 */
/* pypi: a project's page of Python's simple index as JSON (PEP 691). */
#include "document.h"
#include "json.h"
#include "registry.h"
#include "text.h"
#include "version.h"

/* A letter of a name in its normal form (PEP 503), taken from the front. */
static uint8_t
letter_take(struct span *name)
{
	uint8_t letter = *name->data;
	bool is_mark = false;
	while (name->size && (*name->data == '-' || *name->data == '_' || *name->data == '.')) {
		is_mark = true;
		*name = span_after(*name, 1);
	}
	if (is_mark)
		return '-';
	*name = span_after(*name, 1);
	return letter >= 'A' && letter <= 'Z' ? letter | 0x20 : letter;
}

void
pypi_put(struct text *url, struct span name)
{
	while (name.size)
		text_byte(url, letter_take(&name));
	text_byte(url, '/');
}

/* "NAME-VERSION.tar.gz" or ".zip": the version; empty where the file is no source archive. */
static struct span
version_of(struct span file, struct span name, bool *is_zip_out)
{
	static const char *const endings[] = {".tar.gz", ".zip"};
	for (size_t ending = 0; ending < 2; ending++) {
		size_t size = strlen(endings[ending]);
		if (file.size < size ||
			!span_is(span_after(file, file.size - size), endings[ending]))
			continue;
		*is_zip_out = ending;
		file.size -= size;
		while (name.size && file.size)
			if (letter_take(&name) != letter_take(&file))
				return span_of(NULL, 0);
		if (!name.size && span_has_prefix(file, "-"))
			return span_after(file, 1);
	}
	return span_of(NULL, 0);
}

static bool
is_yanked(const uint8_t *file)
{
	const uint8_t *yanked = json_find(file, "yanked");
	/* Neither false nor null. */
	return yanked && *yanked != 'f' && *yanked != 'n';
}

static bool
is_wanted(const struct search *search, struct span version, const uint8_t *file)
{
	if (search->wanted.size)
		return version_is_same_python(version, search->wanted);
	return version_is_final_python(version) && !is_yanked(file);
}

void
pypi_search(struct search *search)
{
	document_expect(search->document, "the registry must speak PEP 691");
	search->algorithm = "sha256";
	bool is_zip = false;
	struct json_walk walk = json_walk(json_find(search->document.data, "files"));
	while (json_next(&walk)) {
		struct span file = json_plain(json_find(walk.value, "filename"));
		const uint8_t *sum = json_find(json_find(walk.value, "hashes"), "sha256");
		const uint8_t *link = json_find(walk.value, "url");
		if (!file.size || !link)
			continue;
		bool file_is_zip = false;
		bool is_known = search_is_known(search, sum, "sha256");
		struct span version = version_of(file, search->name, &file_is_zip);
		if (!is_known && (!version.size || !is_wanted(search, version, walk.value)))
			continue;
		if (!is_known && search->version.size) {
			int order = version_compare_python(version, search->version);
			if (order < 0 || (order == 0 && (file_is_zip || !is_zip)))
				continue;
		}
		search->version = file;
		if (version.size)
			search->version = version;
		search->sum = sum;
		search->link = link;
		is_zip = file_is_zip;
		if (is_known)
			return;
	}
}
