/* SPDX-License-Identifier: MPL-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lang/eval.h"
#include "lang/heap.h"
#include "lang/print.h"
#include "memory_host.h"

static struct value *
value_from(struct evaluator *evaluator, const char *text)
{
	struct value *value = eval_text(
		evaluator, "test.cab", bytes_text(text), NULL, "/test.cab", EVAL_IMPORTED);
	if (value)
		value = eval_deep(evaluator, value);
	if (!value)
		fail_msg("does not evaluate: %s", text);
	return value;
}

static void
what_is_printed_reads_back_and_prints_the_same(void **state)
{
	(void)state;
	static const char odd_text[] = "\"a\\\"b\\\\c\\n\\t\\r\\u{1}\\u{7f}\\0äß\\u{10ffff}\"";
	static const char *const texts[] = {"null", "[true, false]", "-9223372036854775808",
		"[1.5, 0.1, 1e22, 1e-7, 123456789.0, -0.0, 5e-324, 1.7976931348623157e308]",
		odd_text, "\"\\=x\"", "\"\\\\(x)\"", "/a/b\\ c/d-e_f.g", "/x/..",
		"<github:o/r@main>/a/b",
		"{ \"a b\" = 1, \"if\" = 2, \"\" = 3, ok-name' = 4, \"1\" = 5, `ä` = 6, \"true\" = "
		"7, }",
		"range 1 100", "{ a = { b = [1, { c = \"x\", }], }, d = [], e = {}, }",
		"map (x => { name = \"name\\(x)\", value = range 1 x, }) (range 1 12)"};
	struct memory_host *host = memory_host_new();
	struct evaluator *evaluator = evaluator_new(memory_host_functions(host), (size_t)64 << 20);
	for (size_t at = 0; at < sizeof texts / sizeof texts[0]; at++) {
		cleanup_buf struct buf first = BUF(BUF_MAX);
		cleanup_buf struct buf second = BUF(BUF_MAX);
		eval_print(evaluator, value_from(evaluator, texts[at]), &first);
		eval_print(evaluator, value_from(evaluator, buf_text(&first)), &second);
		assert_string_equal(buf_text(&first), buf_text(&second));
		cleanup_buf struct buf equal = BUF(BUF_MAX);
		buf_format(&equal, "(%s) == (%s)", texts[at], buf_text(&first));
		assert_int_equal(value_from(evaluator, buf_text(&equal))->flag, 1);
	}
	evaluator_free(evaluator);
	memory_host_free(host);
}

static void
what_a_terminal_would_obey_is_written_as_an_escape(void **state)
{
	(void)state;
	cleanup_buf struct buf out = BUF(BUF_MAX);
	print_string(
		BYTES_LITERAL("\x1b[2J\0 \xc2\x9b \xe2\x80\xae \xe2\x80\xa8 \xc3\xa4 \xff"), &out);
	assert_string_equal(
		buf_text(&out), "\"\\u{1b}[2J\\u{0} \\u{9b} \\u{202e} \\u{2028} \xc3\xa4 \xff\"");
}

static void
long_values_take_a_line_for_each_part(void **state)
{
	(void)state;
	struct memory_host *host = memory_host_new();
	struct evaluator *evaluator = evaluator_new(memory_host_functions(host), (size_t)64 << 20);
	cleanup_buf struct buf out = BUF(BUF_MAX);
	eval_print(evaluator,
		value_from(evaluator, "{ short = [1, 2], long = [\"a text of some length, to fill "
				      "the line\", \"and another one of these, longer\"], }"),
		&out);
	assert_string_equal(buf_text(&out),
		"{\n  long = [\n    \"a text of some length, to fill the line\",\n"
		"    \"and another one of these, longer\",\n  ],\n  short = [1, 2],\n}");
	evaluator_free(evaluator);
	memory_host_free(host);
}

static void
what_is_not_known_and_what_holds_itself_is_an_ellipsis(void **state)
{
	(void)state;
	struct memory_host *host = memory_host_new();
	struct evaluator *evaluator = evaluator_new(memory_host_functions(host), (size_t)64 << 20);
	cleanup_buf struct buf out = BUF(BUF_MAX);
	struct value *value = eval_text(evaluator, "x",
		BYTES_LITERAL("{ a = 1 + 1, b = 2, f = x => x, g = map, }"), NULL, "/x",
		EVAL_IMPORTED);
	eval_print(evaluator, value, &out);
	assert_string_equal(buf_text(&out), "{ a = …, b = 2, f = <function>, g = <function>, }");
	buf_clear(&out);
	eval_print(evaluator, value_from(evaluator, "self @ { a = self, b = [self], }"), &out);
	assert_string_equal(buf_text(&out), "{ a = …, b = […], }");
	evaluator_free(evaluator);
	memory_host_free(host);
}

static void
json_is_written_in_order_and_indented(void **state)
{
	(void)state;
	struct memory_host *host = memory_host_new();
	struct evaluator *evaluator = evaluator_new(memory_host_functions(host), (size_t)64 << 20);
	cleanup_buf struct buf out = BUF(BUF_MAX);
	struct value *value = value_from(evaluator,
		"{ b = [1, 1.5, null, true], a = \"x\\n\\u{1}\\\"ä\", e = {}, l = [], p = ./y, }");
	assert_true(eval_print_json(evaluator, value, 0, &out));
	assert_string_equal(buf_text(&out),
		"{\"a\":\"x\\n\\u0001\\\"ä\",\"b\":[1,1.5,null,true],\"e\":{},"
		"\"l\":[],\"p\":\"/y\"}");
	buf_clear(&out);
	value = value_from(evaluator, "{ a = [1, 2], }");
	assert_true(eval_print_json(evaluator, value, 2, &out));
	assert_string_equal(buf_text(&out), "{\n  \"a\": [\n    1,\n    2\n  ]\n}");
	value = value_from(evaluator, "self @ { a = self, }");
	assert_false(eval_print_json(evaluator, value, 0, &out));
	evaluator_free(evaluator);
	memory_host_free(host);
}

static void
messages_show_a_few_words(void **state)
{
	(void)state;
	struct memory_host *host = memory_host_new();
	struct evaluator *evaluator = evaluator_new(memory_host_functions(host), (size_t)64 << 20);
	cleanup_buf struct buf out = BUF(BUF_MAX);
	print_known(value_from(evaluator, "range 1 2000"), 40, &out);
	assert_true(out.size < 60);
	assert_non_null(strstr(buf_text(&out), "[1, 2, 3"));
	assert_non_null(strstr(buf_text(&out), "…"));
	evaluator_free(evaluator);
	memory_host_free(host);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_reads_back_and_prints_the_same),
		cmocka_unit_test(what_a_terminal_would_obey_is_written_as_an_escape),
		cmocka_unit_test(long_values_take_a_line_for_each_part),
		cmocka_unit_test(what_is_not_known_and_what_holds_itself_is_an_ellipsis),
		cmocka_unit_test(json_is_written_in_order_and_indented),
		cmocka_unit_test(messages_show_a_few_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
