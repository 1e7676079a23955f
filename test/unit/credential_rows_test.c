/* SPDX-License-Identifier: MPL-2.0 */
#include "session/credential_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *
rows_of(const char *set, struct err *err)
{
	char text[512];
	(void)snprintf(text, sizeof text, "{\"https://o\":%s}", set);
	json_t *all = json_loads(text, 0, NULL);
	assert_non_null(all);
	json_t *rows = credential_rows(all, err);
	json_decref(all);
	return rows;
}

static void
what_is_not_said_follows_from_what_is(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
		{"{\"file\":\"/s\"}", "guess", ""},
		{"{\"environment\":\"S\",\"user\":\"u\"}", "basic", "u"},
		{"{\"command\":[\"a\"],\"header\":\"X-Token\"}", "header", "X-Token"},
		{"{\"file\":\"/s\",\"kind\":\"bearer\"}", "bearer", ""},
		{"{\"certificate\":\"/c\"}", "guess", ""},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct err err = {0};
		json_t *made = rows_of(rows[at][0], &err);
		if (!made)
			fail_msg("%s", err.text);
		const json_t *row = json_array_get(made, 0);
		assert_string_equal(json_string_value(json_object_get(row, "origin")), "https://o");
		assert_string_equal(json_string_value(json_object_get(row, "use")), rows[at][1]);
		assert_string_equal(json_string_value(json_object_get(row, "name")), rows[at][2]);
		assert_int_equal(json_object_size(row), 8);
		json_decref(made);
	}
	struct err err = {0};
	json_t *none = credential_rows(NULL, &err);
	assert_int_equal(json_array_size(none), 0);
	json_decref(none);
}

static void
what_does_not_go_together_is_said_with_its_origin(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"{}", "neither"},
		{"{\"file\":\"/s\",\"environment\":\"S\"}", "one of file, command and environment"},
		{"{\"file\":\"/s\",\"kind\":\"guess\"}", "kind is"},
		{"{\"file\":\"/s\",\"kind\":\"basic\"}", "user and kind"},
		{"{\"file\":\"/s\",\"kind\":\"bearer\",\"user\":\"u\"}", "user and kind"},
		{"{\"file\":\"/s\",\"kind\":\"header\"}", "header and kind"},
		{"{\"file\":\"/s\",\"user\":\"u\",\"header\":\"h\"}", "header and kind"},
		{"{\"certificate\":\"/c\",\"realm\":\"https://r\"}", "not where that is"},
		{"{\"file\":\"/s\",\"key\":\"/k\"}", "a key goes with a certificate"},
		{"{\"file\":\"/s\",\"token\":\"t\"}", "its keys are"},
		{"{\"command\":[]}", "is empty"},
		{"{\"command\":[\"\"]}", "is empty"},
		{"{\"file\":\"\"}", "is empty"},
		{"{\"environment\":\"\"}", "is empty"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct err err = {0};
		assert_null(rows_of(rows[at][0], &err));
		assert_non_null(strstr(err.text, "credentials.\"https://o\""));
		if (!strstr(err.text, rows[at][1]))
			fail_msg("%s: %s", rows[at][0], err.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_said_follows_from_what_is),
		cmocka_unit_test(what_does_not_go_together_is_said_with_its_origin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
