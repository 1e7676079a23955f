/* SPDX-License-Identifier: MPL-2.0 */
/* Whether the pairs of a lock are more than its own word: the table of identities, trusted records, or a run that compares. */
#include "session/state.h"

#include "base/trace.h"
#include "island/fetcher.h"
#include "lang/diagnostic.h"
#include "realize/table.h"

struct prove {
	struct session *session;
	struct session_entry *entries;
	size_t count;
	bool resting;            /* nothing may run */
	const char *unevaluated; /* why the entry file could not be evaluated; NULL: it was */
};

bool
session_find_claim(struct session *session, struct identity identity, struct claim *out)
{
	struct digest program = module_island_digest();
	struct table table = table_of_shared(session->store, &program, session->module);
	table_believe(&table, session->believed, session->believed_count);
	return table_find_claim(&table, identity.format, identity.value, out);
}

struct session_pair
session_look_pair(struct session *session, struct identity identity, const struct cab_hash *hash)
{
	struct session_pair pair = {.identity = identity};
	struct claim record;
	if (!session_find_claim(session, identity, &record))
		return pair;
	bool own = !record.cache && record.vouch.kind == VOUCH_SELF;
	pair.proof = own ? PROOF_TABLE : PROOF_RECORD;
	pair.cache = record.cache;
	pair.said = record.hash;
	if (!cab_hash_equal(&record.hash, hash))
		pair.proof = PROOF_CONTRADICTED;
	return pair;
}

static struct session_pair
prove_look_table(const struct table *table, struct identity identity, const struct cab_hash *hash)
{
	struct session_pair pair = {.identity = identity};
	if (!table_find(table, identity.format, identity.value, &pair.said, &pair.cache))
		return pair;
	pair.proof = pair.cache ? PROOF_RECORD : PROOF_TABLE;
	if (!cab_hash_equal(&pair.said, hash))
		pair.proof = PROOF_CONTRADICTED;
	return pair;
}

struct session_pair
session_look_source(struct session *session, const struct session_source *source,
	struct identity identity, const struct cab_hash *hash)
{
	struct table table;
	if (!source->island->fetcher)
		return session_look_pair(session, identity, hash);
	if (source->node == SIZE_MAX || !session_source_table(session, source, &table))
		return (struct session_pair){.identity = identity};
	return prove_look_table(&table, identity, hash);
}

static bool
prove_is_derivation(struct bytes key)
{
	return bytes_has_prefix(key, BYTES_LITERAL("derivation:"));
}

/* "ORIGIN>TEXT" names TEXT; no island's text holds a '>'. */
static struct bytes
prove_text(struct bytes key)
{
	for (size_t at = key.size; at-- > 0;)
		if (key.data[at] == '>')
			return bytes_from(key, at + 1);
	return key;
}

/* What such an entry is of, the entry file says, and what its program said is no word of island.wasm: once it is evaluated,
 * its own table is known. */
static bool
prove_is_bound(struct bytes key)
{
	struct bytes text = prove_text(key);
	return prove_is_derivation(key) ||
	       fetcher_scheme_is_valid(bytes_first(text, bytes_find(text, ':')));
}

/* A contradiction anywhere, else a pair that nothing proves, else how the last was proved. */
static void
prove_sum(struct session_entry *entry)
{
	entry->proof = PROOF_TABLE;
	for (size_t at = 0; at < entry->pair_count; at++) {
		enum session_proof proof = entry->pairs[at].proof;
		if (proof == PROOF_CONTRADICTED) {
			entry->proof = proof;
			return;
		}
		if (proof == PROOF_NONE || entry->proof != PROOF_NONE)
			entry->proof = proof;
	}
}

/* The island of an entry without a Cab hash, pinned by it; NULL where its commit is not what the entry is of. */
static struct session_island *
prove_read_island(struct session *session, const struct lock_entry *locked, struct err *err)
{
	struct session_island *island = session_island_read(session, prove_text(locked->key), err);
	if (!island)
		return NULL;
	island->before = locked->identities;
	island->before_count = locked->identity_count;
	if (session_commit_is_wanted(session, island, true))
		return island;
	(void)err_set(err, ERR_REFUSED, "it has neither a Cab hash nor a revision");
	return NULL;
}

