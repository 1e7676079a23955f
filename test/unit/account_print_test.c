/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/account.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
prints(const char *json, const char *expected)
{
	struct err err;
	json_t *account = account_decode(bytes_text(json), &err);
	if (!account)
		fail_msg("%s", err.text);
	struct buf out = BUF(BUF_MAX);
	account_print_table(account, &out);
	assert_string_equal(buf_text(&out), expected);
	buf_release(&out);
	json_decref(account);
}

#define LAST "0 requests, 0 bytes received, 0 programs run\n"

static void
a_source_is_told_with_its_identities_and_by_whom(void **state)
{
	(void)state;
	prints("{\"version\":1,\"requests\":3,\"received\":1000,\"programs\":1,\"sources\":[{"
	       "\"source\":\"github:o/r\",\"why\":\"it was not locked\",\"by\":\"this machine\","
	       "\"requests\":2,\"received\":900,\"reads\":1,\"origins\":[\"https://a\",\"https://"
	       "b\"],"
	       "\"runs\":[{\"start\":5,\"end\":30},{\"start\":40,\"end\":41}],"
	       "\"identities\":[{\"identity\":\"git 1111\",\"from\":\"lock\",\"proved\":false},"
	       "{\"identity\":\"cab d222\",\"from\":\"run\",\"proved\":true}]}]}",
		"source github:o/r\n"
		"  why          it was not locked\n"
		"  git          1111  (lock, unproved)\n"
		"  cab          d222  (run)\n"
		"  moved        2 requests, 900 bytes, 26 ms, from https://a, https://b, by this "
		"machine\n"
		"  read         1 file by evaluation\n"
		"3 requests, 1000 bytes received, 1 program run\n");
}

static void
half_an_account_is_better_than_none(void **state)
{
	(void)state;
	prints("{\"version\":1,\"sources\":[]}", LAST);
	prints("{\"version\":1,\"sources\":[{}]}", "source \n  why          \n" LAST);
	prints("{\"version\":1,\"sources\":[7,{\"source\":7,\"why\":[],\"identities\":"
	       "[7,{},{\"identity\":\"nospace\"},{\"identity\":7}],"
	       "\"requests\":-1,\"reads\":\"x\",\"runs\":7}]}",
		"source \n  why          \nsource \n  why          \n"
		"  nospace        (, unproved)\n" LAST);
	/* A run that ended before it began took no time. */
	prints("{\"version\":1,\"sources\":[{\"by\":\"m\",\"requests\":1,"
	       "\"runs\":[{\"start\":9,\"end\":3}],\"origins\":[7]}]}",
		"source \n  why          \n"
		"  moved        1 request, 0 bytes, 0 ms, from , by m\n" LAST);
}

static void
no_text_of_a_source_reaches_the_terminal_as_it_is(void **state)
{
	(void)state;
	prints("{\"version\":1,\"sources\":[{\"source\":\"a\\u001b[2J\",\"why\":\"b\\n\","
	       "\"by\":\"c\\r\",\"origins\":[\"d\\u0007\"],\"identities\":"
	       "[{\"identity\":\"e\\u001b f\\u009b\",\"from\":\"g\\u202e\"}]}]}",
		"source a\\x1b[2J\n"
		"  why          b\\x0a\n"
		"  e\\x1b        f\\u{9b}  (g\\u{202e}, unproved)\n"
		"  moved        0 requests, 0 bytes, 0 ms, from d\\x07, by c\\x0d\n" LAST);
}

static void
identities_are_text_lines_or_json_strings(void **state)
{
	(void)state;
	cleanup_buf struct buf line = BUF(BUF_MAX);
	const struct identity odd = {BYTES_LITERAL("http"), BYTES_LITERAL("a\"b\\c")};
	account_add_identity(&line, &odd, true, false);
	account_add_identity(&line, &odd, true, true);
	assert_string_equal(buf_text(&line), "\"http a\\\"b\\\\c\",\"http a\\\"b\\\\c\"");
	buf_clear(&line);
	account_add_identity(&line, &odd, false, false);
	assert_string_equal(buf_text(&line), "http a\"b\\c\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_is_told_with_its_identities_and_by_whom),
		cmocka_unit_test(half_an_account_is_better_than_none),
		cmocka_unit_test(no_text_of_a_source_reaches_the_terminal_as_it_is),
		cmocka_unit_test(identities_are_text_lines_or_json_strings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
