/* SPDX-License-Identifier: MPL-2.0 */
/*
 * pack: a step decoder of git packs (gitformat-pack(5), version 2).
 *
 *     pack_start(&pack);
 *     for (;;) switch (pack_step(&pack, &input)) {
 *     case PACK_INPUT:   `input` was taken whole
 *     case PACK_OBJECT:  an object begins: pack.type, size, offset, and for deltas base_offset or
 *                        base_id; set pack.window to where its bytes go
 *     case PACK_FULL:    pack.window is full and the object goes on: make room (inflate_slide)
 *     case PACK_END:     the object is whole: exactly pack.size bytes came out
 *     case PACK_TRAILER: all objects are in; `input` stands at the trailer, 20 bytes, SHA-1 of all
 *                        before it
 *     case PACK_DONE:    pack.field is the trailer; `input` must be empty now and for ever
 *     case PACK_BAD:     pack.sentence says why
 *     }
 *
 * A stream that gives fewer or more bytes than the object's head said is PACK_BAD. The Adler sum
 * behind each stream is read over: whoever uses objects by their ids has a better one. An offset
 * base always lies before its delta; whether an object begins there is the caller's look-up. Packs
 * of more than 4 GiB, and objects of more than PACK_OBJECT_MAX bytes are refused. Owns nothing;
 * imports nothing.
 */
#pragma once

#include "inflate.h"

#define PACK_OBJECT_MAX ((uint32_t)2 << 30)

enum pack_type {
	PACK_COMMIT = 1,
	PACK_TREE = 2,
	PACK_BLOB = 3,
	PACK_TAG = 4,
	PACK_OFFSET_DELTA = 6,
	PACK_ID_DELTA = 7,
};

enum pack_event {
	PACK_INPUT,
	PACK_OBJECT,
	PACK_FULL,
	PACK_END,
	PACK_TRAILER,
	PACK_DONE,
	PACK_BAD,
};

struct pack {
	struct inflate_window window;
	uint8_t type;
	uint8_t state;
	uint8_t shift;
	uint8_t id_size;
	const char *sentence;
	bool is_more; /* of a number of which bytes are still to come */
	uint32_t size;
	uint32_t variable;
	uint32_t offset;
	uint32_t number; /* objects begun */
	uint32_t made;   /* bytes of the object that have come out */
	uint64_t taken;  /* bytes of the pack before the step's input */
	uint32_t count;  /* objects that the head promised */
	uint32_t base_offset;
	size_t collected; /* bytes of the fixed field under way */
	uint8_t field[SUM_ID];
	uint8_t base_id[SUM_ID];
	struct inflate inflate;
};

/* Of objects whose ids have so many bytes. */
void pack_start(struct pack *pack, size_t id_size);
enum pack_event pack_step(struct pack *pack, struct span *input);
