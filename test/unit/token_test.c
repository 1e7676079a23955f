/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const kind_names[] = {
#define TOKEN(name, text) #name,
#include "lang/token_list.h"
#undef TOKEN
};

/* The kinds of a text's tokens, END left out, and how many errors were reported. */
static void
expect_tokens(const char *text, const char *wanted, size_t errors)
{
	struct err err;
	struct source *source = source_new("a.cab", bytes_text(text), &err);
	struct diagnostics diagnostics = DIAGNOSTICS;
	struct tokens tokens = {0};
	cleanup_buf struct buf kinds = BUF(4096);
	tokens_read(&tokens, source, &diagnostics);
	for (size_t at = 0; at + 1 < tokens.size; at++)
		buf_format(&kinds, at ? " %s" : "%s", kind_names[tokens.data[at].kind]);
	assert_string_equal(buf_text(&kinds), wanted);
	assert_int_equal(diagnostics.errors, errors);
	array_release(&tokens);
	diagnostics_release(&diagnostics);
	source_free(source);
}

static void
a_slash_glued_to_an_operand_divides(void **state)
{
	(void)state;
	expect_tokens("a/b", "NAME SLASH NAME", 0);
	expect_tokens("a /b", "NAME PATH_START TEXT PATH_END", 0);
	expect_tokens("a / b", "NAME SLASH NAME", 0);
	expect_tokens("a //b", "NAME UPDATE NAME", 0);
	expect_tokens(")/b", "PAREN_CLOSE SLASH NAME", 0);
	expect_tokens("\"\"/b", "STRING_START STRING_END SLASH NAME", 0);
	expect_tokens("4/2", "INTEGER SLASH INTEGER", 0);
	expect_tokens("a#= =#/b", "NAME PATH_START TEXT PATH_END", 0);
}

static void
dots_are_selections_paths_or_an_ellipsis(void **state)
{
	(void)state;
	expect_tokens("a.b", "NAME DOT NAME", 0);
	expect_tokens("a ./b", "NAME PATH_START TEXT PATH_END", 0);
	expect_tokens("a ..", "NAME PATH_START TEXT PATH_END", 0);
	expect_tokens("a...b", "NAME ELLIPSIS NAME", 0);
	expect_tokens(".../x", "ELLIPSIS PATH_START TEXT PATH_END", 0);
	expect_tokens("1...x", "INTEGER ELLIPSIS NAME", 0);
	expect_tokens("a .b", "NAME DOT NAME", 0);
}

static void
a_less_than_that_scheme_characters_follow_is_an_island(void **state)
{
	(void)state;
	expect_tokens("a <b", "NAME LESS NAME", 0);
	expect_tokens("a <b c", "NAME LESS NAME NAME", 0);
	expect_tokens("<b>", "ISLAND_START TEXT ISLAND_END", 0);
	expect_tokens("<a->b", "LESS NAME IMPLIES NAME", 0);
	expect_tokens("<a:b:c>", "ISLAND_START TEXT ISLAND_COLON TEXT ISLAND_END", 0);
	expect_tokens("<a::b>/c",
		"ISLAND_START TEXT ISLAND_SUBPATH TEXT ISLAND_END PATH_START TEXT PATH_END", 0);
	expect_tokens("<a:{b={}}:c>",
		"ISLAND_START TEXT ISLAND_CONFIG BRACE_OPEN NAME ASSIGN BRACE_OPEN BRACE_CLOSE "
		"BRACE_CLOSE ISLAND_SUBPATH TEXT ISLAND_END",
		0);
	expect_tokens("<a:b>//c", "ISLAND_START TEXT ISLAND_COLON TEXT ISLAND_END UPDATE NAME", 0);
	expect_tokens("<a:b\nc", "ISLAND_START TEXT ISLAND_COLON TEXT ISLAND_END NAME", 1);
}

