/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/print.h"

#include <inttypes.h>

#include "lang/evaluator.h"
#include "lang/source.h"
#include "lang/token.h"

enum { KNOWN_DEPTH = 6 };

struct printer {
	const struct stack *stack;
	struct buf *out;
	size_t depth_left;
	size_t limit; /* printing on one line gives up where out grows beyond it */
	bool flat;
};

/* Controls, and what turns text around: a terminal would obey them. */
static bool
is_obeyed(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 ||
	       point == 0x2029 || token_is_bidi(point);
}

void
print_string(struct bytes text, struct buf *out)
{
	buf_add_byte(out, '"');
	bool first = true;
	for (size_t size; text.size; text = bytes_from(text, size), first = false) {
		uint32_t point = 0;
		uint8_t byte = text.data[0];
		size = source_decode(text, &point);
		if (byte == '\n')
			buf_add_text(out, "\\n");
		else if (byte == '\t')
			buf_add_text(out, "\\t");
		else if (byte == '\r')
			buf_add_text(out, "\\r");
		else if (byte == '"' || byte == '\\' || (byte == '=' && first))
			buf_format(out, "\\%c", byte);
		else if (size && is_obeyed(point))
			buf_format(out, "\\u{%" PRIx32 "}", point);
		else
			buf_add(out, bytes_first(text, size ? size : 1));
		size = size ? size : 1;
	}
	buf_add_byte(out, '"');
}

static bool
is_plain_name(struct bytes name)
{
	static const char *const keywords[] = {
		"if", "then", "else", "or", "true", "false", "null", "_"};
	for (size_t at = 0; at < sizeof keywords / sizeof keywords[0]; at++) {
		if (bytes_equal_text(name, keywords[at]))
			return false;
	}
	for (size_t at = 0; at < name.size; at++) {
		uint8_t byte = name.data[at];
		bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
		bool later = (byte >= '0' && byte <= '9') || byte == '-' || byte == '\'';
		if (!letter && byte != '_' && (at == 0 || !later))
			return false;
	}
	return name.size > 0;
}

void
print_name(struct bytes name, struct buf *out)
{
	if (is_plain_name(name))
		buf_add(out, name);
	else
		print_string(name, out);
}

void
print_path(const struct path *path, struct buf *out)
{
	if (path->root)
		buf_format(out, "<%s>", path->root->text);
	if (path->root && path->size == 1)
		return;
	for (size_t at = 0; at < path->size; at++) {
		uint8_t byte = (uint8_t)path->text[at];
		bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
		if (!letter && !(byte >= '0' && byte <= '9') && byte < 0x80 &&
			!strchr("./_-", byte))
			buf_add_byte(out, '\\');
		buf_add_byte(out, byte);
	}
	if (path->size == 1)
		buf_add_byte(out, '.');
}

static void print_part(struct printer *printer, struct value *value, unsigned indent);

static void
print_break(struct printer *printer, unsigned indent)
{
	if (printer->flat)
		buf_add_byte(printer->out, ' ');
	else
		buf_format(printer->out, "\n%*s", (int)indent, "");
}

static bool
print_is_full(const struct printer *printer)
{
	return printer->flat && printer->out->size > printer->limit;
}

static void
print_list(struct printer *printer, struct list *list, unsigned indent)
{
	buf_add_byte(printer->out, '[');
	for (struct list *at = list; at->length > 0; at = at->tail) {
		if (at != list || !printer->flat)
			print_break(printer, indent + 2);
		if (print_is_full(printer)) {
			buf_add_text(printer->out, "…");
			break;
		}
		print_part(printer, at->head, indent + 2);
		if (at->length > 1 || !printer->flat)
			buf_add_byte(printer->out, ',');
	}
	if (!printer->flat)
		print_break(printer, indent);
	buf_add_byte(printer->out, ']');
}

/* The path of the .drv, where the set is a derivation as far as it is known. */
static struct value *
known_derivation(struct set *set)
{
	struct value *type = set_find(set, BYTES_LITERAL("type"));
	struct value *path = set_find(set, BYTES_LITERAL("derivationPath"));
	if (!type || !path)
		return NULL;
	type = value_of(type);
	path = value_of(path);
	bool known = value_is(type, VALUE_STRING) && value_is(path, VALUE_STRING) &&
		     bytes_equal_text(string_bytes(as_string(type)), "derivation");
	return known ? path : NULL;
}

