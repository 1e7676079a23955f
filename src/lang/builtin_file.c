/* SPDX-License-Identifier: MPL-2.0 */
#include <stdlib.h>

#include "base/digest.h"
#include "base/hash.h"
#include "lang/builtin_family.h"

/* A path in a derivation's output, which is built for it where that is allowed. */
static struct path *
want_built(struct evaluator *evaluator, struct value *value, const char *who)
{
	if (!evaluator->host.output_build) {
		eval_fail(evaluator, NO_SPAN,
			"'%s' would have to build a derivation during evaluation", who);
		eval_help(evaluator, "--allow-build-during-evaluation allows it; an island can be "
				     "read without: write its path, not a string");
		return NULL;
	}
	value = coerce_value(evaluator, value, COERCE_INTERPOLATE, NO_SPAN);
	if (!value)
		return NULL;
	const struct string *string = as_string(value);
	cleanup_buf struct buf text = BUF(heap_ceiling(evaluator->heap));
	struct err err = {0};
	if (evaluator->host.output_build(evaluator->host.context, string_bytes(string),
		    string->context->items, string->context->value.count, &text, &err))
		return as_path(heap_new_path(evaluator->heap, NULL, buf_bytes(&text)));
	eval_fail_err(evaluator, NO_SPAN, &err);
	return NULL;
}

/* What evaluation may read: a path, or a string that names an object of the store. */
static struct path *
want_readable(struct evaluator *evaluator, struct value *value, const char *who)
{
	value = eval_force(evaluator, value);
	if (!value || value_is(value, VALUE_PATH))
		return (struct path *)(void *)value;
	bool derivation = false;
	if (!coerce_is_derivation(evaluator, value, &derivation))
		return NULL;
	const struct context *context =
		value_is(value, VALUE_STRING) ? as_string(value)->context : NULL;
	if (derivation || context_placeholder(context))
		return want_built(evaluator, value, who);
	if (context)
		return as_path(
			heap_new_path(evaluator->heap, NULL, string_bytes(as_string(value))));
	return want_path(evaluator, value, who);
}

static struct value *
run_import(struct evaluator *evaluator, struct value **arguments)
{
	struct path *path = want_readable(evaluator, arguments[0], "import");
	return path ? file_import(evaluator, path) : NULL;
}

static bool
read_path(struct evaluator *evaluator, struct path *path, struct buf *out)
{
	struct host_path host_path = {path->root, path_bytes(path), false};
	struct err err = {0};
	if (evaluator->host.path_read(evaluator->host.context, &host_path, out, &err))
		return true;
	eval_fail_err(evaluator, NO_SPAN, &err);
	return false;
}

static bool
is_utf8(struct bytes text)
{
	for (size_t at = 0; at < text.size;) {
		uint32_t point = 0;
		size_t size = source_decode(bytes_from(text, at), &point);
		if (size == 0)
			return false;
		at += size;
	}
	return true;
}

static struct value *
run_read_file(struct evaluator *evaluator, struct value **arguments)
{
	struct path *path = want_readable(evaluator, arguments[0], "readFile");
	cleanup_text struct text text = text_start(evaluator);
	if (!path || !read_path(evaluator, path, &text.buf))
		return NULL;
	if (!is_utf8(buf_bytes(&text.buf)))
		return eval_fail(evaluator, NO_SPAN, "the file %s is not UTF-8", path->text);
	return text_finish(evaluator, &text, NO_SPAN);
}

static struct value *
run_hash_file(struct evaluator *evaluator, struct value **arguments)
{
	struct string *name = want_string(evaluator, arguments[0], "hashFile");
	struct path *path = name ? want_readable(evaluator, arguments[1], "hashFile") : NULL;
	cleanup_buf struct buf content = BUF(heap_ceiling(evaluator->heap));
	if (!path || !read_path(evaluator, path, &content))
		return NULL;
	return builtin_hash(evaluator, name, buf_bytes(&content));
}

static bool
find_kind(struct evaluator *evaluator, struct path *path, enum path_kind *out)
{
	struct host_path host_path = {path->root, path_bytes(path), false};
	struct err err = {0};
	if (evaluator->host.path_kind(evaluator->host.context, &host_path, out, &err))
		return true;
	eval_fail_err(evaluator, NO_SPAN, &err);
	return false;
}

static struct value *
run_path_exists(struct evaluator *evaluator, struct value **arguments)
{
	struct path *path = want_readable(evaluator, arguments[0], "pathExists");
	enum path_kind kind = PATH_MISSING;
	if (!path || !find_kind(evaluator, path, &kind))
		return NULL;
	return heap_boolean(evaluator->heap, kind != PATH_MISSING);
}

