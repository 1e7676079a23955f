/* SPDX-License-Identifier: MPL-2.0 */
/*
 * heap: the fetcher's heap.
 *
 *     uint8_t *block = heap_take(size);      not zeroed, aligned to 16; never NULL
 *     uint8_t *block = heap_zero(size);      zeroed
 *     block = heap_grow(block, size, larger);
 *     heap_give(block, size);                the same size as was taken
 *
 * Blocks have no headers: whoever gives one back knows its size. Small ones (512 bytes at most)
 * come in classes of 16 bytes; larger ones from one list of free ranges in the order of their
 * addresses, joined when they touch, the lowest that fits first: linear memory never shrinks, so
 * it must not be cut to pieces either. More than HEAP_MAX in all ends the program with a sentence.
 */
#pragma once

#include "port.h"

#define HEAP_MAX ((size_t)640 << 20)

void *heap_take(size_t size);
void *heap_zero(size_t size);
void *heap_grow(void *block, size_t size, size_t larger);
void heap_give(void *block, size_t size);

/* An array of items of a size with room for one more than `count`. */
void *array_room(void *items, size_t *capacity, size_t count, size_t size);

/* `size` fresh bytes right behind those of the call before, or NULL: the linear memory in
 * WebAssembly, a reserved range natively. */
void *heap_extend(size_t size);
