/* SPDX-License-Identifier: MPL-2.0 */
#include "heap.h"

enum { SMALL_MAX = 512, SMALL_STEP = 16, SMALL_CHUNK = 8192, LARGE_STEP = 64 };
enum { PAGE = 64 << 10 };

struct free_block {
	struct free_block *next;
	size_t size; /* of large ones alone */
};

/* The heap is the linear memory itself: one a program, so its state is global as that is. */
static struct free_block *small_free[SMALL_MAX / SMALL_STEP];
static struct free_block *large_free;

/* Not fail(): that needs memory. */
static _Noreturn void
heap_fail(void)
{
	static const char sentence[] = "the source needs more memory than a fetch may have";
	cab_log(sentence, sizeof sentence - 1);
	wasi_proc_exit(1);
}

static void
large_give(void *block, size_t size)
{
	struct free_block *given = (struct free_block *)block;
	struct free_block *before = NULL;
	struct free_block *after = large_free;
	while (after && after < given) {
		before = after;
		after = after->next;
	}
	given->size = size;
	given->next = after;
	if (after && (uint8_t *)given + size == (uint8_t *)after) {
		given->size += after->size;
		given->next = after->next;
	}
	if (!before) {
		large_free = given;
	} else if ((uint8_t *)before + before->size == (uint8_t *)given) {
		before->size += given->size;
		before->next = given->next;
	} else {
		before->next = given;
	}
}

static void *
large_find(size_t size)
{
	struct free_block **link = &large_free;
	for (struct free_block *block = large_free; block; block = block->next) {
		if (block->size >= size) {
			if (block->size > size) {
				struct free_block *rest =
					(struct free_block *)((uint8_t *)block + size);
				rest->size = block->size - size;
				rest->next = block->next;
				*link = rest;
			} else {
				*link = block->next;
			}
			return block;
		}
		link = &block->next;
	}
	return NULL;
}

static void *
large_take(size_t size)
{
	void *block = large_find(size);
	if (block)
		return block;
	size_t fresh = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
	void *pages = heap_extend(fresh);
	if (!pages)
		heap_fail();
	large_give(pages, fresh);
	return large_find(size);
}

static size_t
large_size(size_t size)
{
	return (size + LARGE_STEP - 1) & ~(size_t)(LARGE_STEP - 1);
}

void *
heap_take(size_t size)
{
	if (size > HEAP_MAX)
		heap_fail();
	if (size > SMALL_MAX)
		return large_take(large_size(size));
	size_t class = size ? (size - 1) / SMALL_STEP : 0;
	struct free_block *block = small_free[class];
	if (!block) {
		uint8_t *chunk = (uint8_t *)large_take(SMALL_CHUNK);
		size_t step = (class + 1) * SMALL_STEP;
		for (size_t at = 0; at + step <= SMALL_CHUNK; at += step) {
			block = (struct free_block *)(void *)(chunk + at);
			block->next = small_free[class];
			small_free[class] = block;
		}
	}
	small_free[class] = block->next;
	return block;
}

void *
heap_zero(size_t size)
{
	return memset(heap_take(size), 0, size);
}

void
heap_give(void *block, size_t size)
{
	if (!block)
		return;
	if (size > SMALL_MAX) {
		large_give(block, large_size(size));
		return;
	}
	size_t class = size ? (size - 1) / SMALL_STEP : 0;
	struct free_block *given = (struct free_block *)block;
	given->next = small_free[class];
	small_free[class] = given;
}

void *
heap_grow(void *block, size_t size, size_t larger)
{
	void *grown = heap_take(larger);
	if (block)
		memcpy(grown, block, size_min(size, larger));
	heap_give(block, size);
	return grown;
}

void *
array_room(void *items, size_t *capacity, size_t count, size_t size)
{
	if (count < *capacity)
		return items;
	size_t larger = *capacity ? 2 * *capacity : 64;
	items = heap_grow(items, *capacity * size, larger * size);
	*capacity = larger;
	return items;
}
