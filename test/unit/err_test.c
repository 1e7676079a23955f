/* SPDX-License-Identifier: MPL-2.0 */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <errno.h>
#include <string.h>

#include <cmocka.h>

static void
each_setter_returns_false_and_fills_kind_number_and_text(void **state UNUSED)
{
	struct err err = {0};
	assert_false(err_set(&err, ERR_CORRUPT, "object %s: digest differs", "a"));
	assert_int_equal(err.kind, ERR_CORRUPT);
	assert_int_equal(err.number, 0);
	assert_string_equal(err.text, "object a: digest differs");
	assert_false(err_limit(&err, ERR_LIMIT_TIME, "after %d s", 3));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(err.number, ERR_LIMIT_TIME);
	assert_string_equal(err.text, "after 3 s");
	err_clear(&err);
	assert_int_equal(err.kind, ERR_NONE);
	assert_string_equal(err.text, "");
}

static void
what_is_not_there_is_a_kind_of_its_own(void **state UNUSED)
{
	struct err err = {0};
	assert_false(err_system(&err, EACCES, "open %s", "x"));
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_int_equal(err.number, EACCES);
	assert_string_equal(err.text, "open x: Permission denied");
	assert_false(err_system(&err, ENOENT, "open %s", "x"));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(err.number, ENOENT);
}

static void
a_note_stands_before_and_keeps_kind_and_number(void **state UNUSED)
{
	struct err err = {0};
	(void)err_system(&err, EPIPE, "write");
	assert_false(err_note(&err, "fetching %s", "u"));
	assert_false(err_note(&err, "island %s", "i"));
	assert_string_equal(err.text, "island i: fetching u: write: Broken pipe");
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_int_equal(err.number, EPIPE);
}

static void
a_text_too_long_is_cut_and_ends_in_nul(void **state UNUSED)
{
	char longer[3 * ERR_TEXT];
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	for (size_t length = ERR_TEXT - 8; length < ERR_TEXT + 8; length++) {
		struct err err = {0};
		(void)err_system(&err, EPIPE, "%.*s", (int)length, longer);
		assert_in_range(strlen(err.text), ERR_TEXT - 8, ERR_TEXT - 1);
		(void)err_set(&err, ERR_BUILD, "why");
		(void)err_note(&err, "%.*s", (int)length, longer);
		assert_in_range(strlen(err.text), ERR_TEXT - 4, ERR_TEXT - 1);
		assert_non_null(strstr(err.text, ": "));
	}
	struct err err = {0};
	(void)err_set(&err, ERR_BUILD, "%s", longer);
	assert_int_equal(strlen(err.text), ERR_TEXT - 1);
	(void)err_note(&err, "object a");
	assert_int_equal(strlen(err.text), ERR_TEXT - 1);
	assert_memory_equal(err.text, "object a: xxx", 13);
	(void)err_note(&err, "%s", longer);
	assert_int_equal(strlen(err.text), ERR_TEXT - 1);
}

static void
a_note_may_quote_the_text_that_it_stands_before(void **state UNUSED)
{
	struct err err = {0};
	(void)err_set(&err, ERR_BUILD, "why");
	(void)err_note(&err, "(%s)", err.text);
	assert_string_equal(err.text, "(why): why");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_setter_returns_false_and_fills_kind_number_and_text),
		cmocka_unit_test(what_is_not_there_is_a_kind_of_its_own),
		cmocka_unit_test(a_note_stands_before_and_keeps_kind_and_number),
		cmocka_unit_test(a_text_too_long_is_cut_and_ends_in_nul),
		cmocka_unit_test(a_note_may_quote_the_text_that_it_stands_before),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
