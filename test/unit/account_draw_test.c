/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/account.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct buf
draw(const char *json)
{
	struct err err;
	json_t *account = account_decode(bytes_text(json), &err);
	if (!account)
		fail_msg("%s", err.text);
	struct buf out = BUF(BUF_MAX);
	account_draw(account, &out);
	json_decref(account);
	return out;
}

static size_t
count(struct buf *text, const char *word)
{
	size_t found = 0;
	for (const char *at = buf_text(text); (at = strstr(at, word)); at++)
		found++;
	return found;
}

/* Each tag that begins ends, nothing but the tags of a picture is there, and no address but the name of SVG. */
static void
is_a_picture(struct buf *svg)
{
	static const char *const tags[] = {"svg", "text", "title"};
	for (size_t at = 0; at < 3; at++) {
		char begin[16];
		char end[16];
		(void)snprintf(begin, sizeof begin, "<%s", tags[at]);
		(void)snprintf(end, sizeof end, "</%s>", tags[at]);
		assert_int_equal(count(svg, begin), count(svg, end));
	}
	assert_int_equal(count(svg, "<"), count(svg, "<svg") + count(svg, "<text") +
						  count(svg, "<title") + count(svg, "<rect") +
						  count(svg, "<line") + count(svg, "</"));
	assert_int_equal(count(svg, "<"), count(svg, ">"));
	assert_int_equal(count(svg, "http"), 1);
	assert_int_equal(count(svg, "<script"), 0);
}

#define ACCOUNT(milliseconds, sources)                                                             \
	"{\"version\":1,\"command\":\"build\",\"entry\":\"default.cab\","                          \
	"\"milliseconds\":" milliseconds ",\"sources\":[" sources "]}"
#define SOURCE(name, runs) "{\"source\":\"" name "\",\"why\":\"because\",\"runs\":[" runs "]}"
#define RUN(start, end, more)                                                                      \
	"{\"work\":\"fetch\",\"outcome\":\"ran\",\"start\":" start ",\"end\":" end more "}"

static void
an_account_of_nothing_is_a_picture_too(void **state)
{
	(void)state;
	static const char *const accounts[] = {"{\"version\":1,\"sources\":[]}", ACCOUNT("0", ""),
		ACCOUNT("0", SOURCE("a", "")), ACCOUNT("0", SOURCE("a", RUN("0", "0", "")))};
	for (size_t at = 0; at < 4; at++) {
		struct buf svg = draw(accounts[at]);
		is_a_picture(&svg);
		buf_release(&svg);
	}
}

static void
no_text_of_a_source_is_markup_or_a_control(void **state)
{
	(void)state;
	struct buf svg = draw(ACCOUNT(
		"100", SOURCE("<script>&'\\\"\\u001b[31m\\u202e",
			       RUN("1", "2",
				       ",\"identities\":[{\"at\":1,\"identity\":\"git "
				       "</title><script>\"}],"
				       "\"requests\":[{\"start\":1,\"end\":2,\"status\":404,"
				       "\"request\":\"GET ]]>\"}]"))));
	is_a_picture(&svg);
	assert_int_equal(count(&svg, "\x1b"), 0);
	assert_int_equal(count(&svg, "\xe2\x80\xae"), 0);
	assert_int_equal(count(&svg, "&lt;script&gt;&amp;&#39;&quot;"), 1);
	buf_release(&svg);
}

static void
numbers_that_no_run_has_stay_within_the_picture(void **state)
{
	(void)state;
	struct buf svg = draw(ACCOUNT("100",
		SOURCE("a", RUN("-5", "9223372036854775807", "") "," RUN("90", "10", "") "," RUN(
				    "\"x\"", "null", ",\"requests\":7,\"identities\":{}"))));
	is_a_picture(&svg);
	for (const char *at = buf_text(&svg); (at = strstr(at, " x=\"")); at++) {
		unsigned long x = strtoul(at + 4, NULL, 10);
		assert_true(x <= 1100);
	}
	buf_release(&svg);
}

static void
requests_that_overlap_lie_beneath_each_other_up_to_a_ceiling(void **state)
{
	(void)state;
	struct buf json = BUF(BUF_MAX);
	buf_add_text(&json, "{\"version\":1,\"milliseconds\":1000,\"sources\":[{\"source\":\"a\","
			    "\"runs\":[{\"start\":0,\"end\":1000,\"requests\":[");
	for (unsigned at = 0; at < 500; at++)
		buf_format(
			&json, "%s{\"start\":%u,\"end\":1000,\"status\":200}", at ? "," : "", at);
	buf_add_text(&json, "]}]}]}");
	struct buf svg = draw(buf_text(&json));
	is_a_picture(&svg);
	assert_int_equal(count(&svg, "#3b78b0"), 200);
	/* Sixteen lines of eight, and no more. */
	assert_non_null(strstr(buf_text(&svg), "height=\"228\""));
	buf_release(&svg);
	buf_release(&json);
}

static void
shows_name(const char *name, const char *shown)
{
	char json[1024];
	char expected[512];
	(void)snprintf(json, sizeof json, ACCOUNT("1", SOURCE("%s", RUN("0", "1", ""))), name);
	(void)snprintf(expected, sizeof expected, "</title>%s</text>", shown);
	struct buf svg = draw(json);
	is_a_picture(&svg);
	if (!strstr(buf_text(&svg), expected))
		fail_msg("%s is not in %s", expected, buf_text(&svg));
	buf_release(&svg);
}

#define TEN       "0123456789"
#define FORTY_SIX TEN TEN TEN TEN "012345"

static void
a_long_name_is_cut_between_letters(void **state)
{
	(void)state;
	shows_name(FORTY_SIX "ab", FORTY_SIX "ab");
	shows_name(FORTY_SIX "abc", FORTY_SIX "ab…");
	/* What is escaped is as long as it is shown. */
	shows_name(TEN TEN TEN TEN "01234\\u0007", TEN TEN TEN TEN "01234\\x0…");
	/* The letter that would be cut through goes whole. */
	shows_name(FORTY_SIX "a\xc3\xa9z", FORTY_SIX "a…");
	shows_name(FORTY_SIX "\xe2\x82\xacz", FORTY_SIX "…");
	shows_name(FORTY_SIX "\xc3\xa9z", FORTY_SIX "\xc3\xa9…");
}

static void
what_is_no_account_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "[]", "{}", "{\"version\":2,\"sources\":[]}",
		"{\"version\":1}", "{\"version\":1,\"sources\":{}}",
		"{\"version\":1,\"version\":1,\"sources\":[]}", "{\"version\":1,\"sources\":[]} x"};
	for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
		struct err err;
		assert_null(account_decode(bytes_text(bad[at]), &err));
		assert_int_equal(err.kind, ERR_CORRUPT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_account_of_nothing_is_a_picture_too),
		cmocka_unit_test(no_text_of_a_source_is_markup_or_a_control),
		cmocka_unit_test(numbers_that_no_run_has_stay_within_the_picture),
		cmocka_unit_test(requests_that_overlap_lie_beneath_each_other_up_to_a_ceiling),
		cmocka_unit_test(a_long_name_is_cut_between_letters),
		cmocka_unit_test(what_is_no_account_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
