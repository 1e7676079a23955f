/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/job.h"

#include "store/realization.h"

void
known_prepare(struct realizer_job *job, struct bytes module)
{
	const struct derivation *derivation = job->request.derivation;
	const struct embedded_settings *settings = &job->embedded->settings;
	struct table *table = &job->table;
	if (!module.size) {
		*table = table_of_program(settings->store, derivation, &job->request.resolved);
		return;
	}
	*table = table_of_module(settings->store, derivation, &job->request.resolved, module);
	if (digest_equal(&table->program, &job->embedded->module_digest))
		table_believe(table, settings->believed, settings->believed_count);
}

/* The identities that the output must have: the request's, or those that the derivation fixes. */
static const struct identity *
known_pin(const struct realizer_job *job, size_t *count)
{
	if (job->request.derivation->fixed == DERIVATION_FIXED) {
		*count = job->request.derivation->identity_count;
		return job->request.derivation->identities;
	}
	*count = job->request.pin_count;
	return job->request.pin;
}

static bool
known_look_up(
	struct realizer_job *job, struct identity identity, struct cab_hash *out, const char **from)
{
	for (size_t at = 0; at < job->request.known_count; at++) {
		const struct realizer_known *known = &job->request.known[at];
		if (identity_equal(known->identity, identity)) {
			*out = known->hash;
			*from = "caller";
			return true;
		}
	}
	const char *cache = NULL;
	if (!table_find(&job->table, identity.format, identity.value, out, &cache))
		return false;
	*from = cache ? arena_format(&job->arena, "cache %s", cache) : "store";
	return true;
}

static struct digest
known_path(struct realizer_job *job, const struct cab_hash *hash)
{
	const struct derivation *derivation = job->request.derivation;
	struct bytes name =
		derivation_output_name(&job->arena, derivation->name, derivation->outputs[0]);
	return object_plain_path(hash, arena_text(&job->arena, name));
}

/* Copies from a cache may take a while: nothing may move meanwhile that was only begun for want of this object. */
static bool
known_obtain(struct realizer_job *job, const struct cab_hash *hash)
{
	struct digest path = known_path(job, hash);
	cleanup_object struct object object = {0};
	struct err miss;
	if (job->guest)
		guest_hold(job->guest);
	if (job->is_running && !sandbox_freeze(&job->process, &miss))
		job_say(job, bytes_text(miss.text));
	bool found = store_obtain(job->embedded->settings.store, &path, &object, &miss);
	if (found)
		return true;
	if (miss.kind != ERR_NOT_FOUND)
		job_say(job, bytes_text(miss.text));
	if (job->is_running && !sandbox_thaw(&job->process, &miss))
		job_say(job, bytes_text(miss.text));
	if (job->guest)
		guest_resume(job->guest);
	return false;
}

/* A pinned program was told what to fetch: another value of a pinned format is not that. */
static bool
known_contradicts(struct realizer_job *job, struct identity identity)
{
	size_t count = 0;
	const struct identity *pin = known_pin(job, &count);
	for (size_t at = 0; at < count; at++) {
		if (!bytes_equal(pin[at].format, identity.format) ||
			bytes_equal(pin[at].value, identity.value))
			continue;
		struct err err;
		(void)err_set(&err, ERR_CORRUPT,
			"%.*s differs: the lock says %.*s, the source says %.*s",
			BYTES_ARGS(identity.format), BYTES_ARGS(pin[at].value),
			BYTES_ARGS(identity.value));
		job_fail(job, &err);
		return true;
	}
	return false;
}

bool
known_decide(struct realizer_job *job, struct identity identity)
{
	if (bytes_equal_text(identity.format, "cab"))
		return false;
	if (known_contradicts(job, identity))
		return true;
	if (job->request.want == REALIZER_WANT_PROOF)
		return false;
	if (job->request.want == REALIZER_WANT_REPORT) {
		job->known = true;
		return true;
	}
	struct cab_hash hash;
	const char *from = NULL;
	if (!known_look_up(job, identity, &hash, &from))
		return false;
	/* Where table and pin disagree the fetch goes on: what it brings decides. */
	size_t count = 0;
	const struct identity *pin = known_pin(job, &count);
	const struct identity *wanted = identity_find(pin, count, "cab");
	struct cab_hash_text text = cab_hash_print(&hash);
	if (wanted && !bytes_equal_text(wanted->value, text.text))
		return false;
	if (job->request.want == REALIZER_WANT_OBJECT && !known_obtain(job, &hash))
		return false;
	job->known = true;
	job->known_hash = hash;
	job->known_from = from;
	return true;
}

