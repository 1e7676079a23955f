/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/entry.h"

#include "lang/print.h"
#include "store_fixture.h"

/* What an entry's run saw. */
struct seen {
	int runs;
	bool fails;
	char value[200];
};

static bool
see(void *context, struct entry *entry, struct value *value, struct err *err)
{
	struct seen *seen = context;
	(void)entry;
	seen->runs++;
	(void)snprintf(seen->value, sizeof seen->value, "%s", value_describe(value));
	return !seen->fails || err_set(err, ERR_REFUSED, "the task failed");
}

static int
home_setup(void **state)
{
	assert_int_equal(place_setup(state), 0);
	struct place *place = *state;
	(void)setenv("HOME", place->path, 1);
	(void)setenv("CAB_ROOT", place->root, 1);
	(void)unsetenv("CAB_CONFIG");
	(void)unsetenv("XDG_CONFIG_HOME");
	return chdir(place->path);
}

static int
home_teardown(void **state)
{
	return chdir("/") + place_teardown(state);
}

static void
an_island_s_text_is_told_from_a_file_s_name(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool island;
	} rows[] = {
		{"<github:o/r>", true},
		{"<", true},
		{"github:o/r", true},
		{"crates:hexyl", true},
		{"https://h/x", true},
		{"fs::/x", true},
		{"", false},
		{":", false},
		{"default.cab", false},
		{"githubb:o/r", false},
		{"Github:o/r", false},
		{"./github:o/r", false},
		{"a#b:c", false},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		if (entry_is_island(rows[at].text) != rows[at].island)
			fail_msg("'%s'", rows[at].text);
}

static void
operands_are_islands_to_update_and_one_entry(void **state)
{
	struct place *place = *state;
	static const struct {
		const char *operands[3];
		bool islands;
		const char *entry;
		size_t updates; /* SIZE_MAX: refused */
	} rows[] = {
		{{NULL}, true, NULL, 1},
		{{"x.cab"}, true, "x.cab", 1},
		{{"github:o/r"}, true, NULL, 2},
		{{"<github:o/r>", "x.cab", "crates:a"}, true, "x.cab", 3},
		/* A mistyped scheme is not taken for a file that is not there. */
		{{"githubb:o/r"}, true, NULL, 2},
		/* A file that is there wins. */
		{{"git:file"}, true, "git:file", 1},
		{{"x.cab", "y.cab"}, true, NULL, SIZE_MAX},
		{{"github:o/r"}, false, "github:o/r", 1},
		{{"github:o/r", "x.cab"}, false, NULL, SIZE_MAX},
	};
	put(place->fd, "git:file", "1", 0644);
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct options options = {0};
		struct options own;
		const char *entry = "before";
		struct err err = {0};
		*array_push(&options.update_list) = "github:first/one";
		for (size_t next = 0; next < 3 && rows[at].operands[next]; next++)
			*array_push(&options.operands) = rows[at].operands[next];
		bool taken = entry_take_updates(&options, rows[at].islands, &own, &entry, &err);
		assert_int_equal(taken, rows[at].updates != SIZE_MAX);
		if (taken) {
			assert_int_equal(own.update_list.size, rows[at].updates);
			assert_string_equal(own.update_list.data[0], "github:first/one");
			assert_string_equal(
				entry ? entry : "", rows[at].entry ? rows[at].entry : "");
			array_release(&own.update_list);
		} else {
			assert_int_equal(err.kind, ERR_USAGE);
		}
		/* The caller's own list is as it was. */
		assert_int_equal(options.update_list.size, 1);
		array_release(&options.update_list);
		array_release(&options.operands);
	}
}

static void
an_entry_is_a_file_an_expression_or_a_part_of_it(void **state)
{
	struct place *place = *state;
	static const struct {
		const char *expression, *operand, *value; /* NULL: an error */
		enum err_kind kind;
	} rows[] = {
		{"1", NULL, "an integer", ERR_NONE},
		{NULL, NULL, "a set", ERR_NONE},
		{NULL, "default.cab", "a set", ERR_NONE},
		{NULL, ".", "a set", ERR_NONE},
		{NULL, "default.cab#a.b", "an integer", ERR_NONE},
		{NULL, "#a", "a set", ERR_NONE},
		{NULL, "#a.b", "an integer", ERR_NONE},
		/* A file of the literal name wins. */
		{NULL, "x#a", "a string", ERR_NONE},
		{NULL, "none.cab", NULL, ERR_NOT_FOUND},
		{"1", "default.cab", NULL, ERR_USAGE},
	};
	put(place->fd, "default.cab", "{ a.b = 1, }", 0644);
	put(place->fd, "x#a", "\"x\"", 0644);
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct options options = {.expression = rows[at].expression, .quiet = true};
		struct seen seen = {0};
		struct err err = {0};
		const struct entry_task task = {.context = &seen, .run = see};
		bool done = entry_run(&options, rows[at].operand, false, false, &task, &err);
		if (done != (rows[at].value != NULL) ||
			(done && !strstr(seen.value, rows[at].value)) ||
			(!done && err.kind != rows[at].kind))
			fail_msg("%zu: %s %d %s", at, seen.value, (int)err.kind, err.text);
		assert_int_equal(seen.runs, done);
	}
}

static void
standard_input_is_an_entry_too(void **state)
{
	struct place *place = *state;
	put(place->fd, "input", "\"text\"", 0644);
	struct seen seen = {0};
	struct options options = {.quiet = true};
	const struct entry_task task = {.context = &seen, .run = see};
	int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	cleanup_fd int input = openat(place->fd, "input", O_RDONLY | O_CLOEXEC);
	assert_int_equal(dup2(input, STDIN_FILENO), STDIN_FILENO);
	good(entry_run(&options, "-", false, false, &task, &err));
	assert_string_equal(seen.value, "a string");
	if (kept >= 0)
		assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
	fd_close(kept);
}

static void
a_task_that_fails_and_an_entry_that_does_not_evaluate_are_failures(void **state)
{
	struct place *place = *state;
	struct options options = {.quiet = true};
	struct seen seen = {.fails = true};
	const struct entry_task task = {.context = &seen, .run = see};
	struct err failure = {0};
	put(place->fd, "default.cab", "1", 0644);
	assert_false(entry_run(&options, NULL, false, false, &task, &failure));
	assert_string_equal(failure.text, "the task failed");
	put(place->fd, "default.cab", "throw \"no\"", 0644);
	assert_false(entry_run(&options, NULL, false, false, &task, &failure));
	assert_int_equal(seen.runs, 1);
}

#define at_home(test) cmocka_unit_test_setup_teardown(test, home_setup, home_teardown)

int
main(void)
{
	/* Diagnostics are for people: here nobody reads them. */
	if (!freopen("/dev/null", "we", stderr))
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_island_s_text_is_told_from_a_file_s_name),
		at_home(operands_are_islands_to_update_and_one_entry),
		at_home(an_entry_is_a_file_an_expression_or_a_part_of_it),
		at_home(standard_input_is_an_entry_too),
		at_home(a_task_that_fails_and_an_entry_that_does_not_evaluate_are_failures),
	};
	return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
