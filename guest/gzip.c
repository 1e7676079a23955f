/* SPDX-License-Identifier: MPL-2.0 */
#include "gzip.h"

enum state {
	HEAD,
	BODY,
	TAIL,
};

enum { HEAD_SIZE = 10, TAIL_SIZE = 8, SUM_SIZE = 4 };

enum flag {
	FLAG_HEAD_SUM = 2,
	FLAG_EXTRA = 4,
	FLAG_NAME = 8,
	FLAG_COMMENT = 16,
	FLAG_UNKNOWN = 0xe0,
};

/* What a text ends before, which begins at `start`: past the end of what has come where it goes on. */
static size_t
text_end(struct span head, size_t start)
{
	return start + span_find(span_from(head, start), 0) + 1;
}

/* Of its fixed bytes, six say nothing of use; nor does what may follow them. */
static enum stream_status
head_read(struct gzip *gzip)
{
	struct span head = gzip->stream.rest;
	size_t size = HEAD_SIZE;
	if (head.size < size)
		return STREAM_INPUT;
	uint32_t start = load_32(head.data);
	uint32_t flags = start >> 24;
	if ((start & 0xffffff) != 0x088b1f || flags & FLAG_UNKNOWN)
		return STREAM_BAD;
	if (flags & FLAG_EXTRA)
		size += sizeof(uint16_t) + load_16(head.data + size);
	if (flags & FLAG_NAME)
		size = text_end(head, size);
	if (flags & FLAG_COMMENT)
		size = text_end(head, size);
	if (flags & FLAG_HEAD_SUM)
		size += sizeof(uint16_t);
	if (!stream_take(&gzip->stream, size))
		return head.size < STREAM_HELD ? STREAM_INPUT : STREAM_BAD;
	gzip->stream.hash = CAB_HASH_CRC32;
	gzip->stream.is_between = false;
	gzip->size = 0;
	gzip->window = (struct inflate_window){gzip->room, 0, GZIP_WINDOW};
	inflate_start(&gzip->inflate);
	gzip->state = BODY;
	return STREAM_ON;
}

static enum stream_status
body_step(struct gzip *gzip)
{
	struct inflate_window *window = &gzip->window;
	if (window->used > GZIP_WINDOW - GZIP_WINDOW / 4)
		inflate_slide(window);
	size_t before = window->used;
	enum inflate_status status = inflate_step(&gzip->inflate, &gzip->stream.rest, window);
	size_t made = window->used - before;
	gzip->stream.output = span_of(window->data + before, made);
	gzip->size += (uint32_t)made;
	if (status == INFLATE_BAD)
		return STREAM_BAD;
	if (status == INFLATE_DONE)
		gzip->state = TAIL;
	return made || status != INFLATE_INPUT ? STREAM_OUTPUT : STREAM_INPUT;
}

static enum stream_status
tail_read(struct gzip *gzip)
{
	const uint8_t *tail = stream_take(&gzip->stream, TAIL_SIZE);
	if (!tail)
		return STREAM_INPUT;
	if (load_32(tail + SUM_SIZE) != gzip->size)
		return STREAM_BAD;
	gzip->stream.sum = span_of(tail, SUM_SIZE);
	gzip->stream.is_between = true;
	gzip->state = HEAD;
	return STREAM_SUM;
}

enum stream_status
gzip_step(struct gzip *gzip)
{
	switch ((enum state)gzip->state) {
	case HEAD:
		return head_read(gzip);
	case BODY:
		return body_step(gzip);
	case TAIL:
		break;
	}
	return tail_read(gzip);
}
