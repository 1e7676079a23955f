/* SPDX-License-Identifier: MPL-2.0 */
#include "plan/plan.h"

#include <stdlib.h>

#include "plan/work.h"
#include "store/realization.h"

struct plan *
plan_new(const struct plan_setup *setup)
{
	struct plan *plan = (struct plan *)memory_zero(1, sizeof *plan);
	plan->setup = *setup;
	plan->arena = ARENA;
	return plan;
}

void
plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t at = 0; at < plan->works.size; at++)
		if (plan->works.data[at]) {
			array_release(&plan->works.data[at]->consumers);
			free(plan->works.data[at]->err);
			free(plan->works.data[at]);
		}
	array_release(&plan->works);
	array_release(&plan->wanted);
	array_release(&plan->ready);
	arena_release(&plan->arena);
	free(plan);
}

struct work *
plan_work(struct plan *plan, size_t node)
{
	size_t size = graph_size(plan->setup.graph);
	must(node < size, "a plan is asked for nodes of its graph");
	while (plan->works.size < size)
		*array_push(&plan->works) = NULL;
	if (plan->works.data[node])
		return plan->works.data[node];
	struct work *work = (struct work *)memory_zero(1, sizeof *work);
	work->plan = plan;
	work->node = node;
	work->is_source = graph_node(plan->setup.graph, node)->derivation.fixed == DERIVATION_SELF;
	plan->works.data[node] = work;
	return work;
}

static const struct identity *
plan_copy_identities(struct plan *plan, const struct identity *identities, size_t count)
{
	struct identity *copy = arena_array(&plan->arena, struct identity, count);
	for (size_t at = 0; at < count; at++)
		copy[at] = (struct identity){arena_copy(&plan->arena, identities[at].format),
			arena_copy(&plan->arena, identities[at].value)};
	return copy;
}

/* From here on the node's identities are these; its consumers' pinned digests follow from the last. */
static void
plan_set_found(struct work *work, const struct identity *identities, size_t count)
{
	struct plan *plan = work->plan;
	work->found.identities = identities;
	work->found.identity_count = count;
	const struct identity *cab = identity_find(identities, count, "cab");
	work->found.has_hash = cab && cab_hash_parse(cab->value, &work->found.hash);
	if (!count)
		return;
	struct identity pin = work->source.checksum || !cab ? identities[0] : *cab;
	if (work->source.checksum || work->found.has_hash)
		graph_set_pin(plan->setup.graph, work->node, identity_print(&plan->arena, pin));
}

void
plan_source(struct plan *plan, size_t node, const struct plan_source *source)
{
	struct work *work = plan_work(plan, node);
	must(work->is_source, "only a self-fixing node has a pin of its own");
	work->source = *source;
	work->source.pin = plan_copy_identities(plan, source->pin, source->pin_count);
	if (!source->ask && !source->has_pinned)
		plan_set_found(work, work->source.pin, work->source.pin_count);
}

static bool
plan_is_settled(const struct work *work)
{
	return work->source.checksum || work->found.has_hash ||
	       (work->source.probe && work->found.asked);
}

/*
 * A derivation that is no island is locked for one pinned digest; with another it is another program, whose lines the entry
 * knows nothing of.
 */
static void
plan_settle_pinned(struct work *work)
{
	struct digest pinned;
	size_t unknown;
	if (graph_pinned(work->plan->setup.graph, work->node, &pinned, &unknown) != GRAPH_KNOWN)
		return;
	work->found.has_pinned = true;
	work->found.pinned = pinned;
	if (!work->source.has_pinned || !digest_equal(&work->source.pinned, &pinned))
		work->source.pin_count = 0;
	else if (!work->source.ask)
		plan_set_found(work, work->source.pin, work->source.pin_count);
}

static bool
plan_refuse(const struct work *work, struct err *err)
{
	const struct graph_node *node = graph_node(work->plan->setup.graph, work->node);
	bool island = node->island.size;
	return err_set(err, ERR_REFUSED,
		"the lock has no valid entry for %s%.*s, and --locked forbids to write one",
		island ? "" : "derivation:",
		BYTES_ARGS(island ? node->island : node->derivation.name));
}

/* Asks all that can be asked now; *any_out says whether there was any. */
static bool
plan_ask_some(struct plan *plan, const size_t *nodes, size_t count, bool *any_out, struct err *err)
{
	bool done = true;
	*any_out = false;
	size_t *waits = (size_t *)memory_new(graph_size(plan->setup.graph) * sizeof *waits);
	for (size_t at = 0; done && at < count; at++) {
		struct work *work = plan_work(plan, nodes[at]);
		if (!work->is_source || plan_is_settled(work) || work->state == WORK_FAILED)
			continue;
		size_t waiting = graph_waits(plan->setup.graph, work->node, waits);
		bool alone = waiting == 0 || (waiting == 1 && waits[0] == work->node);
		if (!alone)
			continue;
		if (!graph_node(plan->setup.graph, work->node)->island.size)
			plan_settle_pinned(work);
		if (plan_is_settled(work))
			continue;
		if (work->source.locked) {
			done = plan_refuse(work, err);
			continue;
		}
		work->asking = true;
		work->state = WORK_NEW;
		schedule_want(plan, work->node);
		*any_out = true;
	}
	free(waits);
	return done;
}

bool
plan_ask(struct plan *plan, const size_t *nodes, size_t count, struct err *err)
{
	if (!look_annotate(plan, err))
		return false;
	for (;;) {
		bool any = false;
		if (!plan_ask_some(plan, nodes, count, &any, err))
			return false;
		if (!any)
			return true;
		if (!schedule_run(plan, err))
			return false;
	}
}

bool
plan_build(struct plan *plan, const size_t *goals, size_t count, struct err *err)
{
	if (!look_annotate(plan, err))
		return false;
	for (size_t at = 0; at < count; at++)
		schedule_want(plan, goals[at]);
	return schedule_run(plan, err);
}

bool
plan_annotate(struct plan *plan, struct err *err)
{
	return look_annotate(plan, err);
}

bool
plan_is_realized(struct plan *plan, size_t goal)
{
	struct err err;
	struct work *work = plan_work(plan, goal);
	return work->state == WORK_DONE || (look_annotate(plan, &err) && look_at(work));
}

struct plan_found
plan_found(struct plan *plan, size_t node)
{
	return plan_work(plan, node)->found;
}

const char *
plan_realizer(struct plan *plan, size_t node)
{
	const struct realizer *realizer = plan_work(plan, node)->realizer;
	return realizer ? realizer->name : NULL;
}

const struct realizer_output *
plan_outputs(struct plan *plan, size_t node, size_t *count_out)
{
	struct work *work = plan_work(plan, node);
	*count_out = work->output_count;
	return work->state == WORK_DONE ? work->outputs : NULL;
}

void
plan_rest(struct plan *plan)
{
	plan->resting = true;
}

void
plan_cancel(struct plan *plan)
{
	plan->cancelled = true;
	for (size_t at = 0; at < plan->works.size; at++) {
		struct work *work = plan->works.data[at];
		if (work && work->job)
			work->realizer->operations->cancel(work->job);
	}
}
