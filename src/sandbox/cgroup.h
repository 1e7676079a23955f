/* SPDX-License-Identifier: MPL-2.0 */
/*
 * cgroup: limits of a whole sandbox, where a group of its own can be had.
 *
 * Version 2: a group beside the realizer's own, where that folder's children have the controllers
 * memory and pids (root, or a user to whom systemd delegates). Version 1: a group in the realizer's
 * own of each of the two hierarchies (root). In both the child is born in its group. Neither: rlimits, which the caller sets. Nothing here is an error: the result says what held.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "sandbox/spec.h"

enum { CGROUP_NAME = 32, CGROUP_PATH = 512 };

struct cgroup_place {
	int version; /* 0: none can be had */
	char memory[CGROUP_PATH];
	char processes[CGROUP_PATH]; /* the same folder in version 2 */
};

/* Also removes the groups of realizers that were killed. */
void cgroup_find(struct cgroup_place *place);

/* Makes a group with these limits and names it; false, and no group, where that fails. */
bool cgroup_make(const struct cgroup_place *place, const struct sandbox_limits *limits,
	char name_out[CGROUP_NAME]);
/* Version 2, for CLONE_INTO_CGROUP; -1 in version 1. */
int cgroup_open(const struct cgroup_place *place, const char *name);
/* Version 1: this thread goes into the group, and back to its own, so that what it clones in between
 * is born there. A thread that moves itself waits for nobody; to move another process, the kernel
 * waits for every processor, some 10 ms. In version 2 both do nothing. */
bool cgroup_join(const struct cgroup_place *place, const char *name);
void cgroup_leave(const struct cgroup_place *place);
/* Which limit was met: ERR_LIMIT_MEMORY, ERR_LIMIT_PROCESSES, or ERR_LIMIT_OTHER for none. */
enum err_limit cgroup_limit_met(const struct cgroup_place *place, const char *name);
/* Once its processes are gone. */
void cgroup_remove(const struct cgroup_place *place, const char *name);
