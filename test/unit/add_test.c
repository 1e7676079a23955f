/* SPDX-License-Identifier: MPL-2.0 */
#include "store/store.h"

#include <sys/xattr.h>

#include "store/scan.h"
#include "store/verify.h"
#include "store_fixture.h"

static void
expect_mode(const struct place *place, const struct object *object, const char *inside, mode_t mode)
{
	char path[1024];
	struct stat status;
	assert_int_equal(
		fstatat(place->fd, lies_at(object, inside, path), &status, AT_SYMLINK_NOFOLLOW), 0);
	if (mode)
		assert_int_equal(status.st_mode & 07777, mode);
	assert_int_equal(status.st_mtim.tv_sec, 1);
	assert_int_equal(status.st_uid, geteuid());
}

static ino_t
inode_of(const struct place *place, const struct object *object, const char *inside)
{
	char path[1024];
	struct stat status;
	assert_int_equal(
		fstatat(place->fd, lies_at(object, inside, path), &status, AT_SYMLINK_NOFOLLOW), 0);
	return status.st_ino;
}

static void
an_object_lies_normalised_under_the_path_of_its_content(void **state)
{
	struct place *place = *state;
	struct staging staging = stage(place->store);
	put(staging.folder, "out/bin/run", "#!/bin/sh\n", 04711);
	put(staging.folder, "out/data", "data", 0640);
	put(staging.folder, "out/link", "bin/run", 0);
	assert_int_equal(fchmodat(staging.folder, "out/bin", 0555, 0), 0);
	(void)!setxattr("out/data", "user.a", "b", 1, 0);
	cleanup_object struct object object = add(place->store, &staging, "thing-1.0");
	struct digest path = object_plain_path(&object.hash, "thing-1.0");
	assert_true(digest_equal(&path, &object.path));
	expect_mode(place, &object, "", 0555);
	expect_mode(place, &object, "bin", 0555);
	expect_mode(place, &object, "bin/run", 0555);
	expect_mode(place, &object, "data", 0444);
	expect_mode(place, &object, "link", 0);
	assert_int_equal(object.size, 14);
	assert_int_equal(object.files, 5);
	good(store_verify_object(place->store, &object.path, &err));
}

static void
what_is_added_is_seen_at_once_here_and_elsewhere_after_the_sync(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_text(place->store, "a", "text");
	cleanup_object struct object found = {0};
	cleanup_object struct object other = {0};
	good(store_use(place->store, &object.path, &found, &err));
	struct store *second;
	good((second = store_open(place->root, 0, &err)));
	bad(store_use(second, &object.path, &other, &err), ERR_NOT_FOUND);
	good(store_sync(place->store, &err));
	good(store_use(second, &object.path, &other, &err));
	assert_string_equal(other.name, "a");
	store_close(second);
	place_reopen(place);
	object_release(&found);
	good(store_use(place->store, &object.path, &found, &err));
	assert_true(cab_hash_equal(&found.hash, &object.hash));
}

static void
equal_files_of_two_objects_share_an_inode_and_of_one_do_not(void **state)
{
	struct place *place = *state;
	struct staging staging = stage(place->store);
	put(staging.folder, "out/one", "the same", 0644);
	put(staging.folder, "out/two", "the same", 0644);
	put(staging.folder, "out/run", "the same", 0755);
	put(staging.folder, "out/empty", "", 0644);
	put(staging.folder, "out/void", "", 0644);
	cleanup_object struct object first = add(place->store, &staging, "first");
	staging = stage(place->store);
	put(staging.folder, "out/other", "the same", 0644);
	put(staging.folder, "out/empty", "", 0644);
	cleanup_object struct object second = add(place->store, &staging, "second");
	assert_true(inode_of(place, &first, "one") != inode_of(place, &first, "two"));
	assert_true(inode_of(place, &first, "one") != inode_of(place, &first, "run"));
	assert_true(inode_of(place, &first, "empty") != inode_of(place, &second, "empty"));
	ino_t shared = inode_of(place, &second, "other");
	if (shared != inode_of(place, &first, "one") && shared != inode_of(place, &first, "two"))
		print_message("# the file system reflinks: no inode is shared\n");
	assert_int_equal(count_names(place, "cull/blobs"), 2);
}

