/* SPDX-License-Identifier: MPL-2.0 */
/*
 * inflate: a step decoder of DEFLATE (RFC 1951) streams.
 *
 *     struct inflate inflate;
 *     inflate_start(&inflate);                 for each stream; the struct may be used again
 *     struct inflate_window window = {.data = buffer, .capacity = size};
 *     for (;;) switch (inflate_step(&inflate, &input, &window)) {
 *     case INFLATE_INPUT:  more input is needed: `input` was taken whole
 *     case INFLATE_FULL:   the window has no room for what comes next, 258 bytes at most: make some
 *                          (inflate_slide), or the stream is too long
 *     case INFLATE_DONE:   `input` stands right behind the stream
 *     case INFLATE_BAD:    the stream is none
 *     }
 *
 * Output goes to window->data from window->used on; what lies before is the history that matches
 * may copy from, so a buffer of the final size needs no window of its own. What lies behind
 * window->used may be written over, to the window's end. A stream that does not fit ends in
 * INFLATE_FULL, and one that fits exactly in INFLATE_DONE. Owns nothing; imports nothing.
 */
#pragma once

#include "port.h"

enum {
	INFLATE_HISTORY = 32 << 10, /* how far back a match may reach */
	INFLATE_LITERAL_BITS = 10,
	INFLATE_DISTANCE_BITS = 9,
};

enum inflate_status {
	INFLATE_INPUT,
	INFLATE_FULL,
	INFLATE_DONE,
	INFLATE_BAD,
};

struct inflate_window {
	uint8_t *data;
	size_t used;
	size_t capacity;
};

/* One prefix code. Codes of at most the table's bits are found by one look-up; longer ones by
 * counting through their lengths (`first` and `index` are canonical, as RFC 1951 3.2.2 numbers
 * them). The table of distances is the smaller one. */
struct inflate_code {
	uint16_t count[16];
	uint16_t symbol[288];
	uint8_t kind;
	uint32_t table[1 << INFLATE_LITERAL_BITS];
};

struct inflate {
	uint64_t held; /* bits taken from the input, the next one lowest */
	unsigned bits; /* how many */
	uint8_t state;
	uint8_t after;      /* the state behind the block */
	unsigned copy_size; /* of a stored block that is under way */
	unsigned lengths_read;
	unsigned literal_count;
	unsigned distance_count;
	uint8_t lengths[320];
	struct inflate_code literal;
	struct inflate_code distance;
};

void inflate_start(struct inflate *inflate);
enum inflate_status inflate_step(
	struct inflate *inflate, struct span *input, struct inflate_window *window);
/* Makes room by keeping only the last INFLATE_HISTORY bytes. */
void inflate_slide(struct inflate_window *window);
