/* SPDX-License-Identifier: MPL-2.0 */
/*
 * gzip: a step decoder of gzip files (RFC 1952), used as stream.h says: members in a row.
 *
 * A head may have STREAM_HELD bytes. Sizes of members are verified; their CRC-32 is the caller's (STREAM_SUM).
 * No member may copy from the one before. The window is its own: none is wanted. Imports nothing.
 */
#pragma once

#include "inflate.h"
#include "stream.h"

enum { GZIP_WINDOW = 160 << 10 };

struct gzip {
	struct stream stream;
	uint8_t state;
	uint32_t size; /* of the member's output, modulo 2^32 */
	struct inflate_window window;
	struct inflate inflate;
	uint8_t room[GZIP_WINDOW];
};

enum stream_status gzip_step(struct gzip *gzip);
