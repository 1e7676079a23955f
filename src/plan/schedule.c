/* SPDX-License-Identifier: MPL-2.0 */
#include "plan/work.h"

#include <stdlib.h>

#include "base/trace.h"
#include "store/store.h"

static const struct graph_node *
schedule_node(const struct work *work)
{
	return graph_node(work->plan->setup.graph, work->node);
}

void
schedule_want(struct plan *plan, size_t node)
{
	struct work *work = plan_work(plan, node);
	if (work->state == WORK_NEW)
		*array_push(&plan->wanted) = node;
}

static void
schedule_set_failed(struct work *work, const struct err *err)
{
	work->state = WORK_FAILED;
	work->asking = false;
	if (!work->err)
		work->err = (struct err *)memory_new(sizeof *work->err);
	*work->err = *err;
}

static void
schedule_fail(struct work *work, const struct err *err)
{
	struct plan *plan = work->plan;
	schedule_set_failed(work, err);
	if (!plan->failed || (plan->err.kind == ERR_CANCELLED && err->kind != ERR_CANCELLED)) {
		plan->failed = true;
		plan->err = *err;
		const struct graph_node *node = schedule_node(work);
		(void)(node->island.size
				? err_note(&plan->err, "<%.*s>", BYTES_ARGS(node->island))
				: err_note(&plan->err, "%.*s", BYTES_ARGS(node->derivation.name)));
	}
	if (plan->setup.keep_going || plan->cancelled)
		return;
	for (size_t at = 0; at < plan->works.size; at++)
		if (plan->works.data[at] && plan->works.data[at]->job)
			plan->works.data[at]->realizer->operations->cancel(
				plan->works.data[at]->job);
}

static void
schedule_ready(struct work *work)
{
	work->state = WORK_READY;
	*array_push(&work->plan->ready) = work->node;
}

/* Tells those that wait; iterative, for a chain of consumers may be as long as the graph. */
static void
schedule_release(struct work *first)
{
	struct plan *plan = first->plan;
	ARRAY(struct work *) ended = {0};
	*array_push(&ended) = first;
	while (ended.size) {
		struct work *work = ended.data[--ended.size];
		for (size_t at = 0; at < work->consumers.size; at++) {
			struct work *consumer = plan_work(plan, work->consumers.data[at]);
			if (consumer->state != WORK_WAITING)
				continue;
			if (work->state == WORK_FAILED) {
				schedule_set_failed(consumer, work->err);
				*array_push(&ended) = consumer;
			} else if (--consumer->waits == 0) {
				schedule_ready(consumer);
			}
		}
		work->consumers.size = 0;
	}
	array_release(&ended);
}

static void
schedule_take_outputs(struct work *work, const struct realizer_result *result)
{
	struct arena *arena = &work->plan->arena;
	struct realizer_output *outputs =
		arena_array(arena, struct realizer_output, result->output_count);
	for (size_t at = 0; at < result->output_count; at++)
		outputs[at] = (struct realizer_output){arena_copy(arena, result->outputs[at].name),
			arena_copy(arena, result->outputs[at].path), result->outputs[at].hash};
	work->outputs = outputs;
	work->output_count = result->output_count;
}

/* A proof that does not hold is an outcome: others go on, but for those that need what it should have made. */
static void
schedule_end_proof(struct work *work, const struct realizer_result *result, const struct err *err)
{
	prove_end(work, result ? NULL : err);
	if (result) {
		schedule_take_outputs(work, result);
		work->state = WORK_DONE;
	} else {
		schedule_set_failed(work, err);
	}
	schedule_release(work);
}

/* Looks at a wanted node: done already, ready, or waiting for what it needs. */
static void
schedule_look(struct plan *plan, size_t number)
{
	struct work *work = plan_work(plan, number);
	if (work->state != WORK_NEW)
		return;
	if (!work->asking && !work->proving && look_at(work)) {
		trace("plan", "%.*s is there", BYTES_ARGS(schedule_node(work)->derivation.name));
		schedule_release(work);
		return;
	}
	const struct graph_node *node = schedule_node(work);
	work->state = WORK_WAITING;
	work->waits = 0;
	for (size_t at = 0; at < node->need_count; at++) {
		struct work *need = plan_work(plan, node->needs[at]);
		if (need->state == WORK_DONE)
			continue;
		if (need->state == WORK_FAILED && work->proving) {
			schedule_end_proof(work, NULL, need->err);
			return;
		}
		if (need->state == WORK_FAILED) {
			schedule_fail(work, need->err);
			schedule_release(work);
			return;
		}
		work->waits++;
		*array_push(&need->consumers) = number;
		schedule_want(plan, need->node);
	}
	if (!work->waits)
		schedule_ready(work);
}

