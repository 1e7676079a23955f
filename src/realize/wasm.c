/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/job.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/trace.h"

enum { WASM_ENVIRONMENT = 1024 };

static void
wasm_on_started(void *context, int pid, int pidfd, struct bytes why)
{
	(void)pid;
	struct realizer_job *job = (struct realizer_job *)context;
	if (pidfd < 0) {
		struct err err;
		(void)err_set(&err, ERR_SYSTEM, "start the guest: %.*s", BYTES_ARGS(why));
		job_fail(job, &err);
		return;
	}
	job->pidfd = pidfd;
	job->end_watch = loop_watch(job->embedded->settings.loop, pidfd, POLLIN, job_on_end, job);
	/* It was given up while it was being started. */
	if (job->stopping)
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
}

static bool
wasm_on_open(void *context)
{
	struct realizer_job *job = (struct realizer_job *)context;
	job->active = loop_now();
	return job_drain_report(job);
}

static bool
wasm_on_former(void *context)
{
	struct realizer_job *job = (struct realizer_job *)context;
	job->active = loop_now();
	if (!job_drain_report(job))
		return false;
	hint_give(job);
	return true;
}

static void
wasm_on_reached(void *context, struct bytes origin)
{
	job_tell((struct realizer_job *)context, REALIZER_EVENT_REACHED, origin);
}

static void
wasm_on_requested(void *context, const struct guest_request_end *end)
{
	struct realizer_job *job = (struct realizer_job *)context;
	buf_clear(&job->refused);
	if (end->status >= 400)
		buf_add(&job->refused, bytes_first(end->what, ERR_TEXT / 4));
	struct realizer_event event = {.kind = REALIZER_EVENT_REQUEST,
		.text = end->what,
		.status = end->status,
		.received = end->received,
		.milliseconds = end->milliseconds};
	job->listener.event(job->listener.context, &event);
}

static void
wasm_on_note(void *context, struct bytes text)
{
	job_say((struct realizer_job *)context, text);
}

static void
wasm_on_progress(void *context, uint64_t received, uint64_t expected, uint64_t objects)
{
	struct realizer_job *job = (struct realizer_job *)context;
	job->active = loop_now();
	struct realizer_event event = {.kind = REALIZER_EVENT_PROGRESS,
		.received = received,
		.expected = expected,
		.objects = objects};
	job->listener.event(job->listener.context, &event);
}

/* "NAME=VALUE", and what the ABI adds. */
static size_t
wasm_environment(struct realizer_job *job, struct bytes *out)
{
	const struct derivation *derivation = job->request.derivation;
	size_t count = 0;
	for (size_t at = 0; at < derivation->environment_count && count < WASM_ENVIRONMENT - 5;
		at++)
		out[count++] = bytes_text(arena_format(&job->arena, "%.*s=%.*s",
			BYTES_ARGS(derivation->environment[at].name),
			BYTES_ARGS(derivation->environment[at].value)));
	out[count++] = BYTES_LITERAL("CAB_OUT=out");
	if (derivation->fixed == DERIVATION_SELF)
		out[count++] = BYTES_LITERAL("CAB_HASH=hash");
	if (job->request.pin_count)
		out[count++] =
			bytes_text(arena_format(&job->arena, "CAB_PIN=%s", job_pin_text(job)));
	if (job->hint.offered) {
		out[count++] = bytes_text(job->hint.identities);
		out[count++] = bytes_text(job->hint.former);
	}
	return count;
}

static const char *
wasm_refusal(const struct realizer_job *job)
{
	if (job->request.derivation->fixed == DERIVATION_ORDINARY)
		return "the network is for derivations that are self-fixing or have a fixed hash";
	return job->embedded->settings.offline ? "the network is off (--offline)" : NULL;
}

/* `origins` of a derivation also says whether redirects may lead elsewhere. */
static size_t
wasm_origins(struct realizer_job *job, struct bytes **out, bool *redirects)
{
	const struct derivation *derivation = job->request.derivation;
	size_t count = 0;
	*out = arena_array(&job->arena, struct bytes, derivation->origin_count);
	for (size_t at = 0; at < derivation->origin_count; at++) {
		if (bytes_equal_text(derivation->origins[at], "redirects"))
			*redirects = true;
		else
			(*out)[count++] = derivation->origins[at];
	}
	return count;
}

/* The closure of the inputs, and a hint's object, as names in the store's folder. */
static void
wasm_inputs(struct realizer_job *job, struct spawner_request *request)
{
	size_t count = 0;
	struct bytes *names = arena_array(&job->arena, struct bytes, job->closure.size + 1);
	for (size_t at = 0; at < job->closure.size; at++) {
		const struct object *object = &job->closure.data[at];
		struct store_path path = store_path_print(&object->path, object->name);
		names[count++] =
			arena_copy(&job->arena, bytes_text(path.text + sizeof STORE_PREFIX - 1));
	}
	request->store =
		arena_format(&job->arena, "%s/store", store_root(job->embedded->settings.store));
	if (job->hint.offered)
		names[count++] = bytes_text(job->hint.name);
	request->inputs = names;
	request->input_count = count;
}

bool
start_guest(struct realizer_job *job, struct bytes module, int log, struct err *err)
{
	struct embedded *embedded = job->embedded;
	const struct derivation *derivation = job->request.derivation;
	struct guest_host host = {.loop = embedded->settings.loop,
		.spawner = embedded->spawner,
		.network = embedded->network,
		.refusal = wasm_refusal(job)};
	struct bytes *origins = NULL;
	host.origin_count = wasm_origins(job, &origins, &host.redirects);
	host.origins = origins;
	/* Both load their libraries while the rest is made ready; a failure is told by who needs them first. */
	struct err later;
	if (!spawner_start(host.spawner, &later))
		trace("realize", "%s", later.text);
	if (!host.refusal && !network_start(host.network, &later))
		trace("realize", "%s", later.text);

	cleanup_fd int artifact = -1;
	if (!bytes_equal(derivation->program, embedded->settings.module_path)) {
		artifact = spawner_artifact(embedded->spawner, module, err);
		if (artifact < 0)
			return err_note(err, "program %.*s", BYTES_ARGS(derivation->program));
	}
	if (!start_closure(job, err))
		return false;
	hint_prepare(job);
	struct bytes environment[WASM_ENVIRONMENT];
	struct spawner_request request = {
		.name = derivation->name,
		.arguments = derivation->arguments,
		.argument_count = derivation->argument_count,
		.environment = environment,
		.environment_count = wasm_environment(job, environment),
		.uid = job->uid,
		.gid = job->gid,
		.memory = embedded->settings.limits.guest_memory,
		.seed = job->request.resolved,
		.folder = job->build,
		.log = log,
		.artifact = artifact,
	};
	wasm_inputs(job, &request);
	struct guest_listener listener = {job, wasm_on_started, wasm_on_open, wasm_on_former,
		wasm_on_reached, wasm_on_requested, wasm_on_note, wasm_on_progress};
	job->guest = guest_new(&host, &listener);
	return guest_start(job->guest, &request, err);
}
