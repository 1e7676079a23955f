/* SPDX-License-Identifier: MPL-2.0 */
#include "store/collect.h"

#include <sys/mount.h>
#include <sys/wait.h>

#include "store/file.h"
#include "store/root.h"
#include "store/verify.h"
#include "store_fixture.h"

static struct collect_result
collect(struct store *store)
{
	struct collect_result result;
	good(store_collect(store, &(struct collect_options){0}, &result, &err));
	return result;
}

static void
what_nothing_needs_goes_and_what_a_result_needs_stays(void **state)
{
	struct place *place = *state;
	cleanup_object struct object library = add_text(place->store, "library", "so");
	cleanup_object UNUSED struct object program =
		add_reference(place->store, "program", &library);
	cleanup_object UNUSED struct object garbage = add_text(place->store, "garbage", "old");
	good(store_sync(place->store, &err));
	char link[400];
	(void)snprintf(link, sizeof link, "%s/result", place->path);
	struct object_reference reference = reference_of(&program);
	good(root_link(place->store, link, &reference, &err));
	/* All are leased by this process still. */
	assert_int_equal(collect(place->store).objects, 0);
	/* Where contents are shared by reflink, nobody can tell whose a blob is: all have gone. */
	bool links = count_names(place, "cull/blobs") == 3;
	place_reopen(place);
	struct collect_result result;
	good(store_collect(
		place->store, &(struct collect_options){.dry_run = true}, &result, &err));
	assert_int_equal(result.objects, 1);
	assert_int_equal(count_names(place, "cull/store"), 6);
	result = collect(place->store);
	assert_int_equal(result.objects, 1);
	assert_int_equal(result.blobs, links ? 1 : 0);
	assert_int_equal(count_names(place, "cull/store"), 4);
	struct verify_result verified;
	good(store_verify(place->store, NULL, NULL, &verified, &err));
	assert_int_equal(verified.faults, 0);
	assert_int_equal(verified.objects, 2);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(collect(place->store).objects, 2);
	assert_int_equal(count_names(place, "cull/store"), 0);
	assert_int_equal(count_names(place, "cull/blobs"), 0);
	assert_int_equal(count_names(place, "cull/roots"), 0);
	assert_int_equal(count_names(place, "cull/trash"), 0);
}

static void
a_link_made_anew_needs_the_new_object_alone(void **state)
{
	struct place *place = *state;
	cleanup_object struct object first = add_text(place->store, "first", "1");
	cleanup_object struct object second = add_text(place->store, "second", "2");
	good(store_sync(place->store, &err));
	char link[400];
	char target[400];
	(void)snprintf(link, sizeof link, "%s/result", place->path);
	struct object_reference reference = reference_of(&first);
	good(root_link(place->store, link, &reference, &err));
	reference = reference_of(&second);
	good(root_link(place->store, link, &reference, &err));
	ssize_t size = readlink(link, target, sizeof target - 1);
	assert_true(size > 0);
	target[size] = '\0';
	char *physical = store_physical_path(place->store, &reference);
	assert_string_equal(target, physical);
	free(physical);
	place_reopen(place);
	assert_int_equal(collect(place->store).objects, 1);
	cleanup_object struct object found = {0};
	good(store_use(place->store, &second.path, &found, &err));
	put(place->fd, "file", "not a link", 0644);
	(void)snprintf(link, sizeof link, "%s/file", place->path);
	bad(root_link(place->store, link, &reference, &err), ERR_REFUSED);
}

static void
delete_refuses_what_is_needed_and_says_by_whom(void **state)
{
	struct place *place = *state;
	cleanup_object struct object library = add_text(place->store, "library", "so");
	cleanup_object UNUSED struct object program =
		add_reference(place->store, "program", &library);
	cleanup_object struct object busy = add_text(place->store, "busy", "b");
	good(store_sync(place->store, &err));
	char link[400];
	(void)snprintf(link, sizeof link, "%s/result", place->path);
	struct object_reference reference = reference_of(&program);
	good(root_link(place->store, link, &reference, &err));
	place_reopen(place);
	struct store *builder;
	good((builder = store_open(place->root, 0, &err)));
	cleanup_object struct object used = {0};
	good(store_use(builder, &busy.path, &used, &err));
	struct err failure;
	assert_false(store_delete(place->store, &program.path, &failure));
	assert_non_null(strstr(failure.text, "needed by the result"));
	assert_false(store_delete(place->store, &library.path, &failure));
	assert_non_null(strstr(failure.text, "needed by the result"));
	assert_false(store_delete(place->store, &busy.path, &failure));
	assert_non_null(strstr(failure.text, "running build"));
	store_close(builder);
	good(store_delete(place->store, &busy.path, &err));
	assert_int_equal(unlink(link), 0);
	assert_false(store_delete(place->store, &library.path, &failure));
	assert_non_null(strstr(failure.text, "-program"));
	good(store_delete(place->store, &program.path, &err));
	good(store_delete(place->store, &library.path, &err));
	bad(store_delete(place->store, &library.path, &err), ERR_NOT_FOUND);
	assert_int_equal(count_names(place, "cull/blobs"), 0);
	assert_int_equal(count_names(place, "cull/objects") - 3, 0);
}

