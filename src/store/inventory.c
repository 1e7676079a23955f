/* SPDX-License-Identifier: MPL-2.0 */
#include "store/inventory.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/normal.h"
#include "store/reuse.h"

enum { INVENTORY_HOP = 3500 }; /* bytes of path opened at once: PATH_MAX is 4096 */

static const struct tree_limits inventory_default = {
	.size = (uint64_t)8 << 30,
	.files = 2000000,
	.depth = TREE_DEPTH_MAX,
};

void
inventory_release(struct inventory *inventory)
{
	arena_release(&inventory->arena);
	array_release(&inventory->entries);
}

void
inventory_path(const struct inventory *inventory, size_t at, struct buf *out)
{
	uint32_t chain[TREE_DEPTH_MAX + 2];
	size_t depth = 0;
	for (; at; at = inventory->entries.data[at].parent)
		chain[depth++] = (uint32_t)at;
	while (depth--) {
		buf_add(out, inventory->entries.data[chain[depth]].name);
		if (depth)
			buf_add_byte(out, '/');
	}
}

bool
inventory_note(const struct inventory *inventory, size_t at, struct err *err)
{
	cleanup_buf struct buf path = BUF(BUF_MAX);
	inventory_path(inventory, at, &path);
	return err_note(err, "%s%s%s", inventory->name, at ? "/" : "", buf_text(&path));
}

/* Opens a path of any length: in hops, each short enough for the kernel. */
static int
inventory_open_path(const struct inventory *inventory, char *path, int flags, struct err *err)
{
	cleanup_fd int base = -1;
	while (strlen(path) > INVENTORY_HOP) {
		char *cut = path + INVENTORY_HOP;
		while (*cut != '/')
			cut--;
		*cut = '\0';
		int next = fd_open_beneath(base < 0 ? inventory->folder : base, path,
			O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, err);
		if (next < 0)
			return -1;
		fd_close(base);
		base = next;
		path = cut + 1;
	}
	return fd_open_beneath(
		base < 0 ? inventory->folder : base, path, flags | O_NOFOLLOW, 0, err);
}

int
inventory_open(const struct inventory *inventory, size_t at, int flags, struct err *err)
{
	cleanup_buf struct buf path = BUF(BUF_MAX);
	buf_add_text(&path, inventory->name);
	if (at)
		buf_add_byte(&path, '/');
	inventory_path(inventory, at, &path);
	(void)buf_text(&path);
	return inventory_open_path(inventory, (char *)path.data, flags, err);
}

int
inventory_open_parent(const struct inventory *inventory, size_t at, char *name, struct err *err)
{
	if (at == 0) {
		(void)stpcpy(name, inventory->name);
		return fd_open_at(inventory->folder, ".", O_RDONLY | O_DIRECTORY, 0, err);
	}
	const struct inventory_entry *entry = &inventory->entries.data[at];
	memcpy(name, entry->name.data, entry->name.size);
	name[entry->name.size] = '\0';
	return inventory_open(inventory, entry->parent, O_RDONLY | O_DIRECTORY, err);
}

static int
inventory_compare(const void *left, const void *right)
{
	return bytes_compare(((const struct inventory_entry *)left)->name,
		((const struct inventory_entry *)right)->name);
}

static bool
inventory_read_target(struct inventory *inventory, struct inventory_entry *entry, int parent,
	const char *name, struct err *err)
{
	char target[TREE_TARGET_MAX + 2];
	ssize_t size = readlinkat(parent, name, target, sizeof target);
	if (size < 0)
		return err_system(err, errno, "read symlink");
	if (size == 0 || size > TREE_TARGET_MAX)
		return err_set(err, ERR_REFUSED, "symlink: its target has %zd bytes, not 1 to %d",
			size, TREE_TARGET_MAX);
	entry->target = arena_copy(&inventory->arena, bytes_of(target, (size_t)size));
	return true;
}

/* A file of a former object, linked by us: known by its inode. */
static void
inventory_recognise(struct inventory *inventory, struct inventory_entry *entry)
{
	const struct reuse_file *file = reuse_find(inventory->reuse, entry->inode);
	if (!file || file->kind != entry->kind)
		return;
	entry->is_reused = true;
	entry->digest = file->digest;
	entry->blanked = file->digest;
}

