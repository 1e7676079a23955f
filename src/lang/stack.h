/* SPDX-License-Identifier: MPL-2.0 */
/*
 * stack: a large stack on which a function is called, so that recursion in it is bounded by a
 * ceiling of our own and never by the thread's stack.
 *
 *     struct stack *stack = stack_new(ceiling);
 *     stack_call(stack, run, context);          run(context) happens on the large stack
 *     if (stack_is_low(stack)) ...              asked by whatever recurses
 *     stack_free(stack);
 *
 * Memory is reserved, and taken only as the stack grows. Called from the large stack itself,
 * stack_call is a plain call. The function must return: it does not jump out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct stack;

/* At least 4 MiB; half as much, and so on, where the kernel does not reserve so much. */
struct stack *stack_new(size_t ceiling);
void stack_free(struct stack *stack);
void stack_call(struct stack *stack, void (*run)(void *context), void *context);
/* Whether less is left than plain C functions may need (STACK_RESERVE). False on another stack. */
bool stack_is_low(const struct stack *stack);
