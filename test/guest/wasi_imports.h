/* SPDX-License-Identifier: MPL-2.0 */
/* wasi_imports: cab's subset of WASI preview 1, for guests in freestanding C. */
#pragma once

#include "guest/abi.h"

#define WASI_IMPORT(name)                                                                          \
	__attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))

struct wasi_iovec {
	const void *data;
	size_t size;
};

WASI_IMPORT(args_get) int wasi_args_get(char **texts, char *room);
WASI_IMPORT(args_sizes_get) int wasi_args_sizes_get(size_t *count, size_t *size);
WASI_IMPORT(environ_get) int wasi_environ_get(char **texts, char *room);
WASI_IMPORT(environ_sizes_get) int wasi_environ_sizes_get(size_t *count, size_t *size);
WASI_IMPORT(clock_res_get) int wasi_clock_res_get(int clock, uint64_t *out);
WASI_IMPORT(clock_time_get) int wasi_clock_time_get(int clock, uint64_t precision, uint64_t *out);
WASI_IMPORT(random_get) int wasi_random_get(void *data, size_t size);
WASI_IMPORT(sched_yield) int wasi_sched_yield(void);
WASI_IMPORT(proc_exit) _Noreturn void wasi_proc_exit(int code);
WASI_IMPORT(fd_close) int wasi_fd_close(int fd);
WASI_IMPORT(fd_fdstat_get) int wasi_fd_fdstat_get(int fd, uint8_t *out);
WASI_IMPORT(fd_fdstat_set_flags) int wasi_fd_fdstat_set_flags(int fd, int flags);
WASI_IMPORT(fd_filestat_get) int wasi_fd_filestat_get(int fd, uint64_t *out);
WASI_IMPORT(fd_filestat_set_size) int wasi_fd_filestat_set_size(int fd, uint64_t size);
WASI_IMPORT(fd_pread)
int wasi_fd_pread(
	int fd, const struct wasi_iovec *pieces, size_t count, uint64_t offset, size_t *done);
WASI_IMPORT(fd_pwrite)
int wasi_fd_pwrite(
	int fd, const struct wasi_iovec *pieces, size_t count, uint64_t offset, size_t *done);
WASI_IMPORT(fd_read)
int wasi_fd_read(int fd, const struct wasi_iovec *pieces, size_t count, size_t *done);
WASI_IMPORT(fd_write)
int wasi_fd_write(int fd, const struct wasi_iovec *pieces, size_t count, size_t *done);
WASI_IMPORT(fd_prestat_get) int wasi_fd_prestat_get(int fd, uint32_t *out);
WASI_IMPORT(fd_prestat_dir_name) int wasi_fd_prestat_dir_name(int fd, char *name, size_t size);
WASI_IMPORT(fd_readdir)
int wasi_fd_readdir(int fd, void *data, size_t size, uint64_t cookie, size_t *used);
WASI_IMPORT(fd_seek) int wasi_fd_seek(int fd, int64_t offset, int whence, uint64_t *out);
WASI_IMPORT(fd_sync) int wasi_fd_sync(int fd);
WASI_IMPORT(fd_tell) int wasi_fd_tell(int fd, uint64_t *out);
WASI_IMPORT(path_create_directory)
int wasi_path_create_directory(int fd, const char *path, size_t size);
WASI_IMPORT(path_filestat_get)
int wasi_path_filestat_get(int fd, int flags, const char *path, size_t size, uint64_t *out);
WASI_IMPORT(path_link)
int wasi_path_link(int from, int flags, const char *from_path, size_t from_size, int to,
	const char *to_path, size_t to_size);
WASI_IMPORT(path_open)
int wasi_path_open(int fd, int look, const char *path, size_t size, int flags, uint64_t rights,
	uint64_t inherited, int mode, int *out);
WASI_IMPORT(path_readlink)
int wasi_path_readlink(
	int fd, const char *path, size_t size, char *data, size_t room, size_t *used);
WASI_IMPORT(path_remove_directory)
int wasi_path_remove_directory(int fd, const char *path, size_t size);
WASI_IMPORT(path_rename)
int wasi_path_rename(int from, const char *from_path, size_t from_size, int to, const char *to_path,
	size_t to_size);
WASI_IMPORT(path_symlink)
int wasi_path_symlink(
	const char *target, size_t target_size, int fd, const char *path, size_t size);
WASI_IMPORT(path_unlink_file) int wasi_path_unlink_file(int fd, const char *path, size_t size);

/* Of guest_host/wasi.h, which a guest does not see. */
enum {
	ACCES = 2,
	BADF = 8,
	BUSY = 10,
	EXIST = 20,
	FAULT = 21,
	INVAL = 28,
	ISDIR = 31,
	LOOP = 32,
	MFILE = 33,
	NAMETOOLONG = 37,
	NOENT = 44,
	NOTDIR = 54,
	NOTEMPTY = 55,
	ROFS = 69,
	SPIPE = 70,
	NOTCAPABLE = 76,
};

enum { FOLLOW = 1, CREATE = 1, DIRECTORY = 2, EXCLUSIVE = 4, TRUNCATE = 8, APPEND = 1 };
enum { READ = 1 << 1, WRITE = 1 << 6 };
enum { WORK = 3 /* the working directory */ };
