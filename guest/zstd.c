/* SPDX-License-Identifier: MPL-2.0 */
#include "zstd.h"

enum state {
	FRAME,
	SKIP,
	BLOCK,
	FRAME_SUM,
};

enum { BLOCK_STORED, BLOCK_RUN, BLOCK_COMPRESSED };

enum { MAGIC_FRAME = 0xfd2fb528, MAGIC_SKIP = 0x184d2a50 };

static enum stream_status
zstd_bad(struct zstd *zstd, const char *sentence)
{
	return stream_bad(&zstd->stream, sentence);
}

static uint64_t
number(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;
	while (size)
		value = value << 8 | bytes[--size];
	return value;
}

/* Descriptor, window, dictionary, content size: RFC 8878, section 3.1.1.1. */
static enum stream_status
head_read(struct zstd *zstd, uint8_t descriptor)
{
	struct stream *stream = &zstd->stream;
	unsigned is_single = descriptor >> 5 & 1;
	size_t dictionary_size = (1U << (descriptor & 3)) >> 1;
	size_t content_size = descriptor >> 6 ? (size_t)1 << (descriptor >> 6) : is_single;
	if (descriptor & 8)
		return STREAM_BAD;
	const uint8_t *head = stream_take(stream, 6 - is_single + dictionary_size + content_size);
	if (!head)
		return STREAM_INPUT;
	const uint8_t *field = head + 6 - is_single;
	if (number(field, dictionary_size))
		return zstd_bad(zstd, "a frame needs a dictionary, which an archive has not");
	stream->hash = descriptor & 4 ? CAB_HASH_XXH64 : -1;
	stream->is_between = false;
	zstd->has_size = content_size > 0;
	zstd->content =
		number(field + dictionary_size, content_size) + (content_size == 2 ? 256 : 0);
	uint64_t reach = zstd->content;
	if (!is_single) {
		reach = (uint64_t)1 << (10 + (head[5] >> 3));
		reach += reach / 8 * (head[5] & 7);
	}
	if (reach > STREAM_REACH)
		return zstd_bad(zstd, "a frame needs a window of more than 128 MiB");

	zstd->block.reach = (size_t)reach;
	zstd->block_max = size_min((size_t)reach, ZSTD_BLOCK_MAX);
	stream->wanted = stream_window_size((size_t)reach, ZSTD_BLOCK_MAX);
	/* Less where the whole content is less. */
	if (zstd->has_size && zstd->content < stream->wanted - STREAM_MARGIN)
		stream->wanted = (size_t)zstd->content + STREAM_MARGIN;
	zstd_block_reset(&zstd->block);
	zstd->state = BLOCK;
	return stream->capacity < stream->wanted ? STREAM_WINDOW : STREAM_ON;
}

/* The least frame, of either sort, has eight bytes. */
static enum stream_status
frame_begin(struct zstd *zstd)
{
	struct stream *stream = &zstd->stream;
	const uint8_t *head = stream->rest.data;
	if (stream->rest.size < 8)
		return STREAM_INPUT;
	uint32_t magic = load_32(head);
	if (magic == MAGIC_FRAME)
		return head_read(zstd, head[4]);
	if ((magic & ~15U) != MAGIC_SKIP)
		return zstd_bad(zstd, "what follows a frame is none");
	(void)stream_take(stream, 8);
	zstd->skipped = load_32(head + 4);
	zstd->state = SKIP;
	return STREAM_ON;
}

static enum stream_status
frame_end(struct zstd *zstd)
{
	zstd->stream.is_between = true;
	zstd->state = FRAME;
	return STREAM_ON;
}

/* How much a block may make; first room for it, where what has left already may slide away. */
static size_t
room_make(struct zstd *zstd)
{
	struct zstd_block *block = &zstd->block;
	size_t limit = zstd->block_max;
	if (zstd->has_size && zstd->content < limit)
		limit = (size_t)zstd->content;
	block->window = zstd->stream.window;
	if (zstd->stream.capacity - STREAM_MARGIN - block->used < limit) {
		memmove(block->window, block->window + block->used - block->reach, block->reach);
		block->used = block->reach;
	}
	return limit;
}

/* A block is made at once, when its bytes are there. */
static enum stream_status
block_step(struct zstd *zstd)
{
	struct zstd_block *block = &zstd->block;
	struct stream *stream = &zstd->stream;
	if (stream->rest.size < 3)
		return STREAM_INPUT;
	uint32_t head = (uint32_t)number(stream->rest.data, 3);
	unsigned type = head >> 1 & 3;
	size_t size = head >> 3;
	if (size > zstd->block_max || type > BLOCK_COMPRESSED)
		return STREAM_BAD;
	const uint8_t *bytes = stream_take(stream, 3 + (type == BLOCK_RUN ? 1 : size));
	if (!bytes)
		return STREAM_INPUT;
	bytes += 3;
	size_t limit = room_make(zstd);
	uint8_t *made = block->window + block->used;
	if (type == BLOCK_COMPRESSED) {
		if (!zstd_block_decode(block, span_of(bytes, size), limit))
			return STREAM_BAD;
		size = (size_t)(block->window + block->used - made);
	} else {
		if (size > limit)
			return zstd_bad(zstd, "a frame has more content than it said");
		if (type == BLOCK_STORED)
			memcpy(made, bytes, size);
		else
			memset(made, bytes[0], size);
		block->used += size;
	}
	if (zstd->has_size)
		zstd->content -= size;
	if (head & 1)
		zstd->state = FRAME_SUM;
	stream->output = span_of(made, size);
	return size ? STREAM_OUTPUT : STREAM_ON;
}

static enum stream_status
sum_step(struct zstd *zstd)
{
	struct stream *stream = &zstd->stream;
	if (zstd->has_size && zstd->content)
		return zstd_bad(zstd, "a frame has less content than it said");
	if (stream->hash < 0)
		return frame_end(zstd);
	const uint8_t *sum = stream_take(stream, 4);
	if (!sum)
		return STREAM_INPUT;
	stream->sum = span_of(sum, 4);
	(void)frame_end(zstd);
	return STREAM_SUM;
}

static enum stream_status
skip_step(struct zstd *zstd)
{
	return span_skip(&zstd->stream.rest, &zstd->skipped) ? frame_end(zstd) : STREAM_INPUT;
}

enum stream_status
zstd_step(struct zstd *zstd)
{
	switch ((enum state)zstd->state) {
	case FRAME:
		return frame_begin(zstd);
	case SKIP:
		return skip_step(zstd);
	case BLOCK:
		return block_step(zstd);
	case FRAME_SUM:
		return sum_step(zstd);
	}
	return STREAM_ON;
}
