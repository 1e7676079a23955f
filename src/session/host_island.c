/* SPDX-License-Identifier: MPL-2.0 */
#include "session/state.h"

#include "base/trace.h"
#include "island/fetcher.h"
#include "island/local.h"

struct session_island *
session_island_of(const struct island_ref *ref)
{
	/* The ref is an island's first member, and only this room makes any. */
	return (struct session_island *)(uintptr_t)ref;
}

static struct island_entry *
host_entries(struct session *session, const struct island_literal *literal)
{
	struct island_entry *entries =
		arena_array(&session->arena, struct island_entry, literal->option_count);
	for (size_t at = 0; at < literal->option_count; at++) {
		const struct island_option *option = &literal->options[at];
		entries[at] = (struct island_entry){
			.key = option->name, .text = option->text, .number = option->number};
		switch (option->kind) {
		case OPTION_TEXT:
			entries[at].kind = ISLAND_ENTRY_TEXT;
			break;
		case OPTION_NUMBER:
			entries[at].kind = ISLAND_ENTRY_NUMBER;
			break;
		case OPTION_TRUTH:
			entries[at].kind = ISLAND_ENTRY_TRUTH;
			break;
		}
	}
	return entries;
}

static void
host_pin_from(
	struct session *session, struct session_island *island, const struct lock_entry *entry)
{
	struct identity *copy =
		arena_array(&session->arena, struct identity, entry->identity_count);
	for (size_t at = 0; at < entry->identity_count; at++)
		copy[at] =
			(struct identity){arena_copy(&session->arena, entry->identities[at].format),
				arena_copy(&session->arena, entry->identities[at].value)};
	island->before = copy;
	island->before_count = entry->identity_count;
	island->before_time = entry->time;
}

/* An island's own files have a lock at that island's root; the user's entry wins. */
static void
host_pin_from_origin(
	struct session *session, struct session_island *island, const struct island_ref *origin)
{
	cleanup_buf struct buf text = BUF(LOCK_SIZE);
	struct host_path path = {origin, BYTES_LITERAL("/default.cab.lock"), true};
	enum path_kind kind = PATH_MISSING;
	struct err err;
	if (!host_path_kind(session, &path, &kind, &err) || kind != PATH_FILE)
		return;
	cleanup_lock struct lock lock = {0};
	if (!host_path_read(session, &path, &text, &err) ||
		!lock_decode(buf_bytes(&text), &lock, &err)) {
		(void)err_note(&err, "lock of %s", origin->text);
		session->options.listener.say(
			session->options.listener.context, bytes_text(err.text));
		return;
	}
	const struct lock_entry *entry = lock_find(&lock, island->island.text);
	if (entry)
		host_pin_from(session, island, entry);
}

static void
host_find_pin(
	struct session *session, struct session_island *island, const struct island_ref *origin)
{
	struct bytes pin;
	struct identity identity;
	island->has_checksum = island_pin(&session->arena, &island->island, &pin);
	if (island->has_checksum) {
		must(identity_parse(pin, &identity), "the pin of an island's text is an identity");
		struct identity *copy = arena_new(&session->arena, struct identity);
		*copy = identity;
		island->before = copy;
		island->before_count = 1;
		return;
	}
	/* The entry is that of the island which it replaces. */
	if (island->instead)
		return;
	const struct lock_entry *entry = lock_find(&session->lock, island->key);
	if (entry)
		host_pin_from(session, island, entry);
	else if (origin)
		host_pin_from_origin(session, island, origin);
}

