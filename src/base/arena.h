/* SPDX-License-Identifier: MPL-2.0 */
/*
 * arena: memory freed all at once, or back to a mark.
 *
 *     struct arena arena = ARENA;
 *     struct node *node = arena_new(&arena, struct node);      zeroed
 *     struct arena_mark mark = arena_mark(&arena);
 *     ... arena_rewind(&arena, mark);                          everything since the mark is gone
 *     arena_release(&arena);
 *
 * Pointers stay valid until the arena is rewound past them or released. Freed memory is poisoned
 * under AddressSanitizer. With -Dhostile=true each object has a block of its own.
 */
#pragma once

#include <stdalign.h>

#include "base/bytes.h"
#include "base/must.h"

#define ARENA_MAX ((size_t)1 << 40)

struct arena_block;

struct arena {
	struct arena_block *block;
	size_t total; /* bytes handed out, for ceilings that callers keep */
};

struct arena_mark {
	struct arena_block *block;
	size_t used;
	size_t total;
};

#define ARENA         ((struct arena){NULL, 0})
#define cleanup_arena __attribute__((cleanup(arena_release)))

#define arena_new(arena, type) ((type *)arena_take((arena), sizeof(type), alignof(type)))
#define arena_array(arena, type, count)                                                            \
	((type *)arena_take_array((arena), (count), sizeof(type), alignof(type)))

/* Zeroed memory. */
void *arena_take(struct arena *arena, size_t size, size_t alignment);
void *arena_take_array(struct arena *arena, size_t count, size_t size, size_t alignment);
struct bytes arena_copy(struct arena *arena, struct bytes data);
/* A copy that ends in NUL. */
char *arena_text(struct arena *arena, struct bytes data);
char *arena_format(struct arena *arena, const char *format, ...) PRINTF(2, 3);

struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);
void arena_release(struct arena *arena);
