/* SPDX-License-Identifier: MPL-2.0 */
/*
 * checkout: from a revision to the written tree, while objects arrive in any order.
 *
 *     checkout_init(&checkout, &output, subpath);
 *     checkout_begin(&checkout, &objects, revision_id);    places what is here already
 *     checkout_arrived(&checkout, object);      for each object received, once
 *     checkout_finish(&checkout);               ends the program unless all that is reachable came
 *     checkout_hash(&checkout);                 reports the Cab hash of `out`
 *
 * The walk goes from the revision (through tags) to its commit, that one's tree, down the subpath,
 * and then writes what it finds as `out`: each object is looked for by its id, so whatever a server
 * sends beside that has no effect. What has not come yet is wanted under the place where it
 * belongs. The id of the tree at the end of
 * the subpath is reported as soon as it is known.
 */
#pragma once

#include "lfs.h"
#include "node.h"
#include "object.h"
#include "tree.h"

/* One place where an object that has not come belongs. */
struct want {
	struct want *next;
	const struct folder *folder; /* where, or for a tree the folder itself */
	const char *name;
	enum tree_kind kind;
};

/* A submodule that was asked for: its folder is there, and empty. */
struct link {
	struct link *next;
	const struct folder *folder;
	const struct object *commit;
};

/* A tree that is in, and the folder that it fills. */
struct expansion {
	struct object *tree;
	const struct folder *folder;
};

struct checkout {
	struct objects *objects;
	struct output *output;
	struct span subpath; /* what is still to go down: "a/b", or nothing */
	struct span read; /* CAB_READ: the root is found, and nothing of it written; or nothing */
	struct object *awaited; /* the next one on the way to the root */
	unsigned tags;
	bool is_commit_found;
	bool has_submodules;        /* they belong to what is asked for: links are kept */
	struct link *links;         /* the last one first */
	struct lfs *lfs;            /* pointers are noted, not written; or NULL */
	const struct folder *place; /* what the root fills: `out`, or a submodule's folder */
	struct object *top;         /* the commit's tree */
	enum tree_kind root_kind;   /* of awaited, once the commit is found; then of the root */
	struct object *root;
	struct expansion *expansions;
	size_t expansion_count;
	size_t expanded;
	size_t expansion_capacity;
	uint32_t missing; /* wants */
};

void checkout_init(struct checkout *checkout, struct output *output, struct span subpath);
void checkout_begin(struct checkout *checkout, struct objects *objects, const uint8_t *id);
void checkout_arrived(struct checkout *checkout, struct object *object);
void checkout_finish(struct checkout *checkout);
void checkout_hash(struct checkout *checkout);
