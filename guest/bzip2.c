/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What is read is a unit that lies in memory whole: heads, the tables before a block's symbols, and one
 * symbol. Bits behind the end of what has come mean nothing and are zeros in the end; who has taken such
 * has read nothing: the unit is read again when there is more. Behind every symbol come at least the 80 bits of a stream's end,
 * so to wait for the bits of the longest code waits for nothing that a sound file lacks.
 */
#include "bzip2.h"

enum state {
	STREAM_HEAD,
	BLOCK_HEAD,
	SYMBOLS,
	OUTPUT,
};

enum { GROUP_SIZE = 50, RUN_A = 0, RUN_B = 1 };

/* The next bits, 25 at least, at the top of a word. */
static uint32_t
bits_top(const struct bzip2 *bzip2)
{
	size_t byte = bzip2->at / 8;
	if (byte >= bzip2->stream.rest.size)
		return 0;
	return __builtin_bswap32(load_32(bzip2->stream.rest.data + byte)) << bzip2->at % 8;
}

/* Takes 1 to 25 bits. */
COLD static uint32_t
bits_take(struct bzip2 *bzip2, unsigned bits)
{
	uint32_t top = bits_top(bzip2);
	bzip2->at += bits;
	return top >> (32 - bits);
}

/* Gives whole bytes back; false, and then none, where bits were taken that are not there. */
static bool
bits_end(struct bzip2 *bzip2)
{
	if (bzip2->at > 8 * bzip2->stream.rest.size)
		return false;
	(void)stream_take(&bzip2->stream, bzip2->at / 8);
	bzip2->at %= 8;
	return true;
}

static enum stream_status
stream_head(struct bzip2 *bzip2)
{
	const uint8_t *head = stream_take(&bzip2->stream, 4);
	if (!head)
		return STREAM_INPUT;
	uint32_t level = head[3] - (uint32_t)'0';
	if (memcmp(head, "BZh", 3) != 0 || level < 1 || level > 9)
		return stream_bad(&bzip2->stream, "what follows a stream is none");
	bzip2->block_max = level * 100000;
	bzip2->stream_sum = 0;
	bzip2->stream.is_between = false;
	bzip2->stream.hash = CAB_HASH_CRC32_BZIP2;
	bzip2->stream.wanted = bzip2->block_max * sizeof(uint32_t);
	bzip2->state = BLOCK_HEAD;
	return bzip2->stream.capacity < bzip2->stream.wanted ? STREAM_WINDOW : STREAM_ON;
}

/* Sixteen maps of sixteen bytes each: which bytes there are. */
COLD static void
maps_read(struct bzip2 *bzip2)
{
	uint32_t maps = bits_take(bzip2, 16);
	uint32_t symbols = 0;
	for (unsigned byte = 0; byte < 256; byte += 16) {
		maps <<= 1;
		if (!(maps >> 16 & 1))
			continue;
		uint32_t map = bits_take(bzip2, 16);
		for (unsigned bit = 0; bit < 16; bit++)
			if (map << bit & 0x8000)
				bzip2->front[symbols++] = (uint8_t)(byte + bit);
	}
	bzip2->symbols = symbols + 2;
}

/* Each is so many ones and a zero: how far back the group was used last. More than any block can
 * use may be there, and are not kept. */
COLD static bool
selectors_read(struct bzip2 *bzip2, unsigned groups)
{
	uint8_t recent[BZIP2_GROUPS] = {0, 1, 2, 3, 4, 5};
	/* Not past what has come: the head is read again with each piece. */
	size_t bits = 8 * bzip2->stream.rest.size;
	for (uint32_t at = 0; at < bzip2->selectors && bzip2->at <= bits; at++) {
		unsigned back = 0;
		while (bits_take(bzip2, 1))
			if (++back >= groups)
				return false;
		uint8_t group = recent[back];
		memmove(recent + 1, recent, back);
		recent[0] = group;
		if (at < BZIP2_SELECTORS)
			bzip2->selected[at] = group;
	}
	return true;
}

/* Canonical codes; false where there are more than so many bits can tell apart. */
COLD static bool
code_build(struct bzip2_code *code, const uint8_t *lengths, unsigned symbols)
{
	memset(code->count, 0, sizeof code->count);
	memset(code->table, 0, sizeof code->table);
	unsigned at = 0;
	uint32_t next = 0;
	for (unsigned length = 1; length <= BZIP2_CODE; length++) {
		next <<= 1;
		for (unsigned symbol = 0; symbol < symbols; symbol++) {
			if (lengths[symbol] != length)
				continue;
			if (next >> length)
				return false;
			code->count[length]++;
			code->symbols[at++] = (uint16_t)symbol;
			if (length <= BZIP2_TABLE) {
				unsigned spare = BZIP2_TABLE - length;
				for (uint32_t cell = 0; cell < 1U << spare; cell++)
					code->table[(next << spare) + cell] =
						(uint16_t)(symbol << 5 | length);
			}
			next++;
		}
	}
	return true;
}

