/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/path.h"
#include "lang/evaluator.h"
#include "lang/scope.h"

static const char *const ambient_names[AMBIENT_COUNT] = {"packages", "platform", "system"};

struct source_file *
file_of(struct evaluator *evaluator, const struct source *source)
{
	for (size_t at = evaluator->files.size; at-- > 0;) {
		if (evaluator->files.data[at]->source == source)
			return evaluator->files.data[at];
	}
	must(false, "every tree belongs to a file");
	return NULL;
}

static char *
text_copy(struct bytes text)
{
	char *copy = (char *)memory_new(text.size + 1);
	if (text.size)
		memcpy(copy, text.data, text.size);
	copy[text.size] = 0;
	return copy;
}

static struct source_file *
file_new(struct evaluator *evaluator, const char *name, struct bytes text,
	const struct island_ref *root, struct bytes path, struct err *err)
{
	struct source *source = source_new(name, text, err);
	if (!source)
		return NULL;
	struct source_file *file = (struct source_file *)memory_zero(1, sizeof *file);
	file->source = source;
	file->tree = tree_new(source);
	file->root = root;
	file->path = text_copy(path);
	file->folder = text_copy(path_folder(path));
	*array_push(&evaluator->files) = file;
	return file;
}

/* Parses and checks; what is wrong is in the diagnostics then. */
static bool
file_check(struct evaluator *evaluator, struct source_file *file, enum eval_role role)
{
	size_t count = 0;
	while (evaluator->builtin_names[count])
		count++;
	struct scope_names names = {
		.builtins = evaluator->builtin_names,
		.builtin_count = count,
		.ambient = ambient_names,
		.ambient_count = AMBIENT_COUNT,
		.entry = role == EVAL_ENTRY,
	};
	bool sound = syntax_parse(file->tree, &evaluator->diagnostics);
	if (scope_resolve(file->tree, &names, &evaluator->diagnostics) && sound)
		return true;
	failure_clear(evaluator);
	evaluator->failure.kind = FAILURE_REPORTED;
	return false;
}

static struct value *
file_run(struct evaluator *evaluator, struct source_file *file)
{
	struct environment *environment =
		heap_new_environment(evaluator->heap, NULL, file->tree->frame_size);
	return eval_node(evaluator, file->tree->root, environment);
}

struct value *
file_load(struct evaluator *evaluator, const struct island_ref *root, struct bytes path,
	enum eval_role role)
{
	cleanup_buf struct buf text = BUF(SOURCE_MAX);
	cleanup_buf struct buf name = BUF(BUF_MAX);
	struct host_path host_path = {root, path, true};
	struct err err = {0};
	if (!evaluator->host.path_read(evaluator->host.context, &host_path, &text, &err))
		return eval_fail_err(evaluator, NO_SPAN, &err);
	if (root)
		buf_format(&name, "<%s>", root->text);
	buf_add(&name, path);
	struct source_file *file =
		file_new(evaluator, buf_text(&name), buf_bytes(&text), root, path, &err);
	if (!file)
		return eval_fail_err(evaluator, NO_SPAN, &err);
	return file_check(evaluator, file, role) ? file_run(evaluator, file) : NULL;
}

struct value *
file_load_text(struct evaluator *evaluator, const char *name, struct bytes text,
	const struct island_ref *root, const char *path, enum eval_role role)
{
	struct err err = {0};
	struct source_file *file = file_new(evaluator, name, text, root, bytes_text(path), &err);
	if (!file)
		return eval_fail_err(evaluator, NO_SPAN, &err);
	return file_check(evaluator, file, role) ? file_run(evaluator, file) : NULL;
}

static struct value *
import_step(struct evaluator *evaluator, struct value *first, struct value *second UNUSED)
{
	struct path *path = as_path(first);
	return file_load(evaluator, path->root, path_bytes(path), EVAL_IMPORTED);
}

/* The file that a path stands for: itself, or the default.cab of a folder. */
static struct path *
import_target(struct evaluator *evaluator, const struct path *path)
{
	struct host_path host_path = {path->root, path_bytes(path), true};
	enum path_kind kind = PATH_MISSING;
	struct err err = {0};
	if (!evaluator->host.path_kind(evaluator->host.context, &host_path, &kind, &err)) {
		eval_fail_err(evaluator, NO_SPAN, &err);
		return NULL;
	}
	cleanup_buf struct buf target = BUF(BUF_MAX);
	if (kind == PATH_FOLDER)
		path_join(path_bytes(path), BYTES_LITERAL("default.cab"), &target);
	else
		buf_add(&target, path_bytes(path));
	return as_path(heap_new_path(evaluator->heap, path->root, buf_bytes(&target)));
}

struct value *
file_import(struct evaluator *evaluator, const struct path *path)
{
	struct path *target = import_target(evaluator, path);
	if (!target)
		return NULL;
	cleanup_buf struct buf key = BUF(BUF_MAX);
	buf_format(&key, "%s", target->root ? target->root->text : "");
	buf_add_byte(&key, 0);
	buf_add(&key, path_bytes(target));
	void **slot = map_at(&evaluator->imports, buf_bytes(&key));
	if (!*slot) {
		struct value *thunk =
			heap_new_step(evaluator->heap, import_step, &target->value, NULL);
		heap_hold(evaluator->heap, thunk);
		*slot = thunk;
	}
	struct value *thunk = (struct value *)*slot;
	if (thunk->count) {
		eval_fail(evaluator, NO_SPAN, "the file %s imports itself", target->text);
		return eval_help(evaluator,
			"a file is evaluated up to its outermost set, list or function: import "
			"inside of those");
	}
	struct value *value = eval_force(evaluator, thunk);
	if (!value)
		failure_note(evaluator, NOTE_IMPORT, NO_SPAN,
			heap_name(evaluator->heap, path_bytes(target)));
	return value;
}