static void
known_output(struct realizer_job *job, struct bytes output, const struct object *object,
	struct realizer_output *out)
{
	struct store_path path = store_path_print(&object->path, object->name);
	*out = (struct realizer_output){
		output, arena_copy(&job->arena, bytes_text(path.text)), object->hash};
}

static bool
known_find_realization(struct realizer_job *job, struct realizer_result *out)
{
	const struct derivation *derivation = job->request.derivation;
	struct store *store = job->embedded->settings.store;
	const char **names = arena_array(&job->arena, const char *, derivation->output_count);
	for (size_t at = 0; at < derivation->output_count; at++)
		names[at] = arena_text(&job->arena, derivation->outputs[at]);
	struct digest key = realization_key(
		REALIZATION_RESOLVED, &job->request.resolved, names, derivation->output_count);
	cleanup_realization struct realization found = {0};
	struct err miss;
	if (!realization_find(store, &key, &found, &miss) ||
		found.outputs.size != derivation->output_count)
		return false;
	struct realizer_output *outputs =
		arena_array(&job->arena, struct realizer_output, derivation->output_count);
	for (size_t at = 0; at < found.outputs.size; at++) {
		cleanup_object struct object object = {0};
		if (!store_obtain(store, &found.outputs.data[at].object.path, &object, &miss))
			return false;
		known_output(job,
			arena_copy(&job->arena, bytes_text(found.outputs.data[at].output)), &object,
			&outputs[at]);
	}
	out->outputs = outputs;
	out->output_count = derivation->output_count;
	return true;
}

/*
 * What an object that nothing ran for has: the pin's identities, which who asks vouches for, and its Cab hash. Where that is no
 * part of the pin, false if one of them is known to be another content: then a run decides.
 */
static bool
known_tell_pinned(struct realizer_job *job, const struct cab_hash *hash, bool by_hash,
	struct realizer_result *out)
{
	size_t pins = 0;
	size_t count = 0;
	const struct identity *pin = known_pin(job, &pins);
	struct identity *identities = arena_array(&job->arena, struct identity, pins + 1);
	for (size_t at = 0; at < pins; at++) {
		struct cab_hash said;
		const char *from = NULL;
		if (bytes_equal_text(pin[at].format, "cab"))
			continue;
		if (!by_hash && known_look_up(job, pin[at], &said, &from) &&
			!cab_hash_equal(&said, hash))
			return false;
		identities[count++] = pin[at];
	}
	struct cab_hash_text text = cab_hash_print(hash);
	identities[count++] = (struct identity){
		BYTES_LITERAL("cab"), arena_copy(&job->arena, bytes_text(text.text))};
	out->identities = identities;
	out->identity_count = count;
	return true;
}

static bool
known_obtain_pinned(struct realizer_job *job, const struct cab_hash *hash, const char *from,
	struct realizer_result *out)
{
	cleanup_object struct object object = {0};
	struct err miss;
	struct digest path = known_path(job, hash);
	if (!store_obtain(job->embedded->settings.store, &path, &object, &miss))
		return false;
	struct realizer_output *output = arena_new(&job->arena, struct realizer_output);
	known_output(job, job->request.derivation->outputs[0], &object, output);
	out->outputs = output;
	out->output_count = 1;
	out->known_from = bytes_text(from);
	return true;
}

static bool
known_find_pinned(struct realizer_job *job, struct realizer_result *out)
{
	size_t pins = 0;
	const struct identity *pin = known_pin(job, &pins);
	/* The Cab hash is the last and the surest; an earlier identity may be in the table. */
	for (size_t at = pins; at-- > 0;) {
		struct cab_hash hash;
		const char *from = "caller";
		bool is_cab = bytes_equal_text(pin[at].format, "cab");
		bool said = is_cab ? cab_hash_parse(pin[at].value, &hash)
				   : known_look_up(job, pin[at], &hash, &from);
		struct realizer_result found = *out;
		if (said && known_tell_pinned(job, &hash, is_cab, &found) &&
			known_obtain_pinned(job, &hash, from, &found)) {
			*out = found;
			return true;
		}
		if (is_cab && said)
			return false;
	}
	return false;
}

bool
known_find(struct realizer_job *job, struct realizer_result *out)
{
	if (job->request.derivation->fixed != DERIVATION_ORDINARY && known_find_pinned(job, out))
		return true;
	return job->request.derivation->fixed != DERIVATION_SELF &&
	       known_find_realization(job, out);
}
