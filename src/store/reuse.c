/* SPDX-License-Identifier: MPL-2.0 */
#include "store/reuse.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/blob.h"
#include "store/internal.h"
#include "store/normal.h"

/* A folder on either side that was opened for the line before: most lines of a recipe stand together. */
struct reuse_place {
	int root;
	int fd; /* root, or one of its own */
	struct bytes path;
	const struct tree_nodes_folder *nodes; /* of the former side */
};

struct reuse_work {
	struct reuse *reuse;
	struct store *store;
	const struct tree_nodes *nodes;
	struct tree_limits limits;
	struct reuse_place from;
	struct reuse_place to;
};

void
reuse_release(struct reuse *reuse)
{
	map_release(&reuse->files);
	arena_release(&reuse->arena);
}

const struct reuse_file *
reuse_find(const struct reuse *reuse, uint64_t inode)
{
	return map_find(&reuse->files, bytes_of(&inode, sizeof inode));
}

static bool
reuse_count(struct reuse_work *work, struct err *err)
{
	if (++work->reuse->names <= work->limits.files)
		return true;
	return err_limit(err, ERR_LIMIT_OUTPUT, "it has more than %llu names",
		(unsigned long long)work->limits.files);
}

static bool
reuse_failed(struct err *err, const char *what)
{
	int number = errno;
	if (number == EEXIST)
		return err_set(err, ERR_REFUSED, "there is something already");
	return err_system(err, number, "%s", what);
}

