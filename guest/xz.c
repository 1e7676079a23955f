/* SPDX-License-Identifier: MPL-2.0 */
#include "xz.h"

enum state {
	STREAM_HEAD,
	BLOCK_HEAD,
	BLOCK_WINDOW,
	CHUNK_CONTROL,
	CHUNK_HEAD,
	CHUNK_STORED,
	CHUNK_BYTES,
	CHUNK_PACKED,
	BLOCK_PADDING,
	BLOCK_SUM,
	INDEX_COUNT,
	INDEX_UNPADDED,
	INDEX_SIZE,
	INDEX_PADDING,
	INDEX_SUM,
	STREAM_FOOT,
	PADDING,
};

enum { FILTER_LZMA2 = 0x21, HEAD_SIZE = 12, NUMBER_BYTES = 9 };
enum { CONTROL_END = 0, CONTROL_STORED_RESET = 1, CONTROL_STORED = 2, CONTROL_PACKED = 0x80 };

/* What the parts return beside a status: the next part follows at once. */
enum { GO_ON = -1 };

static void
state_set(struct xz *xz, enum state state)
{
	xz->state = (uint8_t)state;
	xz->held_size = 0;
}

COLD void
xz_start(struct xz *xz)
{
	xz->stream = (struct stream){0};
	crc_build(&xz->crc32, CRC_32);
	crc_build(&xz->crc64, CRC_64);
	state_set(xz, STREAM_HEAD);
}

static int
xz_bad(struct xz *xz, const char *sentence)
{
	return (int)stream_bad(&xz->stream, sentence);
}

static int
damaged(struct xz *xz)
{
	return xz_bad(xz, "the file is damaged");
}

/* Collects `size` bytes; false where there are not enough yet. */
static bool
collect(struct xz *xz, struct span *input, size_t size)
{
	return span_collect(input, xz->held, &xz->held_size, size);
}

static uint64_t
load(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;
	while (size)
		value = value << 8 | bytes[--size];
	return value;
}

/* Whether the four bytes at `at` are the CRC32 of the bytes from `from` to `to`. */
static bool
is_sum_right(const struct xz *xz, size_t at, size_t from, size_t to)
{
	return load(xz->held + at, 4) ==
	       crc_add(&xz->crc32, 0, span_of(xz->held + from, to - from));
}

/* A number in 7 bits a byte, the lowest first; false where it is none. */
static bool
number_take(struct span *bytes, uint64_t *number_out)
{
	uint64_t number = 0;
	for (size_t at = 0; at < NUMBER_BYTES && at < bytes->size; at++) {
		uint8_t byte = bytes->data[at];
		number |= (uint64_t)(byte & 0x7f) << 7 * at;
		if (byte & 0x80)
			continue;
		*bytes = span_after(*bytes, at + 1);
		*number_out = number;
		return byte || at == 0;
	}
	return false;
}

static int
stream_head(struct xz *xz, struct span *input)
{
	if (!collect(xz, input, HEAD_SIZE))
		return STREAM_INPUT;
	if (memcmp(xz->held,
		    "\xfd"
		    "7zXZ",
		    6) != 0)
		return xz_bad(xz, "what follows a stream is none");
	xz->check = xz->held[7];
	if (!is_sum_right(xz, 8, 6, 8) || xz->held[6] != 0)
		return damaged(xz);
	if (xz->check != XZ_NONE && xz->check != XZ_CRC32 && xz->check != XZ_CRC64 &&
		xz->check != XZ_SHA256)
		return xz_bad(xz, "a check that is neither CRC32, CRC64 nor SHA-256");
	xz->blocks = 0;
	xz->blocks_sum = 0;
	state_set(xz, BLOCK_HEAD);
	return GO_ON;
}

/* The filters: one, and its property is the size of the dictionary, "2 or 3 << N". */
static int
filters_read(struct xz *xz, struct span head, unsigned filters)
{
	uint64_t filter;
	uint64_t size;
	if (!number_take(&head, &filter) || !number_take(&head, &size))
		return damaged(xz);
	if (filters || filter != FILTER_LZMA2)
		return xz_bad(xz, "packed with a filter other than LZMA2 alone (BCJ or delta)");
	if (size != 1 || head.size == 0 || head.data[0] > 40)
		return damaged(xz);
	unsigned bits = head.data[0];
	uint64_t reach = (uint64_t)(2 | (bits & 1)) << (bits / 2 + 11);
	for (size_t at = 1; at < head.size; at++)
		if (head.data[at])
			return damaged(xz);
	if (reach > STREAM_REACH)
		return xz_bad(xz, "a block needs a dictionary of more than 128 MiB");
	xz->lzma.reach = (size_t)reach;
	xz->stream.wanted = stream_window_size((size_t)reach, 64 << 10);
	xz->needs_reset = true;
	xz->needs_properties = true;
	xz->sum = 0;
	state_set(xz, BLOCK_WINDOW);
	return GO_ON;
}

