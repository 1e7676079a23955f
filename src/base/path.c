/* SPDX-License-Identifier: MPL-2.0 */
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"

bool
path_is_name(struct bytes name)
{
	return name.size >= 1 && name.size <= 255 && bytes_find(name, '/') == SIZE_MAX &&
	       bytes_find(name, 0) == SIZE_MAX && !bytes_equal_text(name, ".") &&
	       !bytes_equal_text(name, "..");
}

static void
path_add_parts(struct bytes path, struct buf *out)
{
	struct bytes part;
	while (bytes_split(&path, '/', &part)) {
		if (part.size == 0 || bytes_equal_text(part, "."))
			continue;
		if (bytes_equal_text(part, "..")) {
			while (out->size > 1 && out->data[out->size - 1] != '/')
				buf_truncate(out, out->size - 1);
			if (out->size > 1)
				buf_truncate(out, out->size - 1);
			continue;
		}
		if (out->size > 1)
			buf_add_byte(out, '/');
		buf_add(out, part);
	}
}

void
path_join(struct bytes base, struct bytes relative, struct buf *out)
{
	buf_clear(out);
	buf_add_byte(out, '/');
	if (relative.size == 0 || relative.data[0] != '/')
		path_add_parts(base, out);
	path_add_parts(relative, out);
}

static size_t
path_slash(struct bytes path)
{
	size_t at = path.size;
	while (at > 0 && path.data[at - 1] != '/')
		at--;
	return at;
}

struct bytes
path_name(struct bytes path)
{
	return bytes_from(path, path_slash(path));
}

struct bytes
path_folder(struct bytes path)
{
	size_t at = path_slash(path);
	if (at == 0)
		return BYTES_LITERAL(".");
	return bytes_first(path, at == 1 ? 1 : at - 1);
}

bool
path_make_folders(int folder, const char *path, unsigned mode, struct err *err)
{
	cleanup_buf struct buf prefix = BUF(8192);
	for (const char *at = path; *at;) {
		const char *end = strchr(at + 1, '/');
		size_t length = end ? (size_t)(end - path) : strlen(path);
		buf_clear(&prefix);
		buf_add(&prefix, bytes_of(path, length));
		if (!buf_check(&prefix, err, "path %s", path))
			return false;
		if (mkdirat(folder, buf_text(&prefix), (mode_t)mode) < 0 && errno != EEXIST)
			return err_system(err, errno, "make folder %s", buf_text(&prefix));
		at = path + length;
	}
	struct stat status;
	if (fstatat(folder, path, &status, 0) < 0)
		return err_system(err, errno, "make folder %s", path);
	return S_ISDIR(status.st_mode) || err_system(err, ENOTDIR, "make folder %s", path);
}

/* One folder on the way down: its stream, and its name in the folder above. */
struct path_level {
	DIR *stream;
	char name[256];
};

typedef ARRAY(struct path_level) path_levels;

/* Descriptors are few, and a hostile tree may be deeper: what lies below is moved to the top. */
enum { PATH_LEVELS = 128 };

static bool
path_enter(path_levels *levels, int parent, const char *name, struct err *err)
{
	/* What was a folder a moment ago may be a link now: its target is none of ours. A failure shows
	 * when the folder is opened or read. */
	(void)!fchmodat(parent, name, 0700, AT_SYMLINK_NOFOLLOW);
	cleanup_fd int fd = fd_open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (fd < 0)
		return false;
	DIR *stream = fdopendir(fd);
	if (!stream)
		return err_system(err, errno, "read folder %s", name);
	(void)fd_take(&fd);
	struct path_level *level = array_push(levels);
	level->stream = stream;
	(void)stpncpy(level->name, name, sizeof level->name - 1);
	return true;
}

/* Moves a folder beside those of the topmost one, under a name that is not taken. */
static bool
path_lift(const path_levels *levels, int parent, const char *name, struct err *err)
{
	(void)!fchmodat(parent, name, 0700, AT_SYMLINK_NOFOLLOW);
	for (unsigned long number = 0;; number++) {
		char lifted[64];
		(void)snprintf(lifted, sizeof lifted, ".lifted-%lu", number);
		if (renameat2(parent, name, dirfd(levels->data[0].stream), lifted,
			    RENAME_NOREPLACE) == 0)
			break;
		if (errno != EEXIST)
			return err_system(err, errno, "move folder %s", name);
	}
	rewinddir(levels->data[0].stream);
	return true;
}

/* Takes one entry of the deepest folder away, or goes into it, or leaves the folder when it is
 * empty. */
static bool
path_remove_step(path_levels *levels, int folder, struct err *err)
{
	struct path_level *level = &levels->data[levels->size - 1];
	errno = 0;
	struct dirent *entry = readdir(level->stream);
	if (!entry) {
		if (errno)
			return err_system(err, errno, "read folder %s", level->name);
		int parent = levels->size > 1 ? dirfd(level[-1].stream) : folder;
		(void)closedir(level->stream);
		levels->size--;
		if (unlinkat(parent, level->name, AT_REMOVEDIR) < 0)
			return err_system(err, errno, "remove folder %s", level->name);
		return true;
	}
	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return true;
	if (unlinkat(dirfd(level->stream), entry->d_name, 0) == 0)
		return true;
	if (errno != EISDIR && errno != EPERM)
		return err_system(err, errno, "remove %s", entry->d_name);
	if (levels->size == PATH_LEVELS)
		return path_lift(levels, dirfd(level->stream), entry->d_name, err);
	/* d_name lives in the stream, which stays open while the deeper one is walked. */
	return path_enter(levels, dirfd(level->stream), entry->d_name, err);
}

bool
path_remove(int folder, const char *name, struct err *err)
{
	if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
		return true;
	if (errno != EISDIR && errno != EPERM)
		return err_system(err, errno, "remove %s", name);

	path_levels levels = {0};
	bool done = path_enter(&levels, folder, name, err);
	while (done && levels.size)
		done = path_remove_step(&levels, folder, err);
	while (levels.size)
		(void)closedir(levels.data[--levels.size].stream);
	array_release(&levels);
	return done;
}
