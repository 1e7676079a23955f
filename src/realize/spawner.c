/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/spawner.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/trace.h"
#include "realize/spawner_answer.h"
#include "store/file.h"
#include "wire/engine.h"
#include "wire/spawner.h"
#include "wire/wire.h"

enum { SPAWNER_ARTIFACT_MAX = 64 << 20, SPAWNER_COMPILE_TIME = 90 * 1000 };

struct spawner_run {
	uint32_t id;
	spawner_started *started; /* NULL once forgotten */
	void *context;
};

struct spawner {
	struct loop *loop;
	struct store *store;
	char *program;
	struct bytes module;
	struct process process;
	int socket;
	struct loop_watch *watch;
	uint32_t next;
	ARRAY(struct spawner_run) runs;
	struct wire_packet *packet; /* large: its pages are touched when one comes */
};

struct spawner *
spawner_new(struct loop *loop, struct store *store, const char *program, struct bytes module)
{
	struct spawner *spawner = (struct spawner *)memory_zero(1, sizeof *spawner);
	spawner->loop = loop;
	spawner->packet = (struct wire_packet *)memory_new(sizeof *spawner->packet);
	spawner->store = store;
	spawner->program = strdup(program);
	must(spawner->program, "there is memory for a name");
	spawner->module = module;
	spawner->socket = -1;
	spawner->process = PROCESS_NONE;
	return spawner;
}

static void
spawner_stop(struct spawner *spawner)
{
	loop_unwatch(spawner->watch);
	spawner->watch = NULL;
	fd_release(&spawner->socket);
	process_release(&spawner->process);
	spawner->process = PROCESS_NONE;
}

void
spawner_kill(struct spawner *spawner)
{
	process_signal(&spawner->process, SIGKILL);
}

void
spawner_free(struct spawner *spawner)
{
	if (!spawner)
		return;
	spawner_stop(spawner);
	array_release(&spawner->runs);
	free(spawner->packet);
	free(spawner->program);
	free(spawner);
}

/* Runs a mode of cab-guest to its end; what it prints and its exit status say how it went. */
static bool
spawner_collect(const struct spawner *spawner, const char *mode, const struct process_fd *fds,
	size_t fd_count, struct buf *printed, struct buf *errors, struct process_end *end,
	struct err *err)
{
	const char *arguments[] = {spawner->program, mode, NULL};
	static const char *const none[] = {NULL};
	struct process_spec spec = {
		.program = spawner->program,
		.arguments = arguments,
		.environment = none,
		.fds = fds,
		.fd_count = fd_count,
		.own_group = true,
	};
	return process_run(
		       &spec, bytes_of(NULL, 0), printed, errors, SPAWNER_COMPILE_TIME, end, err) ||
	       err_note(err, "cab-guest %s", mode);
}

static bool
spawner_compile(struct spawner *spawner, struct bytes module, struct buf *artifact, struct err *err)
{
	cleanup_fd int in = fd_memory("module", module, err);
	if (in < 0)
		return false;
	cleanup_fd int out = memfd_create("artifact", MFD_CLOEXEC);
	if (out < 0)
		return err_system(err, errno, "memory file for a compiled module");
	struct process_fd fds[] = {{in, 3}, {out, 4}};
	cleanup_buf struct buf errors = BUF(4096);
	struct process_end end;
	if (!spawner_collect(spawner, "compile", fds, 2, NULL, &errors, &end, err))
		return false;
	if (end.code != 0 || end.signal != 0) {
		if (errors.size && errors.data[errors.size - 1] == '\n')
			buf_truncate(&errors, errors.size - 1);
		return err_set(err, ERR_REFUSED, "the module is not one that can run: %s",
			errors.size ? buf_text(&errors) : process_end_print(&end).text);
	}
	if (lseek(out, 0, SEEK_SET) < 0)
		return err_system(err, errno, "compiled module");
	return fd_read_all(out, artifact, err) || err_note(err, "compiled module");
}

int
spawner_artifact(struct spawner *spawner, struct bytes module, struct err *err)
{
	struct digest digest = digest_of(module);
	struct digest_text text = digest_print(&digest);
	cleanup_buf struct buf name = BUF(8192);
	buf_format(&name, "%s ", text.text);
	engine_print(&name);
	struct digest key = digest_derive("cab artifact 1", buf_bytes(&name));

	struct err miss = {0};
	int kept = store_artifact_get(spawner->store, &key, &miss);
	if (kept >= 0)
		return kept;
	trace("guest", "compiling a module: %s", miss.text);
	cleanup_buf struct buf artifact = BUF(SPAWNER_ARTIFACT_MAX);
	if (!spawner_compile(spawner, module, &artifact, err))
		return -1;
	/* A store that cannot keep it costs the next run a compilation, no more. */
	if (!store_artifact_put(spawner->store, &key, buf_bytes(&artifact), &miss))
		trace("guest", "%s", miss.text);
	return fd_memory("artifact", buf_bytes(&artifact), err);
}

