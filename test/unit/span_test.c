/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_data.h"

#include "port.h"

static void
empty_spans_may_have_no_bytes_at_all(void **state)
{
	(void)state;
	struct span none = {NULL, 0};
	assert_true(span_equal(none, SPAN("")));
	assert_true(span_is(none, ""));
	assert_true(span_has_prefix(none, ""));
	assert_false(span_has_prefix(none, "a"));
	assert_int_equal(span_find(none, 'a'), 0);
	assert_int_equal(span_from(SPAN(""), 7).size, 0);
	assert_false(span_is_name(none));
	uint64_t number = 7;
	assert_false(span_number(none, &number));
	uint8_t bytes[4];
	size_t used = 0;
	struct span empty = SPAN("");
	assert_false(span_collect(&empty, bytes, &used, 4));
	assert_true(span_collect(&empty, bytes, &used, 0));
}

static void
words_end_at_the_separator_or_the_end(void **state)
{
	(void)state;
	struct span rest = SPAN("a//bc");
	assert_true(span_is(span_word(&rest, '/'), "a"));
	assert_true(span_is(span_word(&rest, '/'), ""));
	assert_true(span_is(span_word(&rest, '/'), "bc"));
	assert_int_equal(rest.size, 0);
	assert_int_equal(span_word(&rest, '/').size, 0);
}

static void
a_name_stands_for_nothing_but_itself(void **state)
{
	(void)state;
	char longest[257];
	memset(longest, 'a', sizeof longest);
	assert_true(span_is_name(SPAN("a")));
	assert_true(span_is_name(SPAN("...")));
	assert_true(span_is_name(SPAN("\xff\x01")));
	assert_true(span_is_name(span_of(longest, 255)));
	assert_false(span_is_name(span_of(longest, 256)));
	assert_false(span_is_name(SPAN(".")));
	assert_false(span_is_name(SPAN("..")));
	assert_false(span_is_name(SPAN("a/")));
}

static void
number_is(const char *text, bool good, uint64_t expected)
{
	uint64_t number = 7;
	bool read = span_number(span_text(text), &number);
	if (read != good)
		fail_msg("\"%s\" was %s", text, read ? "taken" : "refused");
	if (read)
		assert_int_equal(number, expected);
}

static void
numbers_are_digits_alone_and_never_wrap(void **state)
{
	(void)state;
	number_is("0", true, 0);
	number_is("007", true, 7);
	number_is("562949953421311", true, 562949953421311);
	number_is("-1", false, 0);
	number_is("+1", false, 0);
	number_is(" 1", false, 0);
	number_is("1 ", false, 0);
	number_is("0x1", false, 0);
	number_is("1125899906842624", false, 0);
	number_is("18446744073709551616", false, 0);
	number_is("18446744073709551617", false, 0);
	number_is("99999999999999999999999999999999999999", false, 0);
}

static void
bytes_are_collected_over_any_number_of_pieces(void **state)
{
	(void)state;
	uint8_t bytes[5] = {0};
	size_t used = 0;
	struct span input = SPAN("ab");
	assert_false(span_collect(&input, bytes, &used, 4));
	assert_int_equal(input.size, 0);
	input = SPAN("cdef");
	assert_true(span_collect(&input, bytes, &used, 4));
	assert_memory_equal(bytes, "abcd\0", 5);
	assert_true(span_is(input, "ef"));
	/* Once they are there, nothing more is taken. */
	assert_true(span_collect(&input, bytes, &used, 4));
	assert_true(span_is(input, "ef"));
}

static void
only_lower_case_letters_are_digits(void **state)
{
	(void)state;
	for (int letter = 0; letter < 256; letter++) {
		static const char digits[] = "0123456789abcdef";
		const char *found = letter ? strchr(digits, letter) : NULL;
		assert_int_equal(hex_digit((uint8_t)letter), found ? found - digits : -1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_spans_may_have_no_bytes_at_all),
		cmocka_unit_test(words_end_at_the_separator_or_the_end),
		cmocka_unit_test(a_name_stands_for_nothing_but_itself),
		cmocka_unit_test(numbers_are_digits_alone_and_never_wrap),
		cmocka_unit_test(bytes_are_collected_over_any_number_of_pieces),
		cmocka_unit_test(only_lower_case_letters_are_digits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
