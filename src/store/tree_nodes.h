/* SPDX-License-Identifier: MPL-2.0 */
/*
 * tree_nodes: the directory nodes of one tree, all of them in one file, trees/<aa>/<Cab hash>: what lies where in an object, with
 * its digests, without a file of it being read.
 *
 *     tree_nodes_write(store, &inventory, err);                  a cache: it may be lost, or deleted
 *     struct tree_nodes nodes;
 *     if (!tree_nodes_load(store, &hash, &nodes, err)) ...       ERR_NOT_FOUND, ERR_CORRUPT
 *     const struct tree_nodes_folder *folder = tree_nodes_folder(&nodes, &hash.digest);
 *     if (tree_nodes_find(&nodes, path, &entry)) ...
 *     tree_nodes_release(&nodes);
 *
 * The file (cab-store(5)) is "cab nodes 1\n" and, for each node once, the root's first: its digest, u32 size, its bytes. What was
 * loaded is proved: each node has the digest that it is found by, and the nodes of all folders below the root are there.
 */
#pragma once

#include "base/map.h"
#include "store/inventory.h"

/* A folder's entries, sorted by name. */
struct tree_nodes_folder {
	struct digest digest;
	size_t first;
	size_t count;
};

struct tree_nodes {
	struct buf file; /* its bytes, which entries borrow from */
	ARRAY(struct tree_entry) entries;
	ARRAY(struct tree_nodes_folder) folders;
	struct map by_digest;
	struct digest root;
};

#define TREE_NODES_MAX ((size_t)1 << 30)

MUST_CHECK bool tree_nodes_write(
	struct store *store, const struct inventory *inventory, struct err *err);
MUST_CHECK bool tree_nodes_load(const struct store *store, const struct cab_hash *hash,
	struct tree_nodes *out, struct err *err);
/* Of a file's bytes, which are taken over; the load of what was read. */
MUST_CHECK bool tree_nodes_decode(
	struct buf *file, const struct digest *root, struct tree_nodes *out, struct err *err);
void tree_nodes_release(struct tree_nodes *nodes);
#define cleanup_tree_nodes __attribute__((cleanup(tree_nodes_release)))

/* NULL where the tree has no folder of this digest. */
const struct tree_nodes_folder *tree_nodes_folder(
	const struct tree_nodes *nodes, const struct digest *digest);
bool tree_nodes_find_in(const struct tree_nodes *nodes, const struct tree_nodes_folder *folder,
	struct bytes name, struct tree_entry *out);
/* The entry at a path below the root, names between single slashes. */
bool tree_nodes_find(const struct tree_nodes *nodes, struct bytes path, struct tree_entry *out);
