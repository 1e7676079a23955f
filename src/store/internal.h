/* SPDX-License-Identifier: MPL-2.0 */
/*
 * internal: the inside of struct store, for the files of this folder.
 */
#pragma once

#include <errno.h>

#include "base/map.h"
#include "store/store.h"

/* The folders beneath the root, opened with the store. */
enum store_folder {
	FOLDER_STORE,
	FOLDER_BLOBS,
	FOLDER_NODES,
	FOLDER_REALIZATIONS,
	FOLDER_IDENTITIES,
	FOLDER_OBJECTS,
	FOLDER_READS,
	FOLDER_ROOTS,
	FOLDER_LOCK,
	FOLDER_RUN,
	FOLDER_LEASE,
	FOLDER_STAGING,
	FOLDER_TRASH,
	FOLDER_LOGS,
	FOLDER_DERIVATIONS,
	FOLDER_ARTIFACTS,
	FOLDER_TREES,
	FOLDER_MEMOS,
	FOLDER_COUNT,
};

/* "aa/", at most 64 characters, and a NUL. */
enum { SHARD_NAME = 72 };

/* What to do where the file of a record is there already. */
enum pending_rule {
	PENDING_KEEP,   /* keep it, if it decodes (objects) */
	PENDING_APPEND, /* add the blocks that it lacks (realizations, identities) */
	PENDING_UNION,  /* all that either lists (reads) */
};

struct pending_record {
	enum store_folder folder;
	enum pending_rule rule;
	char name[SHARD_NAME];
	struct buf data;
};

/* A name that this batch made in blobs/ or nodes/, undone if its sync fails. */
struct pending_name {
	enum store_folder folder;
	char name[DIGEST_TEXT + 3];
};

struct store {
	char *root;
	unsigned flags;
	int fd;
	int folders[FOLDER_COUNT];
	ARRAY(struct store *) caches;
	store_warning *warning;
	void *warning_context;

	int lock; /* lock/store */
	unsigned lock_depth;
	int lease; /* lease/<random>, -1 until the first */
	char lease_name[32];
	bool lease_is_cut; /* its last line may be without its end */
	struct map leased;

	struct map pending; /* "<folder letter><name>" -> struct pending_record */
	ARRAY(struct object) added;
	ARRAY(struct pending_name) made;
	bool dirty; /* something was written that no sync has covered */

	struct staging
		work; /* this process's own, for files on their way; made when first needed */
	bool no_reflink;
	bool swept;
	bool read_more;   /* a session has what no record lists yet */
	struct map reads; /* Cab hash text -> struct read_session */
};

const char *store_folder_name(enum store_folder folder);
void store_warn(const struct store *store, const char *format, ...) PRINTF(2, 3);
MUST_CHECK bool store_can_write(const struct store *store, struct err *err);

/* "aa/<text>": the first two letters of the digest's text are the folder of a record. */
struct shard_name {
	char text[SHARD_NAME];
};
struct shard_name shard_digest(const struct digest *digest);
struct shard_name shard_hash(const struct cab_hash *hash);

/* Whether a file of reads/, "aa/…", is about a commit of git (commit.h), not about a Cab hash (read.h). */
bool store_is_commit_name(const char *name);

/* lock/store, shared or exclusive, for as long as a step takes; nests only shared. */
MUST_CHECK bool store_lock(struct store *store, bool exclusive, struct err *err);
void store_unlock(struct store *store);

/* The kinds of what is leased. */
enum lease_kind { LEASE_OBJECT = 'o', LEASE_READ = 'r', LEASE_BLOB = 'b', LEASE_NODE = 'n' };

/* Appends, before it is relied on, what is not leased yet; see store.h. */
MUST_CHECK bool lease_add(
	struct store *store, enum lease_kind kind, const char *text, struct err *err);
MUST_CHECK bool lease_add_many(struct store *store, enum lease_kind kind,
	const struct digest *digests, size_t count, struct err *err);
void lease_end(struct store *store);
/* The whole lines of a lease, "<kind><text>", into `out`; of others nobody could say what they keep. */
void lease_decode(struct bytes text, struct map *out);
/* All that living processes have leased, as "<kind><text>"; leftovers of dead ones are removed.
 * Under the exclusive lock. */
MUST_CHECK bool lease_read_all(struct store *store, struct map *out, struct err *err);

/* A record to write at the next sync, and the bytes known of a record now: pending ones, then those
 * of the file. `found` says whether there were any. */
void store_pend(struct store *store, enum store_folder folder, const struct shard_name *name,
	enum pending_rule rule, struct bytes block);
MUST_CHECK bool store_record(const struct store *store, enum store_folder folder,
	const struct shard_name *name, struct buf *out, struct err *err);
struct bytes store_pending(
	const struct store *store, enum store_folder folder, const struct shard_name *name);
/* The file alone; ERR_NOT_FOUND. */
MUST_CHECK bool store_record_file(const struct store *store, enum store_folder folder,
	const char *name, struct buf *out, struct err *err);
void store_drop_pending(struct store *store);
/* Writes a record's file whole under a new name and renames it into place. */
MUST_CHECK bool store_write_record(struct store *store, enum store_folder folder, const char *name,
	struct bytes data, bool replaces, struct err *err);

/* Decodes objects/<aa>/<path>; a pending object counts. */
MUST_CHECK bool store_object_record(
	const struct store *store, const struct digest *path, struct object *out, struct err *err);
/* The closure by records alone: neither leased nor looked for. */
MUST_CHECK bool store_closure_records(const struct store *store, const struct digest *paths,
	size_t count, object_list *out, struct err *err);
bool store_has_tree(const struct store *store, const struct digest *path, const char *name);
typedef bool store_visit(void *context, const char *name, struct err *err);
/* Names of a folder ("." and ".." not), or of all its shards. */
MUST_CHECK bool store_each(int folder, store_visit *visit, void *context, struct err *err);
MUST_CHECK bool store_each_sharded(int folder, store_visit *visit, void *context, struct err *err);

/* The folder `work`, where nobody else makes or sweeps names. */
MUST_CHECK bool store_ensure_work(struct store *store, struct err *err);
/* A name that nobody has. */
void store_random_name(char out[32]);
/* Moves store/<file> to trash/; emptied by store_empty_trash. Absent is fine. */
MUST_CHECK bool store_trash(
	struct store *store, enum store_folder folder, const char *name, struct err *err);
MUST_CHECK bool store_empty_trash(struct store *store, bool wait, struct err *err);
MUST_CHECK bool store_sweep_staging(struct store *store, struct err *err);

/* The kernel found no such name. */
static inline bool
err_is_absent(const struct err *err)
{
	return (err->kind == ERR_NOT_FOUND && (err->number == 0 || err->number == ENOENT)) ||
	       (err->kind == ERR_SYSTEM && err->number == ENOTDIR);
}

/* Not a cache: the folders are there, and locks are taken. */
static inline bool
store_is_shared(const struct store *store)
{
	return (store->flags & STORE_READ_ONLY) == 0;
}
