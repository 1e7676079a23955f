/* SPDX-License-Identifier: MPL-2.0 */
#include <stdlib.h>

#include "lang/builtin_family.h"
#include "lang/value_json.h"
#include "lang/toml.h"

static struct value *
run_from_json(struct evaluator *evaluator, struct value **arguments)
{
	struct string *string = want_known_string(evaluator, arguments[0], "fromJSON");
	return string ? value_json_read(evaluator, string_bytes(string)) : NULL;
}

static struct value *
run_to_json(struct evaluator *evaluator, struct value **arguments)
{
	cleanup_text struct text text = text_start(evaluator);
	if (!value_json_write(evaluator, arguments[0], 0, &text))
		return NULL;
	return text_finish(evaluator, &text, NO_SPAN);
}

static struct value *toml_value(struct evaluator *evaluator, const struct toml_value *value);

static struct value *
toml_list(struct evaluator *evaluator, const struct toml_list *list)
{
	struct value **values =
		(struct value **)memory_zero(list->count + 1, sizeof(struct value *));
	size_t count = 0;
	bool good = true;
	for (const struct toml_item *item = list->first; good && item; item = item->next) {
		values[count] = toml_value(evaluator, item->value);
		good = values[count++] != NULL;
	}
	struct value *result =
		good ? &heap_new_list_of(evaluator->heap, values, count)->value : NULL;
	free(values);
	return result;
}

static struct value *
toml_table(struct evaluator *evaluator, const struct toml_table *table)
{
	struct set_entry *entries =
		(struct set_entry *)memory_zero(table->count + 1, sizeof(struct set_entry));
	size_t count = 0;
	bool good = true;
	for (const struct toml_entry *entry = table->first; good && entry; entry = entry->next) {
		struct value *value = toml_value(evaluator, entry->value);
		entries[count++] =
			(struct set_entry){heap_name(evaluator->heap, entry->key), value};
		good = value != NULL;
	}
	struct bytes repeated = {0};
	struct set *set = good ? heap_new_set_of(evaluator->heap, entries, count, &repeated) : NULL;
	free(entries);
	return set ? &set->value : NULL;
}

static struct value *
toml_value(struct evaluator *evaluator, const struct toml_value *value)
{
	if (!eval_may_go_on(evaluator, NO_SPAN))
		return NULL;
	switch (value->kind) {
	case TOML_TEXT:
	case TOML_DATE:
		return heap_new_string(evaluator->heap, value->text, NULL);
	case TOML_INTEGER:
		return heap_new_integer(evaluator->heap, value->integer);
	case TOML_REAL:
		return heap_new_float(evaluator->heap, value->real);
	case TOML_TRUTH:
		return heap_boolean(evaluator->heap, value->truth);
	case TOML_LIST:
		return toml_list(evaluator, &value->list);
	case TOML_TABLE:
		return toml_table(evaluator, &value->table);
	}
	return NULL;
}

static struct value *
run_from_toml(struct evaluator *evaluator, struct value **arguments)
{
	struct string *string = want_known_string(evaluator, arguments[0], "fromTOML");
	if (!string)
		return NULL;
	struct err err = {0};
	struct toml *toml = toml_parse(string_bytes(string), &err);
	if (!toml)
		return eval_fail(evaluator, NO_SPAN, "the text is not TOML: %s", err.text);
	struct value *value = toml_value(evaluator, toml_root(toml));
	toml_free(toml);
	return value;
}

static const struct builtin data_rows[] = {
	{"fromJSON", 1, run_from_json, "string -> a",
		"The value of a JSON text. Integers beyond 64 bits and repeated keys are errors.",
		"fromJSON \"{\\\"a\\\": [1, null]}\" == { a = [1, null], }"},
	{"toJSON", 1, run_to_json, "a -> string",
		"The JSON text of a value: on one line, keys in bytewise order.",
		"toJSON { b = [1, 2.0], a = null, } == \"{\\\"a\\\":null,\\\"b\\\":[1,2.0]}\""},
	{"fromTOML", 1, run_from_toml, "string -> { name : a }",
		"The set of a TOML text (version 1.1); dates and times are strings.",
		"fromTOML \"a.b = 1\\nc = [true]\" == { a.b = 1, c = [true], }"},
};
BUILTIN_FAMILY(data, "Data formats");
