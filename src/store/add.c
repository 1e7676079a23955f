/* SPDX-License-Identifier: MPL-2.0 */
#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/trace.h"
#include "store/blob.h"
#include "store/internal.h"
#include "store/inventory.h"
#include "store/normal.h"
#include "store/tree_nodes.h"
#include "store/verify_tree.h"

/* One store_add on its way. */
struct add {
	struct store *store;
	int folder;
	const char *name;
	struct inventory inventory;
	struct object object;
	struct cab_hash blanked;
	struct object_file file;
};

static int
add_compare_inodes(const void *left_index, const void *right_index, void *context)
{
	const struct inventory *inventory = context;
	uint32_t left = *(const uint32_t *)left_index;
	uint32_t right = *(const uint32_t *)right_index;
	uint64_t left_inode = inventory->entries.data[left].inode;
	uint64_t right_inode = inventory->entries.data[right].inode;
	if (left_inode != right_inode)
		return left_inode < right_inode ? -1 : 1;
	return (left > right) - (left < right);
}

/* Gives a name an inode of its own. */
static bool
add_split_link(struct add *add, size_t at, struct err *err)
{
	struct inventory_entry *entry = &add->inventory.entries.data[at];
	char name[TREE_NAME_MAX + 1];
	char temporary[32];
	cleanup_fd int parent = inventory_open_parent(&add->inventory, at, name, err);
	cleanup_fd int from =
		parent < 0 ? -1 : fd_open_at(parent, name, O_RDONLY | O_NOFOLLOW, 0, err);
	if (from < 0)
		return false;
	int staging = add->store->work.folder;
	store_random_name(temporary);
	if (!blob_copy(add->store, from, staging, temporary, err))
		return inventory_note(&add->inventory, at, err);
	struct stat status;
	if (fstatat(staging, temporary, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		renameat(staging, temporary, parent, name) < 0) {
		int number = errno;
		(void)unlinkat(staging, temporary, 0);
		return err_system(err, number, "split hard links") ||
		       inventory_note(&add->inventory, at, err);
	}
	entry->inode = status.st_ino;
	entry->links = 1;
	return true;
}

/* Hard links among the tree's own names are content twice. One from outside would be changed with
 * the object, and the object with it. */
static bool
add_split_links(struct add *add, struct err *err)
{
	struct inventory *inventory = &add->inventory;
	ARRAY(uint32_t) linked = {0};
	for (size_t at = 0; at < inventory->entries.size; at++) {
		const struct inventory_entry *entry = &inventory->entries.data[at];
		if (entry->kind != TREE_DIRECTORY && entry->links > 1 && !entry->is_reused)
			*array_push(&linked) = (uint32_t)at;
	}
	if (linked.size)
		qsort_r(linked.data, linked.size, sizeof *linked.data, add_compare_inodes,
			inventory);
	bool good = true;
	for (size_t at = 0; good && at < linked.size;) {
		const struct inventory_entry *first = &inventory->entries.data[linked.data[at]];
		size_t end = at + 1;
		while (end < linked.size &&
			inventory->entries.data[linked.data[end]].inode == first->inode)
			end++;
		if (first->links != end - at)
			good = err_set(err, ERR_REFUSED, "has a hard link outside of it") ||
			       inventory_note(inventory, linked.data[at], err);
		bool file = first->kind != TREE_SYMLINK;
		for (size_t next = at + 1; good && file && next < end; next++)
			good = add_split_link(add, linked.data[next], err);
		at = end;
	}
	array_release(&linked);
	return good;
}

static bool
add_check_options(const struct store *store, int folder, const struct store_add_options *options,
	struct err *err)
{
	struct stat tree;
	struct stat root;
	if (!store_can_write(store, err))
		return false;
	if (!object_is_name(bytes_text(options->name)))
		return err_set(err, ERR_REFUSED, "\"%s\" cannot name an object", options->name);
	if (options->references.size > OBJECT_REFERENCES_MAX ||
		options->selves.size > OBJECT_SELVES_MAX)
		return err_limit(
			err, ERR_LIMIT_OUTPUT, "object %s: too many references", options->name);
	if (fstat(folder, &tree) < 0 || fstat(store->fd, &root) < 0)
		return err_system(err, errno, "status of the staging folder");
	if (tree.st_dev != root.st_dev)
		return err_set(err, ERR_REFUSED,
			"object %s does not lie on the file system of the store", options->name);
	return true;
}

static bool
add_check_path(const struct add *add, struct err *err)
{
	if (add->object.selves.size == 0)
		return true;
	struct digest_text text = digest_print(&add->object.path);
	if (memcmp(text.text, add->inventory.letters, DIGEST_TEXT) != 0)
		return err_set(err, ERR_CORRUPT,
			"object %s names itself %.*s, but its path digest is %s", add->object.name,
			DIGEST_TEXT, add->inventory.letters, text.text);
	return true;
}

/* Hashes and names the tree. */
static bool
add_measure(struct add *add, const struct store_add_options *options, struct err *err)
{
	struct inventory *inventory = &add->inventory;
	object_references references = options->references;
	object_selves selves = options->selves;
	object_references_sort(&references);
	object_selves_sort(&selves);
	inventory->reuse = options->reuse;
	if (!inventory_walk(inventory, add->folder, add->name, INVENTORY_NORMALISE,
		    &options->limits, err) ||
		!add_split_links(add, err) || !inventory_digest(inventory, &selves, err))
		return false;
	add->blanked = inventory_blanked(inventory);
	struct cab_hash hash = inventory_hash(inventory);
	if (options->claim && !cab_hash_equal(options->claim, &hash))
		return err_set(err, ERR_CORRUPT, "object %s: its hash is %s, not %s", options->name,
			cab_hash_print(&hash).text, cab_hash_print(options->claim).text);
	struct object seen = {
		.path = object_path(&add->blanked, options->name, &references, &selves),
		.hash = hash,
		.size = inventory->size,
		.files = inventory->entries.size,
		.vouch = options->vouch,
		.references = references,
		.selves = selves,
	};
	(void)stpcpy(seen.name, options->name);
	object_copy(&seen, &add->object);
	add->file = object_file_print(&seen.path, seen.name);
	return add_check_path(add, err);
}

/* From here on gc leaves the path and what it refers to alone; all of that must be there. */
static bool
add_lease(struct add *add, struct err *err)
{
	const object_references *references = &add->object.references;
	if (!lease_add(add->store, LEASE_OBJECT, digest_print(&add->object.path).text, err))
		return false;
	ARRAY(struct digest) paths = {0};
	bool itself = false;
	for (size_t at = 0; at < references->size; at++) {
		itself |= digest_equal(&references->data[at].path, &add->object.path);
		*array_push(&paths) = references->data[at].path;
	}
	object_list closure = {0};
	bool leased = itself ? err_set(err, ERR_REFUSED, "is among its own references")
			     : store_closure(add->store, paths.data, paths.size, &closure, err);
	array_release(&paths);
	if (leased)
		object_list_release(&closure);
	return leased || err_note(err, "what it refers to");
}

/* The rename needed the mode, and may have set the time. */
static bool
add_finish_root(struct add *add, struct err *err)
{
	int folder = add->store->folders[FOLDER_STORE];
	return add->inventory.entries.data[0].kind != TREE_DIRECTORY ||
	       normal_seal(folder, add->file.text, TREE_DIRECTORY, true, err) ||
	       err_note(err, "store/%s", add->file.text);
}

/* What lies under the path already: whole, then ours is dropped; damaged, then ours takes its
 * place. */
static bool
add_settle(struct add *add, bool sealed, bool *placed, struct err *err)
{
	struct store *store = add->store;
	int folder = store->folders[FOLDER_STORE];
	*placed = false;
	if (verify_tree(store, &add->object, err)) {
		*placed = true;
		return path_remove(add->folder, add->name, err);
	}
	if (err_is_absent(err))
		return true;
	if (err->kind != ERR_CORRUPT && err->kind != ERR_REFUSED && err->kind != ERR_LIMIT)
		return false;
	if (!sealed)
		return true;
	store_warn(store, "store/%s was damaged (%s): replaced", add->file.text, err->text);
	/* An ordinary user may rename a folder away only while it can be written. */
	struct stat status;
	if (fstatat(folder, add->file.text, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		S_ISDIR(status.st_mode))
		(void)!fchmodat(folder, add->file.text, 0755, 0);
	if (syscall(SYS_renameat2, add->folder, add->name, folder, add->file.text,
		    RENAME_EXCHANGE) < 0)
		return err_system(err, errno, "replace store/%s", add->file.text);
	*placed = true;
	return add_finish_root(add, err) && path_remove(add->folder, add->name, err);
}

static bool
add_place(struct add *add, struct err *err)
{
	struct store *store = add->store;
	bool placed;
	if (!add_settle(add, false, &placed, err))
		return false;
	if (placed)
		return true;
	if (!blob_share(store, &add->inventory, err) || !inventory_seal(&add->inventory, err))
		return false;
	int folder = store->folders[FOLDER_STORE];
	for (int round = 0; round < 8; round++) {
		if (syscall(SYS_renameat2, add->folder, add->name, folder, add->file.text,
			    RENAME_NOREPLACE) == 0)
			return add_finish_root(add, err);
		if (errno != EEXIST)
			return err_system(err, errno, "rename to store/%s", add->file.text);
		if (!add_settle(add, true, &placed, err))
			return false;
		if (placed)
			return true;
	}
	return err_set(err, ERR_SYSTEM, "store/%s comes and goes", add->file.text);
}

/* What is registered already was promised before: this batch has no say in it. */
static void
add_register(struct add *add)
{
	struct store *store = add->store;
	struct err err;
	struct object known;
	if (store_object_record(store, &add->object.path, &known, &err)) {
		object_release(&known);
		return;
	}
	cleanup_buf struct buf record = BUF(BUF_MAX);
	struct shard_name shard = shard_digest(&add->object.path);
	object_encode(&add->object, &add->blanked, &record);
	store->dirty = true;
	store_pend(store, FOLDER_OBJECTS, &shard, PENDING_KEEP, buf_bytes(&record));
	object_copy(&add->object, array_push(&store->added));
	trace("store", "added %s, %s, %llu bytes", add->file.text,
		cab_hash_print(&add->object.hash).text, (unsigned long long)add->object.size);
}

bool
store_add(struct store *store, int folder, const char *name,
	const struct store_add_options *options, struct object *out, struct err *err)
{
	if (!add_check_options(store, folder, options, err))
		return false;
	if (!store_ensure_work(store, err))
		return false;
	struct add add = {.store = store, .folder = folder, .name = name};
	bool added =
		add_measure(&add, options, err) && add_lease(&add, err) && add_place(&add, err);
	struct err lost;
	if (added && options->keep_nodes && add.object.hash.kind == TREE_DIRECTORY &&
		!tree_nodes_write(store, &add.inventory, &lost))
		trace("store", "%s", lost.text);
	if (added) {
		add_register(&add);
		*out = object_take(&add.object);
	}
	object_release(&add.object);
	inventory_release(&add.inventory);
	return added || err_note(err, "object %s", options->name);
}
