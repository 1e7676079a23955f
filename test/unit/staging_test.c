/* SPDX-License-Identifier: MPL-2.0 */
#include <sys/file.h>

#include "store/internal.h"
#include "store_fixture.h"

static void
a_staging_is_private_empty_and_locked(void **state)
{
	struct place *place = *state;
	struct staging staging = stage(place->store);
	struct staging other = stage(place->store);
	struct stat status;
	char path[100];
	assert_string_not_equal(staging.name, other.name);
	(void)snprintf(path, sizeof path, "cull/staging/%s", staging.name);
	assert_int_equal(fstatat(place->fd, path, &status, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(count_names(place, path), 0);
	cleanup_fd int fd = openat(place->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
	put(staging.folder, "out/a/b", "text", 0444);
	assert_int_equal(fchmodat(staging.folder, "out/a", 0500, 0), 0);
	store_unstage(&staging);
	assert_int_equal(staging.folder, -1);
	assert_int_equal(fstatat(place->fd, path, &status, 0), -1);
	store_unstage(&staging);
	store_unstage(&other);
	assert_int_equal(count_names(place, "cull/staging"), 0);
}

/* A living one is held by its lock; everything else there, whatever it is, is swept. */
static void
a_sweep_takes_what_nobody_holds(void **state)
{
	struct place *place = *state;
	struct staging living = stage(place->store);
	put(living.folder, "out", "text", 0644);
	put_folder(place->fd, "cull/staging/dead/tree");
	assert_int_equal(fchmodat(place->fd, "cull/staging/dead/tree", 0000, 0), 0);
	put(place->fd, "cull/staging/file", "text", 0644);
	put(place->fd, "canary/file", "text", 0644);
	put(place->fd, "cull/staging/link", "../../canary", 0);
	assert_int_equal(mkfifoat(place->fd, "cull/staging/fifo", 0600), 0);
	good(store_lock(place->store, true, &err));
	good(store_sweep_staging(place->store, &err));
	store_unlock(place->store);
	assert_int_equal(count_names(place, "cull/staging"), 2);
	good(store_empty_trash(place->store, true, &err));
	assert_int_equal(count_names(place, "cull/trash"), 0);
	assert_int_equal(count_names(place, "canary"), 1);
	store_unstage(&living);
}

static void
what_is_trashed_is_gone_at_once_and_removed_later(void **state)
{
	struct place *place = *state;
	put_folder(place->fd, "cull/store/read-only/deep");
	assert_int_equal(fchmodat(place->fd, "cull/store/read-only/deep", 0555, 0), 0);
	assert_int_equal(fchmodat(place->fd, "cull/store/read-only", 0555, 0), 0);
	put(place->fd, "cull/blobs/blob", "text", 0444);
	good(store_trash(place->store, FOLDER_STORE, "read-only", &err));
	good(store_trash(place->store, FOLDER_BLOBS, "blob", &err));
	good(store_trash(place->store, FOLDER_BLOBS, "absent", &err));
	assert_int_equal(count_names(place, "cull/store"), 0);
	assert_int_equal(count_names(place, "cull/blobs"), 0);
	assert_int_equal(count_names(place, "cull/trash"), 3);
	good(store_empty_trash(place->store, true, &err));
	assert_int_equal(count_names(place, "cull/trash"), 0);
}

static void
whoever_empties_the_trash_is_not_waited_for_unless_asked(void **state)
{
	struct place *place = *state;
	put(place->fd, "cull/trash/old", "text", 0644);
	cleanup_fd int lock =
		openat(place->fd, "cull/lock/trash", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	good(store_empty_trash(place->store, false, &err));
	assert_int_equal(count_names(place, "cull/trash"), 1);
	assert_int_equal(flock(lock, LOCK_UN), 0);
	good(store_empty_trash(place->store, false, &err));
	assert_int_equal(count_names(place, "cull/trash"), 0);
}

static void
a_cache_stages_nothing(void **state)
{
	struct place *place = *state;
	struct store *cache;
	struct staging staging = {.folder = -1};
	good((cache = store_open(place->root, STORE_READ_ONLY, &err)));
	bad(store_stage(cache, &staging, &err), ERR_REFUSED);
	bad(store_ensure_work(cache, &err), ERR_REFUSED);
	assert_int_equal(staging.folder, -1);
	store_close(cache);
	/* The folder of a process's own is made once. */
	good(store_ensure_work(place->store, &err));
	good(store_ensure_work(place->store, &err));
	assert_int_equal(count_names(place, "cull/staging"), 1);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(a_staging_is_private_empty_and_locked),
		in_place(a_sweep_takes_what_nobody_holds),
		in_place(what_is_trashed_is_gone_at_once_and_removed_later),
		in_place(whoever_empties_the_trash_is_not_waited_for_unless_asked),
		in_place(a_cache_stages_nothing),
	};
	return cmocka_run_group_tests_name("staging", tests, NULL, NULL);
}
