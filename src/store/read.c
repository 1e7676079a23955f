/* SPDX-License-Identifier: MPL-2.0 */
#include "store/read.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/blob.h"
#include "store/internal.h"
#include "store/inventory.h"
#include "store/node.h"
#include "store/read_session.h"

/* A node or the bytes of a file or root symlink: by digest, and by where it stands in the tree. */
struct read_want {
	struct store *store;
	const struct read_source *source;
	enum lease_kind kind; /* LEASE_NODE or LEASE_BLOB */
	struct digest digest;
	struct bytes path;
};

/* The name of the whole object's tree, with the path in it; false where there is none. */
static bool
read_whole(struct store *from, const struct read_want *want, struct buf *out)
{
	const struct read_source *source = want->source;
	if (!source->name || !object_is_name(bytes_text(source->name)))
		return false;
	struct digest path =
		source->path ? *source->path : object_plain_path(source->hash, source->name);
	struct err err;
	struct object object;
	bool there = store_is_shared(from) ? store_use(from, &path, &object, &err)
					   : store_object_record(from, &path, &object, &err);
	if (!there)
		return false;
	object_release(&object);
	buf_add_text(out, object_file_print(&path, source->name).text);
	if (want->path.size)
		buf_add_byte(out, '/');
	buf_add(out, want->path);
	return true;
}

/* A folder's node out of the tree itself: all below it is hashed, and proves it. */
static bool
read_whole_node(struct store *from, struct buf *name, struct buf *out, struct err *err)
{
	cleanup_fd int parent = -1;
	char *text = (char *)name->data;
	char *last = strrchr(text, '/');
	if (last)
		*last = '\0';
	parent =
		last ? fd_open_beneath(from->folders[FOLDER_STORE], text,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err)
		     : fd_open_at(from->folders[FOLDER_STORE], ".", O_RDONLY | O_DIRECTORY, 0, err);
	if (parent < 0)
		return false;
	cleanup_inventory struct inventory inventory = {0};
	if (!inventory_walk(
		    &inventory, parent, last ? last + 1 : text, INVENTORY_LOOK, NULL, err) ||
		!inventory_digest(&inventory, NULL, err))
		return false;
	if (inventory.entries.data[0].kind == TREE_DIRECTORY)
		inventory_node(&inventory, 0, false, out);
	return true;
}

