/* SPDX-License-Identifier: MPL-2.0 */
/*
 * submodule: a repository's URL and a submodule's, a line each. Where the second leads is http, https or ssh, plain, and
 * from a relative one the repository's own host.
 */
#include "submodule.h"

#include "base/bytes.h"
#include "base/must.h"
#include "guest_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct trial {
	struct bytes base, url;
};

/* Up to the slash behind the host. */
static struct bytes
host_of(struct bytes url)
{
	struct bytes rest = url;
	for (size_t slashes = 0; slashes < 3; slashes++) {
		size_t slash = bytes_find(rest, '/');
		rest = bytes_from(rest, slash == SIZE_MAX ? rest.size : slash + 1);
	}
	return bytes_first(url, url.size - rest.size);
}

static void
check(const struct trial *trial, struct bytes url)
{
	must(bytes_has_prefix(url, BYTES_LITERAL("https://")) ||
			bytes_has_prefix(url, BYTES_LITERAL("http://")) ||
			bytes_has_prefix(url, BYTES_LITERAL("ssh://")),
		"a submodule comes by http, https or ssh");
	for (size_t at = 0; at < url.size; at++)
		must(!strchr(" ?#\\", url.data[at]) || !url.data[at], "its URL is plain");
	must(url.data[url.size - 1] != '/', "its URL ends in a name");
	must(bytes_has_prefix(url, BYTES_LITERAL("ssh:")) ||
			bytes_find(host_of(url), '@') == SIZE_MAX,
		"no user's name goes along");
	if (!bytes_has_prefix(trial->url, BYTES_LITERAL("../")) &&
		!bytes_has_prefix(trial->url, BYTES_LITERAL("./")))
		return;
	must(bytes_has_prefix(url, host_of(trial->base)), "a relative URL stays at its host");
}

static void
run(void *context)
{
	const struct trial *trial = (const struct trial *)context;
	struct text out = {0};
	submodule_url(&out, span_of(trial->base.data, trial->base.size),
		span_of(trial->url.data, trial->url.size));
	check(trial, bytes_of(out.data, out.size));
	text_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trial trial = {.url = bytes_of(data, size)};
	if (!bytes_split(&trial.url, '\n', &trial.base) || !trial.url.data)
		return 0;
	world_load(BYTES_LITERAL(""));
	(void)world_run(run, &trial, SIZE_MAX);
	world_unload();
	return 0;
}
