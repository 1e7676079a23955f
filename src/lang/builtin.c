/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/builtin.h"

#include "lang/builtin_family.h"

static const struct builtin_family *const families[] = {
	&builtin_control_family,
	&builtin_type_family,
	&builtin_list_family,
	&builtin_order_family,
	&builtin_set_family,
	&builtin_string_family,
	&builtin_regex_family,
	&builtin_text_family,
	&builtin_data_family,
	&builtin_file_family,
	&builtin_derivation_family,
};

size_t
builtin_family_count(void)
{
	return sizeof families / sizeof families[0];
}

const struct builtin_family *
builtin_family(size_t at)
{
	return families[at];
}

const struct builtin *
builtin_find(struct bytes name)
{
	for (size_t at = 0; at < builtin_family_count(); at++) {
		for (size_t row = 0; row < families[at]->count; row++) {
			if (bytes_equal_text(name, families[at]->rows[row].name))
				return &families[at]->rows[row];
		}
	}
	return NULL;
}

static struct value *
constant_step(struct evaluator *evaluator, struct value *first, struct value *second UNUSED)
{
	return as_partial(first)->builtin->run(evaluator, NULL);
}

struct value *
builtin_constant(struct evaluator *evaluator, const struct builtin *builtin)
{
	struct partial *row = heap_new_partial(evaluator->heap, builtin, 0);
	return heap_new_step(evaluator->heap, constant_step, &row->value, NULL);
}

static struct value *
want(struct evaluator *evaluator, struct value *value, enum value_kind kind, const char *who)
{
	value = eval_force(evaluator, value);
	if (!value || value_is(value, kind))
		return value;
	struct value wanted = {.kind = (uint8_t)kind};
	return eval_fail(evaluator, NO_SPAN, "'%s' wants %s, not %s: %s", who,
		value_describe(&wanted), value_describe(value), failure_show(evaluator, value));
}

struct list *
want_list(struct evaluator *evaluator, struct value *value, const char *who)
{
	return (struct list *)(void *)want(evaluator, value, VALUE_LIST, who);
}

struct set *
want_set(struct evaluator *evaluator, struct value *value, const char *who)
{
	return (struct set *)(void *)want(evaluator, value, VALUE_SET, who);
}

struct string *
want_string(struct evaluator *evaluator, struct value *value, const char *who)
{
	return (struct string *)(void *)want(evaluator, value, VALUE_STRING, who);
}

struct path *
want_path(struct evaluator *evaluator, struct value *value, const char *who)
{
	return (struct path *)(void *)want(evaluator, value, VALUE_PATH, who);
}

struct value *
want_function(struct evaluator *evaluator, struct value *value, const char *who)
{
	value = eval_force(evaluator, value);
	if (value && value_is(value, VALUE_BUILTIN))
		return value;
	return value ? want(evaluator, value, VALUE_FUNCTION, who) : NULL;
}

bool
want_integer(struct evaluator *evaluator, struct value *value, const char *who, int64_t *out)
{
	value = want(evaluator, value, VALUE_INTEGER, who);
	if (value)
		*out = as_number(value)->integer;
	return value != NULL;
}

bool
want_boolean(struct evaluator *evaluator, struct value *value, const char *who, bool *out)
{
	value = want(evaluator, value, VALUE_BOOLEAN, who);
	if (value)
		*out = value->flag;
	return value != NULL;
}

struct string *
want_known_string(struct evaluator *evaluator, struct value *value, const char *who)
{
	struct string *string = want_string(evaluator, value, who);
	const struct context_item *item = string ? context_placeholder(string->context) : NULL;
	if (!item)
		return string;
	eval_fail(evaluator, NO_SPAN,
		"'%s' cannot look into %s: that output is not known before it is built", who,
		item->path);
	eval_help(evaluator, "do it in the derivation that uses the output");
	return NULL;
}
