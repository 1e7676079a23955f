/* SPDX-License-Identifier: MPL-2.0 */
/*
 * inventory: what lies in a tree on the disk, with its digests.
 *
 *     struct inventory inventory = {0};
 *     if (!inventory_walk(&inventory, folder, "out", mode, &limits, err)) ...
 *     if (!inventory_digest(&inventory, selves, err)) ...      files in parallel, then the nodes
 *     inventory_hash(&inventory); inventory_node(&inventory, at, &node);
 *     inventory_release(&inventory);
 *
 * Entries stand in breadth-first order: 0 is the root, a folder's children stand together, sorted
 * bytewise, after it. Links are never followed; whatever is neither file, folder nor symlink, or
 * lies on another file system, is ERR_REFUSED with its path.
 */
#pragma once

#include "base/arena.h"
#include "store/store.h"

enum inventory_mode {
	INVENTORY_LOOK,      /* changes nothing */
	INVENTORY_NORMALISE, /* owner, modes 0444 0555, mtime, xattrs; folders stay 0755 */
	INVENTORY_CHECK,     /* ERR_CORRUPT where that is not how it lies */
};

struct reuse;

struct inventory_entry {
	uint32_t parent;
	uint32_t first; /* of its children */
	uint32_t count;
	char kind;
	bool is_reused; /* a file linked from a former object: its digest is known, and all is normal */
	struct bytes name;
	struct bytes target;
	uint64_t size;
	uint64_t inode;
	uint64_t links;
	struct digest digest;
	struct digest blanked;
	const struct object_self *selves; /* those in this entry */
	size_t self_count;
};

struct inventory {
	int folder; /* borrowed */
	const char *name;
	enum inventory_mode mode;
	struct tree_limits limits;
	struct arena arena;
	ARRAY(struct inventory_entry) entries;
	uint64_t size;
	uint64_t device;
	bool blanking;
	char letters[DIGEST_TEXT]; /* what stands at the first self-reference */
	const struct reuse
		*reuse; /* files that are known by their inodes, or NULL; set before the walk */
};

#define cleanup_inventory __attribute__((cleanup(inventory_release)))

MUST_CHECK bool inventory_walk(struct inventory *inventory, int folder, const char *name,
	enum inventory_mode mode, const struct tree_limits *limits, struct err *err);
/* Selves must be sorted; NULL or none: nothing is blanked. Each must lie in a file or target and
 * not over another; where they do not all spell the same letters, ERR_CORRUPT. */
MUST_CHECK bool inventory_digest(
	struct inventory *inventory, const object_selves *selves, struct err *err);
void inventory_release(struct inventory *inventory);

/* With the defaults for what is zero, or not given. */
struct tree_limits inventory_limits(const struct tree_limits *limits);

struct cab_hash inventory_hash(const struct inventory *inventory);
struct cab_hash inventory_blanked(const struct inventory *inventory);
/* The node of a folder. */
void inventory_node(const struct inventory *inventory, size_t at, bool blanked, struct buf *out);

/* Path inside the tree, "" for the root. */
void inventory_path(const struct inventory *inventory, size_t at, struct buf *out);
/* The entry at a path; SIZE_MAX where there is none. */
size_t inventory_find(const struct inventory *inventory, struct bytes path);
/* Opens an entry, without following a link at any part; O_PATH for symlinks. -1 on failure. */
int inventory_open(const struct inventory *inventory, size_t at, int flags, struct err *err);
/* The folder that an entry lies in, and the name there: `name` holds TREE_NAME_MAX + 1 bytes. */
int inventory_open_parent(
	const struct inventory *inventory, size_t at, char *name, struct err *err);
/* "file a/b of out": adds the path to an err. Returns false. */
bool inventory_note(const struct inventory *inventory, size_t at, struct err *err);

/* Folders get mode 0555 and mtime 1, all but the root's mode, which a rename still needs; symlinks
 * and the root's times too. After the last change in the tree. */
MUST_CHECK bool inventory_seal(const struct inventory *inventory, struct err *err);
