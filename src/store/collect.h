/* SPDX-License-Identifier: MPL-2.0 */
/*
 * collect: what nothing needs any more goes away.
 *
 * Live are: objects that a registered result points to, that a registered lock names by Cab hash
 * (unless sources are dropped), that a living process has leased, and all that these refer to; of
 * what evaluation read, the nodes and blobs of every hash that a registered lock names. The mark
 * and the renames into trash/ happen under the exclusive lock; the unlinking after it. A full disk
 * is no hindrance. Where a file system shares by reflink, blobs that no read lists go: the objects
 * keep their bytes, and only later ones cannot share them. Logs and artifacts go after 30 days.
 */
#pragma once

#include "base/digest.h"
#include "base/err.h"

struct store;

struct collect_options {
	bool drop_sources;
	bool dry_run;
};

struct collect_result {
	uint64_t objects;
	uint64_t blobs;
	uint64_t nodes;
	uint64_t records;
	uint64_t bytes; /* of the blobs and nodes; in a dry run, of the objects' files */
};

MUST_CHECK bool store_collect(struct store *store, const struct collect_options *options,
	struct collect_result *out, struct err *err);

/* Takes one object away. ERR_REFUSED, with the reason, where a result or a running build needs it
 * or another object refers to it; ERR_NOT_FOUND where it is not there. What evaluation read of it
 * stays. */
MUST_CHECK bool store_delete(struct store *store, const struct digest *path, struct err *err);
