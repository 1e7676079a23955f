/* SPDX-License-Identifier: MPL-2.0 */
#include "store/store.h"

#include <sys/mount.h>
#include <sys/wait.h>

#include "base/process.h"
#include "store_fixture.h"

static void
refuse(const struct place *place, unsigned flags, const char *why)
{
	struct err failure;
	struct store *store = store_open(place->root, flags, &failure);
	if (store)
		fail_msg("a store was opened that %s", why);
	if (!strstr(failure.text, why))
		fail_msg("\"%s\" does not say \"%s\"", failure.text, why);
	assert_int_equal(failure.kind, ERR_REFUSED);
}

static void
a_store_that_others_may_write_is_refused(void **state)
{
	struct place *place = *state;
	assert_int_equal(chmod(place->root, 0775), 0);
	refuse(place, 0, "others may write it");
	assert_int_equal(chmod(place->root, 0757), 0);
	refuse(place, STORE_READ_ONLY, "others may write it");
	assert_int_equal(chmod(place->root, 0755), 0);
	assert_int_equal(fchmodat(place->fd, "cull/blobs", 0777, 0), 0);
	refuse(place, 0, "cull/blobs: others may write it");
	assert_int_equal(fchmodat(place->fd, "cull/blobs", 0755, 0), 0);
}

static void
a_store_behind_a_symlink_is_refused(void **state)
{
	struct place *place = *state;
	assert_int_equal(renameat(place->fd, "cull", place->fd, "real"), 0);
	assert_int_equal(symlinkat("real", place->fd, "cull"), 0);
	refuse(place, 0, "is not a folder");
	assert_int_equal(unlinkat(place->fd, "cull", 0), 0);
	assert_int_equal(renameat(place->fd, "real", place->fd, "cull"), 0);
	assert_int_equal(renameat(place->fd, "cull/nodes", place->fd, "nodes"), 0);
	assert_int_equal(symlinkat("../nodes", place->fd, "cull/nodes"), 0);
	refuse(place, 0, "is not a folder");
}

static void
a_store_of_another_user_is_refused_but_may_be_a_cache(void **state)
{
	struct place *place = *state;
	if (geteuid() != 0) {
		print_message("# needs root to give the store away\n");
		skip();
	}
	assert_int_equal(chown(place->root, 12345, 12345), 0);
	refuse(place, 0, "belongs to user 12345");
	struct store *cache;
	good((cache = store_open(place->root, STORE_READ_ONLY, &err)));
	store_close(cache);
}

static void
a_store_that_crosses_a_mount_is_refused(void **state)
{
	struct place *place = *state;
	if (geteuid() != 0) {
		print_message("# needs root to mount\n");
		skip();
	}
	char path[400];
	(void)snprintf(path, sizeof path, "%s/blobs", place->root);
	if (mount("tmpfs", path, "tmpfs", 0, "size=64k") < 0) {
		print_message("# may not mount here\n");
		skip();
	}
	struct err failure;
	struct store *store = store_open(place->root, 0, &failure);
	assert_int_equal(umount2(path, MNT_DETACH), 0);
	assert_null(store);
	assert_int_equal(failure.kind, ERR_REFUSED);
}

static void
another_version_is_refused_with_that_reason(void **state)
{
	struct place *place = *state;
	assert_int_equal(fchmodat(place->fd, "cull/version", 0644, 0), 0);
	put(place->fd, "cull/version", "cab store 2\n", 0444);
	refuse(place, 0, "has another version");
}

static void
a_folder_with_other_things_in_it_is_not_made_a_store(void **state)
{
	struct place *place = *state;
	put(place->fd, "home/letter", "dear", 0644);
	struct place other = *place;
	(void)snprintf(other.root, sizeof other.root, "%s/home", place->path);
	refuse(&other, STORE_CREATE, "holds files but is not a store");
	struct err failure;
	assert_null(store_open(other.root, STORE_READ_ONLY, &failure));
	assert_int_equal(failure.kind, ERR_NOT_FOUND);
	(void)snprintf(other.root, sizeof other.root, "%s/nowhere", place->path);
	assert_null(store_open(other.root, 0, &failure));
	assert_int_equal(failure.kind, ERR_NOT_FOUND);
}

