/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/job.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/trace.h"

enum { JOB_RETRY = 50, JOB_TICK = 1000, JOB_LINE = 1000 };

static void job_begin(void *context);

struct realizer_job *
job_new(struct embedded *embedded, const struct realizer_request *request,
	const struct realizer_listener *listener)
{
	struct realizer_job *job = (struct realizer_job *)memory_zero(1, sizeof *job);
	job->embedded = embedded;
	job->request = *request;
	job->listener = *listener;
	job->arena = ARENA;
	job->run_lock = RUN_LOCK;
	job->id = SIZE_MAX;
	job->build = job->outputs = job->fifo = job->log_pipe = job->pidfd = -1;
	job->log.fd = -1;
	job->last_line = BUF(JOB_LINE);
	job->refused = BUF(JOB_LINE);
	*array_push(&embedded->jobs) = job;
	job->timer = loop_after(embedded->settings.loop, 0, job_begin, job);
	return job;
}

void
job_tell(struct realizer_job *job, enum realizer_event_kind kind, struct bytes text)
{
	struct realizer_event event = {.kind = kind, .text = text};
	job->listener.event(job->listener.context, &event);
}

void
job_on_line(void *context, struct bytes line)
{
	struct realizer_job *job = (struct realizer_job *)context;
	if (line.size) {
		buf_clear(&job->last_line);
		buf_add(&job->last_line, bytes_first(line, JOB_LINE));
	}
	job_tell(job, REALIZER_EVENT_LOG, line);
}

/* A line of the realizer's own stands in the log like the program's. */
void
job_say(struct realizer_job *job, struct bytes line)
{
	cleanup_buf struct buf text = BUF((size_t)2 * LOG_LINE);
	buf_add_text(&text, "cab: ");
	buf_add(&text, bytes_first(line, LOG_LINE));
	buf_add_byte(&text, '\n');
	log_add(&job->log, buf_bytes(&text), job_on_line, job);
}

const char *
job_pin_text(struct realizer_job *job)
{
	cleanup_buf struct buf text = BUF(64 << 10);
	for (size_t at = 0; at < job->request.pin_count; at++)
		buf_format(&text, "%.*s %.*s\n", BYTES_ARGS(job->request.pin[at].format),
			BYTES_ARGS(job->request.pin[at].value));
	return arena_text(&job->arena, buf_bytes(&text));
}

/* What cannot be removed now goes with the whole of staging, or is swept by the next cab. */
static void
job_remove_folders(struct realizer_job *job)
{
	static const char *const folders[] = {"build", "store"};
	struct err err;
	for (size_t at = 0; at < sizeof folders / sizeof *folders; at++)
		if (!path_remove(job->embedded->staging.folder, start_folder_name(job, folders[at]),
			    &err))
			trace("build", "%s", err.text);
}

static void
job_release(struct realizer_job *job)
{
	struct embedded *embedded = job->embedded;
	loop_stop(job->timer);
	loop_unwatch(job->fifo_watch);
	loop_unwatch(job->log_watch);
	loop_unwatch(job->end_watch);
	gate_forget(job);
	guest_free(job->guest);
	if (job->is_running)
		sandbox_release(&job->process);
	else
		fd_release(&job->pidfd);
	fd_release(&job->fifo);
	fd_release(&job->log_pipe);
	fd_release(&job->build);
	fd_release(&job->outputs);
	log_release(&job->log);
	buf_release(&job->last_line);
	buf_release(&job->refused);
	object_list_release(&job->closure);
	hint_release(job);
	if (job->number)
		job_remove_folders(job);
	if (job->id != SIZE_MAX)
		embedded->ids.data[job->id].used = false;
	if (job->run_lock.fd >= 0)
		run_lock_release(&job->run_lock);
	for (size_t at = 0; at < embedded->jobs.size; at++)
		if (embedded->jobs.data[at] == job)
			embedded->jobs.data[at] = embedded->jobs.data[--embedded->jobs.size];
	arena_release(&job->arena);
	free(job);
}

static void
job_done(struct realizer_job *job, const struct realizer_result *result, const struct err *err)
{
	struct realizer_listener listener = job->listener;
	/* What it held is let go before the caller starts what comes next. */
	struct arena arena = job->arena;
	job->arena = ARENA;
	job_release(job);
	listener.done(listener.context, result, err);
	arena_release(&arena);
}

