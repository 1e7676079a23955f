/* SPDX-License-Identifier: MPL-2.0 */
/*
 * mapping: the bytes of a memory file, mapped to be read.
 *
 *     struct mapping mapping;
 *     if (!mapping_open(fd, ceiling, &mapping, err)) ...     the descriptor stays the caller's
 *     use(mapping.bytes);
 *     mapping_close(&mapping);
 *
 * The file must be sealed against change by whoever made it, or the bytes may change under way.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

struct mapping {
	struct bytes bytes; /* none of an empty file */
	void *address;
};

MUST_CHECK bool mapping_open(int fd, uint64_t ceiling, struct mapping *out, struct err *err);
void mapping_close(struct mapping *mapping);
