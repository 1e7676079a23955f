/* SPDX-License-Identifier: MPL-2.0 */
#include "base/array.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <stdint.h>

#include <cmocka.h>

struct edge {
	size_t from;
	const char *name;
};

static void
elements_stay_in_order_through_growth_and_are_born_zero(void **state UNUSED)
{
	ARRAY(struct edge) edges = {0};
	for (size_t at = 0; at < 10000; at++) {
		struct edge *edge = array_push(&edges);
		assert_int_equal(edge->from, 0);
		assert_null(edge->name);
		*edge = (struct edge){at, "edge"};
	}
	assert_int_equal(edges.size, 10000);
	for (size_t at = 0; at < edges.size; at++)
		assert_int_equal(edges.data[at].from, at);
	array_release(&edges);
}

static void
a_slot_that_is_used_again_is_zeroed(void **state UNUSED)
{
	ARRAY(uint64_t) numbers = {0};
	*array_push(&numbers) = UINT64_MAX;
	numbers.size = 0;
	assert_int_equal(*array_push(&numbers), 0);
	assert_int_equal(numbers.size, 1);
	array_release(&numbers);
}

static void
release_leaves_an_empty_array_that_may_be_used(void **state UNUSED)
{
	ARRAY(char) letters = {0};
	array_release(&letters);
	*array_push(&letters) = 'a';
	array_release(&letters);
	assert_null(letters.data);
	assert_int_equal(letters.size, 0);
	assert_int_equal(letters.capacity, 0);
	*array_push(&letters) = 'b';
	assert_int_equal(letters.data[0], 'b');
	array_release(&letters);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_stay_in_order_through_growth_and_are_born_zero),
		cmocka_unit_test(a_slot_that_is_used_again_is_zeroed),
		cmocka_unit_test(release_leaves_an_empty_array_that_may_be_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
