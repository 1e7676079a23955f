/* SPDX-License-Identifier: MPL-2.0 */
/* What an update is for: the islands that it names, another reference for one of them, and what it takes out of the lock. */
#include "lang/diagnostic.h"
#include "session/state.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/trace.h"
#include "island/commits.h"
#include "island/memo_commit.h"
#include "island/versions.h"
#include "realize/table.h"
#include "store/memo.h"

static struct bytes
update_text(const char *text)
{
	struct bytes whole = bytes_text(text);
	bool bracketed =
		whole.size > 2 && whole.data[0] == '<' && whole.data[whole.size - 1] == '>';
	return bracketed ? bytes_of(whole.data + 1, whole.size - 2) : whole;
}

static bool
update_is(const struct session_island *island, const char *text)
{
	struct bytes wanted = update_text(text);
	return bytes_equal(wanted, island->key) || bytes_equal(wanted, island->island.text);
}

bool
session_is_named(const struct session *session, const struct session_island *island)
{
	for (size_t at = 0; at < session->options.update_count; at++)
		if (update_is(island, session->options.updates[at]))
			return true;
	return false;
}

static const struct session_island *
update_island_at(const struct session *session, size_t at)
{
	return (const struct session_island *)session->islands.entries[at].value;
}

/* Says what was met, and what of it or of the lock the text may have been meant for. */
static bool
update_not_met(const struct session *session, struct bytes wanted, struct err *err)
{
	cleanup_buf struct buf list = BUF(ERR_TEXT / 2);
	struct diagnostic_nearest nearest = diagnostic_nearest(wanted);
	for (size_t at = 0; at < session->islands.size; at++) {
		const struct session_island *island = update_island_at(session, at);
		if (island->local.size)
			continue;
		diagnostic_nearest_offer(&nearest, island->key);
		buf_format(&list, "%s<%.*s>", list.size ? ", " : "", BYTES_ARGS(island->key));
	}
	for (size_t at = 0; at < session->lock.size; at++)
		diagnostic_nearest_offer(&nearest, session->lock.entries[at].key);
	if (lock_find(&session->lock, wanted))
		return err_set(err, ERR_NOT_FOUND,
			"the evaluation met no island <%.*s>, though the lock has it: --prune "
			"would take it out",
			BYTES_ARGS(wanted));
	if (nearest.best.size)
		return err_set(err, ERR_NOT_FOUND,
			"the evaluation met no island <%.*s>; the nearest is <%.*s>; it met %s",
			BYTES_ARGS(wanted), BYTES_ARGS(nearest.best),
			list.size ? buf_text(&list) : "none");
	return err_set(err, ERR_NOT_FOUND, "the evaluation met no island <%.*s>%s%s",
		BYTES_ARGS(wanted), list.size ? "; it met " : "", buf_text(&list));
}

bool
session_check_named(const struct session *session, struct err *err)
{
	for (size_t at = 0; at < session->options.update_count; at++) {
		bool met = false;
		for (size_t island = 0; !met && island < session->islands.size; island++)
			met = update_is(
				update_island_at(session, island), session->options.updates[at]);
		if (!met)
			return update_not_met(
				session, update_text(session->options.updates[at]), err);
	}
	return true;
}

bool
session_update_to(struct session *session, const struct session_island *island,
	struct plan_source *source, struct err *err)
{
	const char *reference = session->options.update_to;
	if (!reference || !session_is_named(session, island))
		return true;
	struct island other;
	struct derivation *by = arena_new(&session->arena, struct derivation);
	if (!island_at_reference(
		    &session->arena, &island->island, bytes_text(reference), &other, err) ||
		!island_derive(&session->arena, &other, &session->settings, by, err))
		return err_note(err, "--update-to %s", reference);
	source->by = by;
	return true;
}

static bool
update_is_met(const struct session *session, struct bytes key)
{
	struct bytes prefix = BYTES_LITERAL("derivation:");
	if (!bytes_has_prefix(key, prefix))
		return map_has(&session->islands, key);
	for (size_t node = 0; node < graph_size(session->graph); node++) {
		const struct graph_node *graph = graph_node(session->graph, node);
		if (graph->derivation.fixed != DERIVATION_SELF || graph->island.size)
			continue;
		if (bytes_equal(bytes_from(key, prefix.size), graph->derivation.name))
			return true;
	}
	return false;
}

void
session_prune(struct session *session)
{
	for (size_t at = session->lock.size; at-- > 0;) {
		struct bytes key = session->lock.entries[at].key;
		if (update_is_met(session, key))
			continue;
		key = arena_copy(&session->arena, key);
		*array_push(&session->pruned) = key;
		must(lock_remove(&session->lock, key), "the entry is there");
	}
}

