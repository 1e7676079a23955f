/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_data.h"

#include "version.h"

static void
versions_have_the_order_of_the_specification(void **state)
{
	(void)state;
	static const char *const ascending[] = {"0.0.4", "0.9.0", "0.10.0", "1.0.0-alpha",
		"1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
		"1.0.0-rc.1", "1.0.0", "1.0.1", "1.0.18446744073709551616", "2.0.0-0", "2.0.0"};
	for (size_t low = 0; low < sizeof ascending / sizeof *ascending; low++)
		for (size_t high = 0; high < sizeof ascending / sizeof *ascending; high++) {
			int order = version_compare(
				span_text(ascending[low]), span_text(ascending[high]));
			if ((order > 0) - (order < 0) != (low > high) - (low < high))
				fail_msg("%s, %s: %d", ascending[low], ascending[high], order);
		}
	assert_int_equal(version_compare(SPAN("1.0.0+a"), SPAN("1.0.0+b-1")), 0);
	assert_true(version_is_early(SPAN("1.0.0-a+b")));
	assert_false(version_is_early(SPAN("1.0.0+a-b")));
}

static void
versions_of_python_have_their_own_order(void **state)
{
	(void)state;
	static const char *const ascending[] = {"0.9", "1.0", "1.0.post0", "1.0.post1", "1.0.1",
		"1.2", "1.10", "2021.1", "1!0.1", "2!0"};
	for (size_t low = 0; low < sizeof ascending / sizeof *ascending; low++)
		for (size_t high = 0; high < sizeof ascending / sizeof *ascending; high++) {
			int order = version_compare_python(
				span_text(ascending[low]), span_text(ascending[high]));
			if ((order > 0) - (order < 0) != (low > high) - (low < high))
				fail_msg("%s, %s: %d", ascending[low], ascending[high], order);
		}
	assert_true(version_is_same_python(SPAN("1.0"), SPAN("1.0.0")));
	assert_true(version_is_same_python(SPAN("1.0rc1"), SPAN("1.0rc1")));
	assert_false(version_is_same_python(SPAN("1.0rc1"), SPAN("1.0rc2")));
	assert_false(version_is_same_python(SPAN("1.0"), SPAN("1.0.post0")));
}

static void
only_finals_of_python_are_final(void **state)
{
	(void)state;
	static const char *const finals[] = {"1", "1.0", "1.0.post1", "3!1.0", "2021.10.8"};
	static const char *const others[] = {"", "1.0rc1", "1.0a1", "1.0.dev1", "1.0.post",
		"1.0.post1.dev2", "1.0+local", "v1.0", "1.", ".1", "1..2", "!1", "x!1", "post1",
		"1.0-1"};
	for (size_t at = 0; at < sizeof finals / sizeof *finals; at++)
		if (!version_is_final_python(span_text(finals[at])))
			fail_msg("%s", finals[at]);
	for (size_t at = 0; at < sizeof others / sizeof *others; at++)
		if (version_is_final_python(span_text(others[at])))
			fail_msg("%s", others[at]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_have_the_order_of_the_specification),
		cmocka_unit_test(versions_of_python_have_their_own_order),
		cmocka_unit_test(only_finals_of_python_are_final),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
