/* SPDX-License-Identifier: MPL-2.0 */
#include "probe.h"

void
probe_files(void)
{
	put_file("plain", "plain text");
	EXPECT(0, wasi_path_create_directory(WORK, "out", 3));
	EXPECT(EXIST, wasi_path_create_directory(WORK, "out", 3));
	EXPECT(0, wasi_path_create_directory(WORK, "out/deep/", 9));
	int fd;
	EXPECT(0, create("out/deep/tool", &fd));
	EXPECT(0, write_text(fd, "#!/bin/sh\n", 10));
	EXPECT(0, cab_set_executable(fd));
	EXPECT(0, wasi_fd_close(fd));
	EXPECT(BADF, wasi_fd_close(fd));
	EXPECT(CAB_ERROR_INVALID, cab_set_executable(WORK));
	EXPECT(EXIST, create("out/deep/tool", &fd));

	EXPECT(0, wasi_path_symlink("../../../etc/passwd", 19, WORK, "out/link", 8));
	size_t used;
	EXPECT(0, wasi_path_readlink(WORK, "out/link", 8, room, sizeof room, &used));
	EXPECT(19, used);
	CHECK(same(room, "../../../etc/passwd", 19));
	EXPECT(0, wasi_path_readlink(WORK, "out/link", 8, room, 5, &used));
	EXPECT(5, used);

	/* Names are bytes. */
	put_file("out/\xff\xfe\x01 name", "odd");
	EXPECT(INVAL, wasi_path_create_directory(WORK, "a\0b", 3));

	EXPECT(0, wasi_path_link(WORK, 0, "plain", 5, WORK, "out/hard", 8));
	EXPECT(0, wasi_path_rename(WORK, "plain", 5, WORK, "out/moved", 9));
	EXPECT(NOENT, open_to_read("plain", 0, &fd));
	put_file("gone", "");
	EXPECT(0, wasi_path_unlink_file(WORK, "gone", 4));
	EXPECT(0, wasi_path_create_directory(WORK, "empty", 5));
	EXPECT(0, wasi_path_remove_directory(WORK, "empty", 5));
	EXPECT(NOTEMPTY, wasi_path_remove_directory(WORK, "out", 3));

	/* A folder as the place that others start from. */
	EXPECT(0, wasi_path_open(WORK, 0, "out", 3, DIRECTORY, READ, 0, 0, &fd));
	EXPECT(0, wasi_path_create_directory(fd, "below", 5));
	EXPECT(NOTCAPABLE, wasi_path_create_directory(fd, "../beside", 9));
	EXPECT(0, wasi_fd_close(fd));
}