bool
session_list_versions(
	struct session *session, struct bytes text, struct versions *out, struct err *err)
{
	struct session_island *island = session_island_read(session, text, err);
	struct island listing;
	struct derivation derivation;
	struct object_reference object;
	size_t node = 0;
	size_t count = 0;
	if (!island || !island_versions(&session->arena, &island->island, &listing, err) ||
		!island_derive(&session->arena, &listing, &session->settings, &derivation, err) ||
		!graph_add(session->graph, &derivation, listing.text, &node, err))
		return false;
	struct plan_source source = {.ask = true};
	plan_source(session->plan, node, &source);
	/* One that is as it was is known before it is whole: then the object is looked up. */
	if (!plan_ask(session->plan, &node, 1, err) || !plan_build(session->plan, &node, 1, err))
		return false;
	const struct realizer_output *outputs = plan_outputs(session->plan, node, &count);
	if (!outputs || !store_path_parse(outputs[0].path, &object))
		return err_set(err, ERR_CORRUPT, "the listing of <%.*s> is not in the store",
			BYTES_ARGS(listing.text));
	char *physical = store_physical_path(session->store, &object);
	bool done = fd_read_file(AT_FDCWD, physical, &out->document, err);
	free(physical);
	return done ? versions_read(out, &listing, err)
		    : err_note(err, "the versions of <%.*s>", BYTES_ARGS(listing.text));
}

/* A run that is stopped as it says how many there are: nothing is stored. SIZE_MAX where there can be none. */
static size_t
count_node(struct session *session, const struct session_count *count)
{
	struct island commits;
	struct derivation derivation;
	struct err err = {0};
	size_t known = graph_size(session->graph);
	size_t node = SIZE_MAX;
	if (!island_commits(
		    &session->arena, count->source->island, count->old, count->new, &commits))
		return SIZE_MAX;
	if (!island_derive(&session->arena, &commits, &session->settings, &derivation, &err) ||
		!graph_add(session->graph, &derivation, commits.text, &node, &err)) {
		trace("session", "%s", err.text);
		return SIZE_MAX;
	}
	if (node >= known)
		plan_source(session->plan, node, &(struct plan_source){.ask = true, .probe = true});
	return node;
}

bool
session_count_commits(
	struct session *session, struct session_count *counts, size_t size, struct err *err)
{
	if (!size)
		return true;
	size_t *nodes = arena_array(&session->arena, size_t, size);
	size_t *asked = arena_array(&session->arena, size_t, size);
	size_t count = 0;
	for (size_t at = 0; at < size; at++) {
		nodes[at] = count_node(session, &counts[at]);
		bool is_new = nodes[at] != SIZE_MAX;
		for (size_t other = 0; other < at; other++)
			is_new &= nodes[at] != nodes[other];
		if (is_new)
			asked[count++] = nodes[at];
	}
	if (count && !plan_ask(session->plan, asked, count, err)) {
		if (err->kind == ERR_CANCELLED)
			return false;
		trace("session", "%s", err->text);
	}
	for (size_t at = 0; at < size; at++) {
		if (nodes[at] == SIZE_MAX)
			continue;
		struct plan_found found = plan_found(session->plan, nodes[at]);
		const struct identity *said =
			identity_find(found.identities, found.identity_count, "commits");
		if (!said || !commits_read(said->value, &counts[at].commits))
			counts[at].commits = 0;
	}
	return true;
}

bool
session_compare_url(struct session *session, const struct island *island, struct bytes old,
	struct bytes new, struct bytes *out)
{
	return island_compare_url(&session->arena, island, &session->settings, old, new, out);
}

bool
session_commit(struct session *session, const struct session_source *source, struct bytes revision,
	struct bytes old, struct memo_commit *out)
{
	cleanup_memo struct memo memo = {.file = BUF(0)};
	struct digest resolved;
	struct table table;
	struct err err;
	return source->node != SIZE_MAX && session_source_table(session, source, &table) &&
	       plan_resolved(session->plan, source->node, &resolved) &&
	       memo_find(session->store, &table.program, &resolved, &memo, &err) &&
	       memo_commit_read(memo.data, revision, old, out);
}

size_t
session_pruned_count(const struct session *session)
{
	return session->pruned.size;
}

struct bytes
session_pruned_at(const struct session *session, size_t at)
{
	/* They were found from the lock's end. */
	return session->pruned.data[session->pruned.size - 1 - at];
}
