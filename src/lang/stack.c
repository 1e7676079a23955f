/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/stack.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "base/must.h"

#if defined(__SANITIZE_ADDRESS__)
#define STACK_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STACK_SANITIZED 1
#endif
#endif
#ifndef STACK_SANITIZED
#define STACK_SANITIZED 0
#endif

#if STACK_SANITIZED
#include <sanitizer/common_interface_defs.h>
#endif

static const size_t stack_least = (size_t)4 << 20;
static const size_t stack_guard = (size_t)64 << 10;
/* What libraries, the host's functions and one evaluation step may need. */
#define STACK_RESERVE ((size_t)1 << 20)

struct stack {
	uint8_t *memory; /* the guard first: stacks grow downwards */
	size_t size;
	bool entered;
	ucontext_t outer;
	ucontext_t inner;
	void (*run)(void *context);
	void *context;
	const void *outer_bottom;
	size_t outer_size;
};

struct stack *
stack_new(size_t ceiling)
{
	struct stack *stack = (struct stack *)memory_zero(1, sizeof *stack);
	size_t size = ceiling < stack_least ? stack_least : ceiling & ~(size_t)0xffff;
	void *memory = MAP_FAILED;
	while (memory == MAP_FAILED && size >= stack_least) {
		memory = mmap(NULL, size + stack_guard, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
		if (memory != MAP_FAILED &&
			mprotect((uint8_t *)memory + stack_guard, size, PROT_READ | PROT_WRITE)) {
			(void)munmap(memory, size + stack_guard);
			memory = MAP_FAILED;
		}
		if (memory == MAP_FAILED)
			size /= 2;
	}
	must(memory != MAP_FAILED, "there must be memory for the evaluation stack");
	stack->memory = (uint8_t *)memory;
	stack->size = size;
	return stack;
}

void
stack_free(struct stack *stack)
{
	if (!stack)
		return;
	(void)munmap(stack->memory, stack->size + stack_guard);
	free(stack);
}

static void
switch_start(void **fake UNUSED, const void *bottom UNUSED, size_t size UNUSED)
{
#if STACK_SANITIZED
	__sanitizer_start_switch_fiber(fake, bottom, size);
#endif
}

static void
switch_finish(void *fake UNUSED, const void **bottom UNUSED, size_t *size UNUSED)
{
#if STACK_SANITIZED
	__sanitizer_finish_switch_fiber(fake, bottom, size);
#endif
}

/* makecontext passes ints only: the pointer comes in two halves. */
static void
stack_main(unsigned high, unsigned low)
{
	uint64_t address = ((uint64_t)high << 32) | low;
	_Static_assert(sizeof(uintptr_t) == sizeof address, "two halves make a pointer");
	struct stack *stack = (struct stack *)(uintptr_t)address;
	switch_finish(NULL, &stack->outer_bottom, &stack->outer_size);
	stack->run(stack->context);
	switch_start(NULL, stack->outer_bottom, stack->outer_size);
}

void
stack_call(struct stack *stack, void (*run)(void *context), void *context)
{
	if (stack->entered) {
		run(context);
		return;
	}
	stack->entered = true;
	stack->run = run;
	stack->context = context;
	must(getcontext(&stack->inner) == 0, "a context can be had");
	stack->inner.uc_stack.ss_sp = stack->memory + stack_guard;
	stack->inner.uc_stack.ss_size = stack->size;
	stack->inner.uc_link = &stack->outer;
	uint64_t address = (uint64_t)(uintptr_t)stack;
	makecontext(&stack->inner, (void (*)(void))stack_main, 2, (unsigned)(address >> 32),
		(unsigned)address);
	void *fake = NULL;
	switch_start(&fake, stack->memory + stack_guard, stack->size);
	must(swapcontext(&stack->outer, &stack->inner) == 0, "a context can be entered");
	switch_finish(fake, NULL, NULL);
	stack->entered = false;
}

bool
stack_is_low(const struct stack *stack)
{
	if (!stack->entered)
		return false;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	return here < (uintptr_t)(stack->memory + stack_guard) + STACK_RESERVE;
}
