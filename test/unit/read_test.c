/* SPDX-License-Identifier: MPL-2.0 */
#include "store/read.h"

#include "store/collect.h"
#include "store/root.h"
#include "store_fixture.h"

static struct object
add_source(struct store *store)
{
	struct staging staging = stage(store);
	put(staging.folder, "out/Cargo.toml", "[package]\n", 0644);
	put(staging.folder, "out/src/deep/main.c", "int main;\n", 0755);
	put(staging.folder, "out/src/empty", "", 0644);
	put(staging.folder, "out/link", "src", 0);
	return add(store, &staging, "source");
}

static void
expect_file(struct store *store, const struct object *object, const char *path, const char *text)
{
	struct read_source source = {.hash = &object->hash, .name = "source"};
	cleanup_buf struct buf out = BUF(1 << 20);
	good(read_file(store, &source, bytes_text(path), &out, &err));
	assert_string_equal(buf_text(&out), text);
}

static void
files_and_folders_of_a_whole_object_are_read(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_source(place->store);
	struct read_source source = {.hash = &object.hash, .name = "source"};
	expect_file(place->store, &object, "Cargo.toml", "[package]\n");
	expect_file(place->store, &object, "src/deep/main.c", "int main;\n");
	expect_file(place->store, &object, "src/empty", "");
	expect_file(place->store, &object, "link", "src");
	struct read_entry entry;
	good(read_find(place->store, &source, BYTES_LITERAL("src/deep"), &entry, &err));
	assert_int_equal(entry.kind, 'd');
	good(read_find(place->store, &source, BYTES_LITERAL(""), &entry, &err));
	assert_int_equal(entry.kind, 'd');
	good(read_find(place->store, &source, BYTES_LITERAL("src/none"), &entry, &err));
	assert_int_equal(entry.kind, READ_ABSENT);
	/* A symlink is never followed. */
	good(read_find(place->store, &source, BYTES_LITERAL("link/deep"), &entry, &err));
	assert_int_equal(entry.kind, READ_ABSENT);
	cleanup_buf struct buf node = BUF(TREE_NODE_MAX);
	good(read_list(place->store, &source, BYTES_LITERAL("src"), &node, &err));
	struct tree_entry row;
	good(tree_node_find(buf_bytes(&node), BYTES_LITERAL("deep"), &row, &err));
	cleanup_buf struct buf out = BUF(100);
	bad(read_file(place->store, &source, BYTES_LITERAL("src"), &out, &err), ERR_REFUSED);
	bad(read_file(place->store, &source, BYTES_LITERAL("src/../x"), &out, &err), ERR_REFUSED);
	bad(read_file(place->store, &source, BYTES_LITERAL("/src"), &out, &err), ERR_REFUSED);
	cleanup_buf struct buf small = BUF(3);
	bad(read_file(place->store, &source, BYTES_LITERAL("Cargo.toml"), &small, &err), ERR_LIMIT);
}

static void
roots_that_are_a_file_or_a_symlink_are_read(void **state)
{
	struct place *place = *state;
	struct staging staging = stage(place->store);
	put(staging.folder, "out", "bytes", 0644);
	cleanup_object struct object file = add(place->store, &staging, "source");
	expect_file(place->store, &file, "", "bytes");
	staging = stage(place->store);
	put(staging.folder, "out", "../target", 0);
	cleanup_object struct object link = add(place->store, &staging, "source");
	expect_file(place->store, &link, "", "../target");
}

static void
what_was_read_stays_when_the_object_is_deleted(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_source(place->store);
	expect_file(place->store, &object, "src/deep/main.c", "int main;\n");
	good(store_sync(place->store, &err));
	place_reopen(place);
	good(store_delete(place->store, &object.path, &err));
	assert_int_equal(count_names(place, "cull/store"), 0);
	place_reopen(place);
	expect_file(place->store, &object, "src/deep/main.c", "int main;\n");
	struct read_source source = {.hash = &object.hash, .name = "source"};
	cleanup_buf struct buf out = BUF(100);
	bad(read_file(place->store, &source, BYTES_LITERAL("Cargo.toml"), &out, &err),
		ERR_NOT_FOUND);
	struct read_entry entry;
	good(read_find(place->store, &source, BYTES_LITERAL("Cargo.lock"), &entry, &err));
	assert_int_equal(entry.kind, READ_ABSENT);
}

static void
reading_again_writes_nothing(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_source(place->store);
	expect_file(place->store, &object, "Cargo.toml", "[package]\n");
	good(store_sync(place->store, &err));
	place_reopen(place);
	size_t before = count_names(place, "cull");
	expect_file(place->store, &object, "Cargo.toml", "[package]\n");
	struct stat first;
	struct stat second;
	assert_int_equal(fstatat(place->fd, "cull/staging", &first, 0), 0);
	good(store_sync(place->store, &err));
	assert_int_equal(fstatat(place->fd, "cull/staging", &second, 0), 0);
	assert_int_equal(first.st_mtim.tv_nsec, second.st_mtim.tv_nsec);
	/* The lease alone. */
	assert_int_equal(count_names(place, "cull"), before + 1);
}

