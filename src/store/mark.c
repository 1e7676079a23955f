/* SPDX-License-Identifier: MPL-2.0 */
#include "store/mark.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/trace.h"
#include "store/commit.h"
#include "store/node.h"
#include "store/read.h"
#include "store/record.h"

void
mark_release(struct mark *mark)
{
	for (size_t at = 0; at < mark->objects.size; at++) {
		struct object *object = mark->objects.entries[at].value;
		object_release(object);
		free(object);
	}
	map_release(&mark->objects);
	map_release(&mark->paths);
	map_release(&mark->sources);
	map_release(&mark->hashes);
	map_release(&mark->leases);
	map_release(&mark->nodes);
	map_release(&mark->blobs);
}

static bool
mark_load_objects(struct mark *mark, struct err *err)
{
	object_list list;
	if (!store_list(mark->store, &list, err))
		return false;
	for (size_t at = 0; at < list.size; at++) {
		struct object *object = memory_new(sizeof *object);
		*object = object_take(&list.data[at]);
		map_put(&mark->objects, digest_bytes(&object->path), object);
	}
	object_list_release(&list);
	return true;
}

/* A path and all that its record refers to. One without a record may be a living process's own,
 * which has leased what it refers to. */
static void
mark_path(struct mark *mark, struct map *live, const struct digest *path)
{
	ARRAY(struct digest) stack = {0};
	*array_push(&stack) = *path;
	while (stack.size) {
		struct digest at = stack.data[--stack.size];
		if (map_has(live, digest_bytes(&at)))
			continue;
		map_put(live, digest_bytes(&at), mark);
		const struct object *object = map_find(&mark->objects, digest_bytes(&at));
		for (size_t next = 0; object && next < object->references.size; next++)
			*array_push(&stack) = object->references.data[next].path;
	}
	array_release(&stack);
}

static void
mark_target(struct mark *mark, struct map *live, struct bytes target)
{
	struct digest path;
	while (root_next_path(&target, &path))
		mark_path(mark, live, &path);
}

static bool
mark_lock(struct mark *mark, const char *path, bool *there, struct err *err)
{
	cleanup_buf struct buf text = BUF(ROOT_LOCK_MAX);
	*there = fd_read_file(AT_FDCWD, path, &text, err);
	if (!*there)
		return err_is_absent(err) ||
		       err_note(err, "a registered lock cannot be read, so its sources cannot be "
				     "told from garbage");
	cab_hash_list hashes = {0};
	root_search(buf_bytes(&text), &hashes);
	for (size_t at = 0; at < hashes.size; at++) {
		struct cab_hash_text hash = cab_hash_print(&hashes.data[at]);
		map_put(&mark->hashes, bytes_text(hash.text), mark);
		if (!mark->drop_sources)
			map_put(&mark->sources, bytes_text(hash.text), mark);
	}
	array_release(&hashes);
	git_word_list words = {0};
	root_search_git(buf_bytes(&text), &words);
	for (size_t at = 0; at < words.size; at++)
		map_put(&mark->hashes, words.data[at], mark);
	array_release(&words);
	return true;
}

static bool
mark_result(struct mark *mark, struct map *live, const struct root *root, bool *there)
{
	char target[ROOT_PATH_MAX];
	ssize_t size = readlink(root->path, target, sizeof target);
	*there = true;
	if (size >= 0)
		mark_target(mark, live, bytes_of(target, (size_t)size));
	else if (errno == ENOENT || errno == ENOTDIR || errno == EINVAL)
		*there = false;
	else
		/* Nobody can say where it points now: what it pointed to stays. */
		mark_path(mark, live, &root->object.path);
	return true;
}

struct mark_roots {
	struct mark *mark;
	struct map *live;
	bool results_only;
	const struct digest *sought; /* stop at the result that needs it */
	char *found;
};

static bool
mark_root(void *context, const char *name, struct err *err)
{
	struct mark_roots *roots = context;
	struct mark *mark = roots->mark;
	struct store *store = mark->store;
	cleanup_buf struct buf data = BUF(64 << 10);
	struct root root;
	struct err fault;
	if (roots->found)
		return true;
	if (!store_record_file(store, FOLDER_ROOTS, name, &data, err))
		return err->kind == ERR_NOT_FOUND;
	if (!root_decode(buf_bytes(&data), &root, &fault))
		return err_set(err, ERR_CORRUPT,
			"roots/%s is damaged (%s): what it keeps cannot be told from garbage; "
			"remove it if it is not needed",
			name, fault.text);
	bool there = true;
	switch (root.kind) {
	case ROOT_RESULT:
		if (!mark_result(mark, roots->live, &root, &there))
			return false;
		break;
	case ROOT_LOCK:
		if (!roots->results_only && !mark_lock(mark, root.path, &there, err))
			return false;
		break;
	}
	if (roots->sought && there && map_has(roots->live, digest_bytes(roots->sought)))
		roots->found = strdup(root.path);
	if (!there && !roots->sought && !mark->look_only) {
		trace("store", "root %s is gone", root.path);
		if (unlinkat(store->folders[FOLDER_ROOTS], name, 0) == 0)
			mark->records++;
	}
	return true;
}

bool
mark_result_of(struct mark *mark, const struct digest *path, char **result_out, struct err *err)
{
	struct map live = {0};
	struct mark_roots roots = {mark, &live, true, path, NULL};
	bool done = store_each(mark->store->folders[FOLDER_ROOTS], mark_root, &roots, err);
	map_release(&live);
	*result_out = roots.found;
	return done;
}

