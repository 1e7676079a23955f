/* SPDX-License-Identifier: MPL-2.0 */
#include "base/loop.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "base/array.h"

struct loop_watch {
	struct loop *loop;
	int fd;
	short events;
	loop_ready *ready;
	void *context;
	bool gone;
};

struct loop_timer {
	struct loop *loop;
	uint64_t due;
	loop_late *late;
	void *context;
};

struct loop {
	ARRAY(struct loop_watch *) watches;
	ARRAY(struct loop_timer *) timers;
	ARRAY(struct pollfd) polled;
	ARRAY(struct loop_watch *) polled_watches;
	bool stepping;
};

uint64_t
loop_now(void)
{
	struct timespec now;
	must(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "the monotonic clock is always there");
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct loop *
loop_new(void)
{
	return (struct loop *)memory_zero(1, sizeof(struct loop));
}

/* Frees the watches that were removed while their functions might still have been called. */
static void
loop_sweep(struct loop *loop)
{
	size_t kept = 0;
	for (size_t at = 0; at < loop->watches.size; at++) {
		if (loop->watches.data[at]->gone)
			free(loop->watches.data[at]);
		else
			loop->watches.data[kept++] = loop->watches.data[at];
	}
	loop->watches.size = kept;
}

void
loop_free(struct loop *loop)
{
	if (!loop)
		return;
	loop_sweep(loop);
	must(loop->watches.size == 0 && loop->timers.size == 0, "a loop is empty when it is freed");
	array_release(&loop->watches);
	array_release(&loop->timers);
	array_release(&loop->polled);
	array_release(&loop->polled_watches);
	free(loop);
}

struct loop_watch *
loop_watch(struct loop *loop, int fd, short events, loop_ready *ready, void *context)
{
	must(fd >= 0, "only an open descriptor is watched");
	struct loop_watch *watch = (struct loop_watch *)memory_zero(1, sizeof *watch);
	*watch = (struct loop_watch){loop, fd, events, ready, context, false};
	*array_push(&loop->watches) = watch;
	return watch;
}

void
loop_change(struct loop_watch *watch, short events)
{
	watch->events = events;
}

void
loop_unwatch(struct loop_watch *watch)
{
	if (!watch)
		return;
	watch->gone = true;
	if (!watch->loop->stepping)
		loop_sweep(watch->loop);
}

struct loop_timer *
loop_after(struct loop *loop, uint64_t milliseconds, loop_late *late, void *context)
{
	struct loop_timer *timer = (struct loop_timer *)memory_zero(1, sizeof *timer);
	uint64_t now = loop_now();
	uint64_t due = milliseconds < UINT64_MAX - now ? now + milliseconds : UINT64_MAX;
	*timer = (struct loop_timer){loop, due, late, context};
	*array_push(&loop->timers) = timer;
	return timer;
}

/* Out of the loop, and gone. */
static void
loop_drop(struct loop *loop, size_t at)
{
	struct loop_timer *timer = loop->timers.data[at];
	loop->timers.data[at] = loop->timers.data[--loop->timers.size];
	free(timer);
}

void
loop_stop(struct loop_timer *timer)
{
	if (!timer)
		return;
	struct loop *loop = timer->loop;
	for (size_t at = 0; at < loop->timers.size; at++)
		if (loop->timers.data[at] == timer) {
			loop_drop(loop, at);
			return;
		}
	must(false, "a timer is stopped at most once, and not after it fired");
}

/* The timer that is due first; SIZE_MAX where there is none. */
static size_t
loop_next(const struct loop *loop)
{
	size_t next = SIZE_MAX;
	for (size_t at = 0; at < loop->timers.size; at++)
		if (next == SIZE_MAX || loop->timers.data[at]->due < loop->timers.data[next]->due)
			next = at;
	return next;
}

static int
loop_timeout(const struct loop *loop)
{
	size_t next = loop_next(loop);
	if (next == SIZE_MAX)
		return -1;
	uint64_t now = loop_now();
	uint64_t due = loop->timers.data[next]->due;
	if (due <= now)
		return 0;
	return due - now > 3600000 ? 3600000 : (int)(due - now);
}

static void
loop_fire(struct loop *loop)
{
	uint64_t now = loop_now();
	size_t next;
	while ((next = loop_next(loop)) != SIZE_MAX && loop->timers.data[next]->due <= now) {
		loop_late *late = loop->timers.data[next]->late;
		void *context = loop->timers.data[next]->context;
		loop_drop(loop, next);
		late(context);
	}
}

static void
loop_collect(struct loop *loop)
{
	loop->polled.size = 0;
	loop->polled_watches.size = 0;
	for (size_t at = 0; at < loop->watches.size; at++) {
		struct loop_watch *watch = loop->watches.data[at];
		if (!watch->events || watch->gone)
			continue;
		*array_push(&loop->polled) =
			(struct pollfd){.fd = watch->fd, .events = watch->events};
		*array_push(&loop->polled_watches) = watch;
	}
}

bool
loop_step(struct loop *loop, struct err *err)
{
	must(!loop->stepping, "a loop is not stepped from its own callbacks");
	loop_collect(loop);
	if (!loop->polled.size && !loop->timers.size)
		return err_set(err, ERR_SYSTEM, "nothing is left to wait for");
	int count = poll(loop->polled.data, loop->polled.size, loop_timeout(loop));
	if (count < 0 && errno != EINTR)
		return err_system(err, errno, "poll");

	loop->stepping = true;
	loop_fire(loop);
	for (size_t at = 0; count > 0 && at < loop->polled.size; at++) {
		struct loop_watch *watch = loop->polled_watches.data[at];
		short events = loop->polled.data[at].revents;
		if (events && !watch->gone && watch->events)
			watch->ready(watch->context, events);
	}
	loop->stepping = false;
	loop_sweep(loop);
	return true;
}
