/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/job.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/trace.h"
#include "realize/output.h"
#include "store/realization.h"

/* The kernel's own waitid also says what the process took; the C library's does not. */
static bool
guest_wait(int pidfd, siginfo_t *info)
{
	struct rusage usage = {0};
	if (syscall(SYS_waitid, P_PIDFD, pidfd, info, WEXITED | __WALL, &usage) < 0)
		return false;
	trace("guest", "ended: %lld us of cpu, %ld KiB resident",
		(long long)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
			usage.ru_utime.tv_usec + usage.ru_stime.tv_usec,
		usage.ru_maxrss);
	return true;
}

static bool
finish_guest(struct realizer_job *job, struct err *err)
{
	siginfo_t info = {0};
	if (!guest_wait(job->pidfd, &info))
		return err_system(err, errno, "wait for the guest");
	fd_release(&job->pidfd);
	if (job->known || job->failed)
		return true;
	if (info.si_code != CLD_EXITED)
		return err_set(err, ERR_BUILD, "the program was ended by signal %d (%s)",
			info.si_status, strsignal(info.si_status));
	/* Our own program's last line is a sentence that says why. */
	bool own =
		bytes_equal(job->request.derivation->program, job->embedded->settings.module_path);
	if (info.si_status != 0 && own && job->last_line.size)
		return job->refused.size
			       ? err_set(err, ERR_BUILD, "%s (%s)", buf_text(&job->last_line),
					 buf_text(&job->refused))
			       : err_set(err, ERR_BUILD, "%s", buf_text(&job->last_line));
	if (info.si_status != 0)
		return err_set(
			err, ERR_BUILD, "the program failed with exit status %d", info.si_status);
	return true;
}

static bool
finish_native(struct realizer_job *job, struct err *err)
{
	struct sandbox_result result;
	bool began = sandbox_collect(&job->process, &result, err);
	job->is_running = false;
	job->pidfd = -1;
	sandbox_release(&job->process);
	if (began && result.left) {
		const char *note = arena_format(
			&job->arena, "%u processes that it left behind were ended", result.left);
		job_say(job, bytes_text(note));
	}
	/* Ended by us, be it before it said that it had begun. */
	if (job->known || job->failed)
		return true;
	if (!began)
		return err_note(err, "start %.*s", BYTES_ARGS(job->request.derivation->program));
	if (result.limit == ERR_LIMIT_MEMORY)
		return err_limit(err, ERR_LIMIT_MEMORY, "the program met its limit on memory");
	if (result.limit == ERR_LIMIT_PROCESSES)
		return err_limit(
			err, ERR_LIMIT_PROCESSES, "the program met its limit on processes");
	if (result.signal)
		return err_set(err, ERR_BUILD, "the program was ended by signal %d (%s)",
			result.signal, strsignal(result.signal));
	if (result.code)
		return err_set(
			err, ERR_BUILD, "the program failed with exit status %d", result.code);
	return true;
}

/* What the output must be: by the lock or `fixed`, or by the program's own word. */
static bool
finish_claim(struct realizer_job *job, struct cab_hash *claim, bool *has_claim, const char **who,
	struct err *err)
{
	const struct derivation *derivation = job->request.derivation;
	const struct identity *pin = job->request.pin;
	size_t count = job->request.pin_count;
	*who = "the lock says";
	if (derivation->fixed == DERIVATION_FIXED) {
		pin = derivation->identities;
		count = derivation->identity_count;
		*who = "the derivation says";
	}
	const struct identity *wanted = identity_find(pin, count, "cab");
	const struct identity *reported =
		identity_find(job->report.lines, job->report.count, "cab");
	bool said = reported && !bytes_equal_text(reported->value, ".");
	if (wanted && said && !bytes_equal(wanted->value, reported->value))
		return err_set(err, ERR_CORRUPT,
			"the content differs: %s cab %.*s, what was fetched is cab %.*s", *who,
			BYTES_ARGS(wanted->value), BYTES_ARGS(reported->value));
	if (!wanted && said) {
		wanted = reported;
		*who = "the program reported";
	}
	*has_claim = wanted != NULL;
	return !wanted || cab_hash_parse(wanted->value, claim) ||
	       err_set(err, ERR_CORRUPT, "%s cab %.*s, which is not a Cab hash", *who,
		       BYTES_ARGS(wanted->value));
}

