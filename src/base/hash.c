/* SPDX-License-Identifier: MPL-2.0 */
#include "base/hash.h"

/* The functions by their own names, which EVP would look up at run time: linked in, they cost 50 KB, and
 * nothing at the start of a program. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/crc.h"
#include "base/must.h"
#include "base/xxh64.h"
#include "engine.h"

struct hasher {
	enum hash_algorithm algorithm;
	union {
		struct engine_blake3 *blake3;
		struct engine_sha1 *sha1;
		SHA256_CTX sha256;
		SHA512_CTX sha512;
		MD5_CTX md5;
		SHA_CTX sha1_plain;
		uint32_t crc32;
		struct crc crc;
		struct xxh64 xxh64;
	};
};

static const struct {
	const char *name;
	size_t size;
} algorithms[HASH_COUNT] = {
	[HASH_BLAKE3] = {"blake3", 32},
	[HASH_SHA1] = {"sha1", 20},
	[HASH_SHA256] = {"sha256", 32},
	[HASH_SHA512] = {"sha512", 64},
	[HASH_MD5] = {"md5", 16},
	[HASH_CRC32] = {"crc32", 4},
	[HASH_SHA1_PLAIN] = {"sha1-plain", 20},
	[HASH_CRC64] = {"crc64", 8},
	[HASH_XXH64] = {"xxh64", 8},
	[HASH_CRC32_BZIP2] = {"crc32-bzip2", 4},
};

const char *
hash_name(enum hash_algorithm algorithm)
{
	return algorithms[algorithm].name;
}

bool
hash_find(struct bytes name, enum hash_algorithm *algorithm_out)
{
	for (size_t at = 0; at < HASH_COUNT; at++) {
		if (at < HASH_CRC32 && bytes_equal_text(name, algorithms[at].name)) {
			*algorithm_out = (enum hash_algorithm)at;
			return true;
		}
	}
	return false;
}

size_t
hash_size(enum hash_algorithm algorithm)
{
	return algorithms[algorithm].size;
}

static void
hasher_start(struct hasher *hasher)
{
	int done = 1;
	switch (hasher->algorithm) {
	case HASH_SHA256:
		done = SHA256_Init(&hasher->sha256);
		break;
	case HASH_SHA512:
		done = SHA512_Init(&hasher->sha512);
		break;
	case HASH_MD5:
		done = MD5_Init(&hasher->md5);
		break;
	case HASH_SHA1_PLAIN:
		done = SHA1_Init(&hasher->sha1_plain);
		break;
	case HASH_CRC32:
		hasher->crc32 = 0;
		break;
	case HASH_CRC64:
		crc_start(&hasher->crc, CRC_64);
		break;
	case HASH_CRC32_BZIP2:
		crc_start(&hasher->crc, CRC_32_FORWARD);
		break;
	case HASH_XXH64:
		xxh64_start(&hasher->xxh64);
		break;
	case HASH_BLAKE3:
		hasher->blake3 = engine_blake3_new();
		break;
	case HASH_SHA1:
		hasher->sha1 = engine_sha1_new();
		break;
	}
	must(done == 1, "libcrypto starts a sum");
}

struct hasher *
hasher_new(enum hash_algorithm algorithm)
{
	struct hasher *hasher = memory_new(sizeof *hasher);
	hasher->algorithm = algorithm;
	hasher_start(hasher);
	return hasher;
}

void
hasher_free(struct hasher *hasher)
{
	if (!hasher)
		return;
	switch (hasher->algorithm) {
	case HASH_BLAKE3:
		engine_blake3_free(hasher->blake3);
		break;
	case HASH_SHA1:
		engine_sha1_free(hasher->sha1);
		break;
	case HASH_SHA256:
	case HASH_SHA512:
	case HASH_MD5:
	case HASH_CRC32:
	case HASH_SHA1_PLAIN:
	case HASH_CRC64:
	case HASH_XXH64:
	case HASH_CRC32_BZIP2:
		break;
	}
	free(hasher);
}

void
hasher_add(struct hasher *hasher, struct bytes data)
{
	int done = 1;
	switch (hasher->algorithm) {
	case HASH_BLAKE3:
		engine_blake3_add(hasher->blake3, data.data, data.size);
		break;
	case HASH_SHA1:
		engine_sha1_add(hasher->sha1, data.data, data.size);
		break;
	case HASH_SHA256:
		done = SHA256_Update(&hasher->sha256, data.data, data.size);
		break;
	case HASH_SHA512:
		done = SHA512_Update(&hasher->sha512, data.data, data.size);
		break;
	case HASH_MD5:
		done = MD5_Update(&hasher->md5, data.data, data.size);
		break;
	case HASH_SHA1_PLAIN:
		done = SHA1_Update(&hasher->sha1_plain, data.data, data.size);
		break;
	case HASH_CRC32:
		hasher->crc32 = (uint32_t)crc32_z(hasher->crc32, data.data, data.size);
		break;
	case HASH_CRC64:
	case HASH_CRC32_BZIP2:
		crc_add(&hasher->crc, data);
		break;
	case HASH_XXH64:
		xxh64_add(&hasher->xxh64, data);
		break;
	}
	must(done == 1, "libcrypto takes more bytes");
}

/* The lowest byte first. */
static void
number_put(uint8_t *sum, size_t size, uint64_t number)
{
	for (size_t at = 0; at < size; at++)
		sum[at] = (uint8_t)(number >> 8 * at);
}

/* BLAKE3 and SHA-1 start anew by themselves. */
size_t
hasher_finish(struct hasher *hasher, uint8_t sum[HASH_SIZE_MAX], struct err *err)
{
	int done = 1;
	switch (hasher->algorithm) {
	case HASH_BLAKE3:
		engine_blake3_finish(hasher->blake3, sum);
		break;
	case HASH_SHA1: {
		uint8_t found[20];
		if (!engine_sha1_finish(hasher->sha1, found)) {
			(void)err_set(err, ERR_CORRUPT, "sha1: the input was made to collide");
			return 0;
		}
		memcpy(sum, found, sizeof found);
		break;
	}
	case HASH_SHA256:
		done = SHA256_Final(sum, &hasher->sha256);
		hasher_start(hasher);
		break;
	case HASH_SHA512:
		done = SHA512_Final(sum, &hasher->sha512);
		hasher_start(hasher);
		break;
	case HASH_MD5:
		done = MD5_Final(sum, &hasher->md5);
		hasher_start(hasher);
		break;
	case HASH_SHA1_PLAIN:
		done = SHA1_Final(sum, &hasher->sha1_plain);
		hasher_start(hasher);
		break;
	case HASH_CRC32:
		number_put(sum, 4, hasher->crc32);
		hasher_start(hasher);
		break;
	case HASH_CRC64:
	case HASH_CRC32_BZIP2:
		number_put(sum, algorithms[hasher->algorithm].size, crc_sum(&hasher->crc));
		hasher_start(hasher);
		break;
	case HASH_XXH64:
		number_put(sum, 8, xxh64_end(&hasher->xxh64));
		hasher_start(hasher);
		break;
	}
	must(done == 1, "libcrypto gives the sum");
	return algorithms[hasher->algorithm].size;
}
