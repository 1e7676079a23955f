/* SPDX-License-Identifier: MPL-2.0 */
#include "submodule.h"

#include "former.h"
#include "heap.h"
#include "modules.h"

#define FILE_NAME ".gitmodules"

/* The scheme and host of a URL and the slash behind them; 0 where it is not http, https or ssh, has no host,
 * or holds a user's name (but with ssh), a query or a fragment. */
static size_t
url_root(struct span url)
{
	size_t start = span_has_prefix(url, "https://")  ? 8
		       : span_has_prefix(url, "http://") ? 7
		       : span_has_prefix(url, "ssh://")  ? 6
							 : 0;
	struct span rest = span_from(url, start);
	size_t host = span_find(rest, '/');
	if (start == 0 || host == 0 || host + 1 >= rest.size || span_find(rest, '?') < rest.size ||
		span_find(rest, '#') < rest.size ||
		(start != 6 && span_find(span_of(rest.data, host), '@') < host) ||
		span_find(rest, ' ') < rest.size || span_find(rest, '\\') < rest.size)
		return 0;
	return start + host + 1;
}

/* Takes slashes away behind, or what is none; not from the root. */
static struct span
end_drop(struct span base, size_t root, bool slashes)
{
	while (base.size > root && (base.data[base.size - 1] == '/') == slashes)
		base.size--;
	return base;
}

void
submodule_url(struct text *out, struct span base, struct span url)
{
	struct span rest = url;
	size_t root = url_root(base);
	text_clear(out);
	base = end_drop(base, root, true);
	while (span_has_prefix(rest, "./") || span_has_prefix(rest, "../")) {
		bool climbs = rest.data[1] == '.';
		rest = span_after(rest, climbs ? 3 : 2);
		/* Of a repository without a path nothing is relative. */
		if (root == 0 || (climbs && base.size <= root))
			fail_about("a submodule's URL leads above its host", url);
		if (climbs)
			base = end_drop(end_drop(base, root, false), root, true);
	}
	if (rest.size < url.size) {
		text_add(out, base);
		if (base.size && base.data[base.size - 1] != '/')
			text_byte(out, '/');
	}
	text_add(out, rest);
	out->size = end_drop(text_span(out), 0, true).size;
	if (url_root(text_span(out)) == 0)
		fail_about("a submodule's URL is not one of http, https or ssh, or relative to its "
			   "repository",
			url);
}

/* The content of .gitmodules, which must be a file. */
static struct span
modules_content(const struct checkout *checkout)
{
	const struct object *top = checkout->top;
	struct tree tree = object_tree(top);
	while (tree_next(&tree)) {
		if (!span_is(tree.name, FILE_NAME))
			continue;
		if (tree.kind != TREE_FILE && tree.kind != TREE_EXECUTABLE)
			fail_in(FILE_NAME, "it is no file");
		struct object *object = object_find(checkout->objects, tree.id);
		if (!object->type)
			(void)former_load(checkout->objects, object);
		if (object->type != PACK_BLOB)
			object_fail(object, "the server did not send it");
		if (object->size > SUBMODULE_FILE)
			fail_in(FILE_NAME, "it is too large");
		return object_content(checkout->objects, object);
	}
	return span_of(NULL, 0);
}

/* The path of a submodule as .gitmodules has it. */
static void
link_path(const struct superproject *super, const struct link *link, struct text *out)
{
	struct output *output = super->checkout->output;
	const struct folder *place = super->checkout->place;
	size_t above = output_path(output, place->parent, place->name).size + 1;
	struct span path = output_path(output, link->folder->parent, link->folder->name);
	text_clear(out);
	if (super->subpath.size) {
		text_add(out, super->subpath);
		text_byte(out, '/');
	}
	text_add(out, span_from(path, above));
}

static void
link_fetch(const struct superproject *super, const struct link *link, struct span content,
	struct modules *modules)
{
	struct text *path = text_new("");
	struct text *url = text_new("");
	link_path(super, link, path);
	modules_start(modules, content);
	while (modules_next(modules))
		if (span_equal(span_of(modules->path.data, modules->path.size), text_span(path)))
			submodule_url(
				url, super->url, span_of(modules->url.data, modules->url.size));
	if (modules->sentence)
		fail_in(FILE_NAME, modules->sentence);
	if (url->size == 0)
		fail_about("no URL stands in " FILE_NAME " for the submodule", text_span(path));
	if (super->depth == SUBMODULE_DEPTH)
		fail_about("too many submodules in each other", text_span(path));
	if (++*super->count > SUBMODULES)
		fail_about("too many submodules", text_span(path));
	log_about("submodule", text_span(path));
	git_submodule(super, text_span(url), link);
	text_free(path);
	text_free(url);
}

void
submodules_fetch(const struct superproject *super)
{
	if (!super->checkout->links)
		return;
	struct span content = modules_content(super->checkout);
	struct modules *modules = (struct modules *)heap_take(sizeof *modules);
	for (const struct link *link = super->checkout->links; link; link = link->next)
		link_fetch(super, link, content, modules);
	heap_give(modules, sizeof *modules);
}
