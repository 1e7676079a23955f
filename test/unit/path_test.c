/* SPDX-License-Identifier: MPL-2.0 */
#include "base/path.h"

#include <sys/resource.h>

#include "store_fixture.h"

static int
enter(int folder, const char *name)
{
	assert_int_equal(mkdirat(folder, name, 0700), 0);
	int next = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(next >= 0);
	fd_close(folder);
	return next;
}

static void
a_tree_deeper_than_descriptors_reach_is_removed(void **state)
{
	struct place *place = *state;
	int folder = enter(openat(place->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "deep");
	for (int depth = 0; depth < 600; depth++)
		folder = enter(folder, "d");
	put(folder, "file", "at the bottom", 0400);
	assert_int_equal(fchmod(folder, 0500), 0);
	fd_close(folder);
	const struct rlimit few = {200, 200};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	good(path_remove(place->fd, "deep", &err));
	assert_true(faccessat(place->fd, "deep", F_OK, 0) < 0);
}

static void
removal_follows_no_link_and_opens_what_is_closed(void **state)
{
	struct place *place = *state;
	put(place->fd, "kept/file", "kept", 0644);
	put(place->fd, "tree/link", "../kept", 0);
	put(place->fd, "tree/closed/file", "x", 0);
	assert_int_equal(fchmodat(place->fd, "tree/closed", 0, 0), 0);
	good(path_remove(place->fd, "tree", &err));
	good(path_remove(place->fd, "tree", &err));
	assert_int_equal(faccessat(place->fd, "kept/file", F_OK, 0), 0);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(a_tree_deeper_than_descriptors_reach_is_removed),
		in_place(removal_follows_no_link_and_opens_what_is_closed),
	};
	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
