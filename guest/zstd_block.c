/* SPDX-License-Identifier: MPL-2.0 */
#include "zstd_block.h"

enum { LITERALS_RAW, LITERALS_RLE, LITERALS_HUFFMAN, LITERALS_TREELESS };
enum { MODE_PREDEFINED, MODE_RLE, MODE_FSE, MODE_REPEAT };
enum { OFFSET_CODES = 32 };

/* What differs between the three codes of a sequence: RFC 8878, sections 3.1.1.3.2.1.1 and
 * 3.1.1.3.2.2, the extra bits of each symbol, the default counts, and the largest tables. */
struct code {
	const uint8_t *extra;
	const int8_t *counts;
	uint8_t symbols; /* of the default */
	uint8_t log;
	uint8_t log_max;
	uint8_t symbols_max;
	uint8_t first; /* the number of the first symbol */
};

static const uint8_t length_extra[36] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1,
	2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint8_t match_extra[FSE_SYMBOLS] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10,
	11, 12, 13, 14, 15, 16};
static const uint8_t offset_extra[OFFSET_CODES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
static const int8_t length_counts[36] = {4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2,
	2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1};
static const int8_t match_counts[FSE_SYMBOLS] = {1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1,
	-1, -1, -1, -1, -1, -1};
static const int8_t offset_counts[29] = {
	1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1};

static const struct code codes[ZSTD_CODES] = {
	[ZSTD_LITERALS] = {length_extra, length_counts, 36, 6, 9, 36, 0},
	[ZSTD_OFFSET] = {offset_extra, offset_counts, 29, 5, 8, OFFSET_CODES, 1},
	[ZSTD_MATCH] = {match_extra, match_counts, FSE_SYMBOLS, 6, 9, FSE_SYMBOLS, 3},
};

COLD void
zstd_block_reset(struct zstd_block *block)
{
	block->used = 0;
	block->offsets[0] = 1;
	block->offsets[1] = 4;
	block->offsets[2] = 8;
	block->huffman.bits = 0;
	for (size_t at = 0; at < ZSTD_CODES; at++)
		block->codes[at].is_set = false;
}

COLD static bool
take(struct span *bytes, size_t size, struct span *out)
{
	if (size > bytes->size)
		return false;
	*out = span_of(bytes->data, size);
	*bytes = span_after(*bytes, size);
	return true;
}

/* Literals that are packed with a Huffman code, of this block or the last that had one. */
COLD static bool
literals_unpack(struct zstd_block *block, struct span packed, bool treeless, bool four)
{
	if (!treeless) {
		size_t size = huffman_read(&block->huffman, packed, &block->scratch);
		if (size == 0)
			return false;
		packed = span_after(packed, size);
	}
	if (block->huffman.bits == 0)
		return false;
	return huffman_decode(
		&block->huffman, packed, block->literals, block->literal_count, four ? 4 : 1);
}

/* The head's sizes have 5 to 20 bits each, as the second two bits say. */
COLD static bool
literals_read(struct zstd_block *block, struct span *bytes, size_t limit)
{
	if (bytes->size == 0)
		return false;
	uint64_t head = bits_load(bytes->data);
	unsigned type = head & 3;
	unsigned format = head >> 2 & 3;
	struct span part;
	size_t head_size;
	size_t packed_size;
	if (type == LITERALS_RAW || type == LITERALS_RLE) {
		unsigned skipped = 3 + (format & 1);
		head_size = format == 3 ? 3 : skipped - 2;
		block->literal_count =
			(size_t)((head & (((uint64_t)1 << 8 * head_size) - 1)) >> skipped);
		packed_size = type == LITERALS_RLE ? 1 : block->literal_count;
	} else {
		unsigned more = format ? format - 1 : 0;
		unsigned width = 10 + 4 * more;
		uint64_t mask = ((uint64_t)1 << width) - 1;
		head_size = 3 + more;
		block->literal_count = (size_t)(head >> 4 & mask);
		packed_size = (size_t)(head >> (4 + width) & mask);
	}
	if (block->literal_count > limit || !take(bytes, head_size, &part) ||
		!take(bytes, packed_size, &part))
		return false;
	if (type == LITERALS_RLE)
		memset(block->literals, part.data[0], block->literal_count);
	else if (type == LITERALS_RAW)
		memcpy(block->literals, part.data, part.size);
	else
		return literals_unpack(block, part, type == LITERALS_TREELESS, format != 0);
	return true;
}

COLD static bool
code_read(struct fse *fse, const struct code *code, unsigned mode, struct span *bytes)
{
	int16_t counts[FSE_SYMBOLS];
	size_t symbols = code->symbols;
	unsigned log = code->log;
	if (mode == MODE_REPEAT)
		return fse->is_set;
	if (mode == MODE_RLE) {
		if (bytes->size == 0 || bytes->data[0] >= code->symbols_max)
			return false;
		/* One state, whose symbol takes no bits. */
		memset(counts, 0, sizeof counts);
		symbols = (size_t)bytes->data[0] + 1;
		counts[symbols - 1] = 1;
		log = 0;
		*bytes = span_after(*bytes, 1);
	} else if (mode == MODE_FSE) {
		size_t size =
			fse_read(*bytes, code->log_max, code->symbols_max, counts, &symbols, &log);
		if (size == 0)
			return false;
		*bytes = span_after(*bytes, size);
	} else {
		for (size_t at = 0; at < symbols; at++)
			counts[at] = (int16_t)code->counts[at];
	}
	fse_build(fse, counts, symbols, log, code->extra, code->first);
	return true;
}

/* May write up to 15 bytes more. */
static inline void
copy_words(uint8_t *to, const uint8_t *from, size_t size)
{
	const uint8_t *end = to + size;
	do {
		uint64_t words[2];
		__builtin_memcpy(&words[0], from, 8);
		__builtin_memcpy(to, &words[0], 8);
		__builtin_memcpy(&words[1], from + 8, 8);
		__builtin_memcpy(to + 8, &words[1], 8);
		to += 16;
		from += 16;
	} while (to < end);
}

/* A match that may overlap what it makes. */
static inline void
copy_match(uint8_t *to, size_t offset, size_t size)
{
	const uint8_t *from = to - offset;
	if (offset >= 8) {
		copy_words(to, from, size);
		return;
	}
	if (offset == 1) {
		memset(to, *from, size);
		return;
	}
	for (; size; size--)
		*to++ = *from++;
}

/* The offset that a value stands for: 1 to 3 are the last ones, a step further where no literal
 * comes before. 0 is none. */
static inline uint32_t
offset_of(uint32_t offsets[3], uint32_t value, bool no_literals)
{
	uint32_t offset;
	if (value > 3) {
		offset = value - 3;
		offsets[2] = offsets[1];
	} else {
		unsigned which = value - 1 + no_literals;
		if (which == 0)
			return offsets[0];
		offset = which == 3 ? offsets[0] - 1 : offsets[which];
		if (which != 1)
			offsets[2] = offsets[1];
	}
	offsets[1] = offsets[0];
	offsets[0] = offset;
	return offset;
}

/* Each sequence is so many literals and a match. Its numbers are read with two looks at the bits,
 * offset and match, then literals and the three next states: at most 47 and 42 bits. */
static bool
sequences_decode(struct zstd_block *block, struct span bytes, size_t count, size_t limit)
{
	uint8_t *out = block->window + block->used;
	const uint8_t *end = out + limit;
	const uint8_t *literal = block->literals;
	const uint8_t *literal_end = literal + block->literal_count;
	const uint8_t *data = bytes.data;
	ptrdiff_t start = bits_start(bytes);
	const struct fse_state *length = fse_start(&block->codes[ZSTD_LITERALS], data, &start);
	const struct fse_state *offset_state = fse_start(&block->codes[ZSTD_OFFSET], data, &start);
	const struct fse_state *match = fse_start(&block->codes[ZSTD_MATCH], data, &start);
	/* Its address is nobody's, so that it stays out of memory. */
	ptrdiff_t left = start;
	for (; count && left >= 0; count--) {
		uint64_t top = bits_top(data, left);
		uint32_t value = offset_state->base + bits_first(top, offset_state->extra);
		top <<= offset_state->extra;
		size_t match_size = match->base + bits_first(top, match->extra);
		left -= offset_state->extra + match->extra;
		top = bits_top(data, left);
		size_t literals = length->base + bits_first(top, length->extra);
		top <<= length->extra;
		left -= length->extra;
		uint32_t offset = offset_of(block->offsets, value, literals == 0);

		if (literals > (size_t)(literal_end - literal))
			return false;
		if (literals + match_size > (size_t)(end - out))
			return false;
		copy_words(out, literal, literals);
		out += literals;
		literal += literals;
		if (offset - 1 >= size_min(block->reach, (size_t)(out - block->window)))
			return false;
		copy_match(out, offset, match_size);
		out += match_size;
		if (count == 1)
			break;
		unsigned bits = length->bits;
		length = &block->codes[ZSTD_LITERALS].states[length->next + bits_first(top, bits)];
		top <<= bits;
		left -= bits;
		bits = match->bits;
		match = &block->codes[ZSTD_MATCH].states[match->next + bits_first(top, bits)];
		top <<= bits;
		left -= bits;
		bits = offset_state->bits;
		offset_state = &block->codes[ZSTD_OFFSET]
					.states[offset_state->next + bits_first(top, bits)];
		left -= bits;
	}
	size_t rest = (size_t)(literal_end - literal);
	if (left != 0 || rest > (size_t)(end - out))
		return false;
	memcpy(out, literal, rest);
	block->used = (size_t)(out - block->window) + rest;
	return true;
}

COLD bool
zstd_block_decode(struct zstd_block *block, struct span bytes, size_t limit)
{
	if (!literals_read(block, &bytes, limit) || bytes.size == 0)
		return false;
	size_t count = bytes.data[0];
	size_t size = 1;
	if (count == 255) {
		size = 3;
		count = bytes.data[1] + ((size_t)bytes.data[2] << 8) + 0x7f00;
	} else if (count >= 128) {
		size = 2;
		count = ((count - 128) << 8) + bytes.data[1];
	}
	struct span head;
	if (!take(&bytes, size, &head))
		return false;
	if (count == 0) {
		memcpy(block->window + block->used, block->literals, block->literal_count);
		block->used += block->literal_count;
		return bytes.size == 0;
	}
	if (bytes.size == 0 || (bytes.data[0] & 3))
		return false;
	unsigned modes = bytes.data[0];
	bytes = span_after(bytes, 1);
	for (size_t at = 0; at < ZSTD_CODES; at++) {
		if (!code_read(&block->codes[at], &codes[at], modes >> 6 & 3, &bytes))
			return false;
		modes <<= 2;
	}
	return sequences_decode(block, bytes, count, limit);
}
