/* SPDX-License-Identifier: MPL-2.0 */
#include "network/frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Events as letters, in pieces of so many bytes. */
static void
frames_print(const char *text, size_t size, char *out)
{
	struct frames frames = {0};
	struct bytes all = bytes_text(text);
	size_t total = 0;
	for (size_t at = 0; at < all.size; at += size) {
		struct bytes rest = bytes_first(bytes_from(all, at), size), piece;
		for (;;) {
			enum frames_event event = frames_step(&frames, &rest, &piece);
			total += piece.size;
			if (event == FRAMES_MORE)
				break;
			*out++ = event == FRAMES_LINE ? 'L' : event == FRAMES_FLUSH ? 'F' : 'B';
			if (event == FRAMES_BAD) {
				*out = 0;
				return;
			}
		}
		assert_int_equal(rest.size, 0);
	}
	assert_int_equal(total, all.size);
	*out = 0;
}

static void
a_flush_is_found_wherever_the_bytes_are_cut(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"0000", "F"},
		{"0009piece0000", "LF"},
		{"000eversion 2\n00010005x0004"
		 "0002"
		 "0000"
		 "00060000",
			"LLLLLFL"},
		{"000Aabcdef0000", "LF"},
		{"0003", "B"},
		{"fff1", "B"},
		{"xyz", "B"},
		{"0009pieceWelcome", "LB"},
		{"00", ""},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		for (size_t size = 1; size < 20; size++) {
			char events[32];
			frames_print(rows[at][0], size, events);
			assert_string_equal(events, rows[at][1]);
		}
}

static void
the_first_line_is_kept_up_to_its_ceiling(void **state)
{
	(void)state;
	struct frames frames = {0};
	struct bytes rest = BYTES_LITERAL("000eversion 2\n0009piece"), piece;
	assert_int_equal(frames_step(&frames, &rest, &piece), FRAMES_LINE);
	assert_int_equal(frames_step(&frames, &rest, &piece), FRAMES_LINE);
	assert_memory_equal(frames.first, "version 2\n", 10);
	assert_int_equal(frames.first_size, 10);
	assert_int_equal(frames.lines, 2);
	char line[4 + 200 + 1];
	(void)snprintf(line, sizeof line, "%04x%0200d", 204, 7);
	frames = (struct frames){0};
	rest = bytes_text(line);
	assert_int_equal(frames_step(&frames, &rest, &piece), FRAMES_LINE);
	assert_int_equal(frames.first_size, FRAMES_FIRST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flush_is_found_wherever_the_bytes_are_cut),
		cmocka_unit_test(the_first_line_is_kept_up_to_its_ceiling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