/* What only evaluation read: the one thing to prove is that the commit has this tree. */
static void
prove_compare(const struct session_island *island, const struct lock_entry *locked,
	enum session_proof proof, struct session_entry *out)
{
	const struct identity *tree =
		identity_find(locked->identities, locked->identity_count, "git-tree");
	const struct identity *found =
		identity_find(island->found, island->found_count, "git-tree");
	bool same = !tree || !found ? tree == found : identity_equal(*tree, *found);
	for (size_t at = 0; at < out->pair_count; at++)
		out->pairs[at].proof = same ? proof : PROOF_CONTRADICTED;
	if (!same)
		out->why = "its commit has another tree";
	prove_sum(out);
}

static void
prove_look_commit(
	struct session *session, const struct lock_entry *locked, struct session_entry *out)
{
	struct err err;
	struct session_island *island = prove_read_island(session, locked, &err);
	for (size_t at = 0; at < locked->identity_count; at++)
		out->pairs[out->pair_count++] =
			(struct session_pair){.identity = locked->identities[at]};
	bool held = false;
	if (!island || !session_commit_is_held(session, island, &held, &err))
		out->why = arena_format(&session->arena, "%s", err.text);
	else if (held)
		prove_compare(island, locked, PROOF_COMMIT, out);
	else
		out->why = "it has no Cab hash: only evaluation read files of it, and its commit "
			   "is not held";
}

/* Asks for the commit that an entry without a Cab hash names. */
static void
prove_read_commit(
	struct session *session, const struct lock_entry *locked, struct session_entry *out)
{
	struct err err;
	struct session_island *island = prove_read_island(session, locked, &err);
	out->why = NULL;
	if (!island || !session_commit_settle(session, island, &err))
		out->why = arena_format(&session->arena, "%s", err.text);
	else if (island->reading == READING_COMMIT)
		prove_compare(island, locked, PROOF_RUN, out);
	else
		out->why = "the server sends no parts of a commit";
}

static bool
prove_derivation_node(
	struct session *session, const struct lock_entry *locked, size_t *node, struct err *err)
{
	for (size_t at = 0; at < graph_size(session->graph); at++) {
		const struct graph_node *graph = graph_node(session->graph, at);
		struct digest pinned;
		size_t unknown;
		if (graph->derivation.fixed != DERIVATION_SELF || graph->island.size ||
			!bytes_equal(locked->key,
				lock_derivation_key(&session->arena, graph->derivation.name)))
			continue;
		if (graph_pinned(session->graph, at, &pinned, &unknown) != GRAPH_KNOWN)
			return err_set(err, ERR_REFUSED, "what it is made of is not locked");
		if (!digest_equal(&pinned, &locked->pinned))
			return err_set(err, ERR_REFUSED,
				"the entry file has another derivation of this name now");
		*node = at;
		return true;
	}
	return err_set(err, ERR_REFUSED, "the entry file has no derivation of this name now");
}

/* What the evaluation of the entry file says that a bound entry is of. */
static bool
prove_bound_node(
	struct prove *prove, const struct lock_entry *locked, size_t *node, struct err *err)
{
	struct session *session = prove->session;
	struct session_island *island = map_find(&session->islands, locked->key);
	bool found = prove_is_derivation(locked->key)
			     ? prove_derivation_node(session, locked, node, err)
		     : island ? session_island_node(session, island, node, err)
			      : err_set(err, ERR_REFUSED, "the entry file does not use it now");
	if (found || !prove->unevaluated)
		return found;
	return err_set(
		err, ERR_REFUSED, "the entry file cannot be evaluated: %s", prove->unevaluated);
}

/* Where nothing may run, what the lock says of the derivations that it is made with is heard all the same. */
static bool
prove_bound_table(
	struct prove *prove, const struct lock_entry *locked, struct table *out, struct err *err)
{
	struct session *session = prove->session;
	struct err unsettled;
	size_t node = 0;
	if (!prove_bound_node(prove, locked, &node, err))
		return false;
	if (prove->resting && !session_settle(session, node, &unsettled))
		trace("session", "%s", unsettled.text);
	return session_node_table(session, node, out) ||
	       err_set(err, ERR_NOT_FOUND, "%s is not in this store",
		       prove_is_derivation(locked->key) ? "what it is made with"
							: "its scheme's fetcher");
}