static void
print_set(struct printer *printer, struct set *set, unsigned indent)
{
	struct value *derivation = known_derivation(set);
	if (derivation) {
		buf_format(printer->out, "<derivation %.*s>",
			BYTES_ARGS(string_bytes(as_string(derivation))));
		return;
	}
	buf_add_byte(printer->out, '{');
	for (size_t at = 0; at < set->value.count; at++) {
		print_break(printer, indent + 2);
		if (print_is_full(printer)) {
			buf_add_text(printer->out, "…");
			break;
		}
		print_name(set->entries[at].name, printer->out);
		buf_add_text(printer->out, " = ");
		print_part(printer, set->entries[at].value, indent + 2);
		buf_add_byte(printer->out, ',');
	}
	if (set->value.count)
		print_break(printer, indent);
	buf_add_byte(printer->out, '}');
}

static void
print_compound(struct printer *printer, struct value *value, unsigned indent)
{
	if (value->visited || printer->depth_left == 0 ||
		(printer->stack && stack_is_low(printer->stack))) {
		buf_add_text(printer->out, "…");
		return;
	}
	value->visited = 1;
	printer->depth_left--;
	size_t start = printer->out->size;
	bool outer_flat = printer->flat;
	size_t outer_limit = printer->limit;
	if (!outer_flat) {
		printer->flat = true;
		size_t column = 0;
		while (column < start && printer->out->data[start - column - 1] != '\n')
			column++;
		printer->limit = start + (column < PRINT_WIDTH ? PRINT_WIDTH - column : 0);
		/* What is indented out of sight stays on one line, or indents would be most of it. */
		if (indent >= PRINT_WIDTH)
			printer->limit = SIZE_MAX;
	}
	for (;;) {
		if (value_is(value, VALUE_LIST))
			print_list(printer, as_list(value), indent);
		else
			print_set(printer, as_set(value), indent);
		if (outer_flat || !printer->flat || printer->out->size <= printer->limit)
			break;
		buf_truncate(printer->out, start);
		printer->flat = false;
	}
	printer->flat = outer_flat;
	printer->limit = outer_limit;
	printer->depth_left++;
	value->visited = 0;
}

static void
print_part(struct printer *printer, struct value *value, unsigned indent)
{
	value = value_of(value);
	struct buf *out = printer->out;
	switch ((enum value_kind)value->kind) {
	case VALUE_NULL:
		buf_add_text(out, "null");
		return;
	case VALUE_BOOLEAN:
		buf_add_text(out, value->flag ? "true" : "false");
		return;
	case VALUE_INTEGER:
		buf_format(out, "%lld", (long long)as_number(value)->integer);
		return;
	case VALUE_FLOAT:
		coerce_float(as_number(value)->real, out);
		return;
	case VALUE_STRING: {
		struct bytes text = string_bytes(as_string(value));
		/* On one line a text that is too long is not worth its bytes. */
		if (printer->flat && printer->limit < SIZE_MAX)
			text = bytes_first(text, printer->limit + 1);
		print_string(text, out);
		return;
	}
	case VALUE_PATH:
		print_path(as_path(value), out);
		return;
	case VALUE_LIST:
	case VALUE_SET:
		print_compound(printer, value, indent);
		return;
	case VALUE_FUNCTION:
	case VALUE_BUILTIN:
		buf_add_text(out, "<function>");
		return;
	case VALUE_THUNK:
	case VALUE_ENVIRONMENT:
	case VALUE_CONTEXT:
	case VALUE_FREE:
		buf_add_text(out, "…");
		return;
	}
}

void
print_value(const struct stack *stack, struct value *value, struct buf *out)
{
	struct printer printer = {.stack = stack, .out = out, .depth_left = SIZE_MAX};
	print_part(&printer, value, 0);
}

void
print_known(struct value *value, size_t size, struct buf *out)
{
	struct printer printer = {
		.out = out, .depth_left = KNOWN_DEPTH, .limit = out->size + size, .flat = true};
	size_t start = out->size;
	print_part(&printer, value, 0);
	if (out->size - start <= size)
		return;
	/* Cut between two characters. */
	size_t end = start + size;
	while (end > start && (out->data[end] & 0xc0) == 0x80)
		end--;
	buf_truncate(out, end);
	buf_add_text(out, "…");
}
