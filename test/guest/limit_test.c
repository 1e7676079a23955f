/* SPDX-License-Identifier: MPL-2.0 */
/* What a guest cannot take for itself: time, memory, its realizer's descriptors, its own process. See fixture.h. */
#include "fixture.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "expect.h"
#include "wire/spawner.h"

/* Of memory: what the process has beside the guest's own. */
enum { MEBIBYTE = 1 << 20, GROWN = 64 * MEBIBYTE, BESIDE = 64 * MEBIBYTE };
/* Runs of W2: the row's own number with CAB_FULL alone, for it takes up to an hour. */
enum { RUNS = 200, RUNS_FULL = 100000, RUNS_FIRST = 50 };

static void
killed(void **state, const struct run *run)
{
	struct fixture *fixture = *state;
	struct outcome outcome = driver_run(&fixture->driver, run);
	assert_int_equal(outcome.status, -1);
	assert_int_equal(outcome.signal, SIGKILL);
	outcome_release(&outcome);
}

static void
W1_an_endless_loop_is_ended_by_a_signal(void **state)
{
	killed(state, &(struct run){.arguments = {"loop"}, .kill_after = 50, .artifact = -1});
}

static void
W1_a_loop_that_tries_a_call_again_and_again_is_ended_by_a_signal(void **state)
{
	killed(state, &(struct run){.arguments = {"retry"}, .kill_after = 50, .artifact = -1});
}

static void
W1_a_call_that_nobody_answers_is_ended_by_a_signal(void **state)
{
	killed(state, &(struct run){.arguments = {"wait"}, .kill_after = 50, .artifact = -1});
}

static void
W1_an_endless_start_function_is_ended_by_a_signal(void **state)
{
	cleanup_fd int artifact = fixture_compile(*state, "start_loop.wasm");
	killed(state, &(struct run){.kill_after = 50, .artifact = artifact});
}

/* Without the limit it would have 1 GiB, and write to all of it. A sanitizer's own memory is no guest's. */
static void
within(const struct outcome *outcome, size_t memory)
{
	if (!IS_SANITIZED && outcome->memory > memory)
		fail_msg("%zu bytes, more than %zu", outcome->memory, memory);
}

static void
W2_memory_grows_to_its_limit_and_no_further(void **state)
{
	struct fixture *fixture = *state;
	const struct run run = {.arguments = {"grow"}, .memory = GROWN, .artifact = -1};
	struct outcome outcome = driver_run(&fixture->driver, &run);
	expect_status(&outcome, 0);
	assert_true(outcome.memory > GROWN / 2);
	within(&outcome, GROWN + BESIDE);
	outcome_release(&outcome);
}

static void
W2_endless_recursion_is_a_trap(void **state)
{
	struct outcome outcome = fixture_module(state, "recursion.wasm");
	expect_status(&outcome, GUEST_EXIT_TRAP);
	log_has(&outcome, "call stack exhausted");
	within(&outcome, BESIDE);
	outcome_release(&outcome);
}

static void
W2_tables_are_capped(void **state)
{
	struct outcome outcome = fixture_module(state, "table_grow.wasm");
	expect_status(&outcome, 0);
	within(&outcome, BESIDE);
	outcome_release(&outcome);
}

/* What stands behind the field in the process's status, to the end of its line. */
static struct buf
status_of_process(pid_t pid, const char *field)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	cleanup_buf struct buf status = driver_read(path);
	struct buf value = BUF(4096);
	struct bytes rest = buf_bytes(&status);
	struct bytes line;
	while (bytes_split(&rest, '\n', &line))
		if (line.size > strlen(field) && memcmp(line.data, field, strlen(field)) == 0)
			buf_add(&value, bytes_from(line, strlen(field)));
	assert_true(value.size > 0);
	return value;
}

static void
status_says(pid_t guest, const char *field, const char *expected)
{
	cleanup_buf struct buf value = status_of_process(guest, field);
	assert_string_equal(buf_text(&value), expected);
}

static size_t
open_files_of(pid_t pid)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	DIR *folder = opendir(path);
	assert_non_null(folder);
	size_t count = 0;
	while (readdir(folder))
		count++;
	(void)closedir(folder);
	return count;
}

static void
run_often(struct fixture *fixture, int count)
{
	for (int at = 0; at < count; at++) {
		const struct run run = {.arguments = {"exit-7"}, .artifact = -1};
		struct outcome outcome = driver_run(&fixture->driver, &run);
		expect_status(&outcome, 7);
		outcome_release(&outcome);
	}
}

/* A module makes no instance of another: core WebAssembly has nothing for it. Each run is an instance, in a process of its own. */
static void
W2_a_hundred_thousand_instances_leave_nothing_in_the_spawner(void **state)
{
	struct fixture *fixture = *state;
	const int runs = getenv("CAB_FULL") ? RUNS_FULL : RUNS;
	print_message("# W2: %d instances of %d\n", runs, RUNS_FULL);
	run_often(fixture, RUNS_FIRST);
	const pid_t spawner = fixture->driver.spawner;
	const size_t open = open_files_of(spawner);
	cleanup_buf struct buf memory = status_of_process(spawner, "VmData:\t");
	run_often(fixture, runs);
	assert_int_equal(open_files_of(spawner), open);
	status_says(spawner, "VmData:\t", buf_text(&memory));
}

/* It has said something: all that holds it has been entered. */
static void
is_confined(pid_t guest)
{
	char ids[64];
	char processes[64];
	(void)snprintf(ids, sizeof ids, "%1$u\t%1$u\t%1$u\t%1$u", driver_uid());
	(void)snprintf(processes, sizeof processes, "%d\t1", (int)guest);
	status_says(guest, "Seccomp:\t", "2");
	status_says(guest, "NoNewPrivs:\t", "1");
	status_says(guest, "Uid:\t", ids);
	status_says(guest, "CapPrm:\t", "0000000000000000");
	status_says(guest, "CapEff:\t", "0000000000000000");
	/* It is the first of a namespace of its own; confine_test looks at the others. */
	status_says(guest, "NSpid:\t", processes);
}

static void
W7_a_guest_runs_behind_the_filter_in_namespaces_of_its_own(void **state)
{
	killed(state, &(struct run){.arguments = {"retry"},
			      .kill_after = 50,
			      .watch = is_confined,
			      .artifact = -1});
}

int
main(int argument_count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(W1_an_endless_loop_is_ended_by_a_signal),
		cmocka_unit_test(W1_a_loop_that_tries_a_call_again_and_again_is_ended_by_a_signal),
		cmocka_unit_test(W1_a_call_that_nobody_answers_is_ended_by_a_signal),
		cmocka_unit_test(W1_an_endless_start_function_is_ended_by_a_signal),
		cmocka_unit_test(W2_memory_grows_to_its_limit_and_no_further),
		cmocka_unit_test(W2_endless_recursion_is_a_trap),
		cmocka_unit_test(W2_tables_are_capped),
		cmocka_unit_test(W2_a_hundred_thousand_instances_leave_nothing_in_the_spawner),
		cmocka_unit_test(W7_a_guest_runs_behind_the_filter_in_namespaces_of_its_own),
	};
	return fixture_main(
		"limit", argument_count, arguments, tests, sizeof tests / sizeof *tests);
}
