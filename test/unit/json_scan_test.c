/* SPDX-License-Identifier: MPL-2.0 */
#include "island/json_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"

/* The events of a text: "{" or "[" is told as "(", its end as ")", a key as "KEY:", a string as 'it'. */
static void
expect(const char *text, const char *events)
{
	cleanup_buf struct buf said = BUF(BUF_MAX);
	struct json_scan scan = json_scan(bytes_text(text));
	for (bool more = true; more;) {
		struct bytes piece;
		switch (json_scan_next(&scan, &piece)) {
		case JSON_EVENT_OPEN:
			buf_format(&said, "(");
			break;
		case JSON_EVENT_CLOSE:
			buf_format(&said, ")");
			break;
		case JSON_EVENT_KEY:
			buf_format(&said, "%.*s:", BYTES_ARGS(piece));
			break;
		case JSON_EVENT_TEXT:
			buf_format(&said, "'%.*s'", BYTES_ARGS(piece));
			break;
		case JSON_EVENT_OTHER:
			buf_format(&said, "<%.*s>", BYTES_ARGS(piece));
			break;
		case JSON_EVENT_BAD:
			buf_format(&said, "!");
			more = false;
			break;
		case JSON_EVENT_END:
			more = false;
			break;
		}
	}
	assert_string_equal(buf_text(&said), events);
}

static void
a_text_is_told_event_by_event(void **state)
{
	(void)state;
	expect(" {\"a\" : [1, -2.5e+3,true , \"x\\\"y\"],\n\"b\":{}, \"\":null}\t",
		"(a:(<1><-2.5e+3><true>'x\\\"y')b:():<null>)");
	expect("\"\"", "''");
	expect("0", "<0>");
	expect("[[],[[]]]", "(()(()))");
	expect("[1E5,0.0,-0]", "(<1E5><0.0><-0>)");
	expect("\"\\u00e9\\/\\b\"", "'\\u00e9\\/\\b'");
}

static void
what_is_no_json_ends_where_it_is_none(void **state)
{
	(void)state;
	static const char *const rows[][2] = {{"", "!"}, {" ", "!"}, {"<html>", "!"}, {"{", "(!"},
		{"[1", "(<1>!"}, {"[1,]", "(<1>!"}, {"[,1]", "(!"}, {"{\"a\":1,}", "(a:<1>!"},
		{"{\"a\" 1}", "(a:!"}, {"{a:1}", "(!"}, {"[1}", "(<1>!"}, {"{} {}", "()!"},
		{"\"a", "!"}, {"\"\\x\"", "!"}, {"\"\\u12g4\"", "!"}, {"\"\\", "!"},
		{"\"a\nb\"", "!"}, {"01", "!"}, {"1.", "!"}, {"-", "!"}, {"1e", "!"}, {"+1", "!"},
		{"nul", "!"}, {"trues", "<true>!"}, {"]", "!"}, {"{\"a\":}", "(a:!"}};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		expect(rows[at][0], rows[at][1]);
}

static void
so_many_values_lie_in_each_other_and_no_more(void **state)
{
	(void)state;
	cleanup_buf struct buf text = BUF(BUF_MAX);
	cleanup_buf struct buf events = BUF(BUF_MAX);
	for (size_t at = 0; at < JSON_SCAN_DEPTH; at++) {
		buf_add_text(&text, at % 2 ? "[" : "{\"a\":");
		buf_add_text(&events, at % 2 ? "(" : "(a:");
	}
	cleanup_buf struct buf deeper = BUF(BUF_MAX);
	buf_format(&deeper, "%s[", buf_text(&text));
	cleanup_buf struct buf bad = BUF(BUF_MAX);
	buf_format(&bad, "%s!", buf_text(&events));
	expect(buf_text(&deeper), buf_text(&bad));
	buf_add_byte(&text, '7');
	buf_add_text(&events, "<7>");
	for (size_t at = JSON_SCAN_DEPTH; at-- > 0;) {
		buf_add_byte(&text, at % 2 ? ']' : '}');
		buf_add_byte(&events, ')');
	}
	expect(buf_text(&text), buf_text(&events));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_told_event_by_event),
		cmocka_unit_test(what_is_no_json_ends_where_it_is_none),
		cmocka_unit_test(so_many_values_lie_in_each_other_and_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
