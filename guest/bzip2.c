/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What is read is a unit of at most 48 bits, taken whole or not at all. Behind every symbol come at
 * least the 80 bits of a stream's end, so to wait for the bits of the longest code waits for nothing
 * that a sound file lacks.
 */
#include "bzip2.h"

enum state {
	STREAM_HEAD,
	STREAM_ROOM,
	BLOCK_MAGIC,
	BLOCK_HEAD,
	MAP,
	GROUPS,
	SELECTORS,
	CODE_FIRST,
	CODE_LENGTHS,
	SYMBOLS,
	OUTPUT,
	STREAM_END,
};

enum { GROUP_SIZE = 50, RUN_A = 0, RUN_B = 1 };
#define MAGIC_BLOCK ((uint64_t)0x314159265359U)
#define MAGIC_END   ((uint64_t)0x177245385090U)

/* What the parts return beside a status: the next part follows at once. */
enum { GO_ON = -1 };

COLD void
bzip2_start(struct bzip2 *bzip2)
{
	bzip2->stream = (struct stream){0};
	bzip2->state = STREAM_HEAD;
	bzip2->held = 0;
	bzip2->bits = 0;
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t sum = byte << 24;
		for (int bit = 0; bit < 8; bit++)
			sum = sum << 1 ^ (sum >> 31 ? 0x04c11db7 : 0);
		bzip2->sums[byte] = sum;
	}
}

static int
damaged(struct bzip2 *bzip2)
{
	return (int)stream_bad(&bzip2->stream, "the file is damaged");
}

static bool
bits_fill(struct bzip2 *bzip2, struct span *input, unsigned bits)
{
	while (bzip2->bits <= 56 && input->size) {
		bzip2->held |= (uint64_t)*input->data << (56 - bzip2->bits);
		bzip2->bits += 8;
		*input = span_after(*input, 1);
	}
	return bzip2->bits >= bits;
}

/* 1 to 48 bits, which must be held. */
static uint64_t
bits_take(struct bzip2 *bzip2, unsigned bits)
{
	uint64_t value = bzip2->held >> (64 - bits);
	bzip2->held <<= bits;
	bzip2->bits -= bits;
	return value;
}

static int
stream_head(struct bzip2 *bzip2, struct span *input)
{
	if (!bits_fill(bzip2, input, 1))
		return STREAM_INPUT;
	bzip2->stream.is_whole = false;
	if (!bits_fill(bzip2, input, 32))
		return STREAM_INPUT;
	uint32_t head = (uint32_t)bits_take(bzip2, 32);
	uint32_t level = (head & 255) - '0';
	if (head >> 8 != 0x425a68 || level < 1 || level > 9)
		return (int)stream_bad(&bzip2->stream, "what follows a stream is none");
	bzip2->block_max = level * 100000;
	bzip2->stream_sum = 0;
	bzip2->stream.wanted = bzip2->block_max * sizeof(uint32_t);
	bzip2->state = STREAM_ROOM;
	return GO_ON;
}

static int
block_magic(struct bzip2 *bzip2, struct span *input)
{
	if (!bits_fill(bzip2, input, 48))
		return STREAM_INPUT;
	uint64_t magic = bits_take(bzip2, 48);
	if (magic != MAGIC_BLOCK && magic != MAGIC_END)
		return damaged(bzip2);
	bzip2->state = magic == MAGIC_BLOCK ? BLOCK_HEAD : STREAM_END;
	return GO_ON;
}

static int
stream_end(struct bzip2 *bzip2, struct span *input)
{
	if (!bits_fill(bzip2, input, 32))
		return STREAM_INPUT;
	if (bits_take(bzip2, 32) != bzip2->stream_sum)
		return (int)stream_bad(&bzip2->stream, "the sum of a stream differs");
	/* The rest of the last byte is padding. */
	if (bzip2->bits % 8)
		(void)bits_take(bzip2, bzip2->bits % 8);
	bzip2->stream.is_whole = true;
	bzip2->state = STREAM_HEAD;
	return GO_ON;
}

static int
block_head(struct bzip2 *bzip2, struct span *input)
{
	if (bzip2->at == 0) {
		if (!bits_fill(bzip2, input, 32))
			return STREAM_INPUT;
		bzip2->said_sum = (uint32_t)bits_take(bzip2, 32);
		bzip2->at = 1;
	}
	if (!bits_fill(bzip2, input, 25 + 16))
		return STREAM_INPUT;
	if (bits_take(bzip2, 1))
		return (int)stream_bad(&bzip2->stream, "a randomised block, of bzip2 before 0.9.5");
	bzip2->origin = (uint32_t)bits_take(bzip2, 24);
	bzip2->maps = (uint16_t)bits_take(bzip2, 16);
	bzip2->at = 0;
	bzip2->symbols = 0;
	bzip2->state = MAP;
	return GO_ON;
}

