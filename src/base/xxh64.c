/* SPDX-License-Identifier: MPL-2.0 */
#include "base/xxh64.h"

#define PRIME_1 0x9e3779b185ebca87U
#define PRIME_2 0xc2b2ae3d27d4eb4fU
#define PRIME_3 0x165667b19e3779f9U
#define PRIME_4 0x85ebca77c2b2ae63U
#define PRIME_5 0x27d4eb2f165667c5U

/* Numbers lie with their lowest byte first, as every machine that cab runs on has them. */
static inline uint64_t
word_at(const uint8_t *from, size_t size)
{
	uint64_t word = 0;
	memcpy(&word, from, size);
	return word;
}

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

static void
lanes_add(struct xxh64 *sum, const uint8_t *block)
{
	for (size_t at = 0; at < 4; at++)
		sum->lanes[at] = lane_add(sum->lanes[at], word_at(block + 8 * at, 8));
}

void
xxh64_add(struct xxh64 *sum, struct bytes data)
{
	size_t held = sum->size % sizeof sum->held;
	size_t at = 0;
	if (data.size == 0)
		return;
	sum->size += data.size;
	if (held) {
		at = sizeof sum->held - held < data.size ? sizeof sum->held - held : data.size;
		memcpy(sum->held + held, data.data, at);
		if (held + at < sizeof sum->held)
			return;
		lanes_add(sum, sum->held);
	}
	for (; data.size - at >= sizeof sum->held; at += sizeof sum->held)
		lanes_add(sum, data.data + at);
	if (at < data.size)
		memcpy(sum->held, data.data + at, data.size - at);
}

uint64_t
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
		value = turn(value ^ lane_add(0, word_at(rest, 8)), 27) * PRIME_1 + PRIME_4;
	if (left >= 4) {
		value = turn(value ^ word_at(rest, 4) * PRIME_1, 23) * PRIME_2 + PRIME_3;
		left -= 4;
		rest += 4;
	}
	for (; left; left--, rest++)
		value = turn(value ^ *rest * PRIME_5, 11) * PRIME_1;
	value = (value ^ value >> 33) * PRIME_2;
	value = (value ^ value >> 29) * PRIME_3;
	return value ^ value >> 32;
}
