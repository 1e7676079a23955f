/* SPDX-License-Identifier: MPL-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "realize/report.h"

#define HASH "daaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static bool
feed(struct report *report, const char *text, struct err *err)
{
	return report_feed(report, bytes_text(text), err);
}

static void
the_lines_come_out_in_order(void **state)
{
	(void)state;
	struct report report = {0};
	struct err err;
	struct identity identity;
	assert_true(feed(&report, "git 1f0c\ngit-tree 9ab1\n", &err));
	assert_true(report_next(&report, &identity));
	assert_true(bytes_equal_text(identity.format, "git") &&
		    bytes_equal_text(identity.value, "1f0c"));
	assert_true(report_next(&report, &identity));
	assert_true(bytes_equal_text(identity.format, "git-tree"));
	assert_false(report_next(&report, &identity));
	assert_true(feed(&report, "cab " HASH "\n", &err));
	assert_true(report_next(&report, &identity));
	assert_true(bytes_equal_text(identity.value, HASH));
	assert_true(report_finish(&report, &err));
}

static void
pieces_of_any_size_give_the_same_lines(void **state)
{
	(void)state;
	static const char text[] = "git 1f0c\nhttp abc\ncab .\n";
	for (size_t size = 1; size < sizeof text; size++) {
		struct report report = {0};
		struct err err;
		for (size_t at = 0; at < sizeof text - 1; at += size)
			assert_true(report_feed(&report,
				bytes_first(bytes_of(text + at, sizeof text - 1 - at), size),
				&err));
		assert_int_equal(report.count, 3);
		assert_true(report_finish(&report, &err));
	}
}

static void
what_is_not_of_the_grammar_is_refused_by_its_line(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"\n",
		"git\n",
		"git \n",
		" git x\n",
		"Git x\n",
		"1git x\n",
		"git  x\n",
		"git x y\n",
		"git x\ty\n",
		"git \x01\n",
		"git \xc3\xa9\n",
		"git x\r\n",
		"a_b x\n",
		"cab x\n",
		"cab e" HASH "\n",
		"cab " HASH "a\n",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa x\n",
	};
	for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
		struct report report = {0};
		struct err err = {0};
		if (feed(&report, bad[at], &err))
			fail_msg("accepted: %s", bad[at]);
		assert_non_null(strstr(err.text, "line 1"));
	}
}

static void
a_line_after_cab_is_refused(void **state)
{
	(void)state;
	struct report report = {0};
	struct err err;
	assert_false(feed(&report, "cab .\ngit x\n", &err));
	assert_non_null(strstr(err.text, "line 2"));
}

static void
a_repeated_format_is_refused(void **state)
{
	(void)state;
	struct report report = {0};
	struct err err;
	assert_false(feed(&report, "git x\ngit x\n", &err));
	assert_non_null(strstr(err.text, "repeats"));
}

static void
sixteen_lines_are_taken_and_not_one_more(void **state)
{
	(void)state;
	struct report report = {0};
	struct err err;
	char line[16];
	for (int at = 0; at < REPORT_LINES; at++) {
		(void)snprintf(line, sizeof line, "f%c x\n", 'a' + at);
		assert_true(feed(&report, line, &err));
	}
	assert_false(feed(&report, "more x\n", &err));
}

static void
a_flood_without_an_end_is_refused_at_its_ceiling(void **state)
{
	(void)state;
	static uint8_t flood[REPORT_BYTES];
	memset(flood, 'a', sizeof flood);
	struct report report = {0};
	struct err err;
	assert_true(report_feed(&report, bytes_of(flood, sizeof flood), &err));
	assert_false(report_feed(&report, bytes_of(flood, 1), &err));
}

static void
the_end_wants_a_whole_last_line_and_a_cab(void **state)
{
	(void)state;
	struct err err;
	struct report none = {0};
	assert_false(report_finish(&none, &err));
	struct report half = {0};
	assert_true(feed(&half, "cab .", &err));
	assert_false(report_finish(&half, &err));
	struct report without = {0};
	assert_true(feed(&without, "git x\n", &err));
	assert_false(report_finish(&without, &err));
	assert_non_null(strstr(err.text, "git"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lines_come_out_in_order),
		cmocka_unit_test(pieces_of_any_size_give_the_same_lines),
		cmocka_unit_test(what_is_not_of_the_grammar_is_refused_by_its_line),
		cmocka_unit_test(a_line_after_cab_is_refused),
		cmocka_unit_test(a_repeated_format_is_refused),
		cmocka_unit_test(sixteen_lines_are_taken_and_not_one_more),
		cmocka_unit_test(a_flood_without_an_end_is_refused_at_its_ceiling),
		cmocka_unit_test(the_end_wants_a_whole_last_line_and_a_cab),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
