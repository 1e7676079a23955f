/* SPDX-License-Identifier: MPL-2.0 */
#include "xz.h"

enum state {
	STREAM_HEAD,
	BLOCK_HEAD,
	CHUNK,
	CHUNK_PACKED,
	BLOCK_END,
	INDEX_COUNT,
	INDEX_RECORD,
	INDEX_END,
};

enum { CHECK_NONE = 0, CHECK_CRC32 = 1, CHECK_CRC64 = 4, CHECK_SHA256 = 10 };
enum { FILTER_LZMA2 = 0x21, HEAD_SIZE = 12, NUMBER_BYTES = 9, CHUNK_MAX = 64 << 10 };
enum { CONTROL_END = 0, CONTROL_STORED_RESET = 1, CONTROL_STORED = 2, CONTROL_PACKED = 0x80 };
/* A size that a block's head does not say. */
#define UNSAID (~(uint64_t)0)

/* CRC32, bit by bit: of heads and of the index alone. */
COLD static uint32_t
crc_add(uint32_t sum, const void *from, size_t size)
{
	const uint8_t *bytes = (const uint8_t *)from;
	sum = ~sum;
	while (size--) {
		sum ^= *bytes++;
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (-(sum & 1) & 0xedb88320);
	}
	return ~sum;
}

static bool
is_sum_right(const uint8_t *sum, const uint8_t *bytes, size_t size)
{
	return load_32(sum) == crc_add(0, bytes, size);
}

static bool
is_zero(const uint8_t *bytes, size_t size)
{
	while (size && !bytes[size - 1])
		size--;
	return size == 0;
}

/* A number in 7 bits a byte, the lowest first; false where it is none. */
COLD static bool
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

/* The hash of a check; where there is none of its kind, 0, which is BLAKE3 and so no check. */
static int32_t
check_hash(unsigned check)
{
	switch (check) {
	case CHECK_NONE:
		return -1;
	case CHECK_CRC32:
		return CAB_HASH_CRC32;
	case CHECK_CRC64:
		return CAB_HASH_CRC64;
	case CHECK_SHA256:
		return CAB_HASH_SHA256;
	default:
		return 0;
	}
}

/* Zeros, four at a time, may lie between two streams. */
static enum stream_status
stream_head(struct xz *xz)
{
	struct stream *stream = &xz->stream;
	if (stream->is_between && stream->rest.size >= 4 && is_zero(stream->rest.data, 4)) {
		(void)stream_take(stream, 4);
		return STREAM_ON;
	}
	const uint8_t *head = stream_take(stream, HEAD_SIZE);
	if (!head)
		return STREAM_INPUT;
	stream->is_between = false;
	if (memcmp(head,
		    "\xfd"
		    "7zXZ",
		    6) != 0)
		return stream_bad(stream, "what follows a stream is none");
	xz->check = head[7];
	if (!is_sum_right(head + 8, head + 6, 2) || head[6] != 0)
		return STREAM_BAD;
	stream->hash = check_hash(xz->check);
	if (stream->hash == 0)
		return stream_bad(stream, "a check that is neither CRC32, CRC64 nor SHA-256");
	xz->blocks = 0;
	xz->blocks_sum = 0;
	xz->state = BLOCK_HEAD;
	return STREAM_ON;
}

/* The filters: one, and its property is the size of the dictionary, "2 or 3 << N". */
static enum stream_status
filters_read(struct xz *xz, struct span head, unsigned filters)
{
	uint64_t filter;
	uint64_t size;
	if (!number_take(&head, &filter) || !number_take(&head, &size))
		return STREAM_BAD;
	if (filters || filter != FILTER_LZMA2)
		return stream_bad(
			&xz->stream, "packed with a filter other than LZMA2 alone (BCJ or delta)");
	if (size != 1 || head.size == 0 || head.data[0] > 40 ||
		!is_zero(head.data + 1, head.size - 1))
		return STREAM_BAD;
	unsigned bits = head.data[0];
	uint64_t reach = (uint64_t)(2 | (bits & 1)) << (bits / 2 + 11);
	if (reach > STREAM_REACH)
		return stream_bad(&xz->stream, "a block needs a dictionary of more than 128 MiB");
	xz->lzma.reach = (size_t)reach;
	xz->stream.wanted = stream_window_size((size_t)reach, CHUNK_MAX);
	xz->needs_reset = true;
	xz->needs_properties = true;
	xz->state = CHUNK;
	return xz->stream.capacity < xz->stream.wanted ? STREAM_WINDOW : STREAM_ON;
}

