/* SPDX-License-Identifier: MPL-2.0 */
#include "network/outlet.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"

enum { PIECE = 100003, PIECES = 100 };

static uint8_t
byte_at(uint64_t at)
{
	return (uint8_t)(at * 2654435761u >> 13);
}

static void
bytes_come_out_in_order_however_late_the_reader_is(void **state)
{
	(void)state;
	struct loop *loop = loop_new();
	struct outlet outlet;
	struct err err = {0};
	int read_end, write_end;
	assert_true(fd_pipe(&read_end, &write_end, &err));
	assert_true(fd_set_blocking(read_end, false, &err));
	assert_true(outlet_open(&outlet, loop, write_end, &err));
	uint64_t given = 0, taken = 0;
	static uint8_t piece[PIECE];
	for (int round = 0; round < PIECES; round++) {
		for (size_t at = 0; at < PIECE; at++)
			piece[at] = byte_at(given + at);
		assert_true(outlet_add(&outlet, bytes_of(piece, PIECE), &err));
		given += PIECE;
	}
	assert_int_equal(outlet.written + outlet_left(&outlet), given);
	assert_true(outlet_left(&outlet) > 0);
	while (taken < given) {
		ssize_t count = read(read_end, piece, (size_t)(1 + taken % PIECE));
		for (ssize_t at = 0; at < count; at++)
			assert_int_equal(piece[at], byte_at(taken + (uint64_t)at));
		taken += count > 0 ? (uint64_t)count : 0;
		if (count < 0)
			assert_true(loop_step(loop, &err));
	}
	assert_int_equal(outlet_left(&outlet), 0);
	assert_int_equal(outlet.written, given);
	assert_true(outlet_add(&outlet, BYTES_LITERAL("more"), &err));
	assert_int_equal(read(read_end, piece, PIECE), 4);
	outlet_close(&outlet);
	fd_close(read_end);
	fd_close(write_end);
	loop_free(loop);
}

static void
a_reader_that_is_gone_is_an_error(void **state)
{
	(void)state;
	struct loop *loop = loop_new();
	struct err err = {0};
	static const uint8_t much[4 << 20];
	for (int late = 0; late < 2; late++) {
		struct outlet outlet;
		int read_end, write_end;
		assert_true(fd_pipe(&read_end, &write_end, &err));
		assert_true(outlet_open(&outlet, loop, write_end, &err));
		if (late) {
			assert_true(outlet_add(&outlet, bytes_of(much, sizeof much), &err));
			fd_close(read_end);
			assert_true(loop_step(loop, &err));
		} else {
			fd_close(read_end);
		}
		assert_false(outlet_add(&outlet, BYTES_LITERAL("x"), &err));
		assert_int_equal(err.kind, ERR_CANCELLED);
		assert_true(outlet.is_broken);
		outlet_close(&outlet);
		fd_close(write_end);
	}
	loop_free(loop);
}

static void
what_nobody_reads_has_a_ceiling(void **state)
{
	(void)state;
	struct loop *loop = loop_new();
	struct outlet outlet;
	struct err err = {0};
	int read_end, write_end;
	static const uint8_t much[4 << 20];
	assert_true(fd_pipe(&read_end, &write_end, &err));
	assert_true(outlet_open(&outlet, loop, write_end, &err));
	size_t rounds = 0;
	while (outlet_add(&outlet, bytes_of(much, sizeof much), &err))
		rounds++;
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_true(rounds * sizeof much <= OUTLET_LIMIT + sizeof much);
	outlet_close(&outlet);
	fd_close(read_end);
	fd_close(write_end);
	loop_free(loop);
}

int
main(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_out_in_order_however_late_the_reader_is),
		cmocka_unit_test(a_reader_that_is_gone_is_an_error),
		cmocka_unit_test(what_nobody_reads_has_a_ceiling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
