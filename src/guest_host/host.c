/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "guest/abi.h"
#include "guest_host/host_functions.h"

static const char wasi[] = "wasi_snapshot_preview1";
static const char cab[] = "cab";

const struct host_import host_imports[HOST_IMPORTS] = {
	{wasi, "args_get", "ii", true, host_args_get},
	{wasi, "args_sizes_get", "ii", true, host_args_sizes_get},
	{wasi, "environ_get", "ii", true, host_environ_get},
	{wasi, "environ_sizes_get", "ii", true, host_environ_sizes_get},
	{wasi, "clock_res_get", "ii", true, host_clock_res_get},
	{wasi, "clock_time_get", "iIi", true, host_clock_time_get},
	{wasi, "random_get", "ii", true, host_random_get},
	{wasi, "sched_yield", "", true, host_sched_yield},
	{wasi, "proc_exit", "i", false, host_proc_exit},
	{wasi, "fd_close", "i", true, host_fd_close},
	{wasi, "fd_fdstat_get", "ii", true, host_fd_fdstat_get},
	{wasi, "fd_fdstat_set_flags", "ii", true, host_fd_fdstat_set_flags},
	{wasi, "fd_filestat_get", "ii", true, host_fd_filestat_get},
	{wasi, "fd_filestat_set_size", "iI", true, host_fd_filestat_set_size},
	{wasi, "fd_pread", "iiiIi", true, host_fd_pread},
	{wasi, "fd_prestat_dir_name", "iii", true, host_fd_prestat_dir_name},
	{wasi, "fd_prestat_get", "ii", true, host_fd_prestat_get},
	{wasi, "fd_pwrite", "iiiIi", true, host_fd_pwrite},
	{wasi, "fd_read", "iiii", true, host_fd_read},
	{wasi, "fd_readdir", "iiiIi", true, host_fd_readdir},
	{wasi, "fd_seek", "iIii", true, host_fd_seek},
	{wasi, "fd_sync", "i", true, host_fd_sync},
	{wasi, "fd_tell", "ii", true, host_fd_tell},
	{wasi, "fd_write", "iiii", true, host_fd_write},
	{wasi, "path_create_directory", "iii", true, host_path_create_directory},
	{wasi, "path_filestat_get", "iiiii", true, host_path_filestat_get},
	{wasi, "path_link", "iiiiiii", true, host_path_link},
	{wasi, "path_open", "iiiiiIIii", true, host_path_open},
	{wasi, "path_readlink", "iiiiii", true, host_path_readlink},
	{wasi, "path_remove_directory", "iii", true, host_path_remove_directory},
	{wasi, "path_rename", "iiiiii", true, host_path_rename},
	{wasi, "path_symlink", "iiiii", true, host_path_symlink},
	{wasi, "path_unlink_file", "iii", true, host_path_unlink_file},
	{cab, "http_open", "iiiiiiii", true, host_http_open},
	{cab, "http_status", "i", true, host_http_status},
	{cab, "http_header", "iiiii", true, host_http_header},
	{cab, "http_read", "iii", true, host_http_read},
	{cab, "http_close", "i", true, host_http_close},
	{cab, "hash", "iiii", true, host_hash},
	{cab, "hash_new", "i", true, host_hash_new},
	{cab, "hash_add", "iii", true, host_hash_add},
	{cab, "hash_finish", "ii", true, host_hash_finish},
	{cab, "set_executable", "i", true, host_set_executable},
	{cab, "close_digest", "ii", true, host_close_digest},
	{cab, "log", "ii", false, host_log_text},
	{cab, "progress", "III", false, host_progress},
};

struct host *
host_new(const struct host_start *start)
{
	struct host *host = memory_zero(1, sizeof *host);
	host->start = start;
	host->files = host_files_new(start->directory, start->log);
	host->requests = host_requests_new(start->control);
	host->hashes = host_hashes_new();
	return host;
}

void
host_free(struct host *host)
{
	if (!host)
		return;
	host_files_free(host->files);
	host_requests_free(host->requests);
	host_hashes_free(host->hashes);
	free(host);
}

static bool
host_put(struct host *host, uint64_t at, uint64_t number, size_t width)
{
	uint8_t *to = host_span(host, at, width);
	if (!to)
		return false;
	for (size_t byte = 0; byte < width; byte++)
		to[byte] = (uint8_t)(number >> (8 * byte));
	return true;
}

bool
host_put_u32(struct host *host, uint64_t at, uint32_t number)
{
	return host_put(host, at, number, 4);
}

bool
host_put_u64(struct host *host, uint64_t at, uint64_t number)
{
	return host_put(host, at, number, 8);
}

void
host_log(const struct host *host, struct bytes text)
{
	text = bytes_first(text, CAB_LOG_LINE - 1);
	char line[CAB_LOG_LINE];
	if (text.size)
		memcpy(line, text.data, text.size);
	line[text.size] = '\n';
	/* A log that nobody reads any more is no fault of the guest's. */
	struct err err;
	(void)!fd_write_all(host->start->log, bytes_of(line, text.size + 1), &err);
}

void
host_complain(const struct host *host, const char *format, ...)
{
	char text[CAB_LOG_LINE];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	must(length >= 0, "a format must be valid");
	host_log(host, bytes_of(text, strlen(text)));
}
