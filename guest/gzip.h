/* SPDX-License-Identifier: MPL-2.0 */
/*
 * gzip: a step decoder of gzip files (RFC 1952), of one member or several in a row.
 *
 *     gzip_start(&gzip);
 *     gzip_step(&gzip, &input, &window)        as inflate_step; each byte from window.used's
 *                                              old value on is new output
 *
 * GZIP_DONE is never final by itself: it says that a member has ended where `input` stands. The
 * file is whole if it ends right there; otherwise the next step reads the next member. Sizes of
 * members are verified; the CRC-32 of a member's bytes, lowest byte first, is then gzip.field's first
 * GZIP_SUM bytes, for the caller to compare: the host computes it beside the guest. Imports nothing.
 */
#pragma once

#include "inflate.h"

enum gzip_status {
	GZIP_INPUT,
	GZIP_FULL,
	GZIP_DONE,
	GZIP_BAD, /* gzip.sentence says why */
};

enum { GZIP_SUM = 4 };

struct gzip {
	uint32_t size; /* of the member's output, modulo 2^32 */
	size_t left;   /* bytes of the head's field that is skipped; of a text, taken */
	size_t collected;
	uint8_t field[10];
	uint8_t flags;
	uint8_t state;
	const char *sentence;
	struct inflate inflate;
};

void gzip_start(struct gzip *gzip);
enum gzip_status gzip_step(struct gzip *gzip, struct span *input, struct inflate_window *window);
