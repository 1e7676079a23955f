/* SPDX-License-Identifier: MPL-2.0 */
#include <stdlib.h>

#include "lang/builtin_family.h"

/* A list under construction, front to back: the first cell is a temporary, the rest hang on it.
 * Only the lengths are missing until list_close. */
struct list_builder {
	struct list *first;
	struct list *last;
	size_t count;
};

static void
list_add(struct evaluator *evaluator, struct list_builder *builder, struct value *value)
{
	struct heap_mark mark = heap_mark(evaluator->heap);
	struct list *cell = heap_new_list(evaluator->heap, value, heap_empty_list(evaluator->heap));
	if (builder->last) {
		builder->last->tail = cell;
		heap_rewind(evaluator->heap, mark);
	} else
		builder->first = cell;
	builder->last = cell;
	builder->count++;
}

static struct value *
list_close(struct evaluator *evaluator, struct list_builder *builder, struct list *rest)
{
	if (!builder->first)
		return rest ? &rest->value : &heap_empty_list(evaluator->heap)->value;
	if (rest)
		builder->last->tail = rest;
	size_t length = builder->count + (rest ? rest->length : 0);
	struct list *cell = builder->first;
	for (size_t at = 0; at < builder->count; at++, cell = cell->tail)
		cell->length = length - at;
	return eval_may_go_on(evaluator, NO_SPAN) ? &builder->first->value : NULL;
}

static bool
call_predicate(struct evaluator *evaluator, struct value *predicate, struct value *item,
	const char *who, bool *out)
{
	struct heap_mark mark = heap_mark(evaluator->heap);
	struct value *answer = eval_apply(evaluator, predicate, item);
	bool good = answer && want_boolean(evaluator, answer, who, out);
	heap_rewind(evaluator->heap, mark);
	return good;
}

static struct value *
run_map(struct evaluator *evaluator, struct value **arguments)
{
	struct value *function = want_function(evaluator, arguments[0], "map");
	struct list *list = function ? want_list(evaluator, arguments[1], "map") : NULL;
	if (!list)
		return NULL;
	struct list_builder builder = {0};
	for (; list->length > 0 && !heap_is_over(evaluator->heap); list = list->tail) {
		struct heap_mark mark = heap_mark(evaluator->heap);
		struct value *item = heap_new_apply(evaluator->heap, function, list->head);
		list_add(evaluator, &builder, item);
		if (builder.count > 1)
			heap_rewind(evaluator->heap, mark);
	}
	return list_close(evaluator, &builder, NULL);
}

static struct value *
run_filter(struct evaluator *evaluator, struct value **arguments)
{
	struct value *predicate = want_function(evaluator, arguments[0], "filter");
	struct list *list = predicate ? want_list(evaluator, arguments[1], "filter") : NULL;
	if (!list)
		return NULL;
	struct list_builder builder = {0};
	for (; list->length > 0; list = list->tail) {
		bool keep = false;
		if (!call_predicate(evaluator, predicate, list->head, "filter", &keep))
			return NULL;
		if (keep)
			list_add(evaluator, &builder, list->head);
	}
	return list_close(evaluator, &builder, NULL);
}

static struct value *
run_partition(struct evaluator *evaluator, struct value **arguments)
{
	struct value *predicate = want_function(evaluator, arguments[0], "partition");
	struct list *list = predicate ? want_list(evaluator, arguments[1], "partition") : NULL;
	if (!list)
		return NULL;
	struct list_builder right = {0}, wrong = {0};
	for (; list->length > 0; list = list->tail) {
		bool keep = false;
		if (!call_predicate(evaluator, predicate, list->head, "partition", &keep))
			return NULL;
		list_add(evaluator, keep ? &right : &wrong, list->head);
	}
	struct set *set = heap_new_set(evaluator->heap, 2);
	set->entries[0] =
		(struct set_entry){BYTES_LITERAL("right"), list_close(evaluator, &right, NULL)};
	set->entries[1] =
		(struct set_entry){BYTES_LITERAL("wrong"), list_close(evaluator, &wrong, NULL)};
	return eval_may_go_on(evaluator, NO_SPAN) ? &set->value : NULL;
}

