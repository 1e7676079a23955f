/* SPDX-License-Identifier: MPL-2.0 */
/* What a guest finds and does, with the real cab-guest: see fixture.h. */
#include "fixture.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "again.h"
#include "base/digest.h"
#include "base/fd.h"
#include "expect.h"
#include "wire/spawner.h"

/* Of W9; see fixture.h. */
enum { W9_RUNS = IS_SANITIZED ? 100 : 1000 };

static void
a_guest_sees_its_arguments_and_environment(void **state)
{
	struct fixture *fixture = *state;
	const struct run run = {.arguments = {"arguments", "two words", "", "\xff"},
		.environment = {"CAB_HASH=hash", "EMPTY="},
		.artifact = -1};
	struct outcome outcome = driver_run(&fixture->driver, &run);
	expect_status(&outcome, 0);
	assert_string_equal(buf_text(&outcome.log),
		"probe\narguments\ntwo words\n\n\xff\nCAB_HASH=hash\nEMPTY=\n");
	outcome_release(&outcome);
}

static void
a_guest_writes_files_folders_links_and_executables(void **state)
{
	struct outcome outcome = fixture_probe(state, "files");
	expect_status(&outcome, 0);
	assert_int_equal(status_of(&outcome, "out/moved").st_mode, S_IFREG | 0644);
	assert_int_equal(status_of(&outcome, "out/moved").st_nlink, 2);
	assert_int_equal(status_of(&outcome, "out/deep").st_mode, S_IFDIR | 0755);
	assert_int_equal(status_of(&outcome, "out/deep/tool").st_mode, S_IFREG | 0755);
	assert_int_equal(status_of(&outcome, "out/deep/tool").st_uid, driver_uid());
	assert_true(S_ISLNK(status_of(&outcome, "out/link").st_mode));
	assert_int_equal(status_of(&outcome, "out/\xff\xfe\x01 name").st_size, 3);
	outcome_release(&outcome);
}

static void
a_guest_reads_seeks_and_cuts_files(void **state)
{
	fixture_passes(state, "reading");
}

static void
a_guest_lists_a_folder_in_order_through_small_buffers(void **state)
{
	fixture_passes(state, "listing");
}

static void
F1_a_guest_reports_through_the_fifo_and_cannot_read_it(void **state)
{
	struct outcome outcome = fixture_probe(state, "fifo");
	expect_status(&outcome, 0);
	assert_string_equal(buf_text(&outcome.reported), "git 1f0c\ngit-tree 9ab1\ncab .\n");
	outcome_release(&outcome);
}

static void
W5_no_name_leads_out_of_the_working_directory(void **state)
{
	struct outcome outcome = fixture_probe(state, "escapes");
	expect_status(&outcome, 0);
	char path[128];
	struct stat status;
	(void)snprintf(path, sizeof path, "%s/made", outcome.folder);
	assert_int_equal(stat(path, &status), -1);
	outcome_release(&outcome);
}

static void
W5_a_guest_reads_its_inputs_and_can_neither_change_nor_take_them(void **state)
{
	struct fixture *fixture = *state;
	const struct run run = {
		.arguments = {"inputs"}, .inputs = {"tree", "file", "link"}, .artifact = -1};
	struct outcome outcome = driver_run(&fixture->driver, &run);
	expect_status(&outcome, 0);
	assert_int_equal(status_of(&outcome, "out").st_size, 3);
	assert_int_equal(status_of(&outcome, "out").st_nlink, 1);
	/* The place is empty: what stood there was in the guest's namespace alone. */
	assert_int_equal(status_of(&outcome, "cull").st_mode, S_IFDIR | 0755);
	char path[128];
	struct stat status;
	(void)snprintf(path, sizeof path, "%s/work/cull/store", outcome.folder);
	assert_int_equal(stat(path, &status), -1);
	(void)snprintf(path, sizeof path, "%s/store/tree/leaf", outcome.folder);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0644);
	assert_int_equal(status.st_nlink, 1);
	outcome_release(&outcome);
}