static void
mark_leases(struct mark *mark)
{
	for (size_t at = 0; at < mark->leases.size; at++) {
		struct bytes line = mark->leases.entries[at].key;
		struct bytes text = bytes_from(line, 1);
		struct digest digest;
		if (line.data[0] == LEASE_READ) {
			map_put(&mark->hashes, text, mark);
			map_put(&mark->sources, text, mark);
		}
		if (!digest_parse(text, &digest))
			continue;
		if (line.data[0] == LEASE_OBJECT)
			mark_path(mark, &mark->paths, &digest);
		if (line.data[0] == LEASE_NODE)
			map_put(&mark->nodes, digest_bytes(&digest), mark);
		if (line.data[0] == LEASE_BLOB)
			map_put(&mark->blobs, digest_bytes(&digest), mark);
	}
}

bool
mark_objects(struct mark *mark, struct err *err)
{
	struct mark_roots roots = {.mark = mark, .live = &mark->paths};
	if (!mark_load_objects(mark, err) || !lease_read_all(mark->store, &mark->leases, err) ||
		!store_each(mark->store->folders[FOLDER_ROOTS], mark_root, &roots, err))
		return false;
	mark_leases(mark);
	for (size_t at = 0; at < mark->objects.size; at++) {
		const struct object *object = mark->objects.entries[at].value;
		struct cab_hash_text text = cab_hash_print(&object->hash);
		if (map_has(&mark->sources, bytes_text(text.text)))
			mark_path(mark, &mark->paths, &object->path);
	}
	return true;
}

/* What is kept of a commit: files of records, each a blob. */
static bool
mark_commit(struct mark *mark, const char *name, struct bytes text, struct err *err)
{
	struct git_id id;
	struct commit_record record = {0};
	cleanup_buf struct buf data = BUF(RECORD_MAX);
	if (!git_id_parse(text, &id))
		return true;
	bool done = store_record_file(mark->store, FOLDER_READS, name, &data, err) &&
		    commit_record_decode(buf_bytes(&data), &id, &record, err);
	if (!done)
		store_warn(mark->store, "reads/%s: %s", name, err->text);
	for (size_t at = 0; at < record.parts.size; at++)
		map_put(&mark->blobs, record.parts.entries[at].key, mark);
	commit_record_release(&record);
	return done || err->kind == ERR_CORRUPT || err->kind == ERR_NOT_FOUND;
}

static bool
mark_read(void *context, const char *name, struct err *err)
{
	struct mark *mark = context;
	struct store *store = mark->store;
	struct bytes text = bytes_from(bytes_text(name), 3);
	struct cab_hash hash;
	struct read_record record;
	if (!mark->all_reads && !map_has(&mark->hashes, text)) {
		if (unlinkat(store->folders[FOLDER_READS], name, 0) == 0)
			mark->records++;
		return true;
	}
	if (!cab_hash_parse(text, &hash))
		return mark_commit(mark, name, text, err);
	if (!read_record_find(store, &hash, &record, err)) {
		store_warn(store, "reads/%s: %s", name, err->text);
		return err->kind == ERR_CORRUPT || err->kind == ERR_NOT_FOUND;
	}
	for (size_t at = 0; at < record.node_count; at++)
		map_put(&mark->nodes, digest_bytes(&record.nodes[at]), mark);
	for (size_t at = 0; at < record.blob_count; at++)
		map_put(&mark->blobs, digest_bytes(&record.blobs[at]), mark);
	read_record_release(&record);
	return true;
}

/* The nodes of a live object, as far as they lie in nodes/: a store that was pushed to has them. */
static void
mark_object_nodes(struct mark *mark, const struct digest *root)
{
	ARRAY(struct digest) stack = {0};
	struct map seen = {0};
	*array_push(&stack) = *root;
	while (stack.size) {
		struct digest at = stack.data[--stack.size];
		struct err err;
		struct tree_reader reader;
		struct tree_entry entry;
		cleanup_buf struct buf node = BUF(TREE_NODE_MAX);
		if (map_has(&seen, digest_bytes(&at)) ||
			!node_read(mark->store, &at, &node, &err) ||
			!tree_reader_start(&reader, buf_bytes(&node), &err))
			continue;
		map_put(&seen, digest_bytes(&at), mark);
		map_put(&mark->nodes, digest_bytes(&at), mark);
		while (tree_reader_next(&reader, &entry, &err))
			if (entry.kind == TREE_DIRECTORY)
				*array_push(&stack) = entry.digest;
	}
	map_release(&seen);
	array_release(&stack);
}

bool
mark_contents(struct mark *mark, struct err *err)
{
	if (!store_each_sharded(mark->store->folders[FOLDER_READS], mark_read, mark, err))
		return false;
	for (size_t at = 0; at < mark->objects.size; at++) {
		const struct object *object = mark->objects.entries[at].value;
		if (!map_has(&mark->paths, digest_bytes(&object->path)))
			continue;
		if (object->hash.kind == TREE_DIRECTORY)
			mark_object_nodes(mark, &object->hash.digest);
		if (object->hash.kind == TREE_SYMLINK)
			map_put(&mark->blobs, digest_bytes(&object->hash.digest), mark);
	}
	return true;
}
