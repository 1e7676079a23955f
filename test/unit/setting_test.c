/* SPDX-License-Identifier: MPL-2.0 */
#include "island/setting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void
expect_next(struct setting *setting, const char *section, const char *key, const char *value)
{
	assert_true(setting_next(setting));
	assert_true(bytes_equal_text(setting->section, section));
	assert_true(bytes_equal_text(setting->key, key));
	assert_true(bytes_equal_text(setting->value, value));
}

static void
lines_with_an_equals_sign_are_settings(void **state)
{
	(void)state;
	struct setting setting = setting_start(BYTES_LITERAL(
		"a=1\n b = \"x = y\" \r\n[s.t]\n# c=1\n; d=1\n\nno\ne='f'\n[ u ]\ng=\n"
		"=h\n'\n[\n]\ni = \"j"));
	expect_next(&setting, "", "a", "1");
	expect_next(&setting, "", "b", "x = y");
	expect_next(&setting, "s.t", "e", "f");
	expect_next(&setting, "u", "g", "");
	expect_next(&setting, "u", "", "h");
	expect_next(&setting, "u", "i", "\"j");
	assert_false(setting_next(&setting));
}

static void
an_empty_text_has_none(void **state)
{
	(void)state;
	struct setting setting = setting_start(BYTES_LITERAL(""));
	assert_false(setting_next(&setting));
	setting = setting_start(BYTES_LITERAL("[]\n"));
	assert_false(setting_next(&setting));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_with_an_equals_sign_are_settings),
		cmocka_unit_test(an_empty_text_has_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
