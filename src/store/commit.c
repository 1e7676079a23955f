/* SPDX-License-Identifier: MPL-2.0 */
#include "store/commit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/path.h"
#include "store/blob.h"
#include "store/internal.h"
#include "store/record.h"

/* One object that a part holds. */
struct commit_object {
	struct bytes content; /* in the part's bytes */
	bool is_proved[GIT_BLOB + 1];
};

struct commit {
	struct store *store;
	struct git_id id;
	struct commit_record record; /* what the store has or is to have */
	ARRAY(struct buf) parts;
	struct map objects; /* git_id_key -> struct commit_object */
	bool more;          /* than the disk lists */
};

bool
store_is_commit_name(const char *name)
{
	struct git_id id;
	return strlen(name) > 3 && git_id_parse(bytes_from(bytes_text(name), 3), &id);
}

static struct shard_name
commit_shard(const struct git_id *id)
{
	struct shard_name name;
	struct git_id_text text = git_id_print(id);
	(void)snprintf(name.text, sizeof name.text, "%.2s/%s", text.text, text.text);
	return name;
}

/* Of two contents under one id the later counts, unless the other was proved. */
static bool
commit_index(struct commit *commit, struct bytes data, struct err *err)
{
	struct git_records records;
	struct git_record record;
	/* Whole or not at all: what is indexed stays. */
	if (!git_records_start(&records, data, err))
		return false;
	while (git_records_next(&records, &record, err))
		continue;
	if (!records.done || !git_records_start(&records, data, err))
		return false;
	while (git_records_next(&records, &record, err)) {
		void **slot = map_at(&commit->objects, record.id);
		struct commit_object *object = *slot;
		if (!object)
			*slot = object = memory_zero(1, sizeof *object);
		if (!object->is_proved[GIT_COMMIT] && !object->is_proved[GIT_TREE] &&
			!object->is_proved[GIT_BLOB])
			object->content = record.content;
	}
	return records.done;
}

/* Takes the part over. */
static bool
commit_take_part(struct commit *commit, struct buf *part, struct err *err)
{
	if (!commit_index(commit, buf_bytes(part), err))
		return false;
	*array_push(&commit->parts) = buf_take(part);
	return true;
}

void
commit_save(struct commit *commit)
{
	if (!commit->more || !store_is_shared(commit->store))
		return;
	commit->more = false;
	cleanup_buf struct buf record = BUF(BUF_MAX);
	struct shard_name shard = commit_shard(&commit->id);
	commit_record_encode(&commit->record, &record);
	store_pend(commit->store, FOLDER_READS, &shard, PENDING_UNION, buf_bytes(&record));
}

/* Leased, then written, then listed. */
static bool
commit_keep(struct commit *commit, const struct digest *digest, struct bytes data, struct err *err)
{
	struct store *store = commit->store;
	if (!store_is_shared(store))
		return true;
	if (!lease_add_many(store, LEASE_BLOB, digest, 1, err) ||
		!blob_write(store, digest, data, err))
		return false;
	map_put(&commit->record.parts, digest_bytes(digest), commit);
	commit->more = true;
	return true;
}

/* One that is damaged, or gone, is as good as none: what it held is asked for again. */
static bool
commit_load_part(struct commit *commit, struct store *from, const struct digest *digest)
{
	struct err err;
	cleanup_buf struct buf part = BUF(COMMIT_PART_MAX);
	bool own = from == commit->store;
	if (blob_read(from, digest, &part, &err) &&
		(own || commit_keep(commit, digest, buf_bytes(&part), &err)) &&
		commit_take_part(commit, &part, &err))
		return true;
	store_warn(
		commit->store, "a part of commit %s: %s", git_id_print(&commit->id).text, err.text);
	return false;
}

