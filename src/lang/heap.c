/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/heap.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/map.h"

/*
 * Values of up to CELL_LARGEST bytes live in blocks of cells of one size; larger ones have memory
 * of their own. A free cell is a value of kind VALUE_FREE whose next word links the free list.
 */
enum { CELL_STEP = 16, CELL_LARGEST = 512, CELL_CLASSES = CELL_LARGEST / CELL_STEP };

#ifdef CAB_HOSTILE
/* Each value has memory of its own, so that AddressSanitizer sees a use after its collection. */
#define CELL_LIMIT ((size_t)0)
/* Beyond so many values only every so many-th allocation collects, or tests would never end. */
enum { HOSTILE_VALUES = 600, HOSTILE_PERIOD = 61 };
#else
#define CELL_LIMIT ((size_t)CELL_LARGEST)
#endif

static const size_t block_size = (size_t)64 << 10;
static const size_t first_threshold = (size_t)32 << 20;

struct cell {
	struct value value;
	struct cell *next;
};

struct block {
	struct block *next;
	size_t spare;
	uint8_t cells[];
};

struct large {
	size_t size;
	struct value value;
};

struct heap {
	size_t ceiling;
	size_t used;
	size_t threshold;
	bool over;
	struct cell *free[CELL_CLASSES + 1];
	struct block *blocks[CELL_CLASSES + 1];
	ARRAY(struct large *) large;
	ARRAY(struct value *) temporaries;
	ARRAY(struct value *) held;
	ARRAY(struct value *) gray;
	struct map names;
	struct arena name_arena;
	struct value *null_value;
	struct value *truths[2];
	struct list *empty_list;
	struct set *empty_set;
#ifdef CAB_HOSTILE
	size_t turn;
#endif
};

static size_t
block_cells(size_t cell_size)
{
	return (block_size - sizeof(struct block)) / cell_size;
}

static void
block_add(struct heap *heap, size_t class)
{
	size_t size = class * CELL_STEP;
	struct block *block = (struct block *)memory_new(block_size);
	block->next = heap->blocks[class];
	heap->blocks[class] = block;
	for (size_t at = block_cells(size); at-- > 0;) {
		struct cell *cell = (struct cell *)(void *)(block->cells + at * size);
		*cell = (struct cell){.value.kind = VALUE_FREE, .next = heap->free[class]};
		heap->free[class] = cell;
	}
}

static void
gray_add(struct heap *heap, void *pointer)
{
	struct value *value = (struct value *)pointer;
	if (!value || value->marked)
		return;
	value->marked = 1;
	*array_push(&heap->gray) = value;
}

static void
trace_thunk(struct heap *heap, struct thunk *thunk)
{
	gray_add(heap, thunk->first);
	gray_add(heap, thunk->second);
}

static void
trace_slots(struct heap *heap, struct value *const *slots, size_t count)
{
	for (size_t at = 0; at < count; at++)
		gray_add(heap, slots[at]);
}

static void
trace_parts(struct heap *heap, struct value *value)
{
	switch ((enum value_kind)value->kind) {
	case VALUE_STRING:
		gray_add(heap, as_string(value)->context);
		return;
	case VALUE_LIST:
		gray_add(heap, as_list(value)->head);
		gray_add(heap, as_list(value)->tail);
		return;
	case VALUE_SET:
		for (size_t at = 0; at < value->count; at++)
			gray_add(heap, as_set(value)->entries[at].value);
		return;
	case VALUE_FUNCTION:
		gray_add(heap, as_function(value)->environment);
		return;
	case VALUE_BUILTIN:
		trace_slots(heap, as_partial(value)->arguments, value->count);
		return;
	case VALUE_THUNK:
		trace_thunk(heap, (struct thunk *)value);
		return;
	case VALUE_ENVIRONMENT:
		gray_add(heap, ((struct environment *)value)->up);
		trace_slots(heap, ((struct environment *)value)->slots, value->count);
		return;
	case VALUE_NULL:
	case VALUE_BOOLEAN:
	case VALUE_INTEGER:
	case VALUE_FLOAT:
	case VALUE_PATH:
	case VALUE_CONTEXT:
	case VALUE_FREE:
		return;
	}
}