static void
a_guest_without_inputs_has_an_empty_folder(void **state)
{
	fixture_passes(state, "alone");
}

static void
an_input_that_is_not_there_or_no_name_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct run run = {.arguments = {"alone"}, .inputs = {"absent"}, .artifact = -1};
	struct outcome outcome = driver_run(&fixture->driver, &run);
	expect_status(&outcome, GUEST_EXIT_SETUP);
	log_has(&outcome, "input absent: No such file or directory");
	outcome_release(&outcome);
	run.inputs[0] = "../canary";
	outcome = driver_run(&fixture->driver, &run);
	assert_int_equal(outcome.status, -2);
	assert_string_equal(buf_text(&outcome.failure), "an input is not named by one name");
	outcome_release(&outcome);
}

static void
W4_pointers_outside_of_the_memory_are_faults(void **state)
{
	fixture_passes(state, "pointers");
}

static void
W4_what_lies_in_each_other_is_read_before_it_is_written(void **state)
{
	fixture_passes(state, "overlaps");
}

static void
hashes_and_leaves_are_those_of_the_bytes(void **state)
{
	fixture_passes(state, "hashes");
}

static void
http_bodies_come_whole_or_as_an_error(void **state)
{
	struct outcome outcome = fixture_probe(state, "http");
	expect_status(&outcome, 0);
	log_has(&outcome, "http://host/broken: connection reset");
	log_has(&outcome, "the body has 3000000 bytes, 2999999 came");
	log_has(&outcome, "http://host/refused: not in origins");
	assert_true(outcome.opens > 4);
	uint8_t *body = memory_new(3000000);
	for (size_t at = 0; at < 3000000; at++)
		body[at] = (uint8_t)(at % 251);
	struct digest expected = digest_of(bytes_of(body, 3000000));
	cleanup_buf struct buf sum = contents_of(&outcome, "sum");
	assert_int_equal(sum.size, DIGEST_SIZE);
	assert_memory_equal(sum.data, expected.bytes, DIGEST_SIZE);
	free(body);
	outcome_release(&outcome);
}

static void
http_takes_what_is_well_formed_and_within_its_ceilings(void **state)
{
	struct outcome outcome = fixture_probe(state, "http-limits");
	expect_status(&outcome, 0);
	assert_int_equal(outcome.opens, 9);
	outcome_release(&outcome);
}

static struct buf
random_of(void **state, uint8_t seed)
{
	struct fixture *fixture = *state;
	const struct run run = {.arguments = {"random"}, .seed = seed, .artifact = -1};
	struct outcome outcome = driver_run(&fixture->driver, &run);
	expect_status(&outcome, 0);
	struct buf bytes = contents_of(&outcome, "random");
	assert_int_equal(bytes.size, 101);
	outcome_release(&outcome);
	return bytes;
}

static void
random_bytes_follow_from_the_seed_alone(void **state)
{
	cleanup_buf struct buf first = random_of(state, 1);
	cleanup_buf struct buf again = random_of(state, 1);
	cleanup_buf struct buf other = random_of(state, 2);
	assert_memory_equal(first.data, again.data, 101);
	assert_memory_not_equal(first.data, other.data, 101);
	uint8_t key[40];
	memset(key, 1, 32);
	memset(key + 32, 0, 8);
	struct digest block = digest_derive("cab guest random 1", bytes_of(key, sizeof key));
	assert_memory_equal(first.data, block.bytes, DIGEST_SIZE);
}

static void
W6_open_files_are_capped_and_do_not_leak(void **state)
{
	const struct fixture *fixture = *state;
	fixture_passes(state, fixture->full ? "storm-full" : "storm");
}

