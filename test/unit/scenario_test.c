/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/path.h"

static char folder[] = "/tmp/cab-scenario-test.XXXXXX";

static int
make_folder(void **state)
{
	struct err err;
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	cleanup_fd int fd = fd_open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0, &err);
	return fd >= 0 && fd_replace_file(fd, "blob", bytes_of("\0\xff", 2), 0644, &err) ? 0 : -1;
}

static int
remove_folder(void **state)
{
	struct err err;
	(void)state;
	return path_remove(AT_FDCWD, folder, &err) ? 0 : -1;
}

static bool
read_text(struct arena *arena, const char *text, struct scenario *out, struct buf *printed,
	struct err *err)
{
	cleanup_fd int fd = fd_open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0, err);
	assert_true(fd >= 0);
	assert_true(fd_replace_file(fd, "a.cab", bytes_text(text), 0644, err));
	return scenario_read(
		arena, arena_format(arena, "%s/a.cab", folder), "http://h:1", out, printed, err);
}

static void
a_scenario_is_what_its_file_says(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	cleanup_buf struct buf printed = BUF(1 << 16);
	struct scenario scenario;
	struct err err = {0};
	const char *text = "{ base, } => {\n"
			   "  arguments = [\"paste\", \"\\(base)/x\"],\n"
			   "  serves = { \"/x\" = \"hello\", \"/y\" = { file = \"blob\", headers = "
			   "[\"A: b\", \"C: d\"], status = 404, }, },\n"
			   "  output = \"\",\n}\n";
	if (!read_text(&arena, text, &scenario, &printed, &err))
		fail_msg("%s\n%s", err.text, buf_text(&printed));
	assert_int_equal(scenario.argument_count, 2);
	assert_true(bytes_equal_text(scenario.arguments[1], "http://h:1/x"));
	assert_int_equal(scenario.serve_count, 2);
	assert_true(bytes_equal_text(scenario.serves[0].path, "/x"));
	assert_int_equal(scenario.serves[0].status, 200);
	assert_true(bytes_equal_text(scenario.serves[0].body, "hello"));
	assert_int_equal(scenario.serves[1].status, 404);
	assert_true(bytes_equal_text(scenario.serves[1].headers, "A: b\r\nC: d\r\n"));
	assert_true(bytes_equal(scenario.serves[1].body, bytes_of("\0\xff", 2)));
	assert_int_equal(scenario.changed_count, 0);
	assert_true(scenario.has_output && scenario.output.size == 0);
}

static void
what_is_wrong_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *says;
	} refusals[] = {
		{"1", "a set { arguments"},
		{"{}", "\"arguments\""},
		{"{ arguments = [1], }", "\"arguments\""},
		{"{ arguments = [], srves = {}, }", "no key \"srves\""},
		{"{ arguments = [], serves = 1, }", "\"serves\" is a set"},
		{"{ arguments = [], serves.x = \"\", }", "begins with '/'"},
		{"{ arguments = [], serves.\"/x\" = 1, }", "/x: a string or a set"},
		{"{ arguments = [], serves.\"/x\".bdy = \"\", }", "no key \"bdy\""},
		{"{ arguments = [], serves.\"/x\" = { body = \"\", file = \"a\", }, }", "one of"},
		{"{ arguments = [], serves.\"/x\".file = \"nothing\", }", "nothing: No such file"},
		{"{ arguments = [], serves.\"/x\".status = 99, }", "from 200 to 599"},
		{"{ arguments = [], changed.\"/x\".headers = [\"a\"], }", "changed: /x: a header"},
		{"{ arguments = [], output = 1, }", "\"output\" is a string"},
		{"{ more, } => {}", "cannot be evaluated"},
		{"import ./x", "cannot be evaluated"},
	};
	for (size_t at = 0; at < sizeof refusals / sizeof *refusals; at++) {
		cleanup_arena struct arena arena = ARENA;
		cleanup_buf struct buf printed = BUF(1 << 16);
		struct scenario scenario;
		struct err err = {0};
		if (read_text(&arena, refusals[at].text, &scenario, &printed, &err))
			fail_msg("%s is taken", refusals[at].text);
		if (!strstr(err.text, refusals[at].says) || !strstr(err.text, "a.cab"))
			fail_msg("\"%s\" says nothing of \"%s\"", err.text, refusals[at].says);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scenario_is_what_its_file_says),
		cmocka_unit_test(what_is_wrong_is_named),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
