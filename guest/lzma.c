/* SPDX-License-Identifier: MPL-2.0 */
#include "lzma.h"

enum { PROBABILITY_BITS = 11, PROBABILITY_HALF = 1 << 10, LEARN = 5, RANGE_LEAST = 1 << 24 };
/* Distances up to this slot have a model of their own for all of their bits. */
enum { SLOT_SPECIAL = 14, ALIGN_BITS = 4, LITERAL_STATES = 7 };

COLD bool
lzma_set(struct lzma *lzma, uint8_t properties)
{
	unsigned context = properties % 9;
	unsigned position = properties / 9 % 5;
	unsigned mask = properties / 45;
	/* LZMA2 allows no more than 4 bits of context in all. */
	if (mask > 4 || context + position > 4)
		return false;
	lzma->literal_context = (uint8_t)context;
	lzma->literal_position = (uint8_t)((1U << position) - 1);
	lzma->position_mask = (uint8_t)((1U << mask) - 1);
	return true;
}

COLD void
lzma_reset(struct lzma *lzma)
{
	uint16_t *probability = (uint16_t *)&lzma->model;
	for (size_t at = 0; at < sizeof lzma->model / sizeof *probability; at++)
		probability[at] = PROBABILITY_HALF;
	lzma->state = 0;
	memset(lzma->repeats, 0, sizeof lzma->repeats);
}

COLD bool
lzma_start(struct lzma *lzma, struct span bytes)
{
	if (bytes.size < 5 || bytes.data[0] != 0)
		return false;
	uint32_t code = 0;
	for (size_t at = 1; at < 5; at++)
		code = code << 8 | bytes.data[at];
	lzma->range =
		(struct lzma_range){0xffffffff, code, bytes.data + 5, bytes.data + bytes.size};
	return true;
}

bool
lzma_is_ended(const struct lzma *lzma)
{
	return lzma->range.next == lzma->range.end && lzma->range.code == 0;
}

static inline void
range_fill(struct lzma_range *range)
{
	if (range->range < RANGE_LEAST) {
		range->range <<= 8;
		range->code = range->code << 8 | *range->next++;
	}
}

static inline __attribute__((always_inline)) unsigned
bit_read(struct lzma_range *range, uint16_t *probability)
{
	range_fill(range);
	uint32_t value = *probability;
	uint32_t bound = (range->range >> PROBABILITY_BITS) * value;
	if (range->code < bound) {
		range->range = bound;
		*probability = (uint16_t)(value + (((1U << PROBABILITY_BITS) - value) >> LEARN));
		return 0;
	}
	range->range -= bound;
	range->code -= bound;
	*probability = (uint16_t)(value - (value >> LEARN));
	return 1;
}

/* The same for a decision that comes once a match: not worth a copy of its own. */
static __attribute__((noinline)) unsigned
choice_read(struct lzma_range *range, uint16_t *probability)
{
	return bit_read(range, probability);
}

/* A number of so many bits, the highest first, with a 1 before them. */
static __attribute__((noinline)) unsigned
tree_read(struct lzma_range *range, uint16_t *model, unsigned limit)
{
	unsigned at = 1;
	do
		at = at << 1 | bit_read(range, &model[at]);
	while (at < limit);
	return at - limit;
}

static inline uint32_t
reverse_read(struct lzma_range *range, uint16_t *model, unsigned bits)
{
	unsigned at = 1;
	uint32_t value = 0;
	for (unsigned bit = 0; bit < bits; bit++) {
		unsigned one = bit_read(range, &model[at]);
		at = at << 1 | one;
		value |= (uint32_t)one << bit;
	}
	return value;
}

static inline unsigned
size_read(struct lzma_range *range, struct lzma_size *model, unsigned position)
{
	if (!choice_read(range, &model->choice))
		return 2 + tree_read(range, model->low[position], 8);
	if (!choice_read(range, &model->choice_more))
		return 10 + tree_read(range, model->middle[position], 8);
	return 18 + tree_read(range, model->high, 256);
}

static inline uint32_t
distance_read(struct lzma_range *range, struct lzma_model *model, unsigned size)
{
	uint32_t slot = tree_read(range, model->slots[size < 6 ? size - 2 : 3], 64);
	if (slot < 4)
		return slot;
	unsigned bits = (slot >> 1) - 1;
	uint32_t distance = (2 | (slot & 1)) << bits;
	if (slot < SLOT_SPECIAL)
		return distance + reverse_read(range, model->special + distance - slot, bits);
	uint32_t direct = 0;
	for (bits -= ALIGN_BITS; bits; bits--) {
		range_fill(range);
		range->range >>= 1;
		uint32_t one = range->code >= range->range;
		range->code -= range->range & -one;
		direct = direct << 1 | one;
	}
	return distance + (direct << ALIGN_BITS) + reverse_read(range, model->align, ALIGN_BITS);
}

