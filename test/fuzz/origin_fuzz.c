/* SPDX-License-Identifier: MPL-2.0 */
/* The first line is a URL, the second a redirect from it; a symbolic URL is expanded by a template. */
#include "base/must.h"
#include "network/origin.h"
#include "network/symbolic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read once reads again as itself, and no byte of it can end a line or hide a host. */
static void
check(const struct url *url)
{
	cleanup_url struct url again = {0};
	struct err err;
	must(url_parse(bytes_text(url->text), &again, &err), "a normal URL parses");
	must(strcmp(url->text, again.text) == 0, "a normal URL is its own normal form");
	for (const char *at = url->text; *at; at++)
		must(*at > ' ' && *at < 0x7f && *at != '\\' && *at != '#', "a URL is printable");
	struct bytes origin = url_origin(url);
	must(bytes_find(origin, '@') == SIZE_MAX, "an origin has no user");
	must(url_path(url).size && url_path(url).data[0] == '/', "a path begins with a slash");
	must(url_host(url).size != 0, "a host is not empty");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes input = bytes_of(data, size);
	struct bytes first = bytes_first(input, bytes_find(input, '\n'));
	struct bytes second = bytes_from(input, first.size + 1);
	cleanup_url struct url url = {0}, to = {0};
	cleanup_buf struct buf out = BUF(URL_LIMIT);
	struct err err;
	if (symbolic_origin(first).size) {
		if (symbolic_expand(second, first, &out, &err))
			must(!out.over, "a URL that was made is whole");
		return 0;
	}
	if (!url_parse(first, &url, &err))
		return 0;
	check(&url);
	if (url_resolve(&url, second, &to, &err))
		check(&to);
	return 0;
}