bool
schedule_resolve(struct work *work, struct derivation *out, struct err *err)
{
	struct plan *plan = work->plan;
	const struct derivation *derivation = &schedule_node(work)->derivation;
	struct derivation_resolution *resolutions =
		arena_array(&plan->arena, struct derivation_resolution, derivation->input_count);
	size_t count = 0;
	for (size_t at = 0; at < derivation->input_count; at++) {
		struct derivation_input input;
		if (!derivation_input_parse(derivation->inputs[at], &input))
			return err_set(
				err, ERR_CORRUPT, "input %.*s", BYTES_ARGS(derivation->inputs[at]));
		if (input.is_object)
			continue;
		size_t node = graph_find(plan->setup.graph, &input.digest);
		must(node != SIZE_MAX, "the graph holds what its derivations need");
		struct work *need = plan_work(plan, node);
		for (size_t output = 0; output < need->output_count; output++)
			if (bytes_equal(need->outputs[output].name, input.output))
				resolutions[count++] = (struct derivation_resolution){
					derivation->inputs[at], need->outputs[output].path};
	}
	return derivation_resolve(&plan->arena, derivation, resolutions, count, out, err);
}

static struct realizer *
schedule_choose(struct work *work, struct err *err)
{
	struct plan *plan = work->plan;
	const struct derivation *derivation = &schedule_node(work)->derivation;
	struct bytes missing = bytes_of(NULL, 0);
	for (size_t at = 0; at < plan->setup.realizer_count; at++) {
		struct realizer *realizer = plan->setup.realizers[at];
		const struct realizer_feature *features = NULL;
		size_t count = 0;
		if (!realizer->operations->features(realizer, &features, &count, err))
			return NULL;
		size_t offered = 0;
		for (size_t wanted = 0; wanted < derivation->feature_count; wanted++) {
			size_t feature = 0;
			while (feature < count &&
				!bytes_equal(features[feature].name, derivation->features[wanted]))
				feature++;
			if (feature < count)
				offered++;
			else
				missing = derivation->features[wanted];
		}
		if (offered == derivation->feature_count)
			return realizer;
	}
	(void)err_set(
		err, ERR_REFUSED, "no realizer offers the feature \"%.*s\"", BYTES_ARGS(missing));
	return NULL;
}

static struct digest
schedule_digest(struct work *work, const struct derivation *resolved)
{
	const struct realizer_feature *features = NULL;
	size_t count = 0;
	struct err err;
	struct derivation_annotation annotations[16];
	size_t annotated = 0;
	if (work->realizer->operations->features(work->realizer, &features, &count, &err))
		for (size_t at = 0; at < count && annotated < 16; at++)
			if (features[at].annotation.size)
				annotations[annotated++] = (struct derivation_annotation){
					features[at].name, features[at].annotation};
	return derivation_digest_annotated(resolved, annotations, annotated);
}

bool
plan_resolve(struct plan *plan, size_t node, struct derivation *out)
{
	struct work *work = plan_work(plan, node);
	const struct graph_node *graph = schedule_node(work);
	struct err err;
	for (size_t at = 0; at < graph->need_count; at++)
		if (plan_work(plan, graph->needs[at])->state != WORK_DONE &&
			!look_at(plan_work(plan, graph->needs[at])))
			return false;
	if (!work->realizer)
		work->realizer = schedule_choose(work, &err);
	return work->realizer && schedule_resolve(work, out, &err);
}

bool
plan_resolved(struct plan *plan, size_t node, struct digest *out)
{
	struct work *work = plan_work(plan, node);
	struct derivation resolved;
	if (!work->has_resolved) {
		if (!plan_resolve(plan, node, &resolved))
			return false;
		work->resolved = schedule_digest(work, &resolved);
		work->has_resolved = true;
	}
	*out = work->resolved;
	return true;
}

