/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/job.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"

/*
 * What a native program sees beyond its derivation's environment:
 *
 *     HOME=/build  TMPDIR=/tmp  PATH (/usr/bin:/bin with a host-root, else /path-not-set)
 *     CAB_STORE=/cull/store  CAB_JOBS=N  TERM=dumb  TZ=UTC  LC_ALL=C.UTF-8  SOURCE_DATE_EPOCH=1
 *     one variable an output, named after it, with its path
 *     CAB_HASH=/build/hash and CAB_PIN for a self-fixing one
 *     http_proxy, https_proxy, HTTP_PROXY and HTTPS_PROXY for one that requires `network`
 */
enum { NATIVE_OWN = 16 };

struct native_plan {
	struct sandbox_entry *entries;
	size_t entry_count;
	const char **arguments;
	const char **environment;
	size_t environment_count;
	const char *program;
};

static bool
native_host_root(const struct realizer_job *job)
{
	const struct embedded *embedded = job->embedded;
	return embedded->has_host_root && derivation_has_feature(job->request.derivation,
						  bytes_text(embedded->host_root.feature));
}

static void
native_entries(struct realizer_job *job, struct native_plan *plan)
{
	struct store *store = job->embedded->settings.store;
	plan->entries = arena_array(
		&job->arena, struct sandbox_entry, HOST_ROOT_ENTRIES + 2 + job->closure.size);
	if (native_host_root(job))
		plan->entry_count = host_root_entries(&job->embedded->host_root, plan->entries);
	plan->entries[plan->entry_count++] = (struct sandbox_entry){.kind = SANDBOX_BIND,
		.writable = true,
		.target = "/build",
		.source_fd = job->build};
	plan->entries[plan->entry_count++] = (struct sandbox_entry){.kind = SANDBOX_BIND,
		.writable = true,
		.target = "/cull/store",
		.source_fd = job->outputs};
	for (size_t at = 0; at < job->closure.size; at++) {
		const struct object *object = &job->closure.data[at];
		struct store_path path = store_path_print(&object->path, object->name);
		plan->entries[plan->entry_count++] = (struct sandbox_entry){
			.kind = SANDBOX_BIND,
			.target = arena_text(&job->arena, bytes_text(path.text)),
			.source = arena_format(&job->arena, "%s/store/%s", store_root(store),
				path.text + sizeof STORE_PREFIX - 1),
			.source_fd = -1,
		};
	}
}

static void
native_set(
	struct realizer_job *job, struct native_plan *plan, struct bytes name, struct bytes value)
{
	for (size_t at = 0; at < plan->environment_count; at++) {
		struct bytes old = bytes_text(plan->environment[at]);
		if (bytes_has_prefix(old, name) && old.size > name.size &&
			old.data[name.size] == '=')
			return;
	}
	plan->environment[plan->environment_count++] =
		arena_format(&job->arena, "%.*s=%.*s", BYTES_ARGS(name), BYTES_ARGS(value));
}

static bool
native_has_network(const struct realizer_job *job)
{
	return derivation_has_feature(job->request.derivation, BYTES_LITERAL("network"));
}

static void
native_proxy(struct realizer_job *job, struct native_plan *plan)
{
	static const char *const names[] = {
		"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"};
	if (!native_has_network(job))
		return;
	struct bytes url =
		bytes_text(arena_format(&job->arena, "http://127.0.0.1:%d", SANDBOX_GATE_PORT));
	for (size_t at = 0; at < sizeof names / sizeof *names; at++)
		native_set(job, plan, bytes_text(names[at]), url);
}

