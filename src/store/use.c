/* SPDX-License-Identifier: MPL-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/trace.h"
#include "store/cache.h"
#include "store/internal.h"
#include "store/record.h"

void
object_list_release(object_list *list)
{
	for (size_t at = 0; at < list->size; at++)
		object_release(&list->data[at]);
	array_release(list);
}

bool
store_object_record(
	const struct store *store, const struct digest *path, struct object *out, struct err *err)
{
	struct shard_name shard = shard_digest(path);
	struct bytes pending = store_pending(store, FOLDER_OBJECTS, &shard);
	if (pending.size)
		return object_decode(pending, path, out, err);
	cleanup_buf struct buf record = BUF(RECORD_MAX);
	if (!store_record_file(store, FOLDER_OBJECTS, shard.text, &record, err))
		return false;
	return object_decode(buf_bytes(&record), path, out, err) ||
	       err_note(err, "store %s: objects/%s", store->root, shard.text);
}

bool
store_has_tree(const struct store *store, const struct digest *path, const char *name)
{
	struct stat status;
	return fstatat(store->folders[FOLDER_STORE], object_file_print(path, name).text, &status,
		       AT_SYMLINK_NOFOLLOW) == 0;
}

/* An object whose references are being walked. */
struct closure_level {
	struct object object;
	size_t next;
};

struct closure {
	const struct store *store;
	struct map seen;
	ARRAY(struct closure_level) levels;
	object_list *out;
};

static bool
closure_enter(struct closure *closure, const struct digest *path, struct err *err)
{
	if (map_has(&closure->seen, digest_bytes(path)))
		return true;
	struct object object;
	if (!store_object_record(closure->store, path, &object, err)) {
		if (err->kind == ERR_CORRUPT)
			store_warn(closure->store, "%s", err->text);
		if (err->kind == ERR_CORRUPT || err->kind == ERR_NOT_FOUND)
			return err_set(err, ERR_NOT_FOUND, "object %s is not in store %s",
				digest_print(path).text, closure->store->root);
		return false;
	}
	map_put(&closure->seen, digest_bytes(path), closure);
	*array_push(&closure->levels) = (struct closure_level){.object = object};
	return true;
}

/* References first; no recursion, as a chain may be long. A reference is made before what refers to
 * it, so there is no cycle; a forged one ends at `seen`. */
static bool
closure_walk(struct closure *closure, const struct digest *path, struct err *err)
{
	if (!closure_enter(closure, path, err))
		return false;
	while (closure->levels.size) {
		struct closure_level *level = &closure->levels.data[closure->levels.size - 1];
		if (level->next < level->object.references.size) {
			struct digest next = level->object.references.data[level->next++].path;
			if (!closure_enter(closure, &next, err))
				return err_note(err, "a reference");
			continue;
		}
		*array_push(closure->out) = object_take(&level->object);
		closure->levels.size--;
	}
	return true;
}

bool
store_closure_records(const struct store *store, const struct digest *paths, size_t count,
	object_list *out, struct err *err)
{
	object_list list = {0};
	struct closure closure = {.store = store, .out = &list};
	bool walked = true;
	for (size_t at = 0; walked && at < count; at++)
		walked = closure_walk(&closure, &paths[at], err);
	for (size_t at = 0; at < closure.levels.size; at++)
		object_release(&closure.levels.data[at].object);
	array_release(&closure.levels);
	map_release(&closure.seen);
	if (!walked)
		object_list_release(&list);
	else
		*out = list;
	return walked;
}

static bool
closure_lease(struct store *store, const object_list *list, struct err *err)
{
	if (!store_is_shared(store))
		return true;
	ARRAY(struct digest) paths = {0};
	for (size_t at = 0; at < list->size; at++)
		*array_push(&paths) = list->data[at].path;
	bool leased = lease_add_many(store, LEASE_OBJECT, paths.data, paths.size, err);
	array_release(&paths);
	return leased;
}