static void
reads_are_kept_as_long_as_a_lock_names_their_hash(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_source(place->store);
	expect_file(place->store, &object, "Cargo.toml", "[package]\n");
	good(store_sync(place->store, &err));
	char lock[400];
	(void)snprintf(lock, sizeof lock, "%s/default.cab.lock", place->path);
	char text[200];
	(void)snprintf(text, sizeof text, "{\"a:b\": {\"cab\": \"%s\"},\n\"~\": 1}\n",
		cab_hash_print(&object.hash).text);
	put(place->fd, "default.cab.lock", text, 0644);
	good(root_lock(place->store, lock, &err));
	place_reopen(place);
	struct collect_result result;
	good(store_collect(place->store, &(struct collect_options){0}, &result, &err));
	assert_int_equal(result.objects, 0);
	good(store_collect(
		place->store, &(struct collect_options){.drop_sources = true}, &result, &err));
	assert_int_equal(result.objects, 1);
	expect_file(place->store, &object, "Cargo.toml", "[package]\n");
	place_reopen(place);
	assert_int_equal(unlinkat(place->fd, "default.cab.lock", 0), 0);
	good(store_collect(place->store, &(struct collect_options){0}, &result, &err));
	assert_int_equal(result.nodes, 1);
	assert_int_equal(result.blobs, 1);
	assert_int_equal(count_names(place, "cull/nodes"), 0);
	assert_int_equal(count_names(place, "cull/blobs"), 0);
	assert_int_equal(count_names(place, "cull/roots"), 0);
}

static void
parts_put_by_a_realizer_are_read_without_an_object(void **state)
{
	struct place *place = *state;
	struct digest data = digest_of(BYTES_LITERAL("data"));
	cleanup_buf struct buf node = BUF(TREE_NODE_MAX);
	struct tree_entry entry = {'f', BYTES_LITERAL("a"), data, {NULL, 0}};
	tree_write_start(&node);
	tree_write(&node, &entry);
	struct object object = {.hash = {'d', digest_of(buf_bytes(&node))}};
	good(read_put_node(place->store, &object.hash, buf_bytes(&node), &err));
	good(read_put_blob(place->store, &object.hash, BYTES_LITERAL("data"), &err));
	bad(read_put_node(place->store, &object.hash, BYTES_LITERAL("no node"), &err), ERR_CORRUPT);
	good(store_sync(place->store, &err));
	place_reopen(place);
	expect_file(place->store, &object, "a", "data");
	struct read_record record;
	good(read_record_find(place->store, &object.hash, &record, &err));
	assert_int_equal(record.node_count, 1);
	assert_int_equal(record.blob_count, 1);
	read_record_release(&record);
}

static void
a_damaged_part_is_noticed_on_first_use(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_source(place->store);
	expect_file(place->store, &object, "Cargo.toml", "[package]\n");
	good(store_sync(place->store, &err));
	place_reopen(place);
	char path[1024];
	struct digest digest = digest_of(BYTES_LITERAL("[package]\n"));
	(void)snprintf(path, sizeof path, "cull/blobs/%s", digest_print(&digest).text);
	flip_byte(place, path, 2);
	struct read_source source = {.hash = &object.hash, .name = "source"};
	cleanup_buf struct buf out = BUF(100);
	/* The object's file is the same inode, or a copy that is still right. */
	struct err failure;
	if (read_file(place->store, &source, BYTES_LITERAL("Cargo.toml"), &out, &failure))
		assert_string_equal(buf_text(&out), "[package]\n");
	else
		assert_int_equal(failure.kind, ERR_NOT_FOUND);
	(void)snprintf(path, sizeof path, "cull/nodes/%s", digest_print(&object.hash.digest).text);
	flip_byte(place, path, 20);
	/* The node follows from the tree, which is whole but for the one file: it cannot be proved
	 * any more either. */
	struct read_entry entry;
	if (!read_find(place->store, &source, BYTES_LITERAL("link"), &entry, &failure))
		assert_int_equal(failure.kind, ERR_NOT_FOUND);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(files_and_folders_of_a_whole_object_are_read),
		in_place(roots_that_are_a_file_or_a_symlink_are_read),
		in_place(what_was_read_stays_when_the_object_is_deleted),
		in_place(reading_again_writes_nothing),
		in_place(reads_are_kept_as_long_as_a_lock_names_their_hash),
		in_place(parts_put_by_a_realizer_are_read_without_an_object),
		in_place(a_damaged_part_is_noticed_on_first_use),
	};
	return cmocka_run_group_tests_name("read", tests, NULL, NULL);
}
