/* SPDX-License-Identifier: MPL-2.0 */
#include "store/blob.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/trace.h"
#include "store/internal.h"
#include "store/normal.h"
#include "store/parallel.h"

enum { BLOB_CHUNK = 64 << 10 };

struct blob_name
blob_name(const struct digest *digest, char kind)
{
	struct blob_name name;
	(void)snprintf(name.text, sizeof name.text, "%s%s", digest_print(digest).text,
		kind == TREE_EXECUTABLE ? ".x" : "");
	return name;
}

static bool
blob_hash(int fd, struct digest *out, struct err *err)
{
	struct digester *digester = digester_new();
	uint8_t chunk[BLOB_CHUNK];
	ssize_t size;
	while ((size = fd_read_some(fd, chunk, sizeof chunk, err)) > 0)
		digester_add(digester, bytes_of(chunk, (size_t)size));
	*out = digester_finish(digester);
	digester_free(digester);
	return size == 0;
}

bool
blob_check(int fd, const struct digest *digest, char kind, struct err *err)
{
	struct stat status;
	if (fstat(fd, &status) < 0)
		return err_system(err, errno, "status");
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_CORRUPT, "is not a file");
	if (!normal_check(&status, kind, err))
		return false;
	struct digest found;
	if (!blob_hash(fd, &found, err))
		return false;
	if (!digest_equal(&found, digest))
		return err_set(err, ERR_CORRUPT, "its bytes have the digest %s",
			digest_print(&found).text);
	return true;
}

static bool
blob_copy_bytes(int from, int to, struct err *err)
{
	uint8_t chunk[BLOB_CHUNK];
	ssize_t size;
	while ((size = fd_read_some(from, chunk, sizeof chunk, err)) > 0)
		if (!fd_write_all(to, bytes_of(chunk, (size_t)size), err))
			return false;
	return size == 0;
}

bool
blob_copy(struct store *store, int from, int folder, const char *name, struct err *err)
{
	cleanup_fd int to =
		fd_open_at(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, err);
	if (to < 0)
		return false;
	bool done = !store->no_reflink && ioctl(to, FICLONE, from) == 0;
	if (!done)
		done = blob_copy_bytes(from, to, err);
	if (!done)
		(void)unlinkat(folder, name, 0);
	return done;
}

/* One file of a tree and the blob that it shares, for the threads. */
struct blob_share {
	uint32_t at;
	bool made; /* the blob is new */
	bool warn; /* the blob was damaged, and replaced */
};

struct blob_shares {
	struct store *store;
	struct inventory *inventory;
	ARRAY(struct blob_share) shares;
};

/* Puts a name in the work folder into its place. */
static bool
blob_place(
	struct store *store, const char *temporary, int folder, const char *name, struct err *err)
{
	int staging = store->work.folder;
	if (renameat(staging, temporary, folder, name) == 0)
		return true;
	int number = errno;
	(void)unlinkat(staging, temporary, 0);
	return err_system(err, number, "rename");
}

/* A normal copy that shares extents, under a new name in the work folder. False without an err where the
 * file system cannot. */
static bool
blob_clone(struct store *store, int from, char kind, char temporary[32])
{
	struct err err;
	int staging = store->work.folder;
	store_random_name(temporary);
	cleanup_fd int to = fd_open_at(
		staging, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, &err);
	if (to < 0)
		return false;
	if (ioctl(to, FICLONE, from) == 0 && fchmod(to, normal_mode(kind)) == 0 &&
		normal_make_time(to, &err))
		return true;
	(void)unlinkat(staging, temporary, 0);
	return false;
}

/* Another name for a file, in the work folder. */
static bool
blob_link(struct store *store, int folder, const char *name, char temporary[32])
{
	store_random_name(temporary);
	return linkat(folder, name, store->work.folder, temporary, 0) == 0;
}

