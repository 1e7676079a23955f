/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_data.h"

#include "base/crc.h"

static void
the_sums_of_the_digits_are_those_of_the_catalogues(void **state)
{
	(void)state;
	static const enum crc_kind kinds[] = {CRC_64, CRC_32_FORWARD};
	static const uint64_t sums[] = {0x995dc9bbdf1939fa, 0xfc891918};
	struct bytes digits = BYTES_LITERAL("123456789");
	for (size_t at = 0; at < 2; at++) {
		struct crc crc;
		crc_start(&crc, kinds[at]);
		assert_true(crc_sum(&crc) == 0);
		/* In two pieces, wherever they meet. */
		for (size_t split = 0; split <= 9; split++) {
			crc_start(&crc, kinds[at]);
			crc_add(&crc, bytes_first(digits, split));
			crc_add(&crc, bytes_from(digits, split));
			assert_true(crc_sum(&crc) == sums[at]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sums_of_the_digits_are_those_of_the_catalogues),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