/* A guest is told no path but what its inputs are, and of these its own program is not one. */
static bool
finish_is_told(const struct realizer_job *job)
{
	const struct derivation *derivation = job->request.derivation;
	if (job->kind != PROGRAM_WASM)
		return true;
	for (size_t at = 0; at < derivation->input_count; at++)
		if (!bytes_has_prefix(derivation->program, derivation->inputs[at]))
			return true;
	return false;
}

static bool
finish_register(struct realizer_job *job, struct object *objects, struct err *err)
{
	const struct derivation *derivation = job->request.derivation;
	struct object_reference *closure =
		arena_array(&job->arena, struct object_reference, job->closure.size);
	for (size_t at = 0; at < job->closure.size; at++) {
		closure[at].path = job->closure.data[at].path;
		memcpy(closure[at].name, job->closure.data[at].name, sizeof closure[at].name);
	}
	const char **names = arena_array(&job->arena, const char *, derivation->output_count);
	for (size_t at = 0; at < derivation->output_count; at++) {
		struct bytes own =
			derivation_own_path(&job->arena, derivation->name, derivation->outputs[at]);
		names[at] =
			job->kind == PROGRAM_WASM
				? arena_text(&job->arena, derivation->outputs[at])
				: arena_text(&job->arena, bytes_from(own, sizeof STORE_PREFIX - 1));
	}
	struct cab_hash claim;
	bool has_claim = false;
	const char *who = NULL;
	if (!finish_claim(job, &claim, &has_claim, &who, err))
		return false;
	struct output_work work = {
		.store = job->embedded->settings.store,
		.folder = job->outputs,
		.names = names,
		.derivation = derivation,
		.closure = closure,
		.closure_count = job->closure.size,
		.told = finish_is_told(job),
		.claim = has_claim ? &claim : NULL,
	};
	if (!hint_finish(job, &work, err))
		return false;
	if (output_register(&work, objects, err))
		return true;
	return err->kind == ERR_CORRUPT && has_claim
		       ? err_note(err, "%s cab %s", who, cab_hash_print(&claim).text)
		       : false;
}

/* A self-fixing run proves its identities; any other is a realization. Neither is both (DESIGN section 4). */
static void
finish_record(struct realizer_job *job, const struct object *objects)
{
	const struct derivation *derivation = job->request.derivation;
	if (derivation->fixed == DERIVATION_SELF) {
		table_put_lines(&job->table, job->report.lines, job->report.count, &objects[0].hash,
			objects[0].size, objects[0].files);
		return;
	}
	struct realization realization = {.kind = REALIZATION_RESOLVED,
		.derivation = job->request.resolved,
		.vouch = {.kind = VOUCH_SELF}};
	for (size_t at = 0; at < derivation->output_count; at++) {
		struct realization_output *output = array_push(&realization.outputs);
		memcpy(output->output, derivation->outputs[at].data, derivation->outputs[at].size);
		output->object.path = objects[at].path;
		memcpy(output->object.name, objects[at].name, sizeof output->object.name);
		output->hash = objects[at].hash;
	}
	realization_put(job->embedded->settings.store, &realization);
	realization_release(&realization);
}

static bool
finish_has_format(const struct identity *identities, size_t count, struct bytes format)
{
	for (size_t at = 0; at < count; at++)
		if (bytes_equal(identities[at].format, format))
			return true;
	return false;
}

/* Behind a line that was known comes what the table has of what the program would have said next: who locks it has the entry
 * that it would have if the program had come to its end. */
static size_t
finish_follow(struct realizer_job *job, const struct cab_hash *hash, struct identity *identities,
	size_t count)
{
	struct identity next[REPORT_LINES];
	size_t told = count;
	size_t size = table_follow(
		&job->table, identities[told - 1], hash, &job->arena, next, REPORT_LINES);
	for (size_t at = 0; at < size && count < REPORT_LINES - 1; at++)
		if (!finish_has_format(identities, count, next[at].format))
			identities[count++] = next[at];
	return count;
}

