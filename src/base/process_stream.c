/* SPDX-License-Identifier: MPL-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/process.h"

enum { STREAM_PIECE = 64 << 10 };

struct process_stream {
	int fd;
	struct loop_watch *watch;
	struct bytes rest; /* of a feed */
	struct buf *out;   /* of a drain */
	int number;        /* errno, or 0 */
};

static void
stream_close(struct process_stream *stream)
{
	loop_unwatch(stream->watch);
	stream->watch = NULL;
	fd_release(&stream->fd);
}

/* write without SIGPIPE: the signal is blocked, and taken back when this write raised it. */
static ssize_t
stream_write(int fd, struct bytes data)
{
	sigset_t pipe_signal;
	sigset_t before;
	sigset_t pending;
	(void)sigemptyset(&pipe_signal);
	(void)sigaddset(&pipe_signal, SIGPIPE);
	(void)sigemptyset(&pending);
	must(sigpending(&pending) == 0, "pending signals can be asked for");
	must(sigprocmask(SIG_BLOCK, &pipe_signal, &before) == 0, "signals can be blocked");
	ssize_t count = write(fd, data.data, data.size);
	int number = errno;
	if (count < 0 && number == EPIPE && !sigismember(&pending, SIGPIPE)) {
		struct timespec now = {0, 0};
		(void)sigtimedwait(&pipe_signal, NULL, &now);
	}
	must(sigprocmask(SIG_SETMASK, &before, NULL) == 0, "signals can be unblocked");
	errno = number;
	return count;
}

static void
stream_feed(void *context, short events UNUSED)
{
	struct process_stream *stream = (struct process_stream *)context;
	while (stream->rest.size) {
		ssize_t count = stream_write(stream->fd, stream->rest);
		if (count < 0) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN)
				return;
			if (errno != EPIPE)
				stream->number = errno;
			break;
		}
		stream->rest = bytes_from(stream->rest, (size_t)count);
	}
	stream_close(stream);
}

