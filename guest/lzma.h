/* SPDX-License-Identifier: MPL-2.0 */
/*
 * lzma: a decoder of LZMA's symbols, for the chunks of LZMA2. There is no standard; written from the
 * description of the format in the public-domain "LZMA specification" (Igor Pavlov, 2015) and of
 * LZMA2's chunks in the XZ Embedded documentation.
 *
 *     lzma_set(&lzma, byte)                     properties; lzma_reset(&lzma) forgets what was learnt
 *     lzma_start(&lzma, bytes)                  a chunk, whole; LZMA_MARGIN readable bytes behind it
 *     lzma_run(&lzma, left, soft)               symbols, until `left` bytes are made, or `used` is
 *                                               at `soft` or up to LZMA_MATCH bytes behind it
 *     lzma_is_ended(&lzma)                      whether the chunk has ended with its bytes
 *
 * Output goes to window[used]; matches reach back to the window's start, at most `reach`. False
 * means that the chunk is none.
 */
#pragma once

#include "port.h"

enum {
	LZMA_MARGIN = 64, /* more than one symbol may read */
	LZMA_MATCH = 273,
	LZMA_STATES = 12,
	LZMA_POSITIONS = 16,
};

struct lzma_size {
	uint16_t choice;
	uint16_t choice_more;
	uint16_t low[LZMA_POSITIONS][8];
	uint16_t middle[LZMA_POSITIONS][8];
	uint16_t high[256];
};

/* Probabilities, all of them 16 bits wide. */
struct lzma_model {
	uint16_t is_match[LZMA_STATES][LZMA_POSITIONS];
	uint16_t is_repeat[LZMA_STATES];
	uint16_t is_repeat_0[LZMA_STATES];
	uint16_t is_repeat_1[LZMA_STATES];
	uint16_t is_repeat_2[LZMA_STATES];
	uint16_t is_long[LZMA_STATES][LZMA_POSITIONS];
	uint16_t slots[4][64];
	uint16_t special[128];
	uint16_t align[16];
	struct lzma_size match;
	struct lzma_size repeat;
	uint16_t literals[0x300 << 4];
};

struct lzma_range {
	uint32_t range;
	uint32_t code;
	const uint8_t *next;
	const uint8_t *end;
};

struct lzma {
	uint8_t *window;
	size_t used;
	size_t reach;
	uint32_t position; /* of the window's start in the output, which may wrap */
	uint8_t state;
	uint8_t literal_context;  /* bits */
	uint8_t literal_position; /* mask */
	uint8_t position_mask;
	uint32_t repeats[4]; /* distances less 1 */
	struct lzma_range range;
	struct lzma_model model;
};

bool lzma_set(struct lzma *lzma, uint8_t properties);
void lzma_reset(struct lzma *lzma);
bool lzma_start(struct lzma *lzma, struct span bytes);
bool lzma_run(struct lzma *lzma, size_t left, size_t soft);
bool lzma_is_ended(const struct lzma *lzma);
