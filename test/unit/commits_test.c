/* SPDX-License-Identifier: MPL-2.0 */
#include "island/commits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define HEAD "5041434b00000002"

static void
a_front_says_how_many_objects_there_are(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		uint32_t count;
	} rows[] = {{HEAD "0000000190", 1}, {HEAD "000000079a", 7}, {HEAD "0001000010", 65536},
		{HEAD "ffffffff9f", 0xffffffff}};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		uint32_t count = 0;
		assert_true(commits_read(bytes_text(rows[at].value), &count));
		assert_int_equal(count, rows[at].count);
	}
}

static void
what_is_no_front_of_commits_says_nothing(void **state)
{
	(void)state;
	/* None at all, trees, contents, tags and deltas, other versions and signatures, other lengths, other digits. */
	static const char *const values[] = {HEAD "0000000090", HEAD "00000001a0",
		HEAD "00000001b0", HEAD "00000001c0", HEAD "00000001e0", HEAD "00000001f0",
		"5041434b000000030000000190", "4b434150000000020000000190", HEAD "00000001",
		HEAD "000000019000", HEAD "000000019", "", HEAD "00000001g0", "12",
		"~041434b000000020000000190"};
	for (size_t at = 0; at < sizeof values / sizeof *values; at++) {
		uint32_t count = 5;
		if (commits_read(bytes_text(values[at]), &count))
			fail_msg("%s", values[at]);
		assert_int_equal(count, 5);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_front_says_how_many_objects_there_are),
		cmocka_unit_test(what_is_no_front_of_commits_says_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
