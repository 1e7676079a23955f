/* SPDX-License-Identifier: MPL-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size)   ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

struct arena_block {
	struct arena_block *before;
	size_t size;
	size_t used;
	alignas(max_align_t) uint8_t data[];
};

#ifdef CAB_HOSTILE
enum { ARENA_BLOCK = 1 };
#else
enum { ARENA_BLOCK = 32 << 10 };
#endif

static struct arena_block *
arena_grow(struct arena *arena, size_t size)
{
	size_t room = size > ARENA_BLOCK ? size : ARENA_BLOCK;
	struct arena_block *block = (struct arena_block *)memory_new(sizeof *block + room);
	block->before = arena->block;
	block->size = room;
	block->used = 0;
	ASAN_POISON_MEMORY_REGION(block->data, room);
	arena->block = block;
	return block;
}

void *
arena_take(struct arena *arena, size_t size, size_t alignment)
{
	must(size <= ARENA_MAX, "an object of an arena must have a sane size");
	struct arena_block *block = arena->block;
	size_t start = block ? (block->used + alignment - 1) & ~(alignment - 1) : 0;
	if (!block || start > block->size || size > block->size - start) {
		block = arena_grow(arena, size);
		start = 0;
	}
	uint8_t *at = block->data + start;
	ASAN_UNPOISON_MEMORY_REGION(at, size);
	memset(at, 0, size);
	block->used = start + size;
	arena->total += size;
	return at;
}

void *
arena_take_array(struct arena *arena, size_t count, size_t size, size_t alignment)
{
	must(size == 0 || count <= ARENA_MAX / size, "an array of an arena must have a sane size");
	return arena_take(arena, count * size, alignment);
}

struct bytes
arena_copy(struct arena *arena, struct bytes data)
{
	return bytes_of(arena_text(arena, data), data.size);
}

char *
arena_text(struct arena *arena, struct bytes data)
{
	char *text = (char *)arena_take(arena, data.size + 1, 1);
	if (data.size)
		memcpy(text, data.data, data.size);
	return text;
}

char *
arena_format(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	va_list again;
	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, arguments);
	must(length >= 0, "a format must be valid");
	char *text = (char *)arena_take(arena, (size_t)length + 1, 1);
	(void)vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	va_end(arguments);
	return text;
}

struct arena_mark
arena_mark(const struct arena *arena)
{
	return (struct arena_mark){
		arena->block, arena->block ? arena->block->used : 0, arena->total};
}

void
arena_rewind(struct arena *arena, struct arena_mark mark)
{
	while (arena->block != mark.block) {
		struct arena_block *block = arena->block;
		must(block, "a mark belongs to the arena that it rewinds");
		arena->block = block->before;
		ASAN_UNPOISON_MEMORY_REGION(block->data, block->size);
		free(block);
	}
	if (arena->block) {
		ASAN_POISON_MEMORY_REGION(
			arena->block->data + mark.used, arena->block->size - mark.used);
		arena->block->used = mark.used;
	}
	arena->total = mark.total;
}

void
arena_release(struct arena *arena)
{
	arena_rewind(arena, (struct arena_mark){NULL, 0, 0});
}
