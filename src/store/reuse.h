/* SPDX-License-Identifier: MPL-2.0 */
/*
 * reuse: parts of a former object become parts of a new tree: linked, neither copied nor hashed again.
 *
 *     struct reuse reuse = REUSE;
 *     struct reuse_source source = {.object = &former, .nodes = &nodes};
 *     if (!reuse_apply(&reuse, store, &source, folder, "out", recipe, err)) ...
 *     options.reuse = &reuse; store_add(...);
 *     reuse_release(&reuse);
 *
 * A recipe is a stranger's (cab-guest(7)): FROM NUL TO NUL, any number of times; FROM is a path in the former object, TO one in the
 * tree, neither the root. What lies at FROM, a file, symlink or folder with all that is in it, then lies at TO, whose folder must be
 * there and which must not. Kinds, digests and targets are those of the former object's nodes, which prove themselves from its Cab
 * hash down; no word of the program's enters what is registered. That a file still has the bytes that its object was registered
 * with is what every user of a registered object relies on; its kind, mode and mtime are looked at here.
 *
 * Within the tree no two names share an inode: where a file is taken twice, and where links run out, the second is a copy, which
 * is hashed like all that is new. Empty files are made anew. Names and copied bytes have the ceilings of a tree.
 *
 * The former object must be leased, and all processes of the program be gone. ERR_REFUSED: the recipe breaks a rule. ERR_CORRUPT:
 * the former object is damaged. The tree is then left as far as it was made.
 */
#pragma once

#include "base/arena.h"
#include "store/tree_nodes.h"

enum { REUSE_RECIPE_MAX = 64 << 20, REUSE_PATH_MAX = 4095 };

/* A file that was linked: its bytes are known by its inode. */
struct reuse_file {
	struct digest digest;
	char kind;
};

struct reuse {
	struct arena arena;
	struct map files; /* inode, 8 bytes -> struct reuse_file */
	uint64_t names;
	uint64_t copied; /* bytes */
};

#define REUSE ((struct reuse){.arena = ARENA})

struct reuse_source {
	const struct object *object;
	const struct tree_nodes *nodes;
};

MUST_CHECK bool reuse_apply(struct reuse *reuse, struct store *store,
	const struct reuse_source *source, int folder, const char *name, struct bytes recipe,
	struct err *err);
void reuse_release(struct reuse *reuse);
/* One path of a recipe: its folder, "" for the root, and its last name. */
struct reuse_path {
	struct bytes folder; /* borrowed from the recipe */
	char name[TREE_NAME_MAX + 1];
	unsigned depth; /* names, at least 1 */
};
/* Takes the next off the recipe. */
MUST_CHECK bool reuse_next_path(struct bytes *recipe, struct reuse_path *out, struct err *err);
/* What is known of an inode; NULL: nothing. */
const struct reuse_file *reuse_find(const struct reuse *reuse, uint64_t inode);
