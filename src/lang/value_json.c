/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/value_json.h"

#include <jansson.h>
#include <stdlib.h>

#include "lang/print.h"

static struct value *json_value(struct evaluator *evaluator, json_t *json, size_t depth);

static struct value *
json_list(struct evaluator *evaluator, json_t *json, size_t depth)
{
	struct heap_mark mark = heap_mark(evaluator->heap);
	struct list *list = heap_empty_list(evaluator->heap);
	for (size_t at = json_array_size(json); at-- > 0;) {
		struct value *item = json_value(evaluator, json_array_get(json, at), depth + 1);
		if (!item)
			return NULL;
		list = heap_new_list(evaluator->heap, item, list);
		heap_return(evaluator->heap, mark, &list->value);
	}
	return &list->value;
}

static struct value *
json_set(struct evaluator *evaluator, json_t *json, size_t depth)
{
	size_t count = 0;
	struct set_entry *entries = (struct set_entry *)memory_zero(
		json_object_size(json) + 1, sizeof(struct set_entry));
	for (void *at = json_object_iter(json); at; at = json_object_iter_next(json, at)) {
		struct value *value = json_value(evaluator, json_object_iter_value(at), depth + 1);
		if (!value) {
			free(entries);
			return NULL;
		}
		struct bytes name = bytes_text(json_object_iter_key(at));
		entries[count++] = (struct set_entry){heap_name(evaluator->heap, name), value};
	}
	struct bytes repeated = {0};
	struct set *set = heap_new_set_of(evaluator->heap, entries, count, &repeated);
	free(entries);
	must(set, "the reader refuses repeated keys");
	return &set->value;
}

static struct value *
json_value(struct evaluator *evaluator, json_t *json, size_t depth)
{
	if (depth > JSON_DEPTH)
		return eval_fail(evaluator, NO_SPAN, "this JSON is nested deeper than %d brackets",
			(int)JSON_DEPTH);
	if (!eval_may_go_on(evaluator, NO_SPAN))
		return NULL;
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return json_set(evaluator, json, depth);
	case JSON_ARRAY:
		return json_list(evaluator, json, depth);
	case JSON_STRING:
		return heap_new_string(evaluator->heap,
			bytes_of(json_string_value(json), json_string_length(json)), NULL);
	case JSON_INTEGER:
		return heap_new_integer(evaluator->heap, json_integer_value(json));
	case JSON_REAL:
		return heap_new_float(evaluator->heap, json_real_value(json));
	case JSON_TRUE:
		return heap_boolean(evaluator->heap, true);
	case JSON_FALSE:
		return heap_boolean(evaluator->heap, false);
	case JSON_NULL:
		return heap_null(evaluator->heap);
	}
	return NULL;
}

