/* SPDX-License-Identifier: MPL-2.0 */
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/must.h"

static void
order_is_bytewise_and_unsigned_and_a_prefix_comes_first(void **state UNUSED)
{
	static const struct bytes sorted[] = {BYTES_LITERAL(""), BYTES_LITERAL("\0"),
		BYTES_LITERAL("A"), BYTES_LITERAL("a"), BYTES_LITERAL("a\0"), BYTES_LITERAL("aa"),
		BYTES_LITERAL("b"), BYTES_LITERAL("\x7f"), BYTES_LITERAL("\x80"),
		BYTES_LITERAL("\xff")};
	enum { COUNT = sizeof sorted / sizeof *sorted };
	for (size_t left = 0; left < COUNT; left++)
		for (size_t right = 0; right < COUNT; right++) {
			int order = bytes_compare(sorted[left], sorted[right]);
			assert_int_equal(
				(order > 0) - (order < 0), (left > right) - (left < right));
			assert_int_equal(bytes_equal(sorted[left], sorted[right]), left == right);
		}
}

static void
nothing_equals_nothing_wherever_it_points(void **state UNUSED)
{
	assert_true(bytes_equal(bytes_of(NULL, 0), BYTES_LITERAL("")));
	assert_int_equal(bytes_compare(bytes_of(NULL, 0), BYTES_LITERAL("")), 0);
	assert_true(bytes_equal_text(bytes_of(NULL, 0), ""));
	assert_false(bytes_equal_text(BYTES_LITERAL("a\0"), "a"));
	assert_int_equal(bytes_find(bytes_of(NULL, 0), 0), SIZE_MAX);
}

static void
prefixes_and_suffixes_may_be_empty_or_whole(void **state UNUSED)
{
	struct bytes span = BYTES_LITERAL("cab.1");
	assert_true(bytes_has_prefix(span, bytes_of(NULL, 0)));
	assert_true(bytes_has_prefix(span, span));
	assert_true(bytes_has_prefix(span, BYTES_LITERAL("cab")));
	assert_false(bytes_has_prefix(span, BYTES_LITERAL("cab.10")));
	assert_true(bytes_has_suffix(span, bytes_of(NULL, 0)));
	assert_true(bytes_has_suffix(span, span));
	assert_true(bytes_has_suffix(span, BYTES_LITERAL(".1")));
	assert_false(bytes_has_suffix(span, BYTES_LITERAL("xcab.1")));
	assert_true(bytes_has_prefix(bytes_of(NULL, 0), bytes_of(NULL, 0)));
	assert_false(bytes_has_suffix(bytes_of(NULL, 0), span));
}

static void
parts_of_a_span_never_reach_beyond_it(void **state UNUSED)
{
	struct bytes span = BYTES_LITERAL("abc");
	assert_true(bytes_equal_text(bytes_from(span, 1), "bc"));
	assert_int_equal(bytes_from(span, 3).size, 0);
	assert_int_equal(bytes_from(span, SIZE_MAX).size, 0);
	assert_true(bytes_equal_text(bytes_first(span, 2), "ab"));
	assert_true(bytes_equal_text(bytes_first(span, SIZE_MAX), "abc"));
	assert_int_equal(bytes_find(span, 'c'), 2);
	assert_int_equal(bytes_find(bytes_first(span, 2), 'c'), SIZE_MAX);
}

static void
a_split_yields_empty_pieces_too(void **state UNUSED)
{
	static const char *const pieces[] = {"a", "", "b", ""};
	struct bytes rest = BYTES_LITERAL("a,,b,");
	struct bytes piece;
	size_t count = 0;
	while (bytes_split(&rest, ',', &piece)) {
		assert_in_range(count, 0, 3);
		assert_true(bytes_equal_text(piece, pieces[count++]));
	}
	assert_int_equal(count, 4);
	assert_false(bytes_split(&rest, ',', &piece));
	rest = BYTES_LITERAL("");
	assert_true(bytes_split(&rest, ',', &piece));
	assert_int_equal(piece.size, 0);
	assert_false(bytes_split(&rest, ',', &piece));
}

static void
a_span_is_printed_whole_without_a_nul(void **state UNUSED)
{
	char text[16];
	(void)snprintf(text, sizeof text, "<%.*s>", BYTES_ARGS(bytes_first(bytes_text("abc"), 2)));
	assert_string_equal(text, "<ab>");
	(void)snprintf(text, sizeof text, "<%.*s>", BYTES_ARGS(bytes_of(NULL, 0)));
	assert_string_equal(text, "<>");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_is_bytewise_and_unsigned_and_a_prefix_comes_first),
		cmocka_unit_test(nothing_equals_nothing_wherever_it_points),
		cmocka_unit_test(prefixes_and_suffixes_may_be_empty_or_whole),
		cmocka_unit_test(parts_of_a_span_never_reach_beyond_it),
		cmocka_unit_test(a_split_yields_empty_pieces_too),
		cmocka_unit_test(a_span_is_printed_whole_without_a_nul),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
