/* SPDX-License-Identifier: MPL-2.0 */
#include <stdlib.h>

#include "lang/builtin_family.h"

static struct value *
run_names(struct evaluator *evaluator, struct value **arguments)
{
	struct set *set = want_set(evaluator, arguments[0], "names");
	if (!set)
		return NULL;
	struct heap_mark mark = heap_mark(evaluator->heap);
	struct list *list = heap_empty_list(evaluator->heap);
	for (size_t at = set->value.count; at-- > 0;) {
		struct value *name = heap_new_string(evaluator->heap, set->entries[at].name, NULL);
		list = heap_new_list(evaluator->heap, name, list);
		heap_return(evaluator->heap, mark, &list->value);
	}
	return &list->value;
}

static struct value *
run_values(struct evaluator *evaluator, struct value **arguments)
{
	struct set *set = want_set(evaluator, arguments[0], "values");
	if (!set)
		return NULL;
	struct list *list = heap_empty_list(evaluator->heap);
	for (size_t at = set->value.count; at-- > 0;)
		list = heap_new_list(evaluator->heap, set->entries[at].value, list);
	return &list->value;
}

static struct value *
run_has(struct evaluator *evaluator, struct value **arguments)
{
	struct string *name = want_string(evaluator, arguments[0], "has");
	struct set *set = name ? want_set(evaluator, arguments[1], "has") : NULL;
	if (!set)
		return NULL;
	return heap_boolean(evaluator->heap, set_find(set, string_bytes(name)) != NULL);
}

static struct value *
run_get(struct evaluator *evaluator, struct value **arguments)
{
	struct string *name = want_string(evaluator, arguments[0], "get");
	struct set *set = name ? want_set(evaluator, arguments[1], "get") : NULL;
	if (!set)
		return NULL;
	struct value *value = set_find(set, string_bytes(name));
	if (!value)
		return select_refuse(evaluator, NO_SPAN, string_bytes(name), &set->value);
	return eval_force(evaluator, value);
}

static struct value *
run_remove(struct evaluator *evaluator, struct value **arguments)
{
	struct list *names = want_list(evaluator, arguments[0], "remove");
	struct set *set = names ? want_set(evaluator, arguments[1], "remove") : NULL;
	if (!set)
		return NULL;
	cleanup_map struct map gone = {0};
	for (; names->length > 0; names = names->tail) {
		struct string *name = want_string(evaluator, names->head, "remove");
		if (!name)
			return NULL;
		map_put(&gone, string_bytes(name), name);
	}
	struct set *left = heap_new_set(evaluator->heap, set->value.count);
	uint32_t count = 0;
	for (size_t at = 0; at < set->value.count; at++) {
		if (!map_has(&gone, set->entries[at].name))
			left->entries[count++] = set->entries[at];
	}
	if (set->value.count)
		left->value.count = count;
	return &left->value;
}

static struct value *
run_map_attributes(struct evaluator *evaluator, struct value **arguments)
{
	struct value *function = want_function(evaluator, arguments[0], "mapAttributes");
	struct set *set = function ? want_set(evaluator, arguments[1], "mapAttributes") : NULL;
	if (!set)
		return NULL;
	struct set *mapped = heap_new_set(evaluator->heap, set->value.count);
	for (size_t at = 0; at < set->value.count; at++) {
		const struct set_entry *entry = &set->entries[at];
		struct value *name = heap_new_string(evaluator->heap, entry->name, NULL);
		struct value *partial = heap_new_apply(evaluator->heap, function, name);
		mapped->entries[at].name = entry->name;
		mapped->entries[at].value = heap_new_apply(evaluator->heap, partial, entry->value);
	}
	return &mapped->value;
}

static struct value *
run_filter_attributes(struct evaluator *evaluator, struct value **arguments)
{
	struct value *function = want_function(evaluator, arguments[0], "filterAttributes");
	struct set *set = function ? want_set(evaluator, arguments[1], "filterAttributes") : NULL;
	if (!set)
		return NULL;
	struct set *kept = heap_new_set(evaluator->heap, set->value.count);
	uint32_t count = 0;
	for (size_t at = 0; at < set->value.count; at++) {
		const struct set_entry *entry = &set->entries[at];
		struct heap_mark mark = heap_mark(evaluator->heap);
		struct value *name = heap_new_string(evaluator->heap, entry->name, NULL);
		struct value *answer = eval_apply_two(evaluator, function, name, entry->value);
		bool keep = false;
		if (!answer || !want_boolean(evaluator, answer, "filterAttributes", &keep))
			return NULL;
		heap_rewind(evaluator->heap, mark);
		if (keep)
			kept->entries[count++] = *entry;
	}
	if (set->value.count)
		kept->value.count = count;
	return &kept->value;
}

