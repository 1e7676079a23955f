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
		crc->tables[0][byte] = sum;
	}
	for (size_t byte = 0; byte < 256; byte++)
		for (int table = 1; table < 4; table++) {
			uint64_t sum = crc->tables[table - 1][byte];
			crc->tables[table][byte] = sum >> 8 ^ crc->tables[0][sum & 255];
		}
}

uint64_t
crc_add(const struct crc *crc, uint64_t sum, struct span bytes)
{
	const uint8_t *data = bytes.data;
	size_t size = bytes.size;
	sum ^= crc->ones;
	for (; size >= 4; size -= 4, data += 4) {
		uint32_t word;
		__builtin_memcpy(&word, data, 4);
		word ^= (uint32_t)sum;
		sum = sum >> 32 ^ crc->tables[3][word & 255] ^ crc->tables[2][word >> 8 & 255] ^
		      crc->tables[1][word >> 16 & 255] ^ crc->tables[0][word >> 24];
	}
	for (; size; size--, data++)
		sum = sum >> 8 ^ crc->tables[0][(sum ^ *data) & 255];
	return sum ^ crc->ones;
}
