/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/job.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/file.h"

enum { START_PIPE = 256 << 10 };

const char *
start_folder_name(struct realizer_job *job, const char *what)
{
	return arena_format(&job->arena, "%llu-%s", (unsigned long long)job->number, what);
}

/* A folder of the staging folder that belongs to the program's user. */
static int
start_folder(struct realizer_job *job, const char *what, struct err *err)
{
	const char *name = start_folder_name(job, what);
	int staging = job->embedded->staging.folder;
	if (mkdirat(staging, name, 0700) < 0) {
		(void)err_system(err, errno, "make folder %s", name);
		return -1;
	}
	cleanup_fd int fd = fd_open_at(staging, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (fd < 0)
		return -1;
	if (geteuid() == 0 && fchown(fd, job->uid, job->gid) < 0) {
		(void)err_system(err, errno, "give folder %s to the build's user", name);
		return -1;
	}
	return fd_take(&fd);
}

static bool
start_new_id(struct embedded *embedded, struct err *err)
{
	cleanup_buf struct buf holder = BUF(RUN_LOCK_TEXT);
	struct embedded_id id = {.lock = RUN_LOCK};
	for (; id.slot < SANDBOX_SLOTS; id.slot++) {
		uint8_t number[2] = {(uint8_t)id.slot, (uint8_t)(id.slot >> 8)};
		struct digest digest = digest_derive("cab slot 1", bytes_of(number, sizeof number));
		switch (run_lock_try(embedded->settings.store, &digest, "an id of the host",
			&id.lock, &holder, err)) {
		case RUN_LOCK_FAILED:
			return false;
		case RUN_LOCK_HELD:
			*array_push(&embedded->ids) = id;
			return true;
		case RUN_LOCK_BUSY:
			break;
		}
	}
	return err_set(
		err, ERR_LIMIT, "all %d ids of the host for builds are in use", SANDBOX_SLOTS);
}

/* Each program of a realizer that is root runs under an id of the host that nobody else has; machine-wide, by a lock. */
static bool
start_ids(struct realizer_job *job, struct err *err)
{
	struct embedded *embedded = job->embedded;
	if (geteuid() != 0) {
		sandbox_host_ids(0, &job->uid, &job->gid);
		return true;
	}
	size_t at = 0;
	while (at < embedded->ids.size && embedded->ids.data[at].used)
		at++;
	if (at == embedded->ids.size && !start_new_id(embedded, err))
		return false;
	embedded->ids.data[at].used = true;
	job->id = at;
	sandbox_host_ids(embedded->ids.data[at].slot, &job->uid, &job->gid);
	return true;
}

/* The working directory and what it lies in. */
static bool
start_staging(struct realizer_job *job, struct err *err)
{
	struct embedded *embedded = job->embedded;
	if (!embedded->staged && !store_stage(embedded->settings.store, &embedded->staging, err))
		return false;
	embedded->staged = true;
	job->number = ++embedded->started;
	job->build = start_folder(job, "build", err);
	return job->build >= 0;
}

static void
start_on_report(void *context, short events)
{
	(void)events;
	(void)job_drain_report((struct realizer_job *)context);
}

/* Both ends are held before the program starts: it may open and close the FIFO as it likes, and nothing is reopened by name. */
static bool
start_fifo(struct realizer_job *job, struct err *err)
{
	if (mkfifoat(job->build, "hash", 0600) < 0)
		return err_system(err, errno, "make the hash FIFO");
	cleanup_fd int fd =
		fd_open_at(job->build, "hash", O_RDWR | O_NONBLOCK | O_NOFOLLOW, 0, err);
	if (fd < 0)
		return false;
	if (geteuid() == 0 && fchown(fd, job->uid, job->gid) < 0)
		return err_system(err, errno, "give the hash FIFO to the build's user");
	job->fifo = fd_take(&fd);
	job->fifo_watch =
		loop_watch(job->embedded->settings.loop, job->fifo, POLLIN, start_on_report, job);
	return true;
}

static void
start_on_log(void *context, short events)
{
	(void)events;
	struct realizer_job *job = (struct realizer_job *)context;
	uint8_t data[64 << 10];
	ssize_t count = read(job->log_pipe, data, sizeof data);
	if (count > 0) {
		job->active = loop_now();
		log_add(&job->log, bytes_of(data, (size_t)count), job_on_line, job);
	} else if (count == 0) {
		/* Closed by all its writers; the end of the program is its pidfd. */
		loop_unwatch(job->log_watch);
		job->log_watch = NULL;
	}
}

static bool
start_log(struct realizer_job *job, int *write_end, struct err *err)
{
	int file = store_log_create(job->embedded->settings.store, &job->request.resolved, err);
	if (file < 0)
		return false;
	log_open(&job->log, file, job->embedded->settings.limits.log);
	if (!fd_pipe(&job->log_pipe, write_end, err) || !fd_set_blocking(job->log_pipe, false, err))
		return false;
	(void)fcntl(*write_end, F_SETPIPE_SZ, START_PIPE);
	job->log_watch =
		loop_watch(job->embedded->settings.loop, job->log_pipe, POLLIN, start_on_log, job);
	return true;
}

/* Opens the file of the program where the realizer sees it: beneath the object that holds it. */
int
start_open_program(struct realizer_job *job, struct err *err)
{
	struct bytes program = job->request.derivation->program;
	struct bytes rest = bytes_from(program, sizeof STORE_PREFIX - 1);
	size_t slash = bytes_find(rest, '/');
	struct object_reference object;
	struct bytes root = bytes_first(
		program, sizeof STORE_PREFIX - 1 + (slash == SIZE_MAX ? rest.size : slash));
	if (!store_path_parse(root, &object)) {
		(void)err_set(
			err, ERR_REFUSED, "program %.*s is not in an object", BYTES_ARGS(program));
		return -1;
	}
	cleanup_fd int fd = store_open_object(job->embedded->settings.store, &object, err);
	if (fd < 0 || slash == SIZE_MAX)
		return fd_take(&fd);
	return fd_open_beneath(fd, arena_text(&job->arena, bytes_from(rest, slash + 1)),
		O_RDONLY | O_NONBLOCK, 0, err);
}

/* Says what kind of program it is; a module's bytes are read whole, into the arena. */
static bool
start_read_program(struct realizer_job *job, struct bytes *module, struct err *err)
{
	const struct embedded_settings *settings = &job->embedded->settings;
	struct bytes program = job->request.derivation->program;
	*module = bytes_of(NULL, 0);
	if (bytes_equal(program, settings->module_path)) {
		job->kind = PROGRAM_WASM;
		*module = settings->module;
		return true;
	}
	if (!bytes_has_prefix(program, BYTES_LITERAL("/cull/"))) {
		job->kind = PROGRAM_ELF; /* of the host's root; the sandbox finds it there or not */
		return true;
	}
	cleanup_fd int fd = start_open_program(job, err);
	if (fd < 0)
		return err_note(err, "program %.*s", BYTES_ARGS(program));
	struct stat status;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return err_set(err, ERR_REFUSED, "program %.*s is not a file", BYTES_ARGS(program));
	cleanup_buf struct buf data = BUF(PROGRAM_MODULE_MAX);
	uint8_t *head = buf_reserve(&data, 4);
	ssize_t count = fd_read_some(fd, head, 4, err);
	if (count < 0)
		return err_note(err, "program %.*s", BYTES_ARGS(program));
	buf_commit(&data, (size_t)count);
	if (!program_classify(buf_bytes(&data), &job->kind, err))
		return err_note(err, "program %.*s", BYTES_ARGS(program));
	if (job->kind != PROGRAM_WASM)
		return true;
	if (!fd_read_all(fd, &data, err))
		return err_note(err, "program %.*s", BYTES_ARGS(program));
	*module = arena_copy(&job->arena, buf_bytes(&data));
	return true;
}

bool
start_closure(struct realizer_job *job, struct err *err)
{
	const struct derivation *derivation = job->request.derivation;
	struct bytes own = job->embedded->settings.module_path;
	bool is_own = bytes_equal(derivation->program, own);
	struct digest *paths = arena_array(&job->arena, struct digest, derivation->input_count);
	size_t count = 0;
	for (size_t at = 0; at < derivation->input_count; at++) {
		struct object_reference input;
		/* It is part of cab, and may not be in the store. */
		if (is_own && bytes_equal(derivation->inputs[at], own))
			continue;
		if (!store_path_parse(derivation->inputs[at], &input))
			return err_set(err, ERR_REFUSED, "input %.*s is not an object",
				BYTES_ARGS(derivation->inputs[at]));
		paths[count++] = input.path;
	}
	return store_closure(job->embedded->settings.store, paths, count, &job->closure, err);
}

static bool
start_check(const struct realizer_job *job, struct err *err)
{
	const struct derivation *derivation = job->request.derivation;
	if (derivation->fixed != DERIVATION_ORDINARY && derivation->output_count != 1)
		return err_set(err, ERR_REFUSED,
			"a self-fixing or fixed derivation has one output, not %zu",
			derivation->output_count);
	if (job->kind == PROGRAM_WASM && !derivation_has_feature(derivation, BYTES_LITERAL("wasm")))
		return err_set(err, ERR_REFUSED,
			"the program is WebAssembly: the derivation must require \"wasm\"");
	if (job->kind != PROGRAM_WASM &&
		derivation_has_feature(derivation, BYTES_LITERAL("network")))
		return gate_check(job, err);
	return true;
}

bool
start_job(struct realizer_job *job, struct err *err)
{
	struct bytes module;
	if (!start_read_program(job, &module, err) || !start_check(job, err) ||
		!start_ids(job, err))
		return false;
	known_prepare(job, module);
	if (!start_staging(job, err))
		return false;
	if (job->request.derivation->fixed == DERIVATION_SELF && !start_fifo(job, err))
		return false;
	job->started = loop_now();
	job->active = job->started;

	cleanup_fd int log = -1;
	if (!start_log(job, &log, err))
		return false;
	if (job->kind == PROGRAM_WASM) {
		job->outputs = fcntl(job->build, F_DUPFD_CLOEXEC, 3);
		return start_guest(job, module, log, err);
	}
	job->outputs = start_folder(job, "store", err);
	return job->outputs >= 0 && start_native(job, log, err);
}
