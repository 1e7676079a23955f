/* SPDX-License-Identifier: MPL-2.0 */
/* state: what the files of session/ share. Inside session/ only. */
#pragma once

#include "base/arena.h"
#include "base/array.h"
#include "base/map.h"
#include "island/derive.h"
#include "island/island.h"
#include "island/lock.h"
#include "realize/embedded.h"
#include "session/module.h"
#include "session/session.h"
#include "store/claim.h"
#include "store/commit.h"
#include "store/store.h"

/* An object or output as strings carry it; the item comes first, so that its pointer is the other's. */
struct session_item {
	struct context_item item;
	size_t node;                    /* of CONTEXT_OUTPUT */
	struct object_reference object; /* of CONTEXT_OBJECT */
};

struct session_derivation {
	struct host_derivation host;
	size_t node;
};

/* How evaluation reads an island: of its whole object, or objects of git alone. Once it is said, it stays for the run; what
 * turns out not to be had in parts becomes whole. */
enum session_reading { READING_OPEN, READING_WHOLE, READING_COMMIT };

struct session_island {
	struct island_ref ref;
	struct island island;
	struct bytes origin; /* text of the island in whose file it stands; empty: the user's */
	struct bytes key;    /* in the lock */
	struct bytes local;  /* of local ones: the absolute path */
	struct session_derivation *derivation; /* once it was used; NULL for local ones */
	const struct context_item *item;
	const struct identity *before;
	size_t before_count;
	int64_t before_time; /* when the lock's entry was made; 0: there is none */
	bool has_checksum;
	bool tables_read; /* the partial objects' hash was looked up */
	bool has_hash;
	struct cab_hash hash;
	size_t reads;
	enum session_reading reading;
	bool was_resolved;      /* what it means now was asked, for its objects of git */
	bool lacks_trees;       /* the server did not send all of them */
	bool former_asked;      /* what was read of the entry's commit was asked for */
	size_t read_node;       /* the first run for objects of git; SIZE_MAX: there was none */
	struct git_id revision; /* of READING_COMMIT, like what follows */
	struct commit *commit;
	struct identity
		found[2]; /* `git`, `git-tree`: what the lock says where it has no Cab hash */
	size_t found_count;
	bool is_replaced; /* by --override, or it stands in the files of one that is: it has no lock entry */
	const char
		*instead; /* what --override says to take for it, as it was given; NULL: itself */
};

/* Read from --override: `island`, or the folder or file `local`, is taken for the island of the text `wanted`. */
struct session_override {
	const char *text;    /* as it was given */
	const char *instead; /* what follows its '=' */
	struct bytes wanted;
	struct bytes scheme; /* of what is wanted: nobody may know it before all is evaluated */
	const struct island *island;
	struct bytes local;
	bool met;
};

struct session {
	struct session_options options;
	struct arena arena;
	struct loop *loop;
	struct loop_watch *signal_watch;
	int signals; /* a signalfd; -1 until they are watched */
	struct config *config;
	struct store *store;
	struct realizer *realizer;
	struct graph *graph;
	struct plan *plan;
	struct evaluator *evaluator;

	char *entry;  /* absolute path of the entry file; NULL without one */
	char *folder; /* of the entry file, or the working directory */
	int lock_folder;
	char *lock_name;
	char *lock_path;
	struct lock lock;
	struct lock_hold hold;
	bool holds;
	bool lock_failed;
	bool stale;

	struct bytes module; /* island.wasm */
	struct bytes module_path;
	struct digest believed[TABLE_BELIEVED];
	size_t believed_count;
	struct network *network; /* until the realizer has it */
	char *guest_program;
	struct island_settings settings;

	struct session_override *overrides;
	size_t override_count;
	ARRAY(struct bytes) pruned; /* keys */
	bool evaluated;             /* by session_evaluate, whole or in part */
	bool detached;              /* islands are read for their text alone: they are not met */
	bool nameless;              /* and what may bind their scheme is not known yet */

	struct map islands;     /* key -> struct session_island */
	struct map items;       /* path text -> struct session_item */
	struct map listed;      /* folders in commits that evaluation listed: revision, then path */
	struct map commits;     /* git_id_key -> struct commit */
	struct map derivations; /* digest bytes -> struct session_derivation */
};

/* open.c */
MUST_CHECK bool session_open_parts(struct session *session, struct buf *printed, struct err *err);

/* host.c: the language's outside */
struct eval_host session_host(struct session *session);
const struct context_item *session_item_object(
	struct session *session, const struct object *object);
const struct context_item *session_item_output(
	struct session *session, size_t node, struct bytes output);

/* The inputs of a derivation that mentions these. */
struct bytes *session_item_inputs(struct session *session, const struct context_item *const *items,
	size_t item_count, size_t *count_out);

/* schemes.c: those that are no builtin ones */
MUST_CHECK bool session_check_schemes(struct session *session, struct err *err);
MUST_CHECK bool session_bind_schemes(struct session *session, struct err *err);
bool host_scheme_is_own(void *context, struct bytes scheme);
/* What a literal's scheme is bound to, for island_parse. */
bool session_scheme_is_locked(const struct session *session, struct bytes scheme);
MUST_CHECK bool session_take_fetcher(struct session *session, const struct island_literal *literal,
	struct island_words *words, struct err *err);

