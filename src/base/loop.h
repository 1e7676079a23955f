/* SPDX-License-Identifier: MPL-2.0 */
/*
 * loop: the one poll loop of a program: descriptors and timers. A child is watched by its pidfd,
 * signals by a signalfd.
 *
 *     struct loop *loop = loop_new();
 *     struct loop_watch *watch = loop_watch(loop, fd, POLLIN, on_ready, self);
 *     struct loop_timer *timer = loop_after(loop, 1000, on_late, self);      milliseconds,
 * CLOCK_MONOTONIC while (!self->done) if (!loop_step(loop, err)) return false; loop_unwatch(watch);
 * loop_stop(timer); loop_free(loop);
 *
 * A watch does not own its descriptor. A timer fires once and then is gone: its pointer is dead
 * when its function is called. Inside a callback anything may be watched, unwatched, started or
 * stopped, the caller's own watch included; functions of watches removed in this step are not
 * called any more.
 */
#pragma once

#include <poll.h>
#include <stdint.h>

#include "base/err.h"

struct loop;
struct loop_watch;
struct loop_timer;

typedef void loop_ready(void *context, short events);
typedef void loop_late(void *context);

struct loop *loop_new(void);
/* All watches and timers must be gone. */
void loop_free(struct loop *loop);

struct loop_watch *loop_watch(
	struct loop *loop, int fd, short events, loop_ready *ready, void *context);
/* Which events are waited for; 0 pauses the watch wholly (hang-ups are not reported either). */
void loop_change(struct loop_watch *watch, short events);
void loop_unwatch(struct loop_watch *watch);

struct loop_timer *loop_after(
	struct loop *loop, uint64_t milliseconds, loop_late *late, void *context);
void loop_stop(struct loop_timer *timer);

/* Waits for something and calls its functions. With nothing to wait for it fails: it would hang. */
MUST_CHECK bool loop_step(struct loop *loop, struct err *err);
/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t loop_now(void);
