/* SPDX-License-Identifier: MPL-2.0 */
/*
 * probe: a guest that calls every import, as its first argument says. A check that fails is a line
 * in the log and exit status 1; the realizer's side looks at what was left behind.
 */
#include "wasi_imports.h"

static char room[1 << 16];
static char copy[1 << 16];

void *memset(void *to, int byte, size_t size);
void *memcpy(void *to, const void *from, size_t size);

void *
memset(void *to, int byte, size_t size)
{
	unsigned char *at = to;
	while (size--)
		*at++ = (unsigned char)byte;
	return to;
}

void *
memcpy(void *to, const void *from, size_t size)
{
	unsigned char *at = to;
	const unsigned char *source = from;
	while (size--)
		*at++ = *source++;
	return to;
}

static size_t
length(const char *text)
{
	size_t size = 0;
	while (text[size])
		size++;
	return size;
}

static int
same(const void *left, const void *right, size_t size)
{
	const unsigned char *first = left;
	const unsigned char *second = right;
	while (size && *first == *second) {
		first++;
		second++;
		size--;
	}
	return !size;
}

static void
fail(int line, long long found)
{
	char text[64] = "probe.c:";
	size_t at = 8;
	char digits[24];
	size_t count = 0;
	for (int rest = line; rest; rest /= 10)
		digits[count++] = (char)('0' + rest % 10);
	while (count)
		text[at++] = digits[--count];
	text[at++] = ':';
	text[at++] = ' ';
	unsigned long long value =
		found < 0 ? -(unsigned long long)found : (unsigned long long)found;
	if (found < 0)
		text[at++] = '-';
	do
		digits[count++] = (char)('0' + value % 10);
	while (value /= 10);
	while (count)
		text[at++] = digits[--count];
	cab_log(text, at);
	wasi_proc_exit(1);
}

#define EXPECT(expected, call)                                                                     \
	do {                                                                                       \
		long long found = (long long)(call);                                               \
		if (found != (long long)(expected))                                                \
			fail(__LINE__, found);                                                     \
	} while (0)
#define CHECK(condition) EXPECT(1, !!(condition))

static int
write_text(int fd, const char *text, size_t size)
{
	const struct wasi_iovec piece = {text, size};
	size_t done = 0;
	int number = wasi_fd_write(fd, &piece, 1, &done);
	return number ? number : done == size ? 0 : -1;
}

static int
create(const char *path, int *fd)
{
	return wasi_path_open(
		WORK, 0, path, length(path), CREATE | EXCLUSIVE, READ | WRITE, 0, 0, fd);
}

static void
put_file(const char *path, const char *text)
{
	int fd;
	EXPECT(0, create(path, &fd));
	EXPECT(0, write_text(fd, text, length(text)));
	EXPECT(0, wasi_fd_close(fd));
}

static int
open_to_read(const char *path, int look, int *fd)
{
	return wasi_path_open(WORK, look, path, length(path), 0, READ, 0, 0, fd);
}

static void
report(const char *line)
{
	int fd;
	EXPECT(0, wasi_path_open(WORK, 0, "hash", 4, 0, WRITE, 0, 0, &fd));
	EXPECT(0, write_text(fd, line, length(line)));
	EXPECT(0, wasi_fd_close(fd));
}

/* Every argument and variable as a line of the log. */
static void
say_arguments(void)
{
	char *texts[64];
	size_t count;
	size_t size;
	EXPECT(0, wasi_args_sizes_get(&count, &size));
	CHECK(count <= 64 && size <= sizeof room);
	EXPECT(0, wasi_args_get(texts, room));
	for (size_t at = 0; at < count; at++)
		cab_log(texts[at], length(texts[at]));
	EXPECT(0, wasi_environ_sizes_get(&count, &size));
	CHECK(count <= 64 && size <= sizeof room);
	EXPECT(0, wasi_environ_get(texts, room));
	for (size_t at = 0; at < count; at++)
		cab_log(texts[at], length(texts[at]));
}

static void
files(void)
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

static void
reading(void)
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
static void
listing(void)
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

static void
fifo(void)
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
static void
escapes(void)
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

/* A pointer that no memory has; volatile, so that nothing is concluded from it. */
static void *
nowhere(uint32_t at)
{
	volatile uint32_t hidden = at;
	return (void *)(uintptr_t)hidden;
}