static void
schedule_on_event(void *context, const struct realizer_event *event)
{
	struct work *work = (struct work *)context;
	struct plan_listener *listener = &work->plan->setup.listener;
	if (work->proving && event->kind == REALIZER_EVENT_IDENTITY)
		prove_hear(work, event->identity);
	listener->event(listener->context, work->node, event);
}

static bool
schedule_has(const struct identity *list, size_t count, struct identity identity)
{
	for (size_t at = 0; at < count; at++)
		if (identity_equal(list[at], identity))
			return true;
	return false;
}

/* What a source said, or was found by: its pin from now on. What a lock already says, whole, stays as the lock has it. */
static void
schedule_take_identities(struct work *work, const struct realizer_result *result)
{
	struct plan *plan = work->plan;
	bool changed = false;
	for (size_t at = 0; at < result->identity_count; at++)
		if (!schedule_has(work->source.pin, work->source.pin_count, result->identities[at]))
			changed = true;
	struct identity *copy = arena_array(&plan->arena, struct identity, result->identity_count);
	for (size_t at = 0; at < result->identity_count; at++)
		copy[at] =
			(struct identity){arena_copy(&plan->arena, result->identities[at].format),
				arena_copy(&plan->arena, result->identities[at].value)};
	/* A probe knows no Cab hash: what is read of it is a second run, and is no less asked for that. */
	bool asked = work->asking || work->found.asked;
	bool locked = !changed && work->source.pin_count;
	const struct identity *found = locked ? work->source.pin : copy;
	size_t count = locked ? work->source.pin_count : result->identity_count;
	if (!work->asking && work->found.has_hash)
		return;
	work->found.identities = found;
	work->found.identity_count = count;
	work->found.asked = asked;
	work->found.changed = asked && changed;
	const struct identity *cab = identity_find(found, count, "cab");
	work->found.has_hash = cab && cab_hash_parse(cab->value, &work->found.hash);
	if (work->found.has_hash && !work->source.checksum)
		graph_set_pin(plan->setup.graph, work->node, identity_print(&plan->arena, *cab));
}

static void
schedule_on_done(void *context, const struct realizer_result *result, const struct err *err)
{
	struct work *work = (struct work *)context;
	struct plan *plan = work->plan;
	work->job = NULL;
	plan->running[work->kind]--;
	plan->setup.listener.end(plan->setup.listener.context, work->node, result, err);
	if (work->proving) {
		schedule_end_proof(work, result, err);
		return;
	}
	if (!result) {
		schedule_fail(work, err);
		schedule_release(work);
		return;
	}
	if (work->is_source && result->identity_count)
		schedule_take_identities(work, result);
	work->asking = false;
	if (!result->output_count || !result->outputs[0].path.size) {
		/* Only the identity was wanted: the object is wanted anew, by whom needs it. */
		work->state = WORK_NEW;
		return;
	}
	schedule_take_outputs(work, result);
	work->state = WORK_DONE;
	if (!work->is_source)
		look_record(work, result);
	schedule_release(work);
}

/* The lock vouches for its own pairs: each identity of an entry is that entry's Cab hash. */
static void
schedule_add_known(struct work *work)
{
	const struct plan_source *source = &work->source;
	const struct identity *cab = identity_find(source->pin, source->pin_count, "cab");
	struct cab_hash hash;
	if (!cab || !cab_hash_parse(cab->value, &hash))
		return;
	struct realizer_known *known =
		arena_array(&work->plan->arena, struct realizer_known, source->pin_count);
	size_t count = 0;
	for (size_t at = 0; at < source->pin_count; at++)
		if (&source->pin[at] != cab)
			known[count++] = (struct realizer_known){source->pin[at], hash};
	work->request.known = known;
	work->request.known_count = count;
}

