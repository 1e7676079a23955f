/* SPDX-License-Identifier: MPL-2.0 */
/*
 * heap_cell: memory of the heap for one value; used by heap_new.c alone.
 */
#pragma once

#include "lang/heap.h"

/* Zeroed but for its kind, a temporary already. May collect first. */
void *heap_take(struct heap *heap, enum value_kind kind, size_t size);
