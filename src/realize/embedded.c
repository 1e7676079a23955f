/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/embedded.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "base/trace.h"
#include "realize/job.h"
#include "store/read.h"

const struct embedded_limits embedded_limits_default = {
	.seconds = 6 * 3600,
	.fetch_seconds = 30 * 60,
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
	if (!embedded->sandbox)
		embedded->sandbox = sandbox_new(err);
	return embedded->sandbox != NULL;
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
	.read = embedded_read,
	.close = embedded_close,
};

struct realizer *
embedded_open(const struct embedded_settings *settings)
{
	struct embedded *embedded = (struct embedded *)memory_zero(1, sizeof *embedded);
	embedded->realizer.operations = &embedded_operations;
	embedded->settings = *settings;
	embedded->module_digest = digest_of(settings->module);
	embedded->network =
		network_new(settings->loop, settings->network_program, settings->network_config);
	embedded->spawner = spawner_new(
		settings->loop, settings->store, settings->guest_program, settings->module);
	return &embedded->realizer;
}

void
embedded_warm(struct realizer *realizer)
{
	struct embedded *embedded = embedded_of(realizer);
	struct err err;
	if (!embedded->settings.offline && !network_start(embedded->network, &err))
		trace("realize", "%s", err.text);
	if (!spawner_start(embedded->spawner, &err))
		trace("realize", "%s", err.text);
}
