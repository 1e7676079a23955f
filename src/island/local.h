/* SPDX-License-Identifier: MPL-2.0 */
/*
 * local: the islands `self` and `fs`, which never leave the evaluating machine.
 *
 * `fs` names a folder or file by its absolute subpath. `self` is the tree in which the file that
 * mentions it stands: the nearest folder upwards that holds `.git`, else the folder of that file;
 * its subpath is beneath that. Both include uncommitted changes; local_tree.h says what is in.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "island/island.h"

/* Where a local island lies: an absolute path. `from` is the absolute path of the file in which it
 * is written. Does not ask whether anything is there. */
MUST_CHECK bool local_path(struct arena *arena, const struct island *island, struct bytes from,
	struct bytes *out, struct err *err);
/* The nearest folder upwards from one, itself included, that holds `.git`. */
MUST_CHECK bool local_repository(struct arena *arena, struct bytes folder, struct bytes *root);
/* Whether a name in a local tree belongs to its object: all but `.git`, at any depth. */
bool local_includes(struct bytes name);
