/* SPDX-License-Identifier: MPL-2.0 */
/*
 * plan_fixture: a plan over a realizer that runs nothing. It answers from the loop, as each derivation's
 * name tells it to, with real objects in the place's store, and writes down what it was asked.
 *
 *     struct stage *stage = stage_new(place);
 *     size_t hello = stage_add(stage, "hello", NULL, 0);           an ordinary native derivation
 *     size_t app = stage_add(stage, "app", &hello, 1);
 *     good(plan_build(stage->plan, &app, 1, &err));
 *     stage_asked(stage, "hello object\napp object\n");
 *     stage_free(stage);
 *
 * Names: "broken…" fails, "stuck…" ends only when it is cancelled; any other makes its outputs.
 */
#pragma once

#include "store_fixture.h"

#include "derivation/graph.h"
#include "plan/plan.h"
#include "store/realization.h"

#define HOST "host-root:debian-12"

struct stage;

enum { FIXTURE_FETCHES = 16 };

struct realizer_job {
	struct stage *stage;
	const struct realizer_request *request;
	struct realizer_listener listener;
	struct loop_timer *timer;
};

struct stage_realizer {
	struct realizer realizer; /* first: it is cast back */
	struct stage *stage;
	struct realizer_feature features[2];
	size_t feature_count;
};

struct stage {
	struct arena arena;
	struct place *place;
	struct loop *loop;
	struct graph *graph;
	struct stage_realizer machines[2];
	struct realizer *realizers[2];
	struct plan *plan;
	struct plan_setup setup;
	struct buf asked;   /* "NAME WANT[ pin N][ known N]", a line a request */
	struct buf brought; /* names of the objects, a line each */
	size_t running, most;
	size_t cancelled, settled, ended;
	const char *report; /* what a source says first; NULL: nothing but its Cab hash */
	bool unsettled;     /* settle fails */
	bool unbrought;     /* bring fails */
};

static struct stage *
stage_of(struct realizer *realizer)
{
	return ((struct stage_realizer *)(void *)realizer)->stage;
}

UNUSED static bool
stage_features(struct realizer *realizer, const struct realizer_feature **out, size_t *count_out,
	UNUSED struct err *err)
{
	struct stage_realizer *machine = (struct stage_realizer *)(void *)realizer;
	*out = machine->features;
	*count_out = machine->feature_count;
	return true;
}

UNUSED static void
stage_end(struct realizer_job *job, const struct realizer_result *result, const struct err *err)
{
	struct realizer_listener listener = job->listener;
	job->stage->running--;
	free(job);
	listener.done(listener.context, result, err);
}

/* One object for an output: what is in it follows from its name alone. */
static struct realizer_output
stage_output(struct stage *stage, const struct derivation *derivation, size_t at)
{
	struct bytes name =
		derivation_output_name(&stage->arena, derivation->name, derivation->outputs[at]);
	const char *text = arena_text(&stage->arena, name);
	struct object object = add_text(stage->place->store, text, text);
	struct store_path path = store_path_print(&object.path, object.name);
	return (struct realizer_output){derivation->outputs[at],
		arena_copy(&stage->arena, bytes_text(path.text)), object.hash};
}

UNUSED static void
stage_finish(void *context)
{
	struct realizer_job *job = context;
	struct stage *stage = job->stage;
	const struct derivation *derivation = job->request->derivation;
	struct err err;
	if (bytes_has_prefix(derivation->name, BYTES_LITERAL("broken"))) {
		(void)err_set(&err, ERR_BUILD, "exited with 1");
		stage_end(job, NULL, &err);
		return;
	}
	struct realizer_output *outputs =
		arena_array(&stage->arena, struct realizer_output, derivation->output_count);
	for (size_t at = 0; at < derivation->output_count; at++)
		outputs[at] = stage_output(stage, derivation, at);
	struct identity identities[2];
	size_t count = 0;
	struct cab_hash_text hash = cab_hash_print(&outputs[0].hash);
	if (derivation->fixed == DERIVATION_SELF && stage->report)
		assert_true(identity_parse(bytes_text(stage->report), &identities[count++]));
	if (count) {
		struct realizer_event event = {
			.kind = REALIZER_EVENT_IDENTITY, .identity = identities[0]};
		job->listener.event(job->listener.context, &event);
	}
	if (derivation->fixed == DERIVATION_SELF && job->request->want != REALIZER_WANT_REPORT)
		identities[count++] =
			(struct identity){BYTES_LITERAL("cab"), bytes_text(hash.text)};
	bool object = job->request->want == REALIZER_WANT_OBJECT ||
		      job->request->want == REALIZER_WANT_PROOF;
	struct realizer_result result = {.outputs = outputs,
		.output_count = object ? derivation->output_count : 0,
		.identities = identities,
		.identity_count = count};
	stage_end(job, &result, NULL);
}

