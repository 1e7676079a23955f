/* SPDX-License-Identifier: MPL-2.0 */
/* What a scheme is bound to that the host does not have: { program, base ?, origins ? }. */
#include <stdlib.h>

#include "lang/evaluator.h"

static const char *const fetcher_names[] = {"base", "origins", "program"};
enum { FETCHER_NAMES = sizeof fetcher_names / sizeof *fetcher_names };

/* A fetcher on its way from a set. */
struct reading {
	struct evaluator *evaluator;
	struct set *set;
	struct bytes scheme;
	struct span span;
};

static bool
reading_check_names(const struct reading *reading)
{
	for (size_t at = 0; at < reading->set->value.count; at++) {
		struct bytes name = reading->set->entries[at].name;
		struct diagnostic_nearest nearest = diagnostic_nearest(name);
		bool known = false;
		for (size_t row = 0; row < FETCHER_NAMES; row++) {
			known |= bytes_equal_text(name, fetcher_names[row]);
			diagnostic_nearest_offer(&nearest, bytes_text(fetcher_names[row]));
		}
		if (known)
			continue;
		eval_fail(reading->evaluator, reading->span,
			"the fetcher of the scheme '%.*s' has no use for '%.*s'",
			BYTES_ARGS(reading->scheme), BYTES_ARGS(name));
		if (nearest.best.size)
			eval_help(reading->evaluator, "did you mean '%.*s'?",
				BYTES_ARGS(nearest.best));
		return false;
	}
	return true;
}

/* A plain string: what it says is taken to the network as it stands. */
static bool
reading_text(
	const struct reading *reading, struct value *value, const char *name, struct bytes *out)
{
	value = eval_force(reading->evaluator, value);
	if (!value)
		return false;
	if (value_is(value, VALUE_STRING) && !as_string(value)->context) {
		*out = string_bytes(as_string(value));
		return true;
	}
	eval_fail(reading->evaluator, reading->span,
		"the fetcher of the scheme '%.*s': '%s' wants plain strings, not %s",
		BYTES_ARGS(reading->scheme), name, failure_show(reading->evaluator, value));
	return false;
}

static bool
reading_origins(const struct reading *reading, struct host_fetcher *out)
{
	struct value *value = set_find(reading->set, BYTES_LITERAL("origins"));
	if (!value)
		return true;
	value = eval_force(reading->evaluator, value);
	if (!value)
		return false;
	if (!value_is(value, VALUE_LIST)) {
		eval_fail(reading->evaluator, reading->span,
			"the fetcher of the scheme '%.*s': 'origins' is a list, not %s",
			BYTES_ARGS(reading->scheme), value_describe(value));
		return false;
	}
	size_t count = as_list(value)->length;
	struct bytes *origins = (struct bytes *)memory_zero(count + 1, sizeof *origins);
	out->origins = origins;
	for (struct list *list = as_list(value); list->length > 0; list = list->tail)
		if (!reading_text(reading, list->head, "origins", &origins[out->origin_count++]))
			return false;
	return true;
}

static bool
reading_program(const struct reading *reading, struct host_fetcher *out)
{
	struct value *value = set_find(reading->set, BYTES_LITERAL("program"));
	if (!value) {
		eval_fail(reading->evaluator, reading->span,
			"the fetcher of the scheme '%.*s' has no 'program'",
			BYTES_ARGS(reading->scheme));
		return false;
	}
	value = coerce_value(reading->evaluator, value, COERCE_INTERPOLATE, reading->span);
	if (!value)
		return false;
	struct string *text = as_string(value);
	out->program = string_bytes(text);
	if (!text->context) {
		eval_fail(reading->evaluator, reading->span,
			"the fetcher of the scheme '%.*s': 'program' names nothing of the store: "
			"%s",
			BYTES_ARGS(reading->scheme), failure_show(reading->evaluator, value));
		eval_help(reading->evaluator,
			"it is a file of a derivation's output, a path, or a part of an island");
		return false;
	}
	out->items = text->context->items;
	out->item_count = text->context->value.count;
	return true;
}

static bool
reading_is_set(const struct reading *reading, struct value *value)
{
	bool derivation = false;
	if (!coerce_is_derivation(reading->evaluator, value, &derivation))
		return false;
	if (value_is(value, VALUE_SET) && !derivation)
		return true;
	eval_fail(reading->evaluator, reading->span,
		"the scheme '%.*s' is bound to %s; a fetcher is wanted",
		BYTES_ARGS(reading->scheme), derivation ? "a derivation" : value_describe(value));
	eval_help(reading->evaluator, "a fetcher is written { program = \"\\(module)/fetch.wasm\", "
				      "base = \"https://…\", }");
	return false;
}

bool
fetcher_read(struct evaluator *evaluator, struct value *value, struct bytes scheme,
	struct span span, struct host_fetcher *out)
{
	struct reading reading = {.evaluator = evaluator, .scheme = scheme, .span = span};
	value = eval_force(evaluator, value);
	if (!value || !reading_is_set(&reading, value))
		return false;
	reading.set = as_set(value);
	*out = (struct host_fetcher){0};
	struct value *base = set_find(reading.set, BYTES_LITERAL("base"));
	if (!reading_check_names(&reading) || !reading_program(&reading, out) ||
		(base && !reading_text(&reading, base, "base", &out->base)))
		return false;
	if (reading_origins(&reading, out))
		return true;
	free((void *)(uintptr_t)out->origins);
	return false;
}