void
probe_reading(void)
{
	put_file("text", "0123456789");
	int fd;
	EXPECT(0, wasi_path_open(WORK, 0, "text", 4, 0, READ | WRITE, 0, 0, &fd));
	struct wasi_iovec pieces[2] = {{room, 3}, {room + 100, 4}};
	size_t done;
	EXPECT(0, wasi_fd_read(fd, pieces, 2, &done));
	EXPECT(7, done);
	CHECK(same(room, "012", 3) && same(room + 100, "3456", 4));
	uint64_t place;
	EXPECT(0, wasi_fd_tell(fd, &place));
	EXPECT(7, place);
	EXPECT(0, wasi_fd_seek(fd, -2, 2, &place));
	EXPECT(8, place);
	EXPECT(INVAL, wasi_fd_seek(fd, 0, 3, &place));
	EXPECT(INVAL, wasi_fd_seek(fd, -1, 0, &place));
	EXPECT(0, wasi_fd_pread(fd, pieces, 1, 5, &done));
	EXPECT(3, done);
	CHECK(same(room, "567", 3));
	pieces[0].data = "ab";
	pieces[0].size = 2;
	EXPECT(0, wasi_fd_pwrite(fd, pieces, 1, 1, &done));
	EXPECT(0, wasi_fd_filestat_set_size(fd, 5));
	uint64_t status[8];
	EXPECT(0, wasi_fd_filestat_get(fd, status));
	EXPECT(0, status[0]);
	EXPECT(4, status[2] & 255);
	EXPECT(1, status[3]);
	EXPECT(5, status[4]);
	EXPECT(1000000000, status[5]);
	uint8_t about[24];
	EXPECT(0, wasi_fd_fdstat_get(fd, about));
	EXPECT(4, about[0]);
	EXPECT(0, wasi_fd_fdstat_set_flags(fd, APPEND));
	EXPECT(0, write_text(fd, "end", 3));
	EXPECT(0, wasi_fd_sync(fd));
	EXPECT(0, wasi_fd_close(fd));
	EXPECT(0, wasi_path_filestat_get(WORK, 0, "text", 4, status));
	EXPECT(8, status[4]);
	EXPECT(0, wasi_path_filestat_get(WORK, FOLLOW, ".", 1, status));
	EXPECT(3, status[2] & 255);

	/* Opened for reading, it is neither written nor cut. */
	EXPECT(0, open_to_read("text", 0, &fd));
	EXPECT(BADF, write_text(fd, "x", 1));
	EXPECT(INVAL, wasi_fd_filestat_set_size(fd, 0));
	EXPECT(0, wasi_fd_close(fd));
	EXPECT(INVAL, wasi_path_open(WORK, 0, "text", 4, TRUNCATE, READ, 0, 0, &fd));

	pieces[0].data = room;
	pieces[0].size = 10;
	EXPECT(0, wasi_fd_read(0, pieces, 1, &done));
	EXPECT(0, done);
	EXPECT(BADF, wasi_fd_read(1, pieces, 1, &done));
	uint32_t preopened[2];
	EXPECT(0, wasi_fd_prestat_get(3, preopened));
	EXPECT(1, preopened[1]);
	EXPECT(0, wasi_fd_prestat_dir_name(3, room, 1));
	EXPECT('.', room[0]);
	EXPECT(BADF, wasi_fd_prestat_get(4, preopened));
}

/* The names of "many", from small and torn buffers. */
void
probe_listing(void)
{
	EXPECT(0, wasi_path_create_directory(WORK, "many", 4));
	char name[] = "many/x00";
	for (int at = 99; at >= 0; at--) {
		name[6] = (char)('0' + at / 10);
		name[7] = (char)('0' + at % 10);
		put_file(name, "");
	}
	EXPECT(0, wasi_path_symlink("x", 1, WORK, "many/link", 9));
	int fd;
	EXPECT(0, wasi_path_open(WORK, 0, "many", 4, DIRECTORY, READ, 0, 0, &fd));
	uint64_t cookie = 0;
	int count = 0;
	for (;;) {
		size_t used;
		EXPECT(0, wasi_fd_readdir(fd, room, 100, cookie, &used));
		size_t at = 0;
		while (at + 24 <= used) {
			uint64_t next;
			uint32_t size;
			memcpy(&next, room + at, 8);
			memcpy(&size, room + at + 16, 4);
			if (at + 24 + size > used)
				break;
			if (count == 0)
				CHECK(size == 4 && same(room + at + 24, "link", 4) &&
					room[at + 20] == 7);
			else
				CHECK(size == 3 && room[at + 25] == '0' + (count - 1) / 10 &&
					room[at + 26] == '0' + (count - 1) % 10 &&
					room[at + 20] == 4);
			cookie = next;
			count++;
			at += 24 + size;
		}
		if (used < 100)
			break;
	}
	EXPECT(101, count);
	size_t used;
	EXPECT(0, wasi_fd_readdir(fd, room, 100, UINT64_MAX, &used));
	EXPECT(0, used);
	EXPECT(0, wasi_fd_close(fd));
}

