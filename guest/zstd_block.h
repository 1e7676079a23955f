/* SPDX-License-Identifier: MPL-2.0 */
/*
 * zstd_block: one compressed block of a zstd frame (RFC 8878, section 3.1.1.3): its literals, its
 * sequences, and what they make.
 *
 *     zstd_block_reset(&block);                at each frame's start
 *     block.window, block.used, block.reach    the output so far, and how far a match may go back
 *     zstd_block_decode(&block, bytes, limit)  at most `limit` bytes more from block.used on
 *
 * `bytes` must be readable for ENTROPY_MARGIN bytes behind its end, and the window writable for
 * STREAM_MARGIN bytes behind `limit`. A block that is none gives false.
 */
#pragma once

#include "entropy.h"
#include "stream.h"

enum { ZSTD_BLOCK_MAX = 128 << 10 };

/* The three codes of a sequence, in the order of their tables. */
enum { ZSTD_LITERALS, ZSTD_OFFSET, ZSTD_MATCH, ZSTD_CODES };

struct zstd_block {
	uint8_t *window;
	size_t used;
	size_t reach;
	uint32_t offsets[3]; /* the last ones */
	size_t literal_count;
	struct huffman huffman;
	struct fse codes[ZSTD_CODES];
	struct fse scratch;
	uint8_t literals[ZSTD_BLOCK_MAX + STREAM_MARGIN];
};

void zstd_block_reset(struct zstd_block *block);
bool zstd_block_decode(struct zstd_block *block, struct span bytes, size_t limit);
