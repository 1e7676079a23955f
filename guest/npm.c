/* SPDX-License-Identifier: MPL-2.0 */
/* npm: a packument, "package-metadata" of npm's registry documentation, abbreviated form. */
#include "json.h"
#include "registry.h"
#include "text.h"

/* A key of the document that is this string of it, without its quotes. */
static struct span
unquoted(struct span string)
{
	return string.size < 2 || *string.data != '"' ? (struct span){0}
						      : span_of(string.data + 1, string.size - 2);
}

static void
version_take(struct search *search, struct span version, struct span release)
{
	struct span dist = json_find(release, "dist");
	search->version = version;
	search->link = json_find(dist, "tarball");
	search->sum = json_find(dist, "integrity");
	search->shasum = json_find(dist, "shasum");
	if (!search->link.size)
		fail_about("the registry does not say where the archive is of version", version);
}

void
npm_search(struct search *search)
{
	const char *problem = json_problem(search->document);
	if (problem)
		fail_in("the registry's document on the package", problem);
	struct span versions = json_find(search->document, "versions");
	struct span tags = json_find(search->document, "dist-tags");
	struct span wanted = search->wanted.size ? search->wanted : SPAN("latest");
	struct span release = json_find_span(versions, wanted);
	if (!release.size && search->known->hex.size) {
		struct json_walk walk = json_walk(versions);
		while (json_next(&walk)) {
			struct span dist = json_find(walk.value, "dist");
			if (search_is_known(search, json_find(dist, "integrity"), NULL)) {
				version_take(search, walk.key, walk.value);
				return;
			}
		}
	}
	if (!release.size) {
		wanted = unquoted(json_find_span(tags, wanted));
		release = json_find_span(versions, wanted);
	}
	if (release.size)
		version_take(search, wanted, release);
}