static void
prove_look_bound(struct prove *prove, const struct lock_entry *locked, const struct cab_hash *hash,
	struct session_entry *out)
{
	struct table table;
	struct err err;
	bool known = prove_bound_table(prove, locked, &table, &err);
	if (!known)
		out->why = arena_format(&prove->session->arena, "%s", err.text);
	for (size_t at = 0; at < locked->identity_count; at++) {
		struct identity identity = locked->identities[at];
		if (!bytes_equal_text(identity.format, "cab"))
			out->pairs[out->pair_count++] =
				known ? prove_look_table(&table, identity, hash)
				      : (struct session_pair){.identity = identity};
	}
}

static void
prove_look_island(struct session *session, const struct lock_entry *locked,
	const struct cab_hash *hash, struct session_entry *out)
{
	for (size_t at = 0; at < locked->identity_count; at++)
		if (!bytes_equal_text(locked->identities[at].format, "cab"))
			out->pairs[out->pair_count++] =
				session_look_pair(session, locked->identities[at], hash);
}

static void
prove_look(struct prove *prove, const struct lock_entry *locked, struct session_entry *out)
{
	struct session *session = prove->session;
	struct cab_hash hash;
	struct bytes cab = lock_entry_cab(locked);
	*out = (struct session_entry){.key = locked->key, .proof = PROOF_NONE};
	out->pairs = arena_array(&session->arena, struct session_pair, locked->identity_count);
	if (!cab.size || !cab_hash_parse(cab, &hash)) {
		if (prove_is_bound(locked->key))
			out->why = "it has no Cab hash";
		else
			prove_look_commit(session, locked, out);
		return;
	}
	if (prove_is_bound(locked->key))
		prove_look_bound(prove, locked, &hash, out);
	else
		prove_look_island(session, locked, &hash, out);
	if (!out->pair_count)
		out->pairs[out->pair_count++] = (struct session_pair){0};
	prove_sum(out);
}

static bool
prove_island_node(
	struct session *session, const struct lock_entry *locked, size_t *node, struct err *err)
{
	struct derivation derivation;
	struct session_island *island = session_island_read(session, prove_text(locked->key), err);
	return island &&
	       island_derive(
		       &session->arena, &island->island, &session->settings, &derivation, err) &&
	       graph_add(session->graph, &derivation, locked->key, node, err);
}

/* What an entry's run is of, with the entry as its pin; false, with the reason in the entry, where there is none. */
static bool
prove_prepare(struct prove *prove, size_t at, size_t *node)
{
	struct session *session = prove->session;
	const struct lock_entry *locked = &session->lock.entries[at];
	struct err err;
	bool found = prove_is_bound(locked->key) ? prove_bound_node(prove, locked, node, &err)
						 : prove_island_node(session, locked, node, &err);
	if (!found)
		prove->entries[at].why = arena_format(&session->arena, "%s", err.text);
	return found;
}

/*
 * A run that reports the entry's first identity and then makes another thing contradicts the entry; one that reports another
 * first identity speaks of another state of the source, and says nothing of the entry.
 */
static bool
prove_contradicts(const struct lock_entry *locked, const struct plan_proof *proof)
{
	if (proof->err.kind != ERR_CORRUPT || !proof->first.format.size)
		return false;
	const struct identity *first = &locked->identities[0];
	return bytes_equal_text(proof->first.format, "cab") || identity_equal(proof->first, *first);
}

static void
prove_take(struct prove *prove, size_t at, const struct plan_proof *proof)
{
	struct session_entry *entry = &prove->entries[at];
	const struct lock_entry *locked = &prove->session->lock.entries[at];
	bool contradicts = !proof->held && prove_contradicts(locked, proof);
	entry->why =
		proof->held ? NULL : arena_format(&prove->session->arena, "%s", proof->err.text);
	for (size_t pair = 0; pair < entry->pair_count; pair++)
		if (proof->held || contradicts)
			entry->pairs[pair].proof = proof->held ? PROOF_RUN : PROOF_CONTRADICTED;
	prove_sum(entry);
}

/*
 * Runs what is open, as much at once as there are distinct programs to run: two entries may be of one derivation, with two
 * pins.
 */
