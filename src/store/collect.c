/* SPDX-License-Identifier: MPL-2.0 */
#include "store/collect.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/trace.h"
#include "store/index_update.h"
#include "store/internal.h"
#include "store/mark.h"
#include "store/memo.h"

enum {
	COLLECT_RESERVE = 256 << 10,
	COLLECT_AGE = 30 * 24 * 3600, /* seconds that a log or artifact is kept */
};

struct collect {
	struct store *store;
	struct map hashes; /* texts of the Cab hashes of live objects */
	struct mark *mark;
	const struct collect_options *options;
	struct collect_result result;
	ARRAY(struct digest) gone;
};

/* Given up first, so that a full disk has room for what must be written; see THREATS, D6. */
static void
collect_reserve(struct store *store, bool make)
{
	struct err err;
	int folder = store->folders[FOLDER_LOCK];
	if (!make) {
		(void)unlinkat(folder, "reserve", 0);
		return;
	}
	cleanup_fd int fd =
		fd_open_at(folder, "reserve", O_WRONLY | O_CREAT | O_NOFOLLOW, 0600, &err);
	if (fd < 0 || posix_fallocate(fd, 0, COLLECT_RESERVE) != 0)
		trace("store", "no reserve could be made");
}

/* Record first: a record tells that its tree is whole. */
static bool
collect_unpublish(struct store *store, const struct digest *path, const char *file, struct err *err)
{
	struct shard_name shard = shard_digest(path);
	if (unlinkat(store->folders[FOLDER_OBJECTS], shard.text, 0) < 0 && errno != ENOENT)
		return err_system(err, errno, "remove objects/%s", shard.text);
	return store_trash(store, FOLDER_STORE, file, err);
}

static bool
collect_tree(void *context, const char *name, struct err *err)
{
	struct collect *collect = context;
	struct object_reference reference;
	if (!object_file_parse(bytes_text(name), &reference)) {
		store_warn(collect->store, "store/%s is not an object: left alone", name);
		return true;
	}
	if (map_has(&collect->mark->paths, digest_bytes(&reference.path)))
		return true;
	const struct object *object =
		map_find(&collect->mark->objects, digest_bytes(&reference.path));
	collect->result.objects++;
	if (collect->options->dry_run) {
		collect->result.bytes += object ? object->size : 0;
		return true;
	}
	*array_push(&collect->gone) = reference.path;
	return collect_unpublish(collect->store, &reference.path, name, err);
}

/* Records whose tree is gone. */
static bool
collect_orphans(struct collect *collect, struct err *err)
{
	const struct map *objects = &collect->mark->objects;
	for (size_t at = 0; at < objects->size; at++) {
		const struct object *object = objects->entries[at].value;
		if (map_has(&collect->mark->paths, digest_bytes(&object->path)) ||
			store_has_tree(collect->store, &object->path, object->name))
			continue;
		struct shard_name shard = shard_digest(&object->path);
		if (unlinkat(collect->store->folders[FOLDER_OBJECTS], shard.text, 0) == 0)
			collect->result.records++;
		else if (errno != ENOENT)
			return err_system(err, errno, "remove objects/%s", shard.text);
	}
	return true;
}

static bool
collect_objects(struct collect *collect, struct err *err)
{
	struct store *store = collect->store;
	bool dry = collect->options->dry_run;
	if (!mark_objects(collect->mark, err) ||
		!store_each(store->folders[FOLDER_STORE], collect_tree, collect, err))
		return false;
	if (dry)
		return true;
	return store_sweep_staging(store, err) && collect_orphans(collect, err);
}

/* A blob that only blobs/ names: no object has it. */
static bool
collect_blob(void *context, const char *name, struct err *err)
{
	struct collect *collect = context;
	int folder = collect->store->folders[FOLDER_BLOBS];
	struct bytes text = bytes_text(name);
	struct digest digest;
	struct stat status;
	if (!digest_parse(bytes_first(text, DIGEST_TEXT), &digest) ||
		map_has(&collect->mark->blobs, digest_bytes(&digest)))
		return true;
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT || err_system(err, errno, "status of blobs/%s", name);
	if (status.st_nlink > 1)
		return true;
	if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
		return err_system(err, errno, "remove blobs/%s", name);
	collect->result.blobs++;
	collect->result.bytes += (uint64_t)status.st_size;
	return true;
}

