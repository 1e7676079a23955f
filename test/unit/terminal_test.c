/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/terminal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <cmocka.h>

#include "base/fd.h"

static void
escapes(struct bytes text, const char *shown)
{
	cleanup_buf struct buf out = BUF(4096);
	terminal_escape(text, &out);
	assert_string_equal(buf_text(&out), shown);
}

static void
what_a_terminal_would_obey_is_shown_instead(void **state UNUSED)
{
	escapes(BYTES_LITERAL("\x1b[2J"), "\\x1b[2J");
	escapes(BYTES_LITERAL("\x1b]0;title\a"), "\\x1b]0;title\\x07");
	escapes(BYTES_LITERAL("a\rb\nc\td\be"), "a\\x0db\\x0ac\\x09d\\x08e");
	escapes(BYTES_LITERAL("a\0b\x7f"), "a\\x00b\\x7f");
	escapes(BYTES_LITERAL("\xc2\x9b"
			      "2J"),
		"\\u{9b}2J");
	escapes(BYTES_LITERAL("\x9b"
			      "2J"),
		"\\x9b2J");
	escapes(BYTES_LITERAL("\xe2\x80\xa8\xe2\x80\xa9"), "\\u{2028}\\u{2029}");
}

static void
what_turns_the_direction_of_text_is_shown(void **state UNUSED)
{
	static const unsigned points[] = {0x61c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d,
		0x202e, 0x2066, 0x2067, 0x2068, 0x2069};
	for (size_t at = 0; at < sizeof points / sizeof *points; at++) {
		unsigned point = points[at];
		uint8_t raw[3] = {(uint8_t)(0xe0 | point >> 12),
			(uint8_t)(0x80 | (point >> 6 & 0x3f)), (uint8_t)(0x80 | (point & 0x3f))};
		uint8_t two[2] = {(uint8_t)(0xc0 | point >> 6), (uint8_t)(0x80 | (point & 0x3f))};
		cleanup_buf struct buf shown = BUF(64);
		buf_format(&shown, "\\u{%x}", point);
		escapes(point < 0x800 ? bytes_of(two, 2) : bytes_of(raw, 3), buf_text(&shown));
	}
}

static void
letters_of_every_script_stay_and_broken_utf8_does_not(void **state UNUSED)
{
	escapes(BYTES_LITERAL("na\xc3\xafve \xe6\xbc\xa2 \xf0\x9f\x8f\x9d"),
		"na\xc3\xafve \xe6\xbc\xa2 \xf0\x9f\x8f\x9d");
	escapes(BYTES_LITERAL("\xff\xc3"), "\\xff\\xc3");
	escapes(BYTES_LITERAL("\xc0\xaf"), "\\xc0\\xaf");
	escapes(BYTES_LITERAL("\xed\xa0\x80"), "\\xed\\xa0\\x80");
	escapes(BYTES_LITERAL("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
	escapes(bytes_of(NULL, 0), "");
}

static void
json_of(struct bytes text, const char *expected)
{
	cleanup_buf struct buf out = BUF(4096);
	terminal_add_json(&out, text);
	assert_string_equal(buf_text(&out), expected);
}

static void
a_json_string_holds_nothing_that_a_terminal_would_obey(void **state UNUSED)
{
	json_of(BYTES_LITERAL("a\"b\\c/"), "\"a\\\"b\\\\c/\"");
	json_of(BYTES_LITERAL("\x1b[2J\n\0\x7f"), "\"\\u001b[2J\\u000a\\u0000\\u007f\"");
	json_of(BYTES_LITERAL("\xc2\x9b"), "\"\\u009b\"");
	json_of(BYTES_LITERAL("\xe2\x80\xae"), "\"\\u202e\"");
	json_of(BYTES_LITERAL("\xff\xc3\xa9"), "\"\xef\xbf\xbd\xc3\xa9\"");
	json_of(bytes_of(NULL, 0), "\"\"");
}

struct terminal {
	int master;
	int slave;
};

static int
terminal_setup(void **state)
{
	static struct terminal terminal;
	terminal.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal.master < 0 || grantpt(terminal.master) < 0 || unlockpt(terminal.master) < 0)
		return -1;
	terminal.slave = open(ptsname(terminal.master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	*state = &terminal;
	static const char *const names[] = {"TERM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"};
	for (size_t at = 0; at < sizeof names / sizeof *names; at++)
		(void)unsetenv(names[at]);
	return terminal.slave < 0;
}

static int
terminal_teardown(void **state)
{
	struct terminal *terminal = *state;
	fd_release(&terminal->master);
	fd_release(&terminal->slave);
	return 0;
}

static void
only_a_terminal_that_is_not_dumb_is_live(void **state)
{
	const struct terminal *terminal = *state;
	struct err err;
	cleanup_fd int file = fd_memory("sample", BYTES_LITERAL(""), &err);
	assert_false(terminal_is_live(terminal->slave));
	(void)setenv("TERM", "dumb", 1);
	assert_false(terminal_is_live(terminal->slave));
	(void)setenv("TERM", "xterm", 1);
	assert_true(terminal_is_live(terminal->slave));
	assert_false(terminal_is_live(file));
}

static void
colours_follow_the_environment_then_the_terminal(void **state)
{
	const struct terminal *terminal = *state;
	struct err err;
	cleanup_fd int file = fd_memory("sample", BYTES_LITERAL(""), &err);
	(void)setenv("TERM", "xterm", 1);
	assert_true(terminal_has_colour(terminal->slave));
	assert_false(terminal_has_colour(file));
	(void)setenv("CLICOLOR", "0", 1);
	assert_false(terminal_has_colour(terminal->slave));
	(void)setenv("CLICOLOR_FORCE", "0", 1);
	assert_false(terminal_has_colour(terminal->slave));
	(void)setenv("CLICOLOR_FORCE", "1", 1);
	assert_true(terminal_has_colour(terminal->slave));
	assert_true(terminal_has_colour(file));
	(void)setenv("NO_COLOR", "", 1);
	assert_true(terminal_has_colour(file));
	(void)setenv("NO_COLOR", "1", 1);
	assert_false(terminal_has_colour(terminal->slave));
	assert_false(terminal_has_colour(file));
}

static void
the_width_is_the_terminals_or_a_hundred(void **state)
{
	const struct terminal *terminal = *state;
	struct winsize size = {.ws_row = 10, .ws_col = 0};
	assert_int_equal(ioctl(terminal->slave, TIOCSWINSZ, &size), 0);
	assert_int_equal(terminal_width(terminal->slave), 100);
	size.ws_col = 33;
	assert_int_equal(ioctl(terminal->slave, TIOCSWINSZ, &size), 0);
	assert_int_equal(terminal_width(terminal->slave), 33);
	assert_int_equal(terminal_width(-1), 100);
}

#define on_terminal(test) cmocka_unit_test_setup_teardown(test, terminal_setup, terminal_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_terminal_would_obey_is_shown_instead),
		cmocka_unit_test(what_turns_the_direction_of_text_is_shown),
		cmocka_unit_test(letters_of_every_script_stay_and_broken_utf8_does_not),
		cmocka_unit_test(a_json_string_holds_nothing_that_a_terminal_would_obey),
		on_terminal(only_a_terminal_that_is_not_dumb_is_live),
		on_terminal(colours_follow_the_environment_then_the_terminal),
		on_terminal(the_width_is_the_terminals_or_a_hundred),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
