/* SPDX-License-Identifier: MPL-2.0 */
#include <inttypes.h>
#include <utf8proc.h>

#include "lang/lexer.h"
#include "lang/printer.h"

/* Code points that are written as \u{…}: controls, and what is invisible or turns text around. */
static bool
is_hidden(uint32_t point)
{
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)point);
	return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF ||
	       category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

/* In strings and quoted names. */
static void
print_quoted(struct buf *out, struct bytes text, uint8_t closer, bool first)
{
	bool dollar = false;
	for (size_t size; text.size; text = bytes_from(text, size)) {
		uint32_t point = 0;
		size = source_decode(text, &point);
		size = size ? size : 1;
		if (point == '\n')
			buf_add_text(out, "\\n");
		else if (point == '\\' || point == closer || (first && point == '='))
			buf_format(out, "\\%c", (char)point);
		else if (is_hidden(point) || (dollar && point == '{'))
			buf_format(out, "\\u{%" PRIx32 "}", point);
		else
			buf_add(out, bytes_first(text, size));
		dollar = point == '$';
		first = false;
	}
}

static void
print_path_text(struct buf *out, struct bytes text, bool first)
{
	if (first && bytes_equal_text(text, "."))
		text = BYTES_LITERAL("./");
	else if (first && bytes_equal_text(text, "/"))
		text = BYTES_LITERAL("/.");
	for (size_t at = 0; at < text.size; at++) {
		if (!lexer_is_path_byte(text.data[at]))
			buf_add_byte(out, '\\');
		buf_add_byte(out, text.data[at]);
	}
}

/* ':' before ':' or '{' ends a reference, and so might one at the end of the text, or either of them
 * at its start, where a ':' has just been written. */
static void
print_place_text(struct buf *out, struct bytes text)
{
	for (size_t at = 0; at < text.size; at++) {
		uint8_t byte = text.data[at];
		uint8_t after = at + 1 < text.size ? text.data[at + 1] : ':';
		bool ends = byte == ':' && (after == ':' || after == '{');
		bool starts = at == 0 && (byte == ':' || byte == '{');
		if (byte == '>' || byte == '\\' || ends || starts)
			buf_add_byte(out, '\\');
		buf_add_byte(out, byte);
	}
}

void
print_chars(struct buf *out, enum print_quote quote, struct bytes text)
{
	bool first = (unsigned)quote & PRINT_QUOTE_FIRST;
	switch ((int)quote & ~PRINT_QUOTE_FIRST) {
	case PRINT_QUOTE_STRING:
		print_quoted(out, text, '"', first);
		return;
	case PRINT_QUOTE_PATH:
		print_path_text(out, text, first);
		return;
	case PRINT_QUOTE_PLACE:
		print_place_text(out, text);
		return;
	case PRINT_QUOTE_SCHEME:
		buf_add(out, text);
		return;
	}
	bool constant = bytes_equal_text(text, "true") || bytes_equal_text(text, "false") ||
			bytes_equal_text(text, "null");
	if (token_is_name(text) && !(constant && quote == PRINT_QUOTE_BINDING)) {
		buf_add(out, text);
		return;
	}
	buf_add_byte(out, '`');
	print_quoted(out, text, '`', false);
	buf_add_byte(out, '`');
}

static bool
has_plain_tail(const struct pattern *pattern)
{
	return !pattern->list.tail || pattern_is_plain(pattern->list.tail);
}

static void
print_pattern_list(struct printer *printer, const struct pattern *pattern)
{
	const struct pattern *tail = pattern->list.tail;
	if (!has_plain_tail(pattern)) {
		printer_pattern(printer, tail, PRINT_IN_ARGUMENT);
		for (size_t at = pattern->list.count; at-- > 0;) {
			printer_text(printer, " : ");
			printer_pattern(printer, pattern->list.items[at], PRINT_IN_ARGUMENT);
		}
		return;
	}
	printer_text(printer, "]");
	if (tail) {
		if (tail->kind == PATTERN_NAME)
			printer_chars(printer, PRINT_QUOTE_BINDING, tail->name.text);
		printer_text(printer, pattern->list.count ? ", ..." : "...");
	}
	for (size_t at = pattern->list.count; at-- > 0;) {
		printer_pattern(printer, pattern->list.items[at], PRINT_IN_ANY);
		if (at)
			printer_text(printer, ", ");
	}
	printer_text(printer, "[");
}

static void
print_field(struct printer *printer, const struct pattern_field *field)
{
	const struct pattern *inner = field->pattern;
	bool same = inner->kind == PATTERN_NAME && bytes_equal(inner->name.text, field->name);
	bool wild = inner->kind == PATTERN_ANY && bytes_equal_text(field->name, "_");
	if (field->fallback) {
		printer_node(printer, field->fallback, PRINT_IN_ANY, 0);
		printer_text(printer, " ? ");
	} else if (!same && !wild) {
		printer_pattern(printer, inner, PRINT_IN_ANY);
		printer_text(printer, " = ");
	}
	printer_chars(printer, PRINT_QUOTE_BINDING, field->name);
}

static void
print_pattern_set(struct printer *printer, const struct pattern *pattern)
{
	bool empty = !pattern->set.count && !pattern->set.open;
	printer_text(printer, empty ? "}" : " }");
	if (pattern->set.open)
		printer_text(printer, pattern->set.count ? ", ..." : "...");
	for (size_t at = pattern->set.count; at-- > 0;) {
		print_field(printer, &pattern->set.fields[at]);
		if (at)
			printer_text(printer, ", ");
	}
	printer_text(printer, empty ? "{" : "{ ");
}

static void
print_literal(struct printer *printer, const struct node *literal)
{
	if (literal->kind == NODE_INTEGER)
		buf_format(printer->out, "%" PRId64, literal->integer);
	else
		printer_node(printer, literal, PRINT_IN_ANY, 0);
}

void
print_pattern(struct printer *printer, const struct pattern *pattern, enum print_place place)
{
	switch (pattern->kind) {
	case PATTERN_ANY:
		buf_add_byte(printer->out, '_');
		return;
	case PATTERN_NAME:
		printer_chars(printer, PRINT_QUOTE_BINDING, pattern->name.text);
		return;
	case PATTERN_LITERAL:
		print_literal(printer, pattern->literal);
		return;
	case PATTERN_AT:
		printer_pattern(printer, pattern->name.inner, PRINT_IN_ARGUMENT);
		printer_text(printer, " @ ");
		printer_chars(printer, PRINT_QUOTE_BINDING, pattern->name.text);
		return;
	case PATTERN_LIST:
		if (place == PRINT_IN_ARGUMENT && !has_plain_tail(pattern)) {
			printer_text(printer, ")");
			printer_pattern(printer, pattern, PRINT_IN_ANY);
			printer_text(printer, "(");
		} else {
			print_pattern_list(printer, pattern);
		}
		return;
	case PATTERN_SET:
		print_pattern_set(printer, pattern);
		return;
	}
}