static void
W6_random_bytes_are_as_many_as_the_memory_has_room_for(void **state)
{
	const struct fixture *fixture = *state;
	fixture_passes(state, fixture->full ? "random-much-full" : "random-much");
}

static void
the_exit_status_is_the_guests(void **state)
{
	struct outcome outcome = fixture_probe(state, "exit-7");
	expect_status(&outcome, 7);
	outcome_release(&outcome);
	outcome = fixture_probe(state, "exit-256");
	expect_status(&outcome, 255);
	outcome_release(&outcome);
}

static void
a_trap_is_told_in_the_log(void **state)
{
	struct outcome outcome = fixture_probe(state, "trap");
	expect_status(&outcome, GUEST_EXIT_TRAP);
	log_has(&outcome, "trap: ");
	log_has(&outcome, "unreachable");
	outcome_release(&outcome);
}

static void
another_module_runs_from_its_artifact(void **state)
{
	struct outcome outcome = fixture_module(state, "start.wasm");
	expect_status(&outcome, 0);
	/* Its start function runs before `_start`, and can log too. */
	assert_string_equal(buf_text(&outcome.log), "first\nthen\n");
	outcome_release(&outcome);
}

static void
the_example_of_the_manual_runs(void **state)
{
	struct outcome outcome = fixture_module(state, "example.wasm");
	expect_status(&outcome, 0);
	assert_string_equal(buf_text(&outcome.reported), "cab .\n");
	assert_int_equal(status_of(&outcome, "out").st_size, 3000000);
	outcome_release(&outcome);
}

static void
a_guest_in_rust_runs_and_writes_the_same_each_time(void **state)
{
	struct fixture *fixture = *state;
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/rust.wasm", fixture->modules);
	if (access(path, R_OK) < 0) {
		print_message("# the source of Rust's library is not here: tools/setup installs "
			      "rust-web-src\n");
		skip();
	}
	cleanup_fd int artifact = fixture_compile(fixture, "rust.wasm");
	cleanup_buf struct buf first = BUF(0);
	for (int round = 0; round < 2; round++) {
		const struct run run = {.arguments = {"argument"},
			.environment = {"CAB_OUT=out"},
			.artifact = artifact};
		struct outcome outcome = driver_run(&fixture->driver, &run);
		/* Its last line is a panic on purpose. */
		expect_status(&outcome, 101);
		assert_non_null(strstr(
			buf_text(&outcome.log), "[\"probe\", \"argument\"] [\"CAB_OUT=out\"]\n"));
		assert_non_null(strstr(buf_text(&outcome.log), "index out of bounds"));
		assert_string_equal(buf_text(&outcome.reported), "cab .\n");
		struct buf order = contents_of(&outcome, "order");
		assert_true(round == 0 || bytes_equal(buf_bytes(&first), buf_bytes(&order)));
		buf_release(&first);
		first = order;
		outcome_release(&outcome);
	}
}

static void
W10_damaged_artifacts_are_refused(void **state)
{
	struct fixture *fixture = *state;
	struct err err;
	cleanup_fd int cut = fd_memory("artifact",
		BYTES_LITERAL("\x7f"
			      "ELF not at all"),
		&err);
	const struct run run = {.artifact = cut};
	struct outcome outcome = driver_run(&fixture->driver, &run);
	expect_status(&outcome, GUEST_EXIT_SETUP);
	log_has(&outcome, "cab-guest: set up a guest process: artifact: ");
	outcome_release(&outcome);
}

static void
W9_runs_of_one_module_write_the_same(void **state)
{
	struct fixture *fixture = *state;
	int runs = fixture->full ? 1000 : fixture->user ? W9_RUNS / 5 : W9_RUNS;
	print_message("# W9: %d runs of 1000\n", runs);
	assert_true(
		again_writes_the_same(fixture->program, fixture->probe, &fixture->driver, runs));
}

