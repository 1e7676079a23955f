/* SPDX-License-Identifier: MPL-2.0 */
#include "derivation/graph.h"

#include <stdlib.h>

#include "derivation/graph_entry.h"
#include "derivation/replace.h"

struct graph *
graph_new(void)
{
	return memory_zero(1, sizeof(struct graph));
}

void
graph_free(struct graph *graph)
{
	if (!graph)
		return;
	map_release(&graph->digests);
	map_release(&graph->names);
	arena_release(&graph->arena);
	free(graph);
}

size_t
graph_size(const struct graph *graph)
{
	return graph->digests.size;
}

const struct graph_node *
graph_node(const struct graph *graph, size_t node)
{
	return &graph_entry(graph, node)->node;
}

size_t
graph_find(const struct graph *graph, const struct digest *digest)
{
	const struct graph_entry *entry = map_find(&graph->digests, digest_bytes(digest));
	return entry ? entry->index : SIZE_MAX;
}

static bool
is_ordinary(const struct graph_entry *entry)
{
	return entry->node.derivation.fixed == DERIVATION_ORDINARY;
}

static int
compare_nodes(const void *left, const void *right)
{
	size_t first = *(const size_t *)left;
	size_t second = *(const size_t *)right;
	return (first > second) - (first < second);
}

/* The nodes behind the inputs, ascending and distinct. */
static bool
find_needs(struct graph *graph, const struct derivation *derivation, struct graph_node *node,
	struct err *err)
{
	size_t *needs = arena_array(&graph->arena, size_t, derivation->input_count);
	size_t count = 0;
	for (size_t at = 0; at < derivation->input_count; at++) {
		struct derivation_input parts;
		if (!derivation_input_parse(derivation->inputs[at], &parts) || parts.is_object)
			continue;
		size_t need = graph_find(graph, &parts.digest);
		if (need == SIZE_MAX ||
			!bytes_equal(graph_node(graph, need)->derivation.name, parts.name) ||
			!derivation_has_output(&graph_node(graph, need)->derivation, parts.output))
			return err_set(err, ERR_NOT_FOUND,
				"derivation %.*s: its input %.*s is not known",
				BYTES_ARGS(derivation->name), BYTES_ARGS(derivation->inputs[at]));
		needs[count++] = need;
	}
	if (count > 0)
		qsort(needs, count, sizeof *needs, compare_nodes);
	size_t kept = 0;
	for (size_t at = 0; at < count; at++)
		if (kept == 0 || needs[kept - 1] != needs[at])
			needs[kept++] = needs[at];
	node->needs = needs;
	node->need_count = kept;
	return true;
}

bool
graph_insert(struct graph *graph, const struct derivation *derivation, struct bytes island,
	bool unique, size_t *node_out, struct err *err)
{
	if (!derivation_check(derivation, err))
		return false;
	struct digest digest = derivation_digest(derivation);
	size_t known = graph_find(graph, &digest);
	if (known != SIZE_MAX) {
		*node_out = known;
		return true;
	}
	bool named = unique && derivation->fixed == DERIVATION_SELF && island.size == 0;
	if (named && map_has(&graph->names, derivation->name))
		return err_set(err, ERR_REFUSED,
			"derivation %.*s: two self-fixing derivations have this name, and the lock "
			"knows them by it",
			BYTES_ARGS(derivation->name));
	struct graph_node node = {.digest = digest};
	if (!find_needs(graph, derivation, &node, err))
		return false;
	node.derivation = derivation_copy(&graph->arena, derivation);
	node.island = arena_copy(&graph->arena, island);
	if (derivation->fixed == DERIVATION_FIXED)
		node.pin = identity_print(
			&graph->arena, derivation->identities[derivation->identity_count - 1]);

	struct graph_entry *entry = arena_new(&graph->arena, struct graph_entry);
	entry->node = node;
	entry->index = graph->digests.size;
	map_put(&graph->digests, digest_bytes(&entry->node.digest), entry);
	if (named)
		map_put(&graph->names, derivation->name, entry);
	*node_out = entry->index;
	return true;
}

bool
graph_add(struct graph *graph, const struct derivation *derivation, struct bytes island,
	size_t *node_out, struct err *err)
{
	return graph_insert(graph, derivation, island, true, node_out, err);
}

static void
forget_pinned(struct graph *graph)
{
	for (size_t at = 0; at < graph->digests.size; at++)
		graph_entry(graph, at)->has_pinned = false;
}

void
graph_annotate(struct graph *graph, const struct derivation_annotation *annotations, size_t count)
{
	struct derivation_annotation *copy =
		arena_array(&graph->arena, struct derivation_annotation, count);
	for (size_t at = 0; at < count; at++) {
		copy[at].feature = arena_copy(&graph->arena, annotations[at].feature);
		copy[at].value = arena_copy(&graph->arena, annotations[at].value);
	}
	graph->annotations = copy;
	graph->annotation_count = count;
	forget_pinned(graph);
}

void
graph_set_pin(struct graph *graph, size_t node, struct bytes pin)
{
	struct graph_entry *entry = graph_entry(graph, node);
	must(entry->node.derivation.fixed == DERIVATION_SELF, "only what is self-fixing is pinned");
	if (bytes_equal(entry->node.pin, pin))
		return;
	entry->node.pin = arena_copy(&graph->arena, pin);
	forget_pinned(graph);
}

