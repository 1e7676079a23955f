/* SPDX-License-Identifier: MPL-2.0 */
#include "session/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "island/local_tree.h"
#include "store/read.h"
#include "store/scan.h"

static enum path_kind
path_kind_of(mode_t mode)
{
	if (S_ISREG(mode))
		return PATH_FILE;
	if (S_ISDIR(mode))
		return PATH_FOLDER;
	return S_ISLNK(mode) ? PATH_LINK : PATH_OTHER;
}

static enum path_kind
path_kind_of_entry(char kind)
{
	switch (kind) {
	case TREE_DIRECTORY:
		return PATH_FOLDER;
	case TREE_FILE:
	case TREE_EXECUTABLE:
		return PATH_FILE;
	case TREE_SYMLINK:
		return PATH_LINK;
	default:
		return PATH_MISSING;
	}
}

/* Where a path of this machine lies: as it is, beneath a local island, or in the store for a logical store path. */
static const char *
path_local(struct session *session, const struct host_path *path)
{
	if (path->root) {
		struct session_island *island = session_island_of(path->root);
		/* The root itself may be a file, which no slash may follow. */
		struct bytes inside = path->text.size > 1 ? path->text : bytes_of(NULL, 0);
		return arena_format(
			&session->arena, "%.*s%.*s", BYTES_ARGS(island->local), BYTES_ARGS(inside));
	}
	if (bytes_has_prefix(path->text, BYTES_LITERAL(STORE_PREFIX)))
		return arena_format(&session->arena, "%s/store/%.*s", store_root(session->store),
			BYTES_ARGS(bytes_from(path->text, sizeof STORE_PREFIX - 1)));
	return arena_text(&session->arena, path->text);
}

static bool
path_is_remote(const struct host_path *path)
{
	return path->root && !session_island_of(path->root)->local.size;
}

/* A path of an island, where it was found: in its commit, or in the object of this Cab hash. */
struct path_found {
	char kind; /* an enum tree_kind, or READ_ABSENT */
	bool in_commit;
	struct session_part part;
	struct read_source source;
};

static bool
path_find_read(struct session *session, struct session_island *island, struct bytes path,
	struct path_found *out, struct err *err)
{
	struct read_entry entry = {0};
	out->source = (struct read_source){
		.hash = &island->hash, .name = arena_text(&session->arena, island->island.name)};
	if (!read_find(session->store, &out->source, path, &entry, err))
		return false;
	out->kind = entry.kind;
	return true;
}

/* Where this run consumes no island, what it lacks of a locked one is read by the revision that the lock names too. */
static bool
path_may_turn(const struct session *session, const struct session_island *island)
{
	return session->options.alone && island->reading == READING_OPEN &&
	       island_has_objects(&island->island) && !session_is_asked(session, island) &&
	       identity_find(island->before, island->before_count, "git");
}

/*
 * In the object of the island's Cab hash. Where nothing that this machine holds has the path, the island is realized whole, by
 * the derivation and pin that the build will use.
 */
static bool
path_find_whole(struct session *session, struct session_island *island, struct bytes path,
	struct path_found *out, bool *turns, struct err *err)
{
	*turns = false;
	if (!session_island_settle(session, island, err))
		return false;
	if (island->has_hash && path_find_read(session, island, path, out, err))
		return true;
	if (island->has_hash && err->kind != ERR_NOT_FOUND)
		return false;
	*turns = path_may_turn(session, island);
	if (*turns)
		return true;
	island->reading = READING_WHOLE;
	size_t node = island->derivation->node;
	if (!plan_build(session->plan, &node, 1, err))
		return false;
	size_t count = 0;
	const struct realizer_output *outputs = plan_outputs(session->plan, node, &count);
	must(outputs && count == 1, "a built source has one output");
	island->has_hash = true;
	island->hash = outputs[0].hash;
	return path_find_read(session, island, path, out, err);
}

static bool
path_find_in(struct session *session, struct session_island *island, const struct host_path *path,
	struct path_found *out, struct err *err)
{
	struct bytes inside = bytes_from(path->text, 1);
	bool commit = island->reading == READING_COMMIT;
	if (island->reading == READING_OPEN)
		commit = session_commit_is_wanted(session, island, path->import);
	*out = (struct path_found){0};
	if (!commit && !path_find_whole(session, island, inside, out, &commit, err))
		return false;
	if (!commit)
		return true;
	if (!session_commit_settle(session, island, err))
		return false;
	if (island->reading == READING_WHOLE)
		return path_find_whole(session, island, inside, out, &commit, err);
	if (!session_commit_find(session, island, inside, &out->part, err))
		return false;
	out->part.import = path->import;
	out->in_commit = true;
	out->kind = out->part.entry.kind;
	return true;
}

static bool
path_find(struct session *session, const struct host_path *path, struct path_found *out,
	struct err *err)
{
	struct session_island *island = session_island_of(path->root);
	island->reads++;
	return path_find_in(session, island, path, out, err) || session_island_note(island, err);
}

