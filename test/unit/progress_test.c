/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/progress.h"

#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/fd.h"

/* What a function says on standard error through a progress of a style. */
static struct buf
said(enum progress_style style, void (*run)(struct progress *progress))
{
	struct err err;
	char name[] = "/tmp/cab-progress-XXXXXX";
	cleanup_fd int file = mkstemp(name);
	assert_true(file >= 0);
	assert_int_equal(unlink(name), 0);
	int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO);
	struct loop *loop = loop_new();
	struct progress *progress = progress_new(loop, style);
	run(progress);
	progress_free(progress);
	loop_free(loop);
	assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);
	fd_close(before);
	struct buf text = BUF(BUF_MAX);
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	assert_true(fd_read_all(file, &text, &err));
	return text;
}

static void
says(enum progress_style style, void (*run)(struct progress *progress), const char *expected)
{
	struct buf text = said(style, run);
	assert_string_equal(text.size ? buf_text(&text) : "", expected);
	buf_release(&text);
}

static void
fetch_well(struct progress *progress)
{
	size_t row = progress_start(progress, "fetch", BYTES_LITERAL("hexyl"));
	progress_log(progress, row, BYTES_LITERAL("a line"));
	progress_bytes(progress, row, 10, 20, 0);
	progress_moved(progress, row, 3, 1200);
	progress_finish(progress, row, PROGRESS_DONE, BYTES_LITERAL("1.2 kB"));
	size_t found = progress_start(progress, "build", BYTES_LITERAL("app"));
	progress_finish(progress, found, PROGRESS_FOUND, bytes_of(NULL, 0));
}

static void
build_badly(struct progress *progress)
{
	size_t row = progress_start(progress, "build", BYTES_LITERAL("app"));
	progress_state(progress, row, BYTES_LITERAL("waiting"));
	for (int line = 0; line < PROGRESS_LOG_LINES + 3; line++) {
		char text[32];
		int size = snprintf(text, sizeof text, "line %d", line);
		progress_log(progress, row, bytes_of(text, (size_t)size));
	}
	progress_finish(progress, row, PROGRESS_FAILED, BYTES_LITERAL("exit status 1"));
}

static void
be_hostile(struct progress *progress)
{
	size_t row = progress_start(progress, "fetch", BYTES_LITERAL("a\x1b[2J\xff"));
	progress_state(progress, row, BYTES_LITERAL("b\r\n"));
	progress_log(progress, row, BYTES_LITERAL("c\x07\"\\"));
	progress_say(progress, BYTES_LITERAL("d\x1b]0;x"));
	progress_finish(progress, row, PROGRESS_FAILED, BYTES_LITERAL("e\x9b"));
}

static void
a_row_is_one_line_when_it_ends(void **state)
{
	(void)state;
	says(PROGRESS_PLAIN, fetch_well, "fetch hexyl: 1.2 kB\n");
	says(PROGRESS_QUIET, fetch_well, "");
}

static void
a_failure_comes_after_the_last_lines_of_its_log_whatever_the_style(void **state)
{
	(void)state;
	struct buf expected = BUF(BUF_MAX);
	for (int line = 3; line < PROGRESS_LOG_LINES + 3; line++)
		buf_format(&expected, "    line %d\n", line);
	buf_add_text(&expected, "build app failed: exit status 1\n");
	says(PROGRESS_QUIET, build_badly, buf_text(&expected));
	struct buf plain = said(PROGRESS_PLAIN, build_badly);
	assert_true(bytes_has_prefix(
		buf_bytes(&plain), BYTES_LITERAL("build app: waiting\n    line 3\n")));
	buf_release(&plain);
	buf_release(&expected);
}

static void
what_strangers_say_is_escaped(void **state)
{
	(void)state;
	says(PROGRESS_PLAIN, be_hostile,
		"fetch a\\x1b[2J\\xff: b\\x0d\\x0a\n"
		"d\\x1b]0;x\n"
		"    c\\x07\"\\\n"
		"fetch a\\x1b[2J\\xff failed: e\\x9b\n");
}