bool
store_closure(struct store *store, const struct digest *paths, size_t count, object_list *out,
	struct err *err)
{
	object_list list;
	if (!store_closure_records(store, paths, count, &list, err))
		return false;
	bool there = closure_lease(store, &list, err);
	/* Looked for after the lease: gc may have been faster. */
	for (size_t at = 0; there && at < list.size; at++) {
		const struct object *object = &list.data[at];
		if (!store_has_tree(store, &object->path, object->name))
			there = err_set(err, ERR_NOT_FOUND, "%s is not in store %s",
				object_file_print(&object->path, object->name).text, store->root);
	}
	if (!there)
		object_list_release(&list);
	else
		*out = list;
	return there;
}

bool
store_use(struct store *store, const struct digest *path, struct object *out, struct err *err)
{
	object_list list;
	if (!store_closure(store, path, 1, &list, err))
		return false;
	*out = object_take(&list.data[list.size - 1]);
	object_list_release(&list);
	return true;
}

bool
store_obtain(struct store *store, const struct digest *path, struct object *out, struct err *err)
{
	if (store_use(store, path, out, err))
		return true;
	if (err->kind != ERR_NOT_FOUND)
		return false;
	for (size_t at = 0; at < store->caches.size; at++) {
		struct err failure;
		if (store_copy_from(store, store->caches.data[at], path, &failure))
			return store_use(store, path, out, err);
		if (failure.kind != ERR_NOT_FOUND)
			store_warn(store, "%s", failure.text);
		*err = failure;
	}
	return err_set(err, ERR_NOT_FOUND, "object %s is neither in store %s nor in a cache",
		digest_print(path).text, store->root);
}

bool
store_info(struct store *store, const struct digest *path, struct object *out, struct err *err)
{
	if (store_object_record(store, path, out, err))
		return true;
	for (size_t at = 0; at < store->caches.size; at++) {
		struct err failure;
		if (store_object_record(store->caches.data[at], path, out, &failure))
			return true;
	}
	return false;
}

int
store_open_object(const struct store *store, const struct object_reference *object, struct err *err)
{
	struct object_file file = object_file_print(&object->path, object->name);
	int folder = store->folders[FOLDER_STORE];
	int fd = fd_open_at(folder, file.text, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	if (fd < 0 && err->number == ELOOP)
		fd = fd_open_at(folder, file.text, O_PATH | O_NOFOLLOW, 0, err);
	if (fd < 0)
		(void)err_note(err, "store %s", store->root);
	return fd;
}

struct list_records {
	struct store *store;
	object_list *out;
};

static bool
store_list_one(void *context, const char *name, struct err *err)
{
	struct list_records *list = context;
	struct digest path;
	struct object object;
	if (!digest_parse(bytes_from(bytes_text(name), 3), &path)) {
		store_warn(list->store, "objects/%s: not the name of a record", name);
		return true;
	}
	if (store_object_record(list->store, &path, &object, err)) {
		*array_push(list->out) = object;
		return true;
	}
	if (err->kind == ERR_NOT_FOUND)
		return true;
	store_warn(list->store, "%s", err->text);
	return err->kind == ERR_CORRUPT || err->kind == ERR_LIMIT || err->kind == ERR_REFUSED;
}

static int
store_list_compare(const void *left, const void *right)
{
	return memcmp(((const struct object *)left)->path.bytes,
		((const struct object *)right)->path.bytes, DIGEST_SIZE);
}

bool
store_list(struct store *store, object_list *out, struct err *err)
{
	object_list list = {0};
	struct list_records records = {store, &list};
	if (!store_each_sharded(store->folders[FOLDER_OBJECTS], store_list_one, &records, err)) {
		object_list_release(&list);
		return false;
	}
	if (list.size > 1)
		qsort(list.data, list.size, sizeof *list.data, store_list_compare);
	*out = list;
	return true;
}