static void
expect_faults(void *bad, size_t size)
{
	struct wasi_iovec piece = {bad, size};
	size_t done;
	int fd;
	EXPECT(FAULT, wasi_args_get(bad, room));
	EXPECT(FAULT, wasi_args_get((char **)(void *)room, bad));
	EXPECT(FAULT, wasi_args_sizes_get(bad, &done));
	EXPECT(FAULT, wasi_environ_get((char **)(void *)room, bad));
	EXPECT(FAULT, wasi_environ_sizes_get(&done, bad));
	EXPECT(FAULT, wasi_clock_time_get(0, 0, bad));
	EXPECT(FAULT, wasi_clock_res_get(0, bad));
	EXPECT(FAULT, wasi_random_get(bad, size));
	EXPECT(FAULT, wasi_fd_write(1, &piece, 1, &done));
	EXPECT(FAULT, wasi_fd_write(1, bad, 1, &done));
	EXPECT(FAULT, wasi_fd_read(0, &piece, 1, &done));
	EXPECT(FAULT, wasi_fd_fdstat_get(WORK, bad));
	EXPECT(FAULT, wasi_fd_filestat_get(WORK, bad));
	EXPECT(FAULT, wasi_fd_prestat_get(WORK, bad));
	EXPECT(FAULT, wasi_fd_prestat_dir_name(WORK, bad, size));
	EXPECT(FAULT, wasi_fd_readdir(WORK, bad, size, 0, &done));
	EXPECT(FAULT, wasi_fd_readdir(WORK, room, 10, 0, bad));
	EXPECT(FAULT, wasi_path_create_directory(WORK, bad, size));
	EXPECT(FAULT, wasi_path_filestat_get(WORK, 0, bad, size, (uint64_t *)(void *)room));
	EXPECT(FAULT, wasi_path_filestat_get(WORK, 0, ".", 1, bad));
	EXPECT(FAULT, wasi_path_link(WORK, 0, bad, size, WORK, "x", 1));
	EXPECT(FAULT, wasi_path_open(WORK, 0, bad, size, CREATE, WRITE, 0, 0, &fd));
	EXPECT(FAULT, wasi_path_open(WORK, 0, "never", 5, CREATE, WRITE, 0, 0, bad));
	EXPECT(FAULT, wasi_path_readlink(WORK, "x", 1, bad, size, &done));
	EXPECT(FAULT, wasi_path_remove_directory(WORK, bad, size));
	EXPECT(FAULT, wasi_path_rename(WORK, bad, size, WORK, "x", 1));
	EXPECT(FAULT, wasi_path_symlink(bad, size, WORK, "x", 1));
	EXPECT(FAULT, wasi_path_unlink_file(WORK, bad, size));
	EXPECT(CAB_ERROR_FAULT, cab_http_open(bad, size, "http://x/", 9, "", 0, "", 0));
	EXPECT(CAB_ERROR_FAULT, cab_http_open("GET", 3, bad, size, "", 0, "", 0));
	EXPECT(CAB_ERROR_FAULT, cab_http_open("GET", 3, "http://x/", 9, bad, size, "", 0));
	EXPECT(CAB_ERROR_FAULT, cab_http_open("GET", 3, "http://x/", 9, "", 0, bad, size));
	EXPECT(CAB_ERROR_FAULT, cab_hash(CAB_HASH_SHA1, bad, size, room));
	EXPECT(CAB_ERROR_FAULT, cab_hash(CAB_HASH_SHA1, "", 0, bad));
	int handle = cab_hash_new(CAB_HASH_BLAKE3);
	EXPECT(CAB_ERROR_FAULT, cab_hash_add(handle, bad, size));
	EXPECT(CAB_ERROR_FAULT, cab_hash_finish(handle, bad));
	EXPECT(32, cab_hash_finish(handle, room));
	EXPECT(0, create("digest", &fd));
	EXPECT(CAB_ERROR_FAULT, cab_close_digest(fd, bad));
	EXPECT(0, cab_close_digest(fd, room));
	EXPECT(0, wasi_path_unlink_file(WORK, "digest", 6));
	cab_log(bad, size);
}

