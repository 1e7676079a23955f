/* SPDX-License-Identifier: MPL-2.0 */
#include <errno.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/fd.h"
#include "island/local_tree.h"

/* One entry's place in the copy. */
static const char *
copy_path(struct buf *out, const char *name, const struct local_entry *entry)
{
	buf_clear(out);
	buf_add_text(out, name);
	if (entry->path.size)
		buf_add_byte(out, '/');
	buf_add(out, entry->path);
	return buf_text(out);
}

static bool
copy_bytes(int from, int to, struct err *err)
{
	for (;;) {
		ssize_t count = copy_file_range(from, NULL, to, NULL, 1 << 30, 0);
		if (count < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP))
			count = sendfile(to, from, NULL, 1 << 30);
		if (count < 0)
			return err_system(err, errno, "copy");
		if (count == 0)
			return true;
	}
}

static bool
copy_file(const struct local_tree *tree, const struct local_entry *entry, int folder,
	const char *place, struct err *err)
{
	const char *path = entry->path.size ? (const char *)entry->path.data : tree->name;
	cleanup_fd int from =
		fd_open_beneath(tree->root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	if (from < 0)
		return false;
	mode_t mode = entry->kind == TREE_EXECUTABLE ? 0755 : 0644;
	cleanup_fd int to =
		fd_open_at(folder, place, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode, err);
	return to >= 0 && (copy_bytes(from, to, err) || err_note(err, "%s", path));
}

static bool
copy_link(const struct local_entry *entry, int folder, const char *place, struct err *err)
{
	char target[TREE_TARGET_MAX + 1];
	memcpy(target, entry->target.data, entry->target.size);
	target[entry->target.size] = '\0';
	return symlinkat(target, folder, place) == 0 ||
	       err_system(err, errno, "copy link %s", place);
}

bool
local_tree_copy(const struct local_tree *tree, int folder, const char *name, struct err *err)
{
	cleanup_buf struct buf place = BUF(BUF_MAX);
	for (size_t at = 0; at < tree->entries.size; at++) {
		const struct local_entry *entry = &tree->entries.data[at];
		const char *path = copy_path(&place, name, entry);
		bool done = true;
		if (entry->kind == TREE_DIRECTORY)
			done = mkdirat(folder, path, 0755) == 0 ||
			       err_system(err, errno, "copy folder %s", path);
		else if (entry->kind == TREE_SYMLINK)
			done = copy_link(entry, folder, path, err);
		else if (entry->kind == TREE_FILE || entry->kind == TREE_EXECUTABLE)
			done = copy_file(tree, entry, folder, path, err);
		if (!done)
			return false;
	}
	return true;
}
