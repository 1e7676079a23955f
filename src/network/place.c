/* SPDX-License-Identifier: MPL-2.0 */
#include "network/place.h"

#include <stdlib.h>

#include "network/origin.h"
#include "network/symbolic.h"

static bool
check_listed(const struct request *request, struct bytes origin, struct err *err)
{
	return request_lists(request, origin) ||
	       err_set(err, ERR_REFUSED, "%.*s is not among the origins of this derivation",
		       BYTES_ARGS(origin));
}

static bool
add_expanded(struct places *out, const char *template, struct bytes url, struct err *err)
{
	cleanup_buf struct buf expanded = BUF(URL_LIMIT);
	if (!symbolic_expand(bytes_text(template), url, &expanded, err))
		return false;
	*array_push(&out->urls) = buf_take_text(&expanded);
	return true;
}

static bool
find_registry(struct places *out, const struct config *config, const struct request *request,
	struct bytes origin, struct err *err)
{
	struct bytes url = buf_bytes(&request->url);
	const struct config_mirror *mirror = config_mirror(config, origin);
	const char *template = config_registry(config, origin);
	if (mirror && mirror->urls.size) {
		for (size_t at = 0; at < mirror->urls.size; at++)
			if (!add_expanded(out, mirror->urls.data[at], url, err))
				return false;
		return true;
	}
	if (template)
		return add_expanded(out, template, url, err);
	return err_set(err, ERR_REFUSED,
		"nobody says where %.*s is: set --set 'mirrors.\"%.*s\"=[\"URL\"]', or let cargo "
		"fetch its index once",
		BYTES_ARGS(origin), BYTES_ARGS(origin));
}

static bool
find_plain(struct places *out, const struct config *config, const struct request *request,
	struct err *err)
{
	cleanup_url struct url url = {0};
	if (!url_parse(buf_bytes(&request->url), &url, err) ||
		!check_listed(request, url_origin(&url), err))
		return false;
	const struct config_mirror *mirror = config_mirror(config, url_origin(&url));
	if (!mirror || !mirror->urls.size) {
		*array_push(&out->urls) = url.text;
		url = (struct url){0};
		return true;
	}
	for (size_t at = 0; at < mirror->urls.size; at++) {
		cleanup_buf struct buf whole = BUF((size_t)2 * URL_LIMIT);
		struct bytes base = bytes_text(mirror->urls.data[at]);
		while (base.size && base.data[base.size - 1] == '/')
			base.size--;
		buf_add(&whole, base);
		buf_add(&whole, url_path(&url));
		*array_push(&out->urls) = buf_take_text(&whole);
	}
	return true;
}

bool
places_find(struct places *out, const struct config *config, const struct request *request,
	struct err *err)
{
	struct bytes origin = symbolic_origin(buf_bytes(&request->url));
	if (!origin.size)
		return find_plain(out, config, request, err);
	return check_listed(request, origin, err) &&
	       find_registry(out, config, request, origin, err);
}

void
places_release(struct places *places)
{
	for (size_t at = 0; at < places->urls.size; at++)
		free(places->urls.data[at]);
	array_release(&places->urls);
}
