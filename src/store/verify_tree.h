/* SPDX-License-Identifier: MPL-2.0 */
/*
 * verify_tree: one object's tree in store/ against what its record says.
 */
#pragma once

#include "store/store.h"

/* ERR_CORRUPT (or REFUSED, LIMIT) says how it differs; ERR_SYSTEM with ENOENT where it is not
 * there. A root that a crash left writable is mended. */
MUST_CHECK bool verify_tree(struct store *store, const struct object *object, struct err *err);
