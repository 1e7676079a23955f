/* SPDX-License-Identifier: MPL-2.0 */
/*
 * wasm: what a freestanding WebAssembly program lacks: the memory functions that the compiler
 * calls, the linear memory as a heap, and its texts, which are deflated. Compiled with -fno-builtin,
 * or memcpy would call itself.
 */
#include "heap.h"
#include "inflate.h"

extern uint8_t __heap_base;

enum { PAGE = 64 << 10 };

/* What deflate.c leaves at the heap's base: the program's texts, and where they belong. */
struct texts {
	uint8_t *to;
	size_t size;
	size_t packed_size;
	uint8_t packed[];
};

void *
heap_extend(size_t size)
{
	static size_t end;
	size_t start = end ? end : ((size_t)&__heap_base + 63) & ~(size_t)63;
	if (size > HEAP_MAX || start > HEAP_MAX - size)
		return NULL;
	size_t have = (size_t)__builtin_wasm_memory_size(0) * PAGE;
	size_t need = start + size;
	if (need > have &&
		__builtin_wasm_memory_grow(0, (need - have + PAGE - 1) / PAGE) == SIZE_MAX)
		return NULL;
	end = need;
	return (void *)start;
}

void *
memcpy(void *to, const void *from, size_t size)
{
	return __builtin_memcpy(to, from, size);
}

void *
memmove(void *to, const void *from, size_t size)
{
	return __builtin_memmove(to, from, size);
}

void *
memset(void *to, int value, size_t size)
{
	return __builtin_memset(to, value, size);
}

int
memcmp(const void *left, const void *right, size_t size)
{
	const uint8_t *one = (const uint8_t *)left;
	const uint8_t *other = (const uint8_t *)right;
	for (size_t at = 0; at < size; at++)
		if (one[at] != other[at])
			return one[at] < other[at] ? -1 : 1;
	return 0;
}

size_t
strlen(const char *text)
{
	size_t size = 0;
	while (text[size])
		size++;
	return size;
}

/* Apart, or the whole program would run above these 10 KiB of stack. */
static __attribute__((noinline)) void
texts_put(void)
{
	const struct texts *texts = (const struct texts *)(const void *)&__heap_base;
	struct span packed = span_of(texts->packed, texts->packed_size);
	struct inflate_window window = {texts->to, 0, texts->size};
	struct inflate inflate;
	inflate_start(&inflate);
	(void)inflate_step(&inflate, &packed, &window);
}

void guest_main(void);
__attribute__((export_name("_start"))) void guest_start(void);

void
guest_start(void)
{
	texts_put();
	guest_main();
}
