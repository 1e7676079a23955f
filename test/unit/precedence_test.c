/* SPDX-License-Identifier: MPL-2.0 */
#include "island/precedence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef int precedence(struct bytes left, struct bytes right);

/* Of texts between which a space stands, each beside each. */
static void
expect_pair(precedence *compare, const char *left, const char *right, int wanted)
{
	struct bytes lefts = bytes_text(left), one;
	while (bytes_split(&lefts, ' ', &one)) {
		struct bytes rights = bytes_text(right), other;
		while (bytes_split(&rights, ' ', &other)) {
			int order = compare(one, other);
			if ((order > 0) - (order < 0) != wanted)
				fail_msg("%.*s and %.*s: %d", BYTES_ARGS(one), BYTES_ARGS(other),
					order);
		}
	}
}

/* Each is below the next. */
static void
expect_order(precedence *compare, const char *const *texts, size_t count)
{
	for (size_t left = 0; left < count; left++)
		for (size_t right = 0; right < count; right++)
			expect_pair(compare, texts[left], texts[right],
				(left > right) - (left < right));
}

static void
versions_have_the_order_of_the_specification(void **state)
{
	(void)state;
	static const char *const texts[] = {"0.9.0", "0.10.0-0", "0.10.0", "1.0.0-alpha",
		"1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
		"1.0.0-rc.1 1.0.0-rc.1+build", "1.0.0 1.0.0+a 1.0.0+b 01.0.0", "1.0.1-1-1", "1.0.1",
		"18446744073709551617.0.0", "18446744073709551618.0.0", "x.1"};
	expect_order(precedence_semantic, texts, sizeof texts / sizeof *texts);
}

static void
versions_of_python_have_their_own_order(void **state)
{
	(void)state;
	static const char *const texts[] = {"1..2", "2004d", "latest", "1.dev0 1.0.DEV 1-dev",
		"1.0a1.dev2", "1.0a1 1.0-ALPHA.1 1.0.a_1", "1.0a1.post1.dev3", "1.0a1.post1",
		"1.0a2", "1.0b0 1.0b 1.0-beta. 1.beta", "1.0b2",
		"1.0rc1 1.0c1 1.0pre1 1.0-preview-1", "1.0rc1.post0", "1.0 v1 1.0.0 01.0 0!1",
		"1.0+abc 1.0+ABC", "1.0+abc.5 1.0+abc-5 1.0+abc_05", "1.0+abc.7", "1.0+5",
		"1.0+5.1", "1.0.post0.dev1", "1.0.post0 1.0.post 1.0-0",
		"1.0.post1 1.0-1 1.0rev1 1.0.r-1", "1.0.1.dev1", "1.0.1", "1.1", "1.10",
		"18446744073709551617", "1!0.1"};
	expect_order(precedence_python, texts, sizeof texts / sizeof *texts);
}

static void
what_is_empty_has_a_place_too(void **state)
{
	(void)state;
	struct bytes none = {NULL, 0};
	assert_int_equal(precedence_semantic(none, none), 0);
	assert_true(precedence_semantic(none, BYTES_LITERAL("0")) < 0);
	assert_int_equal(precedence_python(none, none), 0);
	assert_true(precedence_python(none, BYTES_LITERAL("0")) < 0);
	assert_true(precedence_python(BYTES_LITERAL("v"), none) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_have_the_order_of_the_specification),
		cmocka_unit_test(versions_of_python_have_their_own_order),
		cmocka_unit_test(what_is_empty_has_a_place_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
