/* SPDX-License-Identifier: MPL-2.0 */
#include "base/process.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"

static const char *const plain_environment[] = {"PATH=/usr/bin:/bin", "WORD=here", NULL};

static struct process_spec
shell(const char *const *arguments)
{
	return (struct process_spec){
		.program = "/bin/sh", .arguments = arguments, .environment = plain_environment};
}

static void
run_feeds_and_drains_more_than_a_pipe_holds(void **state UNUSED)
{
	const char *const arguments[] = {"sh", "-c", "cat; echo $WORD >&2", NULL};
	struct process_spec spec = shell(arguments);
	cleanup_buf struct buf input = BUF(BUF_MAX);
	cleanup_buf struct buf output = BUF(BUF_MAX);
	cleanup_buf struct buf errors = BUF(4096);
	for (unsigned at = 0; at < 300000; at++)
		buf_format(&input, "%u\n", at);
	struct process_end end;
	struct err err;
	assert_true(process_run(&spec, buf_bytes(&input), &output, &errors, 60000, &end, &err));
	assert_int_equal(end.code, 0);
	assert_int_equal(end.signal, 0);
	assert_true(bytes_equal(buf_bytes(&input), buf_bytes(&output)));
	assert_string_equal(buf_text(&errors), "here\n");
}

static void
a_program_that_does_not_read_is_no_error(void **state UNUSED)
{
	const char *const arguments[] = {"sh", "-c", "exec <&-; echo done; exit 3", NULL};
	struct process_spec spec = shell(arguments);
	cleanup_buf struct buf input = BUF(BUF_MAX);
	cleanup_buf struct buf output = BUF(4096);
	while (input.size < 1 << 20)
		buf_add_text(&input, "nobody reads this\n");
	struct process_end end;
	struct err err;
	assert_true(process_run(&spec, buf_bytes(&input), &output, NULL, 60000, &end, &err));
	assert_int_equal(end.code, 3);
	assert_string_equal(process_end_print(&end).text, "exit status 3");
	assert_string_equal(buf_text(&output), "done\n");
}

static void
output_over_its_ceiling_is_a_limit(void **state UNUSED)
{
	const char *const arguments[] = {"sh", "-c", "yes | head -c 200000", NULL};
	struct process_spec spec = shell(arguments);
	cleanup_buf struct buf output = BUF(1000);
	struct process_end end;
	struct err err;
	assert_false(process_run(&spec, BYTES_LITERAL(""), &output, NULL, 60000, &end, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(err.number, ERR_LIMIT_OUTPUT);
	assert_true(output.size <= 1000);
}

static void
a_late_program_is_killed(void **state UNUSED)
{
	const char *const arguments[] = {
		"sh", "-c", "trap '' TERM; while :; do sleep 100; done", NULL};
	struct process_spec spec = shell(arguments);
	struct process_end end;
	struct err err;
	assert_false(process_run(&spec, BYTES_LITERAL(""), NULL, NULL, 50, &end, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(err.number, ERR_LIMIT_TIME);
}

static void
the_end_is_that_of_the_process_not_of_its_pipe(void **state UNUSED)
{
	const char *const arguments[] = {"sh", "-c", "sleep 600 & echo $!", NULL};
	struct process_spec spec = shell(arguments);
	cleanup_buf struct buf output = BUF(4096);
	struct process_end end;
	struct err err;
	assert_true(process_run(&spec, BYTES_LITERAL(""), &output, NULL, 0, &end, &err));
	pid_t left = (pid_t)strtol(buf_text(&output), NULL, 10);
	assert_true(left > 1);
	assert_int_equal(kill(left, SIGKILL), 0);
}

static void
what_fails_before_the_program_is_said_by_step(void **state UNUSED)
{
	struct process process;
	struct err err;
	struct process_spec spec = {.program = "/nonexistent/program"};
	assert_false(process_start(&spec, &process, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_string_equal(
		err.text, "start /nonexistent/program: execute: No such file or directory");

	spec = (struct process_spec){.program = "/bin/sh", .folder = "/nonexistent"};
	assert_false(process_start(&spec, &process, &err));
	assert_string_equal(
		err.text, "start /bin/sh: enter /nonexistent: No such file or directory");
}

static void
only_named_descriptors_arrive_even_when_swapped(void **state UNUSED)
{
	int left[2];
	int right[2];
	struct err err;
	assert_true(fd_pipe(&left[0], &left[1], &err));
	assert_true(fd_pipe(&right[0], &right[1], &err));
	/* One that is not close-on-exec, as a careless library would leave it. */
	int stray = fcntl(left[1], F_DUPFD, 0);
	assert_true(stray > 0);
	const char *const arguments[] = {
		"sh", "-c", "echo five >&5; echo six >&6; cd /proc/self/fd; echo * >&5", NULL};
	struct process_spec spec = shell(arguments);
	const struct process_fd fds[] = {{right[1], 5}, {left[1], 6}};
	spec.fds = fds;
	spec.fd_count = 2;
	struct process process;
	assert_true(process_start(&spec, &process, &err));
	struct process_end end;
	assert_true(process_collect(&process, &end, &err));
	assert_int_equal(end.code, 0);
	process_release(&process);
	fd_close(left[1]);
	fd_close(right[1]);
	fd_close(stray);
	cleanup_buf struct buf text = BUF(4096);
	assert_true(fd_read_all(right[0], &text, &err));
	/* 3 is the shell's own, for the folder that it lists. */
	assert_string_equal(buf_text(&text), "five\n0 1 2 3 5 6\n");
	buf_clear(&text);
	assert_true(fd_read_all(left[0], &text, &err));
	assert_string_equal(buf_text(&text), "six\n");
	fd_close(left[0]);
	fd_close(right[0]);
}

static void
handlers_and_masks_of_ours_do_not_arrive(void **state UNUSED)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction before;
	assert_int_equal(sigaction(SIGUSR1, &ignore, &before), 0);
	const char *const arguments[] = {"sh", "-c", "kill -USR1 $$; exit 0", NULL};
	struct process_spec spec = shell(arguments);
	struct process_end end;
	struct err err;
	assert_true(process_run(&spec, BYTES_LITERAL(""), NULL, NULL, 60000, &end, &err));
	assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
	assert_int_equal(end.signal, SIGUSR1);
	assert_string_equal(process_end_print(&end).text, "signal 10 (User defined signal 1)");
}

static void
release_kills_what_still_runs(void **state UNUSED)
{
	const char *const arguments[] = {"sh", "-c", "exec sleep 600", NULL};
	struct process_spec spec = shell(arguments);
	spec.own_group = true;
	struct process process;
	struct err err;
	assert_true(process_start(&spec, &process, &err));
	pid_t pid = process.pid;
	assert_int_equal(getpgid(pid), pid);
	process_release(&process);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	struct process none = PROCESS_NONE;
	process_release(&none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_feeds_and_drains_more_than_a_pipe_holds),
		cmocka_unit_test(a_program_that_does_not_read_is_no_error),
		cmocka_unit_test(output_over_its_ceiling_is_a_limit),
		cmocka_unit_test(a_late_program_is_killed),
		cmocka_unit_test(the_end_is_that_of_the_process_not_of_its_pipe),
		cmocka_unit_test(what_fails_before_the_program_is_said_by_step),
		cmocka_unit_test(only_named_descriptors_arrive_even_when_swapped),
		cmocka_unit_test(handlers_and_masks_of_ours_do_not_arrive),
		cmocka_unit_test(release_kills_what_still_runs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
