/* SPDX-License-Identifier: MPL-2.0 */
/*
 * heap: the only place that makes values, and the collector that takes them back.
 *
 * Mark and sweep; nothing moves. A collection may happen inside any heap_new_* (with -Dhostile it
 * does, each time), so what is in use must be a root:
 *
 *   1. Whatever a heap_new_* returns is a root from then on ("a temporary"), and so is whatever an
 *      evaluation function returns. Nobody registers anything.
 *   2. A function that works for long takes a mark first and gives the temporaries back at its end:
 *
 *          struct heap_mark mark = heap_mark(heap);
 *          ...
 *          return heap_return(heap, mark, result);      all since the mark go, the result stays
 *
 *      In a loop it does the same each turn with what the next turn needs (heap_return once, then
 *      heap_keep for every further value).
 *   3. Parts of a living value live: values are immutable, and a thunk keeps what it was made of
 *      until its value is there.
 *   4. A value under construction is made empty and filled afterwards: its parts are temporaries of
 *      the same function.
 *   5. heap_hold makes a root that stays until heap_drop, for values kept outside of any function.
 *
 * The ceiling counts all that values take, texts included. An allocation never fails: one that
 * passes the ceiling after a collection marks the heap as over (heap_is_over), which the evaluator
 * turns into an error at its next step. Whoever makes values in a loop without evaluating anything
 * asks heap_is_over in that loop; whoever makes one value whose size a program chose asks
 * heap_has_room first.
 */
#pragma once

#include "lang/value.h"

#define HEAP_CEILING ((size_t)4 << 30) /* the default of --max-heap */

struct heap;

struct heap_mark {
	size_t size;
};

struct heap *heap_new(size_t ceiling);
void heap_free(struct heap *heap);

struct heap_mark heap_mark(const struct heap *heap);
void heap_rewind(struct heap *heap, struct heap_mark mark);
/* Makes a temporary of a value; NULL is allowed and does nothing. */
void heap_keep(struct heap *heap, void *value);
/* heap_rewind, then heap_keep; gives the value back. */
struct value *heap_return(struct heap *heap, struct heap_mark mark, struct value *value);
void heap_hold(struct heap *heap, struct value *value);
void heap_drop(struct heap *heap, const struct value *value);

bool heap_is_over(const struct heap *heap);
bool heap_has_room(const struct heap *heap, size_t size);
size_t heap_ceiling(const struct heap *heap);
/* Collects now. Bytes in use afterwards. */
size_t heap_collect(struct heap *heap);
/* After an evaluation that was ended because the heap was over: it is not where there is room again. */
void heap_recover(struct heap *heap);

/* A copy of a name's text that lives as long as the heap; equal texts share one. */
struct bytes heap_name(struct heap *heap, struct bytes text);

struct value *heap_null(struct heap *heap);
struct value *heap_boolean(struct heap *heap, bool truth);
struct value *heap_new_integer(struct heap *heap, int64_t integer);
struct value *heap_new_float(struct heap *heap, double real);
/* A copy of the text. */
struct value *heap_new_string(struct heap *heap, struct bytes text, struct context *context);
/* Room for a text of this size, to be filled at once. */
struct string *heap_new_string_room(struct heap *heap, size_t size, struct context *context);
struct value *heap_new_path(struct heap *heap, const struct island_ref *root, struct bytes text);
struct list *heap_empty_list(struct heap *heap);
struct list *heap_new_list(struct heap *heap, struct value *head, struct list *tail);
/* The list of these values, in their order; they are temporaries already. */
struct list *heap_new_list_of(struct heap *heap, struct value *const *values, size_t count);
struct set *heap_empty_set(struct heap *heap);
/* Entries to be filled in bytewise order of names. */
struct set *heap_new_set(struct heap *heap, size_t count);
/* Takes entries in any order: sorts them; NULL with *repeated when a name stands twice. */
struct set *heap_new_set_of(
	struct heap *heap, struct set_entry *entries, size_t count, struct bytes *repeated);
struct value *heap_new_function(
	struct heap *heap, const struct node *node, struct environment *environment);
struct partial *heap_new_partial(struct heap *heap, const struct builtin *builtin, size_t count);
struct environment *heap_new_environment(struct heap *heap, struct environment *up, size_t count);
void heap_clear_environment(struct environment *environment);
struct value *heap_new_thunk(
	struct heap *heap, const struct node *node, struct environment *environment);
struct value *heap_new_apply(struct heap *heap, struct value *function, struct value *argument);
struct value *heap_new_step(
	struct heap *heap, thunk_step *step, struct value *first, struct value *second);
struct value *heap_new_match(struct heap *heap, const struct pattern *pattern,
	struct environment *environment, struct value *value);
struct value *heap_new_pick(struct heap *heap, struct value *match, size_t slot);

/* Contexts; NULL is the empty one. */
struct context *heap_new_context(struct heap *heap, const struct context_item *item);
struct context *heap_join_contexts(struct heap *heap, struct context *left, struct context *right);
