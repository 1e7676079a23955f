/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/evaluator.h"

#include <stdlib.h>

#include "lang/value_json.h"
#include "lang/print.h"

struct evaluator *
evaluator_new(const struct eval_host *host, size_t heap_ceiling)
{
	struct evaluator *evaluator = (struct evaluator *)memory_zero(1, sizeof *evaluator);
	evaluator->heap = heap_new(heap_ceiling);
	evaluator->stack = stack_new(heap_ceiling);
	evaluator->host = *host;
	evaluator->diagnostics = DIAGNOSTICS;
	evaluator->failure.arena = ARENA;
	size_t count = 0;
	for (size_t family = 0; family < builtin_family_count(); family++)
		count += builtin_family(family)->count;
	evaluator->builtins = (struct value **)memory_zero(count, sizeof(struct value *));
	evaluator->builtin_names = (const char **)memory_zero(count + 1, sizeof(const char *));
	size_t at = 0;
	for (size_t family = 0; family < builtin_family_count(); family++) {
		for (size_t row = 0; row < builtin_family(family)->count; row++, at++) {
			const struct builtin *builtin = &builtin_family(family)->rows[row];
			evaluator->builtin_names[at] = builtin->name;
			struct value *value =
				builtin->arity
					? &heap_new_partial(evaluator->heap, builtin, 0)->value
					: builtin_constant(evaluator, builtin);
			evaluator->builtins[at] = value;
			heap_hold(evaluator->heap, value);
		}
	}
	heap_rewind(evaluator->heap, (struct heap_mark){0});
	return evaluator;
}

void
evaluator_free(struct evaluator *evaluator)
{
	if (!evaluator)
		return;
	for (size_t at = 0; at < evaluator->files.size; at++) {
		struct source_file *file = evaluator->files.data[at];
		tree_free(file->tree);
		source_free(file->source);
		free(file->path);
		free(file->folder);
		free(file);
	}
	array_release(&evaluator->files);
	map_release(&evaluator->imports);
	diagnostics_release(&evaluator->diagnostics);
	arena_release(&evaluator->failure.arena);
	heap_free(evaluator->heap);
	stack_free(evaluator->stack);
	free(evaluator->builtins);
	free((void *)evaluator->builtin_names);
	free(evaluator);
}

struct diagnostics *
evaluator_diagnostics(struct evaluator *evaluator)
{
	return &evaluator->diagnostics;
}

enum err_kind
evaluator_cause(const struct evaluator *evaluator)
{
	return evaluator->cause;
}

void
evaluator_clear(struct evaluator *evaluator)
{
	diagnostics_release(&evaluator->diagnostics);
	evaluator->diagnostics = DIAGNOSTICS;
}

void
evaluator_set_ambient(struct evaluator *evaluator, enum ambient ambient, struct value *value)
{
	if (evaluator->ambient[ambient])
		heap_drop(evaluator->heap, evaluator->ambient[ambient]);
	evaluator->ambient[ambient] = value;
	heap_hold(evaluator->heap, value);
}

void
evaluator_set_schemes(struct evaluator *evaluator, struct value *schemes)
{
	must(value_is(schemes, VALUE_SET), "schemes are a set");
	if (evaluator->schemes)
		heap_drop(evaluator->heap, evaluator->schemes);
	evaluator->schemes = schemes;
	heap_hold(evaluator->heap, schemes);
}

size_t
evaluator_mark(const struct evaluator *evaluator)
{
	return heap_mark(evaluator->heap).size;
}

void
evaluator_rewind(struct evaluator *evaluator, size_t mark)
{
	heap_rewind(evaluator->heap, (struct heap_mark){mark});
}

/* One call from outside, carried to the evaluation stack. */
struct request {
	struct evaluator *evaluator;
	struct value *(*work)(struct request *request);
	struct value *value;
	struct value *other;
	const char *name;
	const char *path;
	const struct island_ref *root;
	struct bytes text;
	const struct bytes *names;
	size_t count;
	unsigned indent;
	enum eval_role role;
	struct buf *out;
	const struct context_item *item;
	bool truth;
	struct value *result;
};

static void
request_run(void *context)
{
	struct request *request = (struct request *)context;
	request->result = request->work(request);
}

static struct value *
request_do(struct request *request)
{
	struct evaluator *evaluator = request->evaluator;
	struct heap_mark mark = heap_mark(evaluator->heap);
	stack_call(evaluator->stack, request_run, request);
	if (request->result)
		return heap_return(evaluator->heap, mark, request->result);
	heap_rewind(evaluator->heap, mark);
	if (heap_is_over(evaluator->heap))
		heap_recover(evaluator->heap);
	evaluator->cause = evaluator->failure.cause;
	failure_report(evaluator);
	return NULL;
}