static void
heap_trace(struct heap *heap)
{
	gray_add(heap, heap->null_value);
	gray_add(heap, heap->truths[0]);
	gray_add(heap, heap->truths[1]);
	gray_add(heap, heap->empty_list);
	gray_add(heap, heap->empty_set);
	for (size_t at = 0; at < heap->temporaries.size; at++)
		gray_add(heap, heap->temporaries.data[at]);
	for (size_t at = 0; at < heap->held.size; at++)
		gray_add(heap, heap->held.data[at]);
	while (heap->gray.size > 0) {
		struct value *value = heap->gray.data[--heap->gray.size];
		trace_parts(heap, value);
	}
}

static void
sweep_cells(struct heap *heap, size_t class)
{
	size_t size = class * CELL_STEP;
	heap->free[class] = NULL;
	for (struct block *block = heap->blocks[class]; block; block = block->next) {
		for (size_t at = block_cells(size); at-- > 0;) {
			struct cell *cell = (struct cell *)(void *)(block->cells + at * size);
			if (cell->value.marked) {
				cell->value.marked = 0;
				continue;
			}
			if (cell->value.kind != VALUE_FREE)
				heap->used -= size;
			cell->value.kind = VALUE_FREE;
			cell->next = heap->free[class];
			heap->free[class] = cell;
		}
	}
}

static void
sweep_large(struct heap *heap)
{
	size_t kept = 0;
	for (size_t at = 0; at < heap->large.size; at++) {
		struct large *large = heap->large.data[at];
		if (large->value.marked) {
			large->value.marked = 0;
			heap->large.data[kept++] = large;
			continue;
		}
		heap->used -= large->size;
		free(large);
	}
	heap->large.size = kept;
}

size_t
heap_collect(struct heap *heap)
{
	heap_trace(heap);
	for (size_t class = 1; class <= CELL_CLASSES; class ++)
		sweep_cells(heap, class);
	sweep_large(heap);
	size_t threshold = heap->used * 2;
	if (threshold < first_threshold)
		threshold = first_threshold;
	heap->threshold = threshold < heap->ceiling ? threshold : heap->ceiling;
	return heap->used;
}

static bool
heap_wants_collection(struct heap *heap, size_t size)
{
#ifdef CAB_HOSTILE
	if (heap->large.size < HOSTILE_VALUES || ++heap->turn % HOSTILE_PERIOD == 0)
		return true;
#endif
	return heap->used + size > heap->threshold && !heap->over;
}

static void *
heap_take(struct heap *heap, enum value_kind kind, size_t size)
{
	size_t class = (size + CELL_STEP - 1) / CELL_STEP;
	if (heap_wants_collection(heap, size)) {
		heap_collect(heap);
		/* A heap that is nearly full of living values would do nothing but collect. */
		if (heap->used + size > heap->ceiling - heap->ceiling / 16)
			heap->over = true;
	}
	struct value *value = NULL;
	if (size > CELL_LIMIT) {
		struct large *large = (struct large *)memory_zero(1, sizeof *large + size);
		large->size = size;
		*array_push(&heap->large) = large;
		heap->used += size;
		value = &large->value;
	} else {
		if (!heap->free[class])
			block_add(heap, class);
		struct cell *cell = heap->free[class];
		heap->free[class] = cell->next;
		heap->used += class * CELL_STEP;
		value = &cell->value;
		memset(value, 0, class * CELL_STEP);
	}
	value->kind = (uint8_t)kind;
	*array_push(&heap->temporaries) = value;
	return value;
}

struct heap *
heap_new(size_t ceiling)
{
	struct heap *heap = (struct heap *)memory_zero(1, sizeof *heap);
	heap->ceiling = ceiling;
	heap->threshold = first_threshold < ceiling ? first_threshold : ceiling;
	heap->name_arena = ARENA;
	heap->null_value = (struct value *)heap_take(heap, VALUE_NULL, sizeof(struct value));
	for (size_t truth = 0; truth < 2; truth++) {
		heap->truths[truth] =
			(struct value *)heap_take(heap, VALUE_BOOLEAN, sizeof(struct value));
		heap->truths[truth]->flag = (uint8_t)truth;
	}
	heap->empty_list = (struct list *)heap_take(heap, VALUE_LIST, sizeof(struct list));
	heap->empty_set = (struct set *)heap_take(heap, VALUE_SET, sizeof(struct set));
	heap->temporaries.size = 0;
	return heap;
}

