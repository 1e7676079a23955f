/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/array.h"
#include "store/scan.h"

/* One output on its way to be an object. */
struct output {
	scan_hits hits;
	struct bytes own; /* the path that it has while its program runs */
	bool registered;
};

struct output_state {
	const struct output_work *work;
	struct arena arena;
	struct scan_pattern *patterns; /* the closure's, then one an output */
	size_t pattern_count;
	struct output *outputs;
	size_t count;
	struct object *objects;
};

static void
output_letters(struct bytes path, struct scan_pattern *out)
{
	must(path.size >= sizeof STORE_PREFIX - 1 + DIGEST_TEXT, "a store path holds a digest");
	memcpy(out->letters, path.data + sizeof STORE_PREFIX - 1, DIGEST_TEXT);
}

static void
output_prepare(struct output_state *state)
{
	const struct output_work *work = state->work;
	state->count = work->derivation->output_count;
	state->pattern_count = work->closure_count + state->count;
	state->patterns = arena_array(&state->arena, struct scan_pattern, state->pattern_count);
	state->outputs = arena_array(&state->arena, struct output, state->count);
	for (size_t at = 0; at < work->closure_count; at++) {
		struct digest_text letters = digest_print(&work->closure[at].path);
		memcpy(state->patterns[at].letters, letters.text, DIGEST_TEXT);
	}
	for (size_t at = 0; at < state->count; at++) {
		state->outputs[at].own = derivation_own_path(
			&state->arena, work->derivation->name, work->derivation->outputs[at]);
		output_letters(state->outputs[at].own, &state->patterns[work->closure_count + at]);
	}
}