static struct realizer_job *
stage_realize(struct realizer *realizer, const struct realizer_request *request,
	const struct realizer_listener *listener)
{
	static const char *const wants[] = {"identity", "object", "report", "proof"};
	struct stage *stage = stage_of(realizer);
	struct realizer_job *job = memory_zero(1, sizeof *job);
	*job = (struct realizer_job){stage, request, *listener, NULL};
	buf_format(&stage->asked, "%.*s %s", BYTES_ARGS(request->derivation->name),
		wants[request->want]);
	if (request->pin_count)
		buf_format(&stage->asked, " pin %zu", request->pin_count);
	if (request->known_count)
		buf_format(&stage->asked, " known %zu", request->known_count);
	buf_add_byte(&stage->asked, '\n');
	if (++stage->running > stage->most)
		stage->most = stage->running;
	if (!bytes_has_prefix(request->derivation->name, BYTES_LITERAL("stuck")))
		job->timer = loop_after(stage->loop, 0, stage_finish, job);
	return job;
}

UNUSED static void
stage_cancelled(void *context)
{
	struct err err;
	(void)err_set(&err, ERR_CANCELLED, "cancelled");
	stage_end(context, NULL, &err);
}

UNUSED static void
stage_cancel(struct realizer_job *job)
{
	job->stage->cancelled++;
	if (job->timer)
		loop_stop(job->timer);
	job->timer = loop_after(job->stage->loop, 0, stage_cancelled, job);
}

UNUSED static bool
stage_bring(struct realizer *realizer, struct bytes path, struct err *err)
{
	struct stage *stage = stage_of(realizer);
	struct object_reference object;
	assert_true(store_path_parse(path, &object));
	buf_format(&stage->brought, "%s\n", object.name);
	return !stage->unbrought || err_set(err, ERR_SYSTEM, "the wire is cut");
}

UNUSED static bool
stage_settle(struct realizer *realizer, struct err *err)
{
	struct stage *stage = stage_of(realizer);
	stage->settled++;
	return !stage->unsettled || err_set(err, ERR_SYSTEM, "no room");
}

static const struct realizer_operations stage_operations = {.features = stage_features,
	.realize = stage_realize,
	.cancel = stage_cancel,
	.bring = stage_bring,
	.settle = stage_settle};

UNUSED static void
stage_on_start(UNUSED void *context, UNUSED size_t node, UNUSED enum plan_work work)
{
}

UNUSED static void
stage_on_event(UNUSED void *context, UNUSED size_t node, UNUSED const struct realizer_event *event)
{
}

UNUSED static void
stage_on_end(void *context, UNUSED size_t node, const struct realizer_result *result,
	const struct err *err)
{
	assert_true((result == NULL) == (err != NULL));
	((struct stage *)context)->ended++;
}

/* A plan anew over the same graph and store, as another process would make one. */
UNUSED static void
stage_replan(struct stage *stage)
{
	plan_free(stage->plan);
	stage->plan = plan_new(&stage->setup);
	buf_truncate(&stage->asked, 0);
	buf_truncate(&stage->brought, 0);
	stage->most = 0;
}

static struct stage *
stage_new(struct place *place)
{
	struct stage *stage = memory_zero(1, sizeof *stage);
	stage->arena = ARENA;
	stage->place = place;
	stage->loop = loop_new();
	stage->graph = graph_new();
	stage->asked = (struct buf)BUF(BUF_MAX);
	stage->brought = (struct buf)BUF(BUF_MAX);
	for (size_t at = 0; at < 2; at++) {
		struct stage_realizer *machine = &stage->machines[at];
		machine->realizer.operations = &stage_operations;
		machine->realizer.name = at ? "second" : "first";
		machine->stage = stage;
		stage->realizers[at] = &machine->realizer;
	}
	stage->machines[0].features[0].name = BYTES_LITERAL(HOST);
	stage->machines[0].features[1].name = BYTES_LITERAL("wasm");
	stage->machines[0].feature_count = 2;
	stage->setup = (struct plan_setup){.loop = stage->loop,
		.store = place->store,
		.graph = stage->graph,
		.realizers = stage->realizers,
		.realizer_count = 1,
		.jobs = 2,
		.fetches = FIXTURE_FETCHES,
		.listener = {stage, stage_on_start, stage_on_event, stage_on_end}};
	stage->plan = plan_new(&stage->setup);
	return stage;
}