/* The symbol and length of a code that the table does not hold, or 0. */
COLD static uint32_t
code_find(const struct bzip2_code *code, uint32_t top)
{
	uint32_t first = 0;
	uint32_t index = 0;
	for (unsigned length = 1; length <= BZIP2_CODE; length++) {
		uint32_t value = top >> (32 - length);
		uint32_t count = code->count[length];
		if (value - first < count)
			return (uint32_t)code->symbols[index + value - first] << 5 | length;
		index += count;
		first = (first + count) << 1;
	}
	return 0;
}

/* The lengths of a group's codes: the first, and for each a way from the one before. */
COLD static bool
lengths_read(struct bzip2 *bzip2, struct bzip2_code *code)
{
	uint8_t lengths[BZIP2_SYMBOLS];
	uint32_t length = bits_take(bzip2, 5);
	for (uint32_t at = 0; at < bzip2->symbols;) {
		if (length < 1 || length > BZIP2_CODE)
			return false;
		if (!bits_take(bzip2, 1))
			lengths[at++] = (uint8_t)length;
		else
			length += bits_take(bzip2, 1) ? -1U : 1;
	}
	return code_build(code, lengths, bzip2->symbols);
}

/* All that comes before a block's symbols. */
COLD static bool
tables_read(struct bzip2 *bzip2)
{
	bzip2->origin = bits_take(bzip2, 24);
	maps_read(bzip2);
	unsigned groups = bits_take(bzip2, 3);
	bzip2->selectors = bits_take(bzip2, 15);
	if (bzip2->symbols == 2 || groups < 2 || groups > BZIP2_GROUPS || bzip2->selectors == 0 ||
		!selectors_read(bzip2, groups))
		return false;
	for (unsigned group = 0; group < groups; group++)
		if (!lengths_read(bzip2, &bzip2->codes[group]))
			return false;
	memset(bzip2->starts, 0, sizeof bzip2->starts);
	bzip2->size = 0;
	bzip2->run = 0;
	bzip2->run_step = 1;
	bzip2->selector = 0;
	bzip2->group_left = 0;
	bzip2->state = SYMBOLS;
	return true;
}

static enum stream_status
stream_end(struct bzip2 *bzip2)
{
	/* The rest of the last byte is padding. */
	bzip2->at = (bzip2->at + 7) & ~7U;
	if (!bits_end(bzip2))
		return STREAM_INPUT;
	if (bzip2->said_sum != bzip2->stream_sum)
		return stream_bad(&bzip2->stream, "the sum of a stream differs");
	bzip2->stream.is_between = true;
	bzip2->state = STREAM_HEAD;
	return STREAM_ON;
}

/* A block, or the stream's end. */
static enum stream_status
block_head(struct bzip2 *bzip2)
{
	uint32_t start = bzip2->at;
	uint32_t magic = bits_take(bzip2, 24);
	uint32_t magic_more = bits_take(bzip2, 24);
	bzip2->said_sum = bits_take(bzip2, 16) << 16;
	bzip2->said_sum |= bits_take(bzip2, 16);
	bool is_block = magic == 0x314159 && magic_more == 0x265359;
	enum stream_status status = STREAM_ON;
	if (magic == 0x177245 && magic_more == 0x385090)
		status = stream_end(bzip2);
	else if (is_block && bits_take(bzip2, 1))
		status = stream_bad(&bzip2->stream, "a randomised block, of bzip2 before 0.9.5");
	else if (!is_block || !tables_read(bzip2))
		status = STREAM_BAD;
	if (bits_end(bzip2))
		return status;
	bzip2->at = start;
	bzip2->state = BLOCK_HEAD;
	return bzip2->stream.rest.size < STREAM_HELD ? STREAM_INPUT : STREAM_BAD;
}

/* Puts the run under way into the block. */
static bool
run_end(struct bzip2 *bzip2)
{
	uint32_t *block = (uint32_t *)(void *)bzip2->stream.window;
	uint8_t byte = bzip2->front[0];
	if (bzip2->run > bzip2->block_max - bzip2->size)
		return false;
	bzip2->starts[byte] += bzip2->run;
	for (; bzip2->run; bzip2->run--)
		block[bzip2->size++] = byte;
	bzip2->run_step = 1;
	return true;
}

/* The permutation: for each place, the byte and where the next one is. */
static enum stream_status
block_turn(struct bzip2 *bzip2)
{
	uint32_t *block = (uint32_t *)(void *)bzip2->stream.window;
	if (!run_end(bzip2) || bzip2->origin >= bzip2->size)
		return STREAM_BAD;
	uint32_t start = 0;
	for (unsigned byte = 0; byte < 256; byte++) {
		uint32_t count = bzip2->starts[byte];
		bzip2->starts[byte] = start;
		start += count;
	}
	for (uint32_t at = 0; at < bzip2->size; at++)
		block[bzip2->starts[block[at] & 255]++] |= at << 8;
	bzip2->place = block[bzip2->origin] >> 8;
	bzip2->repeated = 0;
	bzip2->state = OUTPUT;
	return STREAM_ON;
}

