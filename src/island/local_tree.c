/* SPDX-License-Identifier: MPL-2.0 */
#include "island/local_tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/trace.h"
#include "island/local.h"
#include "island/rules.h"
#include "store/parallel.h"
#include "store/stat_cache.h"

enum { LOCAL_FILES = 2000000, LOCAL_CHUNK = 64 << 10, LOCAL_TRIES = 4 };

struct local_walk {
	struct local_tree *tree;
	struct rules *rules;
	const char *prefix; /* of the tree in its repository: "" or "a/b/" */
	bool shallow; /* beneath the names of the root no more is wanted than whether something is in */
	size_t kept; /* entries that keep the folders around them */
};

void
local_tree_release(struct local_tree *tree)
{
	if (tree->name)
		fd_release(&tree->root);
	array_release(&tree->entries);
	arena_release(&tree->arena);
	*tree = (struct local_tree){0};
}

/* above/name; a walk makes one for each name, so without a format. */
static const char *
local_join(struct arena *arena, struct bytes above, const char *name)
{
	size_t size = strlen(name) + 1;
	size_t from = above.size ? above.size + 1 : 0;
	char *path = (char *)arena_take(arena, from + size, 1);
	if (from) {
		memcpy(path, above.data, above.size);
		path[above.size] = '/';
	}
	memcpy(path + from, name, size);
	return path;
}

static bool
local_kind(const struct stat *status, char *out)
{
	if (S_ISREG(status->st_mode))
		*out = status->st_mode & S_IXUSR ? TREE_EXECUTABLE : TREE_FILE;
	else if (S_ISDIR(status->st_mode))
		*out = TREE_DIRECTORY;
	else if (S_ISLNK(status->st_mode))
		*out = TREE_SYMLINK;
	else
		return false;
	return true;
}

static int
local_order(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool
local_read_target(struct local_tree *tree, struct local_entry *entry, int folder, const char *name,
	struct err *err)
{
	char target[TREE_TARGET_MAX + 2];
	ssize_t size = readlinkat(folder, name, target, sizeof target);
	if (size < 0)
		return err_system(err, errno, "read link %s", entry->path.data);
	if (size == 0 || size > TREE_TARGET_MAX)
		return err_set(
			err, ERR_REFUSED, "link %s: its target is too long", entry->path.data);
	entry->target = arena_copy(&tree->arena, bytes_of(target, (size_t)size));
	entry->digest = digest_of(entry->target);
	entry->known = true;
	return true;
}

/* Whether a folder is a repository of its own. */
static bool
local_is_repository(struct arena *arena, int folder, const char *name)
{
	struct stat status;
	struct arena_mark mark = arena_mark(arena);
	const char *path = local_join(arena, bytes_text(name), ".git");
	bool found = fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
	arena_rewind(arena, mark);
	return found;
}

/* What git's rules say of an entry: out, in, or in as an empty folder. */
static bool
local_judge(struct local_walk *walk, const char *path, char kind, int folder, const char *name,
	enum rules_verdict *out, struct err *err)
{
	*out = RULES_IN;
	if (!walk->rules)
		return true;
	const char *whole = path;
	if (*walk->prefix)
		whole = arena_format(&walk->tree->arena, "%s%s", walk->prefix, path);
	bool is_folder = kind == TREE_DIRECTORY;
	if (!rules_judge(walk->rules, whole, is_folder ? RULES_FOLDER : RULES_FILE, out, err))
		return false;
	if (*out == RULES_IN && is_folder &&
		local_is_repository(&walk->tree->arena, folder, name) &&
		!rules_tracks_beneath(walk->rules, whole))
		*out = RULES_LINK;
	return true;
}

static bool
local_push(
	struct local_walk *walk, uint32_t parent, const struct local_entry *made, struct err *err)
{
	struct local_tree *tree = walk->tree;
	if (tree->entries.size >= LOCAL_FILES)
		return err_limit(err, ERR_LIMIT_OUTPUT, "has more than %d names", (int)LOCAL_FILES);
	uint32_t at = (uint32_t)tree->entries.size;
	*array_push(&tree->entries) = *made;
	tree->entries.data[at].parent = parent;
	if (!at)
		return true;
	struct local_entry *folder = &tree->entries.data[parent];
	if (folder->first)
		tree->entries.data[folder->last].next = at;
	else
		folder->first = at;
	folder->last = at;
	return true;
}

static bool local_enter(struct local_walk *walk, int folder, const char *name, uint32_t at,
	unsigned depth, struct err *err);

static bool
local_visit(struct local_walk *walk, int folder, const char *name, uint32_t parent, unsigned depth,
	struct err *err)
{
	struct local_tree *tree = walk->tree;
	struct local_entry entry = {0};
	entry.path = bytes_text(local_join(&tree->arena, tree->entries.data[parent].path, name));
	const char *path = (const char *)entry.path.data;
	if (fstatat(folder, name, &entry.status, AT_SYMLINK_NOFOLLOW) < 0)
		/* It went while the folder was read. */
		return errno == ENOENT || err_system(err, errno, "%s", path);
	if (!local_kind(&entry.status, &entry.kind))
		return walk->rules ||
		       err_set(err, ERR_REFUSED, "%s is neither a file, a folder nor a link", path);
	enum rules_verdict verdict;
	if (!local_judge(walk, path, entry.kind, folder, name, &verdict, err))
		return false;
	if (verdict == RULES_OUT)
		return true;
	if (entry.kind == TREE_SYMLINK && !local_read_target(tree, &entry, folder, name, err))
		return false;
	entry.kept = verdict == RULES_LINK || !walk->rules;
	uint32_t at = (uint32_t)tree->entries.size;
	if (!local_push(walk, parent, &entry, err))
		return false;
	walk->kept += entry.kept || entry.kind != TREE_DIRECTORY;
	return entry.kind != TREE_DIRECTORY || verdict == RULES_LINK ||
	       local_enter(walk, folder, name, at, depth + 1, err);
}

/* The names of a folder, sorted; `.git` is not among them. Released by the caller. */
static bool
local_list(struct arena *arena, DIR *stream, char ***names, size_t *count, struct err *err)
{
	ARRAY(char *) list = {0};
	struct dirent *entry;
	errno = 0;
	while ((entry = readdir(stream))) {
		const char *name = entry->d_name;
		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
			local_includes(bytes_text(name)))
			*array_push(&list) = arena_text(arena, bytes_text(name));
	}
	int number = errno;
	if (list.size)
		qsort(list.data, list.size, sizeof(char *), local_order);
	*names = list.data;
	*count = list.size;
	return number == 0 || err_system(err, number, "read folder");
}

