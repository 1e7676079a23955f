/* SPDX-License-Identifier: MPL-2.0 */
#include "base/trace.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"

/* What is said on standard error while a part of this name traces a line. */
static struct buf
trace_of(const char *parts, const char *part, const char *text)
{
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	if (parts)
		assert_int_equal(setenv("CAB_TRACE", parts, 1), 0);
	else
		assert_int_equal(unsetenv("CAB_TRACE"), 0);
	int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	trace(part, "%s", text);
	assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);
	fd_close(before);
	fd_close(ends[1]);
	struct buf said = BUF(BUF_MAX);
	struct err err;
	assert_true(fd_read_all(ends[0], &said, &err));
	fd_close(ends[0]);
	return said;
}

static void
is_said(const char *parts, const char *part, bool expected)
{
	struct buf said = trace_of(parts, part, "an event");
	if ((said.size > 0) != expected)
		fail_msg("%s of \"%s\"", part, parts ? parts : "nothing");
	if (said.size) {
		/* One line: the time, the part, the event. */
		const char *line = strchr(buf_text(&said), ' ');
		char end[64];
		(void)snprintf(end, sizeof end, " %s: an event\n", part);
		assert_non_null(line);
		assert_string_equal(line, end);
	}
	buf_release(&said);
}

static void
only_the_parts_that_are_named_are_traced(void **state)
{
	(void)state;
	is_said(NULL, "store", false);
	is_said("", "store", false);
	is_said("store", "store", true);
	is_said("build,store", "store", true);
	is_said("store,build", "store", true);
	is_said("build,,store,", "store", true);
	is_said("build", "store", false);
	is_said("stores", "store", false);
	is_said("stor", "store", false);
	is_said("all", "store", true);
	is_said("build,all", "store", true);
}

static void
a_line_of_any_length_is_one_line_that_ends(void **state)
{
	(void)state;
	char text[5000];
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	struct buf said = trace_of("store", "store", text);
	assert_true(said.size > 1000 && said.size < sizeof text);
	assert_int_equal(said.data[said.size - 1], '\n');
	buf_release(&said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_parts_that_are_named_are_traced),
		cmocka_unit_test(a_line_of_any_length_is_one_line_that_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