void
probe_fifo(void)
{
	report("git 1f0c\n");
	report("git-tree 9ab1\n");
	int fd;
	EXPECT(ACCES, open_to_read("hash", 0, &fd));
	EXPECT(ACCES, wasi_path_open(WORK, 0, "hash", 4, 0, READ | WRITE, 0, 0, &fd));
	EXPECT(0, wasi_path_open(WORK, 0, "hash", 4, 0, WRITE, 0, 0, &fd));
	uint64_t place;
	EXPECT(SPIPE, wasi_fd_seek(fd, 0, 0, &place));
	EXPECT(CAB_ERROR_INVALID, cab_close_digest(fd, room));
	EXPECT(0, wasi_fd_close(fd));
	report("cab .\n");
}

static void
expect_outside(const char *path)
{
	int fd;
	uint64_t status[8];
	size_t used;
	size_t size = length(path);
	EXPECT(NOTCAPABLE, open_to_read(path, FOLLOW, &fd));
	EXPECT(NOTCAPABLE, wasi_path_open(WORK, FOLLOW, path, size, CREATE, WRITE, 0, 0, &fd));
	EXPECT(NOTCAPABLE, wasi_path_filestat_get(WORK, FOLLOW, path, size, status));
	CHECK(wasi_path_create_directory(WORK, path, size) != 0);
	CHECK(wasi_path_unlink_file(WORK, path, size) != 0 || path[0] == 'l');
	CHECK(wasi_path_readlink(WORK, path, size, room, sizeof room, &used) != 0 ||
		path[0] == 'l');
	CHECK(wasi_path_link(WORK, 0, "inside", 6, WORK, path, size) != 0);
	CHECK(wasi_path_rename(WORK, "inside", 6, WORK, path, size) != 0);
	CHECK(wasi_path_symlink("x", 1, WORK, path, size) != 0);
}

/* The realizer's side has put a canary beside the working directory. */
void
probe_escapes(void)
{
	put_file("inside", "inside");
	expect_outside("..");
	expect_outside("../canary");
	expect_outside("/canary");
	expect_outside("/");
	expect_outside("./../canary");
	int fd;
	EXPECT(0, wasi_path_symlink("..", 2, WORK, "up", 2));
	EXPECT(NOTCAPABLE, open_to_read("up/canary", FOLLOW, &fd));
	EXPECT(NOTCAPABLE, open_to_read("up/canary", 0, &fd));
	CHECK(wasi_path_unlink_file(WORK, "up/canary", 9) != 0);
	CHECK(wasi_path_create_directory(WORK, "up/made", 7) != 0);
	CHECK(wasi_path_rename(WORK, "inside", 6, WORK, "up/moved", 8) != 0);
	CHECK(wasi_path_link(WORK, 0, "inside", 6, WORK, "up/linked", 9) != 0);
	CHECK(wasi_path_link(WORK, 0, "up/canary", 9, WORK, "stolen", 6) != 0);
	EXPECT(INVAL, wasi_path_link(WORK, FOLLOW, "up", 2, WORK, "stolen", 6));
	EXPECT(0, wasi_path_symlink("/etc/passwd", 11, WORK, "absolute", 8));
	EXPECT(NOTCAPABLE, open_to_read("absolute", FOLLOW, &fd));
	EXPECT(LOOP, open_to_read("absolute", 0, &fd));
	EXPECT(0, wasi_path_symlink("loop", 4, WORK, "loop", 4));
	EXPECT(LOOP, open_to_read("loop", FOLLOW, &fd));
	EXPECT(NOTDIR, open_to_read("inside/", FOLLOW, &fd));
	CHECK(wasi_path_open(WORK, 0, "new/", 4, CREATE, WRITE, 0, 0, &fd) != 0);
	EXPECT(NOTDIR, wasi_path_unlink_file(WORK, "inside/", 7));
	/* A link within is followed. */
	EXPECT(0, wasi_path_symlink("inside", 6, WORK, "alias", 5));
	EXPECT(0, open_to_read("alias", FOLLOW, &fd));
	EXPECT(0, wasi_fd_close(fd));
	EXPECT(0, wasi_path_create_directory(WORK, "d", 1));
	EXPECT(0, open_to_read("d/../inside", FOLLOW, &fd));
	EXPECT(0, wasi_fd_close(fd));
	memset(room, 'n', 5000);
	EXPECT(NAMETOOLONG, wasi_path_create_directory(WORK, room, 5000));
	EXPECT(NOENT, wasi_path_create_directory(WORK, room, 0));
}

