/* SPDX-License-Identifier: MPL-2.0 */
#include "store/reuse.h"

#include "store/verify.h"
#include "store_fixture.h"

struct former {
	struct object object;
	struct tree_nodes nodes;
};

static struct former
add_former(struct store *store)
{
	struct former former = {.nodes = {.file = BUF(0)}};
	struct staging staging = stage(store);
	put(staging.folder, "out/a/b/file", "file", 0644);
	put(staging.folder, "out/a/run", "#!/bin/sh\n", 0755);
	put(staging.folder, "out/a/twin", "file", 0644);
	put(staging.folder, "out/a/none", "", 0644);
	put(staging.folder, "out/link", "a/b", 0);
	put(staging.folder, "out/top", "top", 0644);
	struct store_add_options options = {.name = "former", .keep_nodes = true};
	good(store_add(store, staging.folder, "out", &options, &former.object, &err));
	store_unstage(&staging);
	good(tree_nodes_load(store, &former.object.hash, &former.nodes, &err));
	return former;
}

static void
release_former(struct former *former)
{
	object_release(&former->object);
	tree_nodes_release(&former->nodes);
}

#define cleanup_former __attribute__((cleanup(release_former)))
#define RECIPE(text)   bytes_of(text, sizeof(text))

static bool
apply(struct place *place, const struct former *former, const struct staging *staging,
	struct reuse *reuse, struct bytes recipe, struct err *err)
{
	struct reuse_source source = {&former->object, &former->nodes};
	return reuse_apply(reuse, place->store, &source, staging->folder, "out", recipe, err);
}

static struct object
add_reused(struct place *place, struct staging *staging, const struct reuse *reuse)
{
	struct object object = {0};
	struct store_add_options options = {.name = "new", .reuse = reuse, .keep_nodes = true};
	good(store_add(place->store, staging->folder, "out", &options, &object, &err));
	store_unstage(staging);
	good(store_verify_object(place->store, &object.path, &err));
	return object;
}

static struct stat
status_of(const struct place *place, const struct object *object, const char *inside)
{
	char path[1024];
	struct stat status;
	assert_int_equal(
		fstatat(place->fd, lies_at(object, inside, path), &status, AT_SYMLINK_NOFOLLOW), 0);
	return status;
}

static void
folders_files_and_links_become_parts_of_a_new_tree(void **state)
{
	struct place *place = *state;
	cleanup_former struct former former = add_former(place->store);
	struct staging staging = stage(place->store);
	struct reuse reuse = REUSE;
	put(staging.folder, "out/new", "new", 0644);
	good(apply(
		place, &former, &staging, &reuse, RECIPE("a\0moved\0link\0link\0top\0new2"), &err));
	cleanup_object struct object object = add_reused(place, &staging, &reuse);
	reuse_release(&reuse);
	assert_int_equal(status_of(place, &object, "moved/b/file").st_ino,
		status_of(place, &former.object, "a/b/file").st_ino);
	assert_int_equal(status_of(place, &object, "moved/run").st_mode & 07777, 0555);
	assert_int_not_equal(status_of(place, &object, "moved/none").st_ino,
		status_of(place, &former.object, "a/none").st_ino);
	assert_int_equal(status_of(place, &object, "moved").st_mode & 07777, 0555);
	/* The same tree, written anew, is the same object. */
	staging = stage(place->store);
	put(staging.folder, "out/new", "new", 0644);
	put(staging.folder, "out/new2", "top", 0644);
	put(staging.folder, "out/link", "a/b", 0);
	put(staging.folder, "out/moved/b/file", "file", 0644);
	put(staging.folder, "out/moved/run", "#!/bin/sh\n", 0755);
	put(staging.folder, "out/moved/twin", "file", 0644);
	put(staging.folder, "out/moved/none", "", 0644);
	cleanup_object struct object again = add(place->store, &staging, "new");
	assert_true(digest_equal(&again.path, &object.path));
}

