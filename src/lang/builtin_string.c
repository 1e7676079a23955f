/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/builtin_family.h"

static struct value *
run_to_string(struct evaluator *evaluator, struct value **arguments)
{
	return coerce_value(evaluator, arguments[0], COERCE_SHOW, NO_SPAN);
}

static struct value *
run_join(struct evaluator *evaluator, struct value **arguments)
{
	struct string *separator = want_string(evaluator, arguments[0], "join");
	struct list *list = separator ? want_list(evaluator, arguments[1], "join") : NULL;
	if (!list)
		return NULL;
	cleanup_text struct text text = text_start(evaluator);
	for (bool first = true; list->length > 0; list = list->tail, first = false) {
		if ((!first &&
			    !text_add(evaluator, &text, &separator->value, COERCE_NAME, NO_SPAN)) ||
			!text_add(evaluator, &text, list->head, COERCE_INTERPOLATE, NO_SPAN))
			return NULL;
	}
	return text_finish(evaluator, &text, NO_SPAN);
}

static size_t
find_part(struct bytes text, struct bytes part, size_t from)
{
	if (from > text.size)
		return SIZE_MAX;
	const uint8_t *at =
		(const uint8_t *)memmem(text.data + from, text.size - from, part.data, part.size);
	return at ? (size_t)(at - text.data) : SIZE_MAX;
}

/* Puts pieces of a string together, last first: they keep its context. */
static struct value *
list_of_pieces(struct evaluator *evaluator, struct string *string, const struct bytes *pieces,
	size_t count)
{
	struct heap_mark mark = heap_mark(evaluator->heap);
	struct list *list = heap_empty_list(evaluator->heap);
	while (count-- > 0 && !heap_is_over(evaluator->heap)) {
		struct value *piece =
			heap_new_string(evaluator->heap, pieces[count], string->context);
		list = heap_new_list(evaluator->heap, piece, list);
		heap_return(evaluator->heap, mark, &list->value);
	}
	return eval_may_go_on(evaluator, NO_SPAN) ? &list->value : NULL;
}

static struct value *
run_split(struct evaluator *evaluator, struct value **arguments)
{
	struct string *separator = want_string(evaluator, arguments[0], "split");
	struct string *string =
		separator ? want_known_string(evaluator, arguments[1], "split") : NULL;
	if (!string)
		return NULL;
	if (separator->size == 0)
		return eval_fail(evaluator, NO_SPAN, "'split' wants a separator that is not empty");
	struct bytes text = string_bytes(string);
	ARRAY(struct bytes) pieces = {0};
	size_t start = 0, at = 0;
	while ((at = find_part(text, string_bytes(separator), start)) != SIZE_MAX) {
		*array_push(&pieces) = bytes_of(text.data + start, at - start);
		start = at + separator->size;
	}
	*array_push(&pieces) = bytes_from(text, start);
	struct value *list = list_of_pieces(evaluator, string, pieces.data, pieces.size);
	array_release(&pieces);
	return list;
}

static struct value *
run_lines(struct evaluator *evaluator, struct value **arguments)
{
	struct string *string = want_known_string(evaluator, arguments[0], "lines");
	if (!string)
		return NULL;
	ARRAY(struct bytes) pieces = {0};
	struct bytes rest = string_bytes(string);
	while (rest.size > 0) {
		size_t end = bytes_find(rest, '\n');
		struct bytes line = bytes_first(rest, end);
		rest = end == SIZE_MAX ? bytes_from(rest, rest.size) : bytes_from(rest, end + 1);
		if (end != SIZE_MAX && line.size > 0 && line.data[line.size - 1] == '\r')
			line.size--;
		*array_push(&pieces) = line;
	}
	struct value *list = list_of_pieces(evaluator, string, pieces.data, pieces.size);
	array_release(&pieces);
	return list;
}

static struct value *
run_replace(struct evaluator *evaluator, struct value **arguments)
{
	struct string *from = want_known_string(evaluator, arguments[0], "replace");
	struct string *to = from ? want_string(evaluator, arguments[1], "replace") : NULL;
	struct string *string = to ? want_known_string(evaluator, arguments[2], "replace") : NULL;
	if (!string)
		return NULL;
	if (from->size == 0)
		return eval_fail(
			evaluator, NO_SPAN, "'replace' wants a text to replace that is not empty");
	cleanup_text struct text out = text_start(evaluator);
	out.context = string->context;
	struct bytes text = string_bytes(string);
	size_t start = 0, at = 0;
	bool found = false;
	while ((at = find_part(text, string_bytes(from), start)) != SIZE_MAX) {
		found = true;
		buf_add(&out.buf, bytes_of(text.data + start, at - start));
		buf_add(&out.buf, string_bytes(to));
		start = at + from->size;
	}
	buf_add(&out.buf, bytes_from(text, start));
	if (!found)
		return &string->value;
	out.context = heap_join_contexts(evaluator->heap, out.context, to->context);
	return text_finish(evaluator, &out, NO_SPAN);
}

static bool
is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct value *
run_trim(struct evaluator *evaluator, struct value **arguments)
{
	struct string *string = want_string(evaluator, arguments[0], "trim");
	if (!string)
		return NULL;
	struct bytes text = string_bytes(string);
	while (text.size > 0 && is_blank(text.data[0]))
		text = bytes_from(text, 1);
	while (text.size > 0 && is_blank(text.data[text.size - 1]))
		text.size--;
	if (text.size == string->size)
		return &string->value;
	return heap_new_string(evaluator->heap, text, string->context);
}

static struct value *
run_has_prefix(struct evaluator *evaluator, struct value **arguments)
{
	struct string *part = want_string(evaluator, arguments[0], "hasPrefix");
	struct string *string = part ? want_string(evaluator, arguments[1], "hasPrefix") : NULL;
	if (!string)
		return NULL;
	return heap_boolean(
		evaluator->heap, bytes_has_prefix(string_bytes(string), string_bytes(part)));
}