/* Takes bytes of the index, which are there. */
static const uint8_t *
index_take(struct xz *xz, size_t size)
{
	const uint8_t *bytes = stream_take(&xz->stream, size);
	xz->index_sum = crc_add(xz->index_sum, bytes, size);
	xz->index_size += size;
	return bytes;
}

static enum stream_status
block_head(struct xz *xz)
{
	struct stream *stream = &xz->stream;
	if (stream->rest.size == 0)
		return STREAM_INPUT;
	size_t size = 4 * (size_t)*stream->rest.data;
	if (size == 0) {
		xz->index_size = 0;
		xz->index_sum = 0;
		(void)index_take(xz, 1);
		xz->state = INDEX_COUNT;
		return STREAM_ON;
	}
	const uint8_t *bytes = stream_take(stream, size + 4);
	if (!bytes)
		return STREAM_INPUT;
	unsigned flags = bytes[1];
	if (!is_sum_right(bytes + size, bytes, size) || (flags & 0x3c))
		return STREAM_BAD;
	struct span head = span_of(bytes + 2, size - 2);
	xz->said = (struct xz_record){UNSAID, UNSAID};
	if (((flags & 0x40) && !number_take(&head, &xz->said.unpadded)) ||
		((flags & 0x80) && !number_take(&head, &xz->said.size)))
		return STREAM_BAD;
	xz->here = (struct xz_record){0};
	xz->head_size = size + 4;
	return filters_read(xz, head, flags & 3);
}

/* Room for so many bytes more: what has left already slides away, but for the dictionary. */
static void
room_make(struct xz *xz, size_t size)
{
	struct lzma *lzma = &xz->lzma;
	lzma->window = xz->stream.window;
	if (lzma->used + size <= xz->stream.capacity - STREAM_MARGIN)
		return;
	size_t slid = lzma->used - lzma->reach;
	memmove(lzma->window, lzma->window + slid, lzma->reach);
	lzma->used = lzma->reach;
	lzma->position += (uint32_t)slid;
}

static enum stream_status
output_end(struct xz *xz, size_t before)
{
	size_t made = xz->lzma.used - before;
	xz->here.size += made;
	xz->stream.output = span_of(xz->lzma.window + before, made);
	return STREAM_OUTPUT;
}

/* A chunk is stored or packed, and begins some of the decoder's state anew. */
static enum stream_status
chunk_begin(struct xz *xz)
{
	struct stream *stream = &xz->stream;
	struct lzma *lzma = &xz->lzma;
	const uint8_t *head = stream->rest.data;
	if (stream->rest.size == 0)
		return STREAM_INPUT;
	unsigned control = head[0];
	size_t head_size = control == CONTROL_END     ? 1
			   : control < CONTROL_PACKED ? 3
			   : control < 0xc0           ? 5
						      : 6;
	if (stream->rest.size < head_size)
		return STREAM_INPUT;
	bool is_packed = control >= CONTROL_PACKED;
	const uint8_t *size_field = is_packed ? head + 3 : head + 1;
	size_t size = ((size_t)size_field[0] << 8 | size_field[1]) + 1;
	if (control == CONTROL_END)
		size = 0;
	if (!stream_take(stream, head_size + size))
		return STREAM_INPUT;
	xz->here.unpadded += head_size + size;
	if (control == CONTROL_END) {
		xz->state = BLOCK_END;
		return STREAM_ON;
	}
	if (control == CONTROL_STORED_RESET || control >= 0xe0) {
		xz->needs_reset = false;
		xz->needs_properties = true;
		lzma->used = 0;
		lzma->position = 0;
	}
	if (xz->needs_reset || (control > CONTROL_STORED && !is_packed))
		return STREAM_BAD;
	if (!is_packed) {
		room_make(xz, size);
		size_t before = lzma->used;
		memcpy(lzma->window + before, head + 3, size);
		lzma->used += size;
		return output_end(xz, before);
	}
	if (control >= 0xc0)
		xz->needs_properties = !lzma_set(lzma, head[5]);
	if (xz->needs_properties || !lzma_start(lzma, span_of(head + head_size, size)))
		return STREAM_BAD;
	if (control >= 0xa0)
		lzma_reset(lzma);
	xz->left = ((size_t)(control & 0x1f) << 16) + ((size_t)head[1] << 8 | head[2]) + 1;
	xz->state = CHUNK_PACKED;
	return STREAM_ON;
}