static const char *
text_of(const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));
	return text ? text : "";
}

static void
each_event_is_an_object_of_its_own_line(void **state)
{
	(void)state;
	void (*const runs[])(struct progress * progress) = {fetch_well, build_badly, be_hostile};
	static const char *const ends[] = {"found", "failed", "failed"};
	for (size_t at = 0; at < 3; at++) {
		struct buf text = said(PROGRESS_JSON, runs[at]);
		struct bytes rest = buf_bytes(&text);
		struct bytes line;
		char last[32] = "";
		bool first = true;
		while (rest.size && bytes_split(&rest, '\n', &line)) {
			json_error_t why;
			json_t *event = json_loadb(
				(const char *)line.data, line.size, JSON_REJECT_DUPLICATES, &why);
			if (!event)
				fail_msg("%.*s: %s", BYTES_ARGS(line), why.text);
			(void)snprintf(last, sizeof last, "%s", text_of(event, "event"));
			if (first)
				assert_string_equal(last, "start");
			if (strcmp(last, "done") == 0) {
				assert_int_equal(
					json_integer_value(json_object_get(event, "requests")), 3);
				assert_int_equal(
					json_integer_value(json_object_get(event, "received")),
					1200);
				assert_string_equal(text_of(event, "text"), "1.2 kB");
			}
			first = false;
			json_decref(event);
		}
		assert_string_equal(last, ends[at]);
		buf_release(&text);
	}
}

static void
run_many(struct progress *progress)
{
	char longest[1000];
	memset(longest, 'n', sizeof longest);
	for (int row = 0; row < 20; row++)
		(void)progress_start(progress, "fetch", bytes_of(longest, sizeof longest));
	progress_say(progress, BYTES_LITERAL("first"));
	progress_say(progress, BYTES_LITERAL("second"));
}

static void
rows_that_are_redrawn_never_wrap_and_are_taken_away_whole(void **state)
{
	(void)state;
	struct buf text = said(PROGRESS_LIVE, run_many);
	/* Twelve rows and how many more there are: what was drawn is what the next drawing takes up. */
	const char *second = strstr(buf_text(&text), "second\n");
	assert_non_null(second);
	assert_non_null(strstr(second, "  and 8 more\n"));
	assert_memory_equal(second - strlen("\x1b[13A\x1b[0J"), "\x1b[13A\x1b[0J", 9);
	const char *end = buf_text(&text) + text.size - 9;
	assert_string_equal(end, "\x1b[13A\x1b[0J");
	struct bytes rest = buf_bytes(&text);
	struct bytes line;
	while (rest.size && bytes_split(&rest, '\n', &line))
		assert_true(line.size < 100 + 9);
	buf_release(&text);
}

static void
move(struct progress *progress)
{
	char name[200];
	memset(name, 'n', sizeof name);
	size_t row = progress_start(progress, "fetch", bytes_of(name, sizeof name));
	progress_bytes(progress, row, 123000, 456000, 789);
	progress_say(progress, BYTES_LITERAL("first"));
}

static void
a_long_name_gives_way_to_the_figures(void **state)
{
	(void)state;
	struct buf text = said(PROGRESS_LIVE, move);
	assert_non_null(strstr(buf_text(&text), "nnn…  123 kB of 456 kB  789 objects\n"));
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_is_one_line_when_it_ends),
		cmocka_unit_test(
			a_failure_comes_after_the_last_lines_of_its_log_whatever_the_style),
		cmocka_unit_test(what_strangers_say_is_escaped),
		cmocka_unit_test(each_event_is_an_object_of_its_own_line),
		cmocka_unit_test(a_long_name_gives_way_to_the_figures),
		cmocka_unit_test(rows_that_are_redrawn_never_wrap_and_are_taken_away_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
