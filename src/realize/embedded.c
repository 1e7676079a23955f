/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/embedded.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "base/trace.h"
#include "realize/job.h"
#include "store/read.h"

/* A flush takes all that the disk has to write, whoever wrote it: seldom enough not to be felt, often enough for those who
 * wait for a run lock. */
enum { SETTLE_AFTER = 250 };

const struct embedded_limits embedded_limits_default = {
	.seconds = (uint64_t)6 * 3600,
	.fetch_seconds = (uint64_t)30 * 60,
	.silence = 3600,
	.log = 64 << 20,
	.guest_memory = (uint64_t)1 << 30,
	.free_bytes = (uint64_t)1 << 30,
	.free_percent = 5,
};

static struct embedded *
embedded_of(struct realizer *realizer)
{
	return (struct embedded *)(void *)realizer;
}

bool
embedded_has_feature(const struct embedded *embedded, struct bytes name)
{
	for (size_t at = 0; at < embedded->feature_count; at++)
		if (bytes_equal(embedded->features[at].name, name))
			return true;
	return false;
}

bool
embedded_ensure_sandbox(struct embedded *embedded, struct err *err)
{
	if (embedded->sandbox)
		return true;
	embedded->sandbox = sandbox_new(err);
	embedded->limits = sandbox_limits_default(embedded->settings.slots);
	if (embedded->settings.limits.memory)
		embedded->limits.memory = embedded->settings.limits.memory;
	return embedded->sandbox != NULL;
}

/* A failed flush has taken away what jobs were told to be done: what builds on it is in vain. */
static bool
embedded_flush(struct embedded *embedded, struct err *err)
{
	loop_stop(embedded->settle_timer);
	embedded->settle_timer = NULL;
	if (!embedded->broken && !store_sync(embedded->settings.store, &embedded->broken_err))
		embedded->broken = true;
	while (embedded->unsettled.size)
		run_lock_release(&embedded->unsettled.data[--embedded->unsettled.size]);
	if (embedded->broken)
		*err = embedded->broken_err;
	return !embedded->broken;
}

static void
embedded_settle_now(void *context)
{
	struct embedded *embedded = (struct embedded *)context;
	struct err err;
	embedded->settle_timer = NULL;
	if (embedded_flush(embedded, &err))
		return;
	/* None of them ends before the loop's next step. */
	for (size_t at = 0; at < embedded->jobs.size; at++)
		job_fail(embedded->jobs.data[at], &err);
}

void
embedded_settle_later(struct embedded *embedded, struct run_lock *lock)
{
	if (lock->fd >= 0) {
		*array_push(&embedded->unsettled) = *lock;
		*lock = RUN_LOCK;
	}
	if (!embedded->settle_timer)
		embedded->settle_timer = loop_after(
			embedded->settings.loop, SETTLE_AFTER, embedded_settle_now, embedded);
}

static bool
embedded_settle(struct realizer *realizer, struct err *err)
{
	return embedded_flush(embedded_of(realizer), err);
}

static bool
embedded_find_features(struct embedded *embedded, struct err *err)
{
	struct utsname host;
	if (uname(&host) < 0)
		return err_system(err, errno, "name of this machine's processor");
	(void)snprintf(embedded->system, sizeof embedded->system, "%.20s-linux", host.machine);
	embedded->features[embedded->feature_count++].name = BYTES_LITERAL("wasm");
	embedded->features[embedded->feature_count++].name = bytes_text(embedded->system);
	embedded->features[embedded->feature_count++].name = BYTES_LITERAL("network");

	cleanup_buf struct buf cache = BUF(8192);
	buf_format(&cache, "%s/host-root", store_root(embedded->settings.store));
	struct err none;
	embedded->has_host_root =
		host_root_find("/", buf_text(&cache), &embedded->host_root, &none);
	if (!embedded->has_host_root) {
		trace("realize", "no host-root: %s", none.text);
		return true;
	}
	struct digest_text fingerprint = digest_print(&embedded->host_root.fingerprint);
	memcpy(embedded->fingerprint, fingerprint.text, sizeof fingerprint.text);
	struct realizer_feature *feature = &embedded->features[embedded->feature_count++];
	feature->name = bytes_text(embedded->host_root.feature);
	feature->annotation = bytes_text(embedded->fingerprint);
	return true;
}

static bool
embedded_features(struct realizer *realizer, const struct realizer_feature **out, size_t *count_out,
	struct err *err)
{
	struct embedded *embedded = embedded_of(realizer);
	if (!embedded->feature_count && !embedded_find_features(embedded, err))
		return false;
	*out = embedded->features;
	*count_out = embedded->feature_count;
	return true;
}

static struct realizer_job *
embedded_realize(struct realizer *realizer, const struct realizer_request *request,
	const struct realizer_listener *listener)
{
	struct embedded *embedded = embedded_of(realizer);
	struct realizer_job *job = job_new(embedded, request, listener);
	struct err err;
	if (!embedded->feature_count && !embedded_find_features(embedded, &err))
		job_fail(job, &err);
	return job;
}

/* The caller's store is this realizer's: what is not there may be in one of its caches. */
static bool
embedded_hold(struct realizer *realizer, struct bytes path, struct err *err)
{
	struct embedded *embedded = embedded_of(realizer);
	struct object_reference reference;
	/* The one program of all builtin islands need not be in any store. */
	if (bytes_equal(path, embedded->settings.module_path))
		return true;
	if (!store_path_parse(path, &reference))
		return err_set(err, ERR_REFUSED, "%.*s is not a store path", BYTES_ARGS(path));
	cleanup_object struct object object = {0};
	return store_obtain(embedded->settings.store, &reference.path, &object, err);
}

static bool
embedded_read(struct realizer *realizer, const struct cab_hash *hash, struct bytes file,
	struct buf *out, struct err *err)
{
	struct read_source source = {.hash = hash};
	return read_file(embedded_of(realizer)->settings.store, &source, file, out, err);
}

static void
embedded_close(struct realizer *realizer)
{
	struct embedded *embedded = embedded_of(realizer);
	must(embedded->jobs.size == 0, "a realizer is closed when its jobs are done");
	must(!embedded->settle_timer && embedded->unsettled.size == 0,
		"a realizer is closed when what its jobs made is settled");
	/* They end while the rest is put away. */
	spawner_kill(embedded->spawner);
	network_kill(embedded->network);
	array_release(&embedded->unsettled);
	while (embedded->ids.size)
		run_lock_release(&embedded->ids.data[--embedded->ids.size].lock);
	array_release(&embedded->ids);
	if (embedded->staged)
		store_unstage(&embedded->staging);
	spawner_free(embedded->spawner);
	network_free(embedded->network);
	sandbox_free(embedded->sandbox);
	array_release(&embedded->jobs);
	free(embedded);
}

static const struct realizer_operations embedded_operations = {
	.features = embedded_features,
	.realize = embedded_realize,
	.cancel = job_cancel,
	.bring = embedded_hold,
	.fetch = embedded_hold,
	.settle = embedded_settle,
	.read = embedded_read,
	.close = embedded_close,
};

struct realizer *
embedded_open(const struct embedded_settings *settings)
{
	struct embedded *embedded = (struct embedded *)memory_zero(1, sizeof *embedded);
	embedded->realizer.operations = &embedded_operations;
	embedded->realizer.name = "this machine";
	embedded->settings = *settings;
	embedded->module_digest = digest_of(settings->module);
	embedded->network = settings->network;
	embedded->spawner = spawner_new(
		settings->loop, settings->store, settings->guest_program, settings->module);
	return &embedded->realizer;
}
