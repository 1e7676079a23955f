/* SPDX-License-Identifier: MPL-2.0 */
#include "base/digest.h"

#include "host_fixture.h"

enum { NEW = WASI_OFLAG_CREAT | WASI_OFLAG_EXCL };
enum { RW = WASI_RIGHT_FD_READ | WASI_RIGHT_FD_WRITE };

static int32_t
new_file(struct host_fixture *fixture, const char *name)
{
	int32_t fd = fixture_path_open(fixture, bytes_text(name), NEW, RW);
	assert_true(fd >= 4);
	return fd;
}

static void
expect_leaf(struct host_fixture *fixture, int32_t fd, const char *contents)
{
	assert_int_equal(CALL(fixture, "close_digest", (uint32_t)fd, 0), 0);
	struct digest expected = digest_of(bytes_text(contents));
	assert_memory_equal(fixture->host->memory, expected.bytes, DIGEST_SIZE);
	assert_int_equal(CALL(fixture, "fd_close", (uint32_t)fd), WASI_BADF);
}

static void
a_file_written_in_order_has_the_leaf_of_its_bytes(void **state)
{
	struct host_fixture *fixture = *state;
	int32_t fd = new_file(fixture, "file");
	assert_int_equal(fixture_write(fixture, fd, BYTES_LITERAL("some ")), 0);
	assert_int_equal(fixture_write(fixture, fd, BYTES_LITERAL("bytes")), 0);
	expect_leaf(fixture, fd, "some bytes");
	/* The slot's state is used again. */
	fd = new_file(fixture, "other");
	assert_int_equal(fixture_write(fixture, fd, BYTES_LITERAL("more")), 0);
	expect_leaf(fixture, fd, "more");
	fd = new_file(fixture, "empty");
	expect_leaf(fixture, fd, "");
}

static void
a_leaf_forgets_what_an_abandoned_file_held(void **state)
{
	struct host_fixture *fixture = *state;
	int32_t fd = new_file(fixture, "abandoned");
	assert_int_equal(fixture_write(fixture, fd, BYTES_LITERAL("lost")), 0);
	assert_int_equal(CALL(fixture, "fd_close", (uint32_t)fd), 0);
	fd = new_file(fixture, "next");
	assert_int_equal(fixture_write(fixture, fd, BYTES_LITERAL("kept")), 0);
	expect_leaf(fixture, fd, "kept");
}

static void
a_file_written_otherwise_has_no_leaf_and_stays_open(void **state)
{
	struct host_fixture *fixture = *state;
	int32_t fd = new_file(fixture, "file");
	assert_int_equal(fixture_write(fixture, fd, BYTES_LITERAL("bytes")), 0);
	assert_int_equal(CALL(fixture, "fd_seek", (uint32_t)fd, 0, WASI_WHENCE_SET, 8), 0);
	assert_int_equal(CALL(fixture, "close_digest", (uint32_t)fd, 0), CAB_ERROR_INVALID);
	assert_int_equal(CALL(fixture, "fd_close", (uint32_t)fd), 0);

	fd = new_file(fixture, "placed");
	uint32_t vector[2] = {100, 3};
	fixture_put(fixture, 200, bytes_of(vector, sizeof vector));
	assert_int_equal(CALL(fixture, "fd_pwrite", (uint32_t)fd, 200, 1, 10, 300), 0);
	assert_int_equal(fixture_u32(fixture, 300), 3);
	assert_int_equal(CALL(fixture, "close_digest", (uint32_t)fd, 0), CAB_ERROR_INVALID);
	assert_int_equal(CALL(fixture, "fd_filestat_get", (uint32_t)fd, 400), 0);
	assert_int_equal(fixture_u64(fixture, 400 + 32), 13);

	fd = new_file(fixture, "sized");
	assert_int_equal(CALL(fixture, "fd_filestat_set_size", (uint32_t)fd, 7), 0);
	assert_int_equal(CALL(fixture, "close_digest", (uint32_t)fd, 0), CAB_ERROR_INVALID);
	assert_int_equal(CALL(fixture, "close_digest", 0, 0), CAB_ERROR_INVALID);
	assert_int_equal(CALL(fixture, "close_digest", 77, 0), CAB_ERROR_INVALID);
}

