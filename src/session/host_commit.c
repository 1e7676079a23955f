/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Islands that evaluation alone reads: by the ids of git's objects, without the object that a build would need.
 *
 * The realizer is asked for an ordinary run of island.wasm whose environment says what is wanted, and its output is a file of
 * records; each object in it is proved by its id before it is used, so nobody is believed.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/trace.h"
#include "session/state.h"

/* Contents of one request, 65 bytes each in a packet between cab's programs, and files of a folder that are worth asking for
 * beside the one that is read. */
enum { COMMIT_BATCH = 512, COMMIT_BESIDE = 64 };

static const struct identity *
commit_before(const struct session_island *island, const char *format)
{
	return identity_find(island->before, island->before_count, format);
}

static struct bytes
commit_revision_of(const struct identity *git)
{
	size_t end = 0;
	while (git && end < git->value.size && git->value.data[end] != ':' &&
		git->value.data[end] != '+')
		end++;
	return git ? bytes_first(git->value, end) : bytes_of(NULL, 0);
}

/*
 * What is only read has an entry without a Cab hash, or none yet. An unlocked island of a build is taken to be consumed, for
 * then one download serves both; but what is imported hardly ever is.
 */
bool
session_commit_is_wanted(
	const struct session *session, const struct session_island *island, bool import)
{
	if (!island_has_objects(&island->island) || island->has_checksum)
		return false;
	bool alone = session->options.alone;
	if (island->derivation && !alone)
		return false;
	if (commit_before(island, "cab"))
		return false;
	return island->before_count || alone || import;
}

static void
commit_say_whole(struct session *session, const struct session_island *island)
{
	cleanup_buf struct buf line = BUF(64 << 10);
	buf_format(&line, "<%s>: the server sends no parts of a commit, so all of it is fetched",
		island->ref.text);
	session->options.listener.say(session->options.listener.context, buf_bytes(&line));
}

/* A run for some objects of git; at a revision, or else at what the island means now, which is asked for. */
static bool
commit_node(struct session *session, struct session_island *island, struct bytes revision,
	struct bytes wanted, size_t *node, struct err *err)
{
	struct island at = island->island;
	struct island objects;
	struct derivation derivation;
	const char *other = session->options.update_to;
	if (!revision.size && other && session_is_named(session, island) &&
		!island_at_reference(&session->arena, &island->island, bytes_text(other), &at, err))
		return err_note(err, "--update-to %s", other);
	island_objects(&session->arena, &at, revision, wanted, &objects);
	if (!island_derive(&session->arena, &objects, &session->settings, &derivation, err) ||
		!graph_add(session->graph, &derivation, island->key, node, err))
		return false;
	if (island->read_node == SIZE_MAX)
		island->read_node = *node;
	return true;
}

/* What such a run made, into the commit. */
static bool
commit_take(struct session *session, struct session_island *island, size_t node, struct err *err)
{
	size_t count = 0;
	const struct realizer_output *outputs = plan_outputs(session->plan, node, &count);
	struct object_reference object;
	cleanup_buf struct buf records = BUF(COMMIT_PART_MAX);
	must(outputs && count == 1, "a run for objects has one output");
	if (!session->realizer->operations->fetch(session->realizer, outputs[0].path, err))
		return false;
	if (!store_path_parse(outputs[0].path, &object))
		return err_set(
			err, ERR_CORRUPT, "%.*s is not a store path", BYTES_ARGS(outputs[0].path));
	char *physical = store_physical_path(session->store, &object);
	bool done = fd_read_file(AT_FDCWD, physical, &records, err) &&
		    commit_add(island->commit, buf_bytes(&records), err);
	free(physical);
	return done;
}

/* The same, of the commit with its trees. Half of them is as good as none. */
static bool
commit_take_trees(
	struct session *session, struct session_island *island, size_t node, struct err *err)
{
	if (!commit_take(session, island, node, err))
		return false;
	island->lacks_trees = !commit_check_trees(island->commit);
	return true;
}