/* Sixteen maps of sixteen bytes each: which bytes there are. */
static int
map_read(struct bzip2 *bzip2, struct span *input)
{
	for (; bzip2->at < 16; bzip2->at++) {
		if (!(bzip2->maps << bzip2->at & 0x8000))
			continue;
		if (!bits_fill(bzip2, input, 16))
			return STREAM_INPUT;
		uint32_t map = (uint32_t)bits_take(bzip2, 16);
		for (unsigned bit = 0; bit < 16; bit++)
			if (map << bit & 0x8000)
				bzip2->front[bzip2->symbols++] = (uint8_t)(bzip2->at * 16 + bit);
	}
	if (bzip2->symbols == 0)
		return damaged(bzip2);
	bzip2->symbols = (uint16_t)(bzip2->symbols + 2);
	bzip2->state = GROUPS;
	return GO_ON;
}

static int
groups_read(struct bzip2 *bzip2, struct span *input)
{
	if (!bits_fill(bzip2, input, 18))
		return STREAM_INPUT;
	bzip2->groups = (uint16_t)bits_take(bzip2, 3);
	bzip2->selectors = (uint16_t)bits_take(bzip2, 15);
	if (bzip2->groups < 2 || bzip2->groups > BZIP2_GROUPS || bzip2->selectors == 0)
		return damaged(bzip2);
	for (unsigned group = 0; group < BZIP2_GROUPS; group++)
		bzip2->lengths[group] = (uint8_t)group;
	bzip2->at = 0;
	bzip2->state = SELECTORS;
	return GO_ON;
}

/* Each is so many ones and a zero: how far back the group was used last. More than any block can
 * use may be there, and are not kept. */