/* The blob is whole: the tree's file becomes it. Where links run out the file stays a copy. */
static bool
blob_take(struct store *store, const char *blob, int blob_fd, char kind, int parent,
	const char *name, struct err *err)
{
	char temporary[32];
	if (!store->no_reflink) {
		if (!blob_clone(store, blob_fd, kind, temporary))
			return true;
	} else if (!blob_link(store, store->folders[FOLDER_BLOBS], blob, temporary)) {
		return errno == EMLINK || errno == ENOENT || err_system(err, errno, "link");
	}
	return blob_place(store, temporary, parent, name, err);
}

/* There is no blob, or a bad one: the tree's file becomes it. */
static bool
blob_give(struct store *store, const char *blob, int fd, char kind, int parent, const char *name,
	struct err *err)
{
	char temporary[32];
	if (!store->no_reflink) {
		if (!blob_clone(store, fd, kind, temporary))
			return true;
	} else if (!blob_link(store, parent, name, temporary)) {
		return err_system(err, errno, "link");
	}
	return blob_place(store, temporary, store->folders[FOLDER_BLOBS], blob, err);
}

static bool
blob_share_open(struct blob_shares *shares, struct blob_share *share, int parent, const char *name,
	struct err *err)
{
	struct store *store = shares->store;
	const struct inventory_entry *entry = &shares->inventory->entries.data[share->at];
	struct blob_name blob = blob_name(&entry->digest, entry->kind);
	/* Most often there is none, and this says so as well. */
	if (store->no_reflink &&
		linkat(parent, name, store->folders[FOLDER_BLOBS], blob.text, 0) == 0) {
		share->made = true;
		return true;
	}
	cleanup_fd int there = fd_open_at(store->folders[FOLDER_BLOBS], blob.text,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	if (there < 0 && err->number != ENOENT && err->number != ELOOP)
		return false;
	if (there >= 0 && blob_check(there, &entry->digest, entry->kind, err))
		return blob_take(store, blob.text, there, entry->kind, parent, name, err);
	if (there >= 0 && err->kind != ERR_CORRUPT)
		return false;
	share->warn = there >= 0;
	share->made = true;
	cleanup_fd int fd = fd_open_at(parent, name, O_RDONLY | O_NOFOLLOW, 0, err);
	if (fd < 0)
		return false;
	return blob_give(store, blob.text, fd, entry->kind, parent, name, err);
}

static bool
blob_share_step(void *context, size_t index, struct err *err)
{
	struct blob_shares *shares = context;
	struct blob_share *share = &shares->shares.data[index];
	char name[TREE_NAME_MAX + 1];
	cleanup_fd int parent = inventory_open_parent(shares->inventory, share->at, name, err);
	if (parent < 0)
		return false;
	return blob_share_open(shares, share, parent, name, err) ||
	       inventory_note(shares->inventory, share->at, err);
}

/* One try decides for the store: on a file system without reflinks each would fail. */
static void
blob_probe(struct store *store)
{
	if (store->no_reflink)
		return;
	struct err err;
	char name[32];
	char temporary[32];
	store_random_name(name);
	int staging = store->work.folder;
	cleanup_fd int fd =
		fd_open_at(staging, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, &err);
	store->no_reflink = fd < 0 || !fd_write_all(fd, BYTES_LITERAL("x"), &err) ||
			    !blob_clone(store, fd, TREE_FILE, temporary);
	if (!store->no_reflink)
		(void)unlinkat(staging, temporary, 0);
	(void)unlinkat(staging, name, 0);
}

static void
blob_share_add(struct blob_shares *shares, uint32_t at, struct map *seen)
{
	const struct inventory_entry *entry = &shares->inventory->entries.data[at];
	if ((entry->kind != TREE_FILE && entry->kind != TREE_EXECUTABLE) || entry->size == 0)
		return;
	uint8_t key[DIGEST_SIZE + 1];
	memcpy(key, entry->digest.bytes, DIGEST_SIZE);
	key[DIGEST_SIZE] = (uint8_t)entry->kind;
	if (map_has(seen, bytes_of(key, sizeof key)))
		return;
	map_put(seen, bytes_of(key, sizeof key), shares);
	/* What was linked from a former object shares with its blob, if anything does. */
	if (!entry->is_reused)
		array_push(&shares->shares)->at = at;
}

bool
blob_share(struct store *store, struct inventory *inventory, struct err *err)
{
	blob_probe(store);
	struct blob_shares shares = {.store = store, .inventory = inventory};
	struct map seen = {0};
	/* Reused ones first: their blobs' inodes have a name in the tree. */
	for (int round = inventory->reuse ? 0 : 1; round < 2; round++)
		for (size_t at = 0; at < inventory->entries.size; at++)
			if (inventory->entries.data[at].is_reused == (round == 0))
				blob_share_add(&shares, (uint32_t)at, &seen);
	map_release(&seen);
	store->dirty = true;
	bool shared = parallel_each(shares.shares.size, blob_share_step, &shares, err);
	for (size_t at = 0; at < shares.shares.size; at++) {
		const struct blob_share *share = &shares.shares.data[at];
		const struct inventory_entry *entry = &inventory->entries.data[share->at];
		if (!share->made)
			continue;
		struct pending_name *made = array_push(&store->made);
		made->folder = FOLDER_BLOBS;
		struct blob_name name = blob_name(&entry->digest, entry->kind);
		memcpy(made->name, name.text, sizeof name.text);
		if (share->warn)
			store_warn(store, "blobs/%s was damaged: replaced", name.text);
	}
	array_release(&shares.shares);
	return shared;
}

static bool
blob_read_one(const struct store *store, const struct digest *digest, char kind, struct buf *out,
	struct err *err)
{
	struct blob_name name = blob_name(digest, kind);
	cleanup_buf struct buf data = BUF(out->ceiling - out->size);
	if (!store_record_file(store, FOLDER_BLOBS, name.text, &data, err))
		return false;
	struct digest found = digest_of(buf_bytes(&data));
	if (!digest_equal(&found, digest))
		return err_set(err, ERR_CORRUPT, "store %s: blobs/%s has the digest %s",
			store->root, name.text, digest_print(&found).text);
	buf_add(out, buf_bytes(&data));
	return true;
}

bool
blob_read(const struct store *store, const struct digest *digest, struct buf *out, struct err *err)
{
	/* The empty content has no blob: nothing links to one. */
	struct digest empty = digest_of(bytes_of(NULL, 0));
	if (digest_equal(digest, &empty))
		return true;
	if (blob_read_one(store, digest, TREE_FILE, out, err))
		return true;
	struct err first = *err;
	if (err->kind == ERR_LIMIT)
		return false;
	if (blob_read_one(store, digest, TREE_EXECUTABLE, out, err))
		return true;
	if (err->kind == ERR_NOT_FOUND)
		*err = first;
	return false;
}

bool
blob_write(struct store *store, const struct digest *digest, struct bytes data, struct err *err)
{
	cleanup_buf struct buf there = BUF(data.size);
	if (blob_read(store, digest, &there, err))
		return true;
	if (!store_ensure_work(store, err))
		return false;
	char temporary[32];
	store_random_name(temporary);
	int staging = store->work.folder;
	cleanup_fd int fd =
		fd_open_at(staging, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, err);
	if (fd < 0)
		return false;
	struct blob_name name = blob_name(digest, TREE_FILE);
	bool done = fd_write_all(fd, data, err);
	if (done && fchmod(fd, 0444) < 0)
		done = err_system(err, errno, "change mode");
	done = done && normal_make_time(fd, err);
	if (!done)
		(void)unlinkat(staging, temporary, 0);
	else
		done = blob_place(store, temporary, store->folders[FOLDER_BLOBS], name.text, err);
	if (!done)
		return err_note(err, "blob %s", name.text);
	struct pending_name *made = array_push(&store->made);
	made->folder = FOLDER_BLOBS;
	memcpy(made->name, name.text, sizeof name.text);
	store->dirty = true;
	return true;
}