/* Kind, size and what else is known without opening. */
static bool
inventory_look(struct inventory *inventory, struct inventory_entry *entry, int parent,
	const char *name, struct err *err)
{
	struct stat status;
	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return err_system(err, errno, "status");
	if (inventory->entries.size == 1)
		inventory->device = status.st_dev;
	if (status.st_dev != inventory->device)
		return err_set(err, ERR_REFUSED, "lies on another file system");
	entry->inode = status.st_ino;
	entry->links = status.st_nlink;
	if (!normal_kind(&status, &entry->kind, err))
		return false;
	if (inventory->reuse && S_ISREG(status.st_mode))
		inventory_recognise(inventory, entry);
	/* A crash between the rename and what follows it leaves the root's mode and time: verify
	 * mends that. */
	if (inventory->entries.size == 1 && S_ISDIR(status.st_mode)) {
		status.st_mode &= ~(mode_t)S_IWUSR;
		status.st_mtim = (struct timespec){.tv_sec = 1};
	}
	if (inventory->mode == INVENTORY_CHECK && !normal_check(&status, entry->kind, err))
		return false;
	if (inventory->mode == INVENTORY_NORMALISE && !normal_make_open(parent, name, &status, err))
		return false;
	if (entry->kind == TREE_SYMLINK)
		return inventory_read_target(inventory, entry, parent, name, err);
	if (entry->kind == TREE_DIRECTORY)
		return true;
	entry->size = (uint64_t)status.st_size;
	inventory->size += entry->size;
	if (inventory->size > inventory->limits.size)
		return err_limit(err, ERR_LIMIT_OUTPUT, "the tree has more than %llu bytes",
			(unsigned long long)inventory->limits.size);
	return true;
}

static bool
inventory_add(struct inventory *inventory, uint32_t parent, const char *name, struct err *err)
{
	if (inventory->entries.size >= inventory->limits.files)
		return err_limit(err, ERR_LIMIT_OUTPUT, "%s has more than %llu names",
			inventory->name, (unsigned long long)inventory->limits.files);
	*array_push(&inventory->entries) = (struct inventory_entry){
		.parent = parent,
		.name = arena_copy(&inventory->arena, bytes_text(name)),
	};
	return true;
}

static bool
inventory_list(struct inventory *inventory, size_t at, DIR *stream, struct err *err)
{
	size_t first = inventory->entries.size;
	for (;;) {
		errno = 0;
		struct dirent *entry = readdir(stream);
		if (!entry && errno)
			return err_system(err, errno, "read folder") ||
			       inventory_note(inventory, at, err);
		if (!entry)
			break;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!inventory_add(inventory, (uint32_t)at, entry->d_name, err))
			return false;
	}
	size_t count = inventory->entries.size - first;
	inventory->entries.data[at].first = (uint32_t)first;
	inventory->entries.data[at].count = (uint32_t)count;
	if (count > 1)
		qsort(&inventory->entries.data[first], count, sizeof *inventory->entries.data,
			inventory_compare);
	for (size_t child = first; child < first + count; child++) {
		char name[TREE_NAME_MAX + 1];
		struct inventory_entry *entry = &inventory->entries.data[child];
		memcpy(name, entry->name.data, entry->name.size);
		name[entry->name.size] = '\0';
		if (!inventory_look(inventory, entry, dirfd(stream), name, err))
			return inventory_note(inventory, child, err);
	}
	return true;
}

static bool
inventory_enter(struct inventory *inventory, size_t at, struct err *err)
{
	uint32_t depth = 0;
	for (size_t up = at; up; up = inventory->entries.data[up].parent)
		depth++;
	if (depth > inventory->limits.depth)
		return err_limit(err, ERR_LIMIT_OUTPUT, "deeper than %u folders",
			       inventory->limits.depth) ||
		       inventory_note(inventory, at, err);
	cleanup_fd int fd = inventory_open(inventory, at, O_RDONLY | O_DIRECTORY, err);
	if (fd < 0)
		return false;
	DIR *stream = fdopendir(fd);
	if (!stream)
		return err_system(err, errno, "read folder") || inventory_note(inventory, at, err);
	(void)fd_take(&fd);
	bool listed = inventory_list(inventory, at, stream, err);
	(void)closedir(stream);
	return listed;
}