/* Behind a match, the byte that a match of the same distance would have is a context, as long as it
 * agrees. */
static inline uint8_t
literal_read(struct lzma_range *range, uint16_t *model, bool is_matched, unsigned match)
{
	unsigned at = 1;
	unsigned offset = 0x100;
	if (!is_matched)
		return (uint8_t)tree_read(range, model, 0x100);
	do {
		match <<= 1;
		unsigned bit = match & offset;
		unsigned one = bit_read(range, &model[offset + bit + at]);
		at = at << 1 | one;
		offset &= one ? bit : ~bit;
	} while (at < 0x100);
	return (uint8_t)at;
}

static inline void
match_copy(uint8_t *to, size_t distance, size_t size)
{
	const uint8_t *from = to - distance;
	if (distance >= 8) {
		/* Up to 7 bytes more: the window has a margin. */
		const uint8_t *end = to + size;
		do {
			uint64_t word;
			__builtin_memcpy(&word, from, 8);
			__builtin_memcpy(to, &word, 8);
			to += 8;
			from += 8;
		} while (to < end);
		return;
	}
	while (size--)
		*to++ = *from++;
}

/* Which of the last four distances; it becomes the last one. */
static inline void
repeat_choose(struct lzma *lzma, struct lzma_range *range)
{
	struct lzma_model *model = &lzma->model;
	unsigned which = 1;
	if (choice_read(range, &model->is_repeat_1[lzma->state]))
		which = 2 + choice_read(range, &model->is_repeat_2[lzma->state]);
	uint32_t chosen = lzma->repeats[which];
	for (; which; which--)
		lzma->repeats[which] = lzma->repeats[which - 1];
	lzma->repeats[0] = chosen;
}

/* How much to copy from repeats[0] back. */
static inline unsigned
match_read(struct lzma *lzma, struct lzma_range *range, unsigned position)
{
	struct lzma_model *model = &lzma->model;
	unsigned state = lzma->state;
	bool was_literal = state < LITERAL_STATES;
	if (!choice_read(range, &model->is_repeat[state])) {
		unsigned size = size_read(range, &model->match, position);
		memmove(lzma->repeats + 1, lzma->repeats, 3 * sizeof lzma->repeats[0]);
		lzma->repeats[0] = distance_read(range, model, size);
		lzma->state = was_literal ? 7 : 10;
		return size;
	}
	if (choice_read(range, &model->is_repeat_0[state])) {
		repeat_choose(lzma, range);
	} else if (!choice_read(range, &model->is_long[state][position])) {
		lzma->state = was_literal ? 9 : 11;
		return 1;
	}
	lzma->state = was_literal ? 8 : 11;
	return size_read(range, &model->repeat, position);
}

bool
lzma_run(struct lzma *lzma, size_t left, size_t soft)
{
	struct lzma_range range = lzma->range;
	struct lzma_model *model = &lzma->model;
	uint8_t *window = lzma->window;
	size_t used = lzma->used;
	while (left && used < soft) {
		uint32_t place = (uint32_t)used + lzma->position;
		unsigned position = place & lzma->position_mask;
		if (!choice_read(&range, &model->is_match[lzma->state][position])) {
			unsigned before = used ? window[used - 1] : 0;
			unsigned context =
				((place & lzma->literal_position) << lzma->literal_context) +
				(before >> (8 - lzma->literal_context));
			bool is_matched = lzma->state >= LITERAL_STATES;
			window[used] = literal_read(&range,
				model->literals + (size_t)0x300 * context, is_matched,
				is_matched ? window[used - lzma->repeats[0] - 1] : 0);
			used++;
			left--;
			lzma->state = (uint8_t)(lzma->state < 4    ? 0
						: lzma->state < 10 ? lzma->state - 3
								   : lzma->state - 6);
		} else {
			size_t size = match_read(lzma, &range, position);
			if (lzma->repeats[0] >= size_min(used, lzma->reach) || size > left)
				return false;
			match_copy(window + used, (size_t)lzma->repeats[0] + 1, size);
			used += size;
			left -= size;
		}
		if (range.next > range.end)
			return false;
	}
	if (left == 0)
		range_fill(&range);
	lzma->range = range;
	lzma->used = used;
	return range.next <= range.end;
}
