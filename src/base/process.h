/* SPDX-License-Identifier: MPL-2.0 */
/*
 * process: a child of this process, as a record; not confined (that is sandbox/).
 *
 *     struct process_spec spec = {.program = "/usr/bin/git", .arguments = argv, ...};
 *     struct process process;
 *     if (!process_start(&spec, &process, err)) ...       executed, or the err says which step
 * failed loop_watch(loop, process.pidfd, POLLIN, ...);       readable: it has ended if
 * (!process_collect(&process, &end, err)) ...      how; once; waits when it still runs
 *     process_release(&process);                          kills it, if it still runs, and reaps it
 *
 * A pipe to or from it is moved in the loop, so that neither side waits for the other:
 *
 *     struct process_stream *in = process_feed(loop, fd, bytes);      writes all, then closes
 *     struct process_stream *out = process_drain(loop, fd, &buf);     reads to the end
 *     while (!process_stream_done(in) || ...) loop_step(loop, err);
 *     if (!process_stream_finish(in, err)) ...                        frees; what went wrong
 *
 * or all at once, with a deadline, by process_run.
 */
#pragma once

#include <sys/types.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/loop.h"

struct process_fd {
	int ours;
	int theirs;
};

enum { PROCESS_FDS = 8 };

struct process_spec {
	const char *program;            /* a path: nothing is searched */
	const char *const *arguments;   /* argv, ends in NULL; NULL: the program alone */
	const char *const *environment; /* NAME=VALUE, ends in NULL; NULL: that of this process */
	const char *folder;             /* working directory; NULL: that of this process */
	/* What it gets, `theirs` below PROCESS_FDS, each once. Of 0, 1 and 2 what is not named is
	 * /dev/null; all else is closed. */
	const struct process_fd *fds;
	size_t fd_count;
	bool own_group; /* a process group of its own: the terminal's Ctrl-C is ours to pass on */
	bool keep_running; /* else it is killed when the thread that started it ends */
};

struct process {
	pid_t pid;
	int pidfd;
};

struct process_end {
	int code;   /* exit status when `signal` is 0 */
	int signal; /* that ended it, or 0 */
};

MUST_CHECK bool process_start(
	const struct process_spec *spec, struct process *out, struct err *err);
MUST_CHECK bool process_collect(struct process *process, struct process_end *out, struct err *err);
/* No error when it has ended already. */
void process_signal(const struct process *process, int signal);
void process_release(struct process *process);
/* PROCESS_NONE is no process: releasing it does nothing. */
#define PROCESS_NONE    ((struct process){.pid = -1, .pidfd = -1})
#define cleanup_process __attribute__((cleanup(process_release)))

/* For a child between fork and exec: all signals at their defaults, none blocked. Only system calls;
 * errno says why not. */
bool process_signals_reset(void);

/* "exit status 3", "signal 9 (Killed)". */
struct process_text {
	char text[64];
};
struct process_text process_end_print(const struct process_end *end);

struct process_stream;
/* Both take the descriptor over and make it non-blocking. A reader that closes early ends a feed
 * without error. `out` grows up to its ceiling; more is drained, dropped, and ERR_LIMIT at the
 * finish. */
struct process_stream *process_feed(struct loop *loop, int fd, struct bytes data);
struct process_stream *process_drain(struct loop *loop, int fd, struct buf *out);
bool process_stream_done(const struct process_stream *stream);
/* Frees the stream, done or not. */
bool process_stream_finish(struct process_stream *stream, struct err *err);

/* Starts, feeds, drains (`output`: descriptor 1, `errors`: 2; NULL: as the spec says) and collects,
 * within so many milliseconds (0: no end). Late: killed, ERR_LIMIT with ERR_LIMIT_TIME. */
MUST_CHECK bool process_run(const struct process_spec *spec, struct bytes input, struct buf *output,
	struct buf *errors, uint64_t milliseconds, struct process_end *out, struct err *err);
