/* SPDX-License-Identifier: MPL-2.0 */
#include "store/index.h"

#include "store/collect.h"
#include "store_fixture.h"

static size_t
referrers(struct store *store, const struct digest *path)
{
	struct index *index;
	object_references list;
	good((index = index_open(store, &err)));
	good(index_referrers(index, path, &list, &err));
	size_t count = list.size;
	array_release(&list);
	index_close(index);
	return count;
}

static void
the_index_answers_and_is_made_anew_when_it_is_gone(void **state)
{
	struct place *place = *state;
	cleanup_object struct object library = add_text(place->store, "library", "so");
	cleanup_object UNUSED struct object program =
		add_reference(place->store, "program", &library);
	good(store_sync(place->store, &err));
	assert_int_equal(referrers(place->store, &library.path), 1);
	assert_int_equal(referrers(place->store, &program.path), 0);
	assert_int_equal(unlinkat(place->fd, "cull/index.sqlite", 0), 0);
	assert_int_equal(referrers(place->store, &library.path), 1);
	struct index *index;
	uint64_t objects;
	uint64_t bytes;
	good((index = index_open(place->store, &err)));
	good(index_totals(index, &objects, &bytes, &err));
	assert_int_equal(objects, 2);
	assert_int_equal(bytes, library.size + program.size);
	object_references list;
	good(index_by_hash(index, &library.hash, &list, &err));
	assert_int_equal(list.size, 1);
	assert_string_equal(list.data[0].name, "library");
	array_release(&list);
	index_close(index);
}

static void
a_sync_and_a_deletion_bring_it_up_to_date(void **state)
{
	struct place *place = *state;
	cleanup_object struct object library = add_text(place->store, "library", "so");
	good(store_sync(place->store, &err));
	assert_int_equal(referrers(place->store, &library.path), 0);
	cleanup_object UNUSED struct object program =
		add_reference(place->store, "program", &library);
	good(store_sync(place->store, &err));
	assert_int_equal(referrers(place->store, &library.path), 1);
	place_reopen(place);
	good(store_delete(place->store, &program.path, &err));
	assert_int_equal(referrers(place->store, &library.path), 0);
}

static void
a_damaged_or_foreign_index_is_made_anew(void **state)
{
	struct place *place = *state;
	cleanup_object struct object library = add_text(place->store, "library", "so");
	cleanup_object UNUSED struct object program =
		add_reference(place->store, "program", &library);
	good(store_sync(place->store, &err));
	put(place->fd, "cull/index.sqlite", "this is no database, and never was one", 0644);
	assert_int_equal(referrers(place->store, &library.path), 1);
	char index[400];
	(void)snprintf(index, sizeof index, "%s/index.sqlite", place->root);
	assert_int_equal(truncate(index, 5000), 0);
	assert_int_equal(referrers(place->store, &library.path), 1);
	/* The header's user_version, 4 bytes at 60: from the future. */
	flip_byte(place, "cull/index.sqlite", 60);
	assert_int_equal(referrers(place->store, &library.path), 1);
	put(place->fd, "cull/index.sqlite", "broken before a batch", 0644);
	cleanup_object UNUSED struct object third = add_reference(place->store, "third", &library);
	good(store_sync(place->store, &err));
	assert_int_equal(referrers(place->store, &library.path), 2);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(the_index_answers_and_is_made_anew_when_it_is_gone),
		in_place(a_sync_and_a_deletion_bring_it_up_to_date),
		in_place(a_damaged_or_foreign_index_is_made_anew),
	};
	return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
