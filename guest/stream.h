/* SPDX-License-Identifier: MPL-2.0 */
/*
 * stream: what the decoders of compressed files (gzip, xz, zstd, bzip2) have in common.
 *
 *     stream_start(&decoder.stream, held);     of a decoder that is all zeros
 *     for (;;) switch (NAME_step(&decoder)) {
 *     case STREAM_ON:      the next step follows
 *     case STREAM_INPUT:   more of the file is needed: stream_more(), and where that has none, later
 *     case STREAM_OUTPUT:  stream.output is the next bytes, if any, borrowed until the next step
 *     case STREAM_WINDOW:  stream.wanted bytes of memory are needed: stream_give()
 *     case STREAM_SUM:     the output since the last one, or the start, has the hash stream.hash (of
 *                          CAB_HASH_*, known before the first of that output; none below 0), which must
 *                          begin with the bytes stream.sum: the caller's affair
 *     case STREAM_BAD:     stream.sentence says why; nothing may follow
 *     }
 *     if (!stream.is_whole) ...                the file was cut off
 *
 * `is_whole` is true exactly where the file may end. The window belongs to the caller, who gives
 * the former one back when another is wanted; it is wanted at most once a frame, block or member,
 * whose head says the size, and is never more than STREAM_MEMORY bytes. It is used from its start,
 * so that what is never reached is never touched. What is written before it is checked has left as
 * output already: who takes it must not use it before the file is whole.
 *
 * Inside a decoder, input is read in units (a head, a block, a chunk) of at most STREAM_HELD bytes, which
 * lie in `held` whole or are waited for: stream.rest is what has come, from where it was not taken. It stays
 * where it is until the decoder asks for more, and STREAM_MARGIN bytes behind it are readable.
 */
#pragma once

#include "port.h"

enum {
	STREAM_REACH = 128 << 20, /* how far back a file may copy from; more is refused */
	STREAM_MARGIN = 64,       /* bytes behind the window's end that copies may overrun */
	STREAM_MEMORY = STREAM_REACH + STREAM_REACH / 2 + STREAM_MARGIN,
	STREAM_HELD = 132 << 10,
	STREAM_ROOM = STREAM_HELD + STREAM_MARGIN, /* what is held lies in so many bytes */
};

enum stream_status {
	STREAM_ON,
	STREAM_INPUT,
	STREAM_OUTPUT,
	STREAM_WINDOW,
	STREAM_SUM,
	STREAM_BAD,
};

struct stream {
	struct span rest;
	struct span output;
	uint8_t *window;
	size_t capacity; /* of the window */
	size_t wanted;
	const char *sentence; /* that the file is damaged, unless a decoder says more */
	struct span sum;
	int32_t hash;
	bool is_between; /* two members, frames or streams of the file, if nothing is left */
	bool is_whole;
	uint8_t *held; /* of STREAM_ROOM bytes */
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

void stream_start(struct stream *stream, uint8_t *held);
/* More of the file behind what has come; false where there is none. */
bool stream_more(struct stream *stream, struct span *input);

/* For decoders: the next bytes, which are taken, or NULL where they are not there yet. */
const uint8_t *stream_take(struct stream *stream, size_t size);