static void
garbage_of_a_crash_goes(void **state)
{
	struct place *place = *state;
	/* Renamed into store/ and never recorded; blobs of it; a record without a tree. */
	cleanup_object UNUSED struct object object = add_text(place->store, "torn", "text");
	store_close(place->store);
	place_open(place);
	assert_int_equal(count_names(place, "cull/store"), 2);
	put(place->fd, "cull/lease/0123456789abcdef", "o", 0644);
	struct collect_result result = collect(place->store);
	assert_int_equal(result.objects, 1);
	assert_int_equal(count_names(place, "cull/store"), 0);
	assert_int_equal(count_names(place, "cull/lease"), 0);
}

static void
logs_go_when_they_are_old(void **state)
{
	struct place *place = *state;
	struct err failure;
	struct digest digests[] = {digest_of(BYTES_LITERAL("1")), digest_of(BYTES_LITERAL("2"))};
	for (size_t at = 0; at < 2; at++) {
		cleanup_fd int log = store_log_create(place->store, &digests[at], &failure);
		assert_true(log >= 0);
		const struct timespec old[2] = {{.tv_sec = 5}, {.tv_sec = 5}};
		if (at == 0)
			assert_int_equal(futimens(log, old), 0);
	}
	(void)collect(place->store);
	assert_int_equal(store_log_open(place->store, &digests[0], &failure), -1);
	cleanup_fd int kept = store_log_open(place->store, &digests[1], &failure);
	assert_true(kept >= 0);
}

static void
a_lock_that_cannot_be_read_stops_the_collection(void **state)
{
	struct place *place = *state;
	cleanup_object UNUSED struct object object = add_text(place->store, "kept", "text");
	good(store_sync(place->store, &err));
	char lock[400];
	(void)snprintf(lock, sizeof lock, "%s/lock", place->path);
	assert_int_equal(mkfifo(lock, 0600), 0);
	good(root_lock(place->store, lock, &err));
	place_reopen(place);
	struct collect_result result;
	bad(store_collect(place->store, &(struct collect_options){0}, &result, &err), ERR_REFUSED);
	assert_int_equal(count_names(place, "cull/store"), 2);
}

/* D6: a store on a file system of its own, filled to the last byte and inode. */
static void
a_full_disk_is_freed(void **state)
{
	struct place *place = *state;
	if (geteuid() != 0) {
		print_message("# needs root to mount\n");
		skip();
	}
	put_folder(place->fd, "small");
	char path[400];
	(void)snprintf(path, sizeof path, "%s/small", place->path);
	if (mount("tmpfs", path, "tmpfs", 0, "size=4m,nr_inodes=400,mode=0755") < 0) {
		print_message("# may not mount here\n");
		skip();
	}
	struct place small = *place;
	(void)snprintf(small.root, sizeof small.root, "%s/small/cull", place->path);
	place_open(&small);
	for (int at = 0; at < 10; at++) {
		char name[32];
		char text[4000];
		(void)snprintf(name, sizeof name, "garbage-%d", at);
		memset(text, 'a' + at, sizeof text - 1);
		text[sizeof text - 1] = '\0';
		struct object object = add_text(small.store, name, text);
		object_release(&object);
	}
	good(store_sync(small.store, &err));
	store_close(small.store);
	place_open(&small);
	struct collect_result result;
	good(store_collect(small.store, &(struct collect_options){.dry_run = true}, &result, &err));
	assert_int_equal(result.objects, 10);
	for (int at = 0;; at++) {
		(void)snprintf(path, sizeof path, "small/fill-%d", at);
		cleanup_fd int fd = openat(place->fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		char block[4096] = {0};
		if (fd < 0)
			break;
		while (at == 0 && write(fd, block, sizeof block) > 0)
			;
	}
	struct err failure;
	struct staging staging;
	assert_false(store_stage(small.store, &staging, &failure));
	result = (struct collect_result){0};
	bool collected =
		store_collect(small.store, &(struct collect_options){0}, &result, &failure);
	store_close(small.store);
	(void)snprintf(path, sizeof path, "%s/small", place->path);
	assert_int_equal(umount2(path, MNT_DETACH), 0);
	if (!collected)
		fail_msg("%s", failure.text);
	assert_int_equal(result.objects, 10);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(what_nothing_needs_goes_and_what_a_result_needs_stays),
		in_place(a_link_made_anew_needs_the_new_object_alone),
		in_place(delete_refuses_what_is_needed_and_says_by_whom),
		in_place(garbage_of_a_crash_goes),
		in_place(logs_go_when_they_are_old),
		in_place(a_lock_that_cannot_be_read_stops_the_collection),
		in_place(a_full_disk_is_freed),
	};
	return cmocka_run_group_tests_name("collect", tests, NULL, NULL);
}
