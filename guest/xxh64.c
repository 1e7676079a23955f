/* SPDX-License-Identifier: MPL-2.0 */
#include "xxh64.h"

#define PRIME_1 0x9e3779b185ebca87U
#define PRIME_2 0xc2b2ae3d27d4eb4fU
#define PRIME_3 0x165667b19e3779f9U
#define PRIME_4 0x85ebca77c2b2ae63U
#define PRIME_5 0x27d4eb2f165667c5U

static inline uint64_t
turn(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static inline uint64_t
lane_add(uint64_t lane, uint64_t word)
{
	return turn(lane + word * PRIME_2, 31) * PRIME_1;
}

void
xxh64_start(struct xxh64 *sum)
{
	sum->lanes[0] = PRIME_1 + PRIME_2;
	sum->lanes[1] = PRIME_2;
	sum->lanes[2] = 0;
	sum->lanes[3] = -PRIME_1;
	sum->size = 0;
}

void
xxh64_add(struct xxh64 *sum, struct span bytes)
{
	size_t held = sum->size % 32;
	sum->size += bytes.size;
	while (span_collect(&bytes, sum->held, &held, 32)) {
		for (size_t at = 0; at < 4; at++)
			sum->lanes[at] = lane_add(sum->lanes[at], load_64(sum->held + 8 * at));
		held = 0;
	}
}

COLD uint64_t
xxh64_end(const struct xxh64 *sum)
{
	static const uint8_t turns[4] = {1, 7, 12, 18};
	uint64_t value = PRIME_5;
	if (sum->size >= 32) {
		value = 0;
		for (size_t at = 0; at < 4; at++)
			value += turn(sum->lanes[at], turns[at]);
		for (size_t at = 0; at < 4; at++)
			value = (value ^ lane_add(0, sum->lanes[at])) * PRIME_1 + PRIME_4;
	}
	value += sum->size;
	const uint8_t *rest = sum->held;
	size_t left = sum->size % 32;
	for (; left >= 8; left -= 8, rest += 8)
		value = turn(value ^ lane_add(0, load_64(rest)), 27) * PRIME_1 + PRIME_4;
	if (left >= 4) {
		value = turn(value ^ load_32(rest) * PRIME_1, 23) * PRIME_2 + PRIME_3;
		left -= 4;
		rest += 4;
	}
	for (; left; left--, rest++)
		value = turn(value ^ *rest * PRIME_5, 11) * PRIME_1;
	value = (value ^ value >> 33) * PRIME_2;
	value = (value ^ value >> 29) * PRIME_3;
	return value ^ value >> 32;
}
