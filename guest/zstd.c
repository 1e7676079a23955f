/* SPDX-License-Identifier: MPL-2.0 */
#include "zstd.h"

enum state {
	MAGIC,
	SKIP_SIZE,
	SKIP,
	FRAME_HEAD,
	FRAME_WINDOW,
	BLOCK_HEAD,
	BLOCK_BYTES, /* stored as they are, or packed */
	BLOCK_REPEAT,
	BLOCK_PACKED,
	FRAME_SUM,
};

enum { BLOCK_STORED, BLOCK_RUN, BLOCK_COMPRESSED };

enum { MAGIC_FRAME = 0xfd2fb528, MAGIC_SKIP = 0x184d2a50 };

/* What the parts return beside a status: the next part follows at once. */
enum { GO_ON = -1 };

static void
state_set(struct zstd *zstd, enum state state)
{
	zstd->state = (uint8_t)state;
	zstd->held_size = 0;
}

void
zstd_start(struct zstd *zstd)
{
	zstd->stream = (struct stream){0};
	state_set(zstd, MAGIC);
}

/* Collects `size` bytes; false where there are not enough yet. */
static bool
collect(struct zstd *zstd, struct span *input, size_t size)
{
	return span_collect(input, zstd->held, &zstd->held_size, size);
}

static uint64_t
number(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;
	while (size)
		value = value << 8 | bytes[--size];
	return value;
}

static int
magic_step(struct zstd *zstd, struct span *input)
{
	zstd->stream.is_whole &= input->size == 0 && zstd->held_size == 0;
	if (!collect(zstd, input, 4))
		return STREAM_INPUT;
	uint32_t magic = (uint32_t)number(zstd->held, 4);
	if (magic == MAGIC_FRAME)
		state_set(zstd, FRAME_HEAD);
	else if ((magic & ~15U) == MAGIC_SKIP)
		state_set(zstd, SKIP_SIZE);
	else
		return stream_bad(&zstd->stream, "what follows a frame is none");
	return GO_ON;
}

/* Descriptor, window, dictionary, content size: RFC 8878, section 3.1.1.1. */
static int
head_step(struct zstd *zstd, struct span *input)
{
	static const uint8_t dictionary_sizes[4] = {0, 1, 2, 4};
	if (zstd->held_size == 0 && !collect(zstd, input, 1))
		return STREAM_INPUT;
	uint8_t descriptor = zstd->held[0];
	bool is_single = descriptor >> 5 & 1;
	size_t dictionary_size = dictionary_sizes[descriptor & 3];
	size_t content_size = descriptor >> 6 ? (size_t)1 << (descriptor >> 6) : is_single;
	size_t size = 1 + !is_single + dictionary_size + content_size;
	if (descriptor & 8)
		return stream_bad(&zstd->stream, "a frame's head has a bit that does not exist");
	if (!collect(zstd, input, size))
		return STREAM_INPUT;
	const uint8_t *field = zstd->held + 1 + !is_single;
	if (number(field, dictionary_size))
		return stream_bad(
			&zstd->stream, "a frame needs a dictionary, which an archive has not");
	zstd->has_sum = descriptor >> 2 & 1;
	zstd->has_size = content_size > 0;
	zstd->content =
		number(field + dictionary_size, content_size) + (content_size == 2 ? 256 : 0);
	uint64_t reach = zstd->content;
	if (!is_single) {
		reach = (uint64_t)1 << (10 + (zstd->held[1] >> 3));
		reach += reach / 8 * (zstd->held[1] & 7);
	}
	if (reach > STREAM_REACH)
		return stream_bad(&zstd->stream, "a frame needs a window of more than 128 MiB");

	zstd->block.reach = (size_t)reach;
	zstd->block_max = size_min((size_t)reach, ZSTD_BLOCK_MAX);
	zstd->stream.wanted = stream_window_size((size_t)reach, ZSTD_BLOCK_MAX);
	/* Less where the whole content is less. */
	if (zstd->has_size && zstd->content < zstd->stream.wanted - STREAM_MARGIN)
		zstd->stream.wanted = (size_t)zstd->content + STREAM_MARGIN;
	zstd_block_reset(&zstd->block);
	xxh64_start(&zstd->sum);
	state_set(zstd, FRAME_WINDOW);
	return GO_ON;
}