static void
spawner_finish(struct spawner *spawner, uint32_t id, int pid, int pidfd, struct bytes why)
{
	for (size_t at = 0; at < spawner->runs.size; at++) {
		struct spawner_run run = spawner->runs.data[at];
		if (run.id != id)
			continue;
		spawner->runs.data[at] = spawner->runs.data[--spawner->runs.size];
		if (run.started) {
			run.started(run.context, pid, pidfd, why);
		} else if (pidfd >= 0) {
			(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
			siginfo_t info;
			(void)waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | __WALL);
			fd_close(pidfd);
		}
		return;
	}
	fd_close(pidfd);
}

static void
spawner_break(struct spawner *spawner, const char *why)
{
	spawner_stop(spawner);
	/* What is started anew meanwhile is of a new process. */
	uint32_t next = spawner->next;
	size_t at = 0;
	while (at < spawner->runs.size) {
		uint32_t id = spawner->runs.data[at].id;
		if (id >= next) {
			at++;
			continue;
		}
		spawner_finish(spawner, id, -1, -1, bytes_text(why));
		at = 0;
	}
}

static bool
spawner_take(struct spawner *spawner, struct err *err)
{
	struct spawner_answer answer;
	if (!spawner_answer_decode(wire_whole(spawner->packet), &answer, err))
		return false;
	int pidfd = -1;
	if (answer.kind == SPAWNER_STARTED) {
		pidfd = wire_take_fd(spawner->packet, 0);
		if (pidfd < 0)
			return err_set(err, ERR_CORRUPT, "cab-guest sent no pidfd");
	}
	spawner_finish(spawner, answer.run, pidfd < 0 ? -1 : answer.pid, pidfd, answer.why);
	return true;
}

static void
spawner_ready(void *context, short events)
{
	(void)events;
	struct spawner *spawner = (struct spawner *)context;
	struct err err = {0};
	switch (wire_receive(spawner->socket, spawner->packet, &err)) {
	case WIRE_PACKET_READ: {
		bool taken = spawner_take(spawner, &err);
		wire_release(spawner->packet);
		if (!taken)
			spawner_break(spawner, err.text);
		break;
	}
	case WIRE_LATER:
		break;
	case WIRE_CLOSED:
		spawner_break(spawner, "cab-guest ended unexpectedly");
		break;
	case WIRE_FAILED:
		spawner_break(spawner, err.text);
		break;
	}
}

bool
spawner_start(struct spawner *spawner, struct err *err)
{
	if (spawner->socket >= 0)
		return true;
	cleanup_fd int artifact = spawner_artifact(spawner, spawner->module, err);
	if (artifact < 0)
		return err_note(err, "island.wasm");
	cleanup_fd int ours = -1;
	cleanup_fd int theirs = -1;
	if (!wire_pair(&ours, &theirs, err))
		return err_note(err, "start cab-guest");
	const char *arguments[] = {spawner->program, "spawn", NULL};
	static const char *const none[] = {NULL};
	struct process_fd fds[] = {{theirs, SPAWNER_SOCKET}, {artifact, SPAWNER_ARTIFACT},
		{STDERR_FILENO, STDERR_FILENO}};
	struct process_spec spec = {
		.program = spawner->program,
		.arguments = arguments,
		.environment = none,
		.fds = fds,
		.fd_count = 3,
		.own_group = true,
	};
	if (!process_start(&spec, &spawner->process, err))
		return err_note(err, "start cab-guest");
	spawner->socket = fd_take(&ours);
	spawner->watch = loop_watch(spawner->loop, spawner->socket, POLLIN, spawner_ready, spawner);
	return true;
}

bool
spawner_run(struct spawner *spawner, const struct spawner_request *request,
	spawner_started *started, void *context, struct err *err)
{
	if (!spawner_start(spawner, err))
		return false;
	if (request->argument_count > SPAWNER_LIST || request->environment_count > SPAWNER_LIST)
		return err_set(err, ERR_LIMIT, "a guest has at most %d arguments and variables",
			SPAWNER_LIST);
	if (request->input_count > SPAWNER_INPUTS)
		return err_set(err, ERR_LIMIT,
			"the inputs of a guest refer to at most %d objects, not to %zu",
			SPAWNER_INPUTS, request->input_count);
	uint32_t id = spawner->next++;
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, SPAWNER_START);
	buf_add_u32(&packet, id);
	buf_add_u32(&packet, request->uid);
	buf_add_u32(&packet, request->gid);
	buf_add_u64(&packet, request->memory);
	wire_add(&packet, digest_bytes(&request->seed));
	wire_add(&packet, request->name);
	wire_add_list(&packet, request->arguments, request->argument_count);
	wire_add_list(&packet, request->environment, request->environment_count);
	wire_add(&packet, bytes_text(request->store ? request->store : ""));
	wire_add_list(&packet, request->inputs, request->input_count);
	int fds[4] = {request->folder, request->control, request->log, request->artifact};
	if (!wire_send(spawner->socket, &packet, fds, request->artifact < 0 ? 3 : 4, err))
		return err_note(err, "start the guest %.*s", BYTES_ARGS(request->name));
	*array_push(&spawner->runs) = (struct spawner_run){id, started, context};
	return true;
}

void
spawner_forget(struct spawner *spawner, void *context)
{
	for (size_t at = 0; at < spawner->runs.size; at++)
		if (spawner->runs.data[at].context == context)
			spawner->runs.data[at].started = NULL;
}
