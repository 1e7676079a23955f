/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Everything that is read (a block's head, a code length, a literal, a length with its distance)
 * is one unit of at most 48 bits and is taken whole or not at all, so the state between steps is
 * small. Bits held over from one step's input are always part of the next unit; what is held
 * beyond that is given back to the input before a step returns.
 */
#include "inflate.h"

enum state {
	BLOCK = 0,
	END = 1, /* as the bit says that a block is the last */
	STORED,
	DYNAMIC_CODES,
	DYNAMIC_LENGTHS,
	SYMBOLS,
};

/* Of blocks; what a head of any has is a bit that says whether it is the last, and the type. */
enum type {
	TYPE_STORED,
	TYPE_FIXED,
	TYPE_DYNAMIC,
	TYPE_NONE,
};

enum { HEAD = 3 };

/* What the parts return beside a status: the next unit follows at once. */
#define UNIT_TAKEN ((enum inflate_status) - 1)

enum kind {
	KIND_LITERAL,
	KIND_DISTANCE,
	KIND_LENGTHS,
};

/* A table's entry: in bits 0-5 how many bits it takes, in 8-13 how many of these are the code, the
 * others being extra ones; then what it is (the end, where it is neither), and from bit 16 on the
 * literal, or the base of a length or distance. 0 is a longer code, or none. A shift by an entry is
 * one by its lowest six bits, for a machine as for WASM. */
enum entry {
	ENTRY_NONE = 15, /* as many bits as the longest code has, and nothing that they are */
	ENTRY_BASE = 1 << 14,
	ENTRY_LITERAL = 1 << 15,
};

/* Bytes that a round of the fast loop may read, and may write behind its end. */
enum { FAST_INPUT = 8, FAST_OUTPUT = 16 };

/* Bases of lengths and distances: four, or two, of them for each number of extra bits; of the
 * lengths, which begin at 3, the longest has a symbol of its own. */
static uint32_t
entry_of(unsigned kind, unsigned symbol, unsigned length)
{
	uint32_t code = length << 8 | length;
	bool is_literal = kind == KIND_LITERAL;
	if (kind == KIND_LENGTHS || (is_literal && symbol < 256))
		return ENTRY_LITERAL | code | symbol << 16;
	if (is_literal) {
		if (symbol == 256)
			return code;
		symbol -= 257;
	}
	if (symbol >= (is_literal ? 29 : 30))
		return 0;
	unsigned shift = is_literal ? 2 : 1;
	unsigned extra = symbol >> shift;
	if (extra)
		extra--;
	uint32_t base = (symbol - (extra << shift)) << extra;
	if (is_literal && symbol == 28) {
		extra = 0;
		base = 255;
	}
	base += is_literal ? 3 : 1;
	return ENTRY_BASE | (code + extra) | base << 16;
}

static inline unsigned
bits_of(uint32_t entry)
{
	return entry & 63;
}

/* The length or the distance, the bits that the entry takes being the lowest of `held`. */
static inline unsigned
value_of(uint64_t entry, uint64_t held)
{
	return (unsigned)((entry >> 16) +
			  ((held & ~(~(uint64_t)0 << (entry & 63))) >> (entry >> 8 & 63)));
}

/* False where the lengths are no complete prefix code. But of those of lengths, a code with a single symbol
 * of one bit is let through, and one with none at all, as encoders write both. */
COLD static bool
code_build(struct inflate_code *code, unsigned bits, unsigned kind, const uint8_t *lengths,
	unsigned symbols)
{
	memset(code->count, 0, sizeof code->count);
	for (unsigned symbol = 0; symbol < symbols; symbol++)
		code->count[lengths[symbol]]++;
	unsigned used = symbols - code->count[0];
	code->count[0] = 0;
	int left = 1;
	uint16_t start[16];
	start[0] = 0;
	for (unsigned length = 1; length < 16; length++) {
		left = left * 2 - code->count[length];
		if (left < 0)
			return false;
		start[length] = (uint16_t)(start[length - 1] + code->count[length - 1]);
	}
	if (left > 0 && (kind == KIND_LENGTHS || used > 1 || used != code->count[1]))
		return false;
	code->kind = (uint8_t)kind;
	for (unsigned symbol = 0; symbol < symbols; symbol++)
		if (lengths[symbol])
			code->symbol[start[lengths[symbol]]++] = (uint16_t)symbol;

	memset(code->table, 0, sizeof *code->table << bits);
	/* Codes are counted up with their first bit lowest, as the input has them. */
	unsigned next = 0;
	unsigned index = 0;
	for (unsigned length = 1; length <= bits; length++) {
		for (unsigned left_here = code->count[length]; left_here; left_here--) {
			uint32_t entry = entry_of(kind, code->symbol[index++], length);
			for (unsigned at = next; at < 1U << bits; at += 1U << length)
				code->table[at] = entry;
			unsigned bit = 1U << (length - 1);
			for (; next & bit; bit >>= 1)
				next -= bit;
			next |= bit;
		}
	}
	return true;
}

/* The entry of a code, which the table may not hold: ENTRY_NONE if there is none such. */
COLD static uint32_t
code_find(const struct inflate_code *code, unsigned bits, uint64_t held)
{
	uint32_t entry = code->table[held & ~(~0U << bits)];
	if (entry)
		return entry;
	unsigned value = 0;
	unsigned first = 0;
	unsigned index = 0;
	for (unsigned length = 1; length < 16; length++) {
		value = value << 1 | (unsigned)(held & 1);
		held >>= 1;
		unsigned count = code->count[length];
		if (value - first < count) {
			entry = entry_of(code->kind, code->symbol[index + value - first], length);
			break;
		}
		index += count;
		first = (first + count) << 1;
	}
	return entry ? entry : ENTRY_NONE;
}

void
inflate_start(struct inflate *inflate)
{
	inflate->held = 0;
	inflate->bits = 0;
	inflate->state = BLOCK;
}

void
inflate_slide(struct inflate_window *window)
{
	if (window->used <= INFLATE_HISTORY)
		return;
	memmove(window->data, window->data + window->used - INFLATE_HISTORY, INFLATE_HISTORY);
	window->used = INFLATE_HISTORY;
}

/* Fills the held bits to 56 or more (never 64), or with all of the input. */
static inline void
refill(struct inflate *inflate, struct span *input)
{
	while (inflate->bits < 56 && input->size) {
		inflate->held |= (uint64_t)*input->data << inflate->bits;
		inflate->bits += 8;
		input->data++;
		input->size--;
	}
}

/* The first of the held bits, as a number. */
ONCE COLD static unsigned
take(struct inflate *inflate, unsigned bits)
{
	unsigned number = (unsigned)(inflate->held & ~(~(uint64_t)0 << bits));
	inflate->held >>= bits;
	inflate->bits -= bits;
	return number;
}

/* Gives held bytes back that came from this step's input, of which `start` was the beginning. */
COLD static void
give_back(struct inflate *inflate, struct span *input, const uint8_t *start)
{
	size_t bytes = size_min(inflate->bits / 8, (size_t)(input->data - start));
	input->data -= bytes;
	input->size += bytes;
	inflate->bits -= (unsigned)bytes * 8;
	inflate->held &= ((uint64_t)1 << inflate->bits) - 1;
}

static inline void
copy_match(uint8_t *to, size_t distance, size_t size)
{
	for (; size; size--, to++)
		*to = *(to - distance);
}

/* May write up to 15 bytes more; `size` is at least 3. */
static inline void
copy_fast(uint8_t *to, size_t distance, size_t size)
{
	const uint8_t *from = to - distance;
	const uint8_t *end = to + size;
	/* What repeats sooner than in 8 bytes does so in twice as many too. */
	for (; distance < 8; distance *= 2) {
		__builtin_memcpy(to, from, 8);
		to += distance;
	}
	do {
		__builtin_memcpy(to, from, 8);
		to += 8;
		from += 8;
	} while (to < end);
}

/* What the fast loop holds of the input. Of `bits` the lowest six count: subtracting a whole entry
 * leaves rubbish above, which nothing looks at. */
struct fast {
	uint64_t held;
	uint64_t bits;
	const uint8_t *in;
};

static inline uint32_t
literal_at(const struct inflate *inflate, uint64_t held)
{
	return inflate->literal.table[held & ((1 << INFLATE_LITERAL_BITS) - 1)];
}

static inline uint32_t
distance_at(const struct inflate *inflate, uint64_t held)
{
	return inflate->distance.table[held & ((1 << INFLATE_DISTANCE_BITS) - 1)];
}

/* Fills the held bits to 56 or more, and returns the entry of the first of them. */
static inline uint64_t
fast_next(struct fast *fast, const struct inflate *inflate)
{
	fast->held |= load_64(fast->in) << (fast->bits & 63);
	fast->in += 7 - (fast->bits >> 3 & 7);
	fast->bits |= 56;
	return literal_at(inflate, fast->held);
}

static inline void
fast_drop(struct fast *fast, uint64_t entry)
{
	fast->held >>= entry & 63;
	fast->bits -= entry;
}

/* Whole symbols while neither input nor output can run out within one; leaves the rest, and all
 * that is odd, to the careful loop. It calls nothing, so that its variables stay in registers. */
ONCE static void
symbols_fast(struct inflate *inflate, struct span *input, struct inflate_window *window,
	const uint8_t *in_end, const uint8_t *out_end)
{
	struct fast fast = {inflate->held, inflate->bits, input->data};
	uint8_t *begin = window->data;
	uint8_t *out = begin + window->used;
	while (fast.in <= in_end && out < out_end) {
		uint64_t entry = fast_next(&fast, inflate);
		if (entry & ENTRY_LITERAL) {
			*out++ = (uint8_t)(entry >> 16);
			fast_drop(&fast, entry);
			entry = literal_at(inflate, fast.held);
			if (entry & ENTRY_LITERAL) {
				*out++ = (uint8_t)(entry >> 16);
				fast_drop(&fast, entry);
				continue;
			}
			/* A match may need 48 bits. */
			if ((fast.bits & 63) < 48)
				continue;
		}
		uint64_t rest = fast.held >> (entry & 63);
		uint64_t further = distance_at(inflate, rest);
		size_t distance = value_of(further, rest);
		size_t size = value_of(entry, fast.held);
		if (!(entry & further & ENTRY_BASE) || distance > (size_t)(out - begin) ||
			size > (size_t)(out_end - out))
			break;
		fast.held = rest;
		fast.bits -= entry;
		fast_drop(&fast, further);
		copy_fast(out, distance, size);
		out += size;
	}
	*input = span_after(*input, (size_t)(fast.in - input->data));
	window->used = (size_t)(out - begin);
	inflate->bits = (unsigned)fast.bits & 63;
	inflate->held = fast.held & ~(~(uint64_t)0 << inflate->bits);
}

/* One symbol with all that belongs to it. */
COLD static enum inflate_status
symbol_step(struct inflate *inflate, struct inflate_window *window)
{
	uint64_t held = inflate->held;
	uint32_t entry = code_find(&inflate->literal, INFLATE_LITERAL_BITS, held);
	uint32_t further = 0;
	unsigned spent = bits_of(entry);
	unsigned value = value_of(entry, held);
	if (entry & ENTRY_BASE) {
		held >>= spent;
		further = code_find(&inflate->distance, INFLATE_DISTANCE_BITS, held);
		spent += bits_of(further);
	}
	if (spent > inflate->bits)
		return INFLATE_INPUT;
	unsigned distance = value_of(further, held);
	if (entry == ENTRY_NONE || further == ENTRY_NONE || distance > window->used)
		return INFLATE_BAD;
	size_t size = entry & ENTRY_BASE ? value : entry & ENTRY_LITERAL ? 1 : 0;
	if (size > window->capacity - window->used)
		return INFLATE_FULL;
	(void)take(inflate, spent);
	if (!size)
		inflate->state = inflate->after;
	uint8_t *to = window->data + window->used;
	window->used += size;
	if (entry & ENTRY_LITERAL)
		*to = (uint8_t)value;
	else
		copy_match(to, distance, size);
	return UNIT_TAKEN;
}

/* The codes of a block, of which all lengths are known. */
ONCE COLD static enum inflate_status
codes_build(struct inflate *inflate)
{
	if (inflate->lengths[256] == 0)
		return INFLATE_BAD;
	if (!code_build(&inflate->literal, INFLATE_LITERAL_BITS, KIND_LITERAL, inflate->lengths,
		    inflate->literal_count) ||
		!code_build(&inflate->distance, INFLATE_DISTANCE_BITS, KIND_DISTANCE,
			inflate->lengths + inflate->literal_count, inflate->distance_count))
		return INFLATE_BAD;
	inflate->state = SYMBOLS;
	return UNIT_TAKEN;
}

static enum inflate_status
fixed_codes(struct inflate *inflate)
{
	memset(inflate->lengths, 8, 288);
	memset(inflate->lengths + 144, 9, 112);
	memset(inflate->lengths + 256, 7, 24);
	memset(inflate->lengths + 288, 5, 32);
	inflate->literal_count = 288;
	inflate->distance_count = 32;
	return codes_build(inflate);
}

/* A block's head: of a stored one its size is part, at the next byte, of a dynamic one the counts. */
COLD static enum inflate_status
block_step(struct inflate *inflate)
{
	unsigned type = inflate->held >> 1 & 3;
	unsigned padding = (inflate->bits - HEAD) & 7;
	unsigned size = type == TYPE_STORED    ? HEAD + padding + 32
			: type == TYPE_DYNAMIC ? HEAD + 14
					       : HEAD;
	if (size > inflate->bits)
		return INFLATE_INPUT;
	inflate->after = (uint8_t)take(inflate, 1);
	(void)take(inflate, 2);
	switch ((enum type)type) {
	case TYPE_STORED:
		(void)take(inflate, padding);
		inflate->copy_size = take(inflate, 16);
		inflate->state = STORED;
		return take(inflate, 16) == (inflate->copy_size ^ 0xffff) ? UNIT_TAKEN
									  : INFLATE_BAD;
	case TYPE_FIXED:
		return fixed_codes(inflate);
	case TYPE_DYNAMIC:
		inflate->literal_count = 257 + take(inflate, 5);
		inflate->distance_count = 1 + take(inflate, 5);
		/* Code lengths come in an order of their own; the rest of the 19 are 0. */
		inflate->copy_size = 4 + take(inflate, 4);
		inflate->lengths_read = 0;
		memset(inflate->lengths, 0, sizeof inflate->lengths);
		inflate->state = DYNAMIC_CODES;
		return inflate->literal_count > 286 || inflate->distance_count > 30 ? INFLATE_BAD
										    : UNIT_TAKEN;
	case TYPE_NONE:
		break;
	}
	return INFLATE_BAD;
}

COLD static enum inflate_status
stored_step(struct inflate *inflate, struct span *input, struct inflate_window *window)
{
	size_t before = window->used;
	size_t size = size_min(inflate->copy_size, window->capacity - before);
	(void)span_collect(input, window->data, &window->used, before + size);
	inflate->copy_size -= (unsigned)(window->used - before);
	if (inflate->copy_size)
		return window->used == window->capacity ? INFLATE_FULL : INFLATE_INPUT;
	inflate->state = inflate->after;
	return UNIT_TAKEN;
}

COLD static enum inflate_status
dynamic_codes(struct inflate *inflate)
{
	static const uint8_t order[19] = {
		16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
	if (inflate->bits < 3)
		return INFLATE_INPUT;
	inflate->lengths[order[inflate->lengths_read++]] = (uint8_t)take(inflate, 3);
	if (inflate->lengths_read < inflate->copy_size)
		return UNIT_TAKEN;
	/* The code of the lengths borrows the place of the literals' until that is known. */
	if (!code_build(&inflate->literal, 7, KIND_LENGTHS, inflate->lengths, 19))
		return INFLATE_BAD;
	inflate->lengths_read = 0;
	inflate->state = DYNAMIC_LENGTHS;
	return UNIT_TAKEN;
}

/* As many of the lengths as the held bits have, and one at least. */
COLD static enum inflate_status
dynamic_lengths(struct inflate *inflate)
{
	/* How often symbols from 16 on repeat a length. */
	static const uint8_t repeat_bits[] = {2, 3, 7};
	static const uint8_t repeat_least[] = {3, 3, 11};
	unsigned total = inflate->literal_count + inflate->distance_count;
	do {
		uint32_t entry = inflate->literal.table[inflate->held & 127];
		unsigned spent = bits_of(entry);
		unsigned symbol = entry >> 16;
		unsigned extra = 0;
		unsigned repeat = 1;
		if (symbol >= 16) {
			extra = repeat_bits[symbol - 16];
			repeat = repeat_least[symbol - 16];
		}
		if (spent + extra > inflate->bits)
			return INFLATE_INPUT;
		repeat += take(inflate, spent + extra) >> spent;
		if (inflate->lengths_read + repeat > total ||
			(symbol == 16 && inflate->lengths_read == 0))
			return INFLATE_BAD;
		uint8_t length = symbol < 16    ? (uint8_t)symbol
				 : symbol == 16 ? inflate->lengths[inflate->lengths_read - 1]
						: 0;
		while (repeat--)
			inflate->lengths[inflate->lengths_read++] = length;
		if (inflate->lengths_read == total)
			return codes_build(inflate);
	} while (inflate->bits >= 14);
	return UNIT_TAKEN;
}

/* One unit of whatever is next. A function of its own, as in a loop the address of each part of the
 * state would be held. */
ONCE COLD static enum inflate_status
unit_step(struct inflate *inflate, struct span *input, struct inflate_window *window)
{
	switch ((enum state)inflate->state) {
	case BLOCK:
		return block_step(inflate);
	case STORED:
		return stored_step(inflate, input, window);
	case DYNAMIC_CODES:
		return dynamic_codes(inflate);
	case DYNAMIC_LENGTHS:
		return dynamic_lengths(inflate);
	case SYMBOLS:
		return symbol_step(inflate, window);
	case END:
		break;
	}
	return INFLATE_DONE;
}

COLD enum inflate_status
inflate_step(struct inflate *inflate, struct span *input, struct inflate_window *window)
{
	const uint8_t *start = input->data;
	enum inflate_status status;
	do {
		if (inflate->state == SYMBOLS && input->size >= FAST_INPUT &&
			window->capacity - window->used > FAST_OUTPUT)
			symbols_fast(inflate, input, window, input->data + input->size - FAST_INPUT,
				window->data + window->capacity - FAST_OUTPUT);
		if (inflate->state == STORED || inflate->state == END)
			give_back(inflate, input, start);
		else
			refill(inflate, input);
		status = unit_step(inflate, input, window);
	} while (status == UNIT_TAKEN);
	if (status == INFLATE_FULL)
		give_back(inflate, input, start);
	return status;
}
