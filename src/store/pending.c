/* SPDX-License-Identifier: MPL-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/trace.h"
#include "store/commit.h"
#include "store/index_update.h"
#include "store/internal.h"
#include "store/read_session.h"
#include "store/record.h"

enum { PENDING_KEY = 1 + SHARD_NAME };

static struct bytes
pending_key(enum store_folder folder, const struct shard_name *name, char key[PENDING_KEY])
{
	int size = snprintf(key, PENDING_KEY, "%c%s", 'A' + (int)folder, name->text);
	return bytes_of(key, (size_t)size);
}

void
store_pend(struct store *store, enum store_folder folder, const struct shard_name *name,
	enum pending_rule rule, struct bytes block)
{
	char key[PENDING_KEY];
	void **slot = map_at(&store->pending, pending_key(folder, name, key));
	struct pending_record *record = *slot;
	if (!record) {
		record = memory_zero(1, sizeof *record);
		record->folder = folder;
		record->rule = rule;
		(void)stpcpy(record->name, name->text);
		record->data = BUF(BUF_MAX);
		*slot = record;
	}
	if (rule != PENDING_APPEND)
		buf_clear(&record->data);
	buf_add(&record->data, block);
}

struct bytes
store_pending(const struct store *store, enum store_folder folder, const struct shard_name *name)
{
	char key[PENDING_KEY];
	const struct pending_record *record =
		map_find(&store->pending, pending_key(folder, name, key));
	return record ? buf_bytes(&record->data) : bytes_of(NULL, 0);
}

bool
store_record_file(const struct store *store, enum store_folder folder, const char *name,
	struct buf *out, struct err *err)
{
	if (store->folders[folder] < 0)
		return err_set(err, ERR_NOT_FOUND, "%s/%s", store_folder_name(folder), name);
	if (fd_read_file(store->folders[folder], name, out, err))
		return true;
	if (err_is_absent(err))
		return err_set(err, ERR_NOT_FOUND, "no %s/%s in store %s",
			store_folder_name(folder), name, store->root);
	return err_note(err, "store %s: %s", store->root, store_folder_name(folder));
}

bool
store_record(const struct store *store, enum store_folder folder, const struct shard_name *name,
	struct buf *out, struct err *err)
{
	struct bytes pending = store_pending(store, folder, name);
	buf_add(out, pending);
	if (store_record_file(store, folder, name->text, out, err))
		return true;
	if (err->kind != ERR_NOT_FOUND || !pending.size)
		return false;
	return buf_check(out, err, "record %s", name->text);
}

/* A record is never half there: it gets its name when it is whole. What it replaces was promised to
 * be durable, so the new bytes are on the disk before they take its place. */
bool
store_write_record(struct store *store, enum store_folder folder, const char *name,
	struct bytes data, bool replaces, struct err *err)
{
	char temporary[32];
	if (!store_ensure_work(store, err))
		return false;
	store_random_name(temporary);
	int staging = store->work.folder;
	cleanup_fd int fd =
		fd_open_at(staging, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644, err);
	if (fd < 0)
		return false;
	bool done = fd_write_all(fd, data, err);
	if (done && fchmod(fd, 0444) < 0)
		done = err_system(err, errno, "change mode");
	if (done && replaces && fsync(fd) < 0)
		done = err_system(err, errno, "flush");
	char shard[3] = {name[0], name[1], '\0'};
	if (done && name[0] && name[1] && name[2] == '/' &&
		mkdirat(store->folders[folder], shard, 0755) == 0)
		(void)!fchmodat(store->folders[folder], shard, 0755, 0);
	if (done && renameat(staging, temporary, store->folders[folder], name) < 0)
		done = err_system(err, errno, "rename");
	if (done)
		return true;
	(void)unlinkat(staging, temporary, 0);
	return err_note(err, "record %s/%s", store_folder_name(folder), name);
}

/* An object's record that is there and holds is as good as ours. */
static struct bytes
pending_keep(const struct pending_record *record, struct bytes old)
{
	struct err err;
	struct digest path;
	struct object object;
	bool named = digest_parse(bytes_from(bytes_text(record->name), 3), &path);
	if (!named || !object_decode(old, &path, &object, &err))
		return buf_bytes(&record->data);
	object_release(&object);
	return old;
}

