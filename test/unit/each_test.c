/* SPDX-License-Identifier: MPL-2.0 */
#include "store/internal.h"
#include "store_fixture.h"

struct seen {
	struct map names;
	size_t stop_at; /* fail at this many; 0: never */
};

static bool
see(void *context, const char *name, struct err *err)
{
	struct seen *seen = context;
	assert_false(map_has(&seen->names, bytes_text(name)));
	map_put(&seen->names, bytes_text(name), seen);
	if (seen->stop_at && seen->names.size == seen->stop_at)
		return err_set(err, ERR_LIMIT, "enough with %s", name);
	return true;
}

static void
each_name_is_visited_once_and_a_folder_may_be_visited_again(void **state)
{
	struct place *place = *state;
	put_folder(place->fd, "f/folder");
	put(place->fd, "f/file", "x", 0644);
	put(place->fd, "f/.hidden", "x", 0644);
	put(place->fd, "f/dangling", "nowhere", 0);
	put(place->fd, "f/\xff raw\n", "x", 0644);
	cleanup_fd int folder = openat(place->fd, "f", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* The position belongs to a descriptor of the visit's own. */
	for (int round = 0; round < 2; round++) {
		struct seen seen = {0};
		good(store_each(folder, see, &seen, &err));
		assert_int_equal(seen.names.size, 5);
		assert_true(map_has(&seen.names, BYTES_LITERAL("\xff raw\n")));
		assert_true(map_has(&seen.names, BYTES_LITERAL(".hidden")));
		map_release(&seen.names);
	}
}

static void
shards_give_their_names_with_the_shard_before_them(void **state)
{
	struct place *place = *state;
	put(place->fd, "f/aa/one", "x", 0644);
	put(place->fd, "f/aa/two", "x", 0644);
	put(place->fd, "f/bb/one", "x", 0644);
	put_folder(place->fd, "f/cc");
	put_folder(place->fd, "f/aa/deep/er");
	cleanup_fd int folder = openat(place->fd, "f", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct seen seen = {0};
	good(store_each_sharded(folder, see, &seen, &err));
	assert_int_equal(seen.names.size, 4);
	assert_true(map_has(&seen.names, BYTES_LITERAL("aa/one")));
	assert_true(map_has(&seen.names, BYTES_LITERAL("aa/deep")));
	assert_true(map_has(&seen.names, BYTES_LITERAL("bb/one")));
	map_release(&seen.names);
}

static void
a_visitor_that_fails_ends_it_with_its_own_sentence(void **state)
{
	struct place *place = *state;
	char name[16];
	for (int at = 0; at < 9; at++) {
		(void)snprintf(name, sizeof name, "f/%c%c/file", 'a' + at / 3, 'a' + at % 3);
		put(place->fd, name, "x", 0644);
	}
	cleanup_fd int folder = openat(place->fd, "f", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t stop = 1; stop <= 9; stop++) {
		struct seen seen = {.stop_at = stop};
		struct err failure;
		assert_false(store_each_sharded(folder, see, &seen, &failure));
		assert_int_equal(failure.kind, ERR_LIMIT);
		assert_non_null(strstr(failure.text, "enough with"));
		assert_int_equal(seen.names.size, stop);
		map_release(&seen.names);
	}
}

static void
what_is_not_there_is_empty_and_a_link_is_not_entered(void **state)
{
	struct place *place = *state;
	struct seen seen = {0};
	/* A cache need not have every folder. */
	good(store_each(-1, see, &seen, &err));
	good(store_each_sharded(-1, see, &seen, &err));
	assert_int_equal(seen.names.size, 0);
	put(place->fd, "outside/secret", "x", 0644);
	put_folder(place->fd, "f");
	put(place->fd, "f/aa", "../outside", 0);
	cleanup_fd int folder = openat(place->fd, "f", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bad(store_each_sharded(folder, see, &seen, &err), ERR_SYSTEM);
	assert_int_equal(seen.names.size, 0);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(each_name_is_visited_once_and_a_folder_may_be_visited_again),
		in_place(shards_give_their_names_with_the_shard_before_them),
		in_place(a_visitor_that_fails_ends_it_with_its_own_sentence),
		in_place(what_is_not_there_is_empty_and_a_link_is_not_entered),
	};
	return cmocka_run_group_tests_name("each", tests, NULL, NULL);
}
