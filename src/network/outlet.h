/* SPDX-License-Identifier: MPL-2.0 */
/*
 * outlet: the write end of a body's pipe, which never blocks: what the pipe does not take is kept
 * and written when there is room.
 *
 *     struct outlet outlet;
 *     outlet_open(&outlet, loop, fd);                     borrows fd, makes it non-blocking
 *     if (!outlet_add(&outlet, data, err)) ...            ERR_CANCELLED: nobody reads any more
 *     outlet_left(&outlet)                                bytes kept: the sender slows down
 *     outlet_close(&outlet);
 *
 * libcurl 7.88 copies all that it holds for a paused HTTP/2 stream, up to 32 MiB, each time it is
 * told that a part of it was not taken. So a body is always taken whole, kept here, and the
 * transfer is paused between libcurl's calls. At most OUTLET_LIMIT bytes are kept: a stream's window
 * and what had been received before the pause.
 */
#pragma once

#include "base/buf.h"
#include "base/loop.h"

enum { OUTLET_LIMIT = 96 << 20 };

struct outlet {
	int fd;
	struct loop *loop;
	struct loop_watch *watch;
	struct buf rest;
	size_t start;     /* in `rest`: what stands before it is written */
	uint64_t written; /* into the pipe */
	bool is_broken;   /* the reader is gone */
};

MUST_CHECK bool outlet_open(struct outlet *outlet, struct loop *loop, int fd, struct err *err);
MUST_CHECK bool outlet_add(struct outlet *outlet, struct bytes data, struct err *err);
size_t outlet_left(const struct outlet *outlet);
void outlet_close(struct outlet *outlet);
