/* SPDX-License-Identifier: MPL-2.0 */
/*
 * git_object: objects of git as git stores them, each proved by its id. The formats are those of Git's own manual
 * (gitformat-pack(5), gitrepository-layout(5), hash-function-transition).
 *
 *     struct git_id id;
 *     if (!git_id_parse(text, &id)) ...                        40 or 64 lower-case hexadecimal digits
 *     if (!git_object_prove(&id, GIT_TREE, content, err)) ...  ERR_CORRUPT: it is another object
 *     if (!git_commit_tree(&id, content, &tree)) ...
 *
 *     struct git_tree tree = git_tree_start(&id, content);     borrows the content
 *     while (git_tree_next(&tree, &entry, err)) ...
 *     if (!tree.done) ...                                      false at the end, or for a bad tree
 *
 * A file of records is how objects travel from island.wasm (cab-guest(7)), and how they are kept:
 *
 *     "cab git 1\n"
 *     records:  id 32 bytes, zeros behind a shorter one; size u32 little-endian; that many bytes of content
 *
 *     struct git_records records;
 *     if (!git_records_start(&records, data, err)) ...
 *     while (git_records_next(&records, &record, err)) ...     until records.done, as above
 *
 * Nothing is believed of a record but that its content is one: the id proves it, together with the type that its reader expects.
 * A tree is refused (ERR_CORRUPT) whose names may not stand in a folder, are out of git's order or there twice.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

enum { GIT_ID_MAX = 32, GIT_ID_SHA1 = 20, GIT_ID_TEXT = 2 * GIT_ID_MAX, GIT_NAME_MAX = 255 };

struct git_id {
	uint8_t bytes[GIT_ID_MAX]; /* zeros behind a shorter one */
	uint8_t size;              /* GIT_ID_SHA1 or GIT_ID_MAX */
};

struct git_id_text {
	char text[GIT_ID_TEXT + 1];
};

MUST_CHECK bool git_id_parse(struct bytes text, struct git_id *out);
struct git_id_text git_id_print(const struct git_id *id);

static inline struct bytes
git_id_key(const struct git_id *id)
{
	return bytes_of(id->bytes, GIT_ID_MAX);
}

enum git_type { GIT_COMMIT, GIT_TREE, GIT_BLOB };

MUST_CHECK bool git_object_prove(
	const struct git_id *id, enum git_type type, struct bytes content, struct err *err);
/* The id of a commit's tree; false where the content does not begin as a commit does. */
MUST_CHECK bool git_commit_tree(
	const struct git_id *id, struct bytes content, struct git_id *tree_out);

struct git_entry {
	char kind; /* an enum tree_kind (tree.h); a submodule is a folder */
	bool is_submodule;
	struct bytes name;
	struct git_id id;
};

struct git_tree {
	struct bytes rest;
	uint8_t id_size;
	struct bytes before; /* the name of the last entry */
	bool before_is_folder;
	/* Of the beginnings of `before`, by their length: those that an entry, no folder, has for its name. */
	bool is_name[GIT_NAME_MAX + 1];
	bool done;
};

struct git_tree git_tree_start(const struct git_id *id, struct bytes content);
MUST_CHECK bool git_tree_next(struct git_tree *tree, struct git_entry *out, struct err *err);

struct git_record {
	struct bytes id; /* GIT_ID_MAX bytes */
	struct bytes content;
};

struct git_records {
	struct bytes rest;
	bool done;
};

MUST_CHECK bool git_records_start(struct git_records *records, struct bytes data, struct err *err);
MUST_CHECK bool git_records_next(
	struct git_records *records, struct git_record *out, struct err *err);
