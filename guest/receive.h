/* SPDX-License-Identifier: MPL-2.0 */
/*
 * receive: a pack as it arrives, turned into objects of known id.
 *
 *     receive_init(&receive, &objects, &checkout);
 *     receive_add(&receive, bytes);             as often as bytes come
 *     receive_finish(&receive);                 ends the program unless the pack was whole
 *
 * The host computes ids while the next contents are being made: an entry has its object once it is settled, in
 * order, and at the latest when a delta asks for it.
 *
 * Blobs of more than RECEIVE_STREAM bytes that are no deltas go through a window straight to a file;
 * all else is made whole in memory. A delta must come behind its base, as every server writes them.
 * Objects made may have RECEIVE_TOTAL bytes in all, one that takes part in a delta RECEIVE_DELTA.
 */
#pragma once

#include "checkout.h"
#include "pack.h"

enum {
	RECEIVE_STREAM = 1 << 20,
	RECEIVE_WINDOW = 256 << 10,
	RECEIVE_DELTA = 256 << 20,
	RECEIVE_TREE = 64 << 20,
	RECEIVE_COMMIT = 1 << 20,
	RECEIVE_LATE = 32,            /* contents whose ids are being computed */
	RECEIVE_LATE_BYTES = 1 << 20, /* in all, and one more */
};
#define RECEIVE_TOTAL ((uint64_t)16 << 30)

/* What each object of the pack turned out to be, in its order. */
struct receive_entry {
	uint32_t offset;
	struct object *object;
};

/* A content that the host hashes meanwhile. */
struct receive_late {
	size_t entry;
	uint8_t *data;
	size_t size;
	int32_t hash;
	uint8_t type;
};

struct receive {
	struct objects *objects;
	struct checkout *checkout;
	struct receive_entry *entries;
	size_t entry_capacity;
	uint64_t total;
	uint8_t *window; /* of streamed blobs, made once */
	size_t flushed;  /* what of the window has been written */
	int32_t stream;  /* the file of the blob under way, or -1 */
	int32_t stream_hash;
	struct text stream_name;
	int32_t hash; /* of the pack */
	size_t late_first;
	size_t late_count;
	size_t late_bytes;
	bool is_trailer; /* what comes now is not part of that */
	bool is_done;
	/* What is large comes last: a small distance from the front is one byte in each instruction. */
	struct pack pack;
	struct receive_late late[RECEIVE_LATE];
};

void receive_init(struct receive *receive, struct objects *objects, struct checkout *checkout);
void receive_add(struct receive *receive, struct span bytes);
void receive_finish(struct receive *receive);