/* The table of identities that a node's runs have; false where its program, or what it needs, is not in the store. It borrows
 * from the session. */
struct table;
MUST_CHECK bool session_node_table(struct session *session, size_t node, struct table *out);

/* host_path.c: files, here and in islands */
bool host_path_kind(
	void *context, const struct host_path *path, enum path_kind *out, struct err *err);
bool host_path_read(void *context, const struct host_path *path, struct buf *out, struct err *err);
bool host_path_list(void *context, const struct host_path *path, path_visit *visit, void *visitor,
	struct err *err);
bool host_path_store(void *context, const struct host_path *path, const struct context_item **out,
	struct err *err);
bool host_text_store(void *context, struct bytes name, struct bytes content,
	const struct context_item *const *items, size_t item_count, const struct context_item **out,
	struct err *err);
bool host_store_path(
	void *context, struct bytes text, const struct context_item **out, struct err *err);

/* host_island.c: islands, their derivations and pins */
bool host_island_open(void *context, const struct island_literal *literal,
	const struct island_ref **out, struct err *err);
bool host_island_output(void *context, const struct island_ref *ref,
	const struct context_item **out, struct err *err);
bool host_island_derive(void *context, const struct island_ref *ref,
	const struct host_derivation **out, struct err *err);
struct session_island *session_island_of(const struct island_ref *ref);
MUST_CHECK bool session_island_node(
	struct session *session, struct session_island *island, size_t *node, struct err *err);
/* Notes the island in an error that does not begin with it already, as one that comes from the plan does. Returns false. */
bool session_island_note(const struct session_island *island, struct err *err);
/* Makes an island's Cab hash be known, asking where need be. */
MUST_CHECK bool session_island_settle(
	struct session *session, struct session_island *island, struct err *err);
struct session_derivation *session_derivation_at(struct session *session, size_t node);
/* What the table says of an identity of a builtin scheme, by island.wasm's word or that of an earlier one that is believed. */
bool session_find_claim(struct session *session, struct identity identity, struct claim *out);

/* host_commit.c: islands that evaluation alone reads, by objects of git */
/* A path of an island, in its commit. */
struct session_part {
	struct bytes path; /* from the commit's root */
	struct commit_entry entry;
	bool import; /* as a source of the language */
};
bool session_commit_is_wanted(
	const struct session *session, const struct session_island *island, bool import);
/* Makes its commit with the trees be held: READING_COMMIT after it, or READING_WHOLE with the identities that a whole fetch is to
 * have. */
MUST_CHECK bool session_commit_settle(
	struct session *session, struct session_island *island, struct err *err);
/* A folder of its commit was listed: what lies in it is likely to be read. */
void session_commit_list(
	struct session *session, const struct session_island *island, struct bytes folder);
/* Without asking anybody: whether the locked commit with its trees is held; its identities are `found` then. */
MUST_CHECK bool session_commit_is_held(
	struct session *session, struct session_island *island, bool *held_out, struct err *err);
MUST_CHECK bool session_commit_find(struct session *session, struct session_island *island,
	struct bytes path, struct session_part *out, struct err *err);
/* Makes the contents of files be held, all by one request where that can be; READING_WHOLE after it where they cannot be had so. */
MUST_CHECK bool session_commit_obtain(struct session *session, struct session_island *island,
	const struct session_part *parts, size_t count, struct err *err);
/* What was read stays: before the store is synced. */
void session_commits_save(struct session *session);
void session_commits_close(struct session *session);

/* override.c: what replaces an island in this run */
MUST_CHECK bool session_override_read(struct session *session, struct err *err);
/*
 * Whether something is taken for an island, or for the one that it is a subpath of: then *local or *island is what, and the
 * override counts as met. NULL otherwise.
 */
const struct session_override *session_override_find(
	struct session *session, struct island *island, struct bytes *local);
/* An island from its text, with or without <>, that is not met by that; its diagnostics are the evaluator's. */
struct session_island *session_island_read(
	struct session *session, struct bytes text, struct err *err);

/* host_build.c */
bool host_output_build(void *context, struct bytes text, const struct context_item *const *items,
	size_t item_count, struct buf *out, struct err *err);

/* settle.c: the lock */
/* While evaluation goes on: asks for what a node needs and nothing pins. The lock is written later. */
MUST_CHECK bool session_settle(struct session *session, size_t node, struct err *err);
struct plan_found session_island_found(
	const struct session *session, const struct session_island *island);
MUST_CHECK bool session_hold(struct session *session, struct err *err);
bool session_is_asked(const struct session *session, const struct session_island *island);

/* What the lock says of self-fixing derivations that are no islands, for the plan. */
void session_pin_derivations(struct session *session);

/* update.c: what an update is for, and what it takes away */
/* Whether --update names this island. */
bool session_is_named(const struct session *session, const struct session_island *island);
/* With --update-to, the island that it names is asked by the derivation of another reference. */
MUST_CHECK bool session_update_to(struct session *session, const struct session_island *island,
	struct plan_source *source, struct err *err);
/* Fails where --update names an island that was not met. */
MUST_CHECK bool session_check_named(const struct session *session, struct err *err);
/* Takes out of the lock what evaluation did not meet, and remembers it. */
void session_prune(struct session *session);
