/* SPDX-License-Identifier: MPL-2.0 */
/*
 * graph: derivations and what they need, with their pinned digests.
 *
 *     struct graph *graph = graph_new();
 *     if (!graph_add(graph, &derivation, island_text, &node, err)) …      inputs before consumers
 *     graph_annotate(graph, annotations, count);
 *     graph_set_pin(graph, node, pin);                                    from lock or island text
 *     switch (graph_pinned(graph, goal, &digest, &unknown)) …
 *     graph_free(graph);
 *
 * Nodes are numbered from 0 in the order of addition. A derivation's inputs must be there before
 * it, so this order is topological and there are no cycles. Adding one twice gives the same number.
 * The graph copies what it is given.
 *
 * Pins. A node that is self-fixing or fixed stands in its consumers' pinned digests by its pin,
 * never by its derivation: "cab HASH" from the lock or from `fixed` (set by graph_add), or FORMAT,
 * VALUE and options where an island's text holds a checksum. An ordinary node stands there by its
 * own pinned digest. The replacement is "/cull/store/<X>-<outname>" in `inputs`, which is sorted
 * after it, and in every text; X is told in derivation.h.
 */
#pragma once

#include "derivation/derivation.h"

struct graph;

struct graph_node {
	struct digest digest;
	struct derivation derivation;
	struct bytes island; /* canonical text of the island that it fetches; empty for any other */
	struct bytes pin;    /* "FORMAT VALUE"; empty: not known, or an ordinary node */
	const size_t *needs; /* nodes of its inputs, ascending, distinct */
	size_t need_count;
};

struct graph *graph_new(void);
void graph_free(struct graph *graph);

size_t graph_size(const struct graph *graph);
/* Borrowed, valid as long as the graph. */
const struct graph_node *graph_node(const struct graph *graph, size_t node);
/* By the derivation's digest; SIZE_MAX when absent. */
size_t graph_find(const struct graph *graph, const struct digest *digest);

/*
 * Checks and adds a derivation. `island` is the text of the island that it fetches, or empty.
 * ERR_NOT_FOUND: an input derivation is not in the graph, or has no such output. ERR_REFUSED: the
 * derivation breaks a rule, or is a second self-fixing one of its name that is no island (their
 * lock entries would be one).
 */
MUST_CHECK bool graph_add(struct graph *graph, const struct derivation *derivation,
	struct bytes island, size_t *node_out, struct err *err);

/*
 * Reads a derivation and all that it needs from files: `read` adds the bytes of
 * "<digest>-<name>.drv" to out. Bytes that do not have the digest of their name are ERR_CORRUPT;
 * more than GRAPH_LOAD_MAX derivations are ERR_LIMIT. Iterative: depth costs memory, never stack.
 */
enum { GRAPH_LOAD_MAX = 1 << 20 };
typedef bool graph_read(void *context, struct bytes file, struct buf *out, struct err *err);
MUST_CHECK bool graph_load(struct graph *graph, struct bytes file, graph_read *read, void *context,
	size_t *node_out, struct err *err);

/* What stands beside features in every pinned digest from now on. */
void graph_annotate(
	struct graph *graph, const struct derivation_annotation *annotations, size_t count);
/* The pin of a self-fixing node: "FORMAT VALUE". Replaces an earlier one. */
void graph_set_pin(struct graph *graph, size_t node, struct bytes pin);

enum graph_answer {
	GRAPH_KNOWN,
	GRAPH_UNKNOWN, /* *unknown_out is the first node, in topological order, that lacks a pin */
};

/*
 * The pinned digest of a node's own derivation: that of each input is replaced, whatever the node
 * itself is. (Where the goal is self-fixing or fixed, its pin and name give its path, and this is
 * the digest that its lock entry `derivation:<name>` holds.) Kept until a pin or annotation
 * changes.
 */
enum graph_answer graph_pinned(
	struct graph *graph, size_t node, struct digest *out, size_t *unknown_out);
/* The derivation from which graph_pinned takes the digest, for `cab why` and tests; annotations are
 * in `features`. Borrows from arena and graph. Every pin that it needs must be known. */
struct derivation graph_pinned_derivation(struct arena *arena, struct graph *graph, size_t node);

/* A node and all that it needs, ascending; `nodes_out` has room for graph_size. */
size_t graph_reach(struct graph *graph, size_t node, size_t *nodes_out);
/* The nodes without a pin on which a node's pinned digest waits, ascending. */
size_t graph_waits(struct graph *graph, size_t node, size_t *nodes_out);
