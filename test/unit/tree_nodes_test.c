/* SPDX-License-Identifier: MPL-2.0 */
#include "store/tree_nodes.h"

#include "store/collect.h"
#include "store/verify.h"
#include "store_fixture.h"

static struct object
add_kept(struct store *store)
{
	struct staging staging = stage(store);
	put(staging.folder, "out/a/b/file", "file", 0644);
	put(staging.folder, "out/same/b/file", "file", 0644);
	put(staging.folder, "out/run", "#!/bin/sh\n", 0755);
	put(staging.folder, "out/link", "a/b", 0);
	put_folder(staging.folder, "out/empty");
	struct object object = {0};
	struct store_add_options options = {.name = "kept", .keep_nodes = true};
	good(store_add(store, staging.folder, "out", &options, &object, &err));
	store_unstage(&staging);
	return object;
}

static void
all_of_a_tree_is_found_by_its_nodes(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_kept(place->store);
	cleanup_tree_nodes struct tree_nodes nodes = {.file = BUF(0)};
	good(tree_nodes_load(place->store, &object.hash, &nodes, &err));
	/* The root, a, a/b once for both, same (equal to a), empty. */
	assert_int_equal(nodes.folders.size, 4);
	struct tree_entry entry;
	struct digest file = digest_of(BYTES_LITERAL("file"));
	assert_true(tree_nodes_find(&nodes, BYTES_LITERAL("same/b/file"), &entry));
	assert_true(entry.kind == TREE_FILE && digest_equal(&entry.digest, &file));
	assert_true(tree_nodes_find(&nodes, BYTES_LITERAL("run"), &entry));
	assert_int_equal(entry.kind, TREE_EXECUTABLE);
	assert_true(tree_nodes_find(&nodes, BYTES_LITERAL("link"), &entry));
	assert_true(bytes_equal_text(entry.target, "a/b"));
	assert_false(tree_nodes_find(&nodes, BYTES_LITERAL("link/file"), &entry));
	assert_false(tree_nodes_find(&nodes, BYTES_LITERAL("a/none"), &entry));
	assert_null(tree_nodes_folder(&nodes, &file));
}

static void
an_object_whose_nodes_were_not_kept_has_none(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_text(place->store, "plain", "text");
	struct tree_nodes nodes;
	bad(tree_nodes_load(place->store, &object.hash, &nodes, &err), ERR_NOT_FOUND);
	struct cab_hash file = {TREE_FILE, object.hash.digest};
	bad(tree_nodes_load(place->store, &file, &nodes, &err), ERR_NOT_FOUND);
}

/* The file of an object's nodes, whose bytes the function may change. */
static void
spoil(struct place *place, const struct object *object, void change(struct buf *file))
{
	char path[512];
	struct cab_hash_text text = cab_hash_print(&object->hash);
	(void)snprintf(
		path, sizeof path, "%s/trees/%.2s/%s", place->root, text.text + 1, text.text);
	cleanup_buf struct buf file = BUF(1 << 20);
	good(fd_read_file(AT_FDCWD, path, &file, &err));
	change(&file);
	good(fd_replace_file(AT_FDCWD, path, buf_bytes(&file), 0444, &err));
}

static void
flip_last(struct buf *file)
{
	file->data[file->size - 1] ^= 1;
}

static void
cut_off(struct buf *file)
{
	buf_truncate(file, file->size - 1);
}

static void
first_alone(struct buf *file)
{
	size_t size = file->data[44] | (size_t)file->data[45] << 8;
	buf_truncate(file, 12 + 36 + size);
}

static void
another_version(struct buf *file)
{
	file->data[10] = '2';
}

static void
no_node(struct buf *file)
{
	buf_truncate(file, 12);
}

static void
nodes_that_are_damaged_are_none_and_verify_says_so(void **state)
{
	struct place *place = *state;
	void (*const changes[])(struct buf *) = {
		flip_last, cut_off, first_alone, another_version, no_node};
	for (size_t at = 0; at < sizeof changes / sizeof *changes; at++) {
		cleanup_object struct object object = add_kept(place->store);
		struct tree_nodes nodes;
		struct verify_result result;
		good(store_sync(place->store, &err));
		spoil(place, &object, changes[at]);
		bad(tree_nodes_load(place->store, &object.hash, &nodes, &err), ERR_CORRUPT);
		good(store_verify(place->store, NULL, NULL, &result, &err));
		assert_int_equal(result.faults, 1);
		spoil(place, &object, no_node);
	}
}

static void
gc_takes_nodes_with_their_object(void **state)
{
	struct place *place = *state;
	struct object object = add_kept(place->store);
	good(store_sync(place->store, &err));
	struct collect_options options = {0};
	struct collect_result result;
	struct tree_nodes nodes;
	good(store_collect(place->store, &options, &result, &err));
	good(tree_nodes_load(place->store, &object.hash, &nodes, &err));
	tree_nodes_release(&nodes);
	object_release(&object);
	place_reopen(place);
	good(store_collect(place->store, &options, &result, &err));
	assert_int_equal(count_names(place, "cull/trees/*"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
		TEST(all_of_a_tree_is_found_by_its_nodes),
		TEST(an_object_whose_nodes_were_not_kept_has_none),
		TEST(nodes_that_are_damaged_are_none_and_verify_says_so),
		TEST(gc_takes_nodes_with_their_object),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
