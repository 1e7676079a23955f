/* SPDX-License-Identifier: MPL-2.0 */
#include "memory_host.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/map.h"

enum { SHORT_DIGEST = 12 };

struct memory_host {
	struct eval_host functions;
	struct arena arena;
	struct map files;   /* path -> struct bytes */
	struct map islands; /* text -> struct island_ref */
	struct map items;   /* path -> struct context_item */
	struct map made;    /* island text -> struct host_derivation */
	struct buf log;
	size_t reads;
};

static const char *
file_key(struct memory_host *host, const struct host_path *path)
{
	return path->root ? arena_format(&host->arena, "<%s>%.*s", path->root->text,
				    BYTES_ARGS(path->text))
			  : arena_format(&host->arena, "%.*s", BYTES_ARGS(path->text));
}

static const char *
short_digest(struct memory_host *host, struct bytes content)
{
	struct digest digest = digest_of(content);
	struct digest_text text = digest_print(&digest);
	return arena_format(&host->arena, "%.*s", (int)SHORT_DIGEST, text.text);
}

static const struct context_item *
item_at(struct memory_host *host, const char *path, enum context_kind kind, const char *output,
	const void *handle)
{
	void **slot = map_at(&host->items, bytes_text(path));
	if (!*slot) {
		struct context_item *item = arena_new(&host->arena, struct context_item);
		*item = (struct context_item){kind, kind == CONTEXT_OUTPUT, path, output, handle};
		*slot = item;
	}
	return (const struct context_item *)*slot;
}

static bool
open_island(void *context, const struct island_literal *literal, const struct island_ref **out,
	struct err *err)
{
	struct memory_host *host = (struct memory_host *)context;
	static const char *const schemes[] = {"github", "crates", "git", "https", "self", "fs"};
	bool known = false;
	for (size_t at = 0; at < sizeof schemes / sizeof schemes[0]; at++)
		known = known || bytes_equal_text(literal->scheme, schemes[at]);
	if (!known)
		return err_set(err, ERR_REFUSED, "there is no island scheme '%.*s'",
			BYTES_ARGS(literal->scheme));
	cleanup_buf struct buf text = BUF(BUF_MAX);
	buf_add(&text, literal->scheme);
	if (literal->ref.size)
		buf_format(&text, ":%.*s", BYTES_ARGS(literal->ref));
	for (size_t at = 0; at < literal->option_count; at++) {
		const struct island_option *option = &literal->options[at];
		buf_format(&text, "%s%.*s = ", at ? ", " : ":{ ", BYTES_ARGS(option->name));
		if (option->kind == OPTION_TEXT)
			buf_format(&text, "\"%.*s\"", BYTES_ARGS(option->text));
		else
			buf_format(&text, "%lld", (long long)option->number);
	}
	if (literal->option_count)
		buf_add_text(&text, ", }");
	if (literal->subpath.size)
		buf_format(&text, "%s%.*s",
			literal->option_count ? ":" : "::", BYTES_ARGS(literal->subpath));
	void **slot = map_at(&host->islands, buf_bytes(&text));
	if (!*slot) {
		struct island_ref *island = arena_new(&host->arena, struct island_ref);
		island->text = arena_text(&host->arena, buf_bytes(&text));
		*slot = island;
	}
	*out = (const struct island_ref *)*slot;
	return true;
}

static const struct host_derivation *
derivation_new(struct memory_host *host, const char *name, const char *digest,
	const struct bytes *outputs, size_t count)
{
	struct host_derivation *made = arena_new(&host->arena, struct host_derivation);
	const struct context_item **items =
		arena_array(&host->arena, const struct context_item *, count);
	for (size_t at = 0; at < count; at++) {
		const char *output = arena_text(&host->arena, outputs[at]);
		bool plain = strcmp(output, "out") == 0;
		const char *path = arena_format(&host->arena, "/cull/store/%s-%s%s%s", digest, name,
			plain ? "" : "-", plain ? "" : output);
		items[at] = item_at(host, path, CONTEXT_OUTPUT, output, made);
	}
	*made = (struct host_derivation){made, name,
		arena_format(&host->arena, "/cull/store/%s-%s.drv", digest, name), count, items};
	return made;
}