/* What one store has of it. */
static void
commit_load(struct commit *commit, struct store *from)
{
	struct err err;
	struct commit_record record = {0};
	struct shard_name shard = commit_shard(&commit->id);
	cleanup_buf struct buf data = BUF(RECORD_MAX);
	if (!store_record_file(from, FOLDER_READS, shard.text, &data, &err)) {
		if (err.kind != ERR_NOT_FOUND)
			store_warn(commit->store, "%s", err.text);
		return;
	}
	if (!commit_record_decode(buf_bytes(&data), &commit->id, &record, &err))
		store_warn(
			commit->store, "store %s: reads/%s: %s", from->root, shard.text, err.text);
	for (size_t at = 0; at < record.parts.size; at++) {
		struct digest digest;
		memcpy(digest.bytes, record.parts.entries[at].key.data, DIGEST_SIZE);
		if (map_has(&commit->record.parts, digest_bytes(&digest)))
			continue;
		if (commit_load_part(commit, from, &digest))
			map_put(&commit->record.parts, digest_bytes(&digest), commit);
	}
	for (size_t at = 0; at < record.paths.size; at++)
		map_put(&commit->record.paths, record.paths.entries[at].key, commit);
	commit_record_release(&record);
}

struct commit *
commit_open(struct store *store, const struct git_id *revision, struct err *err)
{
	/* Before what it lists is relied on. */
	if (store_is_shared(store) &&
		!lease_add(store, LEASE_READ, git_id_print(revision).text, err))
		return NULL;
	struct commit *commit = memory_zero(1, sizeof *commit);
	commit->store = store;
	commit->id = *revision;
	commit->record.id = *revision;
	commit_load(commit, store);
	for (size_t at = 0; at < store->caches.size && !commit->parts.size; at++)
		commit_load(commit, store->caches.data[at]);
	return commit;
}

void
commit_close(struct commit *commit)
{
	if (!commit)
		return;
	for (size_t at = 0; at < commit->objects.size; at++)
		free(commit->objects.entries[at].value);
	map_release(&commit->objects);
	for (size_t at = 0; at < commit->parts.size; at++)
		buf_release(&commit->parts.data[at]);
	array_release(&commit->parts);
	commit_record_release(&commit->record);
	free(commit);
}

bool
commit_add(struct commit *commit, struct bytes records, struct err *err)
{
	cleanup_buf struct buf part = BUF(COMMIT_PART_MAX);
	buf_add(&part, records);
	struct digest digest = digest_of(records);
	if (!buf_check(&part, err, "the objects of commit %s", git_id_print(&commit->id).text))
		return false;
	if (map_has(&commit->record.parts, digest_bytes(&digest)))
		return true;
	return commit_take_part(commit, &part, err) && commit_keep(commit, &digest, records, err);
}

/* The content of an object that is held, proved to be of this type and id; ERR_NOT_FOUND. */
static bool
commit_content(struct commit *commit, const struct git_id *id, enum git_type type,
	struct bytes *out, struct err *err)
{
	struct commit_object *object = map_find(&commit->objects, git_id_key(id));
	if (!object)
		return err_set(
			err, ERR_NOT_FOUND, "the object %s is not held", git_id_print(id).text);
	if (!object->is_proved[type] && !git_object_prove(id, type, object->content, err))
		return false;
	object->is_proved[type] = true;
	*out = object->content;
	return true;
}

bool
commit_has_trees(struct commit *commit)
{
	struct err err;
	struct commit_entry root;
	struct bytes content = {NULL, 0};
	return commit_find(commit, bytes_of(NULL, 0), &root, &err) &&
	       commit_content(commit, &root.id, GIT_TREE, &content, &err);
}

bool
commit_check_trees(struct commit *commit)
{
	struct err err;
	struct commit_entry root;
	struct map seen = {0};
	bool good = commit_find(commit, bytes_of(NULL, 0), &root, &err);
	/* Each tree that is met is walked once, in the order in which they were met. */
	if (good)
		map_put(&seen, git_id_key(&root.id), commit);
	for (size_t at = 0; good && at < seen.size; at++) {
		struct bytes content = {NULL, 0};
		struct git_entry entry;
		struct git_id id = {.size = commit->id.size};
		memcpy(id.bytes, seen.entries[at].key.data, GIT_ID_MAX);
		good = commit_content(commit, &id, GIT_TREE, &content, &err);
		struct git_tree tree = git_tree_start(&id, good ? content : bytes_of(NULL, 0));
		/* What is wrong with a tree is told to whoever reads there. */
		while (git_tree_next(&tree, &entry, &err))
			if (entry.kind == TREE_DIRECTORY && !entry.is_submodule)
				map_put(&seen, git_id_key(&entry.id), commit);
	}
	map_release(&seen);
	return good;
}

