/* SPDX-License-Identifier: MPL-2.0 */
#include "session_fixture.h"

static struct session *
open_with(struct desk *desk, const char *const *overrides, size_t count, struct err *err)
{
	const struct session_options options = {
		.expression = "<github:o/r>", .overrides = overrides, .override_count = count};
	struct session *session = desk_try(desk, &options, err);
	assert_non_null(session);
	return session;
}

static void
what_is_no_replacement_is_refused_by_its_text(void **state)
{
	struct desk *desk = *state;
	static const struct {
		const char *text, *sentence;
		enum err_kind kind;
	} rows[] = {
		{"", "wants ISLAND=PATH", ERR_USAGE},
		{"github:o/r", "wants ISLAND=PATH", ERR_USAGE},
		{"github:o/r=", "wants ISLAND=PATH", ERR_USAGE},
		{"=.", "wants ISLAND=PATH", ERR_USAGE},
		{"<github:o/r>", "wants ISLAND=PATH", ERR_USAGE},
		{"<github:o/r>.", "wants ISLAND=PATH", ERR_USAGE},
		{"<github:o/r=.", "wants ISLAND=PATH", ERR_USAGE},
		{"nothing=.", "is not an island", ERR_USAGE},
		{"github:o/r=nothing:x", "is not an island", ERR_USAGE},
		{"1 + 1=.", "is not an island", ERR_USAGE},
		{"<fs::/tmp>=.", "is a local tree", ERR_USAGE},
		{"github:o/r=<github:o/s>/x", "a part of an island is written <…::/x>", ERR_USAGE},
		{"github:o/r=./no-such-place", "--override", ERR_NOT_FOUND},
		{"github:o/r=no island", "is not an island", ERR_USAGE},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct err failure = {0};
		struct value *value = NULL;
		struct session *session = open_with(desk, &rows[at].text, 1, &failure);
		if (session_evaluate(session, &value, &failure))
			fail_msg("'%s' was taken", rows[at].text);
		if (failure.kind != rows[at].kind || !strstr(failure.text, rows[at].sentence))
			fail_msg("'%s': %d %s", rows[at].text, (int)failure.kind, failure.text);
		session_close(session);
	}
}

static void
one_island_is_replaced_once(void **state)
{
	struct desk *desk = *state;
	struct err failure = {0};
	struct value *value = NULL;
	struct session *session = open_with(desk,
		(const char *const[]){"github:o/r=/tmp", "<github:o/r>=github:a/b"}, 2, &failure);
	assert_false(session_evaluate(session, &value, &failure));
	assert_non_null(strstr(failure.text, "is replaced already"));
	session_close(session);
}

static void
a_folder_stands_for_an_island_and_what_is_beneath_it(void **state)
{
	struct desk *desk = *state;
	struct err failure = {0};
	char override[400];
	put(desk->place.fd, "tree/sub/file", "\"here\"", 0644);
	(void)snprintf(override, sizeof override, "github:o/r=%s/tree", desk->place.path);
	const char *overrides[] = {override};
	static const char *const rows[][2] = {
		{"readFile (<github:o/r> + \"/sub/file\")", "\"here\""},
		{"readFile <github:o/r::/sub/file>", "\"here\""},
		{"readFile (<github:o/r::/sub> + \"/file\")", "\"here\""},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		const struct session_options options = {
			.expression = rows[at][0], .overrides = overrides, .override_count = 1};
		struct session *session = desk_try(desk, &options, &failure);
		struct value *value = NULL;
		if (!session_evaluate(session, &value, &failure))
			fail_msg("%s: %s", rows[at][0], failure.text);
		assert_true(value_is(value, VALUE_STRING));
		good(session_say_overrides(session, &err));
		/* Nothing was asked, and the override was of use. */
		assert_int_equal(desk->asked.size, 0);
		assert_int_equal(desk->said.size, 0);
		session_close(session);
	}
}

static void
an_island_stands_for_another_one_and_no_lock_is_written(void **state)
{
	struct desk *desk = *state;
	struct err failure = {0};
	const char *overrides[] = {"github:o/r=github:a/b"};
	const struct session_options options = {.overrides = overrides, .override_count = 1};
	desk_write(desk, "default.cab", "<github:o/r>");
	struct session *session = desk_try(desk, &options, &failure);
	struct value *value = desk_evaluate(session);
	session_goals goals = {0};
	good(session_find_goals(session, value, &goals, &err));
	good(session_resolve(session, &goals, false, &err));
	assert_string_equal(desk_source(session, "github:o/r").instead, "github:a/b");
	const struct graph_node *node = graph_node(session_graph(session), goals.data[0].node);
	bool other = false;
	for (size_t at = 0; at < node->derivation.argument_count; at++)
		other |= bytes_equal_text(node->derivation.arguments[at], "a/b");
	assert_true(other);
	assert_string_equal(desk_read(desk, "default.cab.lock"), "");
	session_goals_release(&goals);
	session_close(session);
}

static void
an_override_that_nothing_met_is_told(void **state)
{
	struct desk *desk = *state;
	struct err failure = {0};
	struct session *session =
		open_with(desk, (const char *const[]){"github:x/y=/tmp"}, 1, &failure);
	(void)desk_evaluate(session);
	good(session_say_overrides(session, &err));
	assert_non_null(strstr(buf_text(&desk->said), "met no island <github:x/y>"));
	assert_non_null(strstr(buf_text(&desk->said), "it met <github:o/r>"));
	session_close(session);
}

static void
a_scheme_may_be_bound_by_the_text_alone_but_not_by_nobody(void **state)
{
	struct desk *desk = *state;
	static const char *const rows[][3] = {
		{"paste = { program = ./mine }; readFile <paste:notes>", "paste:notes", ""},
		{"paste = { program = ./mine }; [<paste:other>]", "paste:notes", ""},
		{"1", "githb:o/r", "there is no scheme `githb`, did you mean `github`"},
		{"1", "nothing:x", ""},
	};
	desk_write(desk, "mine", "\"here\"");
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct err failure = {0};
		char override[400];
		(void)snprintf(
			override, sizeof override, "%s=%s/mine", rows[at][1], desk->place.path);
		const char *overrides[] = {override};
		const struct session_options options = {
			.overrides = overrides, .override_count = 1};
		desk_write(desk, "default.cab", rows[at][0]);
		struct session *session = desk_try(desk, &options, &failure);
		struct value *value = NULL;
		if (!session_evaluate(session, &value, &failure))
			fail_msg("%s: %s", rows[at][0], failure.text);
		assert_int_equal(session_say_overrides(session, &failure), !*rows[at][2]);
		if (*rows[at][2] &&
			(failure.kind != ERR_USAGE || !strstr(failure.text, rows[at][2])))
			fail_msg("%s: %s", rows[at][1], failure.text);
		session_close(session);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		at_desk(what_is_no_replacement_is_refused_by_its_text),
		at_desk(one_island_is_replaced_once),
		at_desk(a_folder_stands_for_an_island_and_what_is_beneath_it),
		at_desk(an_island_stands_for_another_one_and_no_lock_is_written),
		at_desk(an_override_that_nothing_met_is_told),
		at_desk(a_scheme_may_be_bound_by_the_text_alone_but_not_by_nobody),
	};
	return cmocka_run_group_tests_name("override", tests, NULL, NULL);
}