static void
strings_end_at_their_own_fence(void **state)
{
	(void)state;
	expect_tokens("\"a\\\"b\"", "STRING_START TEXT STRING_END", 0);
	expect_tokens("\"=a\"b=\"", "STRING_START TEXT STRING_END", 0);
	expect_tokens("\"=a==\"b=\"", "STRING_START TEXT STRING_END", 0);
	expect_tokens(
		"\"=\\(a)\\=(b)=\"", "STRING_START TEXT HOLE_START NAME HOLE_END STRING_END", 0);
	expect_tokens("\"=\"", "STRING_START TEXT STRING_END", 1);
	expect_tokens("\"\\(\"\\(a)\")\"",
		"STRING_START HOLE_START STRING_START HOLE_START NAME HOLE_END STRING_END "
		"HOLE_END STRING_END",
		0);
	expect_tokens("\"\\((a)",
		"STRING_START HOLE_START PAREN_OPEN NAME PAREN_CLOSE HOLE_END "
		"STRING_END",
		1);
}

static void
comments_nest_with_their_own_fence(void **state)
{
	(void)state;
	expect_tokens("#== a #= b =# =# ==# 2", "INTEGER", 0);
	expect_tokens("#= #= =# =# 2", "INTEGER", 0);
	expect_tokens("#=#= =#=# 2", "INTEGER", 0);
	expect_tokens("# a\n2", "INTEGER", 0);
	expect_tokens("#= 2", "ERROR", 1);
}

static void
a_minus_before_greater_is_no_part_of_a_name(void **state)
{
	(void)state;
	expect_tokens("a->b", "NAME IMPLIES NAME", 0);
	expect_tokens("a-b", "NAME", 0);
	expect_tokens("a--b'", "NAME", 0);
	expect_tokens("1-b", "INTEGER MINUS NAME", 0);
}

static void
numbers_are_whole_or_a_single_error(void **state)
{
	(void)state;
	expect_tokens("1_000 0b1 0O7 0XfF", "INTEGER INTEGER INTEGER INTEGER", 0);
	expect_tokens("1.5 1e6 1.5E-3", "FLOAT FLOAT FLOAT", 0);
	expect_tokens("1. .5 017 1__0 12ab 0x 0b2", "ERROR ERROR ERROR ERROR ERROR ERROR ERROR", 7);
}

static void
what_is_reserved_is_one_error(void **state)
{
	(void)state;
	expect_tokens("a ==> b", "NAME ERROR NAME", 1);
	expect_tokens("''a b''", "ERROR", 1);
	expect_tokens("a\xc2\xa0"
		      "b",
		"NAME ERROR NAME", 1);
	expect_tokens("a\xff\xfe"
		      "b",
		"NAME ERROR NAME", 0);
}

/* A few of each class, and the exceptions (DerivedCoreProperties.txt). */
static void
names_follow_unicode(void **state)
{
	(void)state;
	assert_true(token_starts_name(0x4e2d));
	assert_true(token_starts_name(0x2118));
	assert_true(token_starts_name(0x2160));
	assert_false(token_starts_name(0x037a));
	assert_false(token_starts_name(0x2e2f));
	assert_false(token_starts_name(0x0301));
	assert_true(token_continues_name(0x0301));
	assert_true(token_continues_name(0x00b7));
	assert_true(token_continues_name(0x0e33));
	assert_false(token_starts_name(0x0e33));
	assert_false(token_continues_name(0x00a0));
	assert_false(token_continues_name(0x1f600));
	assert_true(token_is_name(BYTES_LITERAL("a-b'")));
	assert_false(token_is_name(BYTES_LITERAL("or")));
	assert_false(token_is_name(BYTES_LITERAL("")));
	assert_false(token_is_name(BYTES_LITERAL("1a")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slash_glued_to_an_operand_divides),
		cmocka_unit_test(dots_are_selections_paths_or_an_ellipsis),
		cmocka_unit_test(a_less_than_that_scheme_characters_follow_is_an_island),
		cmocka_unit_test(strings_end_at_their_own_fence),
		cmocka_unit_test(comments_nest_with_their_own_fence),
		cmocka_unit_test(a_minus_before_greater_is_no_part_of_a_name),
		cmocka_unit_test(numbers_are_whole_or_a_single_error),
		cmocka_unit_test(what_is_reserved_is_one_error),
		cmocka_unit_test(names_follow_unicode),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
