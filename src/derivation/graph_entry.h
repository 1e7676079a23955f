/* SPDX-License-Identifier: MPL-2.0 */
/*
 * graph_entry: what a graph is made of. Inside derivation/ only: graph.c and graph_load.c share it.
 */
#pragma once

#include "base/map.h"
#include "derivation/graph.h"

struct graph_entry {
	struct graph_node node;
	size_t index;
	struct digest pinned;
	bool has_pinned;
	uint32_t seen; /* the walk that met it last */
};

struct graph {
	struct arena arena;
	struct map digests; /* raw digest -> entry, in the order of the nodes' numbers */
	struct map names;   /* of self-fixing derivations that are no islands -> entry */
	struct derivation_annotation *annotations;
	size_t annotation_count;
	uint32_t walk;
};

static inline struct graph_entry *
graph_entry(const struct graph *graph, size_t node)
{
	must(node < graph->digests.size, "a node's number comes from its graph");
	return graph->digests.entries[node].value;
}

/* graph_add; `unique` asks for one self-fixing derivation a name. */
MUST_CHECK bool graph_insert(struct graph *graph, const struct derivation *derivation,
	struct bytes island, bool unique, size_t *node_out, struct err *err);
