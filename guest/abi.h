/* SPDX-License-Identifier: MPL-2.0 */
/*
 * abi.h: the guest ABI, version 1: what a WebAssembly program sees of the realizer.
 *
 * Shared by guest and host, and needs no other header but <stdint.h> and <stddef.h>. The manual is
 * cab-guest(7).
 *
 * A guest exports `_start` and `memory` and is run once, in a private working directory, its only
 * preopened folder (WASI descriptor 3, preopened as "."). It writes its result to `out` there, and
 * its identities, one line each, to the FIFO `hash`. Arguments: argv[0] is the program's name, then
 * the derivation's `arguments`. Environment: the derivation's, and CAB_HASH=hash, CAB_OUT=out,
 * CAB_PIN=<one "FORMAT VALUE" a line> where the run is pinned (else absent).
 *
 * Import module `wasi_snapshot_preview1`: args_get args_sizes_get environ_get environ_sizes_get
 * clock_time_get clock_res_get random_get sched_yield proc_exit fd_write fd_read fd_pread fd_pwrite
 * fd_seek fd_tell fd_close fd_sync fd_fdstat_get fd_fdstat_set_flags fd_filestat_get
 * fd_filestat_set_size fd_prestat_get fd_prestat_dir_name fd_readdir path_open
 * path_create_directory path_filestat_get path_symlink path_readlink path_unlink_file
 * path_remove_directory path_rename path_link. Paths are bytes, never read as UTF-8. Files get mode
 * 0644, folders 0755. A symbolic link may point anywhere (it is data), but none is followed out of
 * the working directory. Descriptors 1 and 2 are the log. The clock stands at 1970-01-01T00:00:01Z.
 * random_get is a stream seeded by the derivation's digest. Any other import is an error when the
 * module is compiled.
 *
 * Import module `cab`: the functions below. Results below 0 are CAB_ERROR_*. A pointer or length
 * outside of the memory is CAB_ERROR_FAULT and has no effect. All text is bytes with a length,
 * never NUL-terminated.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CAB_ABI_VERSION 1

enum {
	CAB_ERROR_FAULT = -1,   /* a pointer or length outside of the memory */
	CAB_ERROR_LIMIT = -2,   /* a ceiling was met: open handles, header bytes, request body */
	CAB_ERROR_INVALID = -3, /* an argument that no host could take */
	CAB_ERROR_REFUSED = -4, /* the realizer's policy said no; the reason is in the log */
	CAB_ERROR_FAILED = -5,  /* the request or its body broke; the reason is in the log */
	CAB_ERROR_ABSENT = -6,  /* no such header */
};

/* Algorithms of cab_hash_*; sizes of the sums 32, 20, 32, 64, 4, 20, 8, 8, 4 bytes. From
 * CAB_HASH_CRC32 on they are checks of formats, whose sums (but SHA-1's) begin with their lowest byte. */
enum {
	CAB_HASH_BLAKE3 = 0,
	CAB_HASH_SHA1 = 1, /* collision-detecting: a colliding input makes finish fail */
	CAB_HASH_SHA256 = 2,
	CAB_HASH_SHA512 = 3,
	CAB_HASH_CRC32 = 4, /* gzip, zip, xz */
	CAB_HASH_SHA1_PLAIN =
		5, /* looks for no collision: for sums that name nothing, and four times as fast */
	CAB_HASH_CRC64 = 6,       /* xz */
	CAB_HASH_XXH64 = 7,       /* seed 0; zstd has its first four bytes */
	CAB_HASH_CRC32_BZIP2 = 8, /* bits not reflected */
};

/* Ceilings that both sides know. */
enum {
	CAB_HTTP_HANDLES = 8,        /* open at once */
	CAB_HTTP_URL = 8192,         /* bytes of a URL */
	CAB_HTTP_HEADERS = 16 << 10, /* bytes of a request's headers */
	CAB_HTTP_BODY = 1 << 20,     /* bytes of a request's body */
	CAB_HTTP_REPLY = 64 << 10,   /* bytes of a reply's headers that a guest can see */
	CAB_HASH_HANDLES = 40,       /* hashes under way at once */
	CAB_LOG_LINE = 4096,         /* longer log texts are cut */
};

#ifdef __wasm__
#define CAB_IMPORT(name) __attribute__((import_module("cab"), import_name(#name)))

/*
 * HTTP. `open` sends a request and returns a handle >= 0 at once or once the realizer lets it go:
 * it decides on all identities reported before this call first, and may stop the program here.
 * `headers` is lines "Name: value\n". URL is http:, https:, or a symbolic origin such as
 * "registry:crates/NAME/VERSION". `status` waits for the response's head: the HTTP status, or an
 * error. Redirects were followed by the host. `header` copies a header's value (of the last
 * response; several of one name are joined by ", ") and returns its length, which may exceed
 * `capacity`; name is lower case. The name ":url" gives the final URL. `read` gives 1..capacity
 * bytes, 0 at the verified end of the body, or an error: a broken body never ends with 0.
 */
CAB_IMPORT(http_open)
int32_t cab_http_open(const void *method, size_t method_size, const void *url, size_t url_size,
	const void *headers, size_t headers_size, const void *body, size_t body_size);
CAB_IMPORT(http_status) int32_t cab_http_status(int32_t handle);
CAB_IMPORT(http_header)
int32_t cab_http_header(
	int32_t handle, const void *name, size_t name_size, void *value, size_t capacity);
CAB_IMPORT(http_read) int32_t cab_http_read(int32_t handle, void *data, size_t capacity);
CAB_IMPORT(http_close) int32_t cab_http_close(int32_t handle);

/* Hashes: at once, or piece by piece. `finish` writes the sum, returns its size and frees the
 * handle. What `add` is given may be hashed beside the guest: ask for the sum late. */
CAB_IMPORT(hash) int32_t cab_hash(int32_t algorithm, const void *data, size_t size, void *sum);
CAB_IMPORT(hash_new) int32_t cab_hash_new(int32_t algorithm);
CAB_IMPORT(hash_add) int32_t cab_hash_add(int32_t handle, const void *data, size_t size);
CAB_IMPORT(hash_finish) int32_t cab_hash_finish(int32_t handle, void *sum);

/* Sets the executable bit of an open file. */
CAB_IMPORT(set_executable) int32_t cab_set_executable(int32_t fd);
/* Closes a file that was written from its start in order, without seeking, and gives the BLAKE3 of
 * its bytes; CAB_ERROR_INVALID (and the file still open) if it was written otherwise. */
CAB_IMPORT(close_digest) int32_t cab_close_digest(int32_t fd, void *sum);

/* A line for the build's log, and how far it is: bytes received, bytes expected (0 unknown),
 * objects done. */
CAB_IMPORT(log) void cab_log(const void *text, size_t size);
CAB_IMPORT(progress) void cab_progress(uint64_t received, uint64_t expected, uint64_t objects);
#endif

/*
 * A module that has a custom section named `cab.identities` says which FORMATs it may put into the
 * table of identities with an empty scope: the section's bytes are the formats, one a line.
 * Honoured only where the program is the derivation's only input and its environment is empty
 * (DESIGN section 4).
 */
#define CAB_IDENTITIES_SECTION "cab.identities"
