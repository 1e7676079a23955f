/* SPDX-License-Identifier: MPL-2.0 */
#include "heap.h"

#include <stdlib.h>

#include "base/must.h"
#include "guest_world.h"

struct block {
	struct block *next, *before;
	size_t size;
};

static struct block *blocks;
static size_t held;

void
world_heap_end(void)
{
	while (blocks) {
		struct block *next = blocks->next;
		free(blocks);
		blocks = next;
	}
	held = 0;
}

void *
heap_take(size_t size)
{
	if (size > WORLD_HEAP || held > WORLD_HEAP - size)
		wasi_proc_exit(1);
	struct block *block = (struct block *)memory_new(sizeof *block + size);
	*block = (struct block){blocks, NULL, size};
	if (blocks)
		blocks->before = block;
	blocks = block;
	held += size;
	return block + 1;
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
	struct block *given = (struct block *)block - 1;
	must(given->size == size, "a block is given back as it was taken");
	if (given->next)
		given->next->before = given->before;
	if (given->before)
		given->before->next = given->next;
	else
		blocks = given->next;
	held -= size;
	free(given);
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

void *guest_array_room(void *items, size_t *capacity, size_t count, size_t size);

void *
guest_array_room(void *items, size_t *capacity, size_t count, size_t size)
{
	if (count < *capacity)
		return items;
	size_t larger = *capacity ? 2 * *capacity : 2;
	items = heap_grow(items, *capacity * size, larger * size);
	*capacity = larger;
	return items;
}