static void
stream_drain(void *context, short events UNUSED)
{
	struct process_stream *stream = (struct process_stream *)context;
	uint8_t piece[STREAM_PIECE];
	ssize_t count = read(stream->fd, piece, sizeof piece);
	if (count > 0) {
		buf_add(stream->out, bytes_of(piece, (size_t)count));
		return;
	}
	if (count < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (count < 0)
		stream->number = errno;
	stream_close(stream);
}

static struct process_stream *
stream_new(struct loop *loop, int fd, short events, loop_ready *ready)
{
	struct process_stream *stream = (struct process_stream *)memory_zero(1, sizeof *stream);
	struct err err;
	stream->fd = fd;
	if (fd_set_blocking(fd, false, &err))
		stream->watch = loop_watch(loop, fd, events, ready, stream);
	else {
		stream->number = err.number;
		fd_release(&stream->fd);
	}
	return stream;
}

struct process_stream *
process_feed(struct loop *loop, int fd, struct bytes data)
{
	struct process_stream *stream = stream_new(loop, fd, POLLOUT, stream_feed);
	stream->rest = data;
	if (!data.size)
		stream_close(stream);
	return stream;
}

struct process_stream *
process_drain(struct loop *loop, int fd, struct buf *out)
{
	struct process_stream *stream = stream_new(loop, fd, POLLIN, stream_drain);
	stream->out = out;
	return stream;
}

bool
process_stream_done(const struct process_stream *stream)
{
	return stream->fd < 0;
}

bool
process_stream_finish(struct process_stream *stream, struct err *err)
{
	if (!stream)
		return true;
	bool done = true;
	if (stream->number)
		done = err_system(err, stream->number, stream->out ? "read" : "write");
	else if (stream->out && stream->out->over)
		done = err_limit(err, ERR_LIMIT_OUTPUT, "more than %zu bytes of output",
			stream->out->ceiling);
	stream_close(stream);
	free(stream);
	return done;
}

struct run {
	struct loop *loop;
	struct process process;
	struct process_stream *streams[3]; /* 0: fed; 1, 2: drained */
	struct loop_watch *watch;
	struct loop_timer *timer;
	bool ended;
	bool late;
};

static void
run_ended(void *context, short events UNUSED)
{
	struct run *run = (struct run *)context;
	run->ended = true;
}

static void
run_late(void *context)
{
	struct run *run = (struct run *)context;
	run->timer = NULL;
	run->late = true;
	process_signal(&run->process, SIGKILL);
}

/* The pipes that the spec leaves to us: ours in `ours`, the program's in `fds`. */
static bool
run_pipes(const struct process_spec *spec, struct buf *const outs[3], struct process_fd *fds,
	size_t *count, int ours[3], struct err *err)
{
	*count = 0;
	for (size_t at = 0; at < spec->fd_count; at++) {
		int theirs = spec->fds[at].theirs;
		must(theirs > STDERR_FILENO || (theirs != STDIN_FILENO && !outs[theirs]),
			"process_run makes the pipes for 0 and for what it drains");
		fds[(*count)++] = spec->fds[at];
	}
	for (int theirs = 0; theirs < 3; theirs++) {
		if (theirs != STDIN_FILENO && !outs[theirs])
			continue;
		must(*count < PROCESS_FDS, "a process gets at most PROCESS_FDS descriptors");
		int ends[2] = {-1, -1};
		if (!fd_pipe(&ends[0], &ends[1], err))
			return false;
		bool feeds = theirs == STDIN_FILENO;
		ours[theirs] = ends[feeds ? 1 : 0];
		fds[(*count)++] = (struct process_fd){ends[feeds ? 0 : 1], theirs};
	}
	return true;
}

/* What is in a pipe when the program has ended belongs to it; what a grandchild may write later
 * does not. */
static void
run_rest(struct process_stream *stream)
{
	while (stream && !process_stream_done(stream)) {
		struct pollfd poll_fd = {.fd = stream->fd, .events = POLLIN};
		if (poll(&poll_fd, 1, 0) <= 0)
			return;
		stream_drain(stream, POLLIN);
	}
}

static bool
run_loop(struct run *run, uint64_t milliseconds, struct process_end *out, struct err *err)
{
	bool done = true;
	run->watch = loop_watch(run->loop, run->process.pidfd, POLLIN, run_ended, run);
	if (milliseconds)
		run->timer = loop_after(run->loop, milliseconds, run_late, run);
	while (done && !run->ended)
		done = loop_step(run->loop, err);
	loop_unwatch(run->watch);
	loop_stop(run->timer);
	run_rest(run->streams[1]);
	run_rest(run->streams[2]);
	if (done)
		done = process_collect(&run->process, out, err);
	if (done && run->late)
		done = err_limit(err, ERR_LIMIT_TIME, "not done after %llu ms",
			(unsigned long long)milliseconds);
	return done;
}

bool
process_run(const struct process_spec *spec, struct bytes input, struct buf *output,
	struct buf *errors, uint64_t milliseconds, struct process_end *out, struct err *err)
{
	struct buf *const outs[3] = {NULL, output, errors};
	struct process_fd fds[PROCESS_FDS + 3];
	int ours[3] = {-1, -1, -1};
	size_t count = 0;
	struct run run = {.process = PROCESS_NONE};
	struct process_spec started = *spec;

	bool done = run_pipes(spec, outs, fds, &count, ours, err);
	started.fds = fds;
	started.fd_count = count;
	done = done && process_start(&started, &run.process, err);
	for (size_t at = spec->fd_count; at < count; at++)
		fd_close(fds[at].ours);
	if (!done) {
		for (int at = 0; at < 3; at++)
			fd_close(ours[at]);
		return false;
	}

	struct process_end end = {0};
	run.loop = loop_new();
	run.streams[0] = process_feed(run.loop, ours[0], input);
	for (int at = 1; at < 3; at++)
		if (outs[at])
			run.streams[at] = process_drain(run.loop, ours[at], outs[at]);
	done = run_loop(&run, milliseconds, &end, err) || err_note(err, "%s", spec->program);
	for (int at = 0; at < 3; at++) {
		struct err stream_err = {0};
		if (!process_stream_finish(run.streams[at], &stream_err) && done) {
			*err = stream_err;
			done = err_note(err, "%s", spec->program);
		}
	}
	process_release(&run.process);
	loop_free(run.loop);
	if (done)
		*out = end;
	return done;
}
