/* SPDX-License-Identifier: MPL-2.0 */
/*
 * hash: the hash functions that cab knows, at native speed.
 *
 *     struct hasher *hasher = hasher_new(HASH_SHA256);
 *     hasher_add(hasher, span);
 *     size_t size = hasher_finish(hasher, sum, err);     sum holds HASH_SIZE_MAX bytes; the hasher starts anew
 *     hasher_free(hasher);
 *
 * SHA-1 detects collisions: hasher_finish then returns 0 with ERR_CORRUPT. No other algorithm can fail; plain SHA-1
 * is for sums that name nothing. BLAKE3 and SHA-1 come from engine/, CRC-32 (as in gzip) from zlib, CRC-64 and bzip2's CRC-32
 * from crc.h, XXH64 from xxh64.h, the rest from libcrypto. The sums of these four begin with their lowest byte.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

enum hash_algorithm {
	HASH_BLAKE3,
	HASH_SHA1,
	HASH_SHA256,
	HASH_SHA512,
	HASH_MD5,
	/* No names: checks of formats, not for people. */
	HASH_CRC32,
	HASH_SHA1_PLAIN, /* looks for no collision */
	HASH_CRC64,
	HASH_XXH64,
	HASH_CRC32_BZIP2,
};

enum { HASH_SIZE_MAX = 64, HASH_COUNT = 10 };

struct hasher;

/* "blake3", "sha1", "sha256", "sha512", "md5"; checks have names too, by which they are not found. */
const char *hash_name(enum hash_algorithm algorithm);
MUST_CHECK bool hash_find(struct bytes name, enum hash_algorithm *algorithm_out);
size_t hash_size(enum hash_algorithm algorithm);

struct hasher *hasher_new(enum hash_algorithm algorithm);
void hasher_free(struct hasher *hasher);
void hasher_add(struct hasher *hasher, struct bytes data);
MUST_CHECK size_t hasher_finish(struct hasher *hasher, uint8_t sum[HASH_SIZE_MAX], struct err *err);
