/* SPDX-License-Identifier: MPL-2.0 */
/*
 * idmap: who the program is. The parent's half, sandbox_map_ids and sandbox_host_ids, is declared
 * in sandbox.h; these two are the child's.
 */
#pragma once

#include "sandbox/step.h"

/* Becomes SANDBOX_UID and SANDBOX_GID, once they are mapped. Capabilities inside are kept: the
 * file system is made next. */
bool idmap_enter(struct sandbox_failure *failure);

/* Gives up every capability, for this process and all that it will execute, for ever. */
bool idmap_drop(struct sandbox_failure *failure);
