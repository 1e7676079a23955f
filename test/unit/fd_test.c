/* SPDX-License-Identifier: MPL-2.0 */
#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"

struct folder {
	char path[128];
	int fd;
};

static int
folder_setup(void **state)
{
	static struct folder folder;
	const char *top = getenv("TMPDIR");
	(void)snprintf(folder.path, sizeof folder.path, "%s/cab-fd-XXXXXX", top ? top : "/tmp");
	if (!mkdtemp(folder.path))
		return -1;
	folder.fd = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = &folder;
	return folder.fd < 0;
}

static int
folder_teardown(void **state)
{
	struct folder *folder = *state;
	struct err err;
	bool done = path_remove(AT_FDCWD, folder->path, &err);
	fd_release(&folder->fd);
	return !done;
}

static void
file_write(struct folder *folder, const char *path, const char *text)
{
	struct err err;
	cleanup_fd int fd = fd_open_at(folder->fd, path, O_WRONLY | O_CREAT | O_EXCL, 0644, &err);
	assert_true(fd >= 0);
	assert_true(fd_write_all(fd, bytes_text(text), &err));
}

static void
a_file_is_read_whole_under_its_ceiling(void **state)
{
	struct folder *folder = *state;
	struct err err = {0};
	file_write(folder, "file", "12345678");
	for (size_t ceiling = 6; ceiling < 11; ceiling++) {
		cleanup_buf struct buf out = BUF(ceiling);
		assert_int_equal(fd_read_file(folder->fd, "file", &out, &err), ceiling >= 8);
		if (ceiling >= 8)
			assert_string_equal(buf_text(&out), "12345678");
		else
			assert_int_equal(err.kind, ERR_LIMIT);
	}
	cleanup_buf struct buf over = BUF(100);
	(void)buf_reserve(&over, 101);
	assert_false(fd_read_file(folder->fd, "file", &over, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
}

static void
what_is_no_regular_file_is_refused_without_waiting(void **state)
{
	struct folder *folder = *state;
	struct err err = {0};
	cleanup_buf struct buf out = BUF(100);
	assert_int_equal(mkfifoat(folder->fd, "fifo", 0600), 0);
	assert_int_equal(mkdirat(folder->fd, "folder", 0700), 0);
	static const char *const names[] = {"fifo", "folder", "/dev/zero"};
	for (size_t at = 0; at < sizeof names / sizeof *names; at++) {
		assert_false(fd_read_file(folder->fd, names[at], &out, &err));
		assert_int_equal(err.kind, ERR_REFUSED);
	}
	assert_false(fd_read_file(folder->fd, "absent", &out, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_string_equal(err.text, "open absent: No such file or directory");
	assert_int_equal(out.size, 0);
}

static size_t
entry_count(const struct folder *folder)
{
	DIR *stream = opendir(folder->path);
	assert_non_null(stream);
	size_t count = 0;
	for (const struct dirent *entry; (entry = readdir(stream));)
		count += entry->d_name[0] != '.';
	(void)closedir(stream);
	return count;
}

static void
a_file_is_replaced_whole_and_nothing_is_left_beside_it(void **state)
{
	struct folder *folder = *state;
	struct err err = {0};
	cleanup_buf struct buf out = BUF(100);
	assert_true(fd_replace_file(folder->fd, "file", BYTES_LITERAL("one"), 0600, &err));
	int old = fd_open_at(folder->fd, "file", O_RDONLY, 0, &err);
	assert_true(fd_replace_file(folder->fd, "file", BYTES_LITERAL("two"), 0600, &err));
	assert_true(fd_read_all(old, &out, &err));
	assert_string_equal(buf_text(&out), "one");
	fd_close(old);
	buf_clear(&out);
	assert_true(fd_read_file(folder->fd, "file", &out, &err));
	assert_string_equal(buf_text(&out), "two");
	assert_int_equal(mkdirat(folder->fd, "folder", 0700), 0);
	assert_true(fd_replace_file(folder->fd, "folder/file", BYTES_LITERAL("x"), 0600, &err));
	assert_false(fd_replace_file(folder->fd, "folder", BYTES_LITERAL("x"), 0600, &err));
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_int_equal(entry_count(folder), 2);
	assert_false(fd_replace_file(folder->fd, "absent/file", BYTES_LITERAL("x"), 0600, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void
a_link_is_replaced_and_not_written_through(void **state)
{
	struct folder *folder = *state;
	struct err err = {0};
	struct stat status;
	cleanup_buf struct buf out = BUF(100);
	file_write(folder, "target", "kept");
	assert_int_equal(symlinkat("target", folder->fd, "link"), 0);
	assert_true(fd_replace_file(folder->fd, "link", BYTES_LITERAL("new"), 0600, &err));
	assert_true(fd_read_file(folder->fd, "target", &out, &err));
	assert_string_equal(buf_text(&out), "kept");
	assert_int_equal(fstatat(folder->fd, "link", &status, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(status.st_mode));
}

static bool
opens(const struct folder *folder, const char *path, int flags)
{
	struct err err;
	cleanup_fd int fd = fd_open_beneath(folder->fd, path, flags, 0, &err);
	return fd >= 0;
}

static void
nothing_outside_is_opened_beneath_a_folder(void **state)
{
	struct folder *folder = *state;
	assert_int_equal(mkdirat(folder->fd, "inner", 0700), 0);
	file_write(folder, "inner/file", "x");
	assert_int_equal(symlinkat("inner/file", folder->fd, "inside"), 0);
	assert_int_equal(symlinkat("inner", folder->fd, "way"), 0);
	assert_int_equal(symlinkat("../../../../etc/passwd", folder->fd, "outside"), 0);
	assert_int_equal(symlinkat("/etc/passwd", folder->fd, "absolute"), 0);
	assert_true(opens(folder, "inner/file", O_RDONLY));
	assert_true(opens(folder, "inner/../inner/file", O_RDONLY));
	assert_true(opens(folder, "inside", O_RDONLY));
	assert_true(opens(folder, "way/file", O_RDONLY));
	assert_true(opens(folder, "inner", O_PATH | O_DIRECTORY));
	assert_false(opens(folder, "inside", O_RDONLY | O_NOFOLLOW));
	assert_false(opens(folder, "way/file", O_RDONLY | O_NOFOLLOW));
	assert_false(opens(folder, "outside", O_RDONLY));
	assert_false(opens(folder, "absolute", O_RDONLY));
	assert_false(opens(folder, "..", O_RDONLY));
	assert_false(opens(folder, "/etc/passwd", O_RDONLY));
}

static void
a_file_of_memory_is_read_from_its_start_and_sealed(void **state UNUSED)
{
	struct err err = {0};
	cleanup_buf struct buf out = BUF(100);
	cleanup_fd int fd = fd_memory("sample", BYTES_LITERAL("memory"), &err);
	assert_true(fd >= 0);
	assert_true(fd_read_all(fd, &out, &err));
	assert_string_equal(buf_text(&out), "memory");
	assert_false(fd_write_all(fd, BYTES_LITERAL("x"), &err));
	assert_int_equal(err.number, EPERM);
	assert_int_equal(ftruncate(fd, 0), -1);
	cleanup_fd int again = fd_open_at(AT_FDCWD, fd_path(fd).text, O_RDONLY, 0, &err);
	assert_true(again >= 0);
}

static void
descriptors_are_closed_on_exec_and_reads_are_whole(void **state UNUSED)
{
	struct err err = {0};
	int ends[2];
	assert_true(fd_pipe(&ends[0], &ends[1], &err));
	for (size_t at = 0; at < 2; at++)
		assert_true(fcntl(ends[at], F_GETFD) & FD_CLOEXEC);
	assert_true(fd_write_all(ends[1], BYTES_LITERAL("abcdef"), &err));
	char piece[4];
	assert_int_equal(fd_read_some(ends[0], piece, sizeof piece, &err), 4);
	assert_memory_equal(piece, "abcd", 4);
	fd_release(&ends[1]);
	assert_int_equal(ends[1], -1);
	assert_int_equal(fd_read_some(ends[0], piece, sizeof piece, &err), 2);
	assert_int_equal(fd_read_some(ends[0], piece, sizeof piece, &err), 0);
	int taken = fd_take(&ends[0]);
	assert_int_equal(ends[0], -1);
	fd_release(&ends[0]);
	fd_close(taken);
}

static void
blocking_is_switched_off_and_on(void **state UNUSED)
{
	struct err err = {0};
	int ends[2];
	char byte;
	assert_true(fd_pipe(&ends[0], &ends[1], &err));
	assert_true(fd_set_blocking(ends[0], false, &err));
	assert_int_equal(fd_read_some(ends[0], &byte, 1, &err), -1);
	assert_int_equal(err.number, EAGAIN);
	assert_true(fd_set_blocking(ends[0], true, &err));
	assert_false(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	fd_release(&ends[0]);
	fd_release(&ends[1]);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(a_file_is_read_whole_under_its_ceiling),
		in_folder(what_is_no_regular_file_is_refused_without_waiting),
		in_folder(a_file_is_replaced_whole_and_nothing_is_left_beside_it),
		in_folder(a_link_is_replaced_and_not_written_through),
		in_folder(nothing_outside_is_opened_beneath_a_folder),
		cmocka_unit_test(a_file_of_memory_is_read_from_its_start_and_sealed),
		cmocka_unit_test(descriptors_are_closed_on_exec_and_reads_are_whole),
		cmocka_unit_test(blocking_is_switched_off_and_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