static bool
prove_round(struct prove *prove, bool *open, bool *more, struct err *err)
{
	struct session *session = prove->session;
	struct plan_proof *proofs = arena_array(&session->arena, struct plan_proof, prove->count);
	size_t *entries = arena_array(&session->arena, size_t, prove->count);
	size_t count = 0;
	*more = false;
	for (size_t at = 0; at < prove->count; at++) {
		size_t node = 0;
		if (!open[at])
			continue;
		if (!prove_prepare(prove, at, &node)) {
			open[at] = false;
			continue;
		}
		bool taken = false;
		for (size_t before = 0; before < count; before++)
			taken |= proofs[before].node == node;
		if (taken) {
			*more = true;
			continue;
		}
		const struct lock_entry *locked = &session->lock.entries[at];
		struct plan_source source = {.pin = locked->identities,
			.pin_count = locked->identity_count,
			.has_pinned = locked->has_pinned,
			.pinned = locked->pinned};
		plan_source(session->plan, node, &source);
		proofs[count].node = node;
		entries[count++] = at;
		open[at] = false;
	}
	if (!plan_prove(session->plan, proofs, count, err))
		return false;
	for (size_t at = 0; at < count; at++)
		prove_take(prove, entries[at], &proofs[at]);
	return true;
}

static const char *
prove_first_error(struct session *session, const struct diagnostics *list, const struct err *err)
{
	for (size_t at = 0; at < list->found.size; at++)
		if (list->found.data[at]->severity == SEVERITY_ERROR)
			return arena_format(
				&session->arena, "%.*s", BYTES_ARGS(list->found.data[at]->title));
	return arena_format(&session->arena, "%s", err->text);
}

static bool
prove_has_met_all(struct prove *prove)
{
	struct err err;
	size_t node = 0;
	for (size_t at = 0; at < prove->count; at++) {
		const struct lock_entry *locked = &prove->session->lock.entries[at];
		if (prove_is_bound(locked->key) && !prove_bound_node(prove, locked, &node, &err))
			return false;
	}
	return true;
}

/* What a build would take, and the rest of the value where an entry is of something else: an entry may be of a part of the
 * file that was built by its name. */
static bool
prove_evaluate(struct prove *prove, struct err *err)
{
	struct session *session = prove->session;
	struct value *value = NULL;
	session_goals goals = {0};
	struct err failure = {.text = "it cannot be evaluated whole"};
	bool whole = session_evaluate(session, &value, &failure) &&
		     plan_annotate(session->plan, &failure);
	if (whole) {
		bool found = session_find_goals(session, value, &goals, &failure);
		whole = (found && prove_has_met_all(prove)) || eval_deep(session->evaluator, value);
		session_goals_release(&goals);
	}
	if (whole)
		return true;
	if (failure.kind == ERR_CANCELLED || evaluator_cause(session->evaluator) == ERR_CANCELLED)
		return err_set(err, ERR_CANCELLED, "the evaluation was interrupted");
	/* It is told with the entries; what is wrong with the text is not what was asked. */
	struct diagnostics *list = evaluator_diagnostics(session->evaluator);
	prove->unevaluated = prove_first_error(session, list, &failure);
	diagnostics_release(list);
	*list = DIAGNOSTICS;
	return true;
}

/* Where evaluation is for the proof alone it locks nothing, and without `deep` it runs nothing. */
static bool
prove_bind(struct prove *prove, bool deep, struct err *err)
{
	struct session *session = prove->session;
	bool wanted = false;
	if (session->evaluated)
		return true;
	session->options.no_write_lock = true;
	for (size_t at = 0; at < prove->count; at++)
		wanted |= prove_is_bound(session->lock.entries[at].key);
	if (!wanted)
		return true;
	prove->resting = !deep;
	if (prove->resting)
		plan_rest(session->plan);
	return prove_evaluate(prove, err);
}

bool
session_prove(struct session *session, bool deep, const struct session_entry **out,
	size_t *count_out, struct err *err)
{
	struct prove prove = {.session = session, .count = session->lock.size};
	if (!prove_bind(&prove, deep, err))
		return false;
	prove.entries = arena_array(&session->arena, struct session_entry, prove.count);
	bool *open = arena_array(&session->arena, bool, prove.count);
	for (size_t at = 0; at < prove.count; at++) {
		const struct lock_entry *locked = &session->lock.entries[at];
		prove_look(&prove, locked, &prove.entries[at]);
		open[at] = deep && prove.entries[at].proof == PROOF_NONE &&
			   prove.entries[at].pair_count;
		if (!open[at] || lock_entry_cab(locked).size || prove_is_derivation(locked->key))
			continue;
		prove_read_commit(session, locked, &prove.entries[at]);
		open[at] = false;
	}
	*out = prove.entries;
	*count_out = prove.count;
	if (!deep)
		return true;
	for (bool more = true; more;)
		if (!prove_round(&prove, open, &more, err))
			return false;
	return store_sync(session->store, err);
}
