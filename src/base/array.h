/* SPDX-License-Identifier: MPL-2.0 */
/*
 * array: a typed array that grows.
 *
 *     ARRAY(struct edge) edges = {0};          in a struct or a function
 *     *array_push(&edges) = (struct edge){...};
 *     for (size_t at = 0; at < edges.size; at++) use(&edges.data[at]);
 *     array_release(&edges);
 *
 * array_push gives the address of a new, zeroed last element; it stays valid until the next push.
 */
#pragma once

#include "base/must.h"

#define ARRAY(type)                                                                                \
	struct {                                                                                   \
		type *data;                                                                        \
		size_t size;                                                                       \
		size_t capacity;                                                                   \
	}

#define array_push(array)                                                                          \
	(array_room((void **)&(array)->data, &(array)->size, &(array)->capacity,                   \
		 sizeof(__typeof__(*(array)->data))),                                              \
		&(array)->data[(array)->size - 1])
#define array_release(array) array_drop((void **)&(array)->data, &(array)->size, &(array)->capacity)

/* Counts one more element, making room for it. Behind array_push. */
void array_room(void **data, size_t *size, size_t *capacity, size_t element);
void array_drop(void **data, size_t *size, size_t *capacity);
