/* SPDX-License-Identifier: MPL-2.0 */
/* npm: a packument, "package-metadata" of npm's registry documentation, abbreviated form. */
#include "document.h"
#include "json.h"
#include "registry.h"
#include "text.h"

static void
version_take(struct search *search, struct span version, const uint8_t *release)
{
	const uint8_t *dist = json_find(release, "dist");
	search->version = version;
	search->link = json_find(dist, "tarball");
	search->sum = json_find(dist, "integrity");
	search->shasum = json_find(dist, "shasum");
	if (!search->link)
		fail_about("the registry does not say where the archive is of version", version);
}

void
npm_search(struct search *search)
{
	document_expect(search->document, REGISTRY_NAME);
	const uint8_t *versions = json_find(search->document.data, "versions");
	const uint8_t *tags = json_find(search->document.data, "dist-tags");
	struct span wanted = search->wanted.size ? search->wanted : SPAN("latest");
	const uint8_t *release = json_find_span(versions, wanted);
	if (!release && search->known->hex.size) {
		struct json_walk walk = json_walk(versions);
		while (json_next(&walk)) {
			const uint8_t *dist = json_find(walk.value, "dist");
			if (search_is_known(search, json_find(dist, "integrity"), NULL)) {
				version_take(search, walk.key, walk.value);
				return;
			}
		}
	}
	if (!release) {
		wanted = json_plain(json_find_span(tags, wanted));
		release = json_find_span(versions, wanted);
	}
	if (release)
		version_take(search, wanted, release);
}
