/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_data.h"

#include "base/xxh64.h"

static uint64_t
sum_of(struct bytes data, size_t step)
{
	struct xxh64 sum;
	xxh64_start(&sum);
	for (size_t at = 0; at < data.size; at += step)
		xxh64_add(&sum, bytes_first(bytes_from(data, at), step));
	return xxh64_end(&sum);
}

static void
known_sums_come_out(void **state)
{
	(void)state;
	assert_true(sum_of(BYTES_LITERAL(""), 1) == 0xef46db3751d8e999);
	assert_true(sum_of(BYTES_LITERAL("a"), 1) == 0xd24ec4f1a98c6e5b);
	assert_true(sum_of(BYTES_LITERAL("abc"), 3) == 0x44bc2cf5ad770999);
}

static void
pieces_make_the_sum_of_the_whole(void **state)
{
	(void)state;
	struct buf words = words_make(1000);
	for (size_t size = 0; size < words.size; size += 13) {
		struct bytes all = bytes_of(words.data, size);
		uint64_t sum = sum_of(all, 1000);
		assert_true(sum_of(all, 1) == sum);
		assert_true(sum_of(all, 31) == sum);
		assert_true(sum_of(all, 33) == sum);
	}
	buf_release(&words);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_sums_come_out),
		cmocka_unit_test(pieces_make_the_sum_of_the_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
