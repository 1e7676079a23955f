/* SPDX-License-Identifier: MPL-2.0 */
#include "session/state.h"

#include <stdlib.h>
#include <time.h>

#include "store/root.h"

static void
settle_say(struct session *session, const char *text)
{
	session->options.listener.say(session->options.listener.context, bytes_text(text));
}

/* Whether an entry that this evaluation has used is another one in the lock that stands there now. */
static bool
settle_is_stale(const struct session *session, const struct lock *now)
{
	for (size_t at = 0; at < session->islands.size; at++) {
		const struct session_island *island =
			(const struct session_island *)session->islands.entries[at].value;
		const struct lock_entry *old = lock_find(&session->lock, island->key);
		const struct lock_entry *new = lock_find(now, island->key);
		if (island->local.size || island->has_checksum || island->is_replaced ||
			(!old && !new))
			continue;
		if (!old || !new || !lock_entry_equal(old, new))
			return true;
	}
	return false;
}

/* From the first island that is asked until the lock is written, no other cab changes it. */
bool
session_hold(struct session *session, struct err *err)
{
	if (!session->entry || session->holds || session->options.no_write_lock ||
		session->options.probe)
		return true;
	if (!lock_hold_try(session->lock_folder, &session->hold, err)) {
		if (err->kind != ERR_LIMIT)
			return false;
		settle_say(session, "waiting for another cab to write the lock of this folder");
		if (!lock_hold_wait(session->lock_folder, &session->hold, err))
			return false;
	}
	session->holds = true;
	struct lock now = {0};
	if (!lock_read(session->lock_folder, session->lock_name, &now, err))
		return false;
	bool stale = settle_is_stale(session, &now);
	lock_release(&session->lock);
	session->lock = now;
	if (!stale)
		return true;
	session->stale = true;
	return err_limit(err, (enum err_limit)SESSION_STALE, "the lock was changed by another cab");
}

static void
settle_put(struct session *session, struct bytes key, const struct plan_found *found)
{
	struct lock_entry entry = {
		.key = key,
		.identities = found->identities,
		.identity_count = found->identity_count,
		.time = (int64_t)time(NULL),
		.has_pinned = found->has_pinned,
		.pinned = found->pinned,
	};
	(void)lock_put(&session->lock, &entry);
}

/* What became of an island in this run. One that only evaluation read has no Cab hash. */
struct plan_found
session_island_found(const struct session *session, const struct session_island *island)
{
	struct plan_found found = {0};
	if (island->derivation)
		found = plan_found(session->plan, island->derivation->node);
	if (found.has_hash || !island->found_count)
		return found;
	const struct identity *git = identity_find(island->before, island->before_count, "git");
	bool changed = !git || !identity_equal(*git, island->found[0]);
	return (struct plan_found){.identities = island->found,
		.identity_count = island->found_count,
		.asked = island->was_resolved,
		.changed = island->was_resolved && changed};
}

static void
settle_collect(struct session *session)
{
	for (size_t at = 0; at < session->islands.size; at++) {
		struct session_island *island =
			(struct session_island *)session->islands.entries[at].value;
		if (island->has_checksum || island->is_replaced || island->local.size)
			continue;
		struct plan_found found = session_island_found(session, island);
		if (found.identity_count && (found.changed || !island->before_count) &&
			(found.has_hash || island->found_count))
			settle_put(session, island->key, &found);
	}
	/* With an override another program than the lock's may have run under the same name. */
	for (size_t node = 0; !session->override_count && node < graph_size(session->graph);
		node++) {
		const struct graph_node *graph = graph_node(session->graph, node);
		if (graph->derivation.fixed != DERIVATION_SELF || graph->island.size)
			continue;
		struct plan_found found = plan_found(session->plan, node);
		if (found.has_hash && found.asked)
			settle_put(session,
				lock_derivation_key(&session->arena, graph->derivation.name),
				&found);
	}
}

static bool
settle_write(struct session *session, struct err *err)
{
	bool written = false;
	if (!session->entry || session->options.no_write_lock || session->options.probe)
		return true;
	settle_collect(session);
	session_commits_save(session);
	if (!store_sync(session->store, err))
		return false;
	if (session->lock.size && !root_lock(session->store, session->lock_path, err))
		return false;
	if (lock_write(session->lock_folder, session->lock_name, &session->lock, &written, err))
		return true;
	/* A folder that may not be written: the build goes on, and its status says it. */
	session->lock_failed = true;
	cleanup_buf struct buf line = BUF(64 << 10);
	buf_format(&line, "the lock could not be written: %s", err->text);
	settle_say(session, buf_text(&line));
	return true;
}

