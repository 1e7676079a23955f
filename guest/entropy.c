/* SPDX-License-Identifier: MPL-2.0 */
#include "entropy.h"

static inline unsigned
log_of(uint32_t value)
{
	return 31 - (unsigned)__builtin_clz(value);
}

ONCE ptrdiff_t
bits_start(struct span bytes)
{
	if (bytes.size == 0 || bytes.data[bytes.size - 1] == 0)
		return -1;
	return (ptrdiff_t)(8 * (bytes.size - 1) + log_of(bytes.data[bytes.size - 1]));
}

COLD void
fse_build(struct fse *fse, const int16_t *counts, size_t symbols, unsigned log,
	const uint8_t *extra, uint32_t first)
{
	uint32_t size = (uint32_t)1 << log;
	uint32_t high = size - 1;
	uint16_t next[FSE_SYMBOLS];
	uint32_t bases[FSE_SYMBOLS];
	for (size_t symbol = 0; symbol < symbols; symbol++) {
		bases[symbol] = extra ? first : (uint32_t)symbol;
		if (extra)
			first += (uint32_t)1 << extra[symbol];
		next[symbol] = (uint16_t)(counts[symbol] < 0 ? 1 : counts[symbol]);
		if (counts[symbol] < 0)
			fse->states[high--].extra = (uint8_t)symbol;
	}
	/* Until the last loop, `extra` holds the symbol. */
	uint32_t at = 0;
	for (size_t symbol = 0; symbol < symbols; symbol++)
		for (int count = counts[symbol]; count > 0; count--) {
			fse->states[at].extra = (uint8_t)symbol;
			do
				at = (at + (size >> 1) + (size >> 3) + 3) & (size - 1);
			while (at > high);
		}
	for (at = 0; at < size; at++) {
		struct fse_state *state = &fse->states[at];
		uint8_t symbol = state->extra;
		uint32_t value = next[symbol]++;
		state->bits = (uint8_t)(log - log_of(value));
		state->next = (uint16_t)((value << state->bits) - size);
		state->base = bases[symbol];
		state->extra = extra ? extra[symbol] : 0;
	}
	fse->log = (uint8_t)log;
	fse->is_set = true;
}

ONCE const struct fse_state *
fse_start(const struct fse *fse, const uint8_t *data, ptrdiff_t *left)
{
	uint32_t at = bits_first(bits_top(data, *left), fse->log);
	*left -= fse->log;
	return &fse->states[at];
}

/* Bits that are read forwards, the lowest first; `at` may run past the end, which the caller sees. */
static ONCE uint32_t
forward_peek(struct span bytes, size_t at)
{
	return at / 8 < bytes.size ? load_32(bytes.data + at / 8) >> at % 8 : 0;
}

COLD size_t
fse_read(struct span bytes, unsigned log_max, size_t symbols_max, int16_t *counts,
	size_t *symbols_out, unsigned *log_out)
{
	unsigned log = (forward_peek(bytes, 0) & 15) + 5;
	if (log > log_max)
		return 0;
	size_t at = 4;
	size_t symbols = 0;
	uint32_t left = (uint32_t)1 << log;
	while (left) {
		if (symbols == symbols_max)
			return 0;
		/* Values from 0 to left + 1; the lower ones take a bit less. */
		unsigned width = log_of(left + 1);
		uint32_t low = ((uint32_t)2 << width) - 2 - left;
		uint32_t peeked = forward_peek(bytes, at);
		uint32_t value = peeked & (((uint32_t)1 << width) - 1);
		at += width;
		if (value >= low) {
			value = peeked & (((uint32_t)2 << width) - 1);
			at++;
			if (value >> width)
				value -= low;
		}
		counts[symbols++] = (int16_t)(value - 1);
		left -= value == 0 ? 1 : value - 1;
		uint32_t repeat = value == 1 ? 3 : 0;
		while (repeat == 3) {
			repeat = forward_peek(bytes, at) & 3;
			at += 2;
			for (uint32_t zero = repeat; zero; zero--) {
				if (symbols == symbols_max)
					return 0;
				counts[symbols++] = 0;
			}
		}
	}
	*symbols_out = symbols;
	*log_out = log;
	size_t size = (at + 7) / 8;
	return size <= bytes.size ? size : 0;
}

enum { WEIGHTS = 256, WEIGHT_LOG = 6 };

/* Weights that are packed by FSE: two states take turns until the bits are used up. Returns how many
 * there are, or 0. */