static void
pointers(void)
{
	size_t end = __builtin_wasm_memory_size(0) << 16;
	expect_faults(nowhere(UINT32_MAX), 8);
	expect_faults(nowhere(UINT32_MAX), UINT32_MAX);
	expect_faults(nowhere((uint32_t)end), 1);
	expect_faults(nowhere((uint32_t)end - 1), 2);
	expect_faults(nowhere((uint32_t)end - 1), UINT32_MAX);
	size_t done;
	struct wasi_iovec piece = {"", 0};
	EXPECT(FAULT, wasi_fd_write(1, &piece, (size_t)-1, &done));
	EXPECT(FAULT, wasi_fd_write(1, &piece, 1u << 31, &done));
	/* More pieces than the host takes at once are a short write. */
	struct wasi_iovec many[200];
	for (size_t at = 0; at < 200; at++)
		many[at] = (struct wasi_iovec){"x", 1};
	int fd;
	EXPECT(0, create("short", &fd));
	EXPECT(0, wasi_fd_write(fd, many, 200, &done));
	CHECK(done > 0 && done <= 200);
	EXPECT(0, wasi_fd_close(fd));
	EXPECT(BADF, wasi_fd_close(-1));
	EXPECT(BADF, wasi_fd_write(1 << 30, many, 1, &done));
	EXPECT(CAB_ERROR_INVALID, cab_http_status(-1));
	EXPECT(CAB_ERROR_INVALID, cab_http_status(1 << 30));
	EXPECT(CAB_ERROR_INVALID, cab_hash_add(-1, "", 0));
	EXPECT(CAB_ERROR_INVALID, cab_hash_new(-1));
	EXPECT(CAB_ERROR_INVALID, cab_hash_new(4));
}

static void
hashes(void)
{
	static const uint8_t sha1[20] = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
		0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d};
	static const uint8_t blake3[32] = {0x64, 0x37, 0xb3, 0xac, 0x38, 0x46, 0x51, 0x33, 0xff,
		0xb6, 0x3b, 0x75, 0x27, 0x3a, 0x8d, 0xb5, 0x48, 0xc5, 0x58, 0x46, 0x5d, 0x79, 0xdb,
		0x03, 0xfd, 0x35, 0x9c, 0x6c, 0xd5, 0xbd, 0x9d, 0x85};
	static const int sizes[4] = {32, 20, 32, 64};
	for (int kind = 0; kind < 4; kind++) {
		EXPECT(sizes[kind], cab_hash(kind, "abc", 3, room));
		int handle = cab_hash_new(kind);
		CHECK(handle >= 0);
		EXPECT(0, cab_hash_add(handle, "a", 1));
		EXPECT(0, cab_hash_add(handle, "bc", 2));
		EXPECT(sizes[kind], cab_hash_finish(handle, copy));
		CHECK(same(room, copy, (size_t)sizes[kind]));
		EXPECT(CAB_ERROR_INVALID, cab_hash_finish(handle, copy));
		CHECK(kind != CAB_HASH_SHA1 || same(room, sha1, 20));
		CHECK(kind != CAB_HASH_BLAKE3 || same(room, blake3, 32));
	}
	for (int at = 0; at < CAB_HASH_HANDLES; at++)
		EXPECT(at, cab_hash_new(at % 4));
	EXPECT(CAB_ERROR_LIMIT, cab_hash_new(0));
	for (int at = 0; at < CAB_HASH_HANDLES; at++)
		EXPECT(sizes[at % 4], cab_hash_finish(at, room));

	/* The leaf of a file that is written in order, in pieces; one slot after the other. */
	for (int round = 0; round < 3; round++) {
		int fd;
		EXPECT(0, create("leaf", &fd));
		EXPECT(0, write_text(fd, "a", 1));
		uint64_t place;
		EXPECT(0, wasi_fd_tell(fd, &place));
		EXPECT(0, write_text(fd, "bc", 2));
		EXPECT(0, cab_close_digest(fd, room));
		CHECK(same(room, blake3, 32));
		EXPECT(BADF, wasi_fd_close(fd));
		EXPECT(0, wasi_path_unlink_file(WORK, "leaf", 4));

		EXPECT(0, create("leaf", &fd));
		EXPECT(0, write_text(fd, "zzz", 3));
		EXPECT(0, wasi_fd_seek(fd, 0, 0, &place));
		EXPECT(CAB_ERROR_INVALID, cab_close_digest(fd, room));
		EXPECT(0, wasi_fd_close(fd));
		/* What is there already is not of this descriptor's writing. */
		EXPECT(0, wasi_path_open(WORK, 0, "leaf", 4, 0, WRITE, 0, APPEND, &fd));
		EXPECT(CAB_ERROR_INVALID, cab_close_digest(fd, room));
		EXPECT(0, wasi_fd_close(fd));
		EXPECT(0, wasi_path_open(WORK, 0, "leaf", 4, TRUNCATE, WRITE, 0, 0, &fd));
		EXPECT(0, cab_close_digest(fd, room));
		EXPECT(32, cab_hash(CAB_HASH_BLAKE3, "", 0, copy));
		CHECK(same(room, copy, 32));
		EXPECT(0, wasi_path_unlink_file(WORK, "leaf", 4));
	}
}

