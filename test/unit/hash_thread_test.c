/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/hash_thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/must.h"

enum { TASKS = 3, BYTES = 5 * HASH_THREAD_RING };

struct fixture {
	struct hash_thread *thread;
	uint8_t *bytes;
};

static int
set_up(void **state)
{
	struct err err;
	struct fixture *fixture = memory_zero(1, sizeof *fixture);
	fixture->thread = hash_thread_start(&err);
	assert_non_null(fixture->thread);
	fixture->bytes = memory_new(BYTES);
	uint32_t random = 1;
	for (size_t at = 0; at < BYTES; at++) {
		random = random * 1103515245 + 12345;
		fixture->bytes[at] = (uint8_t)(random >> 16);
	}
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;
	hash_thread_stop(fixture->thread);
	free(fixture->bytes);
	free(fixture);
	return 0;
}

static void
expect_sum(struct hasher *hasher, struct bytes data)
{
	uint8_t found[HASH_SIZE_MAX];
	uint8_t wanted[HASH_SIZE_MAX];
	struct err err;
	struct hasher *other = hasher_new(HASH_SHA1);
	hasher_add(other, data);
	size_t size = hasher_finish(other, wanted, &err);
	hasher_free(other);
	assert_int_equal(hasher_finish(hasher, found, &err), size);
	assert_memory_equal(found, wanted, size);
}

static void
pieces_of_every_size_are_hashed_in_their_order(void **state)
{
	struct fixture *fixture = *state;
	static const size_t sizes[] = {1, 0, 63, 4096, HASH_THREAD_RING / 8,
		HASH_THREAD_RING / 8 + 1, HASH_THREAD_RING - 1, HASH_THREAD_RING,
		2 * HASH_THREAD_RING + 7};
	struct hash_task task = {.hasher = hasher_new(HASH_SHA1)};
	for (size_t round = 0; round < 40; round++) {
		size_t done = 0;
		for (size_t at = round; done < BYTES; at++) {
			size_t size = sizes[at % (sizeof sizes / sizeof *sizes)];
			size = size < BYTES - done ? size : BYTES - done;
			hash_thread_add(
				fixture->thread, &task, bytes_of(fixture->bytes + done, size));
			done += size;
			/* Small ones fill the ring to odd places. */
			if (round < 36 && done > HASH_THREAD_RING)
				break;
		}
		hash_thread_wait(fixture->thread, &task);
		assert_false(hash_thread_is_laden(fixture->thread));
		expect_sum(task.hasher, bytes_of(fixture->bytes, done));
	}
	hasher_free(task.hasher);
}

static void
tasks_are_apart_and_the_bytes_are_copies(void **state)
{
	struct fixture *fixture = *state;
	struct hash_task tasks[TASKS];
	for (size_t at = 0; at < TASKS; at++)
		tasks[at] = (struct hash_task){.hasher = hasher_new(HASH_SHA1)};
	for (size_t done = 0; done < BYTES; done += 50000) {
		uint8_t piece[50000];
		size_t size = BYTES - done < sizeof piece ? BYTES - done : sizeof piece;
		for (size_t at = 0; at < TASKS; at++) {
			memcpy(piece, fixture->bytes + done, size);
			piece[0] = (uint8_t)(piece[0] + at);
			hash_thread_add(fixture->thread, &tasks[at], bytes_of(piece, size));
			memset(piece, 0, sizeof piece);
		}
	}
	for (size_t at = 0; at < TASKS; at++) {
		hash_thread_wait(fixture->thread, &tasks[at]);
		expect_sum(tasks[at].hasher, bytes_of(fixture->bytes, BYTES));
		hasher_free(tasks[at].hasher);
		for (size_t done = 0; done < BYTES; done += 50000)
			fixture->bytes[done]++;
	}
}

static void
an_empty_task_is_waited_for_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct hash_task task = {.hasher = hasher_new(HASH_SHA1)};
	hash_thread_add(fixture->thread, &task, bytes_of(NULL, 0));
	hash_thread_wait(fixture->thread, &task);
	assert_false(hash_thread_is_laden(fixture->thread));
	expect_sum(task.hasher, bytes_of(NULL, 0));
	hasher_free(task.hasher);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			pieces_of_every_size_are_hashed_in_their_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			tasks_are_apart_and_the_bytes_are_copies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_empty_task_is_waited_for_at_once, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
