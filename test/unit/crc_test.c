/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_data.h"

#include "crc.h"

static void
the_sums_of_the_digits_are_those_of_the_catalogues(void **state)
{
	(void)state;
	static const uint64_t polynomials[] = {CRC_32, CRC_64};
	static const uint64_t sums[] = {0xcbf43926, 0x995dc9bbdf1939fa};
	for (size_t at = 0; at < 2; at++) {
		struct crc crc;
		crc_build(&crc, polynomials[at]);
		assert_true(crc_add(&crc, 0, SPAN("123456789")) == sums[at]);
		assert_true(crc_add(&crc, 0, SPAN("")) == 0);
		/* In two pieces, wherever they meet. */
		for (size_t split = 0; split <= 9; split++) {
			struct span all = SPAN("123456789");
			uint64_t sum = crc_add(&crc, 0, span_of(all.data, split));
			assert_true(crc_add(&crc, sum, span_after(all, split)) == sums[at]);
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
