/* SPDX-License-Identifier: MPL-2.0 */
#include "derivation/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static bool
accepts(const char *text)
{
	struct identity identity;
	return identity_parse(bytes_text(text), &identity);
}

static void
an_identity_is_a_format_and_a_value(void **state)
{
	(void)state;
	struct identity identity;
	assert_true(identity_parse(BYTES_LITERAL("git-tree 9ab1+submodules"), &identity));
	assert_true(bytes_equal_text(identity.format, "git-tree"));
	assert_true(bytes_equal_text(identity.value, "9ab1+submodules"));
	cleanup_arena struct arena arena = ARENA;
	assert_true(bytes_equal_text(identity_print(&arena, identity), "git-tree 9ab1+submodules"));
}

static void
what_the_grammar_does_not_know_is_refused(void **state)
{
	(void)state;
	static const char *const refused[] = {"", "git", "git ", " 1", "Git 1", "1git 1", "-git 1",
		"git  1", "git 1 2", "git 1\n", "git \t", "g\xc3\xa9t 1", "git \x7f",
		"git \xc3\xa9", "abcdefghijklmnopqrstuvwxyzabcdefg 1"};
	for (size_t at = 0; at < sizeof refused / sizeof *refused; at++)
		assert_false(accepts(refused[at]));
	assert_true(accepts("a 1"));
	assert_true(accepts("sha256.tar1 !~"));
	assert_true(accepts("abcdefghijklmnopqrstuvwxyzabcdef 1"));
}

static void
a_value_has_at_most_512_characters(void **state)
{
	(void)state;
	char text[IDENTITY_TEXT + 2];
	memset(text, 'a', sizeof text - 1);
	text[1] = ' ';
	text[2 + IDENTITY_VALUE] = 0;
	assert_true(accepts(text));
	text[2 + IDENTITY_VALUE] = 'a';
	text[3 + IDENTITY_VALUE] = 0;
	assert_false(accepts(text));
}

static void
a_cab_value_is_a_kind_and_a_digest(void **state)
{
	(void)state;
	struct bytes good = BYTES_LITERAL("dnovgzh2gd7udjko2b25wfyhw7ogbdgekldf4kg4nvacav2qzxq5a");
	assert_true(cab_value_is_valid(good));
	assert_false(cab_value_is_valid(bytes_first(good, good.size - 1)));
	assert_false(cab_value_is_valid(
		BYTES_LITERAL("enovgzh2gd7udjko2b25wfyhw7ogbdgekldf4kg4nvacav2qzxq5a")));
	assert_false(cab_value_is_valid(
		BYTES_LITERAL("dnovgzh2gd7udjko2b25wfyhw7ogbdgekldf4kg4nvacav2qzxq5b")));
	assert_false(cab_value_is_valid(BYTES_LITERAL(".")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_identity_is_a_format_and_a_value),
		cmocka_unit_test(what_the_grammar_does_not_know_is_refused),
		cmocka_unit_test(a_value_has_at_most_512_characters),
		cmocka_unit_test(a_cab_value_is_a_kind_and_a_digest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
