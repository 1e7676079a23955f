/* SPDX-License-Identifier: MPL-2.0 */
/*
 * session: one entry file, evaluated, planned and realized: where the language meets the rest.
 *
 *     struct session *session = session_open(&options, &printed, err);
 *     if (!session_evaluate(session, &value, err)) …          session_print_diagnostics says why
 *     if (!session_find_goals(session, value, &goals, err)) …  derivations, by name
 *     if (!session_resolve(session, &goals, err)) …           asks what the lock does not say, and writes the lock
 *     if (!session_build(session, &goals, err)) …
 *     session_close(session);
 *
 * session_resolve fails with ERR_LIMIT_STALE when another cab wrote the lock meanwhile and an entry that this evaluation had used has
 * changed: close, open and evaluate anew.
 *
 * The session owns loop, store, realizer, evaluator, graph, lock and plan. What it prints for people goes through
 * `listener`; it writes nothing itself but lock, store and results.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "island/island.h"
#include "lang/eval.h"
#include "plan/plan.h"
#include "session/config.h"
#include "store/git_object.h"
#include "store/store.h"

struct session;

enum { SESSION_STALE = 1000 }; /* err.number of the ERR_LIMIT that asks for another evaluation */

struct session_listener {
	void *context;
	/* What runs: name is for people ("github:o/r", "hexyl-0.17.0"). */
	void (*start)(void *context, size_t node, enum plan_work work, struct bytes name);
	void (*event)(void *context, size_t node, const struct realizer_event *event);
	void (*end)(void *context, size_t node, const struct realizer_result *result,
		const struct err *err);
	/* A line for people: trace and warn of the language, waits, what a cache did wrong. */
	void (*say)(void *context, struct bytes line);
};

enum { SESSION_FETCHES = 16 };

struct session_options {
	const char *entry;      /* file or folder; NULL: default.cab of the working directory */
	const char *expression; /* -e, or standard input's text: an entry without a lock */
	const char *island;     /* an island's text: the goal is its derivation; without a lock */
	struct bytes selection; /* what follows '#': names joined by '.' */
	const char *const *inputs;
	size_t input_count;
	const char *const *platform;
	size_t platform_count;
	const char *const *sets;
	size_t set_count;
	uint64_t max_heap; /* MiB; 0: the default */
	unsigned jobs;     /* 0: configuration, else the number of processors */
	unsigned fetches;  /* 0: configuration, else SESSION_FETCHES */
	bool update;       /* ask for every island that no checksum pins… */
	const char *const *updates;
	size_t update_count;   /* …or for these alone */
	const char *update_to; /* ask the one of `updates` as though its text had this reference */
	bool probe; /* ask for the first identity alone: nothing is fetched, no lock written */
	bool prune; /* take out of the lock what evaluation did not meet */
	const char *const *overrides; /* ISLAND=PATH or ISLAND=ISLAND */
	size_t override_count;
	bool locked;
	bool no_write_lock;
	bool offline;
	bool keep_going;
	bool deny_warnings;
	bool alone; /* nothing is realized but what evaluation reads, so that no island is consumed */
	bool allow_build; /* what evaluation reads of a derivation's output is built for it */
	struct session_listener listener;
};

struct session_goal {
	char *name; /* "default", or "" for the one derivation */
	size_t node;
	struct bytes output;
};

typedef ARRAY(struct session_goal) session_goals;

struct session *session_open(
	const struct session_options *options, struct buf *printed, struct err *err);
void session_close(struct session *session);

MUST_CHECK bool session_evaluate(struct session *session, struct value **out, struct err *err);
void session_print_diagnostics(
	struct session *session, bool json, struct diagnostic_style style, struct buf *out);
size_t session_warning_count(struct session *session);

MUST_CHECK bool session_find_goals(
	struct session *session, struct value *value, session_goals *out, struct err *err);
void session_goals_release(session_goals *goals);

/* Says which overrides met no island, once all is evaluated that will be; one that mistypes a builtin scheme is refused. */
MUST_CHECK bool session_say_overrides(struct session *session, struct err *err);

/* Every goal's islands have a pin after it; what is new is in the lock. With `all`, every island that evaluation met. */
MUST_CHECK bool session_resolve(
	struct session *session, const session_goals *goals, bool all, struct err *err);
MUST_CHECK bool session_build(struct session *session, const session_goals *goals, struct err *err);
/* The end of a run: what is verified by now goes to the lock, and what was imported is registered. A failure is told by
 * `say`. */
void session_save(struct session *session);

/* From now on SIGINT, SIGTERM and SIGHUP end what the plan does, in order, and not the process. Once a session. */
MUST_CHECK bool session_watch_signals(struct session *session, struct err *err);

struct evaluator *session_evaluator(struct session *session);
struct store *session_store(struct session *session);
struct graph *session_graph(struct session *session);
struct plan *session_plan(struct session *session);
struct loop *session_loop(struct session *session);
const struct config *session_config(struct session *session);
/* The page that shows what lies between two `git` values of an island; false where there is none. */
bool session_compare_url(struct session *session, const struct island *island, struct bytes old,
	struct bytes new, struct bytes *out);