/* Whether a walk goes on from a node into what it needs: pinned digests end at pins. */
enum reach { REACH_ALL, REACH_PINNED };

/* A node and what it needs, ascending. The stack is on the heap: depth costs memory only. */
static size_t
walk(struct graph *graph, size_t node, enum reach reach, size_t *nodes_out)
{
	if (++graph->walk == 0)
		for (size_t at = 0; at < graph->digests.size; at++)
			graph_entry(graph, at)->seen = 0;
	graph->walk += graph->walk == 0;
	/* nodes_out is both the result and the queue: each node enters it once. */
	size_t count = 0;
	nodes_out[count++] = node;
	graph_entry(graph, node)->seen = graph->walk;
	for (size_t at = 0; at < count; at++) {
		const struct graph_entry *entry = graph_entry(graph, nodes_out[at]);
		if (reach == REACH_PINNED && at > 0 && !is_ordinary(entry))
			continue;
		for (size_t need = 0; need < entry->node.need_count; need++) {
			struct graph_entry *next = graph_entry(graph, entry->node.needs[need]);
			if (next->seen == graph->walk)
				continue;
			next->seen = graph->walk;
			nodes_out[count++] = next->index;
		}
	}
	qsort(nodes_out, count, sizeof *nodes_out, compare_nodes);
	return count;
}

size_t
graph_reach(struct graph *graph, size_t node, size_t *nodes_out)
{
	return walk(graph, node, REACH_ALL, nodes_out);
}

size_t
graph_waits(struct graph *graph, size_t node, size_t *nodes_out)
{
	size_t count = walk(graph, node, REACH_PINNED, nodes_out);
	size_t kept = 0;
	for (size_t at = 0; at < count; at++) {
		const struct graph_entry *entry = graph_entry(graph, nodes_out[at]);
		if (entry->index != node && !is_ordinary(entry) && entry->node.pin.size == 0)
			nodes_out[kept++] = entry->index;
	}
	return kept;
}

/* What stands for an output of a node in the pinned derivations of its consumers. */
static struct bytes
pinned_path(struct arena *arena, const struct graph_entry *entry, struct bytes output)
{
	struct bytes name = entry->node.derivation.name;
	if (!is_ordinary(entry))
		return derivation_path(arena, "cab pinned 1", entry->node.pin, name, output);
	must(entry->has_pinned, "inputs come before their consumers");
	struct digest_text text = digest_print(&entry->pinned);
	return derivation_path(arena, "cab pinned 1", bytes_text(text.text), name, output);
}

static struct derivation
pin_inputs(struct arena *arena, const struct graph *graph, const struct graph_entry *entry)
{
	struct replace replace = {.arena = arena};
	const struct derivation *derivation = &entry->node.derivation;
	for (size_t at = 0; at < derivation->input_count; at++) {
		struct derivation_input parts;
		bool parsed = derivation_input_parse(derivation->inputs[at], &parts);
		must(parsed, "a graph holds checked derivations");
		if (parts.is_object)
			continue;
		const struct graph_entry *need =
			map_find(&graph->digests, digest_bytes(&parts.digest));
		replace_input(
			&replace, derivation->inputs[at], pinned_path(arena, need, parts.output));
	}
	struct derivation pinned = replace_derivation(&replace, derivation);
	derivation_annotate(arena, &pinned, graph->annotations, graph->annotation_count);
	replace_release(&replace);
	return pinned;
}

static void
compute_pinned(struct graph *graph, struct graph_entry *entry)
{
	cleanup_arena struct arena arena = ARENA;
	struct derivation pinned = pin_inputs(&arena, graph, entry);
	entry->pinned = derivation_digest(&pinned);
	entry->has_pinned = true;
}

enum graph_answer
graph_pinned(struct graph *graph, size_t node, struct digest *out, size_t *unknown_out)
{
	struct graph_entry *goal = graph_entry(graph, node);
	if (!goal->has_pinned) {
		size_t *nodes = memory_new((graph->digests.size + 1) * sizeof *nodes);
		if (graph_waits(graph, node, nodes) > 0) {
			*unknown_out = nodes[0];
			free(nodes);
			return GRAPH_UNKNOWN;
		}
		size_t count = walk(graph, node, REACH_PINNED, nodes);
		for (size_t at = 0; at < count; at++) {
			struct graph_entry *entry = graph_entry(graph, nodes[at]);
			bool wanted = is_ordinary(entry) || entry == goal;
			if (wanted && !entry->has_pinned)
				compute_pinned(graph, entry);
		}
		free(nodes);
	}
	*out = goal->pinned;
	return GRAPH_KNOWN;
}

struct derivation
graph_pinned_derivation(struct arena *arena, struct graph *graph, size_t node)
{
	struct digest digest;
	size_t unknown;
	enum graph_answer answer = graph_pinned(graph, node, &digest, &unknown);
	must(answer == GRAPH_KNOWN, "its pins must be known");
	return pin_inputs(arena, graph, graph_entry(graph, node));
}
