/* SPDX-License-Identifier: MPL-2.0 */
/*
 * confine: what takes everything from a guest process that its module does not need.
 *
 *     spawner:  struct confine_filter *filter = confine_filter_new(CONFINE_GUEST, err);
 *               fchdir(working directory); clone3(confine_clone_flags() | ...)
 *     child:    if (!confine_enter(&settings, err)) ...      in this order, and at once
 *               load what is trusted
 *               if (!confine_filter_enter(filter, err)) ...  from here on: only these calls
 *
 * After confine_enter the process has a user of its own choice and no capability, in namespaces
 * without a network, and its root is its working directory, mounted nosuid, nodev and noexec, with
 * the inputs in it. It dies with the realizer. After confine_filter_enter every system call beyond the filter kills it
 * (the compile child: is refused); none makes a process, a socket or an executable page, or opens a
 * name otherwise than by openat2. The filter holds for all threads of the process; they share the
 * user and the namespaces that confine_enter gave, for they are made after it.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "guest_host/inputs.h"

enum confine_kind {
	CONFINE_GUEST,   /* files beneath the working directory, pipes, the control socket */
	CONFINE_COMPILE, /* memory, executable too, and descriptors that are open; no names */
};

struct confine_settings {
	uint32_t uid; /* of the host; for an ordinary user his own */
	uint32_t gid;
	uint64_t memory;  /* bytes that the process may write, file pages aside */
	uint32_t files;   /* descriptors */
	uint32_t seconds; /* of processor time; 0: no limit */
	int control;      /* a socket to the realizer: closed means that it is gone already */
	struct inputs inputs;
};

/* The namespaces, as clone3 flags: a user namespace too where the caller is an ordinary user. */
uint64_t confine_clone_flags(void);

/* Errors name the step that the kernel refused. The process must then end. */
MUST_CHECK bool confine_enter(const struct confine_settings *settings, struct err *err);
/* Of confine_enter, the limits alone; for the compile child. */
MUST_CHECK bool confine_limits(const struct confine_settings *settings, struct err *err);

struct confine_filter;
struct confine_filter *confine_filter_new(enum confine_kind kind, struct err *err);
void confine_filter_free(struct confine_filter *filter);
MUST_CHECK bool confine_filter_enter(const struct confine_filter *filter, struct err *err);