bool
host_path_kind(void *context, const struct host_path *path, enum path_kind *out, struct err *err)
{
	struct session *session = (struct session *)context;
	if (path_is_remote(path)) {
		struct path_found found;
		if (!path_find(session, path, &found, err))
			return false;
		*out = path_kind_of_entry(found.kind);
		return true;
	}
	struct stat status;
	if (fstatat(AT_FDCWD, path_local(session, path), &status, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			return err_system(err, errno, "%.*s", BYTES_ARGS(path->text));
		*out = PATH_MISSING;
		return true;
	}
	*out = path_kind_of(status.st_mode);
	return true;
}

static bool
path_read_island(
	struct session *session, const struct host_path *path, struct buf *out, struct err *err)
{
	struct session_island *island = session_island_of(path->root);
	struct path_found found;
	if (!path_find(session, path, &found, err))
		return false;
	if (found.kind == READ_ABSENT)
		return err_set(err, ERR_NOT_FOUND, "<%s> has no %.*s", island->ref.text,
			BYTES_ARGS(path->text));
	if (found.kind != TREE_FILE && found.kind != TREE_EXECUTABLE)
		return err_set(err, ERR_REFUSED, "<%s>%.*s is not a file", island->ref.text,
			BYTES_ARGS(path->text));
	if (found.in_commit && !session_commit_obtain(session, island, &found.part, 1, err))
		return false;
	/* The server would not send that file alone. */
	if (found.in_commit && island->reading == READING_WHOLE &&
		!path_find(session, path, &found, err))
		return false;
	bool done = found.in_commit ? commit_read(island->commit, &found.part.entry.id, out, err)
				    : read_file(session->store, &found.source,
					      bytes_from(path->text, 1), out, err);
	return done || session_island_note(island, err);
}

struct path_listing {
	path_visit *visit;
	void *visitor;
};

bool
host_path_read(void *context, const struct host_path *path, struct buf *out, struct err *err)
{
	struct session *session = (struct session *)context;
	if (!path_is_remote(path))
		return fd_read_file(AT_FDCWD, path_local(session, path), out, err);
	return path_read_island(session, path, out, err);
}

static void
path_visit_git(void *context, const struct git_entry *entry)
{
	const struct path_listing *listing = (const struct path_listing *)context;
	listing->visit(listing->visitor, entry->name, path_kind_of_entry(entry->kind));
}

static bool
path_list_commit(struct session *session, struct session_island *island,
	const struct path_found *found, struct path_listing *listing, struct err *err)
{
	if (found->kind != TREE_DIRECTORY)
		return err_set(err, ERR_REFUSED, "it %s",
			found->kind ? "is not a folder" : "is not in the tree");
	session_commit_list(session, island, found->part.path);
	return commit_list(island->commit, &found->part.entry, path_visit_git, listing, err);
}

static bool
path_list_island(struct session *session, const struct host_path *path, path_visit *visit,
	void *visitor, struct err *err)
{
	struct session_island *island = session_island_of(path->root);
	struct path_listing listing = {visit, visitor};
	struct path_found found;
	struct bytes inside = bytes_from(path->text, 1);
	if (!path_find(session, path, &found, err))
		return false;
	if (found.in_commit)
		return path_list_commit(session, island, &found, &listing, err) ||
		       err_note(err, "<%s>%.*s", island->ref.text, BYTES_ARGS(path->text));
	cleanup_buf struct buf node = BUF(TREE_NODE_MAX);
	struct tree_reader reader;
	struct tree_entry entry;
	if (!read_list(session->store, &found.source, inside, &node, err) ||
		!tree_reader_start(&reader, buf_bytes(&node), err))
		return err_note(err, "<%s>%.*s", island->ref.text, BYTES_ARGS(path->text));
	while (tree_reader_next(&reader, &entry, err))
		visit(visitor, entry.name, path_kind_of_entry(entry.kind));
	return reader.done;
}

/* By the rules of the repository around the folder, if there is one; not within the store. */
static bool
path_list_ruled(const char *text, path_visit *visit, void *visitor, bool *ruled, struct err *err)
{
	cleanup_local_tree struct local_tree tree = {0};
	if (!local_tree_list(&tree, text, ruled, err))
		return err_note(err, "read folder %s", text);
	if (!*ruled)
		return true;
	const struct local_entry *entries = tree.entries.data;
	for (uint32_t at = entries[0].first; at; at = entries[at].next)
		if (entries[at].kind)
			visit(visitor, entries[at].path, path_kind_of_entry(entries[at].kind));
	return true;
}

bool
host_path_list(void *context, const struct host_path *path, path_visit *visit, void *visitor,
	struct err *err)
{
	struct session *session = (struct session *)context;
	if (path_is_remote(path))
		return path_list_island(session, path, visit, visitor, err);
	const char *text = path_local(session, path);
	bool ruled = false;
	bool stored = !path->root && bytes_has_prefix(path->text, BYTES_LITERAL(STORE_PREFIX));
	if (!stored && !path_list_ruled(text, visit, visitor, &ruled, err))
		return false;
	if (ruled)
		return true;
	DIR *stream = opendir(text);
	if (!stream)
		return err_system(err, errno, "read folder %s", text);
	struct dirent *entry = NULL;
	errno = 0;
	while ((entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		struct stat status;
		if (fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
			visit(visitor, bytes_text(entry->d_name), path_kind_of(status.st_mode));
		errno = 0;
	}
	int number = errno;
	(void)closedir(stream);
	return number == 0 || err_system(err, number, "read folder %s", text);
}

static bool
path_add(struct session *session, struct staging *staging, const char *name,
	const struct context_item **out, struct err *err)
{
	struct store_add_options options = {.name = name, .vouch = {.kind = VOUCH_SELF}};
	cleanup_object struct object object = {0};
	if (!store_add(session->store, staging->folder, "object", &options, &object, err))
		return false;
	*out = session_item_object(session, &object);
	return true;
}

/* An object's name has fewer letters than a file's may have. */
static const char *
path_object_name(struct session *session, struct bytes name)
{
	char *text = arena_text(&session->arena, bytes_first(name, 160));
	for (char *at = text; *at; at++)
		if (!object_is_name(bytes_of(at, 1)) && !(*at == '.' && at > text))
			*at = '-';
	return object_is_name(bytes_text(text)) ? text : "source";
}

/* Copied only where the store has not the very object already. */
static bool
path_import(struct session *session, const char *path, const char *name,
	const struct context_item **out, struct err *err)
{
	cleanup_local_tree struct local_tree tree = {0};
	if (!local_tree_read(&tree, session->store, path, err))
		return false;
	cleanup_object struct object object = {0};
	struct digest digest = object_plain_path(&tree.hash, name);
	if (store_use(session->store, &digest, &object, err)) {
		*out = session_item_object(session, &object);
		return true;
	}
	struct staging staging;
	if (!store_stage(session->store, &staging, err))
		return false;
	bool done = local_tree_copy(&tree, staging.folder, "object", err) &&
		    path_add(session, &staging, name, out, err);
	store_unstage(&staging);
	return done;
}

bool
host_path_store(void *context, const struct host_path *path, const struct context_item **out,
	struct err *err)
{
	struct session *session = (struct session *)context;
	if (path_is_remote(path))
		return err_set(err, ERR_REFUSED,
			"<%s>%.*s: a part of an island is fetched as <…::%.*s>", path->root->text,
			BYTES_ARGS(path->text), BYTES_ARGS(path->text));
	const char *text = path_local(session, path);
	struct bytes name = path_name(bytes_text(text));
	bool done = path_import(session, text, path_object_name(session, name), out, err);
	return done || err_note(err, "copy %s to the store", text);
}

bool
host_text_store(void *context, struct bytes name, struct bytes content,
	const struct context_item *const *items, size_t item_count, const struct context_item **out,
	struct err *err)
{
	struct session *session = (struct session *)context;
	object_references references = {0};
	for (size_t at = 0; at < item_count; at++) {
		if (items[at]->kind == CONTEXT_OUTPUT) {
			array_release(&references);
			return err_set(err, ERR_REFUSED,
				"writeText \"%.*s\" mentions the output of a derivation, which is "
				"not known yet; write it in a build",
				BYTES_ARGS(name));
		}
		*array_push(&references) = ((const struct session_item *)items[at]->handle)->object;
	}
	struct staging staging;
	if (!store_stage(session->store, &staging, err)) {
		array_release(&references);
		return false;
	}
	struct store_add_options options = {
		.name = path_object_name(session, name), .vouch = {.kind = VOUCH_SELF}};
	memcpy(&options.references, &references, sizeof references);
	cleanup_object struct object object = {0};
	cleanup_fd int fd =
		fd_open_at(staging.folder, "object", O_WRONLY | O_CREAT | O_EXCL, 0644, err);
	bool done = fd >= 0 && fd_write_all(fd, content, err) &&
		    store_add(session->store, staging.folder, "object", &options, &object, err);
	if (done)
		*out = session_item_object(session, &object);
	store_unstage(&staging);
	array_release(&references);
	return done;
}

bool
host_store_path(void *context, struct bytes text, const struct context_item **out, struct err *err)
{
	struct session *session = (struct session *)context;
	struct object_reference reference;
	if (!store_path_parse(text, &reference))
		return err_set(err, ERR_REFUSED, "\"%.*s\" is not a path of the store",
			BYTES_ARGS(bytes_first(text, 300)));
	cleanup_object struct object object = {0};
	if (!store_obtain(session->store, &reference.path, &object, err))
		return false;
	*out = session_item_object(session, &object);
	return true;
}