static void
http(void)
{
	int handle = cab_http_open("GET", 3, "http://host/body", 16, "Accept: x\n", 10, "", 0);
	CHECK(handle >= 0);
	EXPECT(200, cab_http_status(handle));
	EXPECT(5, cab_http_header(handle, "etag", 4, room, sizeof room));
	CHECK(same(room, "\"tag\"", 5));
	EXPECT(4, cab_http_header(handle, "many", 4, room, sizeof room));
	CHECK(same(room, "1, 2", 4));
	EXPECT(4, cab_http_header(handle, "many", 4, room, 1));
	EXPECT(CAB_ERROR_ABSENT, cab_http_header(handle, "man", 3, room, sizeof room));
	EXPECT(17, cab_http_header(handle, ":url", 4, room, sizeof room));
	CHECK(same(room, "http://final/body", 17));
	size_t total = 0;
	int sum = cab_hash_new(CAB_HASH_BLAKE3);
	for (;;) {
		int count = cab_http_read(handle, room, sizeof room);
		CHECK(count >= 0);
		if (!count)
			break;
		total += (size_t)count;
		cab_hash_add(sum, room, (size_t)count);
	}
	EXPECT(3000000, total);
	EXPECT(0, cab_http_read(handle, room, sizeof room));
	EXPECT(0, cab_http_close(handle));
	EXPECT(CAB_ERROR_INVALID, cab_http_read(handle, room, sizeof room));
	EXPECT(32, cab_hash_finish(sum, room));
	cab_log(room, 0);
	cab_progress(total, 0, 1);
	int fd;
	EXPECT(0, create("sum", &fd));
	EXPECT(0, write_text(fd, room, 32));
	EXPECT(0, wasi_fd_close(fd));

	/* A body that breaks off, one that is short, one that was refused. */
	handle = cab_http_open("GET", 3, "http://host/broken", 18, "", 0, "", 0);
	EXPECT(200, cab_http_status(handle));
	int count;
	while ((count = cab_http_read(handle, room, sizeof room)) > 0)
		;
	EXPECT(CAB_ERROR_FAILED, count);
	EXPECT(0, cab_http_close(handle));
	handle = cab_http_open("GET", 3, "http://host/short", 17, "", 0, "", 0);
	while ((count = cab_http_read(handle, room, sizeof room)) > 0)
		;
	EXPECT(CAB_ERROR_FAILED, count);
	EXPECT(0, cab_http_close(handle));
	handle = cab_http_open("GET", 3, "http://host/refused", 19, "", 0, "", 0);
	EXPECT(CAB_ERROR_REFUSED, cab_http_status(handle));
	EXPECT(CAB_ERROR_REFUSED, cab_http_read(handle, room, sizeof room));
	EXPECT(0, cab_http_close(handle));

	/* A body of a request, small and large, comes back as it went. */
	for (size_t size = 10; size <= 1 << 16; size = size * 2 + 1) {
		for (size_t at = 0; at < size; at++)
			copy[at] = (char)(at * 7);
		handle = cab_http_open("POST", 4, "http://host/echo", 16, "", 0, copy, size);
		size_t got = 0;
		while ((count = cab_http_read(handle, room, sizeof room)) > 0) {
			CHECK(same(room, copy + got, (size_t)count));
			got += (size_t)count;
		}
		EXPECT(0, count);
		EXPECT(size, got);
		EXPECT(0, cab_http_close(handle));
	}
}