static bool
derive_island(void *context, const struct island_ref *island, const struct host_derivation **out,
	struct err *err)
{
	struct memory_host *host = (struct memory_host *)context;
	if (strncmp(island->text, "fs:", 3) == 0)
		return err_set(err, ERR_REFUSED, "<%s> is local: it is an object, not a derivation",
			island->text);
	void **slot = map_at(&host->made, bytes_text(island->text));
	if (!*slot) {
		struct bytes output = BYTES_LITERAL("out");
		const char *last = strrchr(island->text, '/');
		*slot = (void *)(uintptr_t)derivation_new(host, last ? last + 1 : "source",
			short_digest(host, bytes_text(island->text)), &output, 1);
		buf_format(&host->log, "island %s\n", island->text);
	}
	*out = (const struct host_derivation *)*slot;
	return true;
}

static bool
island_output(void *context, const struct island_ref *island, const struct context_item **out,
	struct err *err)
{
	struct memory_host *host = (struct memory_host *)context;
	if (strncmp(island->text, "fs:", 3) == 0) {
		const char *digest = short_digest(host, bytes_text(island->text));
		*out = item_at(host, arena_format(&host->arena, "/cull/store/%s-local", digest),
			CONTEXT_OBJECT, NULL, NULL);
		return true;
	}
	const struct host_derivation *made = NULL;
	if (!derive_island(context, island, &made, err))
		return false;
	*out = made->outputs[0];
	return true;
}

/* What of a key lies beneath a folder's key, or NULL. */
static bool
key_beneath(struct bytes key, const char *folder, struct bytes *rest)
{
	size_t size = strlen(folder);
	while (size > 0 && folder[size - 1] == '/')
		size--;
	if (key.size <= size + 1 || memcmp(key.data, folder, size) != 0 || key.data[size] != '/')
		return false;
	*rest = bytes_from(key, size + 1);
	return true;
}

static bool
find_kind(void *context, const struct host_path *path, enum path_kind *out, struct err *err UNUSED)
{
	struct memory_host *host = (struct memory_host *)context;
	const char *key = file_key(host, path);
	*out = map_has(&host->files, bytes_text(key)) ? PATH_FILE : PATH_MISSING;
	for (size_t at = 0; at < host->files.size && *out == PATH_MISSING; at++) {
		struct bytes rest;
		if (key_beneath(host->files.entries[at].key, key, &rest))
			*out = PATH_FOLDER;
	}
	return true;
}

static bool
read_path(void *context, const struct host_path *path, struct buf *out, struct err *err)
{
	struct memory_host *host = (struct memory_host *)context;
	const char *key = file_key(host, path);
	struct bytes *text = (struct bytes *)map_find(&host->files, bytes_text(key));
	if (!text)
		return err_set(err, ERR_NOT_FOUND, "there is no file %s", key);
	host->reads++;
	buf_add(out, *text);
	return buf_check(out, err, "file %s", key);
}

