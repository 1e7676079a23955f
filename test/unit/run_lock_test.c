/* SPDX-License-Identifier: MPL-2.0 */
#include "store/run_lock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "store_fixture.h"

static enum run_lock_result
try_lock(struct store *store, struct run_lock *lock, struct buf *holder)
{
	struct digest digest = digest_of(BYTES_LITERAL("derivation"));
	struct err failure;
	buf_clear(holder);
	return run_lock_try(store, &digest, "building hello", lock, holder, &failure);
}

static void
a_second_asker_is_told_who_has_it(void **state)
{
	struct place *place = *state;
	struct store *second;
	good((second = store_open(place->root, 0, &err)));
	cleanup_buf struct buf holder = BUF(RUN_LOCK_TEXT);
	struct run_lock lock = RUN_LOCK;
	struct run_lock other = RUN_LOCK;
	assert_int_equal(try_lock(place->store, &lock, &holder), RUN_LOCK_HELD);
	assert_int_equal(try_lock(second, &other, &holder), RUN_LOCK_BUSY);
	char expected[64];
	(void)snprintf(expected, sizeof expected, "process %d: building hello", (int)getpid());
	assert_string_equal(buf_text(&holder), expected);
	run_lock_release(&lock);
	assert_int_equal(count_names(place, "cull/lock/run"), 0);
	assert_int_equal(try_lock(second, &other, &holder), RUN_LOCK_HELD);
	run_lock_release(&other);
	store_close(second);
}

static void
the_lock_of_a_killed_process_is_free(void **state)
{
	struct place *place = *state;
	int ready[2];
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid_t child = fork();
	if (child == 0) {
		struct err failure;
		struct store *store = store_open(place->root, 0, &failure);
		cleanup_buf struct buf holder = BUF(RUN_LOCK_TEXT);
		struct run_lock lock;
		if (store && try_lock(store, &lock, &holder) == RUN_LOCK_HELD)
			(void)!write(ready[1], "x", 1);
		for (;;)
			(void)pause();
	}
	char byte;
	assert_int_equal(read(ready[0], &byte, 1), 1);
	cleanup_buf struct buf holder = BUF(RUN_LOCK_TEXT);
	struct run_lock lock = RUN_LOCK;
	assert_int_equal(try_lock(place->store, &lock, &holder), RUN_LOCK_BUSY);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(try_lock(place->store, &lock, &holder), RUN_LOCK_HELD);
	run_lock_release(&lock);
	fd_close(ready[0]);
	fd_close(ready[1]);
}

/* Each holds it for a moment; a counter in a file would lose steps if two held it at once. */
static void
one_at_a_time_holds_it_among_many(void **state)
{
	struct place *place = *state;
	put(place->fd, "counter", "0", 0644);
	for (int at = 0; at < 4; at++) {
		if (fork() != 0)
			continue;
		struct err failure;
		struct store *store = store_open(place->root, 0, &failure);
		cleanup_buf struct buf holder = BUF(RUN_LOCK_TEXT);
		for (int round = 0; round < 100; round++) {
			struct run_lock lock;
			while (try_lock(store, &lock, &holder) != RUN_LOCK_HELD)
				(void)usleep(100);
			char text[32] = "";
			cleanup_fd int fd = openat(place->fd, "counter", O_RDWR | O_CLOEXEC);
			(void)!pread(fd, text, sizeof text - 1, 0);
			int size = snprintf(text, sizeof text, "%ld", strtol(text, NULL, 10) + 1);
			(void)!pwrite(fd, text, (size_t)size, 0);
			run_lock_release(&lock);
		}
		_exit(0);
	}
	int status;
	for (int at = 0; at < 4; at++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	cleanup_buf struct buf text = BUF(32);
	good(fd_read_file(place->fd, "counter", &text, &err));
	assert_string_equal(buf_text(&text), "400");
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(a_second_asker_is_told_who_has_it),
		in_place(the_lock_of_a_killed_process_is_free),
		in_place(one_at_a_time_holds_it_among_many),
	};
	return cmocka_run_group_tests_name("run_lock", tests, NULL, NULL);
}