static struct value *
run_has_suffix(struct evaluator *evaluator, struct value **arguments)
{
	struct string *part = want_string(evaluator, arguments[0], "hasSuffix");
	struct string *string = part ? want_string(evaluator, arguments[1], "hasSuffix") : NULL;
	if (!string)
		return NULL;
	return heap_boolean(
		evaluator->heap, bytes_has_suffix(string_bytes(string), string_bytes(part)));
}

static struct value *
run_contains(struct evaluator *evaluator, struct value **arguments)
{
	struct string *part = want_string(evaluator, arguments[0], "contains");
	struct string *string = part ? want_string(evaluator, arguments[1], "contains") : NULL;
	if (!string)
		return NULL;
	size_t at = find_part(string_bytes(string), string_bytes(part), 0);
	return heap_boolean(evaluator->heap, at != SIZE_MAX);
}

/* Where so many code points end; at the end of the text where it has fewer. */
static size_t
skip_points(struct bytes text, size_t from, uint64_t points)
{
	while (points-- > 0 && from < text.size) {
		from++;
		while (from < text.size && (text.data[from] & 0xc0) == 0x80)
			from++;
	}
	return from;
}

static struct value *
run_substring(struct evaluator *evaluator, struct value **arguments)
{
	int64_t start = 0, length = 0;
	if (!want_integer(evaluator, arguments[0], "substring", &start) ||
		!want_integer(evaluator, arguments[1], "substring", &length))
		return NULL;
	struct string *string = want_known_string(evaluator, arguments[2], "substring");
	if (!string)
		return NULL;
	if (start < 0 || length < 0)
		return eval_fail(evaluator, NO_SPAN,
			"'substring' wants a start and a length that are not negative");
	struct bytes text = string_bytes(string);
	size_t from = skip_points(text, 0, (uint64_t)start);
	size_t to = skip_points(text, from, (uint64_t)length);
	return heap_new_string(
		evaluator->heap, bytes_of(text.data + from, to - from), string->context);
}

static struct value *
run_string_length(struct evaluator *evaluator, struct value **arguments)
{
	struct string *string = want_string(evaluator, arguments[0], "stringLength");
	if (!string)
		return NULL;
	int64_t count = 0;
	for (size_t at = 0; at < string->size; at++)
		count += (string->text[at] & 0xc0) != 0x80;
	return heap_new_integer(evaluator->heap, count);
}

static struct value *
change_case(struct evaluator *evaluator, struct value *value, const char *who, uint8_t first)
{
	struct string *string = want_known_string(evaluator, value, who);
	if (!string)
		return NULL;
	struct string *changed =
		heap_new_string_room(evaluator->heap, string->size, string->context);
	for (size_t at = 0; at < string->size; at++) {
		uint8_t byte = string->text[at];
		bool changes = byte >= first && byte < first + 26;
		changed->text[at] = changes ? byte ^ 0x20 : byte;
	}
	return &changed->value;
}

static struct value *
run_upper(struct evaluator *evaluator, struct value **arguments)
{
	return change_case(evaluator, arguments[0], "upper", 'a');
}

static struct value *
run_lower(struct evaluator *evaluator, struct value **arguments)
{
	return change_case(evaluator, arguments[0], "lower", 'A');
}

static const struct builtin string_rows[] = {
	{"toString", 1, run_to_string, "a -> string",
		"The text of a value; a local path is not copied to the store. Null, lists, other "
		"sets and functions have none.",
		"toString 1.5 + toString true == \"1.5true\""},
	{"join", 2, run_join, "string -> [string] -> string",
		"Joins texts, with a separator between them.",
		"join \", \" [\"a\", \"b\"] == \"a, b\""},
	{"split", 2, run_split, "string -> string -> [string]",
		"The pieces of a text between the separators.",
		"split \",\" \"a,,b\" == [\"a\", \"\", \"b\"]"},
	{"lines", 1, run_lines, "string -> [string]",
		"The lines of a text, without their ends (LF or CR LF).",
		"lines \"a\\r\\nb\\n\" == [\"a\", \"b\"]"},
	{"replace", 3, run_replace, "string -> string -> string -> string",
		"Replaces every occurrence of a text by another, in one pass.",
		"replace \"-\" \"_\" \"a-b-c\" == \"a_b_c\""},
	{"trim", 1, run_trim, "string -> string",
		"The text without blanks, tabs and line ends around it.",
		"trim \" a \\n\" == \"a\""},
	{"hasPrefix", 2, run_has_prefix, "string -> string -> boolean",
		"Whether a text begins with another.", "hasPrefix \"a\" \"abc\""},
	{"hasSuffix", 2, run_has_suffix, "string -> string -> boolean",
		"Whether a text ends with another.", "hasSuffix \".c\" \"a.c\""},
	{"contains", 2, run_contains, "string -> string -> boolean",
		"Whether a text holds another.", "contains \"b\" \"abc\""},
	{"substring", 3, run_substring, "integer -> integer -> string -> string",
		"So many characters from a place on (from 0), fewer at the end.",
		"substring 1 2 \"abcd\" == \"bc\""},
	{"stringLength", 1, run_string_length, "string -> integer",
		"How many characters a text has.", "stringLength \"äbc\" == 3"},
	{"upper", 1, run_upper, "string -> string",
		"The text with its ASCII letters in upper case.", "upper \"abc\" == \"ABC\""},
	{"lower", 1, run_lower, "string -> string",
		"The text with its ASCII letters in lower case.", "lower \"ABC\" == \"abc\""},
};
BUILTIN_FAMILY(string, "Strings");
