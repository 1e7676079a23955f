/* SPDX-License-Identifier: MPL-2.0 */
/*
 * forged: objects of git whose ids are given, and the hash of a world (guest_world.h) in which these are their ids.
 *
 *     forged_start(GIT_SHA1);                  or 32: the size of an id
 *     forged_add(FORGED_TREE, 'B', content);   its id is so many letters B; the first of a letter counts
 *     forged_pack("AB<C", &out);               a server's answer: these objects, B as a delta upon C
 *     forged_release();
 *
 * What is hashed by SHA-1 or SHA-256 as git hashes an object that was added has that one's id; every other sum is what it is. So no
 * id stops a fuzzer, and a tree may hold itself; but a content still has one id, and an id one content. The contents stay their owner's.
 */
#pragma once

#include "base/buf.h"

enum forged_type { FORGED_COMMIT = 1, FORGED_TREE, FORGED_BLOB, FORGED_TAG };

enum { FORGED_OBJECTS = 64, FORGED_SHORT = 20, FORGED_LONG = 32 };

struct forged {
	enum forged_type type;
	uint8_t letter;
	struct bytes content;
};

void forged_start(size_t id_size);
void forged_add(enum forged_type type, uint8_t letter, struct bytes content);
void forged_release(void);

size_t forged_id_size(void);
/* NULL where there is none. */
const struct forged *forged_find(uint8_t letter);
const struct forged *forged_of_id(const uint8_t *id);
/* Adds the id in hexadecimal digits. */
void forged_hex(uint8_t letter, struct buf *out);
/*
 * Adds a pack, in frames of channel 1. An object is its letter; with "<X" behind it a delta upon the id X, with "^X" one upon where
 * X stands before it. What was not added is left out, and what follows some megabytes of packs.
 */
void forged_pack(struct bytes letters, struct buf *out);
/* Adds a frame. */
void forged_frame(const char *front, struct bytes payload, struct buf *out);
