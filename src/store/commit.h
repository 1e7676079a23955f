/* SPDX-License-Identifier: MPL-2.0 */
/*
 * commit: what this store holds of one commit of git without the object that its whole tree would be: its trees, and those
 * contents that evaluation read.
 *
 *     struct commit *commit = commit_open(store, &revision, err);     with what was kept of it, here or in a cache
 *     if (!commit_has_trees(commit)) ...           ask for them: commit_add(commit, records, err)
 *     if (!commit_find(commit, path, &entry, err)) ...
 *     if (entry.kind == COMMIT_ABSENT) ...         proved: the commit has no such path
 *     if (!commit_has_blob(commit, &entry.id)) ... ask for it: commit_add(commit, records, err)
 *     if (!commit_read(commit, &entry.id, &out, err)) ...
 *     commit_note(commit, path);                   so that the next commit is asked for it beside others
 *     commit_save(commit); commit_close(commit);
 *
 * Every object is proved by its git id (git_object.h) before it is used, from the revision down, whoever sent it and wherever
 * it was kept. What is added stays: each file of records is a blob, and reads/<first two digits>/<revision> lists those blobs
 * and the paths that were noted, once commit_save was called and then store_sync. gc keeps all that as long as a registered lock names the
 * revision, as a word of its own (root_search_git); `delete` leaves it alone. One struct commit a revision and process.
 *
 * Paths are as in read.h: symlinks are never followed, a path through one is absent. A submodule is an empty folder.
 */
#pragma once

#include "base/buf.h"
#include "base/map.h"
#include "store/git_object.h"
#include "store/tree.h"

struct store;
struct commit;

enum {
	COMMIT_ABSENT = 0,
	COMMIT_PART_MAX = 512 << 20, /* bytes of one file of records */
	COMMIT_PATHS = 4096,         /* that are remembered; more are not noted */
};

struct commit_entry {
	char kind; /* an enum tree_kind, or COMMIT_ABSENT */
	bool is_submodule;
	struct git_id id;
};

typedef void commit_visit(void *context, const struct git_entry *entry);

/* NULL only where the store fails; what is damaged of what was kept is told and counts as not held. */
struct commit *commit_open(struct store *store, const struct git_id *revision, struct err *err);
void commit_close(struct commit *commit);

/* Whether the commit and its root tree are held: all trees come with them. */
bool commit_has_trees(struct commit *commit);
/* Whether that is so, each of them proved: of what somebody sent just now. */
bool commit_check_trees(struct commit *commit);
/* Keeps a file of records: ERR_CORRUPT where it is none, ERR_LIMIT where it is too large. */
MUST_CHECK bool commit_add(struct commit *commit, struct bytes records, struct err *err);

MUST_CHECK bool commit_find(
	struct commit *commit, struct bytes path, struct commit_entry *out, struct err *err);
/* The entries of a folder. */
MUST_CHECK bool commit_list(struct commit *commit, const struct commit_entry *folder,
	commit_visit *visit, void *context, struct err *err);
/* Held and proved. */
bool commit_has_blob(struct commit *commit, const struct git_id *id);
/* ERR_NOT_FOUND where it is not held. */
MUST_CHECK bool commit_read(
	struct commit *commit, const struct git_id *id, struct buf *out, struct err *err);

void commit_note(struct commit *commit, struct bytes path);
/* Hands the record to the next store_sync, where it has more than the disk lists. */
void commit_save(struct commit *commit);
/* Makes another store have all that this one has. */
MUST_CHECK bool commit_copy(struct commit *commit, struct commit *to, struct err *err);
size_t commit_path_count(const struct commit *commit);
struct bytes commit_path_at(const struct commit *commit, size_t at);

/*
 * The record, canonical: parts and paths sorted, none twice.
 *
 *     cab commit 1
 *     id HEX
 *     part DIGEST        a blob that is a file of records
 *     path TEXT          escaped as record.h says
 *     check DIGEST
 */
struct commit_record {
	struct git_id id;
	struct map parts; /* digests */
	struct map paths;
};

void commit_record_release(struct commit_record *record);
void commit_record_encode(const struct commit_record *record, struct buf *out);
/* Adds to what the record has already. */
MUST_CHECK bool commit_record_decode(
	struct bytes data, const struct git_id *id, struct commit_record *record, struct err *err);
/* The record that has what either of two has; one that does not decode counts as empty. `name` is the file's,
 * "aa/<revision>". */
void commit_record_merge(const char *name, struct bytes old, struct bytes added, struct buf *out);