/* fold f init (x : xs) = f x (fold f init xs), the latter on demand. */
static struct value *
run_fold(struct evaluator *evaluator, struct value **arguments)
{
	struct value *function = want_function(evaluator, arguments[0], "fold");
	struct list *list = function ? want_list(evaluator, arguments[2], "fold") : NULL;
	if (!list)
		return NULL;
	if (list->length == 0)
		return eval_force(evaluator, arguments[1]);
	struct partial *again =
		heap_new_partial(evaluator->heap, builtin_find(BYTES_LITERAL("fold")), 2);
	again->arguments[0] = function;
	again->arguments[1] = arguments[1];
	struct value *rest = heap_new_apply(evaluator->heap, &again->value, &list->tail->value);
	return eval_apply_two(evaluator, function, list->head, rest);
}

static struct value *
fold_left(
	struct evaluator *evaluator, struct value *function, struct value *total, struct list *list)
{
	struct heap_mark mark = heap_mark(evaluator->heap);
	for (; total && list->length > 0; list = list->tail) {
		total = eval_apply_two(evaluator, function, total, list->head);
		heap_return(evaluator->heap, mark, total);
	}
	return total;
}

static struct value *
run_fold_left(struct evaluator *evaluator, struct value **arguments)
{
	struct value *function = want_function(evaluator, arguments[0], "foldLeft");
	struct list *list = function ? want_list(evaluator, arguments[2], "foldLeft") : NULL;
	struct value *total = list ? eval_force(evaluator, arguments[1]) : NULL;
	return total ? fold_left(evaluator, function, total, list) : NULL;
}

static struct value *
refuse_empty(struct evaluator *evaluator, const char *who)
{
	return eval_fail(evaluator, NO_SPAN, "'%s' wants a list that is not empty", who);
}

static struct value *
run_reduce(struct evaluator *evaluator, struct value **arguments)
{
	struct value *function = want_function(evaluator, arguments[0], "reduce");
	struct list *list = function ? want_list(evaluator, arguments[1], "reduce") : NULL;
	if (!list)
		return NULL;
	if (list->length == 0)
		return refuse_empty(evaluator, "reduce");
	struct value *total = eval_force(evaluator, list->head);
	return total ? fold_left(evaluator, function, total, list->tail) : NULL;
}

static struct value *
run_quantifier(
	struct evaluator *evaluator, struct value **arguments, const char *who, bool decisive)
{
	struct value *predicate = want_function(evaluator, arguments[0], who);
	struct list *list = predicate ? want_list(evaluator, arguments[1], who) : NULL;
	if (!list)
		return NULL;
	for (; list->length > 0; list = list->tail) {
		bool holds = false;
		if (!call_predicate(evaluator, predicate, list->head, who, &holds))
			return NULL;
		if (holds == decisive)
			return heap_boolean(evaluator->heap, decisive);
	}
	return heap_boolean(evaluator->heap, !decisive);
}

static struct value *
run_any(struct evaluator *evaluator, struct value **arguments)
{
	return run_quantifier(evaluator, arguments, "any", true);
}

static struct value *
run_all(struct evaluator *evaluator, struct value **arguments)
{
	return run_quantifier(evaluator, arguments, "all", false);
}

static struct value *
run_length(struct evaluator *evaluator, struct value **arguments)
{
	struct list *list = want_list(evaluator, arguments[0], "length");
	return list ? heap_new_integer(evaluator->heap, (int64_t)list->length) : NULL;
}

static struct list *
want_items(struct evaluator *evaluator, struct value *value, const char *who)
{
	struct list *list = want_list(evaluator, value, who);
	if (list && list->length == 0)
		refuse_empty(evaluator, who);
	return list && list->length > 0 ? list : NULL;
}

static struct value *
run_head(struct evaluator *evaluator, struct value **arguments)
{
	struct list *list = want_items(evaluator, arguments[0], "head");
	return list ? eval_force(evaluator, list->head) : NULL;
}

