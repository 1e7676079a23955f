/* SPDX-License-Identifier: MPL-2.0 */
/*
 * node: directory nodes as files, nodes/<digest>.
 *
 * A whole object has none: its nodes follow from its tree. They are written for partial objects,
 * and in what is pushed, where a server of plain files needs them.
 */
#pragma once

#include "store/internal.h"

/* The bytes of a node, hashed. ERR_NOT_FOUND, or ERR_CORRUPT. */
MUST_CHECK bool node_read(
	const struct store *store, const struct digest *digest, struct buf *out, struct err *err);
/* One that is there and whole is left alone. */
MUST_CHECK bool node_write(
	struct store *store, const struct digest *digest, struct bytes node, struct err *err);
