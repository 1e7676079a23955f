/* SPDX-License-Identifier: MPL-2.0 */
/*
 * step: what the process inside does on its way from clone3 to exec, for the sentence that the
 * parent says when one fails. Between clone3 and exec there is nobody to print and nothing to
 * allocate: a failure is these three numbers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum sandbox_step {
	STEP_PARENT, /* the parent died, or gave up */
	STEP_DESCRIPTORS,
	STEP_SCORE,
	STEP_SOURCE, /* entry */
	STEP_IDS,
	STEP_ROOT,
	STEP_BASE, /* entry: index into the base table of mount.c */
	STEP_PROC,
	STEP_ENTRY, /* entry */
	STEP_PIVOT,
	STEP_LOOPBACK,
	STEP_GATE,
	STEP_HOST_NAME,
	STEP_LIMITS,
	STEP_CAPABILITIES,
	STEP_LIFETIME,
	STEP_FORK,
	STEP_FOLDER,
	STEP_FILTER,
	STEP_EXECUTE,
};

struct sandbox_failure {
	enum sandbox_step step;
	int number; /* errno */
	size_t entry;
};

/* Fills the failure from errno; always false. */
bool step_failed(struct sandbox_failure *failure, enum sandbox_step step, size_t entry);