static bool
list_path(void *context, const struct host_path *path, path_visit *visit, void *visitor,
	struct err *err)
{
	struct memory_host *host = (struct memory_host *)context;
	const char *key = file_key(host, path);
	cleanup_map struct map seen = {0};
	for (size_t at = 0; at < host->files.size; at++) {
		struct bytes rest;
		if (!key_beneath(host->files.entries[at].key, key, &rest))
			continue;
		size_t end = bytes_find(rest, '/');
		struct bytes name = bytes_first(rest, end);
		if (!map_has(&seen, name))
			visit(visitor, name, end == SIZE_MAX ? PATH_FILE : PATH_FOLDER);
		map_put(&seen, name, host);
	}
	if (seen.size == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no folder %s", key);
	return true;
}

static bool
store_local(void *context, const struct host_path *path, const struct context_item **out,
	struct err *err)
{
	struct memory_host *host = (struct memory_host *)context;
	const char *key = file_key(host, path);
	cleanup_buf struct buf content = BUF(BUF_MAX);
	for (size_t at = 0; at < host->files.size; at++) {
		struct bytes rest, *text = (struct bytes *)host->files.entries[at].value;
		if (bytes_equal_text(host->files.entries[at].key, key) ||
			key_beneath(host->files.entries[at].key, key, &rest))
			buf_add(&content, *text);
	}
	if (!content.size)
		return err_set(err, ERR_NOT_FOUND, "there is nothing at %s", key);
	const char *last = strrchr(key, '/');
	const char *stored = arena_format(&host->arena, "/cull/store/%s-%s",
		short_digest(host, buf_bytes(&content)), last + 1);
	*out = item_at(host, stored, CONTEXT_OBJECT, NULL, NULL);
	buf_format(&host->log, "stored %s as %s\n", key, stored);
	return true;
}

static bool
store_text(void *context, struct bytes name, struct bytes content,
	const struct context_item *const *items, size_t item_count, const struct context_item **out,
	struct err *err UNUSED)
{
	struct memory_host *host = (struct memory_host *)context;
	const char *stored = arena_format(
		&host->arena, "/cull/store/%s-%.*s", short_digest(host, content), BYTES_ARGS(name));
	*out = item_at(host, stored, CONTEXT_OBJECT, NULL, NULL);
	buf_format(&host->log, "wrote %s\n", stored);
	for (size_t at = 0; at < item_count; at++)
		buf_format(&host->log, "  reference %s\n", items[at]->path);
	return true;
}

static bool
store_path(void *context, struct bytes text, const struct context_item **out, struct err *err)
{
	struct memory_host *host = (struct memory_host *)context;
	*out = (const struct context_item *)map_find(&host->items, text);
	if (!*out)
		return err_set(err, ERR_NOT_FOUND, "the store has no %.*s", BYTES_ARGS(text));
	return true;
}

static void
print_request(const struct derivation_request *request, struct buf *out)
{
	buf_format(out, "derivation %.*s\n  program %.*s\n", BYTES_ARGS(request->name),
		BYTES_ARGS(request->program));
	for (size_t at = 0; at < request->argument_count; at++)
		buf_format(out, "  argument %.*s\n", BYTES_ARGS(request->arguments[at]));
	for (size_t at = 0; at < request->environment_count; at++)
		buf_format(out, "  environment %.*s=%.*s\n",
			BYTES_ARGS(request->environment[at].name),
			BYTES_ARGS(request->environment[at].value));
	for (size_t at = 0; at < request->output_count; at++)
		buf_format(out, "  output %.*s\n", BYTES_ARGS(request->outputs[at]));
	for (size_t at = 0; at < request->feature_count; at++)
		buf_format(out, "  feature %.*s\n", BYTES_ARGS(request->features[at]));
	for (size_t at = 0; at < request->fixed_count; at++)
		buf_format(out, "  fixed %.*s\n", BYTES_ARGS(request->fixed[at]));
	for (size_t at = 0; at < request->origin_count; at++)
		buf_format(out, "  origin %.*s\n", BYTES_ARGS(request->origins[at]));
	for (size_t at = 0; at < request->item_count; at++)
		buf_format(out, "  input %s\n", request->items[at]->path);
}

static bool
derive(void *context, const struct derivation_request *request, const struct host_derivation **out,
	struct err *err)
{
	struct memory_host *host = (struct memory_host *)context;
	if (request->name.size == 0 || bytes_find(request->name, '/') != SIZE_MAX)
		return err_set(err, ERR_REFUSED, "'%.*s' is no name of a derivation",
			BYTES_ARGS(request->name));
	cleanup_buf struct buf text = BUF(BUF_MAX);
	print_request(request, &text);
	buf_add(&host->log, buf_bytes(&text));
	*out = derivation_new(host, arena_text(&host->arena, request->name),
		short_digest(host, buf_bytes(&text)), request->outputs, request->output_count);
	return true;
}

static void
message(void *context, enum host_message kind, struct bytes text)
{
	struct memory_host *host = (struct memory_host *)context;
	buf_format(&host->log, "%s: %.*s\n", kind == MESSAGE_TRACE ? "trace" : "warning",
		BYTES_ARGS(text));
}

struct memory_host *
memory_host_new(void)
{
	struct memory_host *host = (struct memory_host *)memory_zero(1, sizeof *host);
	host->arena = ARENA;
	host->log = BUF(BUF_MAX);
	host->functions = (struct eval_host){
		.context = host,
		.island_open = open_island,
		.island_output = island_output,
		.island_derive = derive_island,
		.path_kind = find_kind,
		.path_read = read_path,
		.path_list = list_path,
		.path_store = store_local,
		.text_store = store_text,
		.store_path = store_path,
		.derive = derive,
		.message = message,
	};
	return host;
}

void
memory_host_free(struct memory_host *host)
{
	map_release(&host->files);
	map_release(&host->islands);
	map_release(&host->items);
	map_release(&host->made);
	buf_release(&host->log);
	arena_release(&host->arena);
	free(host);
}

void
memory_host_add(struct memory_host *host, const char *path, struct bytes text)
{
	struct bytes *copy = arena_new(&host->arena, struct bytes);
	*copy = arena_copy(&host->arena, text);
	map_put(&host->files, bytes_text(path), copy);
}

const struct eval_host *
memory_host_functions(struct memory_host *host)
{
	return &host->functions;
}

struct buf *
memory_host_log(struct memory_host *host)
{
	return &host->log;
}

size_t
memory_host_reads(const struct memory_host *host)
{
	return host->reads;
}
