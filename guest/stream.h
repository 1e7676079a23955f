/* SPDX-License-Identifier: MPL-2.0 */
/*
 * stream: what the decoders of compressed files (xz, zstd, bzip2) have in common.
 *
 *     NAME_start(&decoder);
 *     for (;;) switch (NAME_step(&decoder, &input)) {
 *     case STREAM_INPUT:   `input` was taken whole
 *     case STREAM_OUTPUT:  stream.output is the next bytes, borrowed until the next step
 *     case STREAM_WINDOW:  stream.wanted bytes of memory are needed: stream_give()
 *     case STREAM_SUM:     of xz alone: see there
 *     case STREAM_BAD:     stream.sentence says why; nothing may follow
 *     }
 *     if (!stream.is_whole) ...                the file was cut off
 *
 * `is_whole` is true exactly where the file may end. The window belongs to the caller, who gives
 * the former one back when another is wanted; it is wanted at most once a frame, block or member,
 * whose head says the size, and is never more than STREAM_MEMORY bytes. It is used from its start,
 * so that what is never reached is never touched. What is written before it is checked has left as
 * output already: who takes it must not use it before the file is whole.
 */
#pragma once

#include "port.h"

enum {
	STREAM_REACH = 128 << 20, /* how far back a file may copy from; more is refused */
	STREAM_MARGIN = 64,       /* bytes behind the window's end that copies may overrun */
	STREAM_MEMORY = STREAM_REACH + STREAM_REACH / 2 + STREAM_MARGIN,
};

enum stream_status {
	STREAM_INPUT,
	STREAM_OUTPUT,
	STREAM_WINDOW,
	STREAM_SUM,
	STREAM_BAD,
};

struct stream {
	struct span output;
	uint8_t *window;
	size_t capacity; /* of the window */
	size_t wanted;
	bool is_whole;
	const char *sentence;
};

static inline void
stream_give(struct stream *stream, void *window, size_t size)
{
	stream->window = (uint8_t *)window;
	stream->capacity = size;
}

static inline enum stream_status
stream_bad(struct stream *stream, const char *sentence)
{
	stream->sentence = sentence;
	return STREAM_BAD;
}

/* The window that serves so much reach: half as much again, so that what slides is moved twice. */
static inline size_t
stream_window_size(size_t reach, size_t least)
{
	return reach + (reach / 2 > least ? reach / 2 : least) + STREAM_MARGIN;
}
