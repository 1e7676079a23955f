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

void
probe_grow(void)
{
	size_t pages = 0;
	while (__builtin_wasm_memory_grow(0, 16) != (size_t)-1)
		pages += 16;
	size_t now = __builtin_wasm_memory_size(0);
	CHECK(pages > 0 && now <= 1024);
	volatile char *last = nowhere((uint32_t)((now << 16) - 1));
	*last = 1;
}