/* What vouches for a pair of the lock, an identity and the entry's Cab hash. */
enum session_proof {
	PROOF_NONE,  /* the lock alone */
	PROOF_TABLE, /* a run of this store's */
	PROOF_RECORD, /* a record that the configuration trusts: a cache's, or another's in this store */
	PROOF_COMMIT,       /* the commit itself, whose objects are held, each proved by its id */
	PROOF_RUN,          /* a run just now */
	PROOF_CONTRADICTED, /* it is another content that this identity has */
};

struct session_pair {
	struct identity identity; /* of an entry with nothing but `cab`: empty */
	enum session_proof proof;
	const char *cache;    /* of PROOF_RECORD: the cache's root, or NULL */
	struct cab_hash said; /* of PROOF_CONTRADICTED by a table */
};

struct session_entry {
	struct bytes key;
	struct session_pair *pairs;
	size_t pair_count;
	enum session_proof proof; /* of them all: the first that is missing or contradicted */
	const char *why; /* a run proved nothing or the contrary: the sentence; else NULL */
};

/* How much of the lock is proved; with `deep`, once what is not has been run anew. Borrowed from the session. Nothing of the
 * lock is written. */
MUST_CHECK bool session_prove(struct session *session, bool deep, const struct session_entry **out,
	size_t *count_out, struct err *err);
/* What is known of one pair, by tables alone. */
struct session_pair session_look_pair(
	struct session *session, struct identity identity, const struct cab_hash *hash);

/* What a repository calls tags, or what versions a package has: one request, nothing is fetched, nothing is locked. `out` is
 * empty before. */
struct versions;
MUST_CHECK bool session_list_versions(
	struct session *session, struct bytes island, struct versions *out, struct err *err);

/* Files of an island, in this order, and what is in a folder of it: read as evaluation reads; nothing is locked. */
typedef bool session_file(void *context, const char *name, struct bytes content, struct err *err);
MUST_CHECK bool session_island_files(struct session *session, struct bytes island,
	const char *const *names, size_t count, session_file *visit, void *context,
	struct err *err);
MUST_CHECK bool session_island_list(struct session *session, struct bytes island, const char *name,
	path_visit *visit, void *context, struct err *err);

/* The keys that --prune took out of the lock. */
size_t session_pruned_count(const struct session *session);
struct bytes session_pruned_at(const struct session *session, size_t at);
/* Absolute path of the entry file, or NULL where this run has none. */
const char *session_entry(const struct session *session);
/* The file of the lock, or NULL where this run has none. */
const char *session_lock_path(const struct session *session);
/* The lock could not be written (a read-only folder), and was not said to be left alone. */
bool session_lock_failed(const struct session *session);

/* An island that evaluation met, for accounts and `update`. */
struct session_source {
	struct bytes text; /* the lock's key; a local one's path */
	size_t node;       /* SIZE_MAX for a local one, or one that was not used */
	bool is_local;
	bool is_asked;       /* it has no entry, or an update was wanted of it */
	bool has_checksum;   /* its own text pins it */
	const char *instead; /* what --override takes for it; NULL: itself */
	const struct island *island;
	const struct identity *before; /* what the lock said when the run began */
	size_t before_count;
	int64_t before_time; /* seconds since 1970; 0: the lock said nothing */
	size_t reads;        /* files that evaluation read of it */
	bool is_read; /* those were read by git's ids alone: what the lock says of it has no Cab hash then */
	struct plan_found found; /* what became of it in this run */
};
size_t session_source_count(const struct session *session);
struct session_source session_source_at(const struct session *session, size_t at);
/* How many commits lead from one value of a `git` identity to another, as servers count that can: one request or two each, all
 * at once, and nothing is stored. What cannot be counted is no error; only a run that is cancelled fails. */
struct session_count {
	const struct session_source *source;
	struct bytes old;
	struct bytes new;
	uint32_t commits; /* 0: it is not known, or there are none */
};
MUST_CHECK bool session_count_commits(
	struct session *session, struct session_count *counts, size_t size, struct err *err);
struct memo_commit;
/* What the fetch that brought a source's new revision left of its commit (memo_commit.h); false where there is nothing: it was not
 * fetched here, or not whole. */
bool session_commit(struct session *session, const struct session_source *source,
	struct bytes revision, struct bytes old, struct memo_commit *out);
struct table;
/* The table of identities that a source's runs have, for `cache push`; false where its program is not there. It borrows from the
 * session. */
bool session_source_table(
	struct session *session, const struct session_source *source, struct table *out);
/* session_look_pair for a source of this evaluation, whatever its program is. */
struct session_pair session_look_source(struct session *session,
	const struct session_source *source, struct identity identity, const struct cab_hash *hash);
/* The Cab hashes of what evaluation read, for `cache push`. */
size_t session_reads(struct session *session, struct cab_hash *out, size_t capacity);
/* The commits of which it read by git's ids. */
size_t session_read_commits(struct session *session, struct git_id *out, size_t capacity);

/* Opens the store as the configuration says, for commands that evaluate nothing; `warning` stays the store's. */
struct store *session_open_store(
	const struct config *config, store_warning *warning, void *context, struct err *err);
/* Where cab's own files lie: "libexec" or "share" beneath the installation. Owned by the caller. */
char *session_own_path(const char *kind, const char *name);
