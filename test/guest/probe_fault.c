/* SPDX-License-Identifier: MPL-2.0 */
#include "probe.h"

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

void
probe_pointers(void)
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
	EXPECT(CAB_ERROR_INVALID, cab_hash_new(9));
}

/* Pieces, results and data that lie in each other: each call does what it would, or is refused. */
void
probe_overlaps(void)
{
	static union {
		struct wasi_iovec pieces[4];
		char bytes[64];
	} torn;
	int fd;
	EXPECT(0, create("overlap", &fd));
	EXPECT(0, write_text(fd, "0123456789abcdef", 16));
	uint64_t place;
	EXPECT(0, wasi_fd_seek(fd, 0, 0, &place));
	/* Two pieces that are one place, and the count of what was read in the first of them. */
	torn.pieces[0] = (struct wasi_iovec){room, 8};
	torn.pieces[1] = (struct wasi_iovec){room + 4, 8};
	EXPECT(0, wasi_fd_read(fd, torn.pieces, 2, (size_t *)(void *)room));
	EXPECT(16, *(uint32_t *)(void *)room);
	CHECK(same(room + 4, "89abcdef", 8));
	/* Pieces that are read over themselves; they were taken before. */
	torn.pieces[0] = (struct wasi_iovec){torn.bytes, sizeof torn};
	torn.pieces[1] = (struct wasi_iovec){room, 8};
	EXPECT(0, wasi_fd_seek(fd, 0, 0, &place));
	EXPECT(0, wasi_fd_read(fd, torn.pieces, 2, (size_t *)(void *)torn.bytes));
	EXPECT(16, *(uint32_t *)(void *)torn.bytes);
	CHECK(same(torn.bytes + 4, "456789abcdef", 12));
	EXPECT(0, wasi_fd_close(fd));
	/* A path that its own answer is written over, and one that is renamed to its own end. */
	memcpy(room, "overlap", 7);
	EXPECT(0, wasi_path_filestat_get(WORK, 0, room, 7, (uint64_t *)(void *)room));
	memcpy(room, "overlap", 7);
	EXPECT(0, wasi_path_rename(WORK, room, 7, WORK, room + 4, 3));
	EXPECT(0, wasi_path_symlink(room, 7, WORK, room + 1, 6));
	size_t used;
	EXPECT(0, wasi_path_readlink(WORK, room + 1, 6, room, 7, &used));
	CHECK(used == 7 && same(room, "overlap", 7));
	EXPECT(32, cab_hash(CAB_HASH_BLAKE3, room, 64, room + 16));
	EXPECT(0, wasi_args_get((char **)(void *)room, room));
	EXPECT(0, wasi_random_get(torn.bytes, sizeof torn));
}

/* All that is given is written to: so much lies in memory. */
void
probe_grow(void)
{
	size_t first = __builtin_wasm_memory_size(0);
	while (__builtin_wasm_memory_grow(0, 16) != (size_t)-1)
		;
	size_t now = __builtin_wasm_memory_size(0);
	CHECK(now > first && now <= 1024);
	EXPECT(-1, (int32_t)__builtin_wasm_memory_grow(0, 0xffff - now));
	for (size_t page = first; page < now; page++)
		for (size_t at = 0; at < 16; at++)
			*(volatile char *)nowhere((uint32_t)((page << 16) + (at << 12))) = 1;
}
