/* SPDX-License-Identifier: MPL-2.0 */
/*
 * crc: cyclic redundancy checks of 32 bits (as gzip and xz have them) and of 64 (xz alone),
 * both with their bits reflected and inverted (the .xz file format 1.2.0, section 6).
 *
 *     crc_build(&crc, CRC_32);
 *     sum = crc_add(&crc, 0, bytes); sum = crc_add(&crc, sum, more);
 */
#pragma once

#include "port.h"

#define CRC_32 ((uint64_t)0xedb88320U)
#define CRC_64 ((uint64_t)0xc96c5795d7870f42U)

struct crc {
	uint64_t ones; /* as many as the sum has bits */
	uint64_t table[256];
};

void crc_build(struct crc *crc, uint64_t polynomial);
uint64_t crc_add(const struct crc *crc, uint64_t sum, struct span bytes);
