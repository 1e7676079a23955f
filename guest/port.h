/* SPDX-License-Identifier: MPL-2.0 */
/*
 * port: the ground that the fetcher stands on, in WebAssembly and natively.
 *
 * The guest is built twice from the same sources: freestanding for wasm32 (the product), and
 * natively (unit tests, fuzzing, the bench's "same C"). Natively the imports declared here are
 * ordinary functions that test/fetch/native_*.c define over sockets and files; the decoders
 * (inflate, gzip, xz, zstd, bzip2, tar, pkt, pack, delta) import nothing at all and link alone.
 *
 * WASI names and numbers are those of snapshot preview 1; results are its errno, 0 is success.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

#ifdef __wasm__
void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);
size_t strlen(const char *text);
#define WASI_IMPORT(name)                                                                          \
	__attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
#define COLD __attribute__((minsize))
/* Is there once: the linker would copy it to where it is called. */
#define ONCE __attribute__((noinline))
#else
#include <string.h>
#define WASI_IMPORT(name)
#define COLD
#define ONCE
int32_t cab_http_open(const void *method, size_t method_size, const void *url, size_t url_size,
	const void *headers, size_t headers_size, const void *body, size_t body_size);
int32_t cab_http_status(int32_t handle);
int32_t cab_http_header(
	int32_t handle, const void *name, size_t name_size, void *value, size_t capacity);
int32_t cab_http_read(int32_t handle, void *data, size_t capacity);
int32_t cab_http_close(int32_t handle);
int32_t cab_hash(int32_t algorithm, const void *data, size_t size, void *sum);
int32_t cab_hash_new(int32_t algorithm);
int32_t cab_hash_add(int32_t handle, const void *data, size_t size);
int32_t cab_hash_finish(int32_t handle, void *sum);
int32_t cab_set_executable(int32_t fd);
int32_t cab_close_digest(int32_t fd, void *sum);
void cab_log(const void *text, size_t size);
void cab_progress(uint64_t received, uint64_t expected, uint64_t objects);
#endif

enum { SUM_MAX = 64, SUM_BLAKE3 = 32, SUM_SHA1 = 20, SUM_SHA256 = 32, SUM_ID = 32 };

/* A borrowed span of bytes. */
struct span {
	const uint8_t *data;
	size_t size;
};

#define SPAN(literal) ((struct span){(const uint8_t *)("" literal), sizeof(literal) - 1})

static inline struct span
span_of(const void *data, size_t size)
{
	return (struct span){(const uint8_t *)data, size};
}

static inline struct span
span_text(const char *text)
{
	return span_of(text, strlen(text));
}

/* Numbers of so many bits, the lowest byte first, as every machine that cab runs on has them. */
static inline uint16_t
load_16(const uint8_t *from)
{
	uint16_t number;
	__builtin_memcpy(&number, from, sizeof number);
	return number;
}

static inline uint32_t
load_32(const uint8_t *from)
{
	uint32_t number;
	__builtin_memcpy(&number, from, sizeof number);
	return number;
}

static inline uint64_t
load_64(const uint8_t *from)
{
	uint64_t number;
	__builtin_memcpy(&number, from, sizeof number);
	return number;
}

static inline size_t
size_min(size_t left, size_t right)
{
	return left < right ? left : right;
}

/* What is behind the first bytes, of which there are so many. */
static inline struct span
span_after(struct span span, size_t size)
{
	return span_of(span.data + size, span.size - size);
}

/* The same, where they may be fewer. */
static inline struct span
span_from(struct span span, size_t start)
{
	return span_after(span, size_min(start, span.size));
}

/* span.c, which imports nothing. */
bool span_equal(struct span left, struct span right);
/* Below, at or above 0: bytewise, the shorter first. */
int span_compare(struct span left, struct span right);
bool span_is(struct span span, const char *text);
bool span_has_prefix(struct span span, const char *prefix);
/* Where a byte first stands, or the span's size. */
size_t span_find(struct span span, uint8_t byte);
/* Takes the bytes before the next separator, and it, from the front. Inlined, or every span that is read word by word would have to lie in memory. */
static inline __attribute__((always_inline)) struct span
span_word(struct span *rest, uint8_t separator)
{
	struct span word = span_of(rest->data, span_find(*rest, separator));
	*rest = span_after(*rest, word.size + (word.size < rest->size));
	return word;
}
/* Whether it stands for nothing but itself in a path: not empty, ".", "..", no '/', 255 bytes. */
bool span_is_name(struct span span);
/* Whether it is such names between single slashes, one at least. */
bool span_is_path(struct span span);
/* Whether it is decimal digits alone, one at least. */
bool span_is_digits(struct span text);
/* Decimal digits alone, of a number below 2^50. */
bool span_number(struct span text, uint64_t *number_out);
/* Of a digit or lower-case letter; else -1. */
int hex_digit(uint8_t letter);
/* Moves bytes from the front of the input to behind the `used` ones, until there are `size`; true
 * when they are there. */
bool span_collect(struct span *input, uint8_t *bytes, size_t *used, size_t size);

/* Takes so many bytes from the front of the input; true when none of them is left. */
bool span_skip(struct span *input, size_t *left);

enum {
	WASI_WORKSPACE = 3, /* the preopened folder */
	WASI_EXIST = 20,
	WASI_NOENT = 44,
	WASI_NO_SPACE = 51,
	WASI_CREATE = 1,
	WASI_DIRECTORY = 2,
	WASI_EXCLUSIVE = 4,
};
#define WASI_RIGHT_READ  ((uint64_t)1 << 1)
#define WASI_RIGHT_SEEK  ((uint64_t)1 << 2)
#define WASI_RIGHT_WRITE ((uint64_t)1 << 6)

struct wasi_iovec {
	const void *data;
	size_t size;
};

WASI_IMPORT(args_sizes_get) int32_t wasi_args_sizes_get(size_t *count, size_t *size);
WASI_IMPORT(args_get) int32_t wasi_args_get(char **arguments, char *text);
WASI_IMPORT(environ_sizes_get) int32_t wasi_environ_sizes_get(size_t *count, size_t *size);
WASI_IMPORT(environ_get) int32_t wasi_environ_get(char **variables, char *text);
WASI_IMPORT(proc_exit) _Noreturn void wasi_proc_exit(int32_t code);
WASI_IMPORT(path_open)
int32_t wasi_path_open(int32_t folder, uint32_t lookup, const void *path, size_t path_size,
	uint32_t flags, uint64_t rights, uint64_t inherited, uint32_t fd_flags, int32_t *fd_out);
WASI_IMPORT(fd_write)
int32_t wasi_fd_write(
	int32_t fd, const struct wasi_iovec *vectors, size_t count, size_t *written_out);
WASI_IMPORT(fd_pread)
int32_t wasi_fd_pread(int32_t fd, const struct wasi_iovec *vectors, size_t count, uint64_t offset,
	size_t *read_out);
WASI_IMPORT(fd_close) int32_t wasi_fd_close(int32_t fd);
WASI_IMPORT(path_create_directory)
int32_t wasi_path_create_directory(int32_t folder, const void *path, size_t path_size);
WASI_IMPORT(path_symlink)
int32_t wasi_path_symlink(
	const void *target, size_t target_size, int32_t folder, const void *path, size_t path_size);
WASI_IMPORT(path_rename)
int32_t wasi_path_rename(int32_t folder, const void *path, size_t path_size, int32_t new_folder,
	const void *new_path, size_t new_path_size);
