/* SPDX-License-Identifier: MPL-2.0 */
/*
 * xz: a step decoder of xz files (the .xz file format 1.2.0), used as stream.h says: streams in a
 * row, with padding between them.
 *
 * Blocks must be packed by LZMA2 alone, with a dictionary of at most STREAM_REACH bytes (128 MiB;
 * `xz -9` has 64): BCJ and delta filters, which archives of sources do not have, are refused. Sums
 * of heads, index and footer are verified, and the index against the blocks. Blocks are checked with
 * CRC32 or CRC64; SHA-256 is the caller's affair: where xz.check is XZ_SHA256, STREAM_SUM says that
 * the output since the last one, or the start, must have the hash xz.held. Checks of other kinds are
 * refused. Imports nothing.
 */
#pragma once

#include "crc.h"
#include "lzma.h"
#include "stream.h"

enum { XZ_NONE = 0, XZ_CRC32 = 1, XZ_CRC64 = 4, XZ_SHA256 = 10 };
enum { XZ_CHUNK = 64 << 10 };

/* What an index says of a block, and sums of it over all. */
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
	bool has_sizes[2];
	struct xz_record said; /* in the block's head: bytes packed, bytes unpacked */
	struct xz_record here;
	uint64_t sum;
	uint64_t blocks;
	uint64_t records;
	uint64_t blocks_sum;
	uint64_t records_sum;
	uint64_t index_size;
	uint64_t index_sum;
	uint64_t number; /* under way in the index */
	unsigned number_bits;
	struct xz_record record;
	uint8_t control;
	size_t chunk; /* bytes packed */
	size_t left;  /* bytes unpacked that are still to come */
	struct crc crc32;
	struct crc crc64;
	struct lzma lzma;
	size_t held_size;
	uint8_t held[XZ_CHUNK + LZMA_MARGIN];
};

void xz_start(struct xz *xz);
enum stream_status xz_step(struct xz *xz, struct span *input);
