/* SPDX-License-Identifier: MPL-2.0 */
#include "derivation/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
strings_are_escaped_as_rfc_8785_says(void **state)
{
	(void)state;
	cleanup_buf struct buf out = BUF(BUF_MAX);
	/* The string of RFC 8785's section 3.2.2.2, in part, and each short escape. */
	json_add_text(&out, BYTES_LITERAL("\xe2\x82\xac$\x0f\nA'B\"\\\\\"/\b\t\f\r\x7f"));
	assert_string_equal(
		buf_text(&out), "\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\\b\\t\\f\\r\x7f\"");
}

static void
a_writer_puts_commas_where_they_belong(void **state)
{
	(void)state;
	cleanup_buf struct buf out = BUF(BUF_MAX);
	struct json_writer writer = {.out = &out};
	json_write_open(&writer, '{');
	json_write_key(&writer, BYTES_LITERAL("a"));
	json_write_open(&writer, '[');
	json_write_close(&writer, ']');
	json_write_key(&writer, BYTES_LITERAL("b"));
	json_write_open(&writer, '[');
	json_write_integer(&writer, INT64_MIN);
	json_write_open(&writer, '{');
	json_write_close(&writer, '}');
	json_write_truth(&writer, true);
	json_write_close(&writer, ']');
	json_write_key(&writer, BYTES_LITERAL("c"));
	json_write_text(&writer, BYTES_LITERAL(""));
	json_write_close(&writer, '}');
	assert_string_equal(
		buf_text(&out), "{\"a\":[],\"b\":[-9223372036854775808,{},true],\"c\":\"\"}");
}

static void
only_shortest_utf_8_without_nul_is_text(void **state)
{
	(void)state;
	static const char *const good[] = {"", "a\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf",
		"\xed\xa0\x80", "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xff", "\xe2\x82g"};
	for (size_t at = 0; at < sizeof good / sizeof *good; at++)
		assert_true(json_text_is_valid(bytes_text(good[at])));
	for (size_t at = 0; at < sizeof bad / sizeof *bad; at++)
		assert_false(json_text_is_valid(bytes_text(bad[at])));
	assert_false(json_text_is_valid(bytes_of("a\0b", 3)));
}

static enum err_kind
refusal(const char *text, size_t depth)
{
	struct err err = {0};
	json_t *value = json_read(bytes_text(text), depth, &err);
	if (!value)
		return err.kind;
	json_decref(value);
	return ERR_NONE;
}

static void
what_is_not_strict_json_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "1", "\"a\"", "[1.5]", "[1e3]", "[1E3]", "[.5]",
		"[1,]", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "[\"\\u0000\"]",
		"{\"\\u0000\":1}", "[\"\\ud800\"]", "[\"\xff\"]", "[] []", "[9223372036854775808]",
		"[01]", "['a']", "[\"a", "[\"\\", "{a:1}", "[NaN]", "[\"\n\"]", "\xef\xbb\xbf[]"};
	for (size_t at = 0; at < sizeof bad / sizeof *bad; at++)
		if (refusal(bad[at], 8) != ERR_CORRUPT)
			fail_msg("%s is taken, or refused wrongly", bad[at]);
	assert_int_equal(refusal("{\"e\":[1, -9223372036854775808, true, null, \"1.5e3[[[\"]}", 2),
		ERR_NONE);
}

static void
nesting_ends_at_the_depth_asked_for(void **state)
{
	(void)state;
	assert_int_equal(refusal("[[{}]]", 3), ERR_NONE);
	assert_int_equal(refusal("[[[[]]]]", 3), ERR_LIMIT);
	enum { DEEP = 1 << 20 };
	char *deep = memory_new(DEEP + 1);
	memset(deep, '[', DEEP);
	deep[DEEP] = 0;
	assert_int_equal(refusal(deep, 512), ERR_LIMIT);
	free(deep);
}

static void
an_error_names_its_line(void **state)
{
	(void)state;
	struct err err = {0};
	assert_null(json_read(BYTES_LITERAL("[\n1,\n}"), 8, &err));
	assert_non_null(strstr(err.text, "line 3"));
	assert_null(json_read(BYTES_LITERAL("[\n1.5]"), 8, &err));
	assert_non_null(strstr(err.text, "line 2"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_escaped_as_rfc_8785_says),
		cmocka_unit_test(a_writer_puts_commas_where_they_belong),
		cmocka_unit_test(only_shortest_utf_8_without_nul_is_text),
		cmocka_unit_test(what_is_not_strict_json_is_refused),
		cmocka_unit_test(nesting_ends_at_the_depth_asked_for),
		cmocka_unit_test(an_error_names_its_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
