/* SPDX-License-Identifier: MPL-2.0 */
/*
 * object: the git objects of one fetch, by id, and where their contents are.
 *
 *     struct object *object = object_find(&objects, id);        there from then on, maybe unreceived
 *     object_receive(&objects, object, type, data, size);       takes the data over
 *     struct span content = object_content(&objects, object);   in memory until unpinned
 *     object_unpin(&objects, object);
 *
 * Trees stay in memory. Other contents stay while OBJECT_BUDGET allows, the most recently used
 * longest. What falls out is read back from the file that it was written to (the output is the
 * store of delta bases) or, if it has no path yet, from the scratch file that it then goes to. So
 * memory is bounded for any size of source.
 *
 * Buffers of contents are made by object_buffer: OBJECT_HEAD bytes lie before them, for the head
 * that git hashes with the content.
 */
#pragma once

#include "file.h"
#include "pack.h"
#include "table.h"
#include "tree.h"

enum { OBJECT_HEAD = 32, OBJECT_BUDGET = 1 << 20 };

enum object_place {
	PLACE_NONE,
	PLACE_FILE,    /* folder and name */
	PLACE_SCRATCH, /* offset in the scratch file */
};

struct want;
struct former;
struct former_entry;

struct object {
	uint8_t id[SUM_ID];         /* zeros behind a shorter one */
	uint8_t digest[SUM_BLAKE3]; /* of a blob's bytes, or of a tree's node */
	uint8_t type;               /* enum pack_type; 0 while it has not come */
	uint8_t place;              /* enum object_place */
	bool has_digest;
	uint8_t id_size;
	uint32_t size;
	uint16_t pins;
	uint8_t *data; /* NULL while not in memory */
	const struct folder *folder;
	union {
		const char *name; /* ends in NUL: it lies in a tree */
		uint64_t offset;
	};
	const uint8_t *link; /* the content, if the object is a link's target somewhere */
	struct want *wants;
	struct former_entry *former; /* where it lay in the former tree (former.h) */
	struct object *older;
	struct object *newer; /* of a tree: what a memo has after it */
};

struct objects {
	struct output *output;
	const struct folder *scratch_folder;
	struct table table;    /* of struct object */
	struct former *former; /* NULL without a hint */
	size_t id_size;        /* SUM_SHA1 or SUM_SHA256 */
	size_t held;           /* bytes of contents that may fall out */
	int32_t scratch;       /* -1 until needed */
	uint32_t streams;      /* files so far in the scratch folder */
	uint64_t scratch_size;
	/* Of the ring of contents that may fall out: the oldest is the one newer than this, which is none of them. */
	struct object ends;
};

void objects_init(struct objects *objects, struct output *output,
	const struct folder *scratch_folder, size_t id_size);
/* By as many bytes as an id has here. */
struct object *object_find(struct objects *objects, const uint8_t *id);

uint8_t *object_buffer(size_t size);
void object_buffer_give(uint8_t *data, size_t size);
/* Begins the hash of a content in such a buffer, whose sum is its id. */
int32_t object_hash(const struct objects *objects, uint8_t *data, size_t size, uint8_t type);
/* The head that git hashes before a content; returns its size. */
size_t object_head(uint8_t head_out[OBJECT_HEAD], uint64_t size, uint8_t type);

void object_receive(
	struct objects *objects, struct object *object, uint8_t type, uint8_t *data, size_t size);
/* It lies in a file now. */
void object_set_file(struct object *object, const struct folder *folder, const char *name);
void object_pin(struct objects *objects, struct object *object);
static inline __attribute__((always_inline)) struct span
object_content(struct objects *objects, struct object *object)
{
	object_pin(objects, object);
	return span_of(object->data, object->size);
}
void object_unpin(struct objects *objects, struct object *object);

/* Steps through one that is a tree. */
struct tree object_tree(const struct object *object);
/* The hash that makes ids of contents. */
int32_t objects_algorithm(const struct objects *objects);
/* Ends the program with a sentence about an object. */
_Noreturn void object_fail(const struct object *object, const char *sentence);