static bool
commit_run(struct session *session, struct session_island *island, struct bytes wanted,
	struct err *err)
{
	size_t node = 0;
	struct git_id_text revision = git_id_print(&island->revision);
	size_t known = graph_size(session->graph);
	bool wanted_trees = bytes_equal_text(wanted, "trees");
	if (!commit_node(session, island, bytes_text(revision.text), wanted, &node, err))
		return false;
	if (node >= known)
		plan_source(session->plan, node, &(struct plan_source){0});
	return plan_build(session->plan, &node, 1, err) &&
	       (wanted_trees ? commit_take_trees : commit_take)(session, island, node, err);
}

/* One a revision: two islands may be parts of one commit. */
static bool
commit_ensure(struct session *session, struct session_island *island, struct err *err)
{
	void **slot = map_at(&session->commits, git_id_key(&island->revision));
	if (!*slot)
		*slot = commit_open(session->store, &island->revision, err);
	island->commit = (struct commit *)*slot;
	return *slot;
}

/* Asks what the island means now: one listing where that commit's trees are held, else the trees come with it. */
static bool
commit_resolve(struct session *session, struct session_island *island, struct err *err)
{
	size_t node = 0;
	size_t known = graph_size(session->graph);
	if (!commit_node(session, island, bytes_of(NULL, 0), BYTES_LITERAL("trees"), &node, err))
		return false;
	struct plan_source source = {
		.ask = true, .locked = session->options.locked && !island->is_replaced};
	if (node >= known)
		plan_source(session->plan, node, &source);
	if (!session_hold(session, err) || !plan_ask(session->plan, &node, 1, err))
		return false;
	struct plan_found found = plan_found(session->plan, node);
	const struct identity *git = identity_find(found.identities, found.identity_count, "git");
	if (!git || !git_id_parse(git->value, &island->revision))
		return err_set(err, ERR_CORRUPT, "its program told no revision");
	island->read_node = node;
	island->was_resolved = true;
	if (!commit_ensure(session, island, err))
		return false;
	/* Where its program was stopped as the revision is known, the trees may be held, or not any more. */
	size_t count = 0;
	if (plan_outputs(session->plan, node, &count))
		return commit_take_trees(session, island, node, err);
	return commit_has_trees(island->commit) ||
	       commit_run(session, island, BYTES_LITERAL("trees"), err);
}

/* What the lock will say of it: no Cab hash, which only a whole fetch knows. */
static bool
commit_identify(struct session *session, struct session_island *island, struct err *err)
{
	struct git_id_text revision = git_id_print(&island->revision);
	struct commit_entry root = {.kind = COMMIT_ABSENT};
	island->found[0] = (struct identity){BYTES_LITERAL("git"),
		island_git_value(&session->arena, &island->island, bytes_text(revision.text))};
	island->found_count = 1;
	if (!island->lacks_trees && commit_has_trees(island->commit)) {
		if (!commit_find(island->commit, island->island.subpath, &root, err))
			return false;
		if (root.kind == COMMIT_ABSENT || root.is_submodule)
			return err_set(err, ERR_NOT_FOUND, "%.*s %s",
				BYTES_ARGS(island->island.subpath),
				root.is_submodule ? "is a submodule" : "is not there");
	}
	if (root.kind == TREE_DIRECTORY)
		island->found[island->found_count++] = (struct identity){BYTES_LITERAL("git-tree"),
			arena_copy(&session->arena, bytes_text(git_id_print(&root.id).text))};
	return true;
}

bool
session_commit_is_held(
	struct session *session, struct session_island *island, bool *held_out, struct err *err)
{
	*held_out = false;
	if (!git_id_parse(commit_revision_of(commit_before(island, "git")), &island->revision))
		return true;
	if (!commit_ensure(session, island, err))
		return false;
	*held_out = commit_has_trees(island->commit);
	return !*held_out || commit_identify(session, island, err);
}

