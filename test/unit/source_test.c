/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct source *
source_of(struct bytes text)
{
	struct err err;
	struct source *source = source_new("a.cab", text, &err);
	assert_non_null(source);
	return source;
}

static void
expect_place(const struct source *source, uint32_t offset, uint32_t line, uint32_t column)
{
	struct source_place place = source_place(source, offset);
	assert_int_equal(place.line, line);
	assert_int_equal(place.column, column);
	assert_int_equal(source_line_number(source, offset), line);
}

static void
places_count_lines_and_code_points(void **state)
{
	(void)state;
	struct source *source = source_of(BYTES_LITERAL("ab\r\n\xc3\xa9 c\n\nd"));
	expect_place(source, 0, 1, 1);
	expect_place(source, 2, 1, 3);
	expect_place(source, 4, 2, 1);
	expect_place(source, 6, 2, 2);
	expect_place(source, 9, 3, 1);
	expect_place(source, 11, 4, 2);
	expect_place(source, 4000, 4, 2);
	source_free(source);
}

static void
lines_come_without_their_ends(void **state)
{
	(void)state;
	struct source *source = source_of(BYTES_LITERAL("ab\r\n\nc\r"));
	assert_int_equal(source->line_count, 3);
	assert_true(bytes_equal_text(source_line(source, 1), "ab"));
	assert_true(bytes_equal_text(source_line(source, 2), ""));
	assert_true(bytes_equal_text(source_line(source, 3), "c\r"));
	source_free(source);
}

static void
an_empty_source_has_one_line(void **state)
{
	(void)state;
	struct source *source = source_of(bytes_of(NULL, 0));
	assert_int_equal(source->line_count, 1);
	expect_place(source, 0, 1, 1);
	source_free(source);
}

static void
columns_of_a_long_line_are_counted_across_blocks(void **state)
{
	(void)state;
	size_t size = (size_t)SOURCE_BLOCK * 4;
	uint8_t *text = memory_new(size);
	for (size_t at = 0; at < size; at += 2)
		memcpy(text + at, "\xc3\xa9", 2);
	text[11] = '\n';
	text[10] = 'x';
	struct source *source = source_of(bytes_of(text, size));
	expect_place(source, 12, 2, 1);
	expect_place(source, (uint32_t)size, 2, (uint32_t)(size - 12) / 2 + 1);
	expect_place(source, SOURCE_BLOCK * 2, 2, SOURCE_BLOCK - 6 + 1);
	source_free(source);
	free(text);
}

static void
a_source_that_is_too_long_is_refused(void **state)
{
	(void)state;
	struct err err;
	uint8_t *text = memory_zero(SOURCE_MAX + 1, 1);
	assert_null(source_new("a.cab", bytes_of(text, SOURCE_MAX + 1), &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_non_null(strstr(err.text, "a.cab"));
	free(text);
}

/* Well-formed and ill-formed sequences at the borders of Unicode's table 3-7. */
static void
only_well_formed_utf8_is_decoded(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t size;
		uint32_t point;
	} rows[] = {
		{"a", 1, 'a'},
		{"\x7f", 1, 0x7f},
		{"\x80", 0, 0},
		{"\xc1\xbf", 0, 0},
		{"\xc2\x80", 2, 0x80},
		{"\xdf\xbf", 2, 0x7ff},
		{"\xe0\x9f\xbf", 0, 0},
		{"\xe0\xa0\x80", 3, 0x800},
		{"\xed\x9f\xbf", 3, 0xd7ff},
		{"\xed\xa0\x80", 0, 0},
		{"\xef\xbf\xbf", 3, 0xffff},
		{"\xf0\x8f\xbf\xbf", 0, 0},
		{"\xf0\x90\x80\x80", 4, 0x10000},
		{"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
		{"\xf4\x90\x80\x80", 0, 0},
		{"\xf5\x80\x80\x80", 0, 0},
		{"\xe2\x82", 0, 0},
		{"\xe2\x82"
		 "a",
			0, 0},
		{"", 0, 0},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		uint32_t point = 0;
		assert_int_equal(source_decode(bytes_text(rows[at].text), &point), rows[at].size);
		assert_int_equal(point, rows[at].point);
	}
}

static void
what_is_encoded_decodes(void **state)
{
	(void)state;
	for (uint32_t point = 1; point < 0x110000; point += point < 0x3000 ? 1 : 97) {
		uint8_t text[4];
		uint32_t decoded = 0;
		if (point >= 0xd800 && point < 0xe000)
			continue;
		size_t size = source_encode(point, text);
		assert_int_equal(source_decode(bytes_of(text, size), &decoded), size);
		assert_int_equal(decoded, point);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_count_lines_and_code_points),
		cmocka_unit_test(lines_come_without_their_ends),
		cmocka_unit_test(an_empty_source_has_one_line),
		cmocka_unit_test(columns_of_a_long_line_are_counted_across_blocks),
		cmocka_unit_test(a_source_that_is_too_long_is_refused),
		cmocka_unit_test(only_well_formed_utf8_is_decoded),
		cmocka_unit_test(what_is_encoded_decodes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