static int
selectors_read(struct bzip2 *bzip2, struct span *input)
{
	uint8_t *recent = bzip2->lengths;
	for (; bzip2->at < bzip2->selectors; bzip2->at++) {
		if (!bits_fill(bzip2, input, BZIP2_GROUPS))
			return STREAM_INPUT;
		unsigned back = 0;
		while (bits_take(bzip2, 1))
			if (++back >= bzip2->groups)
				return damaged(bzip2);
		uint8_t group = recent[back];
		memmove(recent + 1, recent, back);
		recent[0] = group;
		if (bzip2->at < BZIP2_SELECTORS)
			bzip2->selected[bzip2->at] = group;
	}
	bzip2->groups = (uint16_t)(bzip2->groups << 8);
	bzip2->state = CODE_FIRST;
	return GO_ON;
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
code_find(const struct bzip2_code *code, uint64_t held)
{
	uint32_t first = 0;
	uint32_t index = 0;
	for (unsigned length = 1; length <= BZIP2_CODE; length++) {
		uint32_t value = (uint32_t)(held >> (64 - length));
		uint32_t count = code->count[length];
		if (value - first < count)
			return (uint32_t)code->symbols[index + value - first] << 5 | length;
		index += count;
		first = (first + count) << 1;
	}
	return 0;
}

static void
symbols_start(struct bzip2 *bzip2)
{
	memset(bzip2->starts, 0, sizeof bzip2->starts);
	bzip2->size = 0;
	bzip2->run = 0;
	bzip2->run_step = 1;
	bzip2->at = 0;
	bzip2->group_left = 0;
	bzip2->state = SYMBOLS;
}

/* The lengths of a group's codes: the first, and for each a way from the one before. In `groups`,
 * the group under way is low and how many there are is high. */
static int
lengths_read(struct bzip2 *bzip2, struct span *input)
{
	unsigned group = bzip2->groups & 255;
	if (bzip2->state == CODE_FIRST) {
		if (group == bzip2->groups >> 8) {
			symbols_start(bzip2);
			return GO_ON;
		}
		if (!bits_fill(bzip2, input, 5))
			return STREAM_INPUT;
		bzip2->length = (uint8_t)bits_take(bzip2, 5);
		bzip2->at = 0;
		bzip2->state = CODE_LENGTHS;
	}
	while (bzip2->at < bzip2->symbols) {
		if (!bits_fill(bzip2, input, 2))
			return STREAM_INPUT;
		if (bzip2->length < 1 || bzip2->length > BZIP2_CODE)
			return damaged(bzip2);
		if (!bits_take(bzip2, 1))
			bzip2->lengths[bzip2->at++] = bzip2->length;
		else if (bits_take(bzip2, 1))
			bzip2->length--;
		else
			bzip2->length++;
	}
	if (!code_build(&bzip2->codes[group], bzip2->lengths, bzip2->symbols))
		return damaged(bzip2);
	bzip2->groups++;
	bzip2->state = CODE_FIRST;
	return GO_ON;
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
static int
block_turn(struct bzip2 *bzip2)
{
	uint32_t *block = (uint32_t *)(void *)bzip2->stream.window;
	if (!run_end(bzip2) || bzip2->origin >= bzip2->size)
		return damaged(bzip2);
	uint32_t start = 0;
	for (unsigned byte = 0; byte < 256; byte++) {
		uint32_t count = bzip2->starts[byte];
		bzip2->starts[byte] = start;
		start += count;
	}
	for (uint32_t at = 0; at < bzip2->size; at++)
		block[bzip2->starts[block[at] & 255]++] |= at << 8;
	bzip2->place = block[bzip2->origin] >> 8;
	bzip2->block_sum = 0xffffffff;
	bzip2->repeated = 0;
	bzip2->state = OUTPUT;
	return GO_ON;
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
static int
symbols_read(struct bzip2 *bzip2, struct span *input)
{
	uint32_t *block = (uint32_t *)(void *)bzip2->stream.window;
	const uint32_t end = bzip2->symbols - 1U;
	const struct bzip2_code *code = bzip2->codes;
	if (bzip2->group_left)
		code = &bzip2->codes[bzip2->selected[bzip2->at - 1]];
	for (;;) {
		if (bzip2->bits < BZIP2_CODE && !bits_fill(bzip2, input, BZIP2_CODE))
			return STREAM_INPUT;
		if (bzip2->group_left == 0) {
			if (bzip2->at >= bzip2->selectors || bzip2->at >= BZIP2_SELECTORS)
				return damaged(bzip2);
			code = &bzip2->codes[bzip2->selected[bzip2->at++]];
			bzip2->group_left = GROUP_SIZE;
		}
		bzip2->group_left--;
		uint32_t entry = code->table[bzip2->held >> (64 - BZIP2_TABLE)];
		if (entry == 0) {
			entry = code_find(code, bzip2->held);
			if (entry == 0)
				return damaged(bzip2);
		}
		bzip2->held <<= entry & 31;
		bzip2->bits -= entry & 31;
		uint32_t symbol = entry >> 5;
		if (symbol <= RUN_B) {
			if (bzip2->run_step > bzip2->block_max)
				return damaged(bzip2);
			bzip2->run += bzip2->run_step << symbol;
			bzip2->run_step <<= 1;
			continue;
		}
		if (symbol == end)
			return block_turn(bzip2);
		if (bzip2->run && !run_end(bzip2))
			return damaged(bzip2);
		if (bzip2->size == bzip2->block_max)
			return damaged(bzip2);
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

static int
output_step(struct bzip2 *bzip2)
{
	if (bzip2->size == 0) {
		if (~bzip2->block_sum != bzip2->said_sum)
			return (int)stream_bad(&bzip2->stream, "the sum of a block differs");
		bzip2->stream_sum =
			(bzip2->stream_sum << 1 | bzip2->stream_sum >> 31) ^ bzip2->said_sum;
		bzip2->at = 0;
		bzip2->state = BLOCK_MAGIC;
		return GO_ON;
	}
	size_t size = block_put(bzip2);
	uint32_t sum = bzip2->block_sum;
	for (size_t at = 0; at < size; at++)
		sum = sum << 8 ^ bzip2->sums[sum >> 24 ^ bzip2->output[at]];
	bzip2->block_sum = sum;
	bzip2->stream.output = span_of(bzip2->output, size);
	return size ? (int)STREAM_OUTPUT : GO_ON;
}

static int
bzip2_part(struct bzip2 *bzip2, struct span *input)
{
	switch ((enum state)bzip2->state) {
	case STREAM_HEAD:
		return stream_head(bzip2, input);
	case STREAM_ROOM:
		if (bzip2->stream.capacity < bzip2->stream.wanted)
			return STREAM_WINDOW;
		bzip2->at = 0;
		bzip2->state = BLOCK_MAGIC;
		return GO_ON;
	case BLOCK_MAGIC:
		return block_magic(bzip2, input);
	case BLOCK_HEAD:
		return block_head(bzip2, input);
	case MAP:
		return map_read(bzip2, input);
	case GROUPS:
		return groups_read(bzip2, input);
	case SELECTORS:
		return selectors_read(bzip2, input);
	case CODE_FIRST:
	case CODE_LENGTHS:
		return lengths_read(bzip2, input);
	case SYMBOLS:
		return symbols_read(bzip2, input);
	case OUTPUT:
		return output_step(bzip2);
	case STREAM_END:
		return stream_end(bzip2, input);
	}
	return GO_ON;
}

enum stream_status
bzip2_step(struct bzip2 *bzip2, struct span *input)
{
	int status = GO_ON;
	while (status == GO_ON)
		status = bzip2_part(bzip2, input);
	return (enum stream_status)status;
}
