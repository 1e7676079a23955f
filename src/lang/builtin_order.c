/* SPDX-License-Identifier: MPL-2.0 */
#include <stdlib.h>

#include "lang/builtin_family.h"

/* One sort: items are values of a living list. */
struct sorter {
	struct evaluator *evaluator;
	struct value *less; /* NULL: by `<` */
	struct value **items;
	struct value **spare;
	size_t count;
};

/* *out: whether the later item must stand before the earlier one. */
static bool
is_before(struct sorter *sorter, struct value *later, struct value *earlier, bool *out)
{
	struct evaluator *evaluator = sorter->evaluator;
	struct heap_mark mark = heap_mark(evaluator->heap);
	bool good = false;
	if (!sorter->less) {
		good = operate_less(evaluator, value_of(later), value_of(earlier), NO_SPAN, out);
	} else {
		struct value *answer = eval_apply_two(evaluator, sorter->less, later, earlier);
		good = answer && want_boolean(evaluator, answer, "sortBy", out);
	}
	heap_rewind(evaluator->heap, mark);
	return good;
}

/* Merges two sorted runs [start, middle) and [middle, end) into spare; equal items keep order. */
static bool
merge_runs(struct sorter *sorter, size_t start, size_t middle, size_t end)
{
	size_t left = start, right = middle;
	for (size_t at = start; at < end; at++) {
		bool take_right = left == middle;
		if (!take_right && right < end &&
			!is_before(sorter, sorter->items[right], sorter->items[left], &take_right))
			return false;
		sorter->spare[at] = sorter->items[take_right ? right++ : left++];
	}
	return true;
}

static bool
sort_items(struct sorter *sorter)
{
	for (size_t width = 1; width < sorter->count; width *= 2) {
		for (size_t start = 0; start < sorter->count; start += 2 * width) {
			size_t left = sorter->count - start;
			size_t middle = start + (width < left ? width : left);
			size_t end = start + (2 * width < left ? 2 * width : left);
			if (!merge_runs(sorter, start, middle, end))
				return false;
		}
		struct value **items = sorter->items;
		sorter->items = sorter->spare;
		sorter->spare = items;
	}
	return true;
}

static struct value *
sort_list(struct evaluator *evaluator, struct value *less, struct list *list)
{
	struct sorter sorter = {evaluator, less, NULL, NULL, list->length};
	sorter.items = (struct value **)memory_zero(list->length + 1, sizeof(struct value *));
	sorter.spare = (struct value **)memory_zero(list->length + 1, sizeof(struct value *));
	bool good = true;
	struct list *at = list;
	for (size_t item = 0; good && item < sorter.count; item++, at = at->tail) {
		sorter.items[item] = at->head;
		good = less || eval_force(evaluator, at->head) != NULL;
	}
	struct value *sorted = NULL;
	if (good && sort_items(&sorter))
		sorted = &heap_new_list_of(evaluator->heap, sorter.items, sorter.count)->value;
	free(sorter.items);
	free(sorter.spare);
	return sorted;
}

static struct value *
run_sort(struct evaluator *evaluator, struct value **arguments)
{
	struct list *list = want_list(evaluator, arguments[0], "sort");
	return list ? sort_list(evaluator, NULL, list) : NULL;
}

static struct value *
run_sort_by(struct evaluator *evaluator, struct value **arguments)
{
	struct value *less = want_function(evaluator, arguments[0], "sortBy");
	struct list *list = less ? want_list(evaluator, arguments[1], "sortBy") : NULL;
	return list ? sort_list(evaluator, less, list) : NULL;
}

static bool
group_items(struct evaluator *evaluator, struct value *function, struct list *list,
	struct map *names, struct set *set)
{
	for (; list->length > 0; list = list->tail) {
		struct value *name = eval_apply(evaluator, function, list->head);
		struct string *string = name ? want_string(evaluator, name, "groupBy") : NULL;
		if (!string)
			return false;
		void **slot = map_at(names, string_bytes(string));
		if (!*slot) {
			struct set_entry *entry = &set->entries[set->value.count++];
			entry->name = heap_name(evaluator->heap, string_bytes(string));
			entry->value = &heap_empty_list(evaluator->heap)->value;
			*slot = entry;
		}
		struct set_entry *entry = (struct set_entry *)*slot;
		entry->value =
			&heap_new_list(evaluator->heap, list->head, as_list(entry->value))->value;
	}
	return true;
}

static struct value *
run_group_by(struct evaluator *evaluator, struct value **arguments)
{
	struct value *function = want_function(evaluator, arguments[0], "groupBy");
	struct list *list = function ? want_list(evaluator, arguments[1], "groupBy") : NULL;
	if (!list || list->length == 0)
		return list ? &heap_empty_set(evaluator->heap)->value : NULL;
	cleanup_map struct map names = {0};
	struct set *gathered = heap_new_set(evaluator->heap, list->length);
	gathered->value.count = 0;
	if (!group_items(evaluator, function, list, &names, gathered))
		return NULL;
	for (size_t at = 0; at < gathered->value.count; at++) {
		struct list *items = as_list(gathered->entries[at].value);
		struct list *ordered = heap_empty_list(evaluator->heap);
		for (; items->length > 0; items = items->tail)
			ordered = heap_new_list(evaluator->heap, items->head, ordered);
		gathered->entries[at].value = &ordered->value;
	}
	struct bytes repeated = {0};
	return &heap_new_set_of(
		evaluator->heap, gathered->entries, gathered->value.count, &repeated)
			->value;
}

static const struct builtin order_rows[] = {
	{"sort", 1, run_sort, "[a] -> [a]",
		"Sorts numbers or strings by '<'; equal items keep their order.",
		"sort [3, 1, 2] == [1, 2, 3]"},
	{"sortBy", 2, run_sort_by, "(a -> a -> boolean) -> [a] -> [a]",
		"Sorts by a function that says whether its first argument comes before its second.",
		"sortBy (a => b => a > b) [1, 3, 2] == [3, 2, 1]"},
	{"groupBy", 2, run_group_by, "(a -> string) -> [a] -> { name : [a] }",
		"The items by the name that the function gives each, in their order.",
		"groupBy (x => if x > 1 then \"big\" else \"small\") [1, 2, 3] == { big = [2, 3], "
		"small = [1], }"},
};
BUILTIN_FAMILY(order, "Order");
