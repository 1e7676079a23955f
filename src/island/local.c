/* SPDX-License-Identifier: MPL-2.0 */
#include "island/local.h"

#include <sys/stat.h>

#include "base/path.h"

bool
local_repository(struct arena *arena, struct bytes folder, struct bytes *root)
{
	struct bytes at = folder;
	for (;;) {
		struct stat status;
		const char *mark = arena_format(arena, "%.*s/.git", BYTES_ARGS(at));
		if (lstat(mark, &status) == 0) {
			*root = at;
			return true;
		}
		struct bytes up = path_folder(at);
		if (up.size >= at.size)
			return false;
		at = up;
	}
}

bool
local_path(struct arena *arena, const struct island *island, struct bytes from, struct bytes *out,
	struct err *err)
{
	if (island->scheme->id == SCHEME_FS) {
		*out = arena_copy(arena, island->subpath);
		return true;
	}
	if (!island_is_local(island))
		return err_set(err, ERR_REFUSED, "island <%.*s> is no local tree",
			BYTES_ARGS(island->text));
	if (from.size == 0 || from.data[0] != '/')
		return err_set(err, ERR_REFUSED, "island <%.*s> stands in no file of this machine",
			BYTES_ARGS(island->text));
	struct bytes root = path_folder(from);
	(void)!local_repository(arena, root, &root);
	if (island->subpath.size == 0)
		*out = arena_copy(arena, root);
	else
		*out = bytes_text(arena_format(arena, "%.*s/%.*s",
			BYTES_ARGS(root.size == 1 ? bytes_first(root, 0) : root),
			BYTES_ARGS(island->subpath)));
	return true;
}

bool
local_includes(struct bytes name)
{
	return !bytes_equal_text(name, ".git");
}