static struct value *
run_tail(struct evaluator *evaluator, struct value **arguments)
{
	struct list *list = want_items(evaluator, arguments[0], "tail");
	return list ? &list->tail->value : NULL;
}

static struct value *
run_last(struct evaluator *evaluator, struct value **arguments)
{
	struct list *list = want_items(evaluator, arguments[0], "last");
	while (list && list->length > 1)
		list = list->tail;
	return list ? eval_force(evaluator, list->head) : NULL;
}

static struct value *
take_items(struct evaluator *evaluator, struct list *list, size_t count)
{
	struct list_builder builder = {0};
	for (; count > 0 && list->length > 0; count--, list = list->tail)
		list_add(evaluator, &builder, list->head);
	return list_close(evaluator, &builder, NULL);
}

static struct value *
run_init(struct evaluator *evaluator, struct value **arguments)
{
	struct list *list = want_items(evaluator, arguments[0], "init");
	return list ? take_items(evaluator, list, list->length - 1) : NULL;
}

static bool
want_count(struct evaluator *evaluator, struct value *value, const char *who, size_t *out)
{
	int64_t count = 0;
	if (!want_integer(evaluator, value, who, &count))
		return false;
	if (count < 0) {
		eval_fail(
			evaluator, NO_SPAN, "'%s' wants a count, not %lld", who, (long long)count);
		return false;
	}
	*out = (size_t)count;
	return true;
}

static struct value *
run_take(struct evaluator *evaluator, struct value **arguments)
{
	size_t count = 0;
	if (!want_count(evaluator, arguments[0], "take", &count))
		return NULL;
	struct list *list = want_list(evaluator, arguments[1], "take");
	return list ? take_items(evaluator, list, count) : NULL;
}

static struct value *
run_drop(struct evaluator *evaluator, struct value **arguments)
{
	size_t count = 0;
	if (!want_count(evaluator, arguments[0], "drop", &count))
		return NULL;
	struct list *list = want_list(evaluator, arguments[1], "drop");
	for (; list && count > 0 && list->length > 0; count--)
		list = list->tail;
	return list ? &list->value : NULL;
}

static struct value *
run_reverse(struct evaluator *evaluator, struct value **arguments)
{
	struct list *list = want_list(evaluator, arguments[0], "reverse");
	if (!list)
		return NULL;
	struct heap_mark mark = heap_mark(evaluator->heap);
	struct list *reversed = heap_empty_list(evaluator->heap);
	for (; list->length > 0 && !heap_is_over(evaluator->heap); list = list->tail) {
		reversed = heap_new_list(evaluator->heap, list->head, reversed);
		heap_return(evaluator->heap, mark, &reversed->value);
	}
	return eval_may_go_on(evaluator, NO_SPAN) ? &reversed->value : NULL;
}

static struct value *
run_element(struct evaluator *evaluator, struct value **arguments)
{
	struct list *list = want_list(evaluator, arguments[1], "element");
	if (!list)
		return NULL;
	bool equal = false;
	for (; !equal && list->length > 0; list = list->tail) {
		if (!operate_equal(evaluator, arguments[0], list->head, &equal))
			return NULL;
	}
	return heap_boolean(evaluator->heap, equal);
}

static struct value *
run_element_at(struct evaluator *evaluator, struct value **arguments)
{
	int64_t at = 0;
	if (!want_integer(evaluator, arguments[0], "elementAt", &at))
		return NULL;
	struct list *list = want_list(evaluator, arguments[1], "elementAt");
	if (!list)
		return NULL;
	if (at < 0 || (uint64_t)at >= list->length)
		return eval_fail(evaluator, NO_SPAN,
			"'elementAt' has no item %lld in a list of %zu", (long long)at,
			list->length);
	while (at-- > 0)
		list = list->tail;
	return eval_force(evaluator, list->head);
}