static int
block_head_step(struct zstd *zstd, struct span *input)
{
	if (!collect(zstd, input, 3))
		return STREAM_INPUT;
	uint32_t head = (uint32_t)number(zstd->held, 3);
	zstd->is_last = head & 1;
	zstd->block_type = head >> 1 & 3;
	zstd->left = head >> 3;
	if (zstd->left > zstd->block_max)
		return stream_bad(&zstd->stream, "a block is larger than its frame allows");
	if (zstd->block_type == BLOCK_STORED)
		state_set(zstd, BLOCK_BYTES);
	else if (zstd->block_type == BLOCK_RUN)
		state_set(zstd, BLOCK_REPEAT);
	else if (zstd->block_type == BLOCK_COMPRESSED)
		state_set(zstd, BLOCK_PACKED);
	else
		return stream_bad(&zstd->stream, "a block of a kind that does not exist");
	return GO_ON;
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

static int
block_end(struct zstd *zstd, size_t before)
{
	struct span made = span_of(zstd->block.window + before, zstd->block.used - before);
	if (zstd->has_size)
		zstd->content -= made.size;
	if (zstd->has_sum)
		xxh64_add(&zstd->sum, made);
	state_set(zstd, zstd->is_last ? FRAME_SUM : BLOCK_HEAD);
	if (made.size == 0)
		return GO_ON;
	zstd->stream.output = made;
	return STREAM_OUTPUT;
}

/* A block is made at once, when its bytes are there. */
static int
block_step(struct zstd *zstd, struct span *input)
{
	struct zstd_block *block = &zstd->block;
	size_t size = zstd->state == BLOCK_REPEAT ? 1 : zstd->left;
	if (!collect(zstd, input, size))
		return STREAM_INPUT;
	size_t limit = room_make(zstd);
	size_t before = block->used;
	if (zstd->state == BLOCK_PACKED) {
		memset(zstd->held + size, 0, ENTROPY_MARGIN);
		if (!zstd_block_decode(block, span_of(zstd->held, size), limit))
			return stream_bad(&zstd->stream, "the file is damaged");
		return block_end(zstd, before);
	}
	if (zstd->left > limit)
		return stream_bad(&zstd->stream, "a frame has more content than it said");
	if (zstd->state == BLOCK_BYTES)
		memcpy(block->window + before, zstd->held, size);
	else
		memset(block->window + before, zstd->held[0], zstd->left);
	block->used += zstd->left;
	return block_end(zstd, before);
}

static int
sum_step(struct zstd *zstd, struct span *input)
{
	if (zstd->has_size && zstd->content)
		return stream_bad(&zstd->stream, "a frame has less content than it said");
	if (zstd->has_sum) {
		if (!collect(zstd, input, 4))
			return STREAM_INPUT;
		if (number(zstd->held, 4) != (uint32_t)xxh64_end(&zstd->sum))
			return stream_bad(&zstd->stream, "the checksum of a frame differs");
	}
	state_set(zstd, MAGIC);
	zstd->stream.is_whole = true;
	return GO_ON;
}

static int
skip_step(struct zstd *zstd, struct span *input)
{
	if (zstd->state == SKIP_SIZE) {
		if (!collect(zstd, input, 4))
			return STREAM_INPUT;
		zstd->left = (size_t)number(zstd->held, 4);
		state_set(zstd, SKIP);
	}
	size_t some = size_min(zstd->left, input->size);
	*input = span_after(*input, some);
	zstd->left -= some;
	if (zstd->left)
		return STREAM_INPUT;
	state_set(zstd, MAGIC);
	zstd->stream.is_whole = true;
	return GO_ON;
}

static int
zstd_part(struct zstd *zstd, struct span *input)
{
	switch ((enum state)zstd->state) {
	case MAGIC:
		return magic_step(zstd, input);
	case SKIP_SIZE:
	case SKIP:
		return skip_step(zstd, input);
	case FRAME_HEAD:
		return head_step(zstd, input);
	case FRAME_WINDOW:
		if (zstd->stream.capacity < zstd->stream.wanted)
			return STREAM_WINDOW;
		state_set(zstd, BLOCK_HEAD);
		return GO_ON;
	case BLOCK_HEAD:
		return block_head_step(zstd, input);
	case BLOCK_BYTES:
	case BLOCK_REPEAT:
	case BLOCK_PACKED:
		return block_step(zstd, input);
	case FRAME_SUM:
		return sum_step(zstd, input);
	}
	return GO_ON;
}

enum stream_status
zstd_step(struct zstd *zstd, struct span *input)
{
	int status = GO_ON;
	while (status == GO_ON)
		status = zstd_part(zstd, input);
	return (enum stream_status)status;
}