static struct value *
work_text(struct request *request)
{
	return file_load_text(request->evaluator, request->name, request->text, request->root,
		request->path, request->role);
}

struct value *
eval_text(struct evaluator *evaluator, const char *name, struct bytes text,
	const struct island_ref *root, const char *path, enum eval_role role)
{
	struct request request = {.evaluator = evaluator,
		.work = work_text,
		.name = name,
		.text = text,
		.root = root,
		.path = path,
		.role = role};
	return request_do(&request);
}

static struct value *
work_file(struct request *request)
{
	return file_load(
		request->evaluator, request->root, bytes_text(request->path), request->role);
}

struct value *
eval_file(struct evaluator *evaluator, const struct island_ref *root, const char *path,
	enum eval_role role)
{
	struct request request = {.evaluator = evaluator,
		.work = work_file,
		.root = root,
		.path = path,
		.role = role};
	return request_do(&request);
}

static struct value *
lazy_import_step(struct evaluator *evaluator, struct value *first, struct value *second UNUSED)
{
	return file_import(evaluator, as_path(first));
}

struct value *
eval_lazy_import(struct evaluator *evaluator, const struct island_ref *root, const char *path)
{
	struct value *target = heap_new_path(evaluator->heap, root, bytes_text(path));
	return heap_new_step(evaluator->heap, lazy_import_step, target, NULL);
}

struct value *
eval_new_string(struct evaluator *evaluator, struct bytes text)
{
	return heap_new_string(evaluator->heap, text, NULL);
}

struct value *
eval_new_path(struct evaluator *evaluator, const struct island_ref *root, const char *path)
{
	return heap_new_path(evaluator->heap, root, bytes_text(path));
}

struct value *
eval_new_set(struct evaluator *evaluator, const struct bytes *names, struct value *const *values,
	size_t count)
{
	struct set_entry *entries =
		(struct set_entry *)memory_zero(count + 1, sizeof(struct set_entry));
	for (size_t at = 0; at < count; at++)
		entries[at] = (struct set_entry){heap_name(evaluator->heap, names[at]), values[at]};
	struct bytes repeated = {0};
	struct set *set = heap_new_set_of(evaluator->heap, entries, count, &repeated);
	free(entries);
	must(set, "the names are distinct");
	return &set->value;
}

struct value *
eval_lazy_call(struct evaluator *evaluator, struct value *function, struct value *argument)
{
	return heap_new_apply(evaluator->heap, function, argument);
}

static struct value *
work_force(struct request *request)
{
	return eval_force(request->evaluator, request->value);
}

struct value *
eval_value(struct evaluator *evaluator, struct value *value)
{
	struct request request = {.evaluator = evaluator, .work = work_force, .value = value};
	return request_do(&request);
}

static struct value *
work_deep(struct request *request)
{
	return eval_force_deep(request->evaluator, request->value);
}

struct value *
eval_deep(struct evaluator *evaluator, struct value *value)
{
	struct request request = {.evaluator = evaluator, .work = work_deep, .value = value};
	return request_do(&request);
}

static struct value *
entry_arguments(struct evaluator *evaluator, const struct pattern *pattern, struct set *inputs,
	struct span span)
{
	cleanup_buf struct buf missing = BUF(BUF_MAX);
	struct set *chosen = heap_new_set(evaluator->heap, pattern->set.count);
	uint32_t count = 0;
	for (size_t at = 0; at < pattern->set.count; at++) {
		const struct pattern_field *field = &pattern->set.fields[at];
		struct value *input = set_find(inputs, field->name);
		if (!input && !field->fallback)
			buf_format(&missing, "%s'%.*s'", missing.size ? ", " : "",
				BYTES_ARGS(field->name));
		if (input)
			chosen->entries[count++] = (struct set_entry){field->name, input};
	}
	if (missing.size) {
		eval_fail(evaluator, span, "this entry wants %s", buf_text(&missing));
		return eval_help(evaluator, "--input NAME=EXPRESSION gives it");
	}
	if (pattern->set.count)
		chosen->value.count = count;
	return pattern->set.open ? &inputs->value : &chosen->value;
}

static struct value *
work_enter(struct request *request)
{
	struct evaluator *evaluator = request->evaluator;
	struct value *value = eval_force(evaluator, request->value);
	if (!value || !value_is(value, VALUE_FUNCTION))
		return value;
	const struct node *node = as_function(value)->node;
	const struct pattern *pattern = node->lambda->clauses[0].pattern;
	while (pattern->kind == PATTERN_AT)
		pattern = pattern->name.inner;
	if (node->lambda->count > 1 || pattern->kind != PATTERN_SET)
		return value;
	struct value *arguments =
		entry_arguments(evaluator, pattern, as_set(request->other), node->span);
	struct value *result = arguments ? eval_apply(evaluator, value, arguments) : NULL;
	if (arguments && !result)
		failure_note(evaluator, NOTE_ENTRY, node->span, BYTES_LITERAL(""));
	return result;
}