static void
no_two_names_of_one_object_share_an_inode(void **state)
{
	struct place *place = *state;
	cleanup_former struct former former = add_former(place->store);
	struct staging staging = stage(place->store);
	struct reuse reuse = REUSE;
	/* Sorted before what is reused, and equal to it. */
	put(staging.folder, "out/0", "top", 0644);
	good(apply(place, &former, &staging, &reuse, RECIPE("a\0a\0a\0b\0top\0c\0top\0d"), &err));
	cleanup_object struct object object = add_reused(place, &staging, &reuse);
	reuse_release(&reuse);
	static const char *const names[] = {
		"0", "c", "d", "a/b/file", "b/b/file", "a/twin", "b/twin", "a/run", "b/run"};
	for (size_t at = 0; at < sizeof names / sizeof *names; at++)
		for (size_t other = 0; other < at; other++)
			assert_int_not_equal(status_of(place, &object, names[at]).st_ino,
				status_of(place, &object, names[other]).st_ino);
	assert_int_equal(status_of(place, &object, "b/run").st_mode & 07777, 0555);
}

static void
a_recipe_that_breaks_a_rule_is_refused(void **state)
{
	struct place *place = *state;
	cleanup_former struct former former = add_former(place->store);
	const struct bytes recipes[] = {
		RECIPE("top"),
		bytes_of("top\0x", 5),
		RECIPE("\0x"),
		RECIPE("top\0"),
		RECIPE("../top\0x"),
		RECIPE("top\0../x"),
		RECIPE("top\0/x"),
		RECIPE("/top\0x"),
		RECIPE("a//run\0x"),
		RECIPE("a/\0x"),
		RECIPE("none\0x"),
		RECIPE("a/none/x\0x"),
		RECIPE("link/file\0x"),
		RECIPE("top\0there"),
		RECIPE("a\0there"),
		RECIPE("link\0there"),
		RECIPE("top\0x\0top\0x"),
		RECIPE("a\0."),
	};
	for (size_t at = 0; at < sizeof recipes / sizeof *recipes; at++) {
		struct staging staging = stage(place->store);
		struct reuse reuse = REUSE;
		put(staging.folder, "out/there", "there", 0644);
		bad(apply(place, &former, &staging, &reuse, recipes[at], &err), ERR_REFUSED);
		reuse_release(&reuse);
		store_unstage(&staging);
	}
}

static void
nothing_is_made_through_a_symlink_or_where_no_folder_is(void **state)
{
	struct place *place = *state;
	cleanup_former struct former former = add_former(place->store);
	struct staging staging = stage(place->store);
	put(staging.folder, "beside/file", "beside", 0644);
	put(staging.folder, "out/inside/file", "inside", 0644);
	put(staging.folder, "out/inward", "inside", 0);
	put(staging.folder, "out/outward", "../beside", 0);
	static const char *const places[] = {"inward/x", "outward/x", "none/x", "inside/file/x"};
	for (size_t at = 0; at < sizeof places / sizeof *places; at++) {
		struct reuse reuse = REUSE;
		struct err err = {0};
		cleanup_buf struct buf recipe = BUF(1000);
		buf_add(&recipe, RECIPE("top"));
		buf_add(&recipe, bytes_of(places[at], strlen(places[at]) + 1));
		assert_false(apply(place, &former, &staging, &reuse, buf_bytes(&recipe), &err));
		reuse_release(&reuse);
	}
	struct stat status;
	assert_int_equal(fstatat(staging.folder, "beside/x", &status, 0), -1);
	assert_int_equal(fstatat(staging.folder, "out/inside/x", &status, 0), -1);
	store_unstage(&staging);
}

static void
a_former_file_that_is_not_as_it_was_registered_is_not_taken(void **state)
{
	struct place *place = *state;
	cleanup_former struct former former = add_former(place->store);
	char path[1024];
	struct staging staging = stage(place->store);
	put_folder(staging.folder, "out");
	assert_int_equal(fchmodat(place->fd, lies_at(&former.object, "top", path), 0644, 0), 0);
	struct reuse reuse = REUSE;
	bad(apply(place, &former, &staging, &reuse, RECIPE("top\0x"), &err), ERR_CORRUPT);
	reuse_release(&reuse);
	store_unstage(&staging);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
		TEST(folders_files_and_links_become_parts_of_a_new_tree),
		TEST(no_two_names_of_one_object_share_an_inode),
		TEST(a_recipe_that_breaks_a_rule_is_refused),
		TEST(nothing_is_made_through_a_symlink_or_where_no_folder_is),
		TEST(a_former_file_that_is_not_as_it_was_registered_is_not_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
