/* SPDX-License-Identifier: MPL-2.0 */
#include "host_fixture.h"

static uint32_t
list(struct host_fixture *fixture, int32_t fd, uint32_t room, uint64_t cookie)
{
	assert_int_equal(CALL(fixture, "fd_readdir", (uint32_t)fd, 1000, room, cookie, 8), 0);
	return fixture_u32(fixture, 8);
}

static int32_t
open_with_names(struct host_fixture *fixture, unsigned count)
{
	assert_int_equal(mkdirat(fixture->start.directory, "many", 0755), 0);
	char name[32];
	/* An order that no file system has. */
	for (unsigned at = 0; at < count; at++) {
		(void)snprintf(name, sizeof name, "many/%04u", at * 577 % count);
		assert_int_equal(mknodat(fixture->start.directory, name, S_IFREG | 0644, 0), 0);
	}
	int32_t fd = fixture_path_open(
		fixture, BYTES_LITERAL("many"), WASI_OFLAG_DIRECTORY, WASI_RIGHT_FD_READ);
	assert_true(fd >= 4);
	return fd;
}

static void
names_come_in_bytewise_order(void **state)
{
	struct host_fixture *fixture = *state;
	int32_t fd = open_with_names(fixture, 1000);
	uint32_t used = list(fixture, fd, 1000 * 28, 0);
	assert_int_equal(used, 1000 * 28);
	for (unsigned at = 0; at < 1000; at++) {
		char name[8];
		(void)snprintf(name, sizeof name, "%04u", at);
		const uint8_t *entry = fixture->host->memory + 1000 + (size_t)at * 28;
		assert_int_equal(fixture_u64(fixture, 1000 + at * 28), at + 1);
		assert_int_equal(fixture_u64(fixture, 1000 + at * 28 + 8), 0);
		assert_int_equal(fixture_u32(fixture, 1000 + at * 28 + 16), 4);
		assert_int_equal(entry[20], WASI_REGULAR_FILE);
		assert_memory_equal(entry + 24, name, 4);
	}
}

static void
a_cookie_goes_on_where_it_was_and_zero_lists_anew(void **state)
{
	struct host_fixture *fixture = *state;
	int32_t fd = open_with_names(fixture, 10);
	assert_int_equal(list(fixture, fd, 28, 9), 28);
	assert_memory_equal(fixture->host->memory + 1024, "0009", 4);
	assert_int_equal(list(fixture, fd, 28, 10), 0);
	assert_int_equal(list(fixture, fd, 28, UINT64_MAX), 0);
	assert_int_equal(unlinkat(fixture->start.directory, "many/0009", 0), 0);
	assert_int_equal(list(fixture, fd, 28, 9), 28);
	(void)list(fixture, fd, 28, 0);
	assert_int_equal(list(fixture, fd, 28, 9), 0);
}

static void
a_small_buffer_is_filled_with_a_cut_record(void **state)
{
	struct host_fixture *fixture = *state;
	int32_t fd = open_with_names(fixture, 2);
	for (uint32_t room = 0; room <= 56; room++) {
		memset(fixture->host->memory + 1000, 0xee, 100);
		assert_int_equal(list(fixture, fd, room, 0), room);
		assert_int_equal(fixture->host->memory[1000 + room], 0xee);
	}
	assert_int_equal(list(fixture, fd, 57, 0), 56);
}

static void
an_empty_folder_has_no_names(void **state)
{
	struct host_fixture *fixture = *state;
	int32_t fd = open_with_names(fixture, 0);
	assert_int_equal(list(fixture, fd, 100, 0), 0);
}

static void
only_folders_are_listed(void **state)
{
	struct host_fixture *fixture = *state;
	assert_int_equal(CALL(fixture, "fd_readdir", 1, 0, 10, 0, 8), WASI_NOTDIR);
	assert_int_equal(CALL(fixture, "fd_readdir", 99, 0, 10, 0, 8), WASI_BADF);
	assert_int_equal(CALL(fixture, "fd_readdir", FIXTURE_WORK, FIXTURE_MEMORY - 9, 10, 0, 8),
		WASI_FAULT);
	assert_int_equal(CALL(fixture, "fd_readdir", FIXTURE_WORK, 0, 10, 0, FIXTURE_MEMORY - 3),
		WASI_FAULT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(names_come_in_bytewise_order),
		FIXTURE_TEST(a_cookie_goes_on_where_it_was_and_zero_lists_anew),
		FIXTURE_TEST(a_small_buffer_is_filled_with_a_cut_record),
		FIXTURE_TEST(an_empty_folder_has_no_names),
		FIXTURE_TEST(only_folders_are_listed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
