/* SPDX-License-Identifier: MPL-2.0 */
/*
 * zstd: a step decoder of zstd files (RFC 8878), used as stream.h says: frames in a row, skippable
 * ones among them.
 *
 * A frame that copies from more than STREAM_REACH bytes back (windows above 128 MiB, which zstd
 * makes with --long=28 and more alone) is refused, as is one that needs a dictionary. Content sizes
 * are verified where a frame has them; checksums, the low half of XXH64, are the caller's
 * (STREAM_SUM). Offsets that reach behind the window or the frame's start are refused, and so are bits
 * that are left over. Imports nothing.
 */
#pragma once

#include "stream.h"
#include "zstd_block.h"

struct zstd {
	struct stream stream;
	uint8_t state;
	bool has_size;
	size_t skipped; /* bytes that are still to be */
	size_t block_max;
	uint64_t content; /* what is left of the frame's content, where its size is known */
	struct zstd_block block;
};

enum stream_status zstd_step(struct zstd *zstd);