static bool
pending_write(struct store *store, const struct pending_record *record, struct err *err)
{
	cleanup_buf struct buf old = BUF(RECORD_MAX);
	bool there = store_record_file(store, record->folder, record->name, &old, err);
	if (!there && err->kind != ERR_NOT_FOUND && err->kind != ERR_LIMIT)
		return false;
	cleanup_buf struct buf new = BUF(BUF_MAX);
	switch (record->rule) {
	case PENDING_KEEP:
		buf_add(&new, pending_keep(record, there ? buf_bytes(&old) : bytes_of(NULL, 0)));
		break;
	case PENDING_APPEND:
		record_join(record->folder == FOLDER_IDENTITIES ? "identity" : "realization",
			buf_bytes(&old), buf_bytes(&record->data), &new);
		break;
	case PENDING_UNION:
		(store_is_commit_name(record->name) ? commit_record_merge : read_session_merge)(
			record->name, buf_bytes(&old), buf_bytes(&record->data), &new);
		break;
	}
	if (there && bytes_equal(buf_bytes(&old), buf_bytes(&new)))
		return true;
	return store_write_record(store, record->folder, record->name, buf_bytes(&new), there, err);
}

static bool
pending_write_all(struct store *store, struct err *err)
{
	/* Reading an old record and replacing it is one step for all processes. */
	cleanup_fd int lock = fd_open_at(
		store->folders[FOLDER_LOCK], "record", O_RDWR | O_CREAT | O_NOFOLLOW, 0644, err);
	if (lock < 0)
		return false;
	int result;
	do
		result = flock(lock, LOCK_EX);
	while (result < 0 && errno == EINTR);
	if (result < 0)
		return err_system(err, errno, "lock records");
	/* Objects first: what names them must not be there before them. */
	for (int objects = 1; objects >= 0; objects--)
		for (size_t at = 0; at < store->pending.size; at++) {
			const struct pending_record *record = store->pending.entries[at].value;
			if ((record->folder == FOLDER_OBJECTS) == (objects == 1) &&
				!pending_write(store, record, err))
				return false;
		}
	return true;
}

static bool
sync_flush(struct store *store, struct err *err)
{
	if (syncfs(store->fd) < 0)
		return err_system(err, errno, "flush store %s", store->root);
	return true;
}

/* After a failed flush nobody knows what is on the disk, whatever memory says: nothing that this
 * batch named may be found and believed by a later one. */
static void
sync_undo(struct store *store)
{
	struct err err;
	for (size_t at = 0; at < store->added.size; at++) {
		const struct object *object = &store->added.data[at];
		if (!store_trash(store, FOLDER_STORE,
			    object_file_print(&object->path, object->name).text, &err))
			store_warn(store, "%s", err.text);
	}
	for (size_t at = 0; at < store->made.size; at++)
		(void)unlinkat(
			store->folders[store->made.data[at].folder], store->made.data[at].name, 0);
	if (!store_empty_trash(store, false, &err))
		store_warn(store, "%s", err.text);
}

void
store_drop_pending(struct store *store)
{
	for (size_t at = 0; at < store->pending.size; at++) {
		struct pending_record *record = store->pending.entries[at].value;
		buf_release(&record->data);
		free(record);
	}
	map_release(&store->pending);
	for (size_t at = 0; at < store->added.size; at++)
		object_release(&store->added.data[at]);
	array_release(&store->added);
	array_release(&store->made);
	store->dirty = false;
}

bool
store_sync(struct store *store, struct err *err)
{
	read_sessions_pend(store);
	if (!store->dirty && store->pending.size == 0)
		return true;
	if (!sync_flush(store, err)) {
		sync_undo(store);
		store_drop_pending(store);
		read_sessions_release(store);
		return false;
	}
	bool done = store_lock(store, false, err);
	if (done) {
		done = pending_write_all(store, err);
		store_unlock(store);
	}
	/* The second flush makes the records durable; the first made sure that they tell no lie. */
	done = done && sync_flush(store, err);
	if (done && store->added.size)
		index_update(store, store->added.data, store->added.size);
	trace("store", "sync: %zu objects, %zu records%s", store->added.size, store->pending.size,
		done ? "" : ", failed");
	store_drop_pending(store);
	if (!done)
		read_sessions_release(store);
	return done || err_note(err, "store %s", store->root);
}
