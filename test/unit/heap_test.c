/* SPDX-License-Identifier: MPL-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lang/heap.h"

static const size_t ceiling = (size_t)64 << 20;

static void
what_is_no_root_is_taken_back(void **state)
{
	(void)state;
	struct heap *heap = heap_new(ceiling);
	size_t before = heap_collect(heap);
	struct heap_mark mark = heap_mark(heap);
	for (int at = 0; at < 1000; at++)
		(void)heap_new_integer(heap, at);
	assert_true(heap_collect(heap) > before);
	heap_rewind(heap, mark);
	assert_int_equal(heap_collect(heap), before);
	heap_free(heap);
}

static void
a_returned_value_outlives_its_mark_with_its_parts(void **state)
{
	(void)state;
	struct heap *heap = heap_new(ceiling);
	struct heap_mark mark = heap_mark(heap);
	struct list *list = heap_empty_list(heap);
	for (int at = 0; at < 100; at++)
		list = heap_new_list(heap, heap_new_integer(heap, at), list);
	heap_return(heap, mark, &list->value);
	heap_collect(heap);
	assert_int_equal(list->length, 100);
	for (int at = 99; at >= 0; at--, list = list->tail)
		assert_int_equal(as_number(list->head)->integer, at);
	heap_free(heap);
}

static void
a_held_value_stays_until_it_is_dropped(void **state)
{
	(void)state;
	struct heap *heap = heap_new(ceiling);
	size_t before = heap_collect(heap);
	struct heap_mark mark = heap_mark(heap);
	struct value *string = heap_new_string(heap, BYTES_LITERAL("kept"), NULL);
	heap_hold(heap, string);
	heap_rewind(heap, mark);
	heap_collect(heap);
	assert_true(bytes_equal_text(string_bytes(as_string(string)), "kept"));
	heap_drop(heap, string);
	assert_int_equal(heap_collect(heap), before);
	heap_free(heap);
}

static void
cycles_are_taken_back(void **state)
{
	(void)state;
	struct heap *heap = heap_new(ceiling);
	size_t before = heap_collect(heap);
	struct heap_mark mark = heap_mark(heap);
	struct environment *environment = heap_new_environment(heap, NULL, 1);
	environment->slots[0] = heap_new_thunk(heap, NULL, environment);
	heap_rewind(heap, mark);
	assert_int_equal(heap_collect(heap), before);
	heap_free(heap);
}

static void
a_long_list_is_marked_without_recursion(void **state)
{
	(void)state;
	struct heap *heap = heap_new((size_t)512 << 20);
	struct heap_mark mark = heap_mark(heap);
	struct list *list = heap_empty_list(heap);
#ifdef CAB_HOSTILE
	size_t count = 5000;
#else
	size_t count = 1000000;
#endif
	for (size_t at = 0; at < count; at++) {
		list = heap_new_list(heap, heap_null(heap), list);
		heap_return(heap, mark, &list->value);
	}
	heap_collect(heap);
	assert_int_equal(list->length, count);
	heap_free(heap);
}

static void
the_ceiling_marks_the_heap_as_over(void **state)
{
	(void)state;
	struct heap *heap = heap_new((size_t)1 << 20);
	assert_false(heap_has_room(heap, (size_t)2 << 20));
	size_t count = 0;
	while (!heap_is_over(heap) && count < 100000) {
		(void)heap_new_string(heap, BYTES_LITERAL("0123456789012345"), NULL);
		count++;
	}
	assert_true(heap_is_over(heap));
	assert_true(count > 1000);
	heap_free(heap);
}

static void
large_values_have_memory_of_their_own(void **state)
{
	(void)state;
	struct heap *heap = heap_new(ceiling);
	size_t before = heap_collect(heap);
	struct heap_mark mark = heap_mark(heap);
	struct string *string = heap_new_string_room(heap, 100000, NULL);
	memset(string->text, 'x', string->size);
	assert_true(heap_collect(heap) >= before + 100000);
	heap_rewind(heap, mark);
	assert_int_equal(heap_collect(heap), before);
	heap_free(heap);
}

static void
equal_names_share_their_text(void **state)
{
	(void)state;
	struct heap *heap = heap_new(ceiling);
	struct bytes first = heap_name(heap, BYTES_LITERAL("name"));
	assert_ptr_equal(first.data, heap_name(heap, BYTES_LITERAL("name")).data);
	assert_int_equal(heap_name(heap, BYTES_LITERAL("")).size, 0);
	heap_free(heap);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_root_is_taken_back),
		cmocka_unit_test(a_returned_value_outlives_its_mark_with_its_parts),
		cmocka_unit_test(a_held_value_stays_until_it_is_dropped),
		cmocka_unit_test(cycles_are_taken_back),
		cmocka_unit_test(a_long_list_is_marked_without_recursion),
		cmocka_unit_test(the_ceiling_marks_the_heap_as_over),
		cmocka_unit_test(large_values_have_memory_of_their_own),
		cmocka_unit_test(equal_names_share_their_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
