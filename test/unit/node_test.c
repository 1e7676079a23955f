/* SPDX-License-Identifier: MPL-2.0 */
#include "store/node.h"

#include "store_fixture.h"

static struct digest
make_node(struct buf *node)
{
	struct tree_entry entry = {'f', BYTES_LITERAL("a"), digest_of(BYTES_LITERAL("x")), {0}};
	tree_write_start(node);
	tree_write(node, &entry);
	return digest_of(buf_bytes(node));
}

static const char *
node_path(const struct digest *digest, char path[200])
{
	(void)snprintf(path, 200, "cull/nodes/%s", digest_print(digest).text);
	return path;
}

static void
a_node_is_written_once_and_read_back(void **state)
{
	struct place *place = *state;
	struct stat first, second;
	char path[200];
	cleanup_buf struct buf node = BUF(BUF_MAX);
	cleanup_buf struct buf back = BUF(BUF_MAX);
	struct digest digest = make_node(&node);
	bad(node_read(place->store, &digest, &back, &err), ERR_NOT_FOUND);
	assert_int_equal(back.size, 0);
	good(node_write(place->store, &digest, buf_bytes(&node), &err));
	assert_int_equal(fstatat(place->fd, node_path(&digest, path), &first, 0), 0);
	assert_int_equal(first.st_mode & 07777, 0444);
	good(node_write(place->store, &digest, buf_bytes(&node), &err));
	assert_int_equal(fstatat(place->fd, path, &second, 0), 0);
	assert_true(first.st_ino == second.st_ino);
	/* Added to what the buffer holds. */
	buf_add(&back, BYTES_LITERAL("before"));
	good(node_read(place->store, &digest, &back, &err));
	assert_int_equal(back.size, 6 + node.size);
	assert_memory_equal(back.data + 6, node.data, node.size);
}

static void
a_damaged_node_is_corrupt_and_writing_it_again_mends_it(void **state)
{
	struct place *place = *state;
	char path[200];
	cleanup_buf struct buf node = BUF(BUF_MAX);
	cleanup_buf struct buf back = BUF(BUF_MAX);
	struct digest digest = make_node(&node);
	good(node_write(place->store, &digest, buf_bytes(&node), &err));
	for (size_t at = 0; at < node.size; at++) {
		flip_byte(place, node_path(&digest, path), (off_t)at);
		bad(node_read(place->store, &digest, &back, &err), ERR_CORRUPT);
		assert_int_equal(back.size, 0);
		flip_byte(place, path, (off_t)at);
	}
	flip_byte(place, path, 0);
	good(node_write(place->store, &digest, buf_bytes(&node), &err));
	good(node_read(place->store, &digest, &back, &err));
	assert_true(bytes_equal(buf_bytes(&back), buf_bytes(&node)));
}

static void
a_reader_s_ceiling_holds(void **state)
{
	struct place *place = *state;
	cleanup_buf struct buf node = BUF(BUF_MAX);
	struct digest digest = make_node(&node);
	good(node_write(place->store, &digest, buf_bytes(&node), &err));
	cleanup_buf struct buf small = BUF(node.size - 1);
	bad(node_read(place->store, &digest, &small, &err), ERR_LIMIT);
	cleanup_buf struct buf exact = BUF(node.size);
	good(node_read(place->store, &digest, &exact, &err));
}

/* A batch is dirty once a node is new, so that the sync flushes it. */
static void
a_new_node_is_of_the_batch_and_one_that_was_there_is_not(void **state)
{
	struct place *place = *state;
	cleanup_buf struct buf node = BUF(BUF_MAX);
	struct digest digest = make_node(&node);
	assert_false(place->store->dirty);
	good(node_write(place->store, &digest, buf_bytes(&node), &err));
	assert_true(place->store->dirty);
	assert_int_equal(place->store->made.size, 1);
	good(store_sync(place->store, &err));
	assert_false(place->store->dirty);
	good(node_write(place->store, &digest, buf_bytes(&node), &err));
	assert_false(place->store->dirty);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(a_node_is_written_once_and_read_back),
		in_place(a_damaged_node_is_corrupt_and_writing_it_again_mends_it),
		in_place(a_reader_s_ceiling_holds),
		in_place(a_new_node_is_of_the_batch_and_one_that_was_there_is_not),
	};
	return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
