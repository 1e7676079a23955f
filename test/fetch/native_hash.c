/* SPDX-License-Identifier: MPL-2.0 */
#include "native.h"

#include <stdlib.h>

static struct hasher *hashers[CAB_HASH_HANDLES];

int32_t
cab_hash_new(int32_t algorithm)
{
	for (int32_t at = 0; at < CAB_HASH_HANDLES; at++)
		if (!hashers[at]) {
			hashers[at] = hasher_new(native_algorithm(algorithm));
			return at;
		}
	return CAB_ERROR_LIMIT;
}

int32_t
cab_hash_add(int32_t handle, const void *data, size_t size)
{
	hasher_add(hashers[handle], bytes_of(data, size));
	return 0;
}

int32_t
cab_hash_finish(int32_t handle, void *sum)
{
	struct err err;
	uint8_t whole[64];
	size_t size = hasher_finish(hashers[handle], whole, &err);
	hasher_free(hashers[handle]);
	hashers[handle] = NULL;
	memcpy(sum, whole, size);
	return size ? (int32_t)size : CAB_ERROR_INVALID;
}

int32_t
cab_hash(int32_t algorithm, const void *data, size_t size, void *sum)
{
	int32_t handle = cab_hash_new(algorithm);
	(void)cab_hash_add(handle, data, size);
	return cab_hash_finish(handle, sum);
}

void
native_hashes_end(void)
{
	for (size_t at = 0; at < CAB_HASH_HANDLES; at++) {
		hasher_free(hashers[at]);
		hashers[at] = NULL;
	}
}