static int
block_head(struct xz *xz, struct span *input)
{
	if (xz->held_size == 0 && !collect(xz, input, 1))
		return STREAM_INPUT;
	if (xz->held[0] == 0) {
		xz->index_size = 1;
		xz->index_sum = crc_add(&xz->crc32, 0, span_of(xz->held, 1));
		xz->number = 0;
		xz->number_bits = 0;
		state_set(xz, INDEX_COUNT);
		return GO_ON;
	}
	size_t size = 4 * (size_t)xz->held[0] + 4;
	if (!collect(xz, input, size))
		return STREAM_INPUT;
	unsigned flags = xz->held[1];
	if (!is_sum_right(xz, size - 4, 0, size - 4) || (flags & 0x3c))
		return damaged(xz);
	struct span head = span_of(xz->held + 2, size - 6);
	xz->has_sizes[0] = flags & 0x40;
	xz->has_sizes[1] = flags & 0x80;
	if ((xz->has_sizes[0] && !number_take(&head, &xz->said.unpadded)) ||
		(xz->has_sizes[1] && !number_take(&head, &xz->said.size)))
		return damaged(xz);
	xz->here = (struct xz_record){0};
	xz->record.unpadded = size;
	return filters_read(xz, head, flags & 3);
}

/* What the next chunk is: stored or packed, and what of the decoder's state it begins anew. */
static int
chunk_control(struct xz *xz, struct span *input)
{
	if (!collect(xz, input, 1))
		return STREAM_INPUT;
	unsigned control = xz->held[0];
	xz->here.unpadded++;
	if (control == CONTROL_END) {
		state_set(xz, BLOCK_PADDING);
		return GO_ON;
	}
	if (control > CONTROL_STORED && control < CONTROL_PACKED)
		return damaged(xz);
	if (control == CONTROL_STORED_RESET || control >= 0xe0) {
		xz->needs_reset = false;
		xz->needs_properties = true;
		xz->lzma.used = 0;
		xz->lzma.position = 0;
	}
	if (xz->needs_reset ||
		(control >= CONTROL_PACKED && control < 0xc0 && xz->needs_properties))
		return damaged(xz);
	xz->control = (uint8_t)control;
	state_set(xz, CHUNK_HEAD);
	return GO_ON;
}

static int
chunk_head(struct xz *xz, struct span *input)
{
	unsigned control = xz->control;
	size_t size = control < CONTROL_PACKED ? 2 : control >= 0xc0 ? 5 : 4;
	if (!collect(xz, input, size))
		return STREAM_INPUT;
	const uint8_t *held = xz->held;
	xz->here.unpadded += size;
	xz->left = (size_t)held[0] << 8 | held[1];
	if (control < CONTROL_PACKED) {
		xz->left++;
		xz->here.unpadded += xz->left;
		state_set(xz, CHUNK_STORED);
		return GO_ON;
	}
	xz->left += ((size_t)(control & 0x1f) << 16) + 1;
	xz->chunk = ((size_t)held[2] << 8 | held[3]) + 1;
	xz->here.unpadded += xz->chunk;
	if (control >= 0xc0) {
		if (!lzma_set(&xz->lzma, held[4]))
			return damaged(xz);
		xz->needs_properties = false;
	}
	if (control >= 0xa0)
		lzma_reset(&xz->lzma);
	state_set(xz, CHUNK_BYTES);
	return GO_ON;
}

/* Room for some bytes more: what has left already slides away, but for the dictionary. */
static void
room_make(struct xz *xz)
{
	struct lzma *lzma = &xz->lzma;
	lzma->window = xz->stream.window;
	if (lzma->used + LZMA_MATCH + STREAM_MARGIN < xz->stream.capacity)
		return;
	size_t slid = lzma->used - lzma->reach;
	memmove(lzma->window, lzma->window + slid, lzma->reach);
	lzma->used = lzma->reach;
	lzma->position += (uint32_t)slid;
}

