/* SPDX-License-Identifier: MPL-2.0 */
/*
 * idmap: who the program is. The parent writes the map, the child becomes the one id in it.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "sandbox/step.h"

/* SANDBOX_UID and SANDBOX_GID in the new user namespace of `pid` stand for these ids of the host. */
MUST_CHECK bool idmap_write(pid_t pid, uint32_t uid, uint32_t gid, struct err *err);

/* Becomes SANDBOX_UID and SANDBOX_GID, once they are mapped. Capabilities inside are kept: the
 * file system is made next. */
bool idmap_enter(struct sandbox_failure *failure);

/* Gives up every capability, for this process and all that it will execute, for ever. */
bool idmap_drop(struct sandbox_failure *failure);