/* The derivation's own come first: it may replace any but where its outputs and its FIFO are. */
static void
native_environment(struct realizer_job *job, struct native_plan *plan)
{
	const struct derivation *derivation = job->request.derivation;
	plan->environment = arena_array(&job->arena, const char *,
		derivation->environment_count + derivation->output_count + NATIVE_OWN + 1);
	for (size_t at = 0; at < derivation->output_count; at++)
		native_set(job, plan, derivation->outputs[at],
			derivation_own_path(
				&job->arena, derivation->name, derivation->outputs[at]));
	if (derivation->fixed == DERIVATION_SELF)
		native_set(job, plan, BYTES_LITERAL("CAB_HASH"), BYTES_LITERAL("/build/hash"));
	if (job->request.pin_count)
		native_set(job, plan, BYTES_LITERAL("CAB_PIN"), bytes_text(job_pin_text(job)));
	for (size_t at = 0; at < derivation->environment_count; at++)
		native_set(job, plan, derivation->environment[at].name,
			derivation->environment[at].value);
	native_proxy(job, plan);
	unsigned jobs = job->embedded->settings.slots;
	struct derivation_variable own[] = {
		{BYTES_LITERAL("HOME"), BYTES_LITERAL("/build")},
		{BYTES_LITERAL("TMPDIR"), BYTES_LITERAL("/tmp")},
		{BYTES_LITERAL("PATH"), native_host_root(job) ? BYTES_LITERAL("/usr/bin:/bin")
							      : BYTES_LITERAL("/path-not-set")},
		{BYTES_LITERAL("CAB_STORE"), BYTES_LITERAL("/cull/store")},
		{BYTES_LITERAL("CAB_JOBS"), bytes_text(arena_format(&job->arena, "%u", jobs))},
		{BYTES_LITERAL("TERM"), BYTES_LITERAL("dumb")},
		{BYTES_LITERAL("TZ"), BYTES_LITERAL("UTC")},
		{BYTES_LITERAL("LC_ALL"), BYTES_LITERAL("C.UTF-8")},
		{BYTES_LITERAL("SOURCE_DATE_EPOCH"), BYTES_LITERAL("1")},
	};
	for (size_t at = 0; at < sizeof own / sizeof *own; at++)
		native_set(job, plan, own[at].name, own[at].value);
	plan->environment[plan->environment_count] = NULL;
}

/* The text of a path that a program sees, in the store or in the host's root, as the realizer can open it. */
static bool
native_script(struct realizer_job *job, struct bytes head, struct native_plan *plan, size_t *count,
	struct err *err)
{
	struct bytes interpreter;
	struct bytes argument;
	if (!program_interpreter(head, &interpreter, &argument, err))
		return err_note(err, "program %.*s", BYTES_ARGS(job->request.derivation->program));
	plan->program = arena_text(&job->arena, interpreter);
	plan->arguments[(*count)++] = plan->program;
	if (argument.size)
		plan->arguments[(*count)++] = arena_text(&job->arena, argument);
	plan->arguments[(*count)++] = arena_text(&job->arena, job->request.derivation->program);
	return true;
}

/* A script runs through its first line, executable or not, so that line is read here and not by the kernel. */
static bool
native_arguments(struct realizer_job *job, struct native_plan *plan, struct err *err)
{
	const struct derivation *derivation = job->request.derivation;
	plan->arguments = arena_array(&job->arena, const char *, derivation->argument_count + 4);
	size_t count = 0;
	if (job->kind == PROGRAM_SCRIPT) {
		cleanup_fd int fd = start_open_program(job, err);
		uint8_t head[1100];
		ssize_t size = fd < 0 ? -1 : fd_read_some(fd, head, sizeof head, err);
		if (size < 0)
			return err_note(err, "program %.*s", BYTES_ARGS(derivation->program));
		struct bytes copy = arena_copy(&job->arena, bytes_of(head, (size_t)size));
		if (!native_script(job, copy, plan, &count, err))
			return false;
	} else {
		plan->program = arena_text(&job->arena, derivation->program);
		plan->arguments[count++] = plan->program;
	}
	for (size_t at = 0; at < derivation->argument_count; at++)
		plan->arguments[count++] = arena_text(&job->arena, derivation->arguments[at]);
	plan->arguments[count] = NULL;
	return true;
}

bool
start_native(struct realizer_job *job, int log, struct err *err)
{
	struct embedded *embedded = job->embedded;
	struct native_plan plan = {0};
	if (!embedded_ensure_sandbox(embedded, err) || !start_closure(job, err))
		return false;
	native_entries(job, &plan);
	native_environment(job, &plan);
	if (!native_arguments(job, &plan, err))
		return false;
	cleanup_fd int courier = -1;
	if (native_has_network(job) && !gate_open(job, &courier, err))
		return false;
	/* Borrowed by the process until it is collected. */
	struct sandbox_spec *spec = arena_new(&job->arena, struct sandbox_spec);
	*spec = (struct sandbox_spec){
		.entries = plan.entries,
		.entry_count = plan.entry_count,
		.program = plan.program,
		.arguments = plan.arguments,
		.environment = plan.environment,
		.folder = "/build",
		.host_uid = job->uid,
		.host_gid = job->gid,
		.input = -1,
		.output = log,
		.has_gate = courier >= 0,
		.gate = courier,
		.limits = embedded->limits,
	};
	if (!sandbox_begin(embedded->sandbox, spec, &job->process, err))
		return err_note(err, "start %.*s", BYTES_ARGS(job->request.derivation->program));
	job->is_running = true;
	job->pidfd = job->process.pidfd;
	job->end_watch = loop_watch(embedded->settings.loop, job->pidfd, POLLIN, job_on_end, job);
	return true;
}
