/* SPDX-License-Identifier: MPL-2.0 */
#include "session/config_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The texts at which a key stands: its name, and its value. */
static void
stands(enum config_shape shape, const char *text, const char *path, const char *name,
	const char *value)
{
	struct err err = {0};
	struct config_text *config = config_text_new("config.cab", bytes_text(text), shape, &err);
	assert_non_null(config);
	struct config_place place = config_place(config, path);
	const struct span spans[] = {place.name, place.value};
	const char *const expected[] = {name, value};
	for (size_t at = 0; at < 2; at++) {
		assert_true(spans[at].start <= spans[at].end && spans[at].end <= strlen(text));
		struct bytes found =
			bytes_of(text + spans[at].start, spans[at].end - spans[at].start);
		if (!bytes_equal_text(found, expected[at]))
			fail_msg("\"%.*s\" is not \"%s\"", BYTES_ARGS(found), expected[at]);
	}
	assert_string_equal(config_text_name(config), "config.cab");
	config_text_free(config);
}

static void
a_key_stands_where_it_is_written(void **state)
{
	(void)state;
	static const char text[] = "{ jobs = 2, limits = { seconds = 1 + 2, }, }";
	stands(CONFIG_WHOLE, text, "jobs", "jobs", "2");
	stands(CONFIG_WHOLE, text, "limits", "limits", "{ seconds = 1 + 2, }");
	stands(CONFIG_WHOLE, text, "limits\x01seconds", "seconds", "1 + 2");
	stands(CONFIG_WHOLE, text, "", text, text);
}

static void
a_quoted_name_is_that_name(void **state)
{
	(void)state;
	stands(CONFIG_WHOLE, "{ mirrors.\"registry:crates\" = [], }", "mirrors\x01registry:crates",
		"\"registry:crates\"", "[]");
}

static void
the_last_of_two_sets_wins_and_the_first_has_the_rest(void **state)
{
	(void)state;
	static const char text[] = "{ jobs = 1, root = \"/a\", } // { jobs = 2, }";
	stands(CONFIG_WHOLE, text, "jobs", "jobs", "2");
	stands(CONFIG_WHOLE, text, "root", "root", "\"/a\"");
}

static void
what_is_computed_stands_where_its_computation_does(void **state)
{
	(void)state;
	static const char text[] = "{ limits = f 1, }";
	stands(CONFIG_WHOLE, text, "limits\x01seconds", "f 1", "f 1");
	stands(CONFIG_WHOLE, "import ./other.cab", "jobs", "import ./other.cab",
		"import ./other.cab");
}

static void
a_pair_of_the_command_line_is_shown_as_it_was_written(void **state)
{
	(void)state;
	stands(CONFIG_PAIR, "jobs=2", "jobs", "jobs", "2");
	stands(CONFIG_PAIR, "limits.seconds = 3", "limits\x01seconds", "seconds", "3");
	stands(CONFIG_PAIR, "limits={ seconds = 3, }", "limits\x01seconds", "seconds", "3");
	/* What is beside it is the braces that nobody wrote: nothing outside of the text is shown. */
	stands(CONFIG_PAIR, "jobs=2", "root", "jobs=2", "jobs=2");
	stands(CONFIG_PAIR, "", "jobs", "", "");
}

static void
a_text_that_is_no_syntax_has_places_within_itself(void **state)
{
	(void)state;
	static const char *const texts[] = {"{ jobs = ", "{", "}", "jobs", "{ jobs = 2, } // ",
		"\"", "{ jobs.a = 1, jobs.b = 2, }", "(((((", "\xff\xfe", "let jobs = 2"};
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++)
		for (int shape = 0; shape < 2; shape++) {
			struct err err = {0};
			struct config_text *config = config_text_new("config.cab",
				bytes_text(texts[at]), shape ? CONFIG_PAIR : CONFIG_WHOLE, &err);
			if (!config)
				continue;
			struct config_place place = config_place(config, "jobs\x01"
									 "a");
			assert_true(place.name.end <= strlen(texts[at]));
			assert_true(place.value.end <= strlen(texts[at]));
			config_text_free(config);
		}
}

static void
a_text_longer_than_a_source_may_be_is_refused(void **state)
{
	(void)state;
	size_t size = (size_t)SOURCE_MAX + 1;
	char *text = memory_new(size);
	memset(text, ' ', size);
	for (int shape = 0; shape < 2; shape++) {
		struct err err = {0};
		assert_null(config_text_new("config.cab", bytes_of(text, size),
			shape ? CONFIG_PAIR : CONFIG_WHOLE, &err));
		assert_int_equal(err.kind, ERR_LIMIT);
	}
	/* A pair has braces around it: they count. */
	struct err err = {0};
	assert_null(
		config_text_new("--set", bytes_of(text, (size_t)SOURCE_MAX), CONFIG_PAIR, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_stands_where_it_is_written),
		cmocka_unit_test(a_quoted_name_is_that_name),
		cmocka_unit_test(the_last_of_two_sets_wins_and_the_first_has_the_rest),
		cmocka_unit_test(what_is_computed_stands_where_its_computation_does),
		cmocka_unit_test(a_pair_of_the_command_line_is_shown_as_it_was_written),
		cmocka_unit_test(a_text_that_is_no_syntax_has_places_within_itself),
		cmocka_unit_test(a_text_longer_than_a_source_may_be_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