bool
commit_has_blob(struct commit *commit, const struct git_id *id)
{
	struct err err;
	struct bytes content = {NULL, 0};
	return commit_content(commit, id, GIT_BLOB, &content, &err);
}

/* One name down; a folder that is none, or has no such name, leads nowhere. */
static bool
commit_step(struct commit *commit, struct bytes name, struct commit_entry *entry, struct err *err)
{
	struct bytes content = {NULL, 0};
	struct git_entry found;
	struct commit_entry next = {.kind = COMMIT_ABSENT};
	if (entry->kind == TREE_DIRECTORY && !entry->is_submodule) {
		if (!commit_content(commit, &entry->id, GIT_TREE, &content, err))
			return false;
		struct git_tree tree = git_tree_start(&entry->id, content);
		/* To the end: a tree is taken whole or not at all. */
		while (git_tree_next(&tree, &found, err))
			if (bytes_equal(found.name, name))
				next = (struct commit_entry){
					found.kind, found.is_submodule, found.id};
		if (!tree.done)
			return err_note(err, "tree %s", git_id_print(&entry->id).text);
	}
	*entry = next;
	return true;
}

bool
commit_find(struct commit *commit, struct bytes path, struct commit_entry *out, struct err *err)
{
	struct bytes content = {NULL, 0};
	struct commit_entry entry = {.kind = TREE_DIRECTORY};
	if (!commit_content(commit, &commit->id, GIT_COMMIT, &content, err))
		return false;
	if (!git_commit_tree(&commit->id, content, &entry.id))
		return err_set(
			err, ERR_CORRUPT, "commit %s has no tree", git_id_print(&commit->id).text);
	struct bytes rest = path.size ? path : bytes_of(NULL, 0);
	struct bytes part;
	size_t depth = 0;
	while (entry.kind != COMMIT_ABSENT && bytes_split(&rest, '/', &part)) {
		if (!path_is_name(part) || ++depth > TREE_DEPTH_MAX + 1)
			return err_set(err, ERR_REFUSED, "\"%.*s\" is not a path in a tree",
				BYTES_ARGS(path));
		if (!commit_step(commit, part, &entry, err))
			return false;
	}
	*out = entry;
	return true;
}

bool
commit_list(struct commit *commit, const struct commit_entry *folder, commit_visit *visit,
	void *context, struct err *err)
{
	struct bytes content = {NULL, 0};
	struct git_entry entry;
	if (folder->is_submodule)
		return true;
	if (!commit_content(commit, &folder->id, GIT_TREE, &content, err))
		return false;
	struct git_tree tree = git_tree_start(&folder->id, content);
	while (git_tree_next(&tree, &entry, err))
		visit(context, &entry);
	return tree.done || err_note(err, "tree %s", git_id_print(&folder->id).text);
}

bool
commit_read(struct commit *commit, const struct git_id *id, struct buf *out, struct err *err)
{
	struct bytes content = {NULL, 0};
	if (!commit_content(commit, id, GIT_BLOB, &content, err))
		return false;
	buf_add(out, content);
	return buf_check(out, err, "blob %s", git_id_print(id).text);
}

bool
commit_copy(struct commit *commit, struct commit *to, struct err *err)
{
	for (size_t at = 0; at < commit->parts.size; at++)
		if (!commit_add(to, buf_bytes(&commit->parts.data[at]), err))
			return false;
	for (size_t at = 0; at < commit->record.paths.size; at++)
		commit_note(to, commit->record.paths.entries[at].key);
	commit_save(to);
	return true;
}

void
commit_note(struct commit *commit, struct bytes path)
{
	if (!path.size || commit->record.paths.size >= COMMIT_PATHS ||
		map_has(&commit->record.paths, path))
		return;
	map_put(&commit->record.paths, path, commit);
	commit->more = true;
}

size_t
commit_path_count(const struct commit *commit)
{
	return commit->record.paths.size;
}

struct bytes
commit_path_at(const struct commit *commit, size_t at)
{
	return commit->record.paths.entries[at].key;
}
