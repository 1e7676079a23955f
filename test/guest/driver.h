/* SPDX-License-Identifier: MPL-2.0 */
/*
 * driver: the realizer's side of cab-guest for tests: real spawner, real guest processes, made-up
 * HTTP answers.
 *
 *     struct driver driver;
 *     driver_open(&driver, program, artifact);          artifact: of "island.wasm", or -1
 *     struct outcome outcome = driver_run(&driver, &run);
 *     ... outcome.folder, outcome.log ...
 *     outcome_release(&outcome);                        removes the folder
 *     driver_close(&driver);                            the spawner must end with 0
 *
 * Faults of the driver itself end the test program.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

/* Compiles a module: a sealed artifact, or -1 and the line that cab-guest said. */
int driver_compile(const char *program, struct bytes module, struct buf *said);
int driver_compile_file(
	const char *program, const char *folder, const char *name, struct buf *said);
/* The same within less memory or time than it would have; 0: no less. */
int driver_compile_within(const char *program, struct bytes module, uint64_t memory,
	unsigned seconds, struct buf *said);
struct buf driver_read(const char *path); /* a file, whole */

struct driver {
	int socket;
	pid_t spawner;
	uint32_t runs;
};

void driver_open(struct driver *driver, const char *program, int artifact);
void driver_close(struct driver *driver);

struct run {
	const char *arguments[8];   /* after the name; NULL ends */
	const char *environment[8]; /* NULL ends */
	const char *inputs[8];      /* names in store/ beside the working directory; NULL ends */
	uint64_t memory;
	uint8_t seed;
	int artifact;               /* -1: the spawner's own */
	unsigned kill_after;        /* milliseconds until SIGKILL; 0: never */
	bool stopped;               /* is stopped for a moment, now and then */
	void (*watch)(pid_t guest); /* once, when it has said something */
};

struct outcome {
	int status; /* exit status; -1: killed by a signal, -2: not started */
	int signal;
	int parent;    /* 1: the process was this one's own child */
	size_t memory; /* bytes that lay in memory at its largest */
	char folder[64];
	struct buf log;
	struct buf reported; /* what came through the FIFO */
	struct buf failure;  /* the spawner's sentence, when it was not started */
	unsigned opens;
	unsigned closes;
};

struct outcome driver_run(struct driver *driver, const struct run *run);
/* Starts and does not wait: the pid, for a test that watches it. The control socket and the log
 * stay open. */
pid_t driver_start(struct driver *driver, const struct run *run);
void outcome_release(struct outcome *outcome);

/* Which ids a guest is given: this process's own, or for root ids that nobody has. */
uint32_t driver_uid(void);
uint32_t driver_gid(void);
