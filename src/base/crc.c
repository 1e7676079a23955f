/* SPDX-License-Identifier: MPL-2.0 */
#include "base/crc.h"

static const uint64_t polynomial_64 = 0xc96c5795d7870f42;
static const uint32_t polynomial_32 = 0x04c11db7;

void
crc_start(struct crc *crc, enum crc_kind kind)
{
	crc->kind = kind;
	crc->sum = kind == CRC_64 ? UINT64_MAX : UINT32_MAX;
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint64_t reflected = byte;
		uint32_t forward = byte << 24;
		for (int bit = 0; bit < 8; bit++) {
			reflected = reflected >> 1 ^ (reflected & 1 ? polynomial_64 : 0);
			forward = forward << 1 ^ (forward >> 31 ? polynomial_32 : 0);
		}
		crc->table[byte] = kind == CRC_64 ? reflected : forward;
	}
}

void
crc_add(struct crc *crc, struct bytes data)
{
	uint64_t sum = crc->sum;
	for (size_t at = 0; at < data.size; at++) {
		if (crc->kind == CRC_64)
			sum = sum >> 8 ^ crc->table[(sum ^ data.data[at]) & 255];
		else
			sum = (sum << 8 & UINT32_MAX) ^ crc->table[sum >> 24 ^ data.data[at]];
	}
	crc->sum = sum;
}

uint64_t
crc_sum(const struct crc *crc)
{
	return crc->sum ^ (crc->kind == CRC_64 ? UINT64_MAX : UINT32_MAX);
}
