/* SPDX-License-Identifier: MPL-2.0 */
/*
 * local_tree: a folder or file of this machine as the object that it is, without copying it.
 *
 *     struct local_tree tree = {0};
 *     if (!local_tree_read(&tree, store, "/home/me/project", err)) ...
 *     object_plain_path(&tree.hash, name);                        is it in the store already?
 *     if (!local_tree_copy(&tree, staging, "object", err)) ...    if not
 *     local_tree_release(&tree);
 *
 * In a git repository (the folder, or one above it, holds `.git`) the tree is what `git add --all`
 * would make of it now: tracked files and untracked ones that are not ignored, as they lie on the
 * disk; no empty folders; a repository within (a submodule, a clone) is an empty folder; neither
 * files nor links are passed over as git does it. A folder that the repository ignores, and any
 * other folder, is taken whole. `.git` never is.
 *
 * Files are read only where the store's stat cache does not know them as they are.
 */
#pragma once

#include <sys/stat.h>

#include "base/arena.h"
#include "base/array.h"
#include "store/store.h"

struct local_entry {
	struct bytes path; /* beneath the root, "" for it; ends with a NUL */
	char kind;
	bool kept; /* a folder that stays although it is empty */
	bool known;
	uint32_t parent;
	uint32_t next; /* of the same folder; 0: none */
	uint32_t first;
	uint32_t last;
	struct stat status;
	struct bytes target;
	struct digest digest;
};

struct local_tree {
	int root; /* the folder, or the one that the file lies in */
	const char *name;
	struct arena arena;
	ARRAY(struct local_entry) entries; /* a folder before what is in it, names bytewise */
	struct cab_hash hash;
	size_t read; /* files whose bytes were read */
};

#define cleanup_local_tree __attribute__((cleanup(local_tree_release)))

/* `path` is absolute and normal. */
MUST_CHECK bool local_tree_read(
	struct local_tree *tree, struct store *store, const char *path, struct err *err);
/*
 * The names of a folder of the machine that its repository's rules leave: those of entries.data[0], from its `first` on
 * along `next`, but where `kind` is NUL. Nothing is hashed. *ruled is false, and nothing is listed, where no rules hold or it is
 * no folder.
 */
MUST_CHECK bool local_tree_list(
	struct local_tree *tree, const char *path, bool *ruled, struct err *err);
/* Into folder/name, which must not be there. What has changed meanwhile is copied as it is then. */
MUST_CHECK bool local_tree_copy(
	const struct local_tree *tree, int folder, const char *name, struct err *err);
void local_tree_release(struct local_tree *tree);