bool
host_island_open(void *context, const struct island_literal *literal, const struct island_ref **out,
	struct err *err)
{
	struct session *session = (struct session *)context;
	struct island_words words = {
		.scheme = literal->scheme,
		.ref = literal->ref,
		.entries = host_entries(session, literal),
		.entry_count = literal->option_count,
		.subpath = literal->subpath,
	};
	struct island island;
	if (!session_take_fetcher(session, literal, &words, err) ||
		!island_parse(&session->arena, &words, &island, err))
		return false;
	struct bytes said = island.text;
	struct bytes text = said;
	struct bytes local = bytes_of(NULL, 0);
	const struct island_ref *from = literal->from_root;
	const struct session_override *override =
		session->detached ? NULL : session_override_find(session, &island, &local);
	if (!override && island_is_local(&island)) {
		if (from)
			return err_set(err, ERR_REFUSED,
				"<%.*s> is a local island; a file of the island <%s> cannot name "
				"one",
				BYTES_ARGS(island.text), from->text);
		if (!local_path(&session->arena, &island, literal->from, &local, err))
			return false;
		text = local;
	}
	struct bytes origin = from ? session_island_of(from)->key : bytes_of(NULL, 0);
	struct bytes key = lock_key(&session->arena, origin, text);
	void *alone = NULL;
	void **slot = session->detached ? &alone : map_at(&session->islands, key);
	if (!*slot) {
		struct session_island *made = arena_new(&session->arena, struct session_island);
		*made = (struct session_island){.island = island,
			.origin = origin,
			.key = key,
			.local = local,
			.read_node = SIZE_MAX};
		made->ref.text = arena_text(&session->arena, said);
		made->instead = override ? override->instead : NULL;
		made->is_replaced = override || (from && session_island_of(from)->is_replaced);
		*slot = made;
		if (!local.size && !session->detached)
			host_find_pin(session, made, from);
	}
	struct session_island *opened = (struct session_island *)*slot;
	if (!fetcher_equal(opened->island.fetcher, island.fetcher))
		return err_set(err, ERR_REFUSED,
			"<%.*s> has two fetchers in one run: the scheme `%s` is bound to one thing "
			"there "
			"and to another here",
			BYTES_ARGS(said), island.scheme->text);
	*out = &opened->ref;
	return true;
}

bool
session_is_asked(const struct session *session, const struct session_island *island)
{
	if (island->has_checksum || island->local.size)
		return false;
	/* An entry without a Cab hash, of which only evaluation read, names a revision all the same. */
	bool has_entry = identity_find(island->before, island->before_count, "cab") ||
			 identity_find(island->before, island->before_count, "git");
	if (!has_entry || session->options.update)
		return true;
	return session_is_named(session, island);
}

/* The island that made a node first: one text, met in two files, has two keys and one derivation. */
static const struct session_island *
host_first_of(const struct session *session, const struct session_island *island, size_t node)
{
	for (size_t at = 0; at < session->islands.size; at++) {
		const struct session_island *other =
			(const struct session_island *)session->islands.entries[at].value;
		if (other != island && other->derivation && other->derivation->node == node)
			return other;
	}
	return NULL;
}

static bool
host_contradiction(const struct session_island *first, const struct session_island *island,
	const struct identity *held, struct err *err)
{
	return err_set(err, ERR_REFUSED,
		"<%.*s> cannot be two things in one run: %.*s is %.*s %.*s, %.*s is %.*s %.*s "
		"(cab update '<%.*s>' makes them one)",
		BYTES_ARGS(island->island.text), BYTES_ARGS(first->key), BYTES_ARGS(held->format),
		BYTES_ARGS(held->value), BYTES_ARGS(island->key),
		BYTES_ARGS(island->before[0].format), BYTES_ARGS(island->before[0].value),
		BYTES_ARGS(island->island.text));
}

/*
 * A derivation names no revision, so what consumes it cannot tell two of them apart: both keys mean one content. An entry
 * that only one of them has counts for the other, unless that was asked by now and found something else.
 */
static bool
host_share_node(struct session *session, const struct session_island *first,
	const struct session_island *island, size_t node, const struct plan_source *source,
	struct err *err)
{
	const struct identity *cab = identity_find(island->before, island->before_count, "cab");
	if (!cab || source->ask)
		return true;
	struct plan_found found = plan_found(session->plan, node);
	struct cab_hash hash;
	if (found.has_hash) {
		if (cab_hash_parse(cab->value, &hash) && cab_hash_equal(&hash, &found.hash))
			return true;
		return host_contradiction(first, island,
			found.identity_count ? found.identities : first->before, err);
	}
	if (!identity_find(first->before, first->before_count, "cab"))
		plan_source(session->plan, node, source);
	return true;
}

