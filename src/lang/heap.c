/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/heap.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/map.h"
#include "lang/heap_cell.h"

/*
 * Values of up to CELL_LARGEST bytes live in blocks of cells of one size; larger ones have memory
 * of their own. A free cell is a value of kind VALUE_FREE whose next word links the free list. Cells
 * that were never taken are not touched: a small evaluation costs as many pages as it uses.
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
	size_t taken; /* cells from the front that were in use at one time */
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
	struct block *block = (struct block *)memory_new(block_size);
	block->next = heap->blocks[class];
	block->taken = 0;
	heap->blocks[class] = block;
}

static struct cell *
cell_take(struct heap *heap, size_t class)
{
	struct cell *cell = heap->free[class];
	if (cell) {
		heap->free[class] = cell->next;
		return cell;
	}
	size_t size = class * CELL_STEP;
	if (!heap->blocks[class] || heap->blocks[class]->taken == block_cells(size))
		block_add(heap, class);
	struct block *block = heap->blocks[class];
	return (struct cell *)(void *)(block->cells + block->taken++ * size);
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
		for (size_t at = block->taken; at-- > 0;) {
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

void
heap_recover(struct heap *heap)
{
	heap->over = heap_collect(heap) > heap->ceiling - heap->ceiling / 4;
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

void *
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
		heap->used += class * CELL_STEP;
		value = &cell_take(heap, class)->value;
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

struct list *
heap_empty_list(struct heap *heap)
{
	return heap->empty_list;
}

struct set *
heap_empty_set(struct heap *heap)
{
	return heap->empty_set;
}