UNUSED static void
stage_free(struct stage *stage)
{
	assert_int_equal(stage->running, 0);
	plan_free(stage->plan);
	graph_free(stage->graph);
	loop_free(stage->loop);
	buf_release(&stage->asked);
	buf_release(&stage->brought);
	arena_release(&stage->arena);
	free(stage);
}

UNUSED static void
stage_asked(struct stage *stage, const char *expected)
{
	assert_string_equal(stage->asked.size ? buf_text(&stage->asked) : "", expected);
	buf_truncate(&stage->asked, 0);
}

UNUSED static struct derivation
stage_derivation(struct stage *stage, const char *name, const size_t *needs, size_t count)
{
	struct arena *arena = &stage->arena;
	struct derivation derivation = {
		.name = bytes_text(name), .program = BYTES_LITERAL("/bin/sh")};
	static const struct bytes outputs[] = {{(const uint8_t *)"out", 3}};
	static const struct bytes features[] = {{(const uint8_t *)HOST, sizeof HOST - 1}};
	derivation.outputs = outputs;
	derivation.output_count = 1;
	derivation.features = features;
	derivation.feature_count = 1;
	struct bytes *inputs = arena_array(arena, struct bytes, count);
	struct bytes *arguments = arena_array(arena, struct bytes, count);
	for (size_t at = 0; at < count; at++) {
		const struct graph_node *need = graph_node(stage->graph, needs[at]);
		inputs[at] =
			derivation_input_print(arena, &need->derivation, &need->digest, outputs[0]);
		arguments[at] = derivation_placeholder(
			arena, &need->digest, need->derivation.name, outputs[0]);
	}
	for (size_t at = 1; at < count; at++)
		for (size_t left = at; left && bytes_compare(inputs[left - 1], inputs[left]) > 0;
			left--) {
			struct bytes input = inputs[left];
			inputs[left] = inputs[left - 1];
			inputs[left - 1] = input;
		}
	derivation.inputs = inputs;
	derivation.input_count = count;
	derivation.arguments = arguments;
	derivation.argument_count = count;
	return derivation;
}

UNUSED static size_t
stage_put(struct stage *stage, const struct derivation *derivation, const char *island)
{
	size_t node = SIZE_MAX;
	good(graph_add(stage->graph, derivation, bytes_text(island), &node, &err));
	return node;
}

UNUSED static size_t
stage_add(struct stage *stage, const char *name, const size_t *needs, size_t count)
{
	struct derivation derivation = stage_derivation(stage, name, needs, count);
	return stage_put(stage, &derivation, "");
}

/* What one module fetches; `name` is the island's text too. */
UNUSED static size_t
stage_fetch(struct stage *stage, const char *name)
{
	static const struct bytes features[] = {{(const uint8_t *)"wasm", 4}};
	struct derivation fetch = stage_derivation(stage, name, NULL, 0);
	struct digest digest = digest_of(BYTES_LITERAL("module"));
	struct bytes *inputs = arena_array(&stage->arena, struct bytes, 1);
	inputs[0] = bytes_text(
		arena_format(&stage->arena, "/cull/store/%s-module", digest_print(&digest).text));
	fetch.program = inputs[0];
	fetch.inputs = inputs;
	fetch.input_count = 1;
	fetch.features = features;
	fetch.fixed = DERIVATION_SELF;
	return stage_put(stage, &fetch, name);
}

/* The Cab hash of what the realizer makes under this name, as an identity's value. */
UNUSED static struct bytes
stage_hash(struct stage *stage, const char *name)
{
	struct object object = add_text(stage->place->store, name, name);
	struct cab_hash_text text = cab_hash_print(&object.hash);
	return arena_copy(&stage->arena, bytes_text(text.text));
}

#define plan_test(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