static bool
commit_settle(struct session *session, struct session_island *island, struct err *err)
{
	const struct identity *git = commit_before(island, "git");
	bool asked = session_is_asked(session, island) ||
		     !git_id_parse(commit_revision_of(git), &island->revision);
	if (asked) {
		if (!commit_resolve(session, island, err))
			return false;
	} else if (!commit_ensure(session, island, err) ||
		   (!commit_has_trees(island->commit) &&
			   !commit_run(session, island, BYTES_LITERAL("trees"), err))) {
		return false;
	}
	if (!commit_identify(session, island, err))
		return false;
	island->reading = READING_COMMIT;
	if (!island->lacks_trees && commit_has_trees(island->commit))
		return true;
	commit_say_whole(session, island);
	island->reading = READING_WHOLE;
	return true;
}

bool
session_commit_settle(struct session *session, struct session_island *island, struct err *err)
{
	return island->reading == READING_COMMIT || commit_settle(session, island, err) ||
	       session_island_note(island, err);
}

/* Contents to ask for at once: none twice, the one that is read first. */
struct commit_wants {
	struct session_island *island;
	struct buf text; /* ids with a space between */
	struct map ids;
};

static void
wants_add(struct commit_wants *wants, const struct commit_entry *entry)
{
	bool is_file = entry->kind == TREE_FILE || entry->kind == TREE_EXECUTABLE;
	if (!is_file || wants->ids.size >= COMMIT_BATCH ||
		map_has(&wants->ids, git_id_key(&entry->id)) ||
		commit_has_blob(wants->island->commit, &entry->id))
		return;
	map_put(&wants->ids, git_id_key(&entry->id), wants);
	if (wants->text.size)
		buf_add_byte(&wants->text, ' ');
	buf_add_text(&wants->text, git_id_print(&entry->id).text);
}

/* What was read of a commit is likely to be read of the next. */
static void
wants_add_paths(struct commit_wants *wants, const struct commit *former)
{
	for (size_t at = 0; at < commit_path_count(former); at++) {
		struct err err;
		struct commit_entry entry;
		if (commit_find(wants->island->commit, commit_path_at(former, at), &entry, &err))
			wants_add(wants, &entry);
	}
}

static void
wants_add_former(struct session *session, struct commit_wants *wants)
{
	struct err err;
	struct git_id id;
	struct session_island *island = wants->island;
	if (island->former_asked)
		return;
	island->former_asked = true;
	wants_add_paths(wants, island->commit);
	if (!git_id_parse(commit_revision_of(commit_before(island, "git")), &id) ||
		map_has(&session->commits, git_id_key(&id)))
		return;
	struct commit *former = commit_open(session->store, &id, &err);
	if (former)
		wants_add_paths(wants, former);
	else
		trace("session", "%s", err.text);
	commit_close(former);
}

static struct bytes
commit_folder_key(struct session *session, const struct session_island *island, struct bytes folder)
{
	return bytes_text(arena_format(&session->arena, "%s/%.*s",
		git_id_print(&island->revision).text, BYTES_ARGS(folder)));
}

void
session_commit_list(
	struct session *session, const struct session_island *island, struct bytes folder)
{
	map_put(&session->listed, commit_folder_key(session, island, folder), session);
}

struct wants_folder {
	struct commit_wants *wants;
	size_t files;
	bool all; /* not only files of the language and their locks */
	bool counting;
};

static void
wants_visit(void *context, const struct git_entry *entry)
{
	struct wants_folder *folder = (struct wants_folder *)context;
	bool is_file = entry->kind == TREE_FILE || entry->kind == TREE_EXECUTABLE;
	if (!is_file || (!folder->all && !bytes_has_suffix(entry->name, BYTES_LITERAL(".cab")) &&
				!bytes_has_suffix(entry->name, BYTES_LITERAL(".cab.lock"))))
		return;
	folder->files++;
	struct commit_entry found = {.kind = entry->kind, .id = entry->id};
	if (!folder->counting)
		wants_add(folder->wants, &found);
}

