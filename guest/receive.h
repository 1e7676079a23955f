/* SPDX-License-Identifier: MPL-2.0 */
/*
 * receive: a pack as it arrives, turned into objects of known id.
 *
 *     receive_init(&receive, &objects, &checkout);
 *     receive_add(&receive, bytes);             as often as bytes come
 *     receive_finish(&receive);                 ends the program unless the pack was whole
 *
 * Blobs of more than RECEIVE_STREAM bytes that are no deltas go through a window straight to a file;
 * all else is made whole in memory. Deltas whose base is still to come wait, RECEIVE_PENDING bytes
 * of them at most. Objects made may have RECEIVE_TOTAL bytes in all, one that takes part in a
 * delta RECEIVE_DELTA.
 */
#pragma once

#include "checkout.h"
#include "pack.h"

enum {
	RECEIVE_STREAM = 1 << 20,
	RECEIVE_WINDOW = 256 << 10,
	RECEIVE_PENDING = 64 << 20,
	RECEIVE_DELTA = 256 << 20,
	RECEIVE_TREE = 64 << 20,
	RECEIVE_COMMIT = 1 << 20,
};
#define RECEIVE_TOTAL ((uint64_t)16 << 30)

/* A delta whose base is not there yet. */
struct pending {
	struct pending *next;
	struct pending *children; /* that build on this one by offset */
	struct object *base;      /* once it is there */
	uint8_t *delta;
	size_t size;
	uint32_t number;
};

/* What each object of the pack turned out to be, in its order. */
struct receive_entry {
	uint32_t offset;
	struct object *object; /* or NULL: */
	struct pending *pending;
};

struct receive {
	struct pack pack;
	struct objects *objects;
	struct checkout *checkout;
	struct receive_entry *entries;
	size_t entry_capacity;
	struct pending *queue; /* whose bases are there */
	size_t pending_size;
	uint32_t pending_count;
	uint64_t total;
	uint8_t *window; /* of streamed blobs, made once */
	size_t flushed;  /* what of the window has been written */
	int32_t stream;  /* the file of the blob under way, or -1 */
	int32_t stream_hash;
	uint32_t stream_number;
	struct text stream_name;
	int32_t hash;    /* of the pack */
	bool is_trailer; /* what comes now is not part of that */
	bool is_done;
};

void receive_init(struct receive *receive, struct objects *objects, struct checkout *checkout);
void receive_add(struct receive *receive, struct span bytes);
void receive_finish(struct receive *receive);
/* Removes the files of blobs that no path was found for. */
void receive_clean(struct receive *receive);
