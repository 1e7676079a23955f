/* SPDX-License-Identifier: MPL-2.0 */
#include "session_fixture.h"

#define D(name)                                                                                    \
	"(derivation { name = \"" name "\", program = \"/bin/sh\", "                               \
	"requiredRealizerFeatures = [\"host-root:debian-12\"], })"

/* The names of the goals, and of their derivations: "default=hello:out "; or the sentence. */
static void
expect_goals(struct desk *desk, const char *entry, const char *expected)
{
	struct session_options options = {.expression = entry};
	struct session *session = desk_open(desk, &options);
	struct value *value = NULL;
	session_goals goals = {0};
	struct err err = {0};
	char text[4096] = "";
	if (session_evaluate(session, &value, &err) &&
		session_find_goals(session, value, &goals, &err)) {
		for (size_t at = 0; at < goals.size; at++) {
			struct session_goal *goal = &goals.data[at];
			struct bytes name =
				graph_node(session_graph(session), goal->node)->derivation.name;
			(void)snprintf(text + strlen(text), sizeof text - strlen(text),
				"%s=%.*s:%.*s ", goal->name, BYTES_ARGS(name),
				BYTES_ARGS(goal->output));
		}
	} else {
		(void)snprintf(text, sizeof text, "%s", err.text);
	}
	if (!strstr(text, expected))
		fail_msg("%s: '%s', not '%s'", entry, text, expected);
	session_goals_release(&goals);
	session_close(session);
}

static void
goals_are_the_derivations_that_an_entry_is(void **state)
{
	struct desk *desk = *state;
	static const char *const rows[][2] = {
		{D("a"), "=a:out "},
		{"{ packages.default = " D("a") ", other = " D("b") ", }", "default=a:out "},
		{"{ packages.other = " D("a") ", b = " D("b") ", c = 3, }", "b=b:out "},
		{"{ a = " D("x") ", b = " D("y") ", n = 1, s = \"\", }", "a=x:out b=y:out "},
		{"<github:o/r>", "=r:out "},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		expect_goals(desk, rows[at][0], rows[at][1]);
}

static void
what_holds_no_derivation_is_refused_with_what_would(void **state)
{
	struct desk *desk = *state;
	static const char *const rows[][2] = {
		{"1", "a build wants a derivation"},
		{"\"text\"", "a build wants a derivation"},
		{"[]", "a build wants a derivation"},
		{"{}", "holds no derivation"},
		{"{ a = 1, }", "holds no derivation"},
		{"{ packages = {}, }", "holds no derivation"},
		/* Only one level of a set is looked at. */
		{"{ a.b = " D("x") ", }", "holds no derivation"},
		{"./x", "/x; a build wants a derivation"},
		{"<github:o/r>/x", "<github:o/r>/x: a part of an island is fetched as <…::/x>"},
		{"{ a = throw \"no\", }", "a cannot be evaluated"},
		{"{ packages.default = throw \"no\", }", "packages.default cannot be evaluated"},
		{"{ packages = throw \"no\", }", "cannot be evaluated"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		expect_goals(desk, rows[at][0], rows[at][1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		at_desk(goals_are_the_derivations_that_an_entry_is),
		at_desk(what_holds_no_derivation_is_refused_with_what_would),
	};
	return cmocka_run_group_tests_name("goal", tests, NULL, NULL);
}
