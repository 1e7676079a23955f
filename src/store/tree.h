/* SPDX-License-Identifier: MPL-2.0 */
/*
 * tree: the one encoding of a directory, and the Cab hash that names a whole tree.
 *
 * A directory node is these bytes, and its digest is their plain BLAKE3 (cab-store(5)):
 *
 *     "cab tree 1\n"
 *     entries, sorted bytewise by name, none twice:
 *       kind      1   'd' directory, 'f' file, 'x' executable file, 'l' symlink
 *       length    2   little-endian, 1-255
 *       name          any byte but '/' and NUL, not "." or ".."
 *       d f x:   32   digest: of the child's node, or of the file's bytes
 *       l:        2   little-endian, 1-4095, then the target, any byte but NUL
 *
 * A Cab hash is the kind of the root and the digest of its node, bytes or target. Its text is the
 * kind's letter and the 52 letters of the digest. One tree has one Cab hash, and no file can be
 * taken for a directory: the kind tells them apart.
 *
 *     struct tree_reader reader;                          every node, of whatever origin
 *     if (!tree_reader_start(&reader, node, err)) ...     ERR_CORRUPT, ERR_LIMIT
 *     while (tree_reader_next(&reader, &entry, err)) ...  entry borrows from the node
 *     if (!reader.done) ...                               false at the end, or for a bad node
 *
 *     cleanup_buf struct buf node = BUF(TREE_NODE_MAX);   entries must come sorted
 *     tree_write_start(&node); tree_write(&node, &entry); ...
 */
#pragma once

#include "base/buf.h"
#include "base/digest.h"

enum {
	TREE_NAME_MAX = 255,
	TREE_TARGET_MAX = 4095,
	TREE_NODE_MAX = 256 << 20,
	TREE_DEPTH_MAX = 128, /* folders below the root */
	CAB_HASH_TEXT = 1 + DIGEST_TEXT,
};

enum tree_kind {
	TREE_DIRECTORY = 'd',
	TREE_FILE = 'f',
	TREE_EXECUTABLE = 'x',
	TREE_SYMLINK = 'l',
};

struct cab_hash {
	char kind; /* an enum tree_kind */
	struct digest digest;
};

struct cab_hash_text {
	char text[CAB_HASH_TEXT + 1];
};

struct cab_hash_text cab_hash_print(const struct cab_hash *hash);
MUST_CHECK bool cab_hash_parse(struct bytes text, struct cab_hash *out);

static inline bool
cab_hash_equal(const struct cab_hash *left, const struct cab_hash *right)
{
	return left->kind == right->kind && digest_equal(&left->digest, &right->digest);
}

struct tree_entry {
	char kind; /* an enum tree_kind */
	struct bytes name;
	struct digest digest; /* d f x */
	struct bytes target;  /* l */
};

struct tree_reader {
	struct bytes rest;
	struct bytes last; /* name of the entry before */
	bool done;
};

MUST_CHECK bool tree_reader_start(struct tree_reader *reader, struct bytes node, struct err *err);
/* False at the end (reader->done, *err untouched) and for a node that breaks a rule. */
MUST_CHECK bool tree_reader_next(
	struct tree_reader *reader, struct tree_entry *out, struct err *err);
/* Reads the whole node and says whether it keeps every rule. */
MUST_CHECK bool tree_node_check(struct bytes node, struct err *err);
/* The entry of a name. False with ERR_NOT_FOUND when the node has none. */
MUST_CHECK bool tree_node_find(
	struct bytes node, struct bytes name, struct tree_entry *out, struct err *err);

void tree_write_start(struct buf *node);
/* An invariant: names come in order, and lengths hold. */
void tree_write(struct buf *node, const struct tree_entry *entry);