/* A folder that evaluation has listed is about to be read, if it is small; of a folder of the language, its sources. */
static void
wants_add_beside(
	struct session *session, struct commit_wants *wants, const struct session_part *part)
{
	struct err err;
	struct commit_entry entry;
	struct bytes path = part->path;
	size_t name = path.size;
	while (name && path.data[name - 1] != '/')
		name--;
	struct bytes folder = bytes_first(path, name ? name - 1 : 0);
	struct wants_folder files = {.wants = wants,
		.all = map_has(&session->listed, commit_folder_key(session, wants->island, folder)),
		.counting = true};
	if ((!part->import && !files.all) ||
		!commit_find(wants->island->commit, folder, &entry, &err) ||
		!commit_list(wants->island->commit, &entry, wants_visit, &files, &err) ||
		files.files > COMMIT_BESIDE)
		return;
	files.counting = false;
	if (!commit_list(wants->island->commit, &entry, wants_visit, &files, &err))
		trace("session", "%s", err.text);
}

static bool
commit_has_all(struct commit *commit, const struct session_part *parts, size_t count)
{
	for (size_t at = 0; at < count; at++)
		if (!commit_has_blob(commit, &parts[at].entry.id))
			return false;
	return true;
}

/* As many of them as one request takes, with what is likely to be read beside. */
static bool
commit_fetch(struct session *session, struct session_island *island,
	const struct session_part *parts, size_t count, struct err *err)
{
	struct commit_wants wants = {.island = island, .text = BUF(BUF_MAX)};
	for (size_t at = 0; at < count; at++)
		wants_add(&wants, &parts[at].entry);
	wants_add_former(session, &wants);
	for (size_t at = 0; at < count; at++)
		wants_add_beside(session, &wants, &parts[at]);
	bool done = commit_run(session, island, buf_bytes(&wants.text), err);
	buf_release(&wants.text);
	map_release(&wants.ids);
	return done || session_island_note(island, err);
}

bool
session_commit_obtain(struct session *session, struct session_island *island,
	const struct session_part *parts, size_t count, struct err *err)
{
	for (size_t at = 0; at < count; at++)
		commit_note(island->commit, parts[at].path);
	/* The first of what is missing is in each request: one that brings nothing of it is the last. */
	for (size_t at = 0; at < count; at++) {
		if (commit_has_blob(island->commit, &parts[at].entry.id))
			continue;
		if (!commit_fetch(session, island, parts + at, count - at, err))
			return false;
		if (!commit_has_blob(island->commit, &parts[at].entry.id))
			break;
	}
	if (commit_has_all(island->commit, parts, count))
		return true;
	commit_say_whole(session, island);
	island->reading = READING_WHOLE;
	return true;
}

bool
session_commit_find(struct session *session, struct session_island *island, struct bytes path,
	struct session_part *out, struct err *err)
{
	struct bytes subpath = island->island.subpath;
	const char *between = subpath.size && path.size ? "/" : "";
	out->path = bytes_text(arena_format(
		&session->arena, "%.*s%s%.*s", BYTES_ARGS(subpath), between, BYTES_ARGS(path)));
	return commit_find(island->commit, out->path, &out->entry, err) ||
	       session_island_note(island, err);
}

void
session_commits_save(struct session *session)
{
	for (size_t at = 0; at < session->commits.size; at++)
		if (session->commits.entries[at].value)
			commit_save((struct commit *)session->commits.entries[at].value);
}

void
session_commits_close(struct session *session)
{
	for (size_t at = 0; at < session->commits.size; at++)
		commit_close((struct commit *)session->commits.entries[at].value);
	map_release(&session->commits);
}
