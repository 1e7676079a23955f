/* SPDX-License-Identifier: MPL-2.0 */
#include "base/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/must.h"
#include "engine.h"

struct hasher {
	enum hash_algorithm algorithm;
	union {
		struct engine_blake3 *blake3;
		struct engine_sha1 *sha1;
		EVP_MD_CTX *context; /* the others */
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
		if (bytes_equal_text(name, algorithms[at].name)) {
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
context_start(struct hasher *hasher)
{
	const EVP_MD *kind = NULL;
	switch (hasher->algorithm) {
	case HASH_SHA256:
		kind = EVP_sha256();
		break;
	case HASH_SHA512:
		kind = EVP_sha512();
		break;
	case HASH_MD5:
		kind = EVP_md5();
		break;
	case HASH_BLAKE3:
	case HASH_SHA1:
		break;
	}
	must(kind && EVP_DigestInit_ex(hasher->context, kind, NULL) == 1,
		"libcrypto has this hash function");
}

struct hasher *
hasher_new(enum hash_algorithm algorithm)
{
	struct hasher *hasher = memory_new(sizeof *hasher);
	hasher->algorithm = algorithm;
	switch (algorithm) {
	case HASH_BLAKE3:
		hasher->blake3 = engine_blake3_new();
		break;
	case HASH_SHA1:
		hasher->sha1 = engine_sha1_new();
		break;
	case HASH_SHA256:
	case HASH_SHA512:
	case HASH_MD5:
		hasher->context = EVP_MD_CTX_new();
		must(hasher->context, "there is memory");
		context_start(hasher);
		break;
	}
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
		EVP_MD_CTX_free(hasher->context);
		break;
	}
	free(hasher);
}

void
hasher_add(struct hasher *hasher, struct bytes data)
{
	switch (hasher->algorithm) {
	case HASH_BLAKE3:
		engine_blake3_add(hasher->blake3, data.data, data.size);
		break;
	case HASH_SHA1:
		engine_sha1_add(hasher->sha1, data.data, data.size);
		break;
	case HASH_SHA256:
	case HASH_SHA512:
	case HASH_MD5:
		must(EVP_DigestUpdate(hasher->context, data.data, data.size) == 1,
			"libcrypto takes more bytes");
		break;
	}
}

size_t
hasher_finish(struct hasher *hasher, uint8_t sum[HASH_SIZE_MAX], struct err *err)
{
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
	case HASH_SHA512:
	case HASH_MD5:
		must(EVP_DigestFinal_ex(hasher->context, sum, NULL) == 1,
			"libcrypto gives the sum");
		context_start(hasher);
		break;
	}
	return algorithms[hasher->algorithm].size;
}
