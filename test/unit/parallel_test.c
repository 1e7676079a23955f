/* SPDX-License-Identifier: MPL-2.0 */
#include "store/parallel.h"

#include <stdatomic.h>

#include "store/verify.h"
#include "store_fixture.h"

enum { STEPS = 2000 };

struct work {
	atomic_uint done[STEPS];
	size_t bad_from;
};

static bool
work_step(void *context, size_t index, struct err *err)
{
	struct work *work = context;
	atomic_fetch_add(&work->done[index], 1);
	if (index >= work->bad_from)
		return err_set(err, ERR_CORRUPT, "step %zu", index);
	return true;
}

static void
every_index_is_worked_on_once(void **state)
{
	(void)state;
	struct work *work = memory_zero(1, sizeof *work);
	work->bad_from = STEPS;
	good(parallel_each(STEPS, work_step, work, &err));
	for (size_t at = 0; at < STEPS; at++)
		assert_int_equal(work->done[at], 1);
	good(parallel_each(0, work_step, work, &err));
	free(work);
}

static void
the_first_failure_is_the_one_reported(void **state)
{
	(void)state;
	struct work *work = memory_zero(1, sizeof *work);
	work->bad_from = 700;
	struct err failure;
	assert_false(parallel_each(STEPS, work_step, work, &failure));
	assert_string_equal(failure.text, "step 700");
	assert_int_equal(work->done[699], 1);
	assert_int_equal(work->done[STEPS - 1], 0);
	free(work);
}

static void
a_tree_of_many_files_is_added_by_all_threads(void **state)
{
	struct place *place = *state;
	struct cab_hash hashes[2];
	for (int round = 0; round < 2; round++) {
		struct staging staging = stage(place->store);
		for (int at = 0; at < 600; at++) {
			char path[64];
			char text[64];
			(void)snprintf(path, sizeof path, "out/%d/%d", at / 30, at);
			(void)snprintf(text, sizeof text, "content %d", at % 400);
			put(staging.folder, path, text, at % 2 ? 0755 : 0644);
		}
		/* The second time every content is there already. */
		struct object object = add(place->store, &staging, round ? "second" : "first");
		hashes[round] = object.hash;
		good(store_verify_object(place->store, &object.path, &err));
		object_release(&object);
	}
	assert_true(cab_hash_equal(&hashes[0], &hashes[1]));
	assert_int_equal(count_names(place, "cull/blobs"), 400);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_index_is_worked_on_once),
		cmocka_unit_test(the_first_failure_is_the_one_reported),
		in_place(a_tree_of_many_files_is_added_by_all_threads),
	};
	return cmocka_run_group_tests_name("parallel", tests, NULL, NULL);
}
