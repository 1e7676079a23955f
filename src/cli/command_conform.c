/* SPDX-License-Identifier: MPL-2.0 */
/* island conform: whether a module keeps the rules of cab-fetcher(7), under the real realizer, one line a check. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "cli/command.h"
#include "cli/scenario.h"
#include "cli/stage.h"
#include "cli/terminal.h"
#include "session/trial.h"

enum { CONFORM_LINE = 64 << 10, CONFORM_OUTPUT = 64 << 20 };

enum conform_word { CONFORM_PASS, CONFORM_FAIL, CONFORM_SKIP };

struct conform {
	const struct options *options;
	const char *module;
	struct arena arena;
	struct scenario scenario;
	struct stage stage;
	char folder[32];
	unsigned stores;
	size_t failures;
	struct trial_outcome first; /* what all others are compared with */
	size_t first_requests;
	ARRAY(struct bytes) asked; /* what the first run asked for */
};

/* A run: what is not set is as in the first one. */
struct conform_run {
	const char *root; /* a store that is there already */
	bool is_changed;
	bool is_cut_off; /* no origin may be reached */
	enum stage_fault fault;
	struct bytes faulty;
	const char *more; /* an argument */
	bool is_pinned;
};

static void PRINTF(4, 5) conform_say(
	struct conform *conform, enum conform_word word, const char *check, const char *format, ...)
{
	static const char *const words[] = {"pass", "FAIL", "skip"};
	static const char *const json_words[] = {"pass", "fail", "skip"};
	char why[4096] = "";
	va_list list;
	va_start(list, format);
	(void)vsnprintf(why, sizeof why, format, list);
	va_end(list);
	cleanup_buf struct buf line = BUF(CONFORM_LINE);
	conform->failures += word == CONFORM_FAIL;
	if (conform->options->json) {
		buf_add_text(&line, "{\"check\":");
		terminal_add_json(&line, bytes_text(check));
		buf_format(&line, ",\"status\":\"%s\",\"why\":", json_words[word]);
		terminal_add_json(&line, bytes_text(why));
		buf_add_text(&line, "}");
	} else {
		buf_format(&line, "%s  ", words[word]);
		terminal_escape(bytes_text(check), &line);
		if (*why)
			buf_add_text(&line, ": ");
		terminal_escape(bytes_text(why), &line);
	}
	puts(buf_text(&line));
	(void)fflush(stdout);
}

static void
conform_begin(void *context, struct loop *loop)
{
	stage_attach(&((struct conform *)context)->stage, loop);
}

static void
conform_end(void *context)
{
	stage_detach(&((struct conform *)context)->stage);
}

static const char *
conform_new_root(struct conform *conform)
{
	return arena_format(&conform->arena, "%s/%u", conform->folder, ++conform->stores);
}

static bool
conform_try(struct conform *conform, const struct conform_run *run, struct trial_outcome *out,
	struct err *err)
{
	const struct scenario *scenario = &conform->scenario;
	size_t count = scenario->argument_count;
	struct bytes *arguments = arena_array(&conform->arena, struct bytes, count + 1);
	for (size_t at = 0; at < count; at++)
		arguments[at] = scenario->arguments[at];
	if (run->more)
		arguments[count++] = bytes_text(run->more);
	struct stage *stage = &conform->stage;
	stage_forget(stage);
	stage->answers = run->is_changed ? scenario->changed : NULL;
	stage->answer_count = run->is_changed ? scenario->changed_count : 0;
	stage->before = scenario->serves;
	stage->before_count = scenario->serve_count;
	stage->fault = run->fault;
	stage->faulty = run->faulty;
	struct trial_request request = {
		.root = run->root ? run->root : conform_new_root(conform),
		.module = conform->module,
		.arguments = arguments,
		.argument_count = count,
		.origin = bytes_text(run->is_cut_off ? "" : stage->base),
		.pin = conform->first.identities,
		.pin_count = run->is_pinned ? conform->first.identity_count : 0,
		.context = conform,
		.begin = conform_begin,
		.end = conform_end,
	};
	return trial_run(&conform->arena, &request, out, err);
}

static const char *
conform_list(struct conform *conform, const struct trial_outcome *outcome)
{
	cleanup_buf struct buf text = BUF(CONFORM_LINE);
	for (size_t at = 0; at < outcome->identity_count; at++)
		buf_format(&text, "%s%.*s %.*s", at ? ", " : "",
			BYTES_ARGS(outcome->identities[at].format),
			BYTES_ARGS(outcome->identities[at].value));
	return arena_text(&conform->arena, buf_bytes(&text));
}

static bool
conform_same(const struct trial_outcome *left, const struct trial_outcome *right)
{
	bool same = left->identity_count == right->identity_count;
	for (size_t at = 0; same && at < left->identity_count; at++)
		same = identity_equal(left->identities[at], right->identities[at]);
	return same;
}