static bool
collect_node(void *context, const char *name, struct err *err)
{
	struct collect *collect = context;
	int folder = collect->store->folders[FOLDER_NODES];
	struct digest digest;
	struct stat status;
	if (!digest_parse(bytes_text(name), &digest) ||
		map_has(&collect->mark->nodes, digest_bytes(&digest)))
		return true;
	bool known = fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
	if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
		return err_system(err, errno, "remove nodes/%s", name);
	collect->result.nodes++;
	collect->result.bytes += known ? (uint64_t)status.st_size : 0;
	return true;
}

/* Hints for later runs go with the object that they are about. */
static bool
collect_tree_nodes(void *context, const char *name, struct err *err)
{
	struct collect *collect = context;
	int folder = collect->store->folders[FOLDER_TREES];
	if (map_has(&collect->hashes, bytes_from(bytes_text(name), 3)))
		return true;
	if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
		return err_system(err, errno, "remove trees/%s", name);
	collect->result.records++;
	return true;
}

static bool
collect_memo(void *context, const char *name, struct err *err)
{
	struct collect *collect = context;
	int folder = collect->store->folders[FOLDER_MEMOS];
	cleanup_memo struct memo memo = {.file = BUF(0)};
	struct digest key;
	struct err damage;
	bool whole = digest_parse(bytes_from(bytes_text(name), 3), &key) &&
		     memo_read_record(folder, name, &key, &memo, &damage);
	if (whole && map_has(&collect->mark->paths, digest_bytes(&memo.object.path)))
		return true;
	if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
		return err_system(err, errno, "remove memos/%s", name);
	collect->result.records++;
	return true;
}

static bool
collect_hints(struct collect *collect, struct err *err)
{
	const struct mark *mark = collect->mark;
	for (size_t at = 0; at < mark->objects.size; at++) {
		const struct object *object = mark->objects.entries[at].value;
		struct cab_hash_text text = cab_hash_print(&object->hash);
		if (map_has(&mark->paths, digest_bytes(&object->path)))
			map_put(&collect->hashes, bytes_text(text.text), collect);
	}
	bool done = store_each_sharded(collect->store->folders[FOLDER_TREES], collect_tree_nodes,
			    collect, err) &&
		    store_each_sharded(
			    collect->store->folders[FOLDER_MEMOS], collect_memo, collect, err);
	map_release(&collect->hashes);
	return done;
}

struct collect_aged {
	struct collect *collect;
	int folder;
	time_t now;
};

