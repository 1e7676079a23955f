/* SPDX-License-Identifier: MPL-2.0 */
#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void
keys_are_found_after_growth_in_the_order_of_insertion(void **state UNUSED)
{
	enum { COUNT = 5000 };
	static int numbers[COUNT];
	cleanup_map struct map map = {0};
	char key[32];
	for (int at = 0; at < COUNT; at++) {
		(void)snprintf(key, sizeof key, "key %d", at);
		map_put(&map, bytes_text(key), &numbers[at]);
	}
	assert_int_equal(map.size, COUNT);
	for (int at = 0; at < COUNT; at++) {
		(void)snprintf(key, sizeof key, "key %d", at);
		assert_ptr_equal(map_find(&map, bytes_text(key)), &numbers[at]);
		assert_true(bytes_equal_text(map.entries[at].key, key));
		(void)snprintf(key, sizeof key, "no key %d", at);
		assert_false(map_has(&map, bytes_text(key)));
	}
}

static void
a_key_is_copied_and_its_value_replaced(void **state UNUSED)
{
	int old = 0;
	int young = 0;
	char key[] = "key";
	cleanup_map struct map map = {0};
	map_put(&map, bytes_text(key), &old);
	key[0] = 'K';
	assert_false(map_has(&map, bytes_text(key)));
	map_put(&map, BYTES_LITERAL("key"), &young);
	assert_int_equal(map.size, 1);
	assert_ptr_equal(map_find(&map, BYTES_LITERAL("key")), &young);
}

static void
an_absent_key_differs_from_one_without_a_value(void **state UNUSED)
{
	cleanup_map struct map map = {0};
	assert_null(map_find(&map, BYTES_LITERAL("a")));
	assert_false(map_has(&map, BYTES_LITERAL("a")));
	assert_null(*map_at(&map, BYTES_LITERAL("a")));
	assert_true(map_has(&map, BYTES_LITERAL("a")));
	assert_null(map_find(&map, BYTES_LITERAL("a")));
}

static void
keys_may_be_empty_and_hold_any_byte(void **state UNUSED)
{
	int values[4];
	cleanup_map struct map map = {0};
	map_put(&map, bytes_of(NULL, 0), &values[0]);
	map_put(&map, BYTES_LITERAL("\0"), &values[1]);
	map_put(&map, BYTES_LITERAL("\0\0"), &values[2]);
	map_put(&map, BYTES_LITERAL("a\0b"), &values[3]);
	assert_int_equal(map.size, 4);
	assert_ptr_equal(map_find(&map, BYTES_LITERAL("")), &values[0]);
	assert_ptr_equal(map_find(&map, BYTES_LITERAL("\0")), &values[1]);
	assert_ptr_equal(map_find(&map, BYTES_LITERAL("\0\0")), &values[2]);
	assert_ptr_equal(map_find(&map, BYTES_LITERAL("a\0b")), &values[3]);
	assert_false(map_has(&map, BYTES_LITERAL("a")));
}

static void
a_released_map_is_empty_and_may_be_used(void **state UNUSED)
{
	struct map map = {0};
	map_release(&map);
	map_put(&map, BYTES_LITERAL("a"), &map);
	map_release(&map);
	assert_int_equal(map.size, 0);
	assert_false(map_has(&map, BYTES_LITERAL("a")));
	map_put(&map, BYTES_LITERAL("a"), &map);
	assert_true(map_has(&map, BYTES_LITERAL("a")));
	map_release(&map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_found_after_growth_in_the_order_of_insertion),
		cmocka_unit_test(a_key_is_copied_and_its_value_replaced),
		cmocka_unit_test(an_absent_key_differs_from_one_without_a_value),
		cmocka_unit_test(keys_may_be_empty_and_hold_any_byte),
		cmocka_unit_test(a_released_map_is_empty_and_may_be_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