/* The scenario's text against the file that came of it. */
static bool
conform_compare(struct conform *conform, struct err *err)
{
	cleanup_buf struct buf text = BUF(CONFORM_OUTPUT);
	if (!conform->first.output)
		return err_set(err, ERR_NOT_FOUND, "no output is in the store");
	if (!fd_read_file(AT_FDCWD, conform->first.output, &text, err))
		return false;
	return bytes_equal(buf_bytes(&text), conform->scenario.output) ||
	       err_set(err, ERR_REFUSED, "it has %zu bytes that are not those of the scenario",
		       text.size);
}

/* False where nothing else need be tried. */
static bool
conform_first(struct conform *conform, const char *root, bool *go_on, struct err *err)
{
	struct conform_run run = {.root = root};
	struct trial_outcome *first = &conform->first;
	*go_on = false;
	if (!conform_try(conform, &run, first, err))
		return false;
	if (!first->started && !first->done) {
		conform_say(conform, CONFORM_FAIL,
			"it is a module with the right imports and exports", "%s", first->why);
		return true;
	}
	conform_say(conform, CONFORM_PASS, "it is a module with the right imports and exports",
		"%s", "");
	if (!first->done) {
		conform_say(conform, CONFORM_FAIL, "it fetches", "%s", first->why);
		return true;
	}
	conform->first_requests = conform->stage.requests;
	conform_say(conform, CONFORM_PASS, "it fetches", "%zu request%s, %s",
		conform->first_requests, conform->first_requests == 1 ? "" : "s",
		conform_list(conform, first));
	for (size_t at = 0; at < conform->stage.asked.size; at++)
		*array_push(&conform->asked) =
			arena_copy(&conform->arena, bytes_text(conform->stage.asked.data[at]));
	struct err differs;
	if (conform->scenario.has_output && !conform_compare(conform, &differs))
		conform_say(
			conform, CONFORM_FAIL, "the output is the scenario's", "%s", differs.text);
	else if (conform->scenario.has_output)
		conform_say(conform, CONFORM_PASS, "the output is the scenario's", "%s", "");
	*go_on = true;
	return true;
}

static bool
conform_again(struct conform *conform, struct err *err)
{
	struct conform_run run = {0};
	struct trial_outcome outcome;
	const char *check = "it says and makes the same again";
	if (!conform_try(conform, &run, &outcome, err))
		return false;
	bool same = outcome.done && conform_same(&outcome, &conform->first);
	conform_say(conform, same ? CONFORM_PASS : CONFORM_FAIL, check, "%s",
		same            ? ""
		: !outcome.done ? outcome.why
				: conform_list(conform, &outcome));
	return true;
}

static bool
conform_stopped(struct conform *conform, const char *root, struct err *err)
{
	struct conform_run run = {.root = root};
	struct trial_outcome outcome;
	const char *check = "with its content at hand it is stopped at its first identity";
	if (conform->first.identity_count < 2) {
		conform_say(conform, CONFORM_SKIP, check,
			"it reports none before cab: every update downloads everything");
		return true;
	}
	if (!conform_try(conform, &run, &outcome, err))
		return false;
	bool good = outcome.done && outcome.stopped &&
		    identity_equal(outcome.identities[0], conform->first.identities[0]);
	if (good)
		conform_say(conform, CONFORM_PASS, check, "%zu of %zu requests",
			conform->stage.requests, conform->first_requests);
	else
		conform_say(conform, CONFORM_FAIL, check, "%s",
			!outcome.done ? outcome.why : "it went on to its end");
	return true;
}

static bool
conform_pinned(struct conform *conform, struct err *err)
{
	struct conform_run run = {.is_pinned = true};
	struct trial_outcome outcome;
	const char *check = "pinned, it comes to the pinned content";
	if (!conform_try(conform, &run, &outcome, err))
		return false;
	bool good = outcome.done && cab_hash_equal(&outcome.hash, &conform->first.hash);
	conform_say(conform, good ? CONFORM_PASS : CONFORM_FAIL, check, "%s",
		good           ? ""
		: outcome.done ? "it came to another"
			       : outcome.why);
	return true;
}

/* Whether an identity but `cab` stayed although the content is another. */
static const struct identity *
conform_stale(const struct conform *conform, const struct trial_outcome *outcome)
{
	for (size_t at = 0; at < outcome->identity_count; at++)
		for (size_t old = 0; old < conform->first.identity_count; old++)
			if (identity_equal(
				    outcome->identities[at], conform->first.identities[old]) &&
				!bytes_equal_text(outcome->identities[at].format, "cab"))
				return &outcome->identities[at];
	return NULL;
}

