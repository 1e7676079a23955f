/* SPDX-License-Identifier: MPL-2.0 */
#include "base/must.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"

/* What a function says before it aborts. */
static struct buf
aborts(void (*run)(void))
{
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fflush(NULL), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const struct rlimit none = {0, 0};
		(void)setrlimit(RLIMIT_CORE, &none);
		(void)signal(SIGABRT, SIG_DFL);
		(void)dup2(ends[1], STDERR_FILENO);
		(void)close(ends[1]);
		run();
		_exit(0);
	}
	fd_close(ends[1]);
	struct buf said = BUF(BUF_MAX);
	struct err err;
	assert_true(fd_read_all(ends[0], &said, &err));
	fd_close(ends[0]);
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	return said;
}

static void
break_an_invariant(void)
{
	must(1 + 1 == 3, "sums are right");
}

static void
overflow_an_array(void)
{
	free(memory_grow(NULL, SIZE_MAX / 8 + 1, 8));
}

static void
a_broken_invariant_says_what_and_where_and_aborts(void **state)
{
	(void)state;
	struct buf said = aborts(break_an_invariant);
	assert_non_null(strstr(buf_text(&said), "a fault in cab itself: sums are right ("));
	assert_non_null(strstr(buf_text(&said), "must_test.c:"));
	assert_non_null(strstr(buf_text(&said), "1 + 1 == 3"));
	buf_release(&said);
}

static void
a_size_that_wraps_is_never_allocated(void **state)
{
	(void)state;
	struct buf said = aborts(overflow_an_array);
	assert_non_null(strstr(buf_text(&said), "an array's size must fit in memory"));
	buf_release(&said);
}

static void
a_condition_is_looked_at_once(void **state)
{
	(void)state;
	int looks = 0;
	must(++looks == 1, "it is looked at once");
	assert_int_equal(looks, 1);
}

static void
nothing_is_a_size_too(void **state)
{
	(void)state;
	void *memory = memory_new(0);
	void *zero = memory_zero(0, 8);
	assert_non_null(memory);
	assert_non_null(zero);
	memory = memory_grow(memory, 0, 8);
	assert_non_null(memory);
	memory = memory_grow(memory, 3, 0);
	assert_non_null(memory);
	free(memory);
	free(zero);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_broken_invariant_says_what_and_where_and_aborts),
		cmocka_unit_test(a_size_that_wraps_is_never_allocated),
		cmocka_unit_test(a_condition_is_looked_at_once),
		cmocka_unit_test(nothing_is_a_size_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