static struct value *
join_lists(struct evaluator *evaluator, struct list *lists, struct value *function, const char *who)
{
	struct list_builder builder = {0};
	for (; lists->length > 0; lists = lists->tail) {
		struct heap_mark mark = heap_mark(evaluator->heap);
		bool first = !builder.first;
		struct value *value = lists->head;
		if (function)
			value = eval_apply(evaluator, function, value);
		struct list *list = value ? want_list(evaluator, value, who) : NULL;
		if (!list || !eval_may_go_on(evaluator, NO_SPAN))
			return NULL;
		if (lists->length == 1)
			return list_close(evaluator, &builder, list);
		for (; list->length > 0; list = list->tail)
			list_add(evaluator, &builder, list->head);
		if (!first)
			heap_rewind(evaluator->heap, mark);
	}
	return list_close(evaluator, &builder, NULL);
}

static struct value *
run_concat(struct evaluator *evaluator, struct value **arguments)
{
	struct list *lists = want_list(evaluator, arguments[0], "concat");
	return lists ? join_lists(evaluator, lists, NULL, "concat") : NULL;
}

static struct value *
run_concat_map(struct evaluator *evaluator, struct value **arguments)
{
	struct value *function = want_function(evaluator, arguments[0], "concatMap");
	struct list *list = function ? want_list(evaluator, arguments[1], "concatMap") : NULL;
	return list ? join_lists(evaluator, list, function, "concatMap") : NULL;
}

static struct value *
run_range(struct evaluator *evaluator, struct value **arguments)
{
	int64_t from = 0, to = 0;
	if (!want_integer(evaluator, arguments[0], "range", &from) ||
		!want_integer(evaluator, arguments[1], "range", &to))
		return NULL;
	struct heap_mark mark = heap_mark(evaluator->heap);
	struct list *list = heap_empty_list(evaluator->heap);
	for (int64_t at = to; at >= from && !heap_is_over(evaluator->heap); at--) {
		struct value *number = heap_new_integer(evaluator->heap, at);
		list = heap_new_list(evaluator->heap, number, list);
		heap_return(evaluator->heap, mark, &list->value);
		if (at == INT64_MIN)
			break;
	}
	return eval_may_go_on(evaluator, NO_SPAN) ? &list->value : NULL;
}

static struct value *
run_zip(struct evaluator *evaluator, struct value **arguments)
{
	struct list *left = want_list(evaluator, arguments[0], "zip");
	struct list *right = left ? want_list(evaluator, arguments[1], "zip") : NULL;
	if (!right)
		return NULL;
	struct list_builder builder = {0};
	for (; left->length > 0 && right->length > 0; left = left->tail, right = right->tail) {
		struct heap_mark mark = heap_mark(evaluator->heap);
		struct value *pair[] = {left->head, right->head};
		list_add(evaluator, &builder, &heap_new_list_of(evaluator->heap, pair, 2)->value);
		if (builder.count > 1)
			heap_rewind(evaluator->heap, mark);
	}
	return list_close(evaluator, &builder, NULL);
}

static struct value *
run_unique(struct evaluator *evaluator, struct value **arguments)
{
	struct list *list = want_list(evaluator, arguments[0], "unique");
	if (!list)
		return NULL;
	struct list_builder builder = {0};
	/* Strings, the common case, are looked up; others are compared one by one. */
	cleanup_map struct map strings = {0};
	for (; list->length > 0; list = list->tail) {
		struct value *item = eval_force(evaluator, list->head);
		if (!item)
			return NULL;
		bool repeated = false;
		if (value_is(item, VALUE_STRING)) {
			void **slot = map_at(&strings, string_bytes(as_string(item)));
			repeated = *slot != NULL;
			*slot = item;
		} else {
			struct list *kept = builder.first;
			for (size_t at = 0; !repeated && at < builder.count;
				at++, kept = kept->tail) {
				if (!operate_equal(evaluator, kept->head, item, &repeated))
					return NULL;
			}
		}
		if (!repeated)
			list_add(evaluator, &builder, list->head);
	}
	return list_close(evaluator, &builder, NULL);
}