/* What was read of it in this run is what a derivation consumes: the same revision, which is asked no more. */
static void
host_pin_read(const struct session_island *island, struct plan_source *source)
{
	if (!island->found_count || !source->ask)
		return;
	source->pin = island->found;
	source->pin_count = island->found_count;
	source->ask = false;
}

bool
session_island_note(const struct session_island *island, struct err *err)
{
	struct bytes text = bytes_text(island->ref.text);
	struct bytes said = bytes_text(err->text);
	bool named = said.size > text.size + 1 && said.data[0] == '<' &&
		     bytes_has_prefix(bytes_from(said, 1), text) && said.data[text.size + 1] == '>';
	return !named && err_note(err, "<%s>", island->ref.text);
}

bool
session_island_node(
	struct session *session, struct session_island *island, size_t *node, struct err *err)
{
	if (island->local.size)
		return err_set(err, ERR_REFUSED,
			"<%s> is a local island: it is copied to the store, and has no derivation",
			island->ref.text);
	if (!island->derivation) {
		struct derivation derivation;
		size_t made = 0;
		size_t known = graph_size(session->graph);
		if (!island_derive(&session->arena, &island->island, &session->settings,
			    &derivation, err) ||
			!graph_add(session->graph, &derivation, island->key, &made, err))
			return false;
		struct plan_source source = {.pin = island->before,
			.pin_count = island->before_count,
			.checksum = island->has_checksum,
			.locked = session->options.locked && !island->is_replaced,
			.ask = session_is_asked(session, island),
			.probe = session->options.probe};
		host_pin_read(island, &source);
		if (!session_update_to(session, island, &source, err))
			return false;
		const struct session_island *first =
			made < known ? host_first_of(session, island, made) : NULL;
		if (!first)
			plan_source(session->plan, made, &source);
		else if (!host_share_node(session, first, island, made, &source, err))
			return false;
		island->derivation = session_derivation_at(session, made);
	}
	*node = island->derivation->node;
	return true;
}

bool
host_island_derive(void *context, const struct island_ref *ref, const struct host_derivation **out,
	struct err *err)
{
	struct session *session = (struct session *)context;
	struct session_island *island = session_island_of(ref);
	size_t node = 0;
	if (!session_island_node(session, island, &node, err))
		return false;
	*out = &island->derivation->host;
	return true;
}

bool
host_island_output(void *context, const struct island_ref *ref, const struct context_item **out,
	struct err *err)
{
	struct session *session = (struct session *)context;
	struct session_island *island = session_island_of(ref);
	if (island->item) {
		*out = island->item;
		return true;
	}
	size_t node = 0;
	if (island->local.size) {
		struct host_path path = {NULL, island->local, false};
		if (!host_path_store(session, &path, &island->item, err))
			return err_note(err, "<%s>", ref->text);
	} else {
		if (!session_island_node(session, island, &node, err))
			return false;
		island->item = session_item_output(session, node, BYTES_LITERAL("out"));
	}
	*out = island->item;
	return true;
}

/* A checksum in an island's text may be in the table, with what evaluation read of it in the store: nothing is fetched then. */
static void
host_look_up_checksum(struct session *session, struct session_island *island)
{
	struct claim record;
	if (island->tables_read)
		return;
	island->tables_read = true;
	island->has_hash = session_find_claim(session, island->before[0], &record);
	if (island->has_hash)
		island->hash = record.hash;
}

bool
session_island_settle(struct session *session, struct session_island *island, struct err *err)
{
	if (island->has_hash)
		return true;
	size_t node = 0;
	if (!session_island_node(session, island, &node, err))
		return false;
	if (island->has_checksum) {
		host_look_up_checksum(session, island);
		return true;
	}
	/* A fetcher may have to be built first: what that needs is asked too. */
	bool settled = plan_found(session->plan, node).has_hash;
	if (!settled && island->island.fetcher)
		settled = session_settle(session, node, err);
	else if (!settled)
		settled = session_hold(session, err) && plan_ask(session->plan, &node, 1, err);
	if (!settled)
		return false;
	struct plan_found found = plan_found(session->plan, node);
	island->has_hash = found.has_hash;
	island->hash = found.hash;
	return true;
}