/* Recursion is bounded by TREE_DEPTH_MAX. */
static bool
local_enter(struct local_walk *walk, int folder, const char *name, uint32_t at, unsigned depth,
	struct err *err)
{
	const struct local_tree *tree = walk->tree;
	const char *path = (const char *)tree->entries.data[at].path.data;
	if (depth > TREE_DEPTH_MAX)
		return err_set(
			err, ERR_LIMIT, "%s lies deeper than %d folders", path, TREE_DEPTH_MAX);
	int fd = fd_open_at(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (fd < 0)
		return err_note(err, "%s", path);
	DIR *stream = fdopendir(fd);
	if (!stream) {
		fd_close(fd);
		return err_system(err, errno, "read folder %s", path);
	}
	char **names = NULL;
	size_t count = 0;
	size_t before = walk->kept;
	bool done = local_list(&walk->tree->arena, stream, &names, &count, err);
	for (size_t next = 0; done && next < count; next++) {
		if (walk->shallow && depth > 0 && walk->kept > before)
			break;
		done = local_visit(walk, dirfd(stream), names[next], at, depth, err);
	}
	free(names);
	(void)closedir(stream);
	return done;
}

/* A folder without names in it goes, and so perhaps the one around it. */
static void
local_prune(struct local_tree *tree)
{
	for (size_t at = tree->entries.size; at-- > 1;) {
		struct local_entry *entry = &tree->entries.data[at];
		bool empty = entry->kind == TREE_DIRECTORY && !entry->kept;
		uint32_t child = entry->first;
		for (; empty && child; child = tree->entries.data[child].next)
			empty = tree->entries.data[child].kind == '\0';
		if (empty)
			entry->kind = '\0';
	}
}

/* The bytes of one file, and what stat said before them; false without an err where it changed. */
static bool
local_digest(int fd, struct local_entry *entry, bool *same, struct err *err)
{
	struct stat after;
	uint8_t chunk[LOCAL_CHUNK];
	if (fstat(fd, &entry->status) < 0)
		return err_system(err, errno, "status");
	if (!S_ISREG(entry->status.st_mode))
		return err_set(err, ERR_REFUSED, "is no file any more");
	struct digester *digester = digester_new();
	ssize_t size;
	while ((size = fd_read_some(fd, chunk, sizeof chunk, err)) > 0)
		digester_add(digester, bytes_of(chunk, (size_t)size));
	entry->digest = digester_finish(digester);
	digester_free(digester);
	if (size < 0)
		return false;
	if (fstat(fd, &after) < 0)
		return err_system(err, errno, "status");
	*same = after.st_size == entry->status.st_size &&
		memcmp(&after.st_mtim, &entry->status.st_mtim, sizeof after.st_mtim) == 0 &&
		memcmp(&after.st_ctim, &entry->status.st_ctim, sizeof after.st_ctim) == 0;
	return true;
}

struct local_files {
	struct local_tree *tree;
	ARRAY(uint32_t) indices;
};

static int
local_open_entry(const struct local_tree *tree, const struct local_entry *entry, struct err *err)
{
	const char *path = entry->path.size ? (const char *)entry->path.data : tree->name;
	return fd_open_beneath(tree->root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
}

static bool
local_digest_step(void *context, size_t index, struct err *err)
{
	struct local_files *files = context;
	struct local_entry *entry = &files->tree->entries.data[files->indices.data[index]];
	bool same = false;
	for (int tries = 0; !same && tries < LOCAL_TRIES; tries++) {
		cleanup_fd int fd = local_open_entry(files->tree, entry, err);
		if (fd < 0)
			return false;
		if (!local_digest(fd, entry, &same, err))
			return err_note(err, "%s", entry->path.data);
	}
	(void)local_kind(&entry->status, &entry->kind);
	return same || err_set(err, ERR_REFUSED, "%s changes while it is read", entry->path.data);
}

static bool
local_digest_files(struct local_tree *tree, struct stat_cache *cache, struct err *err)
{
	struct local_files files = {.tree = tree};
	for (size_t at = 0; at < tree->entries.size; at++) {
		struct local_entry *entry = &tree->entries.data[at];
		if (entry->kind != TREE_FILE && entry->kind != TREE_EXECUTABLE)
			continue;
		const struct digest *known = stat_cache_find(cache, entry->path, &entry->status);
		if (known)
			entry->digest = *known;
		else
			*array_push(&files.indices) = (uint32_t)at;
	}
	tree->read = files.indices.size;
	bool done = parallel_each(files.indices.size, local_digest_step, &files, err);
	array_release(&files.indices);
	return done;
}

static bool
local_digest_folders(struct local_tree *tree, struct err *err)
{
	cleanup_buf struct buf node = BUF(TREE_NODE_MAX);
	for (size_t at = tree->entries.size; at-- > 0;) {
		struct local_entry *entry = &tree->entries.data[at];
		if (entry->kind != TREE_DIRECTORY)
			continue;
		buf_clear(&node);
		tree_write_start(&node);
		size_t above = entry->path.size ? entry->path.size + 1 : 0;
		for (uint32_t child = entry->first; child; child = tree->entries.data[child].next) {
			const struct local_entry *row = &tree->entries.data[child];
			if (row->kind == '\0')
				continue;
			struct tree_entry written = {
				row->kind, bytes_from(row->path, above), row->digest, row->target};
			tree_write(&node, &written);
		}
		if (!buf_check(&node, err, "folder %s", entry->path.data))
			return false;
		entry->digest = digest_of(buf_bytes(&node));
	}
	tree->hash = (struct cab_hash){tree->entries.data[0].kind, tree->entries.data[0].digest};
	return true;
}

static void
local_remember(
	const struct local_tree *tree, struct store *store, const char *path, struct timespec began)
{
	ARRAY(struct stat_cache_row) rows = {0};
	for (size_t at = 0; at < tree->entries.size; at++) {
		const struct local_entry *entry = &tree->entries.data[at];
		if (entry->kind == TREE_FILE || entry->kind == TREE_EXECUTABLE)
			*array_push(&rows) =
				(struct stat_cache_row){entry->path, entry->status, entry->digest};
	}
	stat_cache_write(store, path, rows.data, rows.size, began);
	array_release(&rows);
}

/* The rules of the repository around a folder; none where it ignores the folder itself. */
static bool
local_find_rules(struct local_walk *walk, const char *path, struct err *err)
{
	struct arena *arena = &walk->tree->arena;
	struct bytes root;
	walk->prefix = "";
	if (!local_repository(arena, bytes_text(path), &root))
		return true;
	if (!rules_open(arena_text(arena, root), &walk->rules, err))
		return false;
	size_t above = root.size == 1 ? 1 : root.size + 1;
	const char *inside = strlen(path) > above ? path + above : "";
	enum rules_verdict verdict = RULES_IN;
	if (!walk->rules || !*inside)
		return true;
	if (!rules_judge(walk->rules, inside, RULES_FOLDER, &verdict, err))
		return false;
	if (verdict == RULES_OUT) {
		rules_close(walk->rules);
		walk->rules = NULL;
	}
	walk->prefix = arena_format(arena, "%s/", inside);
	return true;
}

static bool
local_open(struct local_tree *tree, const char *path, struct err *err)
{
	struct bytes whole = bytes_text(path);
	const char *folder = arena_text(&tree->arena, path_folder(whole));
	const char *leaf = arena_text(&tree->arena, path_name(whole));
	tree->root = fd_open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0, err);
	if (tree->root < 0)
		return false;
	tree->name = *leaf ? leaf : ".";
	return true;
}

static bool
local_walk_root(struct local_tree *tree, const char *path, struct err *err)
{
	struct local_walk walk = {.tree = tree};
	struct local_entry entry = {.path = bytes_of("", 0), .kept = true};
	const char *name = tree->name;
	if (fstatat(tree->root, name, &entry.status, AT_SYMLINK_NOFOLLOW) < 0)
		return err_system(err, errno, "%s", path);
	if (!local_kind(&entry.status, &entry.kind))
		return err_set(err, ERR_REFUSED, "is neither a file, a folder nor a link");
	if (entry.kind == TREE_SYMLINK && !local_read_target(tree, &entry, tree->root, name, err))
		return false;
	if (!local_push(&walk, 0, &entry, err))
		return false;
	if (entry.kind != TREE_DIRECTORY)
		return true;
	bool done = local_find_rules(&walk, path, err) &&
		    local_enter(&walk, tree->root, name, 0, 0, err);
	rules_close(walk.rules);
	/* From here on paths start in the folder itself. */
	int inside =
		done ? fd_open_at(tree->root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err)
		     : -1;
	if (inside < 0)
		return false;
	fd_close(tree->root);
	tree->root = inside;
	local_prune(tree);
	return true;
}

bool
local_tree_read(struct local_tree *tree, struct store *store, const char *path, struct err *err)
{
	if (!local_open(tree, path, err))
		return false;
	struct timespec began = stat_cache_now();
	struct stat_cache cache;
	stat_cache_read(store, path, &cache);
	bool done = local_walk_root(tree, path, err) && local_digest_files(tree, &cache, err) &&
		    local_digest_folders(tree, err);
	stat_cache_release(&cache);
	if (!done)
		return false;
	trace("local", "%s: %zu names, %zu files read", path, tree->entries.size, tree->read);
	if (tree->read && tree->hash.kind == TREE_DIRECTORY)
		local_remember(tree, store, path, began);
	return true;
}

bool
local_tree_list(struct local_tree *tree, const char *path, bool *ruled, struct err *err)
{
	struct local_walk walk = {.tree = tree, .shallow = true};
	struct local_entry entry = {.path = bytes_of("", 0), .kind = TREE_DIRECTORY, .kept = true};
	*ruled = false;
	if (fstatat(AT_FDCWD, path, &entry.status, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISDIR(entry.status.st_mode))
		return true;
	if (!local_open(tree, path, err) || !local_find_rules(&walk, path, err))
		return false;
	if (!walk.rules)
		return true;
	*ruled = true;
	bool done = local_push(&walk, 0, &entry, err) &&
		    local_enter(&walk, tree->root, tree->name, 0, 0, err);
	rules_close(walk.rules);
	local_prune(tree);
	return done;
}