static void
a_sum_without_a_place_leaves_the_file_open(void **state)
{
	struct host_fixture *fixture = *state;
	int32_t fd = new_file(fixture, "file");
	assert_int_equal(
		CALL(fixture, "close_digest", (uint32_t)fd, FIXTURE_MEMORY - 31), CAB_ERROR_FAULT);
	expect_leaf(fixture, fd, "");
}

static void
W4_pieces_outside_of_the_memory_write_nothing(void **state)
{
	struct host_fixture *fixture = *state;
	int32_t fd = new_file(fixture, "file");
	uint32_t vectors[4] = {0, 10, FIXTURE_MEMORY - 1, 2};
	fixture_put(fixture, 200, bytes_of(vectors, sizeof vectors));
	assert_int_equal(CALL(fixture, "fd_write", (uint32_t)fd, 200, 2, 300), WASI_FAULT);
	assert_int_equal(
		CALL(fixture, "fd_write", (uint32_t)fd, 200, 1, FIXTURE_MEMORY - 3), WASI_FAULT);
	assert_int_equal(CALL(fixture, "fd_write", (uint32_t)fd, 200, 0x80000000, 300), WASI_FAULT);
	assert_int_equal(CALL(fixture, "fd_write", (uint32_t)fd, 200, 0x20000001, 300), WASI_FAULT);
	assert_int_equal(
		CALL(fixture, "fd_write", (uint32_t)fd, FIXTURE_MEMORY - 15, 2, 300), WASI_FAULT);
	assert_int_equal(CALL(fixture, "fd_filestat_get", (uint32_t)fd, 400), 0);
	assert_int_equal(fixture_u64(fixture, 400 + 32), 0);
	expect_leaf(fixture, fd, "");
}