struct tree_limits
inventory_limits(const struct tree_limits *limits)
{
	struct tree_limits result = inventory_default;
	if (limits && limits->size)
		result.size = limits->size;
	if (limits && limits->files && limits->files < UINT32_MAX)
		result.files = limits->files;
	if (limits && limits->depth && limits->depth < TREE_DEPTH_MAX)
		result.depth = limits->depth;
	return result;
}

bool
inventory_walk(struct inventory *inventory, int folder, const char *name, enum inventory_mode mode,
	const struct tree_limits *limits, struct err *err)
{
	inventory->folder = folder;
	inventory->name = name;
	inventory->mode = mode;
	inventory->limits = inventory_limits(limits);
	if (!path_is_name(bytes_text(name)))
		return err_set(err, ERR_REFUSED, "%s cannot be the name of a tree", name);
	if (!inventory_add(inventory, 0, "", err))
		return false;
	if (!inventory_look(inventory, &inventory->entries.data[0], folder, name, err))
		return inventory_note(inventory, 0, err);
	for (size_t at = 0; at < inventory->entries.size; at++)
		if (inventory->entries.data[at].kind == TREE_DIRECTORY &&
			!inventory_enter(inventory, at, err))
			return false;
	return true;
}

size_t
inventory_find(const struct inventory *inventory, struct bytes path)
{
	size_t at = 0;
	struct bytes part;
	if (path.size == 0)
		return 0;
	while (bytes_split(&path, '/', &part)) {
		const struct inventory_entry *entry = &inventory->entries.data[at];
		size_t low = entry->first;
		size_t high = low + entry->count;
		while (low < high) {
			size_t middle = low + (high - low) / 2;
			if (bytes_compare(inventory->entries.data[middle].name, part) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		if (low >= (size_t)entry->first + entry->count ||
			!bytes_equal(inventory->entries.data[low].name, part))
			return SIZE_MAX;
		at = low;
	}
	return at;
}

void
inventory_node(const struct inventory *inventory, size_t at, bool blanked, struct buf *out)
{
	const struct inventory_entry *folder = &inventory->entries.data[at];
	tree_write_start(out);
	for (size_t child = folder->first; child < (size_t)folder->first + folder->count; child++) {
		const struct inventory_entry *entry = &inventory->entries.data[child];
		struct tree_entry row = {
			.kind = entry->kind,
			.name = entry->name,
			.digest = blanked ? entry->blanked : entry->digest,
			.target = entry->target,
		};
		uint8_t target[TREE_TARGET_MAX];
		if (blanked && entry->kind == TREE_SYMLINK && entry->self_count) {
			memcpy(target, entry->target.data, entry->target.size);
			for (size_t self = 0; self < entry->self_count; self++)
				memset(target + entry->selves[self].offset, '0', DIGEST_TEXT);
			row.target.data = target;
		}
		tree_write(out, &row);
	}
}

struct cab_hash
inventory_hash(const struct inventory *inventory)
{
	const struct inventory_entry *root = &inventory->entries.data[0];
	return (struct cab_hash){root->kind, root->digest};
}

struct cab_hash
inventory_blanked(const struct inventory *inventory)
{
	const struct inventory_entry *root = &inventory->entries.data[0];
	return (struct cab_hash){root->kind, root->blanked};
}

bool
inventory_seal(const struct inventory *inventory, struct err *err)
{
	for (size_t at = inventory->entries.size; at-- > 0;) {
		char kind = inventory->entries.data[at].kind;
		if (kind != TREE_DIRECTORY && kind != TREE_SYMLINK)
			continue;
		char name[TREE_NAME_MAX + 1];
		cleanup_fd int parent = inventory_open_parent(inventory, at, name, err);
		if (parent < 0)
			return false;
		if (!normal_seal(parent, name, kind, at != 0, err))
			return inventory_note(inventory, at, err);
	}
	return true;
}
