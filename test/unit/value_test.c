/* SPDX-License-Identifier: MPL-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lang/heap.h"

static void
a_set_is_searched_by_name(void **state)
{
	(void)state;
	struct heap *heap = heap_new((size_t)16 << 20);
	struct set_entry entries[] = {{BYTES_LITERAL("b"), heap_new_integer(heap, 2)},
		{BYTES_LITERAL("a"), heap_new_integer(heap, 1)},
		{BYTES_LITERAL("ab"), heap_new_integer(heap, 3)}};
	struct bytes repeated = {0};
	struct set *set = heap_new_set_of(heap, entries, 3, &repeated);
	assert_true(bytes_equal_text(set->entries[0].name, "a"));
	assert_true(bytes_equal_text(set->entries[1].name, "ab"));
	assert_int_equal(as_number(set_find(set, BYTES_LITERAL("b")))->integer, 2);
	assert_null(set_find(set, BYTES_LITERAL("")));
	assert_null(set_find(set, BYTES_LITERAL("abc")));
	assert_int_equal(set_position(set, BYTES_LITERAL("aa")), 1);
	heap_free(heap);
}

static void
a_repeated_name_is_told(void **state)
{
	(void)state;
	struct heap *heap = heap_new((size_t)16 << 20);
	struct set_entry entries[] = {{BYTES_LITERAL("x"), heap_null(heap)},
		{BYTES_LITERAL("a"), heap_null(heap)}, {BYTES_LITERAL("x"), heap_null(heap)}};
	struct bytes repeated = {0};
	assert_null(heap_new_set_of(heap, entries, 3, &repeated));
	assert_true(bytes_equal_text(repeated, "x"));
	heap_free(heap);
}

static void
contexts_are_joined_sorted_and_without_repeats(void **state)
{
	(void)state;
	struct heap *heap = heap_new((size_t)16 << 20);
	const struct context_item items[] = {{CONTEXT_OBJECT, false, "/cull/store/a", NULL, NULL},
		{CONTEXT_OUTPUT, true, "/cull/store/b", "out", NULL},
		{CONTEXT_OBJECT, false, "/cull/store/c", NULL, NULL}};
	struct context *a = heap_new_context(heap, &items[0]);
	struct context *b = heap_new_context(heap, &items[1]);
	struct context *c = heap_new_context(heap, &items[2]);
	struct context *all = heap_join_contexts(heap, heap_join_contexts(heap, b, c), a);
	assert_int_equal(all->value.count, 3);
	assert_ptr_equal(all->items[0], &items[0]);
	assert_ptr_equal(all->items[1], &items[2]);
	assert_ptr_equal(all->items[2], &items[1]);
	assert_ptr_equal(heap_join_contexts(heap, all, b), all);
	assert_ptr_equal(heap_join_contexts(heap, NULL, b), b);
	assert_ptr_equal(context_placeholder(all), &items[1]);
	assert_null(context_placeholder(a));
	heap_free(heap);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_is_searched_by_name),
		cmocka_unit_test(a_repeated_name_is_told),
		cmocka_unit_test(contexts_are_joined_sorted_and_without_repeats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
