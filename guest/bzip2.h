/* SPDX-License-Identifier: MPL-2.0 */
/*
 * bzip2: a step decoder of bzip2 files, used as stream.h says: streams in a row. There is no
 * standard; written from "BZIP2: Format Specification" (Joe Tsai, 2016).
 *
 * The window is a block's permutation, at most 3.6 MB. The sums of blocks are the caller's to verify
 * (STREAM_SUM), those of streams are verified. Blocks that are randomised, as bzip2 before 0.9.5 could write, are refused. Imports nothing.
 */
#pragma once

#include "stream.h"

enum {
	BZIP2_GROUPS = 6,
	BZIP2_SYMBOLS = 258,
	BZIP2_SELECTORS = 18002, /* as many as the largest block can use */
	BZIP2_CODE = 20,         /* bits of the longest code */
	BZIP2_TABLE = 10,        /* bits of codes that one look-up finds */
	BZIP2_OUTPUT = 32 << 10,
};

struct bzip2_code {
	uint16_t table[1 << BZIP2_TABLE]; /* the symbol, and below it 5 bits of length, or 0 */
	uint16_t count[BZIP2_CODE + 1];
	uint16_t symbols[BZIP2_SYMBOLS]; /* in the order of their codes */
};

struct bzip2 {
	struct stream stream;
	uint8_t state;
	uint8_t group_left;
	uint8_t last; /* byte that was put out, and how often in a row */
	uint8_t repeated;
	uint32_t at; /* bits of the rest that are taken */
	uint32_t block_max;
	uint32_t stream_sum;
	uint32_t said_sum; /* of the block */
	uint32_t origin;
	uint32_t size;  /* of the block so far, then what is left of it */
	uint32_t place; /* in the permutation, while the block is put out */
	uint32_t run;   /* under way, of the front symbol */
	uint32_t run_step;
	uint32_t symbols; /* in the alphabet, the two for runs and the end among them */
	uint32_t selectors;
	uint32_t selector;  /* the next */
	uint8_t front[256]; /* bytes, the most recent first */
	uint32_t starts[256];
	struct bzip2_code codes[BZIP2_GROUPS];
	uint8_t selected[BZIP2_SELECTORS];
	uint8_t output[BZIP2_OUTPUT];
};

enum stream_status bzip2_step(struct bzip2 *bzip2);