static int
output_end(struct xz *xz, size_t before)
{
	struct span made = span_of(xz->lzma.window + before, xz->lzma.used - before);
	xz->here.size += made.size;
	xz->left -= made.size;
	if (xz->check == XZ_CRC32)
		xz->sum = crc_add(&xz->crc32, xz->sum, made);
	else if (xz->check == XZ_CRC64)
		xz->sum = crc_add(&xz->crc64, xz->sum, made);
	if (xz->left == 0)
		state_set(xz, CHUNK_CONTROL);
	xz->stream.output = made;
	return STREAM_OUTPUT;
}

static int
chunk_stored(struct xz *xz, struct span *input)
{
	if (input->size == 0)
		return STREAM_INPUT;
	room_make(xz);
	size_t before = xz->lzma.used;
	size_t size = size_min(
		size_min(xz->left, input->size), xz->stream.capacity - STREAM_MARGIN - before);
	memcpy(xz->lzma.window + before, input->data, size);
	*input = span_after(*input, size);
	xz->lzma.used += size;
	return output_end(xz, before);
}

static int
chunk_packed(struct xz *xz)
{
	room_make(xz);
	struct lzma *lzma = &xz->lzma;
	size_t before = lzma->used;
	size_t soft = xz->stream.capacity - STREAM_MARGIN - LZMA_MATCH;
	if (!lzma_run(lzma, xz->left, soft) ||
		(lzma->used - before == xz->left && !lzma_is_ended(lzma)))
		return damaged(xz);
	return output_end(xz, before);
}

static int
chunk_bytes(struct xz *xz, struct span *input)
{
	if (!collect(xz, input, xz->chunk))
		return STREAM_INPUT;
	memset(xz->held + xz->chunk, 0, LZMA_MARGIN);
	if (!lzma_start(&xz->lzma, span_of(xz->held, xz->chunk)))
		return damaged(xz);
	state_set(xz, CHUNK_PACKED);
	return GO_ON;
}

static int
block_padding(struct xz *xz, struct span *input)
{
	if (!collect(xz, input, (size_t)(-xz->here.unpadded & 3)))
		return STREAM_INPUT;
	if (load(xz->held, xz->held_size))
		return damaged(xz);
	if ((xz->has_sizes[0] && xz->said.unpadded != xz->here.unpadded) ||
		(xz->has_sizes[1] && xz->said.size != xz->here.size))
		return damaged(xz);
	state_set(xz, BLOCK_SUM);
	return GO_ON;
}

/* A sum over records in their order; damage is found, and no more is asked of it. */
static uint64_t
record_mix(uint64_t sum, struct xz_record record)
{
	sum = (sum ^ record.unpadded) * 0x9e3779b97f4a7c15U;
	sum = (sum ^ sum >> 29 ^ record.size) * 0x9e3779b97f4a7c15U;
	return sum ^ sum >> 32;
}

static int
block_sum(struct xz *xz, struct span *input)
{
	size_t size = xz->check == XZ_SHA256 ? 32 : xz->check == XZ_CRC64 ? 8 : xz->check ? 4 : 0;
	if (!collect(xz, input, size))
		return STREAM_INPUT;
	if (xz->check != XZ_SHA256 && load(xz->held, size) != xz->sum)
		return xz_bad(xz, "the check of a block differs");
	xz->record.unpadded += xz->here.unpadded + size;
	xz->record.size = xz->here.size;
	xz->blocks++;
	xz->blocks_sum = record_mix(xz->blocks_sum, xz->record);
	state_set(xz, BLOCK_HEAD);
	return xz->check == XZ_SHA256 ? (int)STREAM_SUM : GO_ON;
}

/* One byte of the index. */
static uint8_t
index_byte(struct xz *xz, struct span *input)
{
	struct span byte = span_of(input->data, 1);
	xz->index_sum = crc_add(&xz->crc32, xz->index_sum, byte);
	xz->index_size++;
	*input = span_after(*input, 1);
	return byte.data[0];
}

static void
index_next(struct xz *xz)
{
	xz->state = xz->records ? INDEX_UNPADDED : INDEX_PADDING;
}

