/* SPDX-License-Identifier: MPL-2.0 */
/* Files of one island, for people: `cab island cat` and `ls`. It is not met by that, and no lock is written. */
#include "base/path.h"
#include "session/state.h"

enum { ISLAND_FILE_MAX = 1 << 30 };

/* "/a/b" of "a/b", "./a//b" and the like: as evaluation writes a path in an island. */
static struct host_path
files_path(struct session *session, struct session_island *island, const char *text)
{
	cleanup_buf struct buf path = BUF(BUF_MAX);
	path_join(BYTES_LITERAL("/"), bytes_text(text), &path);
	return (struct host_path){
		.root = &island->ref, .text = arena_copy(&session->arena, buf_bytes(&path))};
}

/* All that are files by one request, where that can be. */
static bool
files_prefetch(struct session *session, struct session_island *island,
	const struct host_path *paths, size_t count, struct err *err)
{
	struct session_part *parts = arena_array(&session->arena, struct session_part, count);
	size_t files = 0;
	if (!session_commit_is_wanted(session, island, false))
		return true;
	if (!session_commit_settle(session, island, err))
		return false;
	for (size_t at = 0; island->reading == READING_COMMIT && at < count; at++) {
		struct session_part *part = &parts[files];
		if (!session_commit_find(session, island, bytes_from(paths[at].text, 1), part, err))
			return false;
		files += part->entry.kind == TREE_FILE || part->entry.kind == TREE_EXECUTABLE;
	}
	return !files || session_commit_obtain(session, island, parts, files, err);
}

bool
session_island_files(struct session *session, struct bytes text, const char *const *names,
	size_t count, session_file *visit, void *context, struct err *err)
{
	struct session_island *island = session_island_read(session, text, err);
	struct host_path *paths = arena_array(&session->arena, struct host_path, count);
	for (size_t at = 0; island && at < count; at++)
		paths[at] = files_path(session, island, names[at]);
	if (!island || (!island->local.size && !files_prefetch(session, island, paths, count, err)))
		return false;
	for (size_t at = 0; at < count; at++) {
		cleanup_buf struct buf data = BUF(ISLAND_FILE_MAX);
		if (!host_path_read(session, &paths[at], &data, err) ||
			!visit(context, names[at], buf_bytes(&data), err))
			return false;
	}
	return true;
}

bool
session_island_list(struct session *session, struct bytes text, const char *name, path_visit *visit,
	void *context, struct err *err)
{
	struct session_island *island = session_island_read(session, text, err);
	if (!island)
		return false;
	struct host_path path = files_path(session, island, name);
	return host_path_list(session, &path, visit, context, err);
}
