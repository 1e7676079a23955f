/* SPDX-License-Identifier: MPL-2.0 */
/*
 * entropy: zstd's two entropy codes (RFC 8878, section 4): FSE tables and Huffman codes, and the
 * bits that are read backwards.
 *
 * All of these read within a block that lies in memory whole. Up to ENTROPY_MARGIN bytes behind a
 * span may be loaded (never used), so that many must be readable there.
 *
 * Backward bits: `bits_start` finds the mark at the end; then so many bits are left, and
 * `bits_top` shows the next ones at the top of a word: at least 56, or all that are left and zeros
 * behind them. Who has taken more than there were ends with a negative number left: a stream is
 * sound only if it ends with exactly 0.
 */
#pragma once

#include "port.h"

enum {
	ENTROPY_MARGIN = 8,
	FSE_LOG = 9,
	FSE_SYMBOLS = 53,
	HUFFMAN_BITS = 11,
};

/* One state: the symbol's number and extra bits (or the symbol itself), and the way to the next. */
struct fse_state {
	uint32_t base;
	uint16_t next;
	uint8_t bits;
	uint8_t extra;
};

struct fse {
	uint8_t log;
	bool is_set;
	struct fse_state states[1 << FSE_LOG];
};

struct huffman {
	uint8_t bits;                      /* of the longest code; 0: there is no code */
	uint16_t cells[1 << HUFFMAN_BITS]; /* the symbol, and above it the length of its code */
};

static inline uint64_t
bits_load(const uint8_t *from)
{
	uint64_t word;
	__builtin_memcpy(&word, from, sizeof word);
	return word;
}

static inline uint64_t
bits_top(const uint8_t *data, ptrdiff_t left)
{
	if (left >= 56) {
		size_t start = (size_t)left - 56;
		return bits_load(data + start / 8) >> start % 8 << 8;
	}
	return left > 0 ? bits_load(data) << (64 - left) : 0;
}

/* The first bits of such a word; 0 of them are 0. */
static inline uint32_t
bits_first(uint64_t top, unsigned count)
{
	return (uint32_t)(top >> 1 >> (63 - count));
}

/* How many bits lie before the mark; negative where there is none. */
ptrdiff_t bits_start(struct span bytes);

/* A table from the counts of its symbols (-1: less than one), whose sum is 1 << log. Where extra
 * bits are given, base and extra become theirs: each symbol's numbers begin behind those of the
 * symbol before, from `first` on. */
void fse_build(struct fse *fse, const int16_t *counts, size_t symbols, unsigned log,
	const uint8_t *extra, uint32_t first);
/* The state that a stream begins with. */
const struct fse_state *fse_start(const struct fse *fse, const uint8_t *data, ptrdiff_t *left);
/* Reads the description of a table: counts and log. The number of bytes, or 0 where it is none. */
size_t fse_read(struct span bytes, unsigned log_max, size_t symbols_max, int16_t *counts,
	size_t *symbols_out, unsigned *log_out);

/* Reads a code's description; the number of bytes, or 0. `scratch` is overwritten. */
size_t huffman_read(struct huffman *huffman, struct span bytes, struct fse *scratch);
/* Decodes exactly `size` symbols from one stream, or from four of equal sizes but the last, behind a
 * table of their sizes; false where they hold another number. */
bool huffman_decode(const struct huffman *huffman, struct span bytes, uint8_t *out, size_t size,
	size_t streams);
