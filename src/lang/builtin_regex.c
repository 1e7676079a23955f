/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/builtin_family.h"
#include "lang/regex.h"

static struct regex *
want_regex(struct evaluator *evaluator, struct value *value, const char *who)
{
	struct string *pattern = want_known_string(evaluator, value, who);
	if (!pattern)
		return NULL;
	struct err err = {0};
	struct regex *regex = regex_new(string_bytes(pattern), &err);
	if (!regex)
		eval_fail(evaluator, NO_SPAN, "the regular expression \"%.*s\" is wrong %s",
			BYTES_ARGS(string_bytes(pattern)), err.text);
	return regex;
}

static struct value *
span_value(struct evaluator *evaluator, struct string *string, const size_t *span)
{
	if (span[0] == SIZE_MAX || span[1] == SIZE_MAX)
		return heap_null(evaluator->heap);
	return heap_new_string(evaluator->heap, bytes_of(string->text + span[0], span[1] - span[0]),
		string->context);
}

static struct value *
group_list(struct evaluator *evaluator, const struct regex *regex, struct string *string,
	const size_t *spans)
{
	struct list *list = heap_empty_list(evaluator->heap);
	for (size_t group = regex_group_count(regex); group > 0; group--) {
		struct value *text = span_value(evaluator, string, spans + 2 * group);
		list = heap_new_list(evaluator->heap, text, list);
	}
	return &list->value;
}

static struct value *
run_match(struct evaluator *evaluator, struct value **arguments)
{
	struct string *string = want_known_string(evaluator, arguments[1], "match");
	struct regex *regex = string ? want_regex(evaluator, arguments[0], "match") : NULL;
	if (!regex)
		return NULL;
	size_t spans[2 * REGEX_GROUPS];
	struct value *result = heap_null(evaluator->heap);
	if (regex_match(regex, string_bytes(string), spans))
		result = group_list(evaluator, regex, string, spans);
	regex_free(regex);
	return result;
}

static struct value *
match_set(struct evaluator *evaluator, const struct regex *regex, struct string *string,
	const size_t *spans, int64_t start)
{
	struct value *groups = group_list(evaluator, regex, string, spans);
	struct value *number = heap_new_integer(evaluator->heap, start);
	struct value *text = span_value(evaluator, string, spans);
	struct set *set = heap_new_set(evaluator->heap, 3);
	set->entries[0] = (struct set_entry){BYTES_LITERAL("groups"), groups};
	set->entries[1] = (struct set_entry){BYTES_LITERAL("start"), number};
	set->entries[2] = (struct set_entry){BYTES_LITERAL("text"), text};
	return &set->value;
}

static size_t
next_point(const struct string *string, size_t at)
{
	at++;
	while (at < string->size && (string->text[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static struct value *
run_match_all(struct evaluator *evaluator, struct value **arguments)
{
	struct string *string = want_known_string(evaluator, arguments[1], "matchAll");
	struct regex *regex = string ? want_regex(evaluator, arguments[0], "matchAll") : NULL;
	if (!regex)
		return NULL;
	ARRAY(struct value *) found = {0};
	size_t spans[2 * REGEX_GROUPS];
	size_t from = 0, counted = 0;
	int64_t points = 0;
	while (from <= string->size && !heap_is_over(evaluator->heap) &&
		regex_search(regex, string_bytes(string), from, spans)) {
		for (; counted < spans[0]; counted++)
			points += (string->text[counted] & 0xc0) != 0x80;
		*array_push(&found) = match_set(evaluator, regex, string, spans, points);
		from = spans[1] > spans[0] ? spans[1] : next_point(string, spans[1]);
	}
	struct list *list = heap_new_list_of(evaluator->heap, found.data, found.size);
	array_release(&found);
	regex_free(regex);
	return eval_may_go_on(evaluator, NO_SPAN) ? &list->value : NULL;
}

static const struct builtin regex_rows[] = {
	{"match", 2, run_match, "string -> string -> null | [string | null]",
		"Whether a POSIX extended regular expression matches the whole text: its groups, "
		"or null.",
		"match \"([a-z]+)-([0-9.]+)\" \"cab-0.1\" == [\"cab\", \"0.1\"]"},
	{"matchAll", 2, run_match_all,
		"string -> string -> [{ groups : [string | null], start : integer, text : string "
		"}]",
		"Every match in a text, from the left, without overlaps.",
		"map (found => found.text) (matchAll \"[0-9]+\" \"1 and 22\") == [\"1\", \"22\"]"},
};
BUILTIN_FAMILY(regex, "Regular expressions");
