/* SPDX-License-Identifier: MPL-2.0 */
/*
 * init: pid 1 of a sandbox: makes it from within, starts the program, reaps, and reports.
 *
 * It runs as a copy of the realizer's process, so until its end it calls the kernel and little else:
 * no allocation, no stdio, no lock. One SOCK_SEQPACKET pair joins it to the realizer:
 *
 *     realizer                      init
 *       INIT_GO            ──▶      (the ids are mapped)
 *                          ◀──      INIT_STARTED, or INIT_FAILED and exit
 *       INIT_FREEZE        ──▶
 *                          ◀──      INIT_FROZEN                (likewise INIT_THAW, INIT_THAWED)
 *                          ◀──      INIT_ENDED, and exit
 *
 * A realizer that is gone is the end of its socket: init exits, and the kernel ends the rest.
 */
#pragma once

#include <sys/types.h>

#include "sandbox/seccomp.h"
#include "sandbox/spec.h"
#include "sandbox/step.h"

enum init_message {
	INIT_GO = 1,
	INIT_FREEZE,
	INIT_THAW,
	INIT_STARTED,
	INIT_FAILED,
	INIT_FROZEN,
	INIT_THAWED,
	INIT_ENDED,
};

struct init_report {
	enum init_message kind;
	struct sandbox_failure failure; /* of FAILED */
	int status;                     /* of ENDED, as wait gives it */
	unsigned left;
	uint64_t cpu_microseconds;
	uint64_t memory_peak_bytes;
};

struct init_start {
	const struct sandbox_spec *spec;
	const struct seccomp_program *filter;
	int *trees; /* one for each entry, all -1 */
	int link;
	bool has_cgroup; /* then memory and processes are limited there */
};

_Noreturn void init_run(const struct init_start *start);
