/* SPDX-License-Identifier: MPL-2.0 */
/* crates: a file of cargo's sparse index, a JSON object a line. */
#include "document.h"
#include "json.h"
#include "registry.h"
#include "text.h"
#include "version.h"

/* The newest that is no pre-release; where there is none, the newest. */
static bool
is_better(struct span version, struct span than)
{
	if (!than.size)
		return true;
	int early = version_is_early(than) - version_is_early(version);
	return early ? early > 0 : version_compare(version, than) > 0;
}

void
crates_search(struct search *search)
{
	search->algorithm = "sha256";
	struct span rest = search->document;
	while (rest.size) {
		struct span line = span_word(&rest, '\n');
		if (!line.size)
			continue;
		document_expect(line, "the registry's index");
		struct span name = json_plain(json_find(line.data, "name"));
		struct span version = json_plain(json_find(line.data, "vers"));
		const uint8_t *sum = json_find(line.data, "cksum");
		const uint8_t *yanked = json_find(line.data, "yanked");
		if (!version.size)
			continue;
		/* An index is asked without regard to capitals; where archives are is not. */
		if (name.size && !span_equal(name, search->name))
			fail_about("the registry writes its name", name);
		bool is_known = search_is_known(search, sum, "sha256");
		if (search->wanted.size
				? !span_equal(version, search->wanted)
				: !is_known && ((yanked && *yanked == 't') ||
						       !is_better(version, search->version)))
			continue;
		search->version = version;
		search->sum = sum;
		if (is_known)
			return;
	}
}
