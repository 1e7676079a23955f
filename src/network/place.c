/* SPDX-License-Identifier: MPL-2.0 */
#include "network/place.h"

#include <stdlib.h>

#include "network/origin.h"
#include "network/symbolic.h"

bool
place_permits(const struct request *request, struct bytes origin, struct err *err)
{
	if (request_lists(request, origin))
		return true;
	/* A question of git for another repository than the island's is for a submodule. */
	if (request->method == METHOD_POST && request_is_repeatable(request))
		return err_set(err, ERR_REFUSED,
			"%.*s is not among the origins of this derivation; submodules from there "
			"are "
			"allowed by the island's own text: submodules = \"%.*s\" (several with "
			"spaces "
			"between)",
			BYTES_ARGS(origin), BYTES_ARGS(origin));
	return err_set(err, ERR_REFUSED, "%.*s is not among the origins of this derivation",
		BYTES_ARGS(origin));
}

static bool
lists_registry(const struct request *request)
{
	for (size_t at = 0; at < request->origins.size; at++)
		if (symbolic_origin(bytes_text(request->origins.data[at])).size)
			return true;
	return false;
}

/* What a registry's document names is where the registry sends to: the rules are a redirect's. Plain
 * http only where this host's own configuration names it. */
static bool
check_plain(const struct config *config, const struct request *request, const struct url *url,
	struct err *err)
{
	bool named = config_names(config, url_origin(url));
	if (lists_registry(request) && (named || (url->tls && request->redirects)))
		return true;
	return place_permits(request, url_origin(url), err);
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

/* Who else may say where a registry is. */
static const char *
other_source(struct bytes origin)
{
	if (bytes_equal_text(origin, "registry:npm"))
		return "set npm's own `registry`";
	if (bytes_equal_text(origin, "registry:pypi"))
		return "set pip's own `index-url`";
	return "let cargo fetch its index once";
}

/* By the row's mirrors, or by the registry that the host's own client has; false where there is
 * neither, or (then err is set) a name is malformed or the client's word is of no use: what is of a scope goes nowhere else then. */
static bool
find_row(struct places *out, const struct config *config, struct bytes row, struct bytes url,
	struct err *err)
{
	const struct config_mirror *mirror = config_mirror(config, row);
	const struct config_registry *registry = config_registry(config, row);
	if ((!mirror || !mirror->urls.size) && registry && !registry->template)
		return err_set(err, ERR_REFUSED,
			"what this machine's own client names for %.*s cannot be used: `cab config "
			"registries` says "
			"why; set --set 'mirrors.\"%.*s\"=[\"URL\"]', or mend it there",
			BYTES_ARGS(row), BYTES_ARGS(row));
	if (!mirror || !mirror->urls.size)
		return registry && add_expanded(out, registry->template, url, err);
	for (size_t at = 0; at < mirror->urls.size; at++)
		if (!add_expanded(out, mirror->urls.data[at], url, err))
			return false;
	return true;
}

static bool
find_registry(struct places *out, const struct config *config, const struct request *request,
	struct bytes origin, struct err *err)
{
	struct bytes url = buf_bytes(&request->url);
	cleanup_buf struct buf name = BUF(URL_LIMIT);
	symbolic_row(url, &name);
	struct bytes row = buf_bytes(&name);
	err_clear(err);
	if (find_row(out, config, row, url, err) || err->kind)
		return !err->kind;
	size_t scope = bytes_find(row, '/');
	if (scope != SIZE_MAX &&
		(find_row(out, config, bytes_first(row, scope), url, err) || err->kind))
		return !err->kind;
	return err_set(err, ERR_REFUSED,
		"nobody says where %.*s is: set --set 'mirrors.\"%.*s\"=[\"URL\"]', or %s",
		BYTES_ARGS(row), BYTES_ARGS(row), other_source(origin));
}

static bool
find_plain(struct places *out, const struct config *config, const struct request *request,
	struct err *err)
{
	cleanup_url struct url url = {0};
	if (!url_parse(buf_bytes(&request->url), &url, err) ||
		!check_plain(config, request, &url, err))
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
	return place_permits(request, origin, err) &&
	       find_registry(out, config, request, origin, err);
}

void
places_release(struct places *places)
{
	for (size_t at = 0; at < places->urls.size; at++)
		free(places->urls.data[at]);
	array_release(&places->urls);
}
