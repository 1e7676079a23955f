/* SPDX-License-Identifier: MPL-2.0 */
#include "session/trial.h"

#include <errno.h>
#include <stdlib.h>

#include "session/state.h"

enum { TRIAL_LINE = 512 };

struct trial {
	struct arena *arena;
	const struct trial_request *request;
	struct trial_outcome *out;
	struct session *session;
	char line[TRIAL_LINE];
};

static void
trial_on_start(void *context, size_t node, enum plan_work work, struct bytes name)
{
	(void)context, (void)node, (void)work, (void)name;
}

static void
trial_on_event(void *context, size_t node, const struct realizer_event *event)
{
	struct trial *trial = (struct trial *)context;
	(void)node;
	/* An event of the start comes before the module is read: only what the module does tells that it runs. */
	trial->out->started |=
		event->kind == REALIZER_EVENT_IDENTITY || event->kind == REALIZER_EVENT_REQUEST;
	if (event->kind == REALIZER_EVENT_LOG)
		(void)snprintf(trial->line, sizeof trial->line, "%.*s", BYTES_ARGS(event->text));
}

static void
trial_on_end(
	void *context, size_t node, const struct realizer_result *result, const struct err *err)
{
	struct trial *trial = (struct trial *)context;
	struct trial_outcome *out = trial->out;
	(void)node;
	trial->out->started |= result || err->kind == ERR_BUILD;
	if (!result) {
		bool more = trial->line[0] && !strstr(err->text, trial->line);
		out->why = arena_format(trial->arena, "%s%s%s", err->text,
			more ? "; its log: " : "", more ? trial->line : "");
		return;
	}
	struct identity *copy = arena_array(trial->arena, struct identity, result->identity_count);
	for (size_t at = 0; at < result->identity_count; at++)
		copy[at] =
			(struct identity){arena_copy(trial->arena, result->identities[at].format),
				arena_copy(trial->arena, result->identities[at].value)};
	out->identities = copy;
	out->identity_count = result->identity_count;
	out->stopped = result->end == REALIZER_END_STOPPED;
	const struct identity *cab = identity_find(copy, result->identity_count, "cab");
	out->done = cab && cab_hash_parse(cab->value, &out->hash);
	if (!out->done)
		out->why = "no Cab hash came of it";
}

static void
trial_on_say(void *context, struct bytes line)
{
	struct trial *trial = (struct trial *)context;
	(void)snprintf(trial->line, sizeof trial->line, "%.*s", BYTES_ARGS(line));
}

static bool
trial_add(struct trial *trial, size_t *node, struct err *err)
{
	static const struct bytes outputs[] = {{(const uint8_t *)"out", 3}};
	static const struct bytes features[] = {{(const uint8_t *)"wasm", 4}};
	const struct trial_request *request = trial->request;
	struct session *session = trial->session;
	const struct context_item *item = NULL;
	char *file = realpath(request->module, NULL);
	if (!file)
		return err_system(err, errno, "module %s", request->module);
	struct host_path path = {NULL, arena_copy(&session->arena, bytes_text(file)), false};
	free(file);
	if (!host_path_store(session, &path, &item, err))
		return false;
	struct bytes program = bytes_text(item->path);
	struct derivation derivation = {.name = BYTES_LITERAL("conform"),
		.program = program,
		.arguments = request->arguments,
		.argument_count = request->argument_count,
		.inputs = &program,
		.input_count = 1,
		.outputs = outputs,
		.output_count = 1,
		.features = features,
		.feature_count = 1,
		.origins = &request->origin,
		.origin_count = request->origin.size ? 1 : 0,
		.fixed = DERIVATION_SELF};
	struct plan_source source = {
		.pin = request->pin, .pin_count = request->pin_count, .ask = !request->pin_count};
	if (!graph_add(session->graph, &derivation, BYTES_LITERAL("conform"), node, err))
		return false;
	plan_source(session->plan, *node, &source);
	return true;
}

static void
trial_take_output(struct trial *trial, size_t node)
{
	size_t count = 0;
	struct object_reference object;
	const struct realizer_output *outputs = plan_outputs(trial->session->plan, node, &count);
	if (!outputs || !store_path_parse(outputs[0].path, &object))
		return;
	char *physical = store_physical_path(trial->session->store, &object);
	trial->out->output = arena_text(trial->arena, bytes_text(physical));
	free(physical);
}

static bool
trial_go(struct trial *trial, struct err *err)
{
	const struct trial_request *request = trial->request;
	struct session *session = trial->session;
	struct err failed;
	size_t node = 0;
	/* Its store is removed by the caller, so an interrupt ends the run and not cab. */
	if (!trial_add(trial, &node, err) || !session_watch_signals(session, err))
		return false;
	if (request->begin)
		request->begin(request->context, session->loop);
	bool done = request->pin_count ? plan_build(session->plan, &node, 1, &failed)
				       : plan_ask(session->plan, &node, 1, &failed);
	if (request->end)
		request->end(request->context);
	trial->out->done &= done;
	if (done)
		trial_take_output(trial, node);
	else if (!trial->out->why)
		trial->out->why = arena_format(trial->arena, "%s", failed.text);
	/* What cab itself lacks is no fault of the module's. */
	if (!done && (failed.kind == ERR_CANCELLED || failed.kind == ERR_SYSTEM ||
			     failed.kind == ERR_NOT_FOUND)) {
		*err = failed;
		return false;
	}
	return true;
}

bool
trial_run(struct arena *arena, const struct trial_request *request, struct trial_outcome *out,
	struct err *err)
{
	static const char *const sets[] = {
		"network.allow=[\"127.0.0.1\"]", "network.retries=0", "network.waitSeconds=0"};
	struct trial trial = {.arena = arena, .request = request, .out = out};
	*out = (struct trial_outcome){0};
	if (setenv("CAB_ROOT", request->root, 1) < 0 || setenv("CAB_CONFIG", "/dev/null", 1) < 0)
		return err_system(err, errno, "environment");
	struct session_options options = {
		.expression = "null",
		.sets = sets,
		.set_count = sizeof sets / sizeof *sets,
		.no_write_lock = true,
		.listener = {&trial, trial_on_start, trial_on_event, trial_on_end, trial_on_say},
	};
	cleanup_buf struct buf printed = BUF(1 << 20);
	trial.session = session_open(&options, &printed, err);
	bool tried = trial.session && trial_go(&trial, err);
	struct err synced;
	if (tried && !store_sync(trial.session->store, &synced)) {
		*err = synced;
		tried = false;
	}
	session_close(trial.session);
	return tried;
}
