/* SPDX-License-Identifier: MPL-2.0 */
#include "store/record.h"

#include "store/root.h"
#include "store_fixture.h"

static void
a_record_has_the_check_of_the_manual(void **state)
{
	(void)state;
	cleanup_buf struct buf text = BUF(BUF_MAX);
	size_t start = record_start(&text, "object");
	record_add(&text, "name", "%s", "x");
	record_finish(&text, start);
	assert_string_equal(buf_text(&text),
		"cab object 1\nname x\n"
		"check ewpkmz7go3igl7eved4jqf7l2vqkwwl6agbodyrxs7czo6cnfl4q\n");
}

static void
lines_come_in_their_order_and_blocks_after_each_other(void **state)
{
	(void)state;
	cleanup_buf struct buf text = BUF(BUF_MAX);
	for (int block = 0; block < 2; block++) {
		size_t start = record_start(&text, "thing");
		record_add(&text, "number", "%d", block);
		record_add(&text, "other", "%s", "");
		record_finish(&text, start);
	}
	struct bytes rest = buf_bytes(&text);
	struct record record;
	struct bytes value;
	uint64_t number;
	for (uint64_t block = 0; block < 2; block++) {
		good(record_open(&rest, "thing", &record, &err));
		bad(record_take(&record, "other", &value, &err), ERR_CORRUPT);
		good(record_take_number(&record, "number", &number, &err));
		assert_int_equal(number, block);
		assert_false(record_maybe(&record, "numb", &value));
		bad(record_end(&record, &err), ERR_CORRUPT);
		assert_true(record_maybe(&record, "other", &value));
		assert_int_equal(value.size, 0);
		good(record_end(&record, &err));
	}
	assert_int_equal(rest.size, 0);
	rest = buf_bytes(&text);
	bad(record_open(&rest, "other", &record, &err), ERR_CORRUPT);
}

static void
numbers_and_escapes_have_one_spelling(void **state)
{
	(void)state;
	uint64_t number;
	assert_true(record_number(bytes_text("0"), &number));
	assert_true(record_number(bytes_text("18446744073709551615"), &number));
	assert_true(number == UINT64_MAX);
	static const char *const numbers[] = {
		"", "01", "-1", "+1", "1 ", "18446744073709551616", "a"};
	for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at++)
		assert_false(record_number(bytes_text(numbers[at]), &number));
	uint8_t all[256];
	for (int at = 0; at < 256; at++)
		all[at] = (uint8_t)at;
	cleanup_buf struct buf text = BUF(BUF_MAX);
	cleanup_buf struct buf back = BUF(BUF_MAX);
	record_escape(&text, bytes_of(all, sizeof all));
	assert_true(record_unescape(buf_bytes(&text), &back));
	assert_int_equal(back.size, 256);
	assert_memory_equal(back.data, all, 256);
	static const char *const bad_texts[] = {"%", "%2", "%41", "%0A", "a b", "\xff", "%zz"};
	for (size_t at = 0; at < sizeof bad_texts / sizeof *bad_texts; at++) {
		buf_clear(&back);
		assert_false(record_unescape(bytes_text(bad_texts[at]), &back));
	}
}

static void
hashes_are_found_in_any_text_of_a_lock(void **state)
{
	(void)state;
#define HASH "dlrwa6h4fkk6mhqa4k5qegvcqzoixznwmywpmpu7kezjhe24dllda"
	cab_hash_list list = {0};
	root_search(bytes_text("{\"cab " HASH "\", x" HASH ", " HASH "a\n" HASH), &list);
	assert_int_equal(list.size, 2);
	array_release(&list);
}

static void
roots_read_back_what_was_written(void **state)
{
	(void)state;
	struct root root = {.kind = ROOT_RESULT, .path = "/home/a b/result\xff"};
	root.object.path = digest_of(BYTES_LITERAL("x"));
	(void)stpcpy(root.object.name, "name");
	cleanup_buf struct buf text = BUF(BUF_MAX);
	root_encode(&root, &text);
	struct root back;
	good(root_decode(buf_bytes(&text), &back, &err));
	assert_string_equal(back.path, root.path);
	assert_string_equal(back.object.name, "name");
	for (size_t at = 0; at < text.size; at++) {
		text.data[at] ^= 1;
		bad(root_decode(buf_bytes(&text), &back, &err), ERR_CORRUPT);
		text.data[at] ^= 1;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_has_the_check_of_the_manual),
		cmocka_unit_test(lines_come_in_their_order_and_blocks_after_each_other),
		cmocka_unit_test(numbers_and_escapes_have_one_spelling),
		cmocka_unit_test(hashes_are_found_in_any_text_of_a_lock),
		cmocka_unit_test(roots_read_back_what_was_written),
	};
	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
