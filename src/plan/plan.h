/* SPDX-License-Identifier: MPL-2.0 */
/*
 * plan: what is realized already, what must run, and where.
 *
 *     struct plan *plan = plan_new(&setup);
 *     plan_source(plan, node, &source);            each self-fixing node of the graph, with what its lock entry says
 *     if (!plan_ask(plan, nodes, count, err)) …    those without a pin are asked for their identity, all at once
 *     if (!plan_build(plan, goals, count, err)) …  then the goals: one look-up, or the work
 *     plan_outputs(plan, goal, &count)             where they are
 *     plan_free(plan);
 *
 * A goal's pinned digest is looked up first, in the store and its caches: where it is realized nothing else is asked. Only
 * then its inputs are wanted, each in the same way, and what is ready runs: native programs up to `jobs`, fetches up
 * to `fetches`. A failure ends what runs (unless `keep_going`), and is the err of the call: the first one, by name.
 *
 * The calls run the loop until their work is done; plan_cancel, from a signal's watch, makes them end with ERR_CANCELLED.
 */
#pragma once

#include "base/loop.h"
#include "derivation/graph.h"
#include "realize/realizer.h"

struct plan;
struct store;

enum plan_work {
	PLAN_ASK,   /* for an identity */
	PLAN_FETCH, /* a WASM program, for its object */
	PLAN_BUILD, /* a native program */
};

/* Told as it happens. `node` is the graph's; event is of kind START before the first of a run, and result or err end it. */
struct plan_listener {
	void *context;
	void (*start)(void *context, size_t node, enum plan_work work);
	void (*event)(void *context, size_t node, const struct realizer_event *event);
	void (*end)(void *context, size_t node, const struct realizer_result *result,
		const struct err *err);
};

struct plan_setup {
	struct loop *loop;
	struct store *store; /* with its caches */
	struct graph *graph;
	struct realizer *const *realizers;
	size_t realizer_count;
	unsigned jobs;
	unsigned fetches; /* at least 1, as `jobs` */
	bool keep_going;
	struct plan_listener listener;
};

/* What is known beforehand of a self-fixing node. Copied. */
struct plan_source {
	const struct identity *
		pin; /* a lock entry's identities, or the one of a checksum in its text; may be empty */
	size_t pin_count;
	const struct derivation
		*by;   /* to ask by this one instead of the node's own (--update-to); NULL */
	bool probe;    /* an ask ends at the first line: no Cab hash, no object */
	bool ask;      /* ask anew, with the pin as what is known (--update) */
	bool checksum; /* the pin is the text's own: never asked */
	bool locked;   /* to ask it is an error: what it says could not be written */
	bool has_pinned; /* of a locked derivation that is no island: the pin holds for this pinned digest only */
	struct digest pinned;
};

/* What became of a source in this run. Borrowed from the plan. */
struct plan_found {
	const struct identity *identities;
	size_t identity_count;
	bool has_hash;
	struct cab_hash hash;
	bool asked;   /* its program was run for it */
	bool changed; /* and it said something that its pin did not have */
	bool has_pinned;
	struct digest pinned; /* the pinned digest that was run, of one that is no island */
};

struct plan *plan_new(const struct plan_setup *setup);
void plan_free(struct plan *plan);
void plan_source(struct plan *plan, size_t node, const struct plan_source *source);

MUST_CHECK bool plan_ask(struct plan *plan, const size_t *nodes, size_t count, struct err *err);
MUST_CHECK bool plan_build(struct plan *plan, const size_t *goals, size_t count, struct err *err);
/* Lets what realizers say beside their features enter pinned digests: before any of them is read. */
MUST_CHECK bool plan_annotate(struct plan *plan, struct err *err);
/* Whether the goals' outputs are there, or in a cache: nothing is run, nothing asked. */
bool plan_is_realized(struct plan *plan, size_t goal);

/*
 * Runs programs anew with their pins (plan_source), whatever is known already, and compares what they make. Each outcome is in
 * its proof: `held`, or why not (ERR_CORRUPT: it is another thing). Fails only where nothing could be tried. Nodes are distinct.
 */
struct plan_proof {
	size_t node;
	bool held;
	struct identity first; /* what its program reported first; borrowed from the plan */
	struct err err;
};
MUST_CHECK bool plan_prove(
	struct plan *plan, struct plan_proof *proofs, size_t count, struct err *err);

struct plan_found plan_found(struct plan *plan, size_t node);
/* The name of the realizer that was last asked for it; NULL: none was. */
const char *plan_realizer(struct plan *plan, size_t node);
/* NULL before it was built. */
const struct realizer_output *plan_outputs(struct plan *plan, size_t node, size_t *count_out);
/* The key of a node's pinned realization, for `cache push`; false where its pin is not known or it is a source. */
bool plan_realization_key(struct plan *plan, size_t node, struct digest *out);
/* The digest under which a realizer keeps the node's log; false where its inputs are not known. */
bool plan_resolved(struct plan *plan, size_t node, struct digest *out);

/* The derivation that a realizer is asked for, its inputs being objects; false where one of them is not there. Borrowed from
 * the plan. */
bool plan_resolve(struct plan *plan, size_t node, struct derivation *out);

/* From now on nothing is run: what would have to be fails, with ERR_REFUSED. */
void plan_rest(struct plan *plan);

void plan_cancel(struct plan *plan);