void
session_save(struct session *session)
{
	struct err err;
	if (session->holds && !settle_write(session, &err))
		settle_say(session, err.text);
	if (session->holds)
		lock_hold_end(&session->hold);
	session->holds = false;
	session_commits_save(session);
	/* What evaluation alone imported: the paths that it printed are there from now on. */
	if (session->store && !store_sync(session->store, &err))
		settle_say(session, err.text);
}

void
session_pin_derivations(struct session *session)
{
	for (size_t node = 0; node < graph_size(session->graph); node++) {
		const struct graph_node *graph = graph_node(session->graph, node);
		if (graph->derivation.fixed != DERIVATION_SELF || graph->island.size)
			continue;
		struct bytes key = lock_derivation_key(&session->arena, graph->derivation.name);
		const struct lock_entry *entry = lock_find(&session->lock, key);
		struct plan_source source = {.ask = session->options.update || !entry,
			.probe = session->options.probe,
			.has_pinned = true,
			.locked = session->options.locked && !session->override_count};
		if (entry) {
			source.pin = entry->identities;
			source.pin_count = entry->identity_count;
			source.ask |= !entry->has_pinned;
			source.pinned = entry->pinned;
		}
		if (!plan_found(session->plan, node).has_hash)
			plan_source(session->plan, node, &source);
	}
}

static void
settle_mark(const struct session *session, const session_goals *goals, size_t *nodes, bool all,
	bool *reached)
{
	for (size_t at = 0; at < graph_size(session->graph); at++)
		reached[at] = all;
	for (size_t goal = 0; !all && goal < goals->size; goal++) {
		size_t count = graph_reach(session->graph, goals->data[goal].node, nodes);
		for (size_t at = 0; at < count; at++)
			reached[nodes[at]] = true;
	}
}

/* The self-fixing nodes of the goals that nothing pins yet. */
static size_t
settle_open(struct session *session, const bool *reached, size_t *out)
{
	size_t count = 0;
	for (size_t node = 0; node < graph_size(session->graph); node++) {
		const struct graph_node *graph = graph_node(session->graph, node);
		if (reached[node] && graph->derivation.fixed == DERIVATION_SELF &&
			!plan_found(session->plan, node).has_hash && !graph->pin.size)
			out[count++] = node;
	}
	return count;
}

/* Whether an island has no entry though its derivation has a pin: that of the same text under another key. */
static bool
settle_lacks(const struct session *session)
{
	for (size_t at = 0; at < session->islands.size; at++) {
		const struct session_island *island =
			(const struct session_island *)session->islands.entries[at].value;
		if (island->derivation && !island->before_count && !island->is_replaced &&
			plan_found(session->plan, island->derivation->node).has_hash)
			return true;
	}
	return false;
}

bool
session_settle(struct session *session, size_t node, struct err *err)
{
	size_t size = graph_size(session->graph);
	size_t *nodes = arena_array(&session->arena, size_t, size);
	bool *reached = arena_array(&session->arena, bool, size);
	size_t reach = graph_reach(session->graph, node, nodes);
	for (size_t at = 0; at < reach; at++)
		reached[nodes[at]] = true;
	session_pin_derivations(session);
	size_t count = settle_open(session, reached, nodes);
	return !count || (session_hold(session, err) && plan_ask(session->plan, nodes, count, err));
}

bool
session_resolve(struct session *session, const session_goals *goals, bool all, struct err *err)
{
	size_t size = graph_size(session->graph);
	size_t *nodes = arena_array(&session->arena, size_t, size);
	bool *reached = arena_array(&session->arena, bool, size);
	session_pin_derivations(session);
	settle_mark(session, goals, nodes, all, reached);
	size_t count = settle_open(session, reached, nodes);
	bool changes = count || session->options.prune ||
		       (!session->options.locked && settle_lacks(session));
	bool done = session_check_named(session, err);
	if (done && changes)
		done = session_hold(session, err) && plan_ask(session->plan, nodes, count, err);
	if (done && session->options.prune)
		session_prune(session);
	if (session->stale)
		return done;
	if (done && session->entry && session->lock.size && !session->holds)
		return root_lock(session->store, session->lock_path, err);
	if (done && session->holds)
		done = settle_write(session, err);
	else if (session->holds)
		session_save(session);
	if (session->holds)
		lock_hold_end(&session->hold);
	session->holds = false;
	return done;
}

bool
session_build(struct session *session, const session_goals *goals, struct err *err)
{
	size_t *nodes = arena_array(&session->arena, size_t, goals->size);
	for (size_t at = 0; at < goals->size; at++)
		nodes[at] = goals->data[at].node;
	bool done = plan_build(session->plan, nodes, goals->size, err);
	struct err sync;
	if (store_sync(session->store, done ? err : &sync))
		return done;
	if (!done)
		settle_say(session, sync.text);
	return false;
}
