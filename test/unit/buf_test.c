/* SPDX-License-Identifier: MPL-2.0 */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void
additions_stand_one_after_the_other_and_end_in_nul(void **state UNUSED)
{
	cleanup_buf struct buf buf = BUF(BUF_MAX);
	assert_string_equal(buf_text(&buf), "");
	buf_add(&buf, BYTES_LITERAL("a"));
	buf_add(&buf, bytes_of(NULL, 0));
	buf_add_text(&buf, "bc");
	buf_add_byte(&buf, 'd');
	buf_format(&buf, "%d-%s", 42, "e");
	assert_string_equal(buf_text(&buf), "abcd42-e");
	assert_int_equal(buf.size, 8);
	buf_consume(&buf, 2);
	assert_string_equal(buf_text(&buf), "cd42-e");
	buf_truncate(&buf, 2);
	assert_string_equal(buf_text(&buf), "cd");
	buf_consume(&buf, 2);
	assert_string_equal(buf_text(&buf), "");
}

static void
the_ceiling_is_reached_and_not_passed(void **state UNUSED)
{
	cleanup_buf struct buf buf = BUF(4);
	struct err err = {0};
	buf_add_text(&buf, "abcd");
	assert_true(buf_check(&buf, &err, "reply"));
	buf_add(&buf, bytes_of(NULL, 0));
	assert_true(buf_check(&buf, &err, "reply"));
	buf_add_byte(&buf, 'e');
	assert_false(buf_check(&buf, &err, "reply of %s", "example"));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_string_equal(err.text, "reply of example: more than 4 bytes");
	assert_string_equal(buf_text(&buf), "abcd");
}

static void
after_one_addition_too_many_none_is_taken_until_it_is_cleared(void **state UNUSED)
{
	cleanup_buf struct buf buf = BUF(4);
	struct err err = {0};
	buf_add_text(&buf, "ab");
	buf_format(&buf, "%s", "cde");
	buf_add_byte(&buf, 'c');
	buf_add_u16(&buf, 1);
	assert_null(buf_reserve(&buf, 0));
	assert_string_equal(buf_text(&buf), "ab");
	buf_consume(&buf, 2);
	assert_false(buf_check(&buf, &err, "reply"));
	buf_clear(&buf);
	buf_add_text(&buf, "wxyz");
	assert_true(buf_check(&buf, &err, "reply"));
	assert_string_equal(buf_text(&buf), "wxyz");
	assert_null(buf_reserve(&buf, SIZE_MAX));
	assert_false(buf_check(&buf, &err, "reply"));
}

static void
a_buf_of_nothing_takes_nothing(void **state UNUSED)
{
	cleanup_buf struct buf buf = BUF(0);
	struct err err = {0};
	buf_clear(&buf);
	buf_consume(&buf, 0);
	buf_add_text(&buf, "");
	assert_true(buf_check(&buf, &err, "nothing"));
	buf_add_byte(&buf, 'a');
	assert_false(buf_check(&buf, &err, "nothing"));
	assert_string_equal(buf_text(&buf), "");
}

static void
numbers_are_little_endian(void **state UNUSED)
{
	cleanup_buf struct buf buf = BUF(64);
	buf_add_u16(&buf, 0x0102);
	buf_add_u32(&buf, 0x03040506);
	buf_add_u64(&buf, 0x0708090a0b0c0d0e);
	assert_int_equal(buf.size, 14);
	assert_memory_equal(
		buf.data, "\x02\x01\x06\x05\x04\x03\x0e\x0d\x0c\x0b\x0a\x09\x08\x07", 14);
}

static void
reserved_room_counts_only_once_committed(void **state UNUSED)
{
	cleanup_buf struct buf buf = BUF(1000);
	buf_add_text(&buf, "head ");
	uint8_t *end = buf_reserve(&buf, 900);
	assert_non_null(end);
	memcpy(end, "tail and more", 13);
	buf_commit(&buf, 4);
	assert_string_equal(buf_text(&buf), "head tail");
	assert_int_equal(buf.size, 9);
}

static void
what_is_taken_out_leaves_an_empty_buf_of_the_same_ceiling(void **state UNUSED)
{
	cleanup_buf struct buf buf = BUF(8);
	char *empty = buf_take_text(&buf);
	assert_string_equal(empty, "");
	free(empty);
	buf_add_text(&buf, "text");
	char *text = buf_take_text(&buf);
	assert_string_equal(text, "text");
	free(text);
	assert_int_equal(buf.size, 0);
	buf_add_text(&buf, "again");
	cleanup_buf struct buf moved = buf_take(&buf);
	assert_string_equal(buf_text(&moved), "again");
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf.ceiling, 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(additions_stand_one_after_the_other_and_end_in_nul),
		cmocka_unit_test(the_ceiling_is_reached_and_not_passed),
		cmocka_unit_test(after_one_addition_too_many_none_is_taken_until_it_is_cleared),
		cmocka_unit_test(a_buf_of_nothing_takes_nothing),
		cmocka_unit_test(numbers_are_little_endian),
		cmocka_unit_test(reserved_room_counts_only_once_committed),
		cmocka_unit_test(what_is_taken_out_leaves_an_empty_buf_of_the_same_ceiling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
