/* SPDX-License-Identifier: MPL-2.0 */
/*
 * host_functions: the functions behind the rows of host.c, by the file that has them. What each
 * does is in guest/abi.h and cab-guest(7).
 */
#pragma once

#include "base/fd.h"
#include "guest_host/host.h"
#include "guest_host/wasi.h"

/* host_system.c: arguments, environment, clock, random stream, exit, log. */
host_function host_args_get, host_args_sizes_get, host_environ_get, host_environ_sizes_get;
host_function host_clock_res_get, host_clock_time_get, host_random_get, host_sched_yield;
host_function host_proc_exit, host_log_text;

/* host_file.c: what is done with an open file. */
host_function host_fd_close, host_fd_fdstat_get, host_fd_fdstat_set_flags, host_fd_filestat_get;
host_function host_fd_filestat_set_size, host_fd_pread, host_fd_prestat_dir_name;
host_function host_fd_prestat_get, host_fd_pwrite, host_fd_read, host_fd_seek, host_fd_sync;
host_function host_fd_tell, host_fd_write, host_set_executable, host_close_digest;

/* host_path.c: what is done by name. */
host_function host_path_create_directory, host_path_filestat_get, host_path_link, host_path_open;
host_function host_path_readlink, host_path_remove_directory, host_path_rename, host_path_symlink;
host_function host_path_unlink_file;

/* host_listing.c */
host_function host_fd_readdir;

/* host_http.c */
host_function host_http_open, host_http_status, host_http_header, host_http_read, host_http_close;
host_function host_progress;
struct host_requests *host_requests_new(int control);
void host_requests_free(struct host_requests *requests);
/* Asks the realizer for the files of the run's hint, once a run, and waits; false: nothing came of it. */
bool host_await_former(struct host *host);

/* host_hash.c */
host_function host_hash, host_hash_new, host_hash_add, host_hash_finish;
struct host_hashes *host_hashes_new(void);
void host_hashes_free(struct host_hashes *hashes);

/* The table of a guest's descriptors: host_file.c. */
struct digester;
struct host_listing;

enum host_file_kind {
	HOST_FILE_NONE, /* a free slot */
	HOST_FILE_INPUT,
	HOST_FILE_LOG,
	HOST_FILE_FOLDER,
	HOST_FILE_REGULAR,
	HOST_FILE_FIFO,
};

struct host_file {
	enum host_file_kind kind;
	int fd;
	bool preopened;
	bool append;
	/* What was written so far is all of the file, in order, and `leaf` has it. */
	bool in_order;
	uint64_t hashed;
	struct digester *leaf;        /* made at the first write, kept for the slot's next file */
	struct host_listing *listing; /* of a folder that is being listed */
};

struct host_files *host_files_new(int directory, int log);
void host_files_free(struct host_files *files);
/* The file behind a guest's descriptor; NULL: there is none. */
struct host_file *host_file_find(struct host *host, uint64_t fd);
/* A folder's own descriptor, or -1 with *number_out: bad descriptor or no folder. */
int host_folder_find(struct host *host, uint64_t fd, enum wasi_errno *number_out);
/* Takes the descriptor in any case; the guest's number, or -1 when the table is full. */
int64_t host_file_add(struct host *host, int fd, enum host_file_kind kind, bool append, bool empty);
/* Whether a slot is free. */
bool host_file_has_room(const struct host *host);
void host_listing_free(struct host_listing *listing);
/* A WASI filestat at `at`, from the kernel's; false outside of the memory. */
struct stat;
MUST_CHECK bool host_put_filestat(struct host *host, uint64_t at, const struct stat *status);
enum wasi_filetype host_filetype(unsigned mode);
