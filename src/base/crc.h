/* SPDX-License-Identifier: MPL-2.0 */
/*
 * crc: the cyclic redundancy checks that zlib has not.
 *
 *     struct crc crc;
 *     crc_start(&crc, CRC_64);
 *     crc_add(&crc, bytes);                    as often as wanted
 *     uint64_t sum = crc_sum(&crc);
 *
 * CRC_64 is that of xz (the .xz file format 1.2.0, section 6, bits reflected); CRC_32_FORWARD that of bzip2,
 * whose polynomial is that of CRC-32 and whose bits are not reflected.
 */
#pragma once

#include "base/bytes.h"

enum crc_kind {
	CRC_64,
	CRC_32_FORWARD,
};

struct crc {
	enum crc_kind kind;
	uint64_t sum; /* inverted */
	uint64_t table[256];
};

void crc_start(struct crc *crc, enum crc_kind kind);
void crc_add(struct crc *crc, struct bytes data);
uint64_t crc_sum(const struct crc *crc);
