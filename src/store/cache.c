/* SPDX-License-Identifier: MPL-2.0 */
#include "store/cache.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/trace.h"
#include "store/blob.h"
#include "store/cache_send.h"
#include "store/internal.h"
#include "store/inventory.h"
#include "store/record.h"

static const char cache_tree[] = "object";

static bool
cache_copy_file(struct store *store, const struct inventory *from, size_t at, int parent,
	const char *name, struct err *err)
{
	cleanup_fd int fd = inventory_open(from, at, O_RDONLY | O_NONBLOCK, err);
	if (fd < 0 || !blob_copy(store, fd, parent, name, err))
		return false;
	if (from->entries.data[at].kind == TREE_EXECUTABLE && fchmodat(parent, name, 0700, 0) < 0)
		return err_system(err, errno, "change mode");
	return true;
}

static bool
cache_copy_entry(struct store *store, const struct inventory *from, const struct inventory *to,
	size_t at, struct err *err)
{
	const struct inventory_entry *entry = &from->entries.data[at];
	char name[TREE_NAME_MAX + 1];
	char target[TREE_TARGET_MAX + 1];
	cleanup_fd int parent = inventory_open_parent(to, at, name, err);
	if (parent < 0)
		return false;
	switch ((enum tree_kind)entry->kind) {
	case TREE_DIRECTORY:
		return mkdirat(parent, name, 0700) == 0 || err_system(err, errno, "make folder");
	case TREE_SYMLINK:
		memcpy(target, entry->target.data, entry->target.size);
		target[entry->target.size] = '\0';
		return symlinkat(target, parent, name) == 0 ||
		       err_system(err, errno, "make symlink");
	case TREE_FILE:
	case TREE_EXECUTABLE:
		return cache_copy_file(store, from, at, parent, name, err);
	}
	return true;
}

/* Copies first and hashes the copy, so that nothing can change between. */
static bool
cache_copy_tree(struct store *store, const struct store *cache, const char *file, int folder,
	struct err *err)
{
	cleanup_inventory struct inventory from = {0};
	if (cache->folders[FOLDER_STORE] < 0)
		return err_set(err, ERR_NOT_FOUND, "there are no objects");
	if (!inventory_walk(&from, cache->folders[FOLDER_STORE], file, INVENTORY_LOOK, NULL, err))
		return false;
	/* The same entries under another root. */
	struct inventory to = from;
	to.folder = folder;
	to.name = cache_tree;
	for (size_t at = 0; at < from.entries.size; at++)
		if (!cache_copy_entry(store, &from, &to, at, err))
			return inventory_note(&from, at, err);
	return true;
}

static struct vouch
cache_vouch(const struct store *cache, const struct vouch *vouch)
{
	struct vouch out = {.kind = VOUCH_REALIZER};
	if (vouch->kind != VOUCH_SELF)
		return *vouch;
	cleanup_buf struct buf name = BUF(BUF_MAX);
	buf_add_text(&name, "file://");
	record_escape(&name, bytes_text(cache->root));
	(void)snprintf(out.name, sizeof out.name, "%s", buf_text(&name));
	return out;
}

static bool
cache_copy_object(struct store *store, const struct store *cache, const struct object *object,
	bool keep_vouch, struct err *err)
{
	struct object_file file = object_file_print(&object->path, object->name);
	struct staging staging;
	if (!store_stage(store, &staging, err))
		return false;
	struct object added = {0};
	struct store_add_options options = {
		.name = object->name,
		.references = object->references,
		.selves = object->selves,
		.vouch = keep_vouch ? object->vouch : cache_vouch(cache, &object->vouch),
		.claim = &object->hash,
	};
	bool done = cache_copy_tree(store, cache, file.text, staging.folder, err) &&
		    store_add(store, staging.folder, cache_tree, &options, &added, err);
	store_unstage(&staging);
	if (!done) {
		if (err_is_absent(err))
			return err_set(err, ERR_NOT_FOUND, "cache %s: store/%s is not whole",
				cache->root, file.text);
		return err_note(err, "cache %s", cache->root);
	}
	bool same = digest_equal(&added.path, &object->path);
	object_release(&added);
	must(same, "the path of a tree with its recorded hash and references follows from them");
	trace("store", "copied %s from %s", file.text, cache->root);
	return true;
}

static bool
cache_copy(struct store *store, struct store *cache, const struct digest *path, bool keep_vouch,
	struct err *err)
{
	object_list list;
	if (!store_can_write(store, err) || !store_closure_records(cache, path, 1, &list, err))
		return false;
	bool done = true;
	for (size_t at = 0; done && at < list.size; at++) {
		struct object there;
		if (store_use(store, &list.data[at].path, &there, err))
			object_release(&there);
		else if (err->kind != ERR_NOT_FOUND)
			done = false;
		else
			done = cache_copy_object(store, cache, &list.data[at], keep_vouch, err);
	}
	object_list_release(&list);
	return done;
}

bool
store_copy_from(
	struct store *store, struct store *cache, const struct digest *path, struct err *err)
{
	return cache_copy(store, cache, path, false, err);
}

bool
cache_send(struct store *from, struct store *target, const struct digest *path, struct err *err)
{
	return cache_copy(target, from, path, true, err);
}
