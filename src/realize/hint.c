/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/hint.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/trace.h"
#include "realize/job.h"

static bool
hint_may_have(const struct realizer_job *job)
{
	const struct derivation *derivation = job->request.derivation;
	return derivation->fixed == DERIVATION_SELF &&
	       bytes_equal(derivation->program, job->embedded->settings.module_path);
}

/* A memo is only a file. What ties an object to an identity is the table. */
static bool
hint_is_believed(const struct realizer_job *job, const struct memo *memo, struct err *err)
{
	for (size_t at = 0; at < memo->identity_count; at++) {
		struct cab_hash hash;
		const char *cache = NULL;
		if (!table_find(&job->table, memo->identities[at].format,
			    memo->identities[at].value, &hash, &cache) ||
			cache || !cab_hash_equal(&hash, &memo->hash))
			return err_set(err, ERR_REFUSED, "the table does not say that %.*s is %s",
				BYTES_ARGS(memo->identities[at].format),
				cab_hash_print(&memo->hash).text);
	}
	return memo->identity_count > 0 ||
	       err_set(err, ERR_REFUSED, "it names no identity of its object");
}

static bool
hint_find_object(
	struct realizer_job *job, const struct memo *memo, struct object *object, struct err *err)
{
	if (!store_use(job->embedded->settings.store, &memo->object.path, object, err))
		return false;
	return (cab_hash_equal(&object->hash, &memo->hash) &&
		       strcmp(object->name, memo->object.name) == 0 && !object->references.size) ||
	       err_set(err, ERR_CORRUPT, "its object is another");
}

/* What the start message says. */
static void
hint_offer(struct realizer_job *job, const struct memo *memo)
{
	struct hint *hint = &job->hint;
	cleanup_buf struct buf text = BUF(64 << 10);
	for (size_t at = 0; at < memo->identity_count; at++)
		buf_format(&text, "%.*s %.*s\n", BYTES_ARGS(memo->identities[at].format),
			BYTES_ARGS(memo->identities[at].value));
	hint->identities = arena_format(&job->arena, "CAB_HINT=%scab %s\n", buf_text(&text),
		cab_hash_print(&memo->hash).text);
	hint->name = arena_format(
		&job->arena, "%s", object_file_print(&memo->object.path, memo->object.name).text);
	hint->former = arena_format(&job->arena, "CAB_FORMER=" STORE_PREFIX "%s", hint->name);
	hint->offered = true;
}

void
hint_prepare(struct realizer_job *job)
{
	cleanup_memo struct memo memo = {.file = BUF(0)};
	struct err err = {0};
	/* What is proved anew is proved without what is known. */
	if (!hint_may_have(job) || job->request.want == REALIZER_WANT_PROOF)
		return;
	if (memo_find_record(job->embedded->settings.store, &job->table.program,
		    &job->request.resolved, &memo, &err) &&
		hint_is_believed(job, &memo, &err) &&
		hint_find_object(job, &memo, &job->hint.object, &err))
		hint_offer(job, &memo);
	else
		trace("hint", "none: %s", err.text);
}

static bool
hint_write(const struct realizer_job *job, const char *name, struct bytes data, struct err *err)
{
	cleanup_fd int fd =
		fd_open_at(job->build, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644, err);
	return fd >= 0 && (fd_write_all(fd, data, err) || err_note(err, "%s", name));
}

/* The memo may have been replaced since it was offered: by one of the same object it would be as good. */
static bool
hint_lay_out(struct realizer_job *job, const struct memo *memo, struct err *err)
{
	struct hint *hint = &job->hint;
	if (!cab_hash_equal(&memo->hash, &hint->object.hash))
		return err_set(err, ERR_NOT_FOUND, "a newer run has another object");
	return tree_nodes_load(job->embedded->settings.store, &memo->hash, &hint->nodes, err) &&
	       hint_write(job, "former.memo", memo->data, err) &&
	       hint_write(job, "former.nodes", buf_bytes(&hint->nodes.file), err);
}

void
hint_give(struct realizer_job *job)
{
	cleanup_memo struct memo memo = {.file = BUF(0)};
	struct hint *hint = &job->hint;
	struct err err = {0};
	/* Asked for once; what a program asks for again is there or is not. */
	if (!hint->offered)
		return;
	hint->offered = false;
	hint->given = memo_find(job->embedded->settings.store, &job->table.program,
			      &job->request.resolved, &memo, &err) &&
		      hint_lay_out(job, &memo, &err);
	if (hint->given)
		trace("hint", "%s", hint->name);
	else
		trace("hint", "none: %s", err.text);
}

/* What a program left beside its output, or nothing. It may have left anything under that name: a link would lead to what the realizer
 * may read and it may not. */
static bool
hint_read(const struct realizer_job *job, const char *name, struct buf *out, struct err *err)
{
	struct stat status;
	cleanup_fd int fd =
		fd_open_beneath(job->build, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	if (fd < 0)
		return err->number == ENOENT;
	if (fstat(fd, &status) < 0)
		return err_system(err, errno, "status of %s", name);
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_REFUSED, "%s is not a file", name);
	if (fd_read_all(fd, out, err))
		return true;
	buf_clear(out);
	return err_note(err, "%s", name);
}

bool
hint_finish(struct realizer_job *job, struct output_work *work, struct err *err)
{
	struct hint *hint = &job->hint;
	struct err failure = {0};
	if (!hint_may_have(job))
		return true;
	hint->memo = BUF(MEMO_MAX);
	if (!hint_read(job, "memo", &hint->memo, &failure))
		trace("hint", "%s", failure.text);
	work->keep_nodes = hint->memo.size > 0;
	cleanup_buf struct buf recipe = BUF(REUSE_RECIPE_MAX);
	if (!hint->given)
		return true;
	if (!hint_read(job, "reuse", &recipe, err))
		return false;
	hint->reuse = REUSE;
	work->reuse = &hint->reuse;
	struct reuse_source source = {.object = &hint->object, .nodes = &hint->nodes};
	return recipe.size == 0 || reuse_apply(&hint->reuse, work->store, &source, work->folder,
					   work->names[0], buf_bytes(&recipe), err);
}

void
hint_keep(struct realizer_job *job, const struct object *object)
{
	struct hint *hint = &job->hint;
	struct memo memo = {
		.program = job->table.program,
		.derivation = job->request.resolved,
		.object = {.path = object->path},
		.hash = object->hash,
		.data = buf_bytes(&hint->memo),
	};
	struct err err;
	memcpy(memo.object.name, object->name, sizeof memo.object.name);
	for (size_t at = 0; at < job->report.count && memo.identity_count < MEMO_IDENTITIES; at++)
		if (!bytes_equal_text(job->report.lines[at].format, "cab"))
			memo.identities[memo.identity_count++] = (struct memo_identity){
				job->report.lines[at].format, job->report.lines[at].value};
	if (hint->memo.size && !memo_put(job->embedded->settings.store, &memo, &err))
		trace("hint", "%s", err.text);
}

void
hint_drop(struct realizer_job *job)
{
	if (!job->hint.given)
		return;
	memo_drop(job->embedded->settings.store, &job->table.program, &job->request.resolved);
	job_say(job,
		BYTES_LITERAL("it had a former object for a hint, which it will not have again: "
			      "the next run fetches all"));
}

void
hint_release(struct realizer_job *job)
{
	object_release(&job->hint.object);
	tree_nodes_release(&job->hint.nodes);
	reuse_release(&job->hint.reuse);
	buf_release(&job->hint.memo);
}
