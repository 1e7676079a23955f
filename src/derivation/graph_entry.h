/* SPDX-License-Identifier: MPL-2.0 */
/*
 * graph_entry: what a graph is made of. Inside derivation/ only: graph.c and graph_load.c share it.
 */
#pragma once

#include "base/array.h"
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
	ARRAY(struct graph_entry *) entries;
	struct map digests; /* raw digest -> entry */
	struct map names;   /* of self-fixing derivations that are no islands -> entry */
	struct derivation_annotation *annotations;
	size_t annotation_count;
	uint32_t walk;
};

/* graph_add; `unique` asks for one self-fixing derivation a name. */
MUST_CHECK bool graph_insert(struct graph *graph, const struct derivation *derivation,
	struct bytes island, bool unique, size_t *node_out, struct err *err);