static const struct builtin list_rows[] = {
	{"map", 2, run_map, "(a -> b) -> [a] -> [b]", "Applies a function to each item.",
		"map (x => x * 2) [1, 2] == [2, 4]"},
	{"filter", 2, run_filter, "(a -> boolean) -> [a] -> [a]",
		"The items for which the function is true.",
		"filter (x => x > 1) [1, 2, 3] == [2, 3]"},
	{"fold", 3, run_fold, "(a -> b -> b) -> b -> [a] -> b",
		"Combines from the right; what comes from further right is lazy.",
		"fold (x => acc => x - acc) 0 [3, 2, 1] == 2"},
	{"foldLeft", 3, run_fold_left, "(b -> a -> b) -> b -> [a] -> b",
		"Combines from the left, strictly.",
		"foldLeft (acc => x => acc - x) 10 [1, 2] == 7"},
	{"reduce", 2, run_reduce, "(a -> a -> a) -> [a] -> a",
		"Combines from the left, beginning with the first item.",
		"reduce (acc => x => acc + x) [1, 2, 3] == 6"},
	{"any", 2, run_any, "(a -> boolean) -> [a] -> boolean",
		"Whether the function is true for some item.", "any (x => x > 1) [1, 2]"},
	{"all", 2, run_all, "(a -> boolean) -> [a] -> boolean",
		"Whether the function is true for every item.", "all (x => x > 0) [1, 2]"},
	{"length", 1, run_length, "[a] -> integer", "How many items a list has.",
		"length [1, 2, 3] == 3"},
	{"head", 1, run_head, "[a] -> a", "The first item.", "head [1, 2] == 1"},
	{"tail", 1, run_tail, "[a] -> [a]", "All items but the first.", "tail [1, 2] == [2]"},
	{"last", 1, run_last, "[a] -> a", "The last item.", "last [1, 2] == 2"},
	{"init", 1, run_init, "[a] -> [a]", "All items but the last.", "init [1, 2] == [1]"},
	{"reverse", 1, run_reverse, "[a] -> [a]", "The items in the reverse order.",
		"reverse [1, 2, 3] == [3, 2, 1]"},
	{"element", 2, run_element, "a -> [a] -> boolean", "Whether a list holds a value.",
		"element 2 [1, 2]"},
	{"elementAt", 2, run_element_at, "integer -> [a] -> a", "The item at a place, from 0.",
		"elementAt 1 [\"a\", \"b\"] == \"b\""},
	{"concat", 1, run_concat, "[[a]] -> [a]", "Joins a list of lists.",
		"concat [[1], [], [2, 3]] == [1, 2, 3]"},
	{"concatMap", 2, run_concat_map, "(a -> [b]) -> [a] -> [b]",
		"Applies a function to each item and joins the lists that it gives.",
		"concatMap (x => [x, x]) [1, 2] == [1, 1, 2, 2]"},
	{"range", 2, run_range, "integer -> integer -> [integer]",
		"The integers from one to another, both included.", "range 1 3 == [1, 2, 3]"},
	{"zip", 2, run_zip, "[a] -> [b] -> [[a | b]]",
		"Pairs of items, as many as the shorter list has.",
		"zip [1, 2] [\"a\", \"b\", \"c\"] == [[1, \"a\"], [2, \"b\"]]"},
	{"unique", 1, run_unique, "[a] -> [a]", "Each value once, where it stood first.",
		"unique [1, 2, 1.0, 2] == [1, 2]"},
	{"take", 2, run_take, "integer -> [a] -> [a]", "The first items.",
		"take 2 [1, 2, 3] == [1, 2]"},
	{"drop", 2, run_drop, "integer -> [a] -> [a]", "All but the first items.",
		"drop 2 [1, 2, 3] == [3]"},
	{"partition", 2, run_partition, "(a -> boolean) -> [a] -> { right : [a], wrong : [a] }",
		"The items for which the function is true, and the others.",
		"partition (x => x > 1) [1, 2] == { right = [2], wrong = [1], }"},
};
BUILTIN_FAMILY(list, "Lists");
