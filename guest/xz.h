/* SPDX-License-Identifier: MPL-2.0 */
/*
 * xz: a step decoder of xz files (the .xz file format 1.2.0), used as stream.h says: streams in a
 * row, with padding between them.
 *
 * Blocks must be packed by LZMA2 alone, with a dictionary of at most STREAM_REACH bytes (128 MiB;
 * `xz -9` has 64): BCJ and delta filters, which archives of sources do not have, are refused. Sums
 * of heads, index and footer are verified, and the index against the blocks. The checks of blocks,
 * CRC32, CRC64 or SHA-256, are the caller's (STREAM_SUM); those of other kinds are refused. Imports
 * nothing.
 */
#pragma once

#include "lzma.h"
#include "stream.h"

/* What an index says of a block. */
struct xz_record {
	uint64_t unpadded;
	uint64_t size;
};

struct xz {
	struct stream stream;
	uint8_t state;
	uint8_t check;
	bool needs_reset; /* of the dictionary */
	bool needs_properties;
	size_t left; /* bytes of the chunk that are still to come */
	uint32_t blocks_sum;
	uint32_t records_sum;
	uint32_t index_sum;
	struct xz_record said; /* in the block's head: bytes packed, bytes unpacked */
	struct xz_record here;
	size_t head_size; /* of the block */
	uint64_t blocks;
	uint64_t records;
	uint64_t index_size;
	struct lzma lzma;
};

enum stream_status xz_step(struct xz *xz);