/* A realizer of its own, killed while its guest loops: the guest goes with it. */
static void
a_guest_dies_with_its_realizer(void **state)
{
	struct fixture *fixture = *state;
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t realizer = fork();
	assert_true(realizer >= 0);
	if (realizer == 0) {
		struct driver driver;
		driver_open(&driver, fixture->program, fixture->probe);
		const struct run run = {.arguments = {"loop"}, .artifact = -1};
		pid_t pid = driver_start(&driver, &run);
		_exit(write(ends[1], &pid, sizeof pid) == sizeof pid && pause() ? 0 : 1);
	}
	pid_t guest = -1;
	assert_int_equal(read(ends[0], &guest, sizeof guest), sizeof guest);
	assert_true(guest > 0);
	int pidfd = (int)syscall(SYS_pidfd_open, guest, 0);
	assert_true(pidfd >= 0);
	assert_int_equal(kill(realizer, SIGKILL), 0);
	assert_int_equal(waitpid(realizer, NULL, 0), realizer);
	struct pollfd end = {.fd = pidfd, .events = POLLIN};
	assert_int_equal(poll(&end, 1, 10000), 1);
	fd_close(pidfd);
	fd_close(ends[0]);
	fd_close(ends[1]);
}

static void
a_spawner_without_a_module_says_so(void **state)
{
	struct fixture *fixture = *state;
	struct driver driver;
	driver_open(&driver, fixture->program, -1);
	const struct run run = {.artifact = -1};
	struct outcome outcome = driver_run(&driver, &run);
	assert_int_equal(outcome.status, -2);
	assert_string_equal(buf_text(&outcome.failure), "no module was given");
	outcome_release(&outcome);
	driver_close(&driver);
}

int
main(int argument_count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_sees_its_arguments_and_environment),
		cmocka_unit_test(a_guest_writes_files_folders_links_and_executables),
		cmocka_unit_test(a_guest_reads_seeks_and_cuts_files),
		cmocka_unit_test(a_guest_lists_a_folder_in_order_through_small_buffers),
		cmocka_unit_test(F1_a_guest_reports_through_the_fifo_and_cannot_read_it),
		cmocka_unit_test(W5_no_name_leads_out_of_the_working_directory),
		cmocka_unit_test(W5_a_guest_reads_its_inputs_and_can_neither_change_nor_take_them),
		cmocka_unit_test(a_guest_without_inputs_has_an_empty_folder),
		cmocka_unit_test(an_input_that_is_not_there_or_no_name_is_refused),
		cmocka_unit_test(W4_pointers_outside_of_the_memory_are_faults),
		cmocka_unit_test(W4_what_lies_in_each_other_is_read_before_it_is_written),
		cmocka_unit_test(hashes_and_leaves_are_those_of_the_bytes),
		cmocka_unit_test(http_bodies_come_whole_or_as_an_error),
		cmocka_unit_test(http_takes_what_is_well_formed_and_within_its_ceilings),
		cmocka_unit_test(random_bytes_follow_from_the_seed_alone),
		cmocka_unit_test(W6_open_files_are_capped_and_do_not_leak),
		cmocka_unit_test(W6_random_bytes_are_as_many_as_the_memory_has_room_for),
		cmocka_unit_test(the_exit_status_is_the_guests),
		cmocka_unit_test(a_trap_is_told_in_the_log),
		cmocka_unit_test(another_module_runs_from_its_artifact),
		cmocka_unit_test(the_example_of_the_manual_runs),
		cmocka_unit_test(a_guest_in_rust_runs_and_writes_the_same_each_time),
		cmocka_unit_test(W10_damaged_artifacts_are_refused),
		cmocka_unit_test(W9_runs_of_one_module_write_the_same),
		cmocka_unit_test(a_guest_dies_with_its_realizer),
		cmocka_unit_test(a_spawner_without_a_module_says_so),
	};
	return fixture_main(
		"guest", argument_count, arguments, tests, sizeof tests / sizeof *tests);
}