/* Logs and compiled code can be had again; a clock that jumps costs no more than that. */
static bool
collect_aged_file(void *context, const char *name, struct err *err)
{
	struct collect_aged *aged = context;
	struct stat status;
	(void)err;
	if (fstatat(aged->folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		status.st_mtime > aged->now - COLLECT_AGE)
		return true;
	if (unlinkat(aged->folder, name, 0) == 0)
		aged->collect->result.records++;
	return true;
}

static bool
collect_aged(struct collect *collect, enum store_folder folder, struct err *err)
{
	struct collect_aged aged = {collect, collect->store->folders[folder], time(NULL)};
	return store_each_sharded(aged.folder, collect_aged_file, &aged, err);
}

/* The stat caches of local trees; a store that never saw one has no folder of them. */
static bool
collect_stats(struct collect *collect, struct err *err)
{
	cleanup_fd int fd =
		fd_open_at(collect->store->fd, "stat", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (fd < 0)
		return err_is_absent(err);
	struct collect_aged aged = {collect, fd, time(NULL)};
	return store_each(fd, collect_aged_file, &aged, err);
}

/* Marked anew: between the two locks others may have read, added and ended. */
static bool
collect_contents(struct collect *collect, bool all_reads, struct err *err)
{
	struct store *store = collect->store;
	cleanup_mark struct mark mark = {
		.store = store,
		.drop_sources = collect->options->drop_sources,
		.all_reads = all_reads,
	};
	if (!store_lock(store, true, err))
		return false;
	collect->mark = &mark;
	bool done = mark_objects(&mark, err) && mark_contents(&mark, err) &&
		    store_each(store->folders[FOLDER_NODES], collect_node, collect, err) &&
		    store_each(store->folders[FOLDER_BLOBS], collect_blob, collect, err) &&
		    collect_hints(collect, err);
	collect->mark = NULL;
	collect->result.records += mark.records;
	store_unlock(store);
	return done;
}

static bool
collect_run(struct collect *collect, struct err *err)
{
	struct store *store = collect->store;
	cleanup_mark struct mark mark = {
		.store = store,
		.drop_sources = collect->options->drop_sources,
		.look_only = collect->options->dry_run,
	};
	if (!store_lock(store, true, err))
		return false;
	collect->mark = &mark;
	bool done = collect_objects(collect, err);
	collect->mark = NULL;
	collect->result.records += mark.records;
	store_unlock(store);
	if (!done || collect->options->dry_run)
		return done;
	/* Unpublished for good, then unlinked. Where a full disk fails even that, what lies in the
	 * trash goes all the same: it is the way to room. */
	if (syncfs(store->fd) < 0)
		store_warn(store, "flush store %s failed", store->root);
	return store_empty_trash(store, true, err) && collect_contents(collect, false, err) &&
	       collect_aged(collect, FOLDER_LOGS, err) &&
	       collect_aged(collect, FOLDER_ARTIFACTS, err) && collect_stats(collect, err);
}

bool
store_collect(struct store *store, const struct collect_options *options,
	struct collect_result *out, struct err *err)
{
	struct collect collect = {.store = store, .options = options};
	if (!store_can_write(store, err))
		return false;
	if (!options->dry_run)
		collect_reserve(store, false);
	bool done = collect_run(&collect, err);
	if (collect.gone.size)
		index_forget(store, collect.gone.data, collect.gone.size);
	if (!options->dry_run)
		collect_reserve(store, true);
	array_release(&collect.gone);
	if (done)
		*out = collect.result;
	return done || err_note(err, "gc of store %s", store->root);
}

static bool
delete_check(struct mark *mark, const struct digest *path, const char *file, struct err *err)
{
	struct store *store = mark->store;
	char *result;
	if (!mark_result_of(mark, path, &result, err))
		return false;
	if (result) {
		(void)err_set(err, ERR_REFUSED, "%s is needed by the result %s", file, result);
		free(result);
		return false;
	}
	char line[DIGEST_TEXT + 2] = {LEASE_OBJECT};
	(void)stpcpy(line + 1, digest_print(path).text);
	/* What this process itself looked at does not hold it. */
	if (map_has(&mark->leases, bytes_text(line)) && !map_has(&store->leased, bytes_text(line)))
		return err_set(err, ERR_REFUSED, "%s is needed by a running build", file);
	for (size_t at = 0; at < mark->objects.size; at++) {
		const struct object *object = mark->objects.entries[at].value;
		for (size_t next = 0; next < object->references.size; next++)
			if (digest_equal(&object->references.data[next].path, path))
				return err_set(err, ERR_REFUSED,
					"%s is referred to by %s: delete that first", file,
					object_file_print(&object->path, object->name).text);
	}
	return true;
}

static bool
delete_locked(struct store *store, const struct digest *path, struct err *err)
{
	cleanup_mark struct mark mark = {.store = store};
	cleanup_object struct object object = {0};
	if (!store_object_record(store, path, &object, err))
		return err->kind == ERR_NOT_FOUND
			       ? err_set(err, ERR_NOT_FOUND, "object %s is not in store %s",
					 digest_print(path).text, store->root)
			       : false;
	struct object_file file = object_file_print(path, object.name);
	return mark_objects(&mark, err) && delete_check(&mark, path, file.text, err) &&
	       collect_unpublish(store, path, file.text, err);
}

bool
store_delete(struct store *store, const struct digest *path, struct err *err)
{
	struct collect_options options = {0};
	struct collect collect = {.store = store, .options = &options};
	if (!store_can_write(store, err) || !store_lock(store, true, err))
		return false;
	bool done = delete_locked(store, path, err);
	store_unlock(store);
	if (!done)
		return false;
	index_forget(store, path, 1);
	if (syncfs(store->fd) < 0)
		store_warn(store, "flush store %s failed", store->root);
	return store_empty_trash(store, true, err) && collect_contents(&collect, true, err);
}
