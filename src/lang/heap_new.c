/* SPDX-License-Identifier: MPL-2.0 */
#include <stddef.h>
#include <stdlib.h>

#include "lang/heap_cell.h"

struct value *
heap_new_integer(struct heap *heap, int64_t integer)
{
	struct number *number = (struct number *)heap_take(heap, VALUE_INTEGER, sizeof *number);
	number->integer = integer;
	return &number->value;
}

struct value *
heap_new_float(struct heap *heap, double real)
{
	struct number *number = (struct number *)heap_take(heap, VALUE_FLOAT, sizeof *number);
	number->real = real;
	return &number->value;
}

struct string *
heap_new_string_room(struct heap *heap, size_t size, struct context *context)
{
	struct string *string =
		(struct string *)heap_take(heap, VALUE_STRING, sizeof *string + size + 1);
	string->size = size;
	string->context = context;
	return string;
}

struct value *
heap_new_string(struct heap *heap, struct bytes text, struct context *context)
{
	struct string *string = heap_new_string_room(heap, text.size, context);
	if (text.size)
		memcpy(string->text, text.data, text.size);
	return &string->value;
}

struct value *
heap_new_path(struct heap *heap, const struct island_ref *root, struct bytes text)
{
	struct path *path =
		(struct path *)heap_take(heap, VALUE_PATH, sizeof *path + text.size + 1);
	path->root = root;
	path->size = text.size;
	if (text.size)
		memcpy(path->text, text.data, text.size);
	return &path->value;
}

struct list *
heap_new_list(struct heap *heap, struct value *head, struct list *tail)
{
	struct list *list = (struct list *)heap_take(heap, VALUE_LIST, sizeof *list);
	list->head = head;
	list->tail = tail;
	list->length = tail->length + 1;
	return list;
}

struct list *
heap_new_list_of(struct heap *heap, struct value *const *values, size_t count)
{
	struct heap_mark mark = heap_mark(heap);
	struct list *list = heap_empty_list(heap);
	while (count-- > 0 && !heap_is_over(heap)) {
		list = heap_new_list(heap, values[count], list);
		heap_return(heap, mark, &list->value);
	}
	return list;
}

struct set *
heap_new_set(struct heap *heap, size_t count)
{
	if (count == 0)
		return heap_empty_set(heap);
	must(count <= UINT32_MAX, "the heap's ceiling comes before a set of 2^32 entries");
	struct set *set = (struct set *)heap_take(
		heap, VALUE_SET, sizeof *set + count * sizeof set->entries[0]);
	set->value.count = (uint32_t)count;
	return set;
}

static int
entry_compare(const void *left, const void *right)
{
	return bytes_compare(
		((const struct set_entry *)left)->name, ((const struct set_entry *)right)->name);
}

struct set *
heap_new_set_of(struct heap *heap, struct set_entry *entries, size_t count, struct bytes *repeated)
{
	bool sorted = true;
	for (size_t at = 1; at < count && sorted; at++)
		sorted = entry_compare(&entries[at - 1], &entries[at]) < 0;
	if (!sorted)
		qsort(entries, count, sizeof *entries, entry_compare);
	for (size_t at = 1; at < count; at++) {
		if (bytes_equal(entries[at].name, entries[at - 1].name)) {
			*repeated = entries[at].name;
			return NULL;
		}
	}
	struct set *set = heap_new_set(heap, count);
	if (count)
		memcpy(set->entries, entries, count * sizeof *entries);
	return set;
}

struct value *
heap_new_function(struct heap *heap, const struct node *node, struct environment *environment)
{
	struct function *function =
		(struct function *)heap_take(heap, VALUE_FUNCTION, sizeof *function);
	function->node = node;
	function->environment = environment;
	return &function->value;
}

struct partial *
heap_new_partial(struct heap *heap, const struct builtin *builtin, size_t count)
{
	struct partial *partial = (struct partial *)heap_take(
		heap, VALUE_BUILTIN, offsetof(struct partial, arguments[count]));
	partial->builtin = builtin;
	partial->value.count = (uint32_t)count;
	return partial;
}

struct environment *
heap_new_environment(struct heap *heap, struct environment *up, size_t count)
{
	struct environment *environment = (struct environment *)heap_take(
		heap, VALUE_ENVIRONMENT, offsetof(struct environment, slots[count]));
	environment->up = up;
	environment->value.count = (uint32_t)count;
	return environment;
}

void
heap_clear_environment(struct environment *environment)
{
	for (size_t at = 0; at < environment->value.count; at++)
		environment->slots[at] = NULL;
}

static struct thunk *
new_thunk(struct heap *heap, enum thunk_state state, void *first, void *second)
{
	struct thunk *thunk = (struct thunk *)heap_take(heap, VALUE_THUNK, sizeof *thunk);
	thunk->value.flag = (uint8_t)state;
	thunk->first = (struct value *)first;
	thunk->second = (struct value *)second;
	return thunk;
}

struct value *
heap_new_thunk(struct heap *heap, const struct node *node, struct environment *environment)
{
	struct thunk *thunk = new_thunk(heap, THUNK_EXPRESSION, environment, NULL);
	thunk->node = node;
	return &thunk->value;
}

struct value *
heap_new_apply(struct heap *heap, struct value *function, struct value *argument)
{
	return &new_thunk(heap, THUNK_APPLY, function, argument)->value;
}

struct value *
heap_new_step(struct heap *heap, thunk_step *step, struct value *first, struct value *second)
{
	struct thunk *thunk = new_thunk(heap, THUNK_STEP, first, second);
	thunk->step = step;
	return &thunk->value;
}

struct value *
heap_new_match(struct heap *heap, const struct pattern *pattern, struct environment *environment,
	struct value *value)
{
	struct thunk *thunk = new_thunk(heap, THUNK_MATCH, environment, value);
	thunk->pattern = pattern;
	return &thunk->value;
}

struct value *
heap_new_pick(struct heap *heap, struct value *match, size_t slot)
{
	struct thunk *thunk = new_thunk(heap, THUNK_PICK, match, NULL);
	thunk->slot = slot;
	return &thunk->value;
}

struct context *
heap_new_context(struct heap *heap, const struct context_item *item)
{
	struct context *context = (struct context *)heap_take(
		heap, VALUE_CONTEXT, offsetof(struct context, items[1]));
	context->value.count = 1;
	context->items[0] = item;
	return context;
}

/* Merges two sorted item lists into out (or only counts, where out is NULL). */
static size_t
join_items(const struct context *left, const struct context *right, const struct context_item **out)
{
	size_t at = 0, from_left = 0, from_right = 0;
	while (from_left < left->value.count || from_right < right->value.count) {
		int order = from_left == left->value.count ? 1
			    : from_right == right->value.count
				    ? -1
				    : context_item_compare(
					      left->items[from_left], right->items[from_right]);
		const struct context_item *item =
			order <= 0 ? left->items[from_left] : right->items[from_right];
		from_left += order <= 0;
		from_right += order >= 0;
		if (out)
			out[at] = item;
		at++;
	}
	return at;
}

struct context *
heap_join_contexts(struct heap *heap, struct context *left, struct context *right)
{
	if (!left || left == right)
		return right;
	if (!right)
		return left;
	size_t count = join_items(left, right, NULL);
	if (count == left->value.count)
		return left;
	if (count == right->value.count)
		return right;
	struct context *context = (struct context *)heap_take(
		heap, VALUE_CONTEXT, offsetof(struct context, items[count]));
	context->value.count = (uint32_t)count;
	join_items(left, right, context->items);
	return context;
}