struct value *
eval_enter(struct evaluator *evaluator, struct value *value, struct value *inputs)
{
	struct request request = {
		.evaluator = evaluator, .work = work_enter, .value = value, .other = inputs};
	return request_do(&request);
}

static struct value *
work_select(struct request *request)
{
	struct evaluator *evaluator = request->evaluator;
	struct value *value = eval_force(evaluator, request->value);
	for (size_t at = 0; value && at < request->count; at++) {
		struct bytes name = request->names[at];
		struct value *part =
			value_is(value, VALUE_SET) ? set_find(as_set(value), name) : NULL;
		if (!part)
			return select_refuse(evaluator, NO_SPAN, name, value);
		value = eval_force(evaluator, part);
		if (!value)
			failure_note(evaluator, NOTE_ATTRIBUTE, NO_SPAN,
				heap_name(evaluator->heap, name));
	}
	return value;
}

struct value *
eval_select(
	struct evaluator *evaluator, struct value *value, const struct bytes *names, size_t count)
{
	struct request request = {.evaluator = evaluator,
		.work = work_select,
		.value = value,
		.names = names,
		.count = count};
	return request_do(&request);
}

size_t
eval_names(const struct value *value)
{
	return value_is(value, VALUE_SET) ? value->count : 0;
}

struct bytes
eval_name_at(const struct value *value, size_t at)
{
	must(at < eval_names(value), "a set has as many names as eval_names says");
	return ((const struct set *)value)->entries[at].name;
}

bool
eval_is_function(const struct value *value)
{
	return value_is(value, VALUE_FUNCTION) || value_is(value, VALUE_BUILTIN);
}

static struct value *
work_string(struct request *request)
{
	return coerce_value(request->evaluator, request->value, COERCE_INTERPOLATE, NO_SPAN);
}

bool
eval_string(struct evaluator *evaluator, struct value *value, struct value **string_out,
	struct bytes *out)
{
	struct request request = {.evaluator = evaluator, .work = work_string, .value = value};
	struct value *string = request_do(&request);
	if (!string)
		return false;
	*string_out = string;
	*out = string_bytes(as_string(string));
	return true;
}

size_t
eval_string_items(const struct value *string, const struct context_item *const **items_out)
{
	const struct context *context = ((const struct string *)string)->context;
	*items_out = context ? context->items : NULL;
	return context ? context->value.count : 0;
}

static struct value *
work_derivation(struct request *request)
{
	struct evaluator *evaluator = request->evaluator;
	struct value *value = eval_force(evaluator, request->value);
	if (!value || !coerce_is_derivation(evaluator, value, &request->truth))
		return NULL;
	if (!request->truth)
		return value;
	struct value *path = set_find(as_set(value), BYTES_LITERAL("outputPath"));
	path = path ? eval_force(evaluator, path) : heap_null(evaluator->heap);
	if (!path)
		return NULL;
	const struct context *context =
		value_is(path, VALUE_STRING) ? as_string(path)->context : NULL;
	if (!context || context->value.count != 1 || context->items[0]->kind != CONTEXT_OUTPUT)
		return eval_fail(evaluator, NO_SPAN,
			"this set says that it is a derivation, but 'outputPath' is no output");
	request->item = context->items[0];
	return value;
}

bool
eval_derivation(struct evaluator *evaluator, struct value *value, bool *is_derivation,
	const struct context_item **out)
{
	struct request request = {.evaluator = evaluator, .work = work_derivation, .value = value};
	if (!request_do(&request))
		return false;
	*is_derivation = request.truth;
	*out = request.item;
	return true;
}

static struct value *
work_print(struct request *request)
{
	print_value(request->evaluator->stack, request->value, request->out);
	return request->value;
}

void
eval_print(struct evaluator *evaluator, struct value *value, struct buf *out)
{
	struct request request = {
		.evaluator = evaluator, .work = work_print, .value = value, .out = out};
	(void)request_do(&request);
}

static struct value *
work_json(struct request *request)
{
	cleanup_text struct text text = text_start(request->evaluator);
	if (!value_json_write(request->evaluator, request->value, request->indent, &text))
		return NULL;
	buf_add(request->out, buf_bytes(&text.buf));
	return request->value;
}

bool
eval_print_json(struct evaluator *evaluator, struct value *value, unsigned indent, struct buf *out)
{
	struct request request = {.evaluator = evaluator,
		.work = work_json,
		.value = value,
		.indent = indent,
		.out = out};
	return request_do(&request) != NULL;
}
