/* SPDX-License-Identifier: MPL-2.0 */
/*
 * zstd: a step decoder of zstd files (RFC 8878), used as stream.h says: frames in a row, skippable
 * ones among them.
 *
 * A frame that copies from more than STREAM_REACH bytes back (windows above 128 MiB, which zstd
 * makes with --long=28 and more alone) is refused, as is one that needs a dictionary. Content sizes
 * and checksums are verified where a frame has them. Offsets that reach behind the window or the
 * frame's start are refused, and so are bits that are left over. Imports nothing.
 */
#pragma once

#include "stream.h"
#include "xxh64.h"
#include "zstd_block.h"

struct zstd {
	struct stream stream;
	uint8_t state;
	uint8_t block_type;
	bool is_last; /* block */
	bool has_sum;
	bool has_size;
	uint64_t content; /* what is left of the frame's content, where its size is known */
	size_t left;      /* of the block, or of what is skipped */
	size_t block_max;
	struct xxh64 sum;
	size_t held_size;
	uint8_t held[ZSTD_BLOCK_MAX + ENTROPY_MARGIN]; /* of a head, or of a packed block */
	struct zstd_block block;
};

void zstd_start(struct zstd *zstd);
enum stream_status zstd_step(struct zstd *zstd, struct span *input);