static int
index_number(struct xz *xz, struct span *input)
{
	if (input->size == 0)
		return STREAM_INPUT;
	uint8_t byte = index_byte(xz, input);
	if (xz->number_bits == 7 * NUMBER_BYTES || (byte == 0 && xz->number_bits))
		return damaged(xz);
	xz->number |= (uint64_t)(byte & 0x7f) << xz->number_bits;
	xz->number_bits += 7;
	if (byte & 0x80)
		return GO_ON;
	uint64_t number = xz->number;
	xz->number = 0;
	xz->number_bits = 0;
	if (xz->state == INDEX_COUNT) {
		if (number != xz->blocks)
			return damaged(xz);
		xz->records = number;
		xz->records_sum = 0;
		index_next(xz);
	} else if (xz->state == INDEX_UNPADDED) {
		xz->record.unpadded = number;
		xz->state = INDEX_SIZE;
	} else {
		xz->record.size = number;
		xz->records--;
		xz->records_sum = record_mix(xz->records_sum, xz->record);
		index_next(xz);
	}
	return GO_ON;
}

static int
index_padding(struct xz *xz, struct span *input)
{
	while (xz->index_size & 3) {
		if (input->size == 0)
			return STREAM_INPUT;
		if (index_byte(xz, input))
			return damaged(xz);
	}
	if (xz->records_sum != xz->blocks_sum)
		return damaged(xz);
	state_set(xz, INDEX_SUM);
	return GO_ON;
}

static int
index_sum(struct xz *xz, struct span *input)
{
	if (!collect(xz, input, 4))
		return STREAM_INPUT;
	if (load(xz->held, 4) != xz->index_sum)
		return damaged(xz);
	state_set(xz, STREAM_FOOT);
	return GO_ON;
}

static int
stream_foot(struct xz *xz, struct span *input)
{
	if (!collect(xz, input, HEAD_SIZE))
		return STREAM_INPUT;
	const uint8_t *held = xz->held;
	if (!is_sum_right(xz, 0, 4, 10) || memcmp(held + 10, "YZ", 2) != 0 || held[8] != 0 ||
		held[9] != xz->check || 4 * (load(held + 4, 4) + 1) != xz->index_size + 4)
		return damaged(xz);
	xz->stream.is_whole = true;
	state_set(xz, PADDING);
	return GO_ON;
}

/* Zeros, four at a time, until another stream begins. */
static int
padding(struct xz *xz, struct span *input)
{
	xz->stream.is_whole &= input->size == 0 && xz->held_size == 0;
	if (!collect(xz, input, 4))
		return STREAM_INPUT;
	xz->stream.is_whole = load(xz->held, 4) == 0;
	if (xz->stream.is_whole)
		xz->held_size = 0;
	else
		xz->state = STREAM_HEAD;
	return GO_ON;
}

static int
xz_part(struct xz *xz, struct span *input)
{
	switch ((enum state)xz->state) {
	case STREAM_HEAD:
		return stream_head(xz, input);
	case BLOCK_HEAD:
		return block_head(xz, input);
	case BLOCK_WINDOW:
		if (xz->stream.capacity < xz->stream.wanted)
			return STREAM_WINDOW;
		state_set(xz, CHUNK_CONTROL);
		return GO_ON;
	case CHUNK_CONTROL:
		return chunk_control(xz, input);
	case CHUNK_HEAD:
		return chunk_head(xz, input);
	case CHUNK_STORED:
		return chunk_stored(xz, input);
	case CHUNK_BYTES:
		return chunk_bytes(xz, input);
	case CHUNK_PACKED:
		return chunk_packed(xz);
	case BLOCK_PADDING:
		return block_padding(xz, input);
	case BLOCK_SUM:
		return block_sum(xz, input);
	case INDEX_COUNT:
	case INDEX_UNPADDED:
	case INDEX_SIZE:
		return index_number(xz, input);
	case INDEX_PADDING:
		return index_padding(xz, input);
	case INDEX_SUM:
		return index_sum(xz, input);
	case STREAM_FOOT:
		return stream_foot(xz, input);
	case PADDING:
		return padding(xz, input);
	}
	return GO_ON;
}

enum stream_status
xz_step(struct xz *xz, struct span *input)
{
	int status = GO_ON;
	while (status == GO_ON)
		status = xz_part(xz, input);
	return (enum stream_status)status;
}
