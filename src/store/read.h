/* SPDX-License-Identifier: MPL-2.0 */
/*
 * read: single files of a tree, each byte proved from its Cab hash down.
 *
 *     struct read_source source = {.hash = &pin, .name = "cab"};
 *     if (!read_find(store, &source, BYTES_LITERAL("src/main.c"), &entry, err))
 *             ...                            ERR_NOT_FOUND: not held here, ask for the object
 *     if (entry.kind == READ_ABSENT) ...     proved: the tree has no such path
 *     if (!read_file(store, &source, path, &out, err)) ...
 *
 * Looked for in the partial object (nodes/ and blobs/), then in the whole object of that hash and
 * name (name may be NULL: then it is not looked for), then the same in each cache. What was read
 * stays: its nodes and blobs are listed in reads/<aa>/<Cab hash> at the next store_sync, and gc
 * keeps them as long as a registered lock names the hash. A read that was recorded before writes
 * nothing.
 *
 * Paths are parts joined by '/', "" for the root; no "." or ".."; symlinks in the tree are never
 * followed: a path through one is READ_ABSENT.
 */
#pragma once

#include "base/buf.h"
#include "store/tree.h"

struct store;

enum { READ_ABSENT = 0 };

struct read_source {
	const struct cab_hash *hash;
	const char *name; /* object name, or NULL */
	/* Where the whole object is; NULL: it has no references, hash and name give its path. */
	const struct digest *path;
};

struct read_entry {
	char kind; /* an enum tree_kind, or READ_ABSENT */
	struct digest digest;
};

MUST_CHECK bool read_find(struct store *store, const struct read_source *source, struct bytes path,
	struct read_entry *out, struct err *err);
/* The bytes of a file, or the target of a symlink, added to out under its ceiling. Another kind, or
 * an absent path, is ERR_REFUSED. */
MUST_CHECK bool read_file(struct store *store, const struct read_source *source, struct bytes path,
	struct buf *out, struct err *err);
/* The node of a directory, checked, for tree_reader. */
MUST_CHECK bool read_list(struct store *store, const struct read_source *source, struct bytes path,
	struct buf *node, struct err *err);

/* What another realizer answered: the bytes of a node or blob of this hash. The caller has proved
 * that they belong to it (their digests stand in the nodes above); here they are only hashed. */
MUST_CHECK bool read_put_node(
	struct store *store, const struct cab_hash *hash, struct bytes node, struct err *err);
MUST_CHECK bool read_put_blob(
	struct store *store, const struct cab_hash *hash, struct bytes data, struct err *err);

/* The record reads/<aa>/<Cab hash>: digests are sorted, none twice. */
struct read_record {
	struct cab_hash hash;
	struct digest *nodes;
	size_t node_count;
	struct digest *blobs;
	size_t blob_count;
};

enum { READ_RECORD_MAX = 64 << 20 };

void read_record_release(struct read_record *record);
void read_record_encode(const struct read_record *record, struct buf *out);
MUST_CHECK bool read_record_decode(
	struct bytes data, const struct cab_hash *hash, struct read_record *out, struct err *err);
/* ERR_NOT_FOUND where nothing was read of it. */
MUST_CHECK bool read_record_find(const struct store *store, const struct cab_hash *hash,
	struct read_record *out, struct err *err);
