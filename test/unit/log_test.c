/* SPDX-License-Identifier: MPL-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "realize/log.h"

struct heard {
	struct buf lines;
	size_t count;
};

static void
hear(void *context, struct bytes line)
{
	struct heard *heard = (struct heard *)context;
	buf_add(&heard->lines, line);
	buf_add_byte(&heard->lines, '|');
	heard->count++;
}

static void
lines_are_told_whole_whatever_the_pieces(void **state)
{
	(void)state;
	struct log log;
	struct heard heard = {.lines = BUF(1000)};
	struct err err;
	log_open(&log, -1, 1000);
	log_add(&log, BYTES_LITERAL("on"), hear, &heard);
	log_add(&log, BYTES_LITERAL("e\n\ntw"), hear, &heard);
	log_add(&log, BYTES_LITERAL("o"), hear, &heard);
	assert_int_equal(heard.count, 2);
	assert_true(log_close(&log, hear, &heard, &err));
	assert_string_equal(buf_text(&heard.lines), "one||two|");
	buf_release(&heard.lines);
}

static void
a_line_without_end_is_cut(void **state)
{
	(void)state;
	struct log log;
	struct heard heard = {.lines = BUF(100000)};
	struct err err;
	static uint8_t flood[3 * LOG_LINE];
	memset(flood, 'x', sizeof flood);
	log_open(&log, -1, 1000);
	log_add(&log, bytes_of(flood, sizeof flood), hear, &heard);
	log_add(&log, BYTES_LITERAL("\nnext\n"), hear, &heard);
	assert_true(log_close(&log, hear, &heard, &err));
	assert_int_equal(heard.count, 2);
	assert_int_equal(heard.lines.size, LOG_LINE + 1 + 5);
	buf_release(&heard.lines);
}

static void
the_file_keeps_its_ceiling_and_says_what_is_left_out(void **state)
{
	(void)state;
	struct log log;
	struct heard heard = {.lines = BUF(100000)};
	struct err err;
	int fd = memfd_create("log", MFD_CLOEXEC);
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	assert_true(copy >= 0);
	log_open(&log, fd, 8);
	log_add(&log, BYTES_LITERAL("12345678"), hear, &heard);
	log_add(&log, BYTES_LITERAL("9abc"), hear, &heard);
	log_add(&log, BYTES_LITERAL("def"), hear, &heard);
	assert_true(log_close(&log, hear, &heard, &err));
	cleanup_buf struct buf text = BUF(1000);
	assert_int_equal(lseek(copy, 0, SEEK_SET), 0);
	assert_true(fd_read_all(copy, &text, &err));
	assert_true(bytes_has_prefix(buf_bytes(&text), BYTES_LITERAL("12345678\n[cab: ")));
	assert_non_null(strstr(buf_text(&text), "7 bytes were left out"));
	fd_close(copy);
	buf_release(&heard.lines);
}

static void
a_file_that_cannot_be_written_is_told_at_the_end(void **state)
{
	(void)state;
	struct log log;
	struct heard heard = {.lines = BUF(1000)};
	struct err err;
	int fd = fd_open_at(AT_FDCWD, "/dev/full", O_WRONLY, 0, &err);
	assert_true(fd >= 0);
	log_open(&log, fd, 1000);
	log_add(&log, BYTES_LITERAL("line\n"), hear, &heard);
	assert_int_equal(heard.count, 1);
	assert_false(log_close(&log, hear, &heard, &err));
	buf_release(&heard.lines);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_told_whole_whatever_the_pieces),
		cmocka_unit_test(a_line_without_end_is_cut),
		cmocka_unit_test(the_file_keeps_its_ceiling_and_says_what_is_left_out),
		cmocka_unit_test(a_file_that_cannot_be_written_is_told_at_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