static bool
read_whole_bytes(struct store *from, struct buf *name, struct buf *out, struct err *err)
{
	int folder = from->folders[FOLDER_STORE];
	char target[TREE_TARGET_MAX + 1];
	ssize_t size = readlinkat(folder, buf_text(name), target, sizeof target);
	if (size >= 0) {
		buf_add(out, bytes_of(target, (size_t)size));
		return true;
	}
	cleanup_fd int fd =
		fd_open_beneath(folder, buf_text(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	return fd >= 0 && fd_read_all(fd, out, err);
}

/* From the whole object in one store; proved by the digest that is wanted. */
static bool
read_from_whole(struct store *from, const struct read_want *want, struct buf *out, struct err *err)
{
	cleanup_buf struct buf name = BUF(BUF_MAX);
	if (!read_whole(from, want, &name))
		return err_set(err, ERR_NOT_FOUND, "%s is not in store %s",
			cab_hash_print(want->source->hash).text, from->root);
	(void)buf_text(&name);
	cleanup_buf struct buf data = BUF(out->ceiling - out->size);
	bool node = want->kind == LEASE_NODE;
	if (!(node ? read_whole_node(from, &name, &data, err)
		   : read_whole_bytes(from, &name, &data, err)))
		return err_note(err, "store %s", from->root);
	if (!buf_check(&data, err, "%.*s", BYTES_ARGS(want->path)))
		return false;
	struct digest found = digest_of(buf_bytes(&data));
	if (!digest_equal(&found, &want->digest))
		return err_set(err, ERR_CORRUPT, "store %s: store/%s is damaged", from->root,
			buf_text(&name));
	buf_add(out, buf_bytes(&data));
	return true;
}

static bool
read_from(struct store *from, const struct read_want *want, struct buf *out, struct err *err)
{
	bool node = want->kind == LEASE_NODE;
	if (node ? node_read(from, &want->digest, out, err)
		 : blob_read(from, &want->digest, out, err))
		return true;
	if (err->kind == ERR_LIMIT)
		return false;
	if (err->kind != ERR_NOT_FOUND)
		store_warn(want->store, "%s", err->text);
	return read_from_whole(from, want, out, err);
}

/* What was read stays: leased, then written, then listed. */
static bool
read_keep(struct store *store, const struct cab_hash *hash, enum lease_kind kind,
	const struct digest *digest, struct bytes data, struct err *err)
{
	struct read_session *session;
	if (!read_session_get(store, hash, &session, err))
		return false;
	if (!lease_add_many(store, kind, digest, 1, err))
		return false;
	if (!(kind == LEASE_NODE ? node_write(store, digest, data, err)
				 : blob_write(store, digest, data, err)))
		return false;
	if (!read_session_has(session, kind, digest))
		read_session_add(store, session, kind, digest);
	return true;
}

static bool
read_obtain(const struct read_want *want, struct buf *out, struct err *err)
{
	struct store *store = want->store;
	struct read_session *session = NULL;
	if (store_is_shared(store) && !read_session_get(store, want->source->hash, &session, err))
		return false;
	for (size_t at = 0; at <= store->caches.size; at++) {
		struct store *from = at ? store->caches.data[at - 1] : store;
		size_t start = out->size;
		if (read_from(from, want, out, err)) {
			struct bytes data = bytes_from(buf_bytes(out), start);
			bool kept = at == 0 && session &&
				    read_session_has(session, want->kind, &want->digest);
			return kept || !session ||
			       read_keep(store, want->source->hash, want->kind, &want->digest, data,
				       err);
		}
		buf_truncate(out, start);
		if (err->kind == ERR_LIMIT)
			return false;
		if (err->kind != ERR_NOT_FOUND)
			store_warn(store, "%s", err->text);
	}
	return err_set(err, ERR_NOT_FOUND, "%s of %s is held neither here nor by a cache",
		want->path.size ? "a part" : "the root", cab_hash_print(want->source->hash).text);
}

static bool
read_is_path(struct bytes path)
{
	size_t depth = 0;
	struct bytes part;
	if (path.size == 0)
		return true;
	while (bytes_split(&path, '/', &part))
		if (!path_is_name(part) || ++depth > TREE_DEPTH_MAX + 1)
			return false;
	return true;
}

/* Down from the root, a node at a time. `target` takes the target of a symlink below the root. */
static bool
read_walk(struct store *store, const struct read_source *source, struct bytes path,
	struct read_entry *out, struct buf *target, struct err *err)
{
	if (!read_is_path(path))
		return err_set(
			err, ERR_REFUSED, "\"%.*s\" is not a path in a tree", BYTES_ARGS(path));
	struct read_entry entry = {source->hash->kind, source->hash->digest};
	struct bytes rest = path.size ? path : bytes_of(NULL, 0);
	struct bytes part;
	while (entry.kind != READ_ABSENT && bytes_split(&rest, '/', &part)) {
		if (entry.kind != TREE_DIRECTORY) {
			entry = (struct read_entry){.kind = READ_ABSENT};
			break;
		}
		size_t above = (size_t)(part.data - path.data);
		struct read_want want = {store, source, LEASE_NODE, entry.digest,
			bytes_first(path, above ? above - 1 : 0)};
		cleanup_buf struct buf node = BUF(TREE_NODE_MAX);
		struct tree_entry row;
		if (!read_obtain(&want, &node, err))
			return false;
		if (tree_node_find(buf_bytes(&node), part, &row, err)) {
			entry = (struct read_entry){row.kind, row.digest};
			if (row.kind == TREE_SYMLINK)
				entry.digest = digest_of(row.target);
			if (target && row.kind == TREE_SYMLINK && !rest.data)
				buf_add(target, row.target);
		} else if (err->kind == ERR_NOT_FOUND) {
			entry = (struct read_entry){.kind = READ_ABSENT};
		} else {
			return false;
		}
	}
	*out = entry;
	return true;
}

bool
read_find(struct store *store, const struct read_source *source, struct bytes path,
	struct read_entry *out, struct err *err)
{
	return read_walk(store, source, path, out, NULL, err);
}

bool
read_file(struct store *store, const struct read_source *source, struct bytes path, struct buf *out,
	struct err *err)
{
	struct read_entry entry = {.kind = READ_ABSENT};
	cleanup_buf struct buf target = BUF(TREE_TARGET_MAX);
	if (!read_walk(store, source, path, &entry, &target, err))
		return false;
	if (entry.kind == TREE_SYMLINK && path.size) {
		buf_add(out, buf_bytes(&target));
		return buf_check(out, err, "%.*s", BYTES_ARGS(path));
	}
	if (entry.kind == READ_ABSENT || entry.kind == TREE_DIRECTORY)
		return err_set(err, ERR_REFUSED, "%.*s%s%s", BYTES_ARGS(path), path.size ? " " : "",
			entry.kind ? "is a folder" : "is not in the tree");
	struct read_want want = {store, source, LEASE_BLOB, entry.digest, path};
	return read_obtain(&want, out, err) || err_note(err, "%.*s", BYTES_ARGS(path));
}

bool
read_list(struct store *store, const struct read_source *source, struct bytes path,
	struct buf *node, struct err *err)
{
	struct read_entry entry = {.kind = READ_ABSENT};
	if (!read_walk(store, source, path, &entry, NULL, err))
		return false;
	if (entry.kind != TREE_DIRECTORY)
		return err_set(err, ERR_REFUSED, "\"%.*s\" %s", BYTES_ARGS(path),
			entry.kind ? "is not a folder" : "is not in the tree");
	struct read_want want = {store, source, LEASE_NODE, entry.digest, path};
	size_t start = node->size;
	return read_obtain(&want, node, err) &&
	       tree_node_check(bytes_from(buf_bytes(node), start), err);
}

bool
read_put_node(struct store *store, const struct cab_hash *hash, struct bytes node, struct err *err)
{
	struct digest digest = digest_of(node);
	return store_can_write(store, err) && tree_node_check(node, err) &&
	       read_keep(store, hash, LEASE_NODE, &digest, node, err);
}

bool
read_put_blob(struct store *store, const struct cab_hash *hash, struct bytes data, struct err *err)
{
	struct digest digest = digest_of(data);
	return store_can_write(store, err) &&
	       read_keep(store, hash, LEASE_BLOB, &digest, data, err);
}