static bool
conform_changed(struct conform *conform, struct err *err)
{
	struct conform_run run = {.is_changed = true};
	struct conform_run pinned = {.is_changed = true, .is_pinned = true};
	struct trial_outcome outcome;
	const char *check = "another content has other identities";
	const char *held = "pinned, it does not come to another content";
	if (!conform->scenario.changed_count) {
		conform_say(conform, CONFORM_SKIP, check, "the scenario has no `changed`");
		conform_say(conform, CONFORM_SKIP, held, "the scenario has no `changed`");
		return true;
	}
	if (!conform_try(conform, &run, &outcome, err))
		return false;
	const struct identity *stale = conform_stale(conform, &outcome);
	if (!outcome.done)
		conform_say(conform, CONFORM_FAIL, check, "%s", outcome.why);
	else if (cab_hash_equal(&outcome.hash, &conform->first.hash))
		conform_say(conform, CONFORM_FAIL, check,
			"what `changed` serves makes the same output as before");
	else if (stale)
		conform_say(conform, CONFORM_FAIL, check,
			"%.*s %.*s was said of both: an update would never see the other",
			BYTES_ARGS(stale->format), BYTES_ARGS(stale->value));
	else
		conform_say(conform, CONFORM_PASS, check, "%s", conform_list(conform, &outcome));
	if (!conform_try(conform, &pinned, &outcome, err))
		return false;
	bool good = !outcome.done || cab_hash_equal(&outcome.hash, &conform->first.hash);
	conform_say(conform, good ? CONFORM_PASS : CONFORM_FAIL, held, "%s",
		outcome.why ? outcome.why : "");
	return true;
}

/* A run that must fail. */
static bool
conform_fails(struct conform *conform, const struct conform_run *run, const char *check,
	const char *otherwise, struct err *err)
{
	struct trial_outcome outcome;
	if (!conform_try(conform, run, &outcome, err))
		return false;
	conform_say(conform, outcome.done ? CONFORM_FAIL : CONFORM_PASS, check, "%s",
		outcome.done ? otherwise : outcome.why);
	return true;
}

static bool
conform_faults(struct conform *conform, struct err *err)
{
	for (size_t at = 0; at < conform->asked.size; at++) {
		struct bytes path = conform->asked.data[at];
		struct conform_run missing = {.fault = STAGE_MISSING, .faulty = path};
		struct conform_run cut = {.fault = STAGE_CUT, .faulty = path};
		const char *name = arena_text(&conform->arena, path);
		bool served = false;
		for (size_t row = 0; row < conform->scenario.serve_count; row++)
			served |= bytes_equal(conform->scenario.serves[row].path, path) &&
				  conform->scenario.serves[row].status == 200;
		if (!served)
			continue;
		if (!conform_fails(conform, &missing,
			    arena_format(&conform->arena, "it fails where %s is 404", name),
			    "it made an output of the answer to it", err) ||
			!conform_fails(conform, &cut,
				arena_format(&conform->arena, "it fails where %s breaks off", name),
				"it made an output all the same: http_read gave an error, not 0",
				err))
			return false;
	}
	return true;
}

static bool
conform_bounds(struct conform *conform, struct err *err)
{
	struct conform_run cut_off = {.is_cut_off = true};
	struct conform_run unknown = {.more = "zz-cab-conform=1"};
	struct trial_outcome outcome;
	const char *check = "it reaches nothing beyond its origins";
	if (!conform_fails(conform, &unknown, "it refuses a key that it does not know",
		    "it passed over zz-cab-conform=1: what a user mistypes is locked", err) ||
		!conform_try(conform, &cut_off, &outcome, err))
		return false;
	size_t requests = conform->stage.requests;
	if (requests)
		conform_say(conform, CONFORM_FAIL, check, "%zu requests came through", requests);
	else if (outcome.done && conform->first_requests)
		conform_say(conform, CONFORM_FAIL, check,
			"it made an output although its requests were refused");
	else
		conform_say(conform, CONFORM_PASS, check, "%s", outcome.why ? outcome.why : "");
	return true;
}

static bool
conform_all(struct conform *conform, struct err *err)
{
	const char *root = conform_new_root(conform);
	bool go_on = false;
	if (!conform_first(conform, root, &go_on, err))
		return false;
	return !go_on || (conform_again(conform, err) && conform_stopped(conform, root, err) &&
				 conform_pinned(conform, err) && conform_changed(conform, err) &&
				 conform_faults(conform, err) && conform_bounds(conform, err));
}

static bool
conform_prepare(struct conform *conform, struct err *err)
{
	cleanup_buf struct buf printed = BUF(1 << 20);
	const char *file = conform->options->operands.data[1];
	if (!stage_open(&conform->stage, err))
		return false;
	bool read = scenario_read(
		&conform->arena, file, conform->stage.base, &conform->scenario, &printed, err);
	(void)fputs(buf_text(&printed), stderr);
	if (!read)
		return false;
	(void)snprintf(conform->folder, sizeof conform->folder, "/tmp/cab-conform.XXXXXX");
	if (mkdtemp(conform->folder))
		return true;
	conform->folder[0] = '\0';
	return err_system(err, errno, "a folder in /tmp");
}

bool
command_island_conform(const struct options *options, int *status_out, struct err *err)
{
	struct conform conform = {.options = options,
		.module = options->operands.data[0],
		.arena = ARENA,
		.stage = {.socket = -1}};
	bool done = conform_prepare(&conform, err) && conform_all(&conform, err);
	struct err left;
	if (conform.folder[0] && !path_remove(AT_FDCWD, conform.folder, &left) && done) {
		*err = left;
		done = false;
	}
	stage_close(&conform.stage);
	array_release(&conform.asked);
	arena_release(&conform.arena);
	*status_out = conform.failures ? 1 : 0;
	return done;
}
