/* SPDX-License-Identifier: MPL-2.0 */
/*
 * probe: a guest that calls every import, as its first argument says. A check that fails is a line
 * in the log and exit status 1; the realizer's side looks at what was left behind.
 */
#pragma once

#include "wasi_imports.h"

enum { PROBE_ROOM = 1 << 16 };
extern char room[PROBE_ROOM];
extern char copy[PROBE_ROOM];

void *memset(void *to, int byte, size_t size);
void *memcpy(void *to, const void *from, size_t size);
size_t length(const char *text);
int same(const void *left, const void *right, size_t size);
void fail(const char *file, int line, long long found);

/* A file made anew and open for reading and writing; with its text; an open one; the errno. */
int create(const char *path, int *fd);
void put_file(const char *path, const char *text);
int open_to_read(const char *path, int look, int *fd);
int write_text(int fd, const char *text, size_t size);
/* A line into the FIFO. */
void report(const char *line);

/* The probes, by file. */
void probe_files(void);
void probe_reading(void);
void probe_listing(void);
void probe_fifo(void);
void probe_escapes(void);
void probe_inputs(void);
void probe_alone(void);

void probe_pointers(void);
void probe_overlaps(void);
void probe_grow(void);

void probe_hashes(void);
void probe_http(void);
void probe_http_limits(void);

#define EXPECT(expected, call)                                                                     \
	do {                                                                                       \
		long long found = (long long)(call);                                               \
		if (found != (long long)(expected))                                                \
			fail(__FILE_NAME__, __LINE__, found);                                      \
	} while (0)
#define CHECK(condition) EXPECT(1, !!(condition))