void
heap_free(struct heap *heap)
{
	if (!heap)
		return;
	for (size_t class = 1; class <= CELL_CLASSES; class ++) {
		while (heap->blocks[class]) {
			struct block *block = heap->blocks[class];
			heap->blocks[class] = block->next;
			free(block);
		}
	}
	for (size_t at = 0; at < heap->large.size; at++)
		free(heap->large.data[at]);
	array_release(&heap->large);
	array_release(&heap->temporaries);
	array_release(&heap->held);
	array_release(&heap->gray);
	map_release(&heap->names);
	arena_release(&heap->name_arena);
	free(heap);
}

struct heap_mark
heap_mark(const struct heap *heap)
{
	return (struct heap_mark){heap->temporaries.size};
}

void
heap_rewind(struct heap *heap, struct heap_mark mark)
{
	must(mark.size <= heap->temporaries.size, "marks are given back in the reverse order");
	heap->temporaries.size = mark.size;
}

void
heap_keep(struct heap *heap, void *value)
{
	if (value)
		*array_push(&heap->temporaries) = (struct value *)value;
}

struct value *
heap_return(struct heap *heap, struct heap_mark mark, struct value *value)
{
	heap_rewind(heap, mark);
	heap_keep(heap, value);
	return value;
}

void
heap_hold(struct heap *heap, struct value *value)
{
	*array_push(&heap->held) = value;
}

void
heap_drop(struct heap *heap, const struct value *value)
{
	for (size_t at = heap->held.size; at-- > 0;) {
		if (heap->held.data[at] != value)
			continue;
		heap->held.data[at] = heap->held.data[--heap->held.size];
		return;
	}
	must(false, "only a held value is dropped");
}

bool
heap_is_over(const struct heap *heap)
{
	return heap->over;
}

bool
heap_has_room(const struct heap *heap, size_t size)
{
	return !heap->over && size <= heap->ceiling;
}

size_t
heap_ceiling(const struct heap *heap)
{
	return heap->ceiling;
}

struct bytes
heap_name(struct heap *heap, struct bytes text)
{
	void **slot = map_at(&heap->names, text);
	if (!*slot) {
		/* The map's own copy would do, but for the empty text, which has no address. */
		*slot = arena_text(&heap->name_arena, text);
		heap->used += text.size + sizeof(struct map_entry);
		if (heap->used > heap->ceiling)
			heap->over = true;
	}
	return bytes_of(*slot, text.size);
}

struct value *
heap_null(struct heap *heap)
{
	return heap->null_value;
}

struct value *
heap_boolean(struct heap *heap, bool truth)
{
	return heap->truths[truth];
}

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
heap_empty_list(struct heap *heap)
{
	return heap->empty_list;
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
	struct list *list = heap->empty_list;
	while (count-- > 0 && !heap->over) {
		list = heap_new_list(heap, values[count], list);
		heap_return(heap, mark, &list->value);
	}
	return list;
}

struct set *
heap_empty_set(struct heap *heap)
{
	return heap->empty_set;
}

struct set *
heap_new_set(struct heap *heap, size_t count)
{
	if (count == 0)
		return heap->empty_set;
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
		heap, VALUE_BUILTIN, sizeof *partial + count * sizeof partial->arguments[0]);
	partial->builtin = builtin;
	partial->value.count = (uint32_t)count;
	return partial;
}

struct environment *
heap_new_environment(struct heap *heap, struct environment *up, size_t count)
{
	struct environment *environment = (struct environment *)heap_take(heap, VALUE_ENVIRONMENT,
		sizeof *environment + count * sizeof environment->slots[0]);
	environment->up = up;
	environment->value.count = (uint32_t)count;
	return environment;
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
		heap, VALUE_CONTEXT, sizeof *context + sizeof context->items[0]);
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
		heap, VALUE_CONTEXT, sizeof *context + count * sizeof context->items[0]);
	context->value.count = (uint32_t)count;
	join_items(left, right, context->items);
	return context;
}