static void
executable_is_a_mode_of_regular_files(void **state)
{
	struct host_fixture *fixture = *state;
	int32_t fd = new_file(fixture, "tool");
	assert_int_equal(CALL(fixture, "set_executable", (uint32_t)fd), 0);
	struct stat status;
	assert_int_equal(fstatat(fixture->start.directory, "tool", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0755);
	assert_int_equal(CALL(fixture, "set_executable", 1), CAB_ERROR_INVALID);
	assert_int_equal(CALL(fixture, "set_executable", FIXTURE_WORK), CAB_ERROR_INVALID);
	assert_int_equal(CALL(fixture, "set_executable", 99), CAB_ERROR_INVALID);
}

static void
stdin_is_empty_and_the_log_is_for_writing(void **state)
{
	struct host_fixture *fixture = *state;
	uint32_t vector[2] = {1000, 10};
	fixture_put(fixture, 200, bytes_of(vector, sizeof vector));
	assert_int_equal(CALL(fixture, "fd_read", 0, 200, 1, 300), 0);
	assert_int_equal(fixture_u32(fixture, 300), 0);
	assert_int_equal(CALL(fixture, "fd_write", 0, 200, 1, 300), WASI_BADF);
	assert_int_equal(CALL(fixture, "fd_read", 1, 200, 1, 300), WASI_BADF);
	assert_int_equal(fixture_write(fixture, 1, BYTES_LITERAL("out")), 0);
	assert_int_equal(fixture_write(fixture, 2, BYTES_LITERAL("err")), 0);
	char room[20];
	assert_string_equal(fixture_log(fixture, room, sizeof room), "outerr");
	assert_int_equal(CALL(fixture, "fd_close", 1), 0);
	assert_int_equal(fixture_write(fixture, 1, BYTES_LITERAL("x")), WASI_BADF);
}

static void
W6_descriptors_run_out_at_the_limit(void **state)
{
	struct host_fixture *fixture = *state;
	assert_int_equal(CALL(fixture, "fd_close", (uint32_t)new_file(fixture, "file")), 0);
	for (int32_t fd = 4; fd < LIMIT_FILES; fd++)
		assert_int_equal(fixture_path_open(fixture, BYTES_LITERAL("file"), 0, RW), fd);
	assert_int_equal(fixture_path_open(fixture, BYTES_LITERAL("file"), 0, RW), -WASI_MFILE);
	/* Without effect: nothing was made either. */
	assert_int_equal(fixture_path_open(fixture, BYTES_LITERAL("none"), NEW, RW), -WASI_MFILE);
	assert_int_equal(faccessat(fixture->start.directory, "none", F_OK, 0), -1);
	assert_int_equal(CALL(fixture, "fd_close", 50), 0);
	assert_int_equal(fixture_path_open(fixture, BYTES_LITERAL("file"), 0, RW), 50);
}

static void
records_have_the_layout_of_preview_1(void **state)
{
	struct host_fixture *fixture = *state;
	int32_t fd = new_file(fixture, "file");
	assert_int_equal(fixture_write(fixture, fd, BYTES_LITERAL("12345")), 0);
	memset(fixture->host->memory, 0xee, 200);
	assert_int_equal(CALL(fixture, "fd_fdstat_get", (uint32_t)fd, 0), 0);
	assert_int_equal(fixture->host->memory[0], WASI_REGULAR_FILE);
	assert_true(fixture_u64(fixture, 8) & WASI_RIGHT_FD_WRITE);
	assert_int_equal(fixture->host->memory[24], 0xee);
	assert_int_equal(CALL(fixture, "fd_filestat_get", (uint32_t)fd, 0), 0);
	static const uint64_t expected[8] = {
		0, 0, WASI_REGULAR_FILE, 1, 5, WASI_NOW, WASI_NOW, WASI_NOW};
	assert_memory_equal(fixture->host->memory, expected, sizeof expected);
	assert_int_equal(fixture->host->memory[64], 0xee);
	assert_int_equal(CALL(fixture, "fd_prestat_get", FIXTURE_WORK, 0), 0);
	assert_memory_equal(fixture->host->memory, "\0\0\0\0\1\0\0\0", 8);
	assert_int_equal(CALL(fixture, "fd_filestat_get", 1, 0), 0);
	assert_int_equal(fixture->host->memory[16], WASI_UNKNOWN);
}

static void
appending_is_a_flag_that_may_change(void **state)
{
	struct host_fixture *fixture = *state;
	int32_t fd = new_file(fixture, "file");
	assert_int_equal(fixture_write(fixture, fd, BYTES_LITERAL("abc")), 0);
	assert_int_equal(CALL(fixture, "fd_seek", (uint32_t)fd, 0, WASI_WHENCE_SET, 8), 0);
	assert_int_equal(CALL(fixture, "fd_fdstat_set_flags", (uint32_t)fd, 1), 0);
	assert_int_equal(fixture_write(fixture, fd, BYTES_LITERAL("d")), 0);
	assert_int_equal(CALL(fixture, "fd_fdstat_set_flags", (uint32_t)fd, 0), 0);
	assert_int_equal(CALL(fixture, "fd_fdstat_set_flags", (uint32_t)fd, 32), WASI_INVAL);
	assert_int_equal(CALL(fixture, "fd_filestat_get", (uint32_t)fd, 400), 0);
	assert_int_equal(fixture_u64(fixture, 400 + 32), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(a_file_written_in_order_has_the_leaf_of_its_bytes),
		FIXTURE_TEST(a_leaf_forgets_what_an_abandoned_file_held),
		FIXTURE_TEST(a_file_written_otherwise_has_no_leaf_and_stays_open),
		FIXTURE_TEST(a_sum_without_a_place_leaves_the_file_open),
		FIXTURE_TEST(W4_pieces_outside_of_the_memory_write_nothing),
		FIXTURE_TEST(executable_is_a_mode_of_regular_files),
		FIXTURE_TEST(stdin_is_empty_and_the_log_is_for_writing),
		FIXTURE_TEST(W6_descriptors_run_out_at_the_limit),
		FIXTURE_TEST(records_have_the_layout_of_preview_1),
		FIXTURE_TEST(appending_is_a_flag_that_may_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