struct listing {
	struct evaluator *evaluator;
	ARRAY(struct set_entry) entries;
};

static const char *
kind_name(enum path_kind kind)
{
	switch (kind) {
	case PATH_FILE:
		return "file";
	case PATH_FOLDER:
		return "directory";
	case PATH_LINK:
		return "symlink";
	case PATH_MISSING:
	case PATH_OTHER:
		break;
	}
	return "other";
}

static void
visit_name(void *visitor, struct bytes name, enum path_kind kind)
{
	struct listing *listing = (struct listing *)visitor;
	struct heap *heap = listing->evaluator->heap;
	struct value *value = heap_new_string(heap, bytes_text(kind_name(kind)), NULL);
	*array_push(&listing->entries) = (struct set_entry){heap_name(heap, name), value};
}

static struct value *
run_read_directory(struct evaluator *evaluator, struct value **arguments)
{
	struct path *path = want_readable(evaluator, arguments[0], "readDirectory");
	if (!path)
		return NULL;
	struct host_path host_path = {path->root, path_bytes(path), false};
	struct listing listing = {.evaluator = evaluator};
	struct err err = {0};
	struct bytes repeated = {0};
	struct set *set = NULL;
	if (!evaluator->host.path_list(
		    evaluator->host.context, &host_path, visit_name, &listing, &err)) {
		eval_fail_err(evaluator, NO_SPAN, &err);
	} else {
		set = heap_new_set_of(
			evaluator->heap, listing.entries.data, listing.entries.size, &repeated);
		if (!set)
			eval_fail(evaluator, NO_SPAN, "the folder %s lists '%.*s' twice",
				path->text, BYTES_ARGS(repeated));
	}
	array_release(&listing.entries);
	return set ? &set->value : NULL;
}

static struct value *
item_string(struct evaluator *evaluator, const struct context_item *item)
{
	struct context *context = heap_new_context(evaluator->heap, item);
	return heap_new_string(evaluator->heap, bytes_text(item->path), context);
}

static struct value *
run_store_path(struct evaluator *evaluator, struct value **arguments)
{
	struct string *text = want_string(evaluator, arguments[0], "storePath");
	if (!text)
		return NULL;
	const struct context_item *item = NULL;
	struct err err = {0};
	if (!evaluator->host.store_path(evaluator->host.context, string_bytes(text), &item, &err))
		return eval_fail_err(evaluator, NO_SPAN, &err);
	return item_string(evaluator, item);
}

static struct value *
run_write_text(struct evaluator *evaluator, struct value **arguments)
{
	struct string *name = want_known_string(evaluator, arguments[0], "writeText");
	struct value *content =
		name ? coerce_value(evaluator, arguments[1], COERCE_INTERPOLATE, NO_SPAN) : NULL;
	if (!content)
		return NULL;
	struct string *string = as_string(content);
	const struct context_item *item = NULL;
	struct err err = {0};
	if (!evaluator->host.text_store(evaluator->host.context, string_bytes(name),
		    string_bytes(string), string->context ? string->context->items : NULL,
		    string->context ? string->context->value.count : 0, &item, &err))
		return eval_fail_err(evaluator, NO_SPAN, &err);
	return item_string(evaluator, item);
}

static const struct builtin file_rows[] = {
	{"import", 1, run_import, "path -> a",
		"The value of a file of the Cab language (of a folder: its default.cab), evaluated "
		"once.",
		"isFunction import"},
	{"readFile", 1, run_read_file, "path -> string",
		"The content of a file, which must be UTF-8.", "isFunction readFile"},
	{"readDirectory", 1, run_read_directory, "path -> { name : string }",
		"The names in a folder, each with \"file\", \"directory\", \"symlink\" or "
		"\"other\". Of a local folder what is in by the rules of LOCAL TREES.",
		"isFunction readDirectory"},
	{"pathExists", 1, run_path_exists, "path -> boolean",
		"Whether there is something at a path.", "isFunction pathExists"},
	{"hashFile", 2, run_hash_file, "string -> path -> string",
		"The hash of a file's content, by the algorithms of `hash`.",
		"isFunction (hashFile \"sha256\")"},
	{"storePath", 1, run_store_path, "string -> string",
		"The path of an object that is in the store, as a string that mentions it.",
		"isFunction storePath"},
	{"writeText", 2, run_write_text, "string -> string -> string",
		"Puts a file with a name and a content into the store and gives its path.",
		"isFunction (writeText \"name\")"},
};
BUILTIN_FAMILY(file, "Files");