/*
 * The result outlives the job, and with it the report that the lines are borrowed from. `hash` is NULL where no line was
 * looked up. Of a run that was stopped, what it had written behind the line that was known is nobody's word.
 */
static void
finish_identities(
	struct realizer_job *job, const struct cab_hash *hash, struct realizer_result *out)
{
	struct identity *identities = arena_array(&job->arena, struct identity, REPORT_LINES + 1);
	size_t lines = job->known ? job->report.taken : job->report.count;
	size_t count = 0;
	for (size_t at = 0; at < lines; at++)
		if (!bytes_equal_text(job->report.lines[at].format, "cab"))
			identities[count++] = (struct identity){
				arena_copy(&job->arena, job->report.lines[at].format),
				arena_copy(&job->arena, job->report.lines[at].value)};
	if (hash && job->known && count)
		count = finish_follow(job, hash, identities, count);
	if (hash) {
		struct cab_hash_text text = cab_hash_print(hash);
		identities[count++] = (struct identity){
			BYTES_LITERAL("cab"), arena_copy(&job->arena, bytes_text(text.text))};
	}
	out->identities = identities;
	out->identity_count = count;
}

static void
finish_outputs(struct realizer_job *job, const struct object *objects, struct realizer_result *out)
{
	const struct derivation *derivation = job->request.derivation;
	struct realizer_output *outputs =
		arena_array(&job->arena, struct realizer_output, derivation->output_count);
	for (size_t at = 0; at < derivation->output_count; at++) {
		struct store_path path = store_path_print(&objects[at].path, objects[at].name);
		outputs[at] = (struct realizer_output){derivation->outputs[at],
			arena_copy(&job->arena, bytes_text(path.text)), objects[at].hash};
	}
	out->outputs = outputs;
	out->output_count = derivation->output_count;
}

static bool
finish_run(struct realizer_job *job, struct realizer_result *out, struct err *err)
{
	const struct derivation *derivation = job->request.derivation;
	bool is_self = derivation->fixed == DERIVATION_SELF;
	if (is_self && !report_finish(&job->report, err))
		return false;
	struct object *objects = arena_array(&job->arena, struct object, derivation->output_count);
	if (!finish_register(job, objects, err))
		return false;
	finish_record(job, objects);
	if (is_self)
		hint_keep(job, &objects[0]);
	finish_outputs(job, objects, out);
	if (is_self)
		finish_identities(job, &objects[0].hash, out);
	for (size_t at = 0; at < derivation->output_count; at++)
		object_release(&objects[at]);
	out->end = REALIZER_END_RUN;
	embedded_settle_later(job->embedded, &job->run_lock);
	return true;
}

static void
finish_known(struct realizer_job *job, struct realizer_result *out)
{
	const struct derivation *derivation = job->request.derivation;
	out->end = REALIZER_END_STOPPED;
	finish_identities(job, job->known_from ? &job->known_hash : NULL, out);
	if (!job->known_from)
		return;
	struct realizer_output *output = arena_new(&job->arena, struct realizer_output);
	*output = (struct realizer_output){.name = derivation->outputs[0], .hash = job->known_hash};
	if (job->request.want == REALIZER_WANT_OBJECT) {
		struct bytes name = derivation_output_name(
			&job->arena, derivation->name, derivation->outputs[0]);
		char *text = arena_text(&job->arena, name);
		struct digest digest = object_plain_path(&job->known_hash, text);
		struct store_path path = store_path_print(&digest, text);
		output->path = arena_copy(&job->arena, bytes_text(path.text));
	}
	out->outputs = output;
	out->output_count = 1;
	out->known_from = bytes_text(job->known_from);
}

bool
finish_job(struct realizer_job *job, struct realizer_result *out, struct err *err)
{
	bool ended = job->is_running ? finish_native(job, err) : finish_guest(job, err);
	if (job->failed) {
		*err = job->err;
		return false;
	}
	if (!ended)
		return false;
	if (job->known) {
		finish_known(job, out);
		return true;
	}
	job_tell(job, REALIZER_EVENT_FINISH, bytes_of(NULL, 0));
	return finish_run(job, out, err);
}
