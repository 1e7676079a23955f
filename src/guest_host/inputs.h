/* SPDX-License-Identifier: MPL-2.0 */
/*
 * inputs: objects of the realizer's store, read-only in a guest's working directory.
 *
 *     if (!inputs_check(&inputs, err)) ...       in the spawner: texts that came by wire
 *     if (!inputs_show(&inputs, err)) ...        in the child, on the way to its root
 *
 * They stand at cull/store/NAME beneath the current folder, so a path of the store is found there
 * without its first slash. "cull" is a file system of its own: nothing in it can be written, and it
 * can be neither renamed nor removed, so no part of the output is ever a mount. The mounts are in
 * the guest's namespace alone and end with it; what is left in the working directory is an empty
 * folder.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

struct inputs {
	struct bytes store; /* the folder that they lie in, an absolute path outside */
	const struct bytes *names;
	size_t count; /* 0: nothing is made */
};

MUST_CHECK bool inputs_check(const struct inputs *inputs, struct err *err);
/* In a mount namespace of one's own, where the current folder's mount belongs to it. */
MUST_CHECK bool inputs_show(const struct inputs *inputs, struct err *err);
