/* SPDX-License-Identifier: MPL-2.0 */
/*
 * store: objects on a disk, shared by any number of processes without a daemon; cab-store(5).
 *
 *     struct store *store = store_open("/cull", 0, err);
 *     struct staging staging;
 *     if (!store_stage(store, &staging, err)) ...           a private folder on the store's disk
 *     ... a program writes staging.folder/out ...           every process of it is gone now
 *     struct store_add_options options = {.name = "hello-1.0", .references = ..., .selves = ...};
 *     if (!store_add(store, staging.folder, "out", &options, &object, err)) ...
 *     store_unstage(&staging);
 *     realization_put(store, &realization); claim_put(store, &claim);
 *     if (!store_sync(store, err)) ...                      now it is durable, and others see it
 *     store_close(store);
 *
 * What is added or put is seen at once through this struct store; other processes, and this one
 * after a crash, see it once store_sync has returned. So sync before a lock, a ./result, an answer
 * to another machine, the release of a run lock, or the exit. With nothing new store_sync makes no
 * system call. A failed sync is final for its batch: what was pending is dropped, what of it
 * has no record yet does not exist, and the caller may build anew.
 *
 * Everything named by add, use, obtain and closure is leased: gc and delete leave it alone until
 * this store is closed or its process is gone.
 *
 * One thread at a time uses a struct store. store_add, store_hash_tree and verify start threads of
 * their own and join them before they return.
 */
#pragma once

#include "store/object.h"

struct store;

enum store_flags {
	STORE_READ_ONLY = 1 << 0, /* as a cache: nothing is made, locked or written */
	STORE_CREATE = 1 << 1,    /* make what is absent, the root itself included */
};

/* Physical root: $CAB_ROOT, else "/cull" for root, else "$HOME/.local/share/cab". The text is
 * freed by free(); NULL where there is no HOME. */
char *store_default_root(void);

/* ERR_REFUSED with the reason where the root or a folder of it is a symlink, belongs to somebody
 * else (a cache may belong to root too), may be written by others, lies on another file system than
 * the root, or has another version; ERR_NOT_FOUND where there is no store. Without STORE_READ_ONLY
 * the root must be writable. */
struct store *store_open(const char *root, unsigned flags, struct err *err);
/* Pending work that was not synced is dropped; the lease ends. NULL is fine. */
void store_close(struct store *store);

const char *store_root(const struct store *store);
/* "<root>/store/<digest>-<name>", where an object really lies. Freed by free(). */
char *store_physical_path(const struct store *store, const struct object_reference *object);

/* A trusted directory, opened STORE_READ_ONLY: find functions ask it after the store itself, in the
 * order of addition. Belongs to the store from here on. */
void store_add_cache(struct store *store, struct store *cache);

/* Told in one sentence of what was survived: a cache that lied, a corrupt record passed over. */
typedef void store_warning(void *context, const char *sentence);
void store_on_warning(struct store *store, store_warning *warning, void *context);

/* A fresh private folder, 0700, in staging/. Its lock is the open descriptor: what a dead process
 * left is swept by the next stage or gc. */
struct staging {
	struct store *store;
	int folder;
	char name[32];
};

MUST_CHECK bool store_stage(struct store *store, struct staging *out, struct err *err);
/* Removes the folder with what is left in it. */
void store_unstage(struct staging *staging);

/* Ceilings of one tree; zero means the default of THREATS section 5: 8 GiB, 2 million names, 128
 * folders deep. Meeting one is ERR_LIMIT with ERR_LIMIT_OUTPUT. */
struct tree_limits {
	uint64_t size;
	uint64_t files;
	uint32_t depth;
};

struct tree_facts {
	struct cab_hash hash;
	struct cab_hash blanked; /* equal to hash without selves */
	uint64_t size;
	uint64_t files;
};

/* The Cab hash of a tree, and the hash with these self-references blanked (selves may be NULL;
 * sorted here). Nothing is changed. Devices, FIFOs, sockets, mounts are ERR_REFUSED, named. */
MUST_CHECK bool store_hash_tree(int folder, const char *name, const struct tree_limits *limits,
	object_selves *selves, struct tree_facts *out, struct err *err);

struct reuse;

struct store_add_options {
	const char *name;
	object_references references; /* borrowed; sorted and made unique in place */
	object_selves selves;         /* borrowed; the letters there already spell the path */
	struct vouch vouch;
	struct tree_limits limits;
	const struct cab_hash *claim; /* if given the tree must have this hash, else ERR_CORRUPT */
	const struct reuse *reuse;    /* what was linked from a former object (reuse.h), or NULL */
	bool keep_nodes; /* its nodes are kept in trees/, as far as they can be: a hint for later */
};

/* Takes folder/name into the store: walks without following links, normalises (owner, modes,
 * times, extended attributes, hard links among its own names), hashes in parallel, shares contents
 * through blobs/, and renames it to its path. The tree is gone from the folder then, or was dropped
 * because the store had a whole one; a damaged one is replaced. The folder must be on the store's
 * file system. A file with a hard link outside the tree is ERR_REFUSED; where selves do not spell
 * the path that follows from the content, ERR_CORRUPT. On failure the tree is left in the folder,
 * normalised in part, and nothing is registered. */
MUST_CHECK bool store_add(struct store *store, int folder, const char *name,
	const struct store_add_options *options, struct object *out, struct err *err);

/* Makes all that is pending durable, then visible: data, records, index. */
MUST_CHECK bool store_sync(struct store *store, struct err *err);

/* The record of an object that lies in this store whole (its tree and every reference's are there;
 * bytes are not read): leased with its closure from here on. ERR_NOT_FOUND otherwise. Caches are
 * not asked. */
MUST_CHECK bool store_use(
	struct store *store, const struct digest *path, struct object *out, struct err *err);
/* The same, but copies object and closure from the first cache that has them whole, every byte
 * hashed. A cache that fails is warned of and passed over. */
MUST_CHECK bool store_obtain(
	struct store *store, const struct digest *path, struct object *out, struct err *err);
/* As they are recorded, here and then in caches, without lease: for `store info`, `why`. */
MUST_CHECK bool store_info(
	struct store *store, const struct digest *path, struct object *out, struct err *err);

/* The folder, file (O_RDONLY) or symlink (O_PATH) of an object. -1 and *err on failure. */
int store_open_object(
	const struct store *store, const struct object_reference *object, struct err *err);

typedef ARRAY(struct object) object_list;
void object_list_release(object_list *list);
/* All that the given objects refer to, transitively, themselves included: references first, each
 * once. Leased. ERR_NOT_FOUND names what is missing. */
MUST_CHECK bool store_closure(struct store *store, const struct digest *paths, size_t count,
	object_list *out, struct err *err);
/* Every registered object, in the order of path digests; for `store ls`. A record that does not
 * decode is warned of. */
MUST_CHECK bool store_list(struct store *store, object_list *out, struct err *err);