static bool
output_scan(struct output_state *state, size_t at, struct err *err)
{
	struct stat status;
	const char *name = state->work->names[at];
	struct bytes output = state->work->derivation->outputs[at];
	if (fstatat(state->work->folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return err_set(err, ERR_BUILD,
				"the program ended well but made no output \"%.*s\"",
				BYTES_ARGS(output));
		return err_system(err, errno, "output %.*s", BYTES_ARGS(output));
	}
	/* What it wrote cannot mention a path that it was never told. */
	if (!state->work->told)
		return true;
	return scan_tree(state->work->folder, name, state->patterns, state->pattern_count,
		       &state->outputs[at].hits, err) ||
	       err_note(err, "output %.*s", BYTES_ARGS(output));
}

static const struct scan_hit *
output_find_hit(const struct output *output, size_t pattern)
{
	for (size_t at = 0; at < output->hits.size; at++)
		if (output->hits.data[at].pattern == pattern)
			return &output->hits.data[at];
	return NULL;
}

/* The next output all of whose siblings that it mentions are registered; SIZE_MAX where each waits for another. */
static size_t
output_next(const struct output_state *state)
{
	for (size_t at = 0; at < state->count; at++) {
		if (state->outputs[at].registered)
			continue;
		bool ready = true;
		for (size_t other = 0; other < state->count; other++)
			if (other != at && !state->outputs[other].registered &&
				output_find_hit(
					&state->outputs[at], state->work->closure_count + other))
				ready = false;
		if (ready)
			return at;
	}
	return SIZE_MAX;
}

static bool
output_cycle(const struct output_state *state, struct err *err)
{
	const struct derivation *derivation = state->work->derivation;
	for (size_t at = 0; at < state->count; at++)
		for (size_t other = at + 1; other < state->count; other++) {
			const struct scan_hit *there = output_find_hit(
				&state->outputs[at], state->work->closure_count + other);
			const struct scan_hit *back = output_find_hit(
				&state->outputs[other], state->work->closure_count + at);
			if (there && back && !state->outputs[at].registered &&
				!state->outputs[other].registered)
				return err_set(err, ERR_BUILD,
					"outputs refer to each other: \"%.*s\" of %.*s names %.*s, "
					"and \"%.*s\" of "
					"%.*s names %.*s",
					BYTES_ARGS(there->path),
					BYTES_ARGS(derivation->outputs[at]),
					BYTES_ARGS(derivation->outputs[other]),
					BYTES_ARGS(back->path),
					BYTES_ARGS(derivation->outputs[other]),
					BYTES_ARGS(derivation->outputs[at]));
		}
	return err_set(err, ERR_BUILD, "outputs of %.*s refer to each other in a circle",
		BYTES_ARGS(derivation->name));
}

/* The output of a self-fixing or fixed derivation mentions nothing. */
static bool
output_check_bare(const struct output_state *state, size_t at, struct err *err)
{
	const struct output *output = &state->outputs[at];
	if (!output->hits.size)
		return true;
	const struct scan_hit *hit = &output->hits.data[0];
	const char *what = hit->pattern < state->work->closure_count ? "the path of an input"
								     : "its own path, $out";
	return err_set(err, ERR_BUILD,
		"%s \"%.*s\" of the output mentions %s; the output of a self-fixing or fixed "
		"derivation must not",
		hit->path.size ? "file" : "the root", BYTES_ARGS(hit->path), what);
}

static void
output_add_reference(object_references *references, const struct object_reference *reference)
{
	for (size_t at = 0; at < references->size; at++)
		if (digest_equal(&references->data[at].path, &reference->path))
			return;
	*array_push(references) = *reference;
}

/* References to inputs as they stand; to siblings after their final letters were written in. */
static bool
output_collect_references(
	struct output_state *state, size_t at, object_references *references, struct err *err)
{
	const struct output_work *work = state->work;
	struct output *output = &state->outputs[at];
	for (size_t hit = 0; hit < output->hits.size; hit++) {
		size_t pattern = output->hits.data[hit].pattern;
		if (pattern < work->closure_count)
			output_add_reference(references, &work->closure[pattern]);
	}
	for (size_t other = 0; other < state->count; other++) {
		size_t pattern = work->closure_count + other;
		if (other == at || !output_find_hit(output, pattern))
			continue;
		const struct object *sibling = &state->objects[other];
		struct digest_text letters = digest_print(&sibling->path);
		if (!scan_rewrite(work->folder, work->names[at], &output->hits, pattern,
			    letters.text, err))
			return false;
		struct object_reference reference = {.path = sibling->path};
		memcpy(reference.name, sibling->name, sizeof reference.name);
		output_add_reference(references, &reference);
	}
	return true;
}

/* Self-references: blanked, hashed, and rewritten to the path that follows. */
static bool
output_settle_self(struct output_state *state, size_t at, const char *name,
	object_references *references, object_selves *selves, struct err *err)
{
	const struct output_work *work = state->work;
	size_t pattern = work->closure_count + at;
	struct output *output = &state->outputs[at];
	if (!output_find_hit(output, pattern))
		return true;
	struct tree_facts facts;
	scan_selves(&output->hits, pattern, selves);
	if (!store_hash_tree(work->folder, work->names[at], &work->limits, selves, &facts, err))
		return false;
	struct digest path = object_path(&facts.blanked, name, references, selves);
	struct digest_text letters = digest_print(&path);
	return scan_rewrite(
		work->folder, work->names[at], &output->hits, pattern, letters.text, err);
}

static bool
output_add(struct output_state *state, size_t at, struct err *err)
{
	const struct output_work *work = state->work;
	struct bytes name = derivation_output_name(
		&state->arena, work->derivation->name, work->derivation->outputs[at]);
	char *text = arena_text(&state->arena, name);
	struct store_add_options options = {.name = text,
		.vouch = {.kind = VOUCH_SELF},
		.limits = work->limits,
		.claim = work->claim,
		.reuse = work->reuse,
		.keep_nodes = work->keep_nodes};
	object_references references = {0};
	object_selves selves = {0};
	bool done = output_collect_references(state, at, &references, err) &&
		    output_settle_self(state, at, text, &references, &selves, err);
	if (done) {
		memcpy(&options.references, &references, sizeof references);
		memcpy(&options.selves, &selves, sizeof selves);
		done = store_add(work->store, work->folder, work->names[at], &options,
			&state->objects[at], err);
	}
	array_release(&references);
	for (size_t self = 0; self < selves.size; self++)
		free((void *)(uintptr_t)selves.data[self].path.data);
	array_release(&selves);
	if (!done)
		return err_note(err, "output %.*s", BYTES_ARGS(name));
	state->outputs[at].registered = true;
	return true;
}

static bool
output_run(struct output_state *state, struct err *err)
{
	bool bare = state->work->derivation->fixed != DERIVATION_ORDINARY;
	for (size_t at = 0; at < state->count; at++)
		if (!output_scan(state, at, err) || (bare && !output_check_bare(state, at, err)))
			return false;
	for (size_t done = 0; done < state->count; done++) {
		size_t at = output_next(state);
		if (at == SIZE_MAX)
			return output_cycle(state, err);
		if (!output_add(state, at, err))
			return false;
	}
	return true;
}

bool
output_register(const struct output_work *work, struct object *objects, struct err *err)
{
	struct output_state state = {.work = work, .arena = ARENA, .objects = objects};
	output_prepare(&state);
	bool done = output_run(&state, err);
	for (size_t at = 0; at < state.count; at++) {
		scan_release(&state.outputs[at].hits);
		if (!done && state.outputs[at].registered)
			object_release(&objects[at]);
	}
	arena_release(&state.arena);
	return done;
}
