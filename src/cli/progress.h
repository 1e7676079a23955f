/* SPDX-License-Identifier: MPL-2.0 */
/*
 * progress: what runs, where it is, since when; on standard error.
 *
 *     struct progress *progress = progress_new(loop, style);
 *     size_t number = progress_start(progress, "fetch", "hexyl-0.17.0");
 *     progress_bytes(progress, number, received, expected, objects);
 *     progress_log(progress, number, line);
 *     progress_finish(progress, number, PROGRESS_DONE, "1.2 MB, 3 requests");
 *     progress_free(progress);
 *
 * On a terminal the rows that run are redrawn in place, at most ten times a second, above what is left of it; finished ones
 * scroll up. Elsewhere a row is one line when it ends, and a failed build is
 * followed by the last lines of its log. As JSON each call is an object on standard output's sibling, standard error; of
 * bytes one at most each PROGRESS_SAMPLE milliseconds a row.
 */
#pragma once

#include "base/bytes.h"
#include "base/loop.h"

struct progress;

enum progress_style {
	PROGRESS_QUIET,
	PROGRESS_PLAIN,
	PROGRESS_LIVE,
	PROGRESS_JSON,
};

enum progress_end {
	PROGRESS_DONE,
	PROGRESS_FOUND, /* nothing had to run; only JSON tells it */
	PROGRESS_FAILED,
	PROGRESS_FAILED_LAST, /* it failed, and the run's last line tells why */
};

enum { PROGRESS_LOG_LINES = 25, PROGRESS_SAMPLE = 500 };

struct progress *progress_new(struct loop *loop, enum progress_style style);
void progress_free(struct progress *progress);

/* `verb` is a constant: "fetch", "build", "ask". Gives the row's number. */
size_t progress_start(struct progress *progress, const char *verb, struct bytes name);
void progress_state(struct progress *progress, size_t number, struct bytes text);
void progress_bytes(struct progress *progress, size_t number, uint64_t received, uint64_t expected,
	uint64_t objects);
/* What a run has moved in all, before it is finished. */
void progress_moved(struct progress *progress, size_t row, uint64_t requests, uint64_t received);
void progress_log(struct progress *progress, size_t number, struct bytes line);
void progress_finish(
	struct progress *progress, size_t number, enum progress_end end, struct bytes text);

/* A line of its own, above what is redrawn. */
void progress_say(struct progress *progress, struct bytes line);
/* Takes the redrawn rows off the terminal, until the next change: before anything else writes to it. */
void progress_hide(struct progress *progress);
