/* SPDX-License-Identifier: MPL-2.0 */
/*
 * limits: every ceiling of a guest process and of the compile child that is not in guest/abi.h.
 */
#pragma once

#include <stdint.h>

/* The module. */
#define LIMIT_MODULE   ((uint64_t)64 << 20) /* bytes of a module */
#define LIMIT_ARTIFACT ((uint64_t)512 << 20)
/* Of the compile child; plain numbers, for its sentences name them. */
#define LIMIT_COMPILE_SECONDS   60
#define LIMIT_COMPILE_GIBIBYTES 2

/* What the engine gives it. */
#define LIMIT_MEMORY_DEFAULT ((uint64_t)1 << 30)   /* linear memory, where the start says 0 */
#define LIMIT_MEMORY         ((uint64_t)4 << 30)   /* at most, whatever the start says */
#define LIMIT_HOST_MEMORY    ((uint64_t)192 << 20) /* the host's share of the process */
enum {
	LIMIT_STACK = 1 << 20,
	LIMIT_HOST_STACK = 8 << 20, /* the process's, which the guest's is part of */
	LIMIT_TABLE_ELEMENTS = 1 << 20,
	LIMIT_TABLES = 16,
};

/* What the imports give it. */
enum {
	LIMIT_FILES = 128,        /* descriptors, with 0 to 3 */
	LIMIT_VECTORS = 64,       /* pieces of one read or write; more are left to the next call */
	LIMIT_PATH = 4096,        /* bytes of a path, with its NUL */
	LIMIT_LISTING = 16 << 20, /* bytes of names of one folder that is listed */
	LIMIT_HTTP_METHOD = 16,
	LIMIT_HTTP_INLINE = 32 << 10, /* a longer request body travels as a memory file */
#ifdef CAB_HOSTILE
	LIMIT_HTTP_READ = 509, /* bytes of a body at once */
#else
	LIMIT_HTTP_READ = INT32_MAX,
#endif
	LIMIT_PIPE = 1 << 20,
	LIMIT_PROGRESS_MILLISECONDS = 50,
};
