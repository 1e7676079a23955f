/* SPDX-License-Identifier: MPL-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "store/blob.h"
#include "store/cache.h"
#include "store/cache_send.h"
#include "store/claim.h"
#include "store/commit.h"
#include "store/internal.h"
#include "store/inventory.h"
#include "store/node.h"
#include "store/read.h"
#include "store/realization.h"

struct push {
	struct store *store;
	struct store *target;
	struct map objects;      /* path digests done */
	struct map realizations; /* keys done */
};

static bool
push_nodes(struct push *push, const struct object *object, struct err *err)
{
	struct object_file file = object_file_print(&object->path, object->name);
	cleanup_inventory struct inventory inventory = {0};
	if (!inventory_walk(&inventory, push->target->folders[FOLDER_STORE], file.text,
		    INVENTORY_LOOK, NULL, err) ||
		!inventory_digest(&inventory, NULL, err))
		return false;
	cleanup_buf struct buf node = BUF(BUF_MAX);
	for (size_t at = 0; at < inventory.entries.size; at++) {
		const struct inventory_entry *entry = &inventory.entries.data[at];
		if (entry->kind != TREE_DIRECTORY)
			continue;
		buf_clear(&node);
		inventory_node(&inventory, at, false, &node);
		if (!node_write(push->target, &entry->digest, buf_bytes(&node), err))
			return false;
	}
	/* A root that is a symlink has its target for a blob. */
	const struct inventory_entry *root = &inventory.entries.data[0];
	return root->kind != TREE_SYMLINK ||
	       blob_write(push->target, &root->digest, root->target, err);
}

static bool
push_object(struct push *push, const struct digest *path, struct err *err)
{
	object_list list;
	if (!store_closure(push->store, path, 1, &list, err))
		return false;
	bool done = true;
	for (size_t at = 0; done && at < list.size; at++) {
		const struct object *object = &list.data[at];
		if (map_has(&push->objects, digest_bytes(&object->path)))
			continue;
		map_put(&push->objects, digest_bytes(&object->path), push);
		done = cache_send(push->store, push->target, &object->path, err) &&
		       push_nodes(push, object, err);
	}
	object_list_release(&list);
	return done;
}

/* What this store found true itself, or somebody signed: never hearsay. */
static bool
push_may_send(const struct vouch *vouch)
{
	return vouch->kind == VOUCH_SELF || vouch->kind == VOUCH_KEY;
}

static bool
push_realization(struct push *push, const struct digest *first, struct err *err)
{
	ARRAY(struct digest) keys = {0};
	*array_push(&keys) = *first;
	bool found = true;
	/* A list and not a recursion: a graph may be deep. */
	for (size_t next = 0; found && next < keys.size; next++) {
		struct digest key = keys.data[next];
		if (map_has(&push->realizations, digest_bytes(&key)))
			continue;
		map_put(&push->realizations, digest_bytes(&key), push);
		for (size_t nth = 0;; nth++) {
			cleanup_realization struct realization realization = {0};
			if (!realization_get(push->store, &key, nth, &realization, err)) {
				/* None of our own: it came from a cache, and is hearsay. */
				found = err->kind == ERR_NOT_FOUND;
				break;
			}
			for (size_t at = 0; at < realization.made_from.size; at++)
				*array_push(&keys) = realization.made_from.data[at];
			if (push_may_send(&realization.vouch))
				realization_put(push->target, &realization);
		}
	}
	array_release(&keys);
	return found;
}

static bool
push_identity(struct push *push, const struct digest *key, struct err *err)
{
	cleanup_buf struct buf blocks = BUF(64 << 20);
	struct shard_name shard = shard_digest(key);
	if (!store_record(push->store, FOLDER_IDENTITIES, &shard, &blocks, err))
		return err->kind == ERR_NOT_FOUND;
	struct bytes rest = buf_bytes(&blocks);
	while (rest.size) {
		struct claim claim;
		if (!claim_decode(&rest, key, &claim, err))
			return false;
		if (push_may_send(&claim.vouch))
			claim_put(push->target, &claim);
	}
	return true;
}

static bool
push_read(struct push *push, const struct cab_hash *hash, struct err *err)
{
	struct read_record record;
	if (!read_record_find(push->store, hash, &record, err))
		return err->kind == ERR_NOT_FOUND;
	bool done = true;
	cleanup_buf struct buf data = BUF(TREE_NODE_MAX);
	for (size_t at = 0; done && at < record.node_count; at++) {
		buf_clear(&data);
		done = node_read(push->store, &record.nodes[at], &data, err) &&
		       read_put_node(push->target, hash, buf_bytes(&data), err);
	}
	for (size_t at = 0; done && at < record.blob_count; at++) {
		cleanup_buf struct buf blob = BUF((size_t)8 << 30);
		done = blob_read(push->store, &record.blobs[at], &blob, err) &&
		       read_put_blob(push->target, hash, buf_bytes(&blob), err);
	}
	read_record_release(&record);
	return done || err_note(err, "what was read of %s", cab_hash_print(hash).text);
}

static bool
push_commit(struct push *push, const struct git_id *id, struct err *err)
{
	struct commit *from = commit_open(push->store, id, err);
	struct commit *to = from ? commit_open(push->target, id, err) : NULL;
	bool done = to && commit_copy(from, to, err);
	commit_close(from);
	commit_close(to);
	return done || err_note(err, "what was read of commit %s", git_id_print(id).text);
}

static bool
push_all(struct push *push, const struct store_push *what, struct err *err)
{
	for (size_t at = 0; at < what->path_count; at++)
		if (!push_object(push, &what->paths[at], err))
			return false;
	for (size_t at = 0; at < what->realization_count; at++)
		if (!push_realization(push, &what->realizations[at], err))
			return false;
	for (size_t at = 0; at < what->identity_count; at++)
		if (!push_identity(push, &what->identities[at], err))
			return false;
	for (size_t at = 0; at < what->read_count; at++)
		if (!push_read(push, &what->reads[at], err))
			return false;
	for (size_t at = 0; at < what->commit_count; at++)
		if (!push_commit(push, &what->commits[at], err))
			return false;
	return store_sync(push->target, err);
}

bool
store_push(struct store *store, const char *target, const struct store_push *what, struct err *err)
{
	/* What was read or put a moment ago is pushed too. */
	if (!(store->flags & STORE_READ_ONLY) && !store_sync(store, err))
		return false;
	struct push push = {.store = store, .target = store_open(target, STORE_CREATE, err)};
	if (!push.target)
		return false;
	store_on_warning(push.target, store->warning, store->warning_context);
	bool done = push_all(&push, what, err);
	map_release(&push.objects);
	map_release(&push.realizations);
	store_close(push.target);
	return done || err_note(err, "push to %s", target);
}
