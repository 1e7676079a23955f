/* SPDX-License-Identifier: MPL-2.0 */
/*
 * tree: a step through the entries of a git tree object.
 *
 *     struct tree tree = tree_start(content, SUM_SHA1);
 *     while (tree_next(&tree)) use(tree.kind, tree.name, tree.id);
 *     if (tree.sentence) ... the object is no tree that may be written: why
 *
 * Refused are: entries out of git's order or twice, names that are empty, ".", "..", ".git" in any
 * spelling that some file system takes for it, longer than 255 bytes, or with a '/', and modes that
 * are no file, link, folder or submodule. Imports nothing.
 */
#pragma once

#include "port.h"

enum tree_kind {
	TREE_FILE = 'f',
	TREE_EXECUTABLE = 'x',
	TREE_LINK = 'l',
	TREE_FOLDER = 'd',
	TREE_SUBMODULE = 's',
};

struct tree {
	struct span rest;
	enum tree_kind kind;
	struct span name;
	const uint8_t *id;
	uint8_t id_size;
	const uint8_t *before; /* the name, or NULL */
	bool before_is_folder;
	const char *sentence;
};

struct tree tree_start(struct span content, size_t id_size);
bool tree_next(struct tree *tree);
/* Why a name may not stand in a tree, or NULL. */
const char *tree_name_problem(struct span name);
