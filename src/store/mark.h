/* SPDX-License-Identifier: MPL-2.0 */
/*
 * mark: what is live in a store, found under its exclusive lock.
 */
#pragma once

#include "store/internal.h"
#include "store/root.h"

struct mark {
	struct store *store;
	bool drop_sources;
	bool all_reads;     /* every record in reads/ is live */
	bool look_only;     /* dead roots and reads stay */
	struct map objects; /* all records: path digest -> struct object */
	struct map paths;   /* live: path digests */
	struct map sources; /* Cab hashes whose whole objects are live */
	struct map
		hashes; /* live: texts of Cab hashes and revisions that locks name or processes read */
	struct map leases; /* "<kind><text>" */
	struct map nodes;  /* live: digests */
	struct map blobs;
	uint64_t records; /* removed: dead roots and reads */
};

void mark_release(struct mark *mark);
#define cleanup_mark __attribute__((cleanup(mark_release)))

/* Leases, roots and records, and what is live by them. Removes the records of roots that are gone.
 */
MUST_CHECK bool mark_objects(struct mark *mark, struct err *err);
/* After mark_objects: removes reads/ records that nobody needs, and marks nodes and blobs of the
 * others, and the nodes of live objects. */
MUST_CHECK bool mark_contents(struct mark *mark, struct err *err);

/* The text of a live result that needs this object, for store_delete; NULL: none. Owned. */
MUST_CHECK bool mark_result_of(
	struct mark *mark, const struct digest *path, char **result_out, struct err *err);
