/* SPDX-License-Identifier: MPL-2.0 */
/*
 * mount: the file system that the program sees, made in its own mount namespace.
 *
 *     int *trees = ...one for each entry, filled with -1
 *     mount_open(spec, trees, &failure)      while the ids are still those of the realizer, which
 *                                            may reach what it owns
 *     ...become the ids inside...
 *     mount_root(spec, trees, &failure)      the root is the new one, and nothing else is left
 *
 * Neither allocates. Descriptors in `trees` are closed by mount_root, or left to the exit of the
 * process where something failed.
 */
#pragma once

#include "sandbox/spec.h"
#include "sandbox/step.h"

bool mount_open(const struct sandbox_spec *spec, int *trees, struct sandbox_failure *failure);
bool mount_root(const struct sandbox_spec *spec, int *trees, struct sandbox_failure *failure);
