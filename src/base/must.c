/* SPDX-License-Identifier: MPL-2.0 */
#include "base/must.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void
must_fail(const char *file, int line, const char *condition, const char *sentence)
{
	(void)fprintf(stderr, "cab: a fault in cab itself: %s (%s:%d: %s)\n", sentence, file, line,
		condition);
	abort();
}

static void *
memory_check(void *memory)
{
	if (memory)
		return memory;
	(void)fputs("cab: out of memory\n", stderr);
	abort();
}

void *
memory_new(size_t size)
{
	return memory_check(malloc(size ? size : 1));
}

void *
memory_zero(size_t count, size_t size)
{
	return memory_check(calloc(count ? count : 1, size ? size : 1));
}

void *
memory_grow(void *old, size_t count, size_t size)
{
	must(size == 0 || count <= SIZE_MAX / size, "an array's size must fit in memory");
	size_t total = count * size;
	return memory_check(realloc(old, total > 0 ? total : 1));
}
