/* SPDX-License-Identifier: MPL-2.0 */
#include "crc.h"

COLD void
crc_build(struct crc *crc, uint64_t polynomial)
{
	crc->ones = polynomial >> 32 ? ~(uint64_t)0 : 0xffffffff;
	for (uint64_t byte = 0; byte < 256; byte++) {
		uint64_t sum = byte;
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? polynomial : 0);
		crc->table[byte] = sum;
	}
}

uint64_t
crc_add(const struct crc *crc, uint64_t sum, struct span bytes)
{
	const uint8_t *end = bytes.data + bytes.size;
	sum ^= crc->ones;
	for (const uint8_t *data = bytes.data; data < end; data++)
		sum = sum >> 8 ^ crc->table[(sum ^ *data) & 255];
	return sum ^ crc->ones;
}