struct value *
value_json_read(struct evaluator *evaluator, struct bytes text)
{
	json_error_t error;
	json_t *json = json_loadb((const char *)text.data, text.size,
		JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (!json)
		return eval_fail(evaluator, NO_SPAN, "the text is not JSON: line %d, column %d: %s",
			error.line, error.column, error.text);
	struct value *value = json_value(evaluator, json, 0);
	json_decref(json);
	return value;
}

void
value_json_string(struct bytes string, struct buf *out)
{
	buf_add_byte(out, '"');
	for (size_t at = 0; at < string.size; at++) {
		uint8_t byte = string.data[at];
		if (byte == '"' || byte == '\\')
			buf_format(out, "\\%c", byte);
		else if (byte == '\n')
			buf_add_text(out, "\\n");
		else if (byte == '\t')
			buf_add_text(out, "\\t");
		else if (byte == '\r')
			buf_add_text(out, "\\r");
		else if (byte < 0x20 || byte == 0x7f)
			buf_format(out, "\\u%04x", byte);
		else
			buf_add_byte(out, byte);
	}
	buf_add_byte(out, '"');
}

/* Where the writer stands: the parts on the way from the outermost value. */
struct step {
	const struct step *up;
	struct bytes name; /* of an attribute; no data for an item of a list */
	size_t index;
};

struct writer {
	struct evaluator *evaluator;
	struct text *text;
	unsigned indent;
};

static bool write_value(
	struct writer *writer, struct value *value, unsigned depth, const struct step *step);

static void
write_break(struct writer *writer, unsigned depth)
{
	if (writer->indent)
		buf_format(&writer->text->buf, "\n%*s", (int)(writer->indent * depth), "");
}

static bool
write_list(struct writer *writer, struct list *list, unsigned depth, const struct step *step)
{
	struct buf *out = &writer->text->buf;
	buf_add_byte(out, '[');
	struct step inner = {.up = step};
	bool first = true;
	for (; list->length > 0; list = list->tail, first = false, inner.index++) {
		if (!first)
			buf_add_byte(out, ',');
		write_break(writer, depth + 1);
		if (!write_value(writer, list->head, depth + 1, &inner))
			return false;
	}
	if (!first)
		write_break(writer, depth);
	buf_add_byte(out, ']');
	return true;
}

static bool
write_set(struct writer *writer, struct set *set, unsigned depth, const struct step *step)
{
	struct buf *out = &writer->text->buf;
	bool derivation = false;
	if (!coerce_is_derivation(writer->evaluator, &set->value, &derivation))
		return false;
	struct value *path = set_find(set, BYTES_LITERAL("derivationPath"));
	if (derivation && path)
		return write_value(writer, path, depth, step);
	buf_add_byte(out, '{');
	for (size_t at = 0; at < set->value.count; at++) {
		struct step inner = {.up = step, .name = set->entries[at].name};
		if (at > 0)
			buf_add_byte(out, ',');
		write_break(writer, depth + 1);
		value_json_string(inner.name, out);
		buf_add_text(out, writer->indent ? ": " : ":");
		if (!write_value(writer, set->entries[at].value, depth + 1, &inner)) {
			failure_note(writer->evaluator, NOTE_ATTRIBUTE, NO_SPAN, inner.name);
			return false;
		}
	}
	if (set->value.count)
		write_break(writer, depth);
	buf_add_byte(out, '}');
	return true;
}

static void
add_steps(const struct step *step, struct buf *out)
{
	const struct step *steps[16];
	size_t count = 0;
	for (; step && step->up; step = step->up) {
		if (count < 16)
			steps[count++] = step;
	}
	while (count-- > 0) {
		if (steps[count]->name.data) {
			buf_add_text(out, out->size ? "." : "");
			print_name(steps[count]->name, out);
		} else
			buf_format(out, "[%zu]", steps[count]->index);
	}
}

static bool
refuse_function(struct writer *writer, const struct step *step)
{
	cleanup_buf struct buf where = BUF(BUF_MAX);
	add_steps(step, &where);
	eval_fail(writer->evaluator, NO_SPAN, "JSON cannot hold a function%s%s",
		where.size ? ": " : "", buf_text(&where));
	return false;
}

static bool
write_forced(struct writer *writer, struct value *value, unsigned depth, const struct step *step)
{
	struct buf *out = &writer->text->buf;
	switch ((enum value_kind)value->kind) {
	case VALUE_STRING:
		value_json_string(string_bytes(as_string(value)), out);
		writer->text->context = heap_join_contexts(
			writer->evaluator->heap, writer->text->context, as_string(value)->context);
		heap_keep(writer->evaluator->heap, writer->text->context);
		return true;
	case VALUE_PATH: {
		cleanup_buf struct buf path = BUF(BUF_MAX);
		if (as_path(value)->root)
			print_path(as_path(value), &path);
		else
			buf_add(&path, path_bytes(as_path(value)));
		value_json_string(buf_bytes(&path), out);
		return true;
	}
	case VALUE_LIST:
		return write_list(writer, as_list(value), depth, step);
	case VALUE_SET:
		return write_set(writer, as_set(value), depth, step);
	case VALUE_FUNCTION:
	case VALUE_BUILTIN:
		return refuse_function(writer, step);
	case VALUE_NULL:
	case VALUE_BOOLEAN:
	case VALUE_INTEGER:
	case VALUE_FLOAT:
		print_value(NULL, value, out);
		return true;
	case VALUE_THUNK:
	case VALUE_ENVIRONMENT:
	case VALUE_CONTEXT:
	case VALUE_FREE:
		break;
	}
	return false;
}

static bool
write_value(struct writer *writer, struct value *value, unsigned depth, const struct step *step)
{
	struct evaluator *evaluator = writer->evaluator;
	value = eval_force(evaluator, value);
	if (!value || !eval_may_go_on(evaluator, NO_SPAN))
		return false;
	if (value->visited) {
		eval_fail(evaluator, NO_SPAN, "JSON cannot hold a value that holds itself");
		return false;
	}
	value->visited = value_is(value, VALUE_LIST) || value_is(value, VALUE_SET);
	bool good = write_forced(writer, value, depth, step);
	value->visited = 0;
	return good;
}

bool
value_json_write(
	struct evaluator *evaluator, struct value *value, unsigned indent, struct text *text)
{
	struct writer writer = {evaluator, text, indent};
	struct step outermost = {0};
	return write_value(&writer, value, 0, &outermost);
}