static struct value *
run_merge(struct evaluator *evaluator, struct value **arguments)
{
	struct list *list = want_list(evaluator, arguments[0], "merge");
	struct set *merged = heap_empty_set(evaluator->heap);
	for (; list && list->length > 0; list = list->tail) {
		struct set *set = want_set(evaluator, list->head, "merge");
		if (!set || !eval_may_go_on(evaluator, NO_SPAN))
			return NULL;
		merged = operate_update(evaluator, merged, set);
	}
	return list ? &merged->value : NULL;
}

static struct value *merge_deep(
	struct evaluator *evaluator, struct value *left, struct value *right);

static struct value *
merge_step(struct evaluator *evaluator, struct value *first, struct value *second)
{
	struct value *left = eval_force(evaluator, first);
	struct value *right = left ? eval_force(evaluator, second) : NULL;
	return right ? merge_deep(evaluator, left, right) : NULL;
}

/* Both are in weak head form; sets that are no derivations are merged, else the right one wins. */
static struct value *
merge_deep(struct evaluator *evaluator, struct value *left, struct value *right)
{
	bool left_derivation = false, right_derivation = false;
	if (!value_is(left, VALUE_SET) || !value_is(right, VALUE_SET))
		return right;
	if (!coerce_is_derivation(evaluator, left, &left_derivation) ||
		!coerce_is_derivation(evaluator, right, &right_derivation))
		return NULL;
	if (left_derivation || right_derivation)
		return right;
	struct set *update = operate_update(evaluator, as_set(left), as_set(right));
	struct set *merged = heap_new_set(evaluator->heap, update->value.count);
	for (size_t at = 0; at < update->value.count; at++) {
		struct set_entry entry = update->entries[at];
		struct value *before = set_find(as_set(left), entry.name);
		if (before && set_find(as_set(right), entry.name))
			entry.value =
				heap_new_step(evaluator->heap, merge_step, before, entry.value);
		merged->entries[at] = entry;
	}
	return &merged->value;
}

static struct value *
run_merge_deep(struct evaluator *evaluator, struct value **arguments)
{
	struct list *list = want_list(evaluator, arguments[0], "mergeDeep");
	struct value *merged = &heap_empty_set(evaluator->heap)->value;
	for (; list && merged && list->length > 0; list = list->tail) {
		struct set *set = want_set(evaluator, list->head, "mergeDeep");
		merged = set ? merge_deep(evaluator, merged, &set->value) : NULL;
	}
	return list ? merged : NULL;
}

static struct value *
run_intersect(struct evaluator *evaluator, struct value **arguments)
{
	struct set *names = want_set(evaluator, arguments[0], "intersect");
	struct set *set = names ? want_set(evaluator, arguments[1], "intersect") : NULL;
	if (!set || set->value.count == 0)
		return set ? &set->value : NULL;
	struct set *common = heap_new_set(evaluator->heap, set->value.count);
	uint32_t count = 0;
	for (size_t at = 0; at < set->value.count; at++) {
		if (set_find(names, set->entries[at].name))
			common->entries[count++] = set->entries[at];
	}
	common->value.count = count;
	return &common->value;
}

static struct value *
attribute_of(struct evaluator *evaluator, struct set *set, const char *name)
{
	struct value *value = set_find(set, bytes_text(name));
	if (!value)
		select_refuse(evaluator, NO_SPAN, bytes_text(name), &set->value);
	return value;
}