COLD static size_t
weights_unpack(uint8_t *weights, struct span bytes, struct fse *fse)
{
	int16_t counts[FSE_SYMBOLS];
	size_t symbols;
	unsigned log;
	size_t size = fse_read(bytes, WEIGHT_LOG, HUFFMAN_BITS + 1, counts, &symbols, &log);
	if (size == 0)
		return 0;
	fse_build(fse, counts, symbols, log, NULL, 0);
	bytes = span_after(bytes, size);
	ptrdiff_t left = bits_start(bytes);
	const struct fse_state *here = fse_start(fse, bytes.data, &left);
	const struct fse_state *other = fse_start(fse, bytes.data, &left);
	if (left < 0)
		return 0;
	for (size_t count = 0; count < WEIGHTS - 2;) {
		weights[count++] = (uint8_t)here->base;
		if (left < here->bits) {
			/* The bits are used up: the other state has one last symbol. */
			weights[count++] = (uint8_t)other->base;
			return count;
		}
		uint32_t next = here->next + bits_first(bits_top(bytes.data, left), here->bits);
		left -= here->bits;
		here = other;
		other = &fse->states[next];
	}
	return 0;
}

/* The last weight is what is lacking to a power of two. */
COLD static bool
huffman_build(struct huffman *huffman, uint8_t *weights, size_t count)
{
	uint16_t *cell = huffman->cells;
	uint32_t sum = 0;
	for (size_t at = 0; at < count; at++) {
		if (weights[at] > HUFFMAN_BITS)
			return false;
		sum += (uint32_t)1 << weights[at] >> 1;
	}
	unsigned bits = sum ? log_of(sum) + 1 : 0;
	uint32_t lacking = ((uint32_t)1 << bits) - sum;
	if (sum == 0 || bits > HUFFMAN_BITS || (lacking & (lacking - 1)) != 0)
		return false;
	weights[count++] = (uint8_t)(log_of(lacking) + 1);
	/* The longest codes first, those of one length in the order of their symbols. */
	for (unsigned weight = 1; weight <= bits; weight++)
		for (size_t at = 0; at < count; at++)
			for (uint32_t left = 1U << (weight - 1); left && weights[at] == weight;
				left--)
				*cell++ = (uint16_t)(at | (bits + 1 - weight) << 8);
	huffman->bits = (uint8_t)bits;
	return true;
}

COLD size_t
huffman_read(struct huffman *huffman, struct span bytes, struct fse *scratch)
{
	uint8_t weights[WEIGHTS];
	if (bytes.size == 0)
		return 0;
	size_t head = bytes.data[0];
	size_t count = head < 128 ? 0 : head - 127;
	size_t size = head < 128 ? head : (count + 1) / 2;
	if (size > bytes.size - 1)
		return 0;
	bytes = span_of(bytes.data + 1, size);
	if (head < 128)
		count = weights_unpack(weights, bytes, scratch);
	else
		for (size_t at = 0; at < count; at++)
			weights[at] = at % 2 ? bytes.data[at / 2] & 15 : bytes.data[at / 2] >> 4;
	return count && huffman_build(huffman, weights, count) ? size + 1 : 0;
}

static bool
stream_decode(const struct huffman *huffman, struct span bytes, uint8_t *out, size_t size)
{
	ptrdiff_t left = bits_start(bytes);
	const uint8_t *end = out + size;
	unsigned shift = 64U - huffman->bits;
	if (left < 0)
		return false;
	while (out < end) {
		/* Five symbols of 11 bits at most. */
		uint64_t top = bits_top(bytes.data, left);
		for (int symbol = 0; symbol < 5 && out < end; symbol++) {
			uint16_t cell = huffman->cells[top >> shift];
			*out++ = (uint8_t)cell;
			top <<= cell >> 8;
			left -= cell >> 8;
		}
	}
	return left == 0;
}

/* One by one: side by side they take half the time, but that is at most a seventh of a frame's, and 700 bytes. */
bool
huffman_decode(
	const struct huffman *huffman, struct span bytes, uint8_t *out, size_t size, size_t streams)
{
	size_t part = (size + streams - 1) / streams;
	const uint8_t *sizes = bytes.data;
	size_t head = 2 * (streams - 1);
	if (bytes.size < head)
		return false;
	bytes = span_after(bytes, head);
	for (; streams; streams--) {
		size_t here = bytes.size;
		if (streams == 1)
			part = size;
		else
			here = load_16(sizes);
		if (here > bytes.size || part > size ||
			!stream_decode(huffman, span_of(bytes.data, here), out, part))
			return false;
		bytes = span_after(bytes, here);
		sizes += 2;
		out += part;
		size -= part;
	}
	return true;
}