/* A byte by its place among the most recent; it becomes the first. */
static inline uint8_t
front_take(uint8_t *front, uint32_t back)
{
	uint8_t byte = front[back];
	for (; back; back--)
		front[back] = front[back - 1];
	front[0] = byte;
	return byte;
}

/* A symbol is half of a number's digit that says how long a run is, or a byte that is not the one
 * before, or the block's end. */
static enum stream_status
symbols_read(struct bzip2 *bzip2)
{
	uint32_t *block = (uint32_t *)(void *)bzip2->stream.window;
	const uint32_t end = bzip2->symbols - 1;
	const uint32_t last = 8 * (uint32_t)bzip2->stream.rest.size;
	const struct bzip2_code *code = bzip2->codes;
	if (bzip2->group_left)
		code = &bzip2->codes[bzip2->selected[bzip2->selector - 1]];
	for (;;) {
		if (bzip2->at + BZIP2_CODE > last) {
			(void)bits_end(bzip2);
			return STREAM_INPUT;
		}
		if (bzip2->group_left == 0) {
			if (bzip2->selector >= bzip2->selectors ||
				bzip2->selector >= BZIP2_SELECTORS)
				return STREAM_BAD;
			code = &bzip2->codes[bzip2->selected[bzip2->selector++]];
			bzip2->group_left = GROUP_SIZE;
		}
		bzip2->group_left--;
		uint32_t top = bits_top(bzip2);
		uint32_t entry = code->table[top >> (32 - BZIP2_TABLE)];
		if (entry == 0) {
			entry = code_find(code, top);
			if (entry == 0)
				return STREAM_BAD;
		}
		bzip2->at += entry & 31;
		uint32_t symbol = entry >> 5;
		if (symbol <= RUN_B) {
			if (bzip2->run_step > bzip2->block_max)
				return STREAM_BAD;
			bzip2->run += bzip2->run_step << symbol;
			bzip2->run_step <<= 1;
			continue;
		}
		if (symbol == end)
			return block_turn(bzip2);
		if (bzip2->run && !run_end(bzip2))
			return STREAM_BAD;
		if (bzip2->size == bzip2->block_max)
			return STREAM_BAD;
		uint8_t byte = front_take(bzip2->front, symbol - 1);
		bzip2->starts[byte]++;
		block[bzip2->size++] = byte;
	}
}

/* Follows the permutation, and undoes the runs that the encoder made first: behind four bytes that
 * are the same, the next one says how many more there are. */
static size_t
block_put(struct bzip2 *bzip2)
{
	const uint32_t *block = (const uint32_t *)(const void *)bzip2->stream.window;
	uint8_t *out = bzip2->output;
	const uint8_t *full = out + BZIP2_OUTPUT - 256;
	uint32_t place = bzip2->place;
	uint32_t left = bzip2->size;
	unsigned repeated = bzip2->repeated;
	uint8_t last = bzip2->last;
	for (; left && out < full; left--) {
		uint32_t entry = block[place];
		uint8_t byte = (uint8_t)entry;
		place = entry >> 8;
		if (repeated == 4) {
			memset(out, last, byte);
			out += byte;
			repeated = 0;
			continue;
		}
		repeated = byte == last && repeated ? repeated + 1 : 1;
		last = byte;
		*out++ = byte;
	}
	bzip2->place = place;
	bzip2->size = left;
	bzip2->repeated = (uint8_t)repeated;
	bzip2->last = last;
	return (size_t)(out - bzip2->output);
}

static enum stream_status
output_step(struct bzip2 *bzip2)
{
	if (bzip2->size == 0) {
		bzip2->stream_sum =
			(bzip2->stream_sum << 1 | bzip2->stream_sum >> 31) ^ bzip2->said_sum;
		bzip2->stream.sum = span_of(&bzip2->said_sum, sizeof bzip2->said_sum);
		bzip2->state = BLOCK_HEAD;
		return STREAM_SUM;
	}
	size_t size = block_put(bzip2);
	bzip2->stream.output = span_of(bzip2->output, size);
	return size ? STREAM_OUTPUT : STREAM_ON;
}

enum stream_status
bzip2_step(struct bzip2 *bzip2)
{
	switch ((enum state)bzip2->state) {
	case STREAM_HEAD:
		return stream_head(bzip2);
	case BLOCK_HEAD:
		return block_head(bzip2);
	case SYMBOLS:
		return symbols_read(bzip2);
	case OUTPUT:
		return output_step(bzip2);
	}
	return STREAM_ON;
}