static void
job_stop(struct realizer_job *job)
{
	if (job->stopping)
		return;
	job->stopping = true;
	if (job->is_running)
		sandbox_kill(&job->process);
	else if (job->pidfd >= 0)
		(void)syscall(SYS_pidfd_send_signal, job->pidfd, SIGKILL, NULL, 0);
}

/* Nothing of it runs: its end has to be told from the loop all the same. */
static void
job_end_later(void *context)
{
	struct realizer_job *job = (struct realizer_job *)context;
	job->timer = NULL;
	struct err err = job->err;
	job_done(job, NULL, &err);
}

void
job_fail(struct realizer_job *job, const struct err *err)
{
	if (!job->failed) {
		job->failed = true;
		job->err = *err;
	}
	if (job->pidfd >= 0 || job->is_running) {
		job_stop(job);
		return;
	}
	job->stopping = true;
	loop_stop(job->timer);
	job->timer = loop_after(job->embedded->settings.loop, 0, job_end_later, job);
}

void
job_cancel(struct realizer_job *job)
{
	struct err err;
	(void)err_set(&err, ERR_CANCELLED, "%.*s was cancelled",
		BYTES_ARGS(job->request.derivation->name));
	/* A guest that is still being started ends by its pidfd, once that comes. */
	if (job->guest && job->pidfd < 0 && !job->failed) {
		job->failed = true;
		job->stopping = true;
		job->err = err;
		return;
	}
	job_fail(job, &err);
}

bool
job_drain_report(struct realizer_job *job)
{
	uint8_t data[4096];
	struct err err;
	while (job->fifo >= 0 && !job->stopping) {
		ssize_t count = read(job->fifo, data, sizeof data);
		if (count <= 0)
			break;
		job->active = loop_now();
		if (!report_feed(&job->report, bytes_of(data, (size_t)count), &err)) {
			job_fail(job, &err);
			return false;
		}
		struct identity identity;
		while (!job->stopping && report_next(&job->report, &identity)) {
			struct realizer_event event = {
				.kind = REALIZER_EVENT_IDENTITY, .identity = identity};
			job->listener.event(job->listener.context, &event);
			if (known_decide(job, identity))
				job_stop(job);
		}
	}
	return !job->stopping;
}

static void
job_drain_log(struct realizer_job *job)
{
	uint8_t data[16 << 10];
	for (;;) {
		ssize_t count = job->log_pipe >= 0 ? read(job->log_pipe, data, sizeof data) : 0;
		if (count <= 0)
			return;
		log_add(&job->log, bytes_of(data, (size_t)count), job_on_line, job);
	}
}

void
job_on_end(void *context, short events)
{
	(void)events;
	struct realizer_job *job = (struct realizer_job *)context;
	loop_unwatch(job->end_watch);
	job->end_watch = NULL;
	if (!gate_close(job))
		job_end(job);
}

void
job_end(void *context)
{
	struct realizer_job *job = (struct realizer_job *)context;
	job->end_timer = NULL;
	/* Nobody writes any more: what is in the pipes now is all there will ever be. */
	(void)job_drain_report(job);
	job_drain_log(job);
	struct guest_account account = {0};
	if (job->guest) {
		guest_drain(job->guest);
		account = guest_account(job->guest);
	}
	struct realizer_result result = {.requests = account.requests + job->gate_account.requests,
		.received = account.received + job->gate_account.received};
	struct err err = {0};
	bool done = finish_job(job, &result, &err);
	/* Where the network did all that was asked of it, the hint may have led the program astray. */
	if (!done && !account.broken &&
		(err.kind == ERR_BUILD || err.kind == ERR_CORRUPT || err.kind == ERR_REFUSED))
		hint_drop(job);
	struct err log_err;
	if (!log_close(&job->log, job_on_line, job, &log_err))
		trace("build", "%s", log_err.text);
	job_done(job, done ? &result : NULL, &err);
}

/* Stops a build while the disk still has room for everybody else. */
static bool
job_check_disk(const struct realizer_job *job, struct err *err)
{
	const struct embedded_limits *limits = &job->embedded->settings.limits;
	struct statvfs status;
	if (fstatvfs(job->build, &status) < 0)
		return true;
	uint64_t total = (uint64_t)status.f_blocks * status.f_frsize;
	uint64_t left = (uint64_t)status.f_bavail * status.f_frsize;
	uint64_t share = total / 100 * limits->free_percent;
	uint64_t least = share < limits->free_bytes ? share : limits->free_bytes;
	if (left >= least)
		return true;
	return err_limit(err, ERR_LIMIT_DISK, "the disk of the store is nearly full: %llu MB left",
		(unsigned long long)(left / 1000000));
}

