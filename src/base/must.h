/* SPDX-License-Identifier: MPL-2.0 */
/*
 * must: an invariant of cab's own code, checked in every build.
 *
 * Never used on bytes from outside: what a file, a guest or a server says is checked with an err.
 * No memory is treated alike: the process prints one line and aborts.
 */
#pragma once

#include <stddef.h>

#define must(condition, sentence)                                                                  \
	((condition) ? (void)0 : must_fail(__FILE__, __LINE__, #condition, sentence))

#define MUST_CHECK          __attribute__((warn_unused_result))
#define UNUSED              __attribute__((unused))
#define PRINTF(text, first) __attribute__((format(printf, text, first)))

_Noreturn void must_fail(const char *file, int line, const char *condition, const char *sentence);

/* Allocation that cannot fail: the process ends where the C library has no memory. Freed by free().
 */
void *memory_new(size_t size) __attribute__((malloc, alloc_size(1), returns_nonnull));
void *memory_zero(size_t count, size_t size)
	__attribute__((malloc, alloc_size(1, 2), returns_nonnull));
void *memory_grow(void *old, size_t count, size_t size) __attribute__((returns_nonnull));