static void
hard_links_in_a_tree_are_split_and_from_outside_refused(void **state)
{
	struct place *place = *state;
	struct staging staging = stage(place->store);
	put(staging.folder, "out/one", "linked", 0644);
	assert_int_equal(linkat(staging.folder, "out/one", staging.folder, "out/two", 0), 0);
	cleanup_object struct object object = add(place->store, &staging, "linked");
	assert_true(inode_of(place, &object, "one") != inode_of(place, &object, "two"));

	staging = stage(place->store);
	put(staging.folder, "outside", "kept", 0600);
	put_folder(staging.folder, "out");
	assert_int_equal(linkat(staging.folder, "outside", staging.folder, "out/in", 0), 0);
	struct store_add_options options = {.name = "bad"};
	struct object none;
	bad(store_add(place->store, staging.folder, "out", &options, &none, &err), ERR_REFUSED);
	struct stat status;
	assert_int_equal(fstatat(staging.folder, "outside", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	store_unstage(&staging);
}

static void
devices_fifos_and_sockets_are_refused_by_name(void **state)
{
	struct place *place = *state;
	struct staging staging = stage(place->store);
	put_folder(staging.folder, "out/deep");
	assert_int_equal(mkfifoat(staging.folder, "out/deep/pipe", 0600), 0);
	struct store_add_options options = {.name = "bad"};
	struct object none;
	struct err failure;
	assert_false(store_add(place->store, staging.folder, "out", &options, &none, &failure));
	assert_int_equal(failure.kind, ERR_REFUSED);
	assert_non_null(strstr(failure.text, "out/deep/pipe"));
	store_unstage(&staging);
	good(store_sync(place->store, &err));
	assert_int_equal(count_names(place, "cull/store"), 0);
	assert_int_equal(count_names(place, "cull/objects"), 0);
}

static void
limits_on_size_names_and_depth_hold(void **state)
{
	struct place *place = *state;
	struct staging staging = stage(place->store);
	put(staging.folder, "out/a/b/c", "12345", 0644);
	struct object none;
	struct store_add_options options = {.name = "big", .limits = {.size = 4}};
	bad(store_add(place->store, staging.folder, "out", &options, &none, &err), ERR_LIMIT);
	options.limits = (struct tree_limits){.files = 3};
	bad(store_add(place->store, staging.folder, "out", &options, &none, &err), ERR_LIMIT);
	options.limits = (struct tree_limits){.depth = 1};
	bad(store_add(place->store, staging.folder, "out", &options, &none, &err), ERR_LIMIT);
	options.limits = (struct tree_limits){.size = 5, .files = 4, .depth = 2};
	good(store_add(place->store, staging.folder, "out", &options, &none, &err));
	object_release(&none);
	store_unstage(&staging);
}

static void
a_deep_tree_with_long_names_is_walked(void **state)
{
	struct place *place = *state;
	struct staging staging = stage(place->store);
	char name[241];
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	put_folder(staging.folder, "out");
	int folder = openat(staging.folder, "out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Some 29 KiB of path: more than the kernel takes at once. */
	for (int depth = 0; depth < 120; depth++) {
		assert_int_equal(mkdirat(folder, name, 0700), 0);
		int next = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		fd_close(folder);
		folder = next;
	}
	put(folder, "file", "deep", 0644);
	fd_close(folder);
	cleanup_object struct object object = add(place->store, &staging, "deep");
	assert_int_equal(object.files, 122);
	good(store_verify_object(place->store, &object.path, &err));
}

static void
a_claim_that_differs_registers_nothing(void **state)
{
	struct place *place = *state;
	struct staging staging = stage(place->store);
	put(staging.folder, "out", "text", 0644);
	struct cab_hash claim = {'f', digest_of(BYTES_LITERAL("other"))};
	struct store_add_options options = {.name = "claimed", .claim = &claim};
	struct object none;
	bad(store_add(place->store, staging.folder, "out", &options, &none, &err), ERR_CORRUPT);
	claim.digest = digest_of(BYTES_LITERAL("text"));
	good(store_add(place->store, staging.folder, "out", &options, &none, &err));
	object_release(&none);
	store_unstage(&staging);
}

static void
references_must_be_in_the_store(void **state)
{
	struct place *place = *state;
	cleanup_object struct object first = add_text(place->store, "first", "1");
	cleanup_object struct object second = add_reference(place->store, "second", &first);
	assert_int_equal(second.references.size, 1);
	struct digest plain = object_plain_path(&second.hash, "second");
	assert_false(digest_equal(&plain, &second.path));
	object_list closure;
	good(store_closure(place->store, &second.path, 1, &closure, &err));
	assert_int_equal(closure.size, 2);
	assert_string_equal(closure.data[0].name, "first");
	object_list_release(&closure);

	struct staging staging = stage(place->store);
	put(staging.folder, "out", "text", 0644);
	struct store_add_options options = {.name = "third"};
	array_push(&options.references)->path = digest_of(BYTES_LITERAL("nowhere"));
	struct object none;
	bad(store_add(place->store, staging.folder, "out", &options, &none, &err), ERR_NOT_FOUND);
	array_release(&options.references);
	store_unstage(&staging);
}

/* As a realizer does: built under a stand-in path, scanned, named, rewritten, added. */
static void
self_references_are_rewritten_to_the_path_that_follows_from_them(void **state)
{
	struct place *place = *state;
	struct staging staging = stage(place->store);
	struct digest stand = digest_of(BYTES_LITERAL("stand-in"));
	char text[512];
	(void)snprintf(text, sizeof text, "%s\n", store_path_print(&stand, "me").text);
	put(staging.folder, "out/self", text, 0444);
	(void)snprintf(text, sizeof text, "%s/self", store_path_print(&stand, "me").text);
	put(staging.folder, "out/to", text, 0);
	struct scan_pattern pattern;
	memcpy(pattern.letters, digest_print(&stand).text, DIGEST_TEXT);
	scan_hits hits = {0};
	good(scan_tree(staging.folder, "out", &pattern, 1, &hits, &err));
	assert_int_equal(hits.size, 2);
	struct store_add_options options = {.name = "me"};
	scan_selves(&hits, 0, &options.selves);
	struct tree_facts facts;
	good(store_hash_tree(staging.folder, "out", NULL, &options.selves, &facts, &err));
	assert_string_equal(cab_hash_print(&facts.blanked).text,
		"ddo5yt6nkghdeif5boxlzu42uriheyb72tvp7hzu2yay5hefpjtta");
	struct object object = {0};
	bad(store_add(place->store, staging.folder, "out", &options, &object, &err), ERR_CORRUPT);
	struct digest path =
		object_path(&facts.blanked, "me", &options.references, &options.selves);
	good(scan_rewrite(staging.folder, "out", &hits, 0, digest_print(&path).text, &err));
	good(store_add(place->store, staging.folder, "out", &options, &object, &err));
	store_unstage(&staging);
	assert_string_equal(digest_print(&object.path).text,
		"wxnkrveyiyfu4lcu27mxswy6jtoqntyznhfwygtv6rugps62pp2q");
	assert_string_equal(cab_hash_print(&object.hash).text,
		"dauvfnymqqcccwxvtqzhf3prbpswdnusoika72upc67plo5idjbya");
	good(store_verify_object(place->store, &object.path, &err));
	for (size_t at = 0; at < options.selves.size; at++)
		free((void *)(uintptr_t)options.selves.data[at].path.data);
	array_release(&options.selves);
	object_release(&object);
	scan_release(&hits);
}

static void
adding_again_drops_the_copy_and_mends_a_damaged_one(void **state)
{
	struct place *place = *state;
	char path[1024];
	cleanup_object struct object first = add_text(place->store, "same", "the text");
	good(store_sync(place->store, &err));
	cleanup_object struct object second = add_text(place->store, "same", "the text");
	assert_true(digest_equal(&first.path, &second.path));
	good(store_verify_object(place->store, &first.path, &err));

	flip_byte(place, lies_at(&first, "file", path), 3);
	bad(store_verify_object(place->store, &first.path, &err), ERR_CORRUPT);
	cleanup_object struct object third = add_text(place->store, "same", "the text");
	good(store_verify_object(place->store, &third.path, &err));
	struct verify_result result;
	good(store_sync(place->store, &err));
	good(store_verify(place->store, NULL, NULL, &result, &err));
	assert_int_equal(result.faults, 0);
	assert_int_equal(count_names(place, "cull/store"), 2);
}

static void
a_staging_folder_is_private_and_gone_after_use(void **state)
{
	struct place *place = *state;
	struct staging staging = stage(place->store);
	struct stat status;
	assert_int_equal(fstat(staging.folder, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	put(staging.folder, "left/over", "text", 0400);
	assert_int_equal(fchmodat(staging.folder, "left", 0500, 0), 0);
	store_unstage(&staging);
	assert_int_equal(count_names(place, "cull/staging"), 0);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(an_object_lies_normalised_under_the_path_of_its_content),
		in_place(what_is_added_is_seen_at_once_here_and_elsewhere_after_the_sync),
		in_place(equal_files_of_two_objects_share_an_inode_and_of_one_do_not),
		in_place(hard_links_in_a_tree_are_split_and_from_outside_refused),
		in_place(devices_fifos_and_sockets_are_refused_by_name),
		in_place(limits_on_size_names_and_depth_hold),
		in_place(a_deep_tree_with_long_names_is_walked),
		in_place(a_claim_that_differs_registers_nothing),
		in_place(references_must_be_in_the_store),
		in_place(self_references_are_rewritten_to_the_path_that_follows_from_them),
		in_place(adding_again_drops_the_copy_and_mends_a_damaged_one),
		in_place(a_staging_folder_is_private_and_gone_after_use),
	};
	return cmocka_run_group_tests_name("add", tests, NULL, NULL);
}
