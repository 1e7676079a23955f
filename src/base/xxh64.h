/* SPDX-License-Identifier: MPL-2.0 */
/*
 * xxh64: the sum XXH64, seed 0, of bytes that come in pieces (the xxHash fast digest algorithm's
 * specification, "XXH64 algorithm description"); the checksum of a zstd frame is its low half.
 */
#pragma once

#include "base/bytes.h"

struct xxh64 {
	uint64_t lanes[4];
	uint64_t size;
	uint8_t held[32]; /* size % 32 of them */
};

void xxh64_start(struct xxh64 *sum);
void xxh64_add(struct xxh64 *sum, struct bytes data);
uint64_t xxh64_end(const struct xxh64 *sum);
