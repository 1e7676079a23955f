/* SPDX-License-Identifier: MPL-2.0 */
#include "host_fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum { NEW = WASI_OFLAG_CREAT | WASI_OFLAG_EXCL, READ = WASI_RIGHT_FD_READ };
enum { WRITE = WASI_RIGHT_FD_WRITE };

static int32_t
make_folder(struct host_fixture *fixture, const char *name)
{
	uint32_t at = fixture_put(fixture, 100, bytes_text(name));
	return CALL(fixture, "path_create_directory", FIXTURE_WORK, at, strlen(name));
}

static int32_t
make_link(struct host_fixture *fixture, const char *target, const char *name)
{
	uint32_t from = fixture_put(fixture, 100, bytes_text(target));
	uint32_t at = fixture_put(fixture, 5000, bytes_text(name));
	return CALL(fixture, "path_symlink", from, strlen(target), FIXTURE_WORK, at, strlen(name));
}

static int32_t
move(struct host_fixture *fixture, const char *from, const char *to)
{
	uint32_t source = fixture_put(fixture, 100, bytes_text(from));
	uint32_t target = fixture_put(fixture, 5000, bytes_text(to));
	return CALL(fixture, "path_rename", FIXTURE_WORK, source, strlen(from), FIXTURE_WORK,
		target, strlen(to));
}

static int32_t
unlink_file(struct host_fixture *fixture, const char *name)
{
	uint32_t at = fixture_put(fixture, 100, bytes_text(name));
	return CALL(fixture, "path_unlink_file", FIXTURE_WORK, at, strlen(name));
}

