/* SPDX-License-Identifier: MPL-2.0 */
/* crates: a file of cargo's sparse index, a JSON object a line. */
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
		const char *problem = line.size ? json_problem(line) : NULL;
		if (problem)
			fail_in("the registry's index", problem);
		struct span version = json_find(line, "vers");
		struct span sum = json_find(line, "cksum");
		if (version.size < 3)
			continue;
		version = span_of(version.data + 1, version.size - 2);
		bool is_known = search_is_known(search, sum, "sha256");
		if (search->wanted.size
				? !span_equal(version, search->wanted)
				: !is_known && (span_is(json_find(line, "yanked"), "true") ||
						       !is_better(version, search->version)))
			continue;
		search->version = version;
		search->sum = sum;
		if (is_known)
			return;
	}
}