static void
expect_text(const char *path, const char *text)
{
	int fd;
	size_t done;
	struct wasi_iovec piece = {room, sizeof room};
	EXPECT(0, open_to_read(path, FOLLOW, &fd));
	EXPECT(0, wasi_fd_read(fd, &piece, 1, &done));
	EXPECT(length(text), done);
	CHECK(same(room, text, done));
	EXPECT(0, wasi_fd_close(fd));
}

/* Neither the file system that the inputs lie in nor an input takes anything. */
static void
expect_frozen(const char *folder)
{
	char path[64];
	size_t size = length(folder);
	memcpy(path, folder, size);
	memcpy(path + size, "/new", 4);
	size += 4;
	int fd;
	EXPECT(ROFS, wasi_path_open(WORK, 0, path, size, CREATE, WRITE, 0, 0, &fd));
	EXPECT(ROFS, wasi_path_create_directory(WORK, path, size));
	EXPECT(ROFS, wasi_path_symlink("x", 1, WORK, path, size));
	CHECK(wasi_path_rename(WORK, "inside", 6, WORK, path, size) != 0);
	CHECK(wasi_path_link(WORK, 0, "inside", 6, WORK, path, size) != 0);
}

/* The realizer's side has put three objects into its store: a folder, a file and a link. */
void
probe_inputs(void)
{
	int fd;
	put_file("inside", "inside");
	expect_text("cull/store/tree/leaf", "leaf");
	expect_text("cull/store/tree/deep/tool", "tool");
	expect_text("cull/store/file", "file");
	expect_text("cull/store/link", "leaf");
	EXPECT(NOENT, open_to_read("cull/store/other", FOLLOW, &fd));
	EXPECT(NOTCAPABLE, open_to_read("/cull/store/file", FOLLOW, &fd));

	expect_frozen("cull");
	expect_frozen("cull/store");
	expect_frozen("cull/store/tree");
	expect_frozen("cull/store/tree/deep");
	EXPECT(ROFS, wasi_path_open(WORK, 0, "cull/store/file", 15, 0, WRITE, 0, 0, &fd));
	EXPECT(ROFS, wasi_path_open(WORK, 0, "cull/store/file", 15, TRUNCATE, WRITE, 0, 0, &fd));
	EXPECT(ROFS, wasi_path_unlink_file(WORK, "cull/store/tree/leaf", 20));
	EXPECT(0, open_to_read("cull/store/tree/leaf", 0, &fd));
	CHECK(cab_set_executable(fd) != 0);
	EXPECT(0, wasi_fd_close(fd));

	/* No mount becomes part of the output. */
	EXPECT(BUSY, wasi_path_rename(WORK, "cull", 4, WORK, "out", 3));
	EXPECT(BUSY, wasi_path_remove_directory(WORK, "cull", 4));
	CHECK(wasi_path_unlink_file(WORK, "cull", 4) != 0);
	CHECK(wasi_path_rename(WORK, "cull/store/tree", 15, WORK, "out", 3) != 0);
	CHECK(wasi_path_link(WORK, 0, "cull/store/file", 15, WORK, "out", 3) != 0);
	CHECK(wasi_path_link(WORK, 0, "cull/store/tree/leaf", 20, WORK, "out", 3) != 0);
	put_file("out", "own");
}

/* Without inputs the name is the guest's. */
void
probe_alone(void)
{
	int fd;
	EXPECT(NOENT, open_to_read("cull", FOLLOW, &fd));
	put_file("cull", "own");
}