static bool
is_there(const struct host_fixture *fixture, const char *name)
{
	struct stat status;
	return fstatat(fixture->start.directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
W5_names_that_lead_out_are_refused_by_every_function(void **state)
{
	struct host_fixture *fixture = *state;
	assert_int_equal(make_folder(fixture, "inside"), 0);
	assert_int_equal(make_link(fixture, "..", "up"), 0);
	assert_int_equal(make_link(fixture, "/tmp", "root"), 0);
	static const char *const names[] = {
		"..", "../x", "/x", "/", "inside/../../x", "up/x", "root/x", "./../x", "inside/.."};
	for (size_t at = 0; at < sizeof names / sizeof *names; at++) {
		assert_int_not_equal(make_folder(fixture, names[at]), 0);
		assert_int_not_equal(make_link(fixture, "t", names[at]), 0);
		assert_int_not_equal(move(fixture, "inside", names[at]), 0);
		assert_int_not_equal(move(fixture, names[at], "moved"), 0);
		assert_int_not_equal(unlink_file(fixture, names[at]), 0);
	}
	static const char *const opened[] = {"..", "../x", "/x", "/", "up", "up/x", "root"};
	for (size_t at = 0; at < sizeof opened / sizeof *opened; at++) {
		uint32_t name = fixture_put(fixture, 100, bytes_text(opened[at]));
		assert_int_equal(CALL(fixture, "path_open", FIXTURE_WORK, 1, name,
					 strlen(opened[at]), WASI_OFLAG_CREAT, WRITE, 0, 0, 8),
			WASI_NOTCAPABLE);
		assert_int_equal(CALL(fixture, "path_filestat_get", FIXTURE_WORK, 1, name,
					 strlen(opened[at]), 200),
			WASI_NOTCAPABLE);
	}
	struct stat status;
	char path[128];
	(void)snprintf(path, sizeof path, "%s/x", fixture->folder);
	assert_int_equal(stat(path, &status), -1);
}

/* Exchanges the folder "swap" with a link that leads out, until it is told to stop. */
struct racer {
	int directory;
	atomic_bool stops;
	atomic_ulong rounds;
};

static void *
race(void *context)
{
	struct racer *racer = context;
	while (!atomic_load(&racer->stops)) {
		(void)syscall(SYS_renameat2, racer->directory, "swap", racer->directory, "out",
			2 /* RENAME_EXCHANGE */);
		atomic_fetch_add(&racer->rounds, 1);
	}
	return NULL;
}

static void
T10_a_folder_that_becomes_a_link_while_it_is_walked_lets_nothing_out(void **state)
{
	struct host_fixture *fixture = *state;
	char outside[128];
	struct racer racer = {.directory = fixture->start.directory};
	pthread_t thread;
	unsigned long made = 0;
	(void)snprintf(outside, sizeof outside, "%s/outside", fixture->folder);
	assert_int_equal(mkdir(outside, 0755), 0);
	assert_int_equal(make_folder(fixture, "swap"), 0);
	assert_int_equal(make_link(fixture, "../outside", "out"), 0);
	assert_int_equal(pthread_create(&thread, NULL, race, &racer), 0);
	while (!atomic_load(&racer.rounds))
		(void)sched_yield();
	for (int round = 0; round < 100000; round++) {
		uint32_t name = fixture_put(fixture, 100, BYTES_LITERAL("swap/x"));
		uint32_t fd = 0;
		if (CALL(fixture, "path_open", FIXTURE_WORK, 1, name, 6, NEW, WRITE, 0, 0, 8) ==
			0) {
			memcpy(&fd, fixture->host->memory + 8, sizeof fd);
			assert_int_equal(CALL(fixture, "fd_close", fd), 0);
			made++;
		}
		(void)make_folder(fixture, "swap/d");
		(void)make_link(fixture, "t", "swap/l");
		for (const char *const *each = (const char *const[]){"swap/x", "swap/l", NULL};
			*each; each++)
			(void)unlink_file(fixture, *each);
	}
	atomic_store(&racer.stops, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	/* Something was made, and nothing of it lies outside. */
	assert_true(made > 0);
	assert_int_equal(rmdir(outside), 0);
}

static void
links_are_data_of_any_bytes(void **state)
{
	struct host_fixture *fixture = *state;
	assert_int_equal(make_link(fixture, "/etc/\xff\xfe", "link\x80"), 0);
	uint32_t at = fixture_put(fixture, 100, BYTES_LITERAL("link\x80"));
	assert_int_equal(CALL(fixture, "path_readlink", FIXTURE_WORK, at, 5, 1000, 100, 2000), 0);
	assert_int_equal(fixture_u32(fixture, 2000), 7);
	assert_memory_equal(fixture->host->memory + 1000, "/etc/\xff\xfe", 7);
	assert_int_equal(
		CALL(fixture, "path_readlink", FIXTURE_WORK, at, 5, FIXTURE_MEMORY - 2, 3, 2000),
		WASI_FAULT);
	assert_int_equal(make_link(fixture, "", "none"), WASI_NOENT);
}

static void
names_are_bytes_without_nul(void **state)
{
	struct host_fixture *fixture = *state;
	assert_int_equal(make_folder(fixture, "\xc3\x28"), 0);
	assert_true(is_there(fixture, "\xc3\x28"));
	fixture_put(fixture, 100, BYTES_LITERAL("a\0b"));
	assert_int_equal(CALL(fixture, "path_create_directory", FIXTURE_WORK, 100, 3), WASI_INVAL);
	assert_int_equal(CALL(fixture, "path_create_directory", FIXTURE_WORK, 100, 0), WASI_NOENT);
	memset(fixture->host->memory + 100, 'n', LIMIT_PATH);
	assert_int_equal(CALL(fixture, "path_create_directory", FIXTURE_WORK, 100, LIMIT_PATH),
		WASI_NAMETOOLONG);
	assert_int_equal(CALL(fixture, "path_create_directory", FIXTURE_WORK, 100, LIMIT_PATH - 1),
		WASI_NAMETOOLONG);
}

static void
W5_slashes_at_the_end_mean_a_folder(void **state)
{
	struct host_fixture *fixture = *state;
	assert_int_equal(make_folder(fixture, "folder///"), 0);
	assert_int_equal(move(fixture, "folder/", "moved/"), 0);
	assert_true(is_there(fixture, "moved"));
	assert_int_equal(unlink_file(fixture, "moved/"), WASI_NOTDIR);
	assert_int_equal(make_link(fixture, "x", "link/"), WASI_NOTDIR);
	assert_int_equal(make_folder(fixture, "."), WASI_INVAL);
	assert_int_equal(make_folder(fixture, "moved/."), WASI_INVAL);
	assert_int_equal(make_folder(fixture, "./new"), 0);
	assert_int_equal(make_folder(fixture, "moved//deep"), 0);
	assert_true(is_there(fixture, "moved/deep"));
}

static void
W5_what_is_opened_for_reading_is_not_cut(void **state)
{
	struct host_fixture *fixture = *state;
	int32_t fd = fixture_path_open(fixture, BYTES_LITERAL("file"), NEW, WRITE);
	assert_int_equal(fixture_write(fixture, fd, BYTES_LITERAL("bytes")), 0);
	assert_int_equal(fixture_path_open(fixture, BYTES_LITERAL("file"), WASI_OFLAG_TRUNC, READ),
		-WASI_INVAL);
	fd = fixture_path_open(fixture, BYTES_LITERAL("file"), 0, READ);
	assert_int_equal(fixture_write(fixture, fd, BYTES_LITERAL("x")), WASI_BADF);
	assert_int_equal(CALL(fixture, "fd_filestat_set_size", (uint32_t)fd, 0), WASI_INVAL);
	struct stat status;
	assert_int_equal(fstatat(fixture->start.directory, "file", &status, 0), 0);
	assert_int_equal(status.st_size, 5);
	assert_int_equal(status.st_mode & 07777, 0644);
	assert_int_equal(fixture_path_open(fixture, BYTES_LITERAL("file"), 16, READ), -WASI_INVAL);
	assert_int_equal(fixture_path_open(fixture, BYTES_LITERAL("file"),
				 WASI_OFLAG_DIRECTORY | WASI_OFLAG_CREAT, READ),
		-WASI_INVAL);
	assert_int_equal(
		fixture_path_open(fixture, BYTES_LITERAL("file"), WASI_OFLAG_DIRECTORY, READ),
		-WASI_NOTDIR);
}

static void
F1_a_fifo_is_for_writing_alone(void **state)
{
	struct host_fixture *fixture = *state;
	assert_int_equal(fixture_path_open(fixture, BYTES_LITERAL("hash"), 0, READ), -WASI_ACCES);
	assert_int_equal(
		fixture_path_open(fixture, BYTES_LITERAL("hash"), 0, READ | WRITE), -WASI_ACCES);
	int32_t fd = fixture_path_open(fixture, BYTES_LITERAL("hash"), 0, WRITE);
	assert_true(fd >= 4);
	assert_int_equal(fixture_write(fixture, fd, BYTES_LITERAL("cab .\n")), 0);
	char room[10] = "";
	assert_int_equal(read(fixture->fifo[0], room, sizeof room), 6);
	assert_string_equal(room, "cab .\n");
	/* A FIFO that nobody reads is an error at once, not a wait. */
	assert_int_equal(mkfifoat(fixture->start.directory, "other", 0600), 0);
	assert_int_equal(fixture_path_open(fixture, BYTES_LITERAL("other"), 0, WRITE), -WASI_NXIO);
	assert_int_equal(fixture_path_open(fixture, BYTES_LITERAL("other"), 0, READ), -WASI_ACCES);
}

static void
W5_links_between_names_do_not_follow(void **state)
{
	struct host_fixture *fixture = *state;
	assert_int_equal(make_link(fixture, "../../etc/passwd", "link"), 0);
	uint32_t from = fixture_put(fixture, 100, BYTES_LITERAL("link"));
	uint32_t to = fixture_put(fixture, 200, BYTES_LITERAL("second"));
	assert_int_equal(CALL(fixture, "path_link", FIXTURE_WORK, 1, from, 4, FIXTURE_WORK, to, 6),
		WASI_INVAL);
	assert_int_equal(
		CALL(fixture, "path_link", FIXTURE_WORK, 0, from, 4, FIXTURE_WORK, to, 6), 0);
	struct stat status;
	assert_int_equal(
		fstatat(fixture->start.directory, "second", &status, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISLNK(status.st_mode));
}

static void
W5_a_folder_is_a_base_that_is_not_left(void **state)
{
	struct host_fixture *fixture = *state;
	assert_int_equal(make_folder(fixture, "base"), 0);
	int32_t base =
		fixture_path_open(fixture, BYTES_LITERAL("base"), WASI_OFLAG_DIRECTORY, READ);
	assert_true(base >= 4);
	uint32_t name = fixture_put(fixture, 100, BYTES_LITERAL("../beside"));
	assert_int_equal(
		CALL(fixture, "path_create_directory", (uint32_t)base, name, 9), WASI_NOTCAPABLE);
	assert_int_equal(CALL(fixture, "path_create_directory", (uint32_t)base, name + 3, 6), 0);
	assert_true(is_there(fixture, "base/beside"));
	assert_int_equal(CALL(fixture, "path_create_directory", 1, name, 9), WASI_NOTDIR);
	assert_int_equal(CALL(fixture, "path_create_directory", 99, name, 9), WASI_BADF);
	assert_int_equal(
		CALL(fixture, "path_remove_directory", FIXTURE_WORK, name, 9), WASI_NOTCAPABLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(T10_a_folder_that_becomes_a_link_while_it_is_walked_lets_nothing_out),
		FIXTURE_TEST(W5_names_that_lead_out_are_refused_by_every_function),
		FIXTURE_TEST(links_are_data_of_any_bytes),
		FIXTURE_TEST(names_are_bytes_without_nul),
		FIXTURE_TEST(W5_slashes_at_the_end_mean_a_folder),
		FIXTURE_TEST(W5_what_is_opened_for_reading_is_not_cut),
		FIXTURE_TEST(F1_a_fifo_is_for_writing_alone),
		FIXTURE_TEST(W5_links_between_names_do_not_follow),
		FIXTURE_TEST(W5_a_folder_is_a_base_that_is_not_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