static bool
job_check_limits(const struct realizer_job *job, struct err *err)
{
	const struct embedded_limits *limits = &job->embedded->settings.limits;
	uint64_t now = loop_now();
	bool fetch = job->kind == PROGRAM_WASM;
	uint64_t seconds = fetch ? limits->fetch_seconds : limits->seconds;
	if (now - job->started >= seconds * 1000)
		return err_limit(err, ERR_LIMIT_TIME,
			"the program ran longer than %llu second%s (limits.%s)",
			(unsigned long long)seconds, seconds == 1 ? "" : "s",
			fetch ? "fetchSeconds" : "seconds");
	if (now - job->active >= limits->silence * 1000)
		return err_limit(err, ERR_LIMIT_SILENCE,
			"the program was silent for %llu second%s (limits.silence)",
			(unsigned long long)limits->silence, limits->silence == 1 ? "" : "s");
	return job_check_disk(job, err);
}

static void
job_on_tick(void *context)
{
	struct realizer_job *job = (struct realizer_job *)context;
	struct err err;
	job->timer = loop_after(job->embedded->settings.loop, JOB_TICK, job_on_tick, job);
	if (!job->stopping && !job_check_limits(job, &err))
		job_fail(job, &err);
}

static bool
job_check_features(struct realizer_job *job, struct err *err)
{
	const struct derivation *derivation = job->request.derivation;
	for (size_t at = 0; at < derivation->feature_count; at++)
		if (!embedded_has_feature(job->embedded, derivation->features[at]))
			return err_set(err, ERR_REFUSED,
				"no realizer offers the feature \"%.*s\" that %.*s requires",
				BYTES_ARGS(derivation->features[at]), BYTES_ARGS(derivation->name));
	return true;
}

/* True where it may go on at once. */
static bool
job_lock(struct realizer_job *job, struct err *err)
{
	cleanup_buf struct buf holder = BUF(RUN_LOCK_TEXT);
	const char *purpose = arena_format(
		&job->arena, "realizing %.*s", BYTES_ARGS(job->request.derivation->name));
	switch (run_lock_try(job->embedded->settings.store, &job->request.resolved, purpose,
		&job->run_lock, &holder, err)) {
	case RUN_LOCK_HELD:
		return true;
	case RUN_LOCK_FAILED:
		job_fail(job, err);
		return false;
	case RUN_LOCK_BUSY:
		break;
	}
	if (!job->waited) {
		const char *text = arena_format(&job->arena, "waiting for %s", buf_text(&holder));
		job_tell(job, REALIZER_EVENT_WAIT, bytes_text(text));
	}
	job->waited = true;
	job->timer = loop_after(job->embedded->settings.loop, JOB_RETRY, job_begin, job);
	return false;
}

static bool
job_look(struct realizer_job *job)
{
	struct realizer_result result = {.end = REALIZER_END_FOUND};
	if (job->request.want == REALIZER_WANT_PROOF || !known_find(job, &result))
		return false;
	struct err err = {0};
	/* What came from a cache is as new to this store as what is built. */
	embedded_settle_later(job->embedded, &job->run_lock);
	job_done(job, &result, &err);
	return true;
}

static void
job_begin(void *context)
{
	struct realizer_job *job = (struct realizer_job *)context;
	struct err err = {0};
	job->timer = NULL;
	if (job->embedded->broken) {
		job_fail(job, &job->embedded->broken_err);
		return;
	}
	if (!job_check_features(job, &err)) {
		job_fail(job, &err);
		return;
	}
	/* The table is needed by the first look too; a foreign module's bytes are read when it starts. */
	bool own =
		bytes_equal(job->request.derivation->program, job->embedded->settings.module_path);
	known_prepare(job, own ? job->embedded->settings.module : bytes_of(NULL, 0));
	if (job_look(job) || !job_lock(job, &err))
		return;
	/* Whoever held the lock may just have made it. */
	if (job->waited && job_look(job))
		return;
	job_tell(job, REALIZER_EVENT_START, bytes_of(NULL, 0));
	job->timer = loop_after(job->embedded->settings.loop, JOB_TICK, job_on_tick, job);
	if (!start_job(job, &err))
		job_fail(job, &err);
}