static struct value *
run_list_to_attributes(struct evaluator *evaluator, struct value **arguments)
{
	struct list *list = want_list(evaluator, arguments[0], "listToAttributes");
	if (!list)
		return NULL;
	size_t count = 0;
	struct set_entry *entries =
		(struct set_entry *)memory_zero(list->length + 1, sizeof(struct set_entry));
	bool good = true;
	for (; good && list->length > 0; list = list->tail) {
		struct set *pair = want_set(evaluator, list->head, "listToAttributes");
		struct value *name = pair ? attribute_of(evaluator, pair, "name") : NULL;
		struct string *text =
			name ? want_string(evaluator, name, "listToAttributes") : NULL;
		struct value *value = text ? attribute_of(evaluator, pair, "value") : NULL;
		good = value != NULL;
		if (good)
			entries[count++] = (struct set_entry){
				heap_name(evaluator->heap, string_bytes(text)), value};
	}
	struct bytes repeated = {0};
	struct set *set = good ? heap_new_set_of(evaluator->heap, entries, count, &repeated) : NULL;
	free(entries);
	if (good && !set)
		eval_fail(evaluator, NO_SPAN, "'listToAttributes' got the name '%.*s' twice",
			BYTES_ARGS(repeated));
	return set ? &set->value : NULL;
}

static struct value *
run_attributes_to_list(struct evaluator *evaluator, struct value **arguments)
{
	struct set *set = want_set(evaluator, arguments[0], "attributesToList");
	if (!set)
		return NULL;
	struct heap_mark mark = heap_mark(evaluator->heap);
	struct list *list = heap_empty_list(evaluator->heap);
	for (size_t at = set->value.count; at-- > 0;) {
		struct set *pair = heap_new_set(evaluator->heap, 2);
		struct value *name = heap_new_string(evaluator->heap, set->entries[at].name, NULL);
		pair->entries[0] = (struct set_entry){BYTES_LITERAL("name"), name};
		pair->entries[1] =
			(struct set_entry){BYTES_LITERAL("value"), set->entries[at].value};
		list = heap_new_list(evaluator->heap, &pair->value, list);
		heap_return(evaluator->heap, mark, &list->value);
	}
	return &list->value;
}

static const struct builtin set_rows[] = {
	{"names", 1, run_names, "{ name : a } -> [string]",
		"The names of a set, in bytewise order.",
		"names { b = 1, a = 2, } == [\"a\", \"b\"]"},
	{"values", 1, run_values, "{ name : a } -> [a]",
		"The values of a set, in the order of names.",
		"values { b = 1, a = 2, } == [2, 1]"},
	{"has", 2, run_has, "string -> { name : a } -> boolean", "Whether a set has a name.",
		"has \"a\" { a = 1, }"},
	{"get", 2, run_get, "string -> { name : a } -> a", "The value under a name.",
		"get \"a\" { a = 1, } == 1"},
	{"remove", 2, run_remove, "[string] -> { name : a } -> { name : a }",
		"The set without some names; those that it lacks do not matter.",
		"remove [\"a\", \"x\"] { a = 1, b = 2, } == { b = 2, }"},
	{"mapAttributes", 2, run_map_attributes,
		"(string -> a -> b) -> { name : a } -> { name : b }",
		"Applies a function to each name and value; the names stay.",
		"mapAttributes (name => value => name) { a = 1, } == { a = \"a\", }"},
	{"filterAttributes", 2, run_filter_attributes,
		"(string -> a -> boolean) -> { name : a } -> { name : a }",
		"The attributes for which the function is true.",
		"filterAttributes (name => value => value > 1) { a = 1, b = 2, } == { b = 2, }"},
	{"merge", 1, run_merge, "[{ name : a }] -> { name : a }",
		"All attributes of a list of sets; the later wins.",
		"merge [{ a = 1, b = 1, }, { b = 2, }] == { a = 1, b = 2, }"},
	{"mergeDeep", 1, run_merge_deep, "[{ name : a }] -> { name : a }",
		"The same, but sets under one name are merged too; derivations are not entered.",
		"mergeDeep [{ a.b = 1, }, { a.c = 2, }] == { a = { b = 1, c = 2, }, }"},
	{"intersect", 2, run_intersect, "{ name : a } -> { name : b } -> { name : b }",
		"The second set at the names of the first.",
		"intersect { a = 1, } { a = 2, b = 3, } == { a = 2, }"},
	{"listToAttributes", 1, run_list_to_attributes,
		"[{ name : string, value : a }] -> { name : a }",
		"The set of these names and values; a name that stands twice is an error.",
		"listToAttributes [{ name = \"a\", value = 1, }] == { a = 1, }"},
	{"attributesToList", 1, run_attributes_to_list,
		"{ name : a } -> [{ name : string, value : a }]",
		"The names and values of a set, in the order of names.",
		"attributesToList { a = 1, } == [{ name = \"a\", value = 1, }]"},
};
BUILTIN_FAMILY(set, "Sets");
