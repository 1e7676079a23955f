/* SPDX-License-Identifier: MPL-2.0 */
/*
 * host: the functions that a guest may import, and the state behind them. Knows nothing of the
 * engine: guest memory is a span, so every function can be called natively by a test.
 *
 *     struct host *host = host_new(&start, err);         borrows what start points to
 *     host->memory = base; host->memory_size = size;     anew before each call: memory grows
 *     int32_t result = host_imports[at].function(host, arguments);
 *     host_free(host);
 *
 * An import's arguments come as 64-bit numbers, i32 zero-extended. All of them are hostile: a
 * pointer is used only through host_span, which is NULL outside of the memory. WASI functions give
 * an errno of preview 1 (0 or above), functions of `cab` a result or CAB_ERROR_*.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

struct host;

typedef int32_t host_function(struct host *host, const uint64_t *arguments);

struct host_import {
	const char *module;
	const char *name;
	const char *parameters; /* a letter each: 'i' is i32, 'I' is i64 */
	bool has_result;        /* an i32 */
	host_function *function;
};

enum { HOST_IMPORTS = 46, HOST_PARAMETERS = 9 };
extern const struct host_import host_imports[HOST_IMPORTS];

/* What a run is given. The descriptors stay the caller's; none is the guest's own number. */
struct host_start {
	struct bytes name;
	const struct bytes *arguments; /* without the name */
	size_t argument_count;
	const struct bytes *environment;
	size_t environment_count;
	struct bytes seed;
	int directory; /* the working directory */
	int control;   /* to the realizer, GUEST_* of wire/spawner.h */
	int log;
	struct hash_thread *hash_thread; /* NULL: hashes are computed at once */
};

struct hash_thread;
struct host_files;
struct host_requests;
struct host_hashes;

struct host {
	uint8_t *memory;
	size_t memory_size;
	const struct host_start *start;
	uint64_t random_block; /* of the stream that random_get gives */
	struct host_files *files;
	struct host_requests *requests;
	struct host_hashes *hashes;
};

struct host *host_new(const struct host_start *start);
void host_free(struct host *host);
/* The program has ended by itself: the last progress that it made is told. */
void host_end(struct host *host);

/* `size` bytes of guest memory from `at`, or NULL where they are not all there. */
static inline uint8_t *
host_span(struct host *host, uint64_t at, uint64_t size)
{
	at &= UINT32_MAX;
	size &= UINT32_MAX;
	if (!host->memory || size > host->memory_size || at > host->memory_size - size)
		return NULL;
	return host->memory + at;
}

static inline bool
host_bytes(struct host *host, uint64_t at, uint64_t size, struct bytes *out)
{
	*out = bytes_of(host_span(host, at, size), size & UINT32_MAX);
	return out->data;
}

/* Little-endian numbers; false outside of the memory. */
MUST_CHECK bool host_put_u32(struct host *host, uint64_t at, uint32_t number);
MUST_CHECK bool host_put_u64(struct host *host, uint64_t at, uint64_t number);

/* One line for the build's log, cut at CAB_LOG_LINE. */
void host_log(const struct host *host, struct bytes text);
void host_complain(const struct host *host, const char *format, ...) PRINTF(2, 3);