static void
http_limits(void)
{
	EXPECT(CAB_ERROR_INVALID, cab_http_open("get", 3, "http://x/", 9, "", 0, "", 0));
	EXPECT(CAB_ERROR_INVALID, cab_http_open("", 0, "http://x/", 9, "", 0, "", 0));
	EXPECT(CAB_ERROR_INVALID, cab_http_open("GET", 3, "http://x/\n", 10, "", 0, "", 0));
	EXPECT(CAB_ERROR_INVALID, cab_http_open("GET", 3, "http://x/ y", 11, "", 0, "", 0));
	EXPECT(CAB_ERROR_INVALID, cab_http_open("GET", 3, "", 0, "", 0, "", 0));
	EXPECT(CAB_ERROR_INVALID, cab_http_open("GET", 3, "http://x/", 9, "a: b", 4, "", 0));
	EXPECT(CAB_ERROR_INVALID, cab_http_open("GET", 3, "http://x/", 9, "a: b\r\n", 6, "", 0));
	EXPECT(CAB_ERROR_LIMIT, cab_http_open("GET", 3, room, CAB_HTTP_URL + 1, "", 0, "", 0));
	int handles[CAB_HTTP_HANDLES];
	for (int at = 0; at < CAB_HTTP_HANDLES; at++) {
		handles[at] = cab_http_open("GET", 3, "http://host/body", 16, "", 0, "", 0);
		CHECK(handles[at] >= 0);
	}
	EXPECT(CAB_ERROR_LIMIT, cab_http_open("GET", 3, "http://host/body", 16, "", 0, "", 0));
	/* Heads come in the order of the requests, and are asked for in the other. */
	for (int at = CAB_HTTP_HANDLES - 1; at >= 0; at--) {
		EXPECT(200, cab_http_status(handles[at]));
		CHECK(cab_http_read(handles[at], room, 10) > 0);
		EXPECT(0, cab_http_close(handles[at]));
	}
	int last = cab_http_open("GET", 3, "http://host/body", 16, "", 0, "", 0);
	EXPECT(200, cab_http_status(last));
}

static void
randomness(void)
{
	EXPECT(0, wasi_random_get(room, 100));
	EXPECT(0, wasi_random_get(room + 100, 1));
	uint64_t now;
	EXPECT(0, wasi_clock_time_get(0, 0, &now));
	EXPECT(1000000000, now);
	EXPECT(0, wasi_clock_time_get(1, 0, &now));
	EXPECT(1000000000, now);
	EXPECT(INVAL, wasi_clock_time_get(4, 0, &now));
	EXPECT(0, wasi_sched_yield());
	int fd;
	EXPECT(0, create("random", &fd));
	EXPECT(0, write_text(fd, room, 101));
}

static void
storm(void)
{
	put_file("file", "x");
	int fd = -1;
	int count = 0;
	while (open_to_read("file", 0, &fd) == 0)
		count++;
	CHECK(count > 100 && count < 1000);
	EXPECT(MFILE, open_to_read("file", 0, &fd));
	for (int at = 4; at < 4 + count; at++)
		EXPECT(0, wasi_fd_close(at));
	for (int at = 0; at < 20000; at++) {
		EXPECT(0, open_to_read("file", 0, &fd));
		EXPECT(0, wasi_fd_close(fd));
	}
}

static void
grow(void)
{
	size_t pages = 0;
	while (__builtin_wasm_memory_grow(0, 16) != (size_t)-1)
		pages += 16;
	size_t now = __builtin_wasm_memory_size(0);
	CHECK(pages > 0 && now <= 1024);
	volatile char *last = nowhere((uint32_t)((now << 16) - 1));
	*last = 1;
}

static const struct {
	const char *name;
	void (*run)(void);
} probes[] = {
	{"arguments", say_arguments},
	{"files", files},
	{"reading", reading},
	{"listing", listing},
	{"fifo", fifo},
	{"escapes", escapes},
	{"pointers", pointers},
	{"hashes", hashes},
	{"http", http},
	{"http-limits", http_limits},
	{"random", randomness},
	{"storm", storm},
	{"grow", grow},
};

__attribute__((export_name("_start"))) void
start(void)
{
	size_t count;
	size_t size;
	char *texts[64];
	EXPECT(0, wasi_args_sizes_get(&count, &size));
	CHECK(count >= 2 && count <= 64 && size <= sizeof room);
	EXPECT(0, wasi_args_get(texts, room));
	for (size_t at = 0; at < sizeof probes / sizeof *probes; at++) {
		if (!same(probes[at].name, texts[1], length(texts[1]) + 1))
			continue;
		probes[at].run();
		return;
	}
	if (same(texts[1], "exit-7", 7))
		wasi_proc_exit(7);
	if (same(texts[1], "exit-256", 9))
		wasi_proc_exit(256);
	if (same(texts[1], "trap", 5))
		__builtin_trap();
	if (same(texts[1], "loop", 5))
		for (;;)
			__asm__ volatile("");
	wasi_proc_exit(99);
}