static bool
schedule_prepare(struct work *work, struct err *err)
{
	struct plan *plan = work->plan;
	if (plan->resting)
		return err_set(err, ERR_REFUSED, "it is not here, and nothing is to be run");
	work->realizer = schedule_choose(work, err);
	if (!work->realizer)
		return false;
	struct derivation *resolved = arena_new(&plan->arena, struct derivation);
	bool by_other = work->asking && work->source.by;
	if (by_other)
		*resolved = *work->source.by;
	else if (!schedule_resolve(work, resolved, err))
		return false;
	work->resolved = schedule_digest(work, resolved);
	work->has_resolved = !by_other;
	work->request =
		(struct realizer_request){.derivation = resolved, .resolved = work->resolved};
	work->request.want = !work->asking        ? REALIZER_WANT_OBJECT
			     : work->source.probe ? REALIZER_WANT_REPORT
						  : REALIZER_WANT_IDENTITY;
	if (work->proving) {
		work->request.want = REALIZER_WANT_PROOF;
		work->request.pin = work->source.pin;
		work->request.pin_count = work->source.pin_count;
	} else if (work->asking) {
		schedule_add_known(work);
		/* An entry without a Cab hash names the state that is wanted all the same. */
		if (!work->source.ask) {
			work->request.pin = work->found.identities;
			work->request.pin_count = work->found.identity_count;
		}
	} else if (work->is_source) {
		work->request.pin = work->found.identities;
		work->request.pin_count = work->found.identity_count;
	}
	for (size_t at = 0; at < resolved->input_count; at++) {
		if (!work->realizer->operations->bring(work->realizer, resolved->inputs[at], err))
			return err_note(err, "input %.*s", BYTES_ARGS(resolved->inputs[at]));
	}
	return true;
}

static void
schedule_start(struct work *work)
{
	struct plan *plan = work->plan;
	struct err err;
	bool prepared = schedule_prepare(work, &err);
	if (!prepared && work->proving) {
		schedule_end_proof(work, NULL, &err);
		return;
	}
	if (!prepared) {
		schedule_fail(work, &err);
		schedule_release(work);
		return;
	}
	work->state = WORK_RUNNING;
	plan->running[work->kind]++;
	plan->setup.listener.start(plan->setup.listener.context, work->node, work->kind);
	struct realizer_listener listener = {work, schedule_on_event, schedule_on_done};
	work->job = work->realizer->operations->realize(work->realizer, &work->request, &listener);
}

static bool
schedule_has_slot(struct work *work)
{
	struct plan *plan = work->plan;
	bool wasm = derivation_has_feature(&schedule_node(work)->derivation, BYTES_LITERAL("wasm"));
	work->kind = work->asking ? PLAN_ASK : wasm ? PLAN_FETCH : PLAN_BUILD;
	if (wasm)
		return plan->running[PLAN_ASK] + plan->running[PLAN_FETCH] < plan->setup.fetches;
	return plan->running[PLAN_BUILD] < plan->setup.jobs;
}

static void
schedule_start_ready(struct plan *plan)
{
	bool stop = plan->cancelled || (plan->failed && !plan->setup.keep_going);
	size_t kept = 0;
	size_t count = plan->ready.size;
	for (size_t at = 0; at < count; at++) {
		struct work *work = plan_work(plan, plan->ready.data[at]);
		if (stop)
			work->state = WORK_NEW;
		else if (schedule_has_slot(work))
			schedule_start(work);
		else
			plan->ready.data[kept++] = work->node;
	}
	/* Starting may have made others ready: they stand behind those that were looked at. */
	for (size_t at = count; at < plan->ready.size; at++)
		plan->ready.data[kept++] = plan->ready.data[at];
	plan->ready.size = kept;
}

static bool
schedule_work(struct plan *plan, struct err *err)
{
	for (;;) {
		while (plan->wanted.size)
			schedule_look(plan, plan->wanted.data[--plan->wanted.size]);
		schedule_start_ready(plan);
		size_t running = plan->running[PLAN_ASK] + plan->running[PLAN_FETCH] +
				 plan->running[PLAN_BUILD];
		if (plan->wanted.size)
			continue;
		if (!running && !(plan->ready.size && !plan->failed && !plan->cancelled))
			break;
		if (running && !loop_step(plan->setup.loop, err))
			return false;
	}
	if (plan->cancelled)
		return err_set(err, ERR_CANCELLED, "interrupted");
	if (plan->failed) {
		*err = plan->err;
		return false;
	}
	return true;
}

bool
schedule_run(struct plan *plan, struct err *err)
{
	bool done = schedule_work(plan, err);
	for (size_t at = 0; at < plan->setup.realizer_count; at++) {
		struct realizer *realizer = plan->setup.realizers[at];
		struct err late;
		if (realizer->operations->settle(realizer, &late) || !done)
			continue;
		*err = late;
		done = false;
	}
	return done;
}