static enum stream_status
chunk_packed(struct xz *xz)
{
	room_make(xz, LZMA_MATCH + 1);
	struct lzma *lzma = &xz->lzma;
	size_t before = lzma->used;
	bool is_sound = lzma_run(lzma, xz->left, xz->stream.capacity - STREAM_MARGIN - LZMA_MATCH);
	xz->left -= lzma->used - before;
	if (xz->left == 0) {
		is_sound &= lzma_is_ended(lzma);
		xz->state = CHUNK;
	}
	return is_sound ? output_end(xz, before) : STREAM_BAD;
}

static enum stream_status
block_end(struct xz *xz)
{
	size_t padding = (size_t)(-xz->here.unpadded & 3);
	size_t size = xz->check ? (size_t)4 << (xz->check - 1) / 3 : 0;
	const uint8_t *bytes = stream_take(&xz->stream, padding + size);
	if (!bytes)
		return STREAM_INPUT;
	if (!is_zero(bytes, padding) ||
		(xz->said.unpadded != UNSAID && xz->said.unpadded != xz->here.unpadded) ||
		(xz->said.size != UNSAID && xz->said.size != xz->here.size))
		return STREAM_BAD;
	xz->stream.sum = span_of(bytes + padding, size);
	xz->here.unpadded += xz->head_size + size;
	xz->blocks++;
	/* A sum over records in their order; damage is found, and no more is asked of it. */
	xz->blocks_sum = crc_add(xz->blocks_sum, &xz->here, sizeof xz->here);
	xz->state = BLOCK_HEAD;
	return size ? STREAM_SUM : STREAM_ON;
}

/* How many records there are, or one of them. */
static enum stream_status
index_part(struct xz *xz)
{
	struct span rest = xz->stream.rest;
	bool is_count = xz->state == INDEX_COUNT;
	struct xz_record record = {0};
	if (!number_take(&rest, &record.unpadded) ||
		(!is_count && !number_take(&rest, &record.size)))
		return xz->stream.rest.size < (size_t)2 * NUMBER_BYTES ? STREAM_INPUT : STREAM_BAD;
	(void)index_take(xz, xz->stream.rest.size - rest.size);
	if (is_count) {
		if (record.unpadded != xz->blocks)
			return STREAM_BAD;
		xz->records = xz->blocks;
		xz->records_sum = 0;
	} else {
		xz->records--;
		xz->records_sum = crc_add(xz->records_sum, &record, sizeof record);
	}
	xz->state = xz->records ? INDEX_RECORD : INDEX_END;
	return STREAM_ON;
}

/* The index's padding and sum, and the stream's footer. */
static enum stream_status
index_end(struct xz *xz)
{
	size_t padding = (size_t)(-xz->index_size & 3);
	if (xz->stream.rest.size < padding + 4 + HEAD_SIZE)
		return STREAM_INPUT;
	bool is_padded = is_zero(index_take(xz, padding), padding);
	const uint8_t *sum = stream_take(&xz->stream, 4 + HEAD_SIZE);
	const uint8_t *foot = sum + 4;
	if (!is_padded || xz->records_sum != xz->blocks_sum || load_32(sum) != xz->index_sum ||
		!is_sum_right(foot, foot + 4, 6) || memcmp(foot + 10, "YZ", 2) != 0 ||
		foot[8] != 0 || foot[9] != xz->check ||
		4 * ((uint64_t)load_32(foot + 4) + 1) != xz->index_size + 4)
		return STREAM_BAD;
	xz->stream.is_between = true;
	xz->state = STREAM_HEAD;
	return STREAM_ON;
}

enum stream_status
xz_step(struct xz *xz)
{
	switch ((enum state)xz->state) {
	case STREAM_HEAD:
		return stream_head(xz);
	case BLOCK_HEAD:
		return block_head(xz);
	case CHUNK:
		return chunk_begin(xz);
	case CHUNK_PACKED:
		return chunk_packed(xz);
	case BLOCK_END:
		return block_end(xz);
	case INDEX_COUNT:
	case INDEX_RECORD:
		return index_part(xz);
	case INDEX_END:
		return index_end(xz);
	}
	return STREAM_ON;
}