static void
modes_do_not_follow_the_umask(void **state)
{
	struct place *place = *state;
	struct place other = *place;
	for (int round = 0; round < 2; round++) {
		mode_t before = umask(round ? 0 : 077);
		(void)snprintf(other.root, sizeof other.root, "%s/u%d/deep", place->path, round);
		place_open(&other);
		cleanup_object UNUSED struct object object = add_text(other.store, "a", "text");
		good(store_sync(other.store, &err));
		store_close(other.store);
		(void)umask(before);
		const char *arguments[] = {"find", other.root, "!", "-name", "deep", "-type", "d",
			"!", "-perm", "755", "!", "-perm", "555", "-o", "-type", "f", "!", "-perm",
			"444", "!", "-perm", "555", "!", "-path", "*/lock/*", NULL};
		struct process_spec spec = {.program = "/usr/bin/find", .arguments = arguments};
		cleanup_buf struct buf odd = BUF(1 << 16);
		struct process_end end;
		good(process_run(&spec, bytes_of(NULL, 0), &odd, NULL, 0, &end, &err));
		assert_int_equal(end.code, 0);
		assert_string_equal(buf_text(&odd), "");
	}
}

static void
the_root_comes_from_the_environment_or_from_who_asks(void **state)
{
	(void)state;
	assert_int_equal(setenv("CAB_ROOT", "/somewhere", 1), 0);
	char *root = store_default_root();
	assert_string_equal(root, "/somewhere");
	free(root);
	assert_int_equal(unsetenv("CAB_ROOT"), 0);
	assert_int_equal(setenv("HOME", "/home/a", 1), 0);
	root = store_default_root();
	assert_string_equal(root, geteuid() == 0 ? "/cull" : "/home/a/.local/share/cab");
	free(root);
}

static void
what_a_dead_process_staged_is_swept(void **state)
{
	struct place *place = *state;
	struct staging own = stage(place->store);
	pid_t child = fork();
	if (child == 0) {
		struct err failure;
		struct store *store = store_open(place->root, 0, &failure);
		struct staging staging;
		if (!store || !store_stage(store, &staging, &failure) ||
			mkdirat(staging.folder, "out", 0500) < 0)
			_exit(1);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(count_names(place, "cull/staging"), 3);
	struct store *second;
	good((second = store_open(place->root, 0, &err)));
	struct staging staging = stage(second);
	assert_int_equal(count_names(place, "cull/staging"), 2);
	store_unstage(&staging);
	store_close(second);
	store_unstage(&own);
	assert_int_equal(count_names(place, "cull/trash"), 0);
}

static void
a_sync_with_nothing_new_writes_nothing(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_text(place->store, "a", "text");
	good(store_sync(place->store, &err));
	place_reopen(place);
	cleanup_object struct object found = {0};
	good(store_use(place->store, &object.path, &found, &err));
	struct stat before;
	struct stat after;
	assert_int_equal(fstatat(place->fd, "cull/staging", &before, 0), 0);
	good(store_sync(place->store, &err));
	assert_int_equal(fstatat(place->fd, "cull/staging", &after, 0), 0);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	assert_true(faccessat(place->fd, "cull/index.sqlite", F_OK, 0) < 0);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(a_store_that_others_may_write_is_refused),
		in_place(a_store_behind_a_symlink_is_refused),
		in_place(a_store_of_another_user_is_refused_but_may_be_a_cache),
		in_place(a_store_that_crosses_a_mount_is_refused),
		in_place(another_version_is_refused_with_that_reason),
		in_place(a_folder_with_other_things_in_it_is_not_made_a_store),
		in_place(modes_do_not_follow_the_umask),
		cmocka_unit_test(the_root_comes_from_the_environment_or_from_who_asks),
		in_place(what_a_dead_process_staged_is_swept),
		in_place(a_sync_with_nothing_new_writes_nothing),
	};
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