/* A file of its own with the same bytes, as a program would have left it. */
static bool
reuse_copy(struct reuse_work *work, const struct tree_entry *entry, const struct stat *status,
	const char *from_name, const char *to_name, struct err *err)
{
	uint64_t size = (uint64_t)status->st_size;
	work->reuse->copied += size;
	if (work->reuse->copied > work->limits.size)
		return err_limit(err, ERR_LIMIT_OUTPUT, "more than %llu bytes are copied",
			(unsigned long long)work->limits.size);
	cleanup_fd int from =
		fd_open_at(work->from.fd, from_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	if (from < 0)
		return false;
	if (!blob_copy(work->store, from, work->to.fd, to_name, err)) {
		errno = err->number;
		return errno == EEXIST ? reuse_failed(err, "copy") : false;
	}
	return entry->kind != TREE_EXECUTABLE || fchmodat(work->to.fd, to_name, 0700, 0) == 0 ||
	       reuse_failed(err, "change mode");
}

static bool
reuse_make_file(struct reuse_work *work, const struct tree_entry *entry, const char *from_name,
	const char *to_name, struct err *err)
{
	struct stat status;
	struct reuse *reuse = work->reuse;
	if (fstatat(work->from.fd, from_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return err_system(err, errno, "status of the former file");
	uint64_t inode = status.st_ino;
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_CORRUPT, "what was a file is none");
	if (!normal_check(&status, entry->kind, err))
		return err_note(err, "the former file");
	bool fresh = status.st_size == 0 || reuse_find(reuse, inode);
	if (!fresh && linkat(work->from.fd, from_name, work->to.fd, to_name, 0) == 0) {
		struct reuse_file *file = arena_new(&reuse->arena, struct reuse_file);
		*file = (struct reuse_file){entry->digest, entry->kind};
		map_put(&reuse->files, bytes_of(&inode, sizeof inode), file);
		return true;
	}
	if (!fresh && errno != EMLINK)
		return reuse_failed(err, "link");
	return reuse_copy(work, entry, &status, from_name, to_name, err);
}

static bool reuse_make(struct reuse_work *work, const struct tree_entry *entry,
	const char *from_name, const char *to_name, unsigned depth, struct err *err);

static bool
reuse_fill(struct reuse_work *work, const struct tree_entry *entry, unsigned depth, struct err *err)
{
	const struct tree_nodes_folder *folder = tree_nodes_folder(work->nodes, &entry->digest);
	must(folder, "the nodes of a tree are all there");
	for (size_t at = folder->first; at < folder->first + folder->count; at++) {
		const struct tree_entry *child = &work->nodes->entries.data[at];
		char name[TREE_NAME_MAX + 1];
		memcpy(name, child->name.data, child->name.size);
		name[child->name.size] = '\0';
		if (!reuse_make(work, child, name, name, depth, err))
			return err_note(err, "%s", name);
	}
	return true;
}

static bool
reuse_make_folder(struct reuse_work *work, const struct tree_entry *entry, const char *from_name,
	const char *to_name, unsigned depth, struct err *err)
{
	if (depth >= TREE_DEPTH_MAX)
		return err_limit(err, ERR_LIMIT_OUTPUT, "deeper than %d folders", TREE_DEPTH_MAX);
	if (mkdirat(work->to.fd, to_name, 0755) < 0)
		return reuse_failed(err, "make folder");
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
	struct reuse_place from = work->from;
	struct reuse_place to = work->to;
	work->from.fd = fd_open_at(from.fd, from_name, flags, 0, err);
	work->to.fd = work->from.fd < 0 ? -1 : fd_open_at(to.fd, to_name, flags, 0, err);
	bool done = work->to.fd >= 0 && reuse_fill(work, entry, depth + 1, err);
	fd_release(&work->from.fd);
	fd_release(&work->to.fd);
	work->from = from;
	work->to = to;
	return done;
}

static bool
reuse_make(struct reuse_work *work, const struct tree_entry *entry, const char *from_name,
	const char *to_name, unsigned depth, struct err *err)
{
	if (!reuse_count(work, err))
		return false;
	if (entry->kind == TREE_DIRECTORY)
		return reuse_make_folder(work, entry, from_name, to_name, depth, err);
	if (entry->kind != TREE_SYMLINK)
		return reuse_make_file(work, entry, from_name, to_name, err);
	char target[TREE_TARGET_MAX + 1];
	memcpy(target, entry->target.data, entry->target.size);
	target[entry->target.size] = '\0';
	return symlinkat(target, work->to.fd, to_name) == 0 || reuse_failed(err, "make symlink");
}

static void
reuse_leave(struct reuse_place *place)
{
	if (place->fd != place->root)
		fd_close(place->fd);
	place->fd = place->root;
	place->path = bytes_of(NULL, 0);
}

/* Beneath its root and through no symlink, whatever the program made. */
static bool
reuse_enter(struct reuse_place *place, struct bytes path, struct err *err)
{
	if (bytes_equal(place->path, path))
		return true;
	reuse_leave(place);
	if (path.size) {
		char text[REUSE_PATH_MAX + 1];
		memcpy(text, path.data, path.size);
		text[path.size] = '\0';
		int fd = fd_open_beneath(
			place->root, text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
		if (fd < 0)
			return false;
		place->fd = fd;
	}
	place->path = path;
	return true;
}

bool
reuse_next_path(struct bytes *recipe, struct reuse_path *out, struct err *err)
{
	size_t end = bytes_find(*recipe, 0);
	if (end == SIZE_MAX)
		return err_set(err, ERR_REFUSED, "cut off");
	struct bytes path = bytes_first(*recipe, end);
	*recipe = bytes_from(*recipe, end + 1);
	struct bytes rest = path;
	struct bytes part = rest;
	unsigned depth = 0;
	if (path.size > REUSE_PATH_MAX)
		return err_set(err, ERR_REFUSED, "a path of more than %d bytes", REUSE_PATH_MAX);
	while (bytes_split(&rest, '/', &part)) {
		if (!path_is_name(part) || ++depth > TREE_DEPTH_MAX + 1)
			return err_set(err, ERR_REFUSED, "\"%.*s\" is no path in a tree",
				BYTES_ARGS(path));
	}
	memcpy(out->name, part.data, part.size);
	out->name[part.size] = '\0';
	out->folder = bytes_first(path, path.size - part.size - (depth > 1 ? 1 : 0));
	out->depth = depth;
	return true;
}

static bool
reuse_line(struct reuse_work *work, struct bytes *recipe, struct err *err)
{
	struct reuse_path from = {0};
	struct reuse_path to = {0};
	struct tree_entry entry = {.kind = TREE_DIRECTORY, .digest = work->nodes->root};
	if (!reuse_next_path(recipe, &from, err) || !reuse_next_path(recipe, &to, err))
		return false;
	if (!bytes_equal(from.folder, work->from.path) || !work->from.nodes) {
		if ((from.folder.size && !tree_nodes_find(work->nodes, from.folder, &entry)) ||
			entry.kind != TREE_DIRECTORY)
			return err_set(err, ERR_REFUSED, "the former object has no folder %.*s",
				BYTES_ARGS(from.folder));
		work->from.nodes = tree_nodes_folder(work->nodes, &entry.digest);
	}
	if (!tree_nodes_find_in(work->nodes, work->from.nodes, bytes_text(from.name), &entry))
		return err_set(err, ERR_REFUSED, "the former object has no %s in \"%.*s\"",
			from.name, BYTES_ARGS(from.folder));
	return (reuse_enter(&work->from, from.folder, err) &&
		       reuse_enter(&work->to, to.folder, err) &&
		       reuse_make(work, &entry, from.name, to.name, to.depth - 1, err)) ||
	       err_note(err, "%.*s%s%s", BYTES_ARGS(to.folder), to.folder.size ? "/" : "", to.name);
}

bool
reuse_apply(struct reuse *reuse, struct store *store, const struct reuse_source *source, int folder,
	const char *name, struct bytes recipe, struct err *err)
{
	struct object_reference former = {.path = source->object->path};
	memcpy(former.name, source->object->name, sizeof former.name);
	cleanup_fd int from = store_open_object(store, &former, err);
	cleanup_fd int to =
		from < 0 ? -1
			 : fd_open_at(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (to < 0)
		return false;
	struct reuse_work work = {
		.reuse = reuse,
		.store = store,
		.nodes = source->nodes,
		.limits = inventory_limits(NULL),
		.from = {.root = from, .fd = from},
		.to = {.root = to, .fd = to},
	};
	bool done = true;
	while (done && recipe.size)
		done = reuse_line(&work, &recipe, err);
	reuse_leave(&work.from);
	reuse_leave(&work.to);
	return done || err_note(err, "reuse");
}
