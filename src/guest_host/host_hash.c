/* SPDX-License-Identifier: MPL-2.0 */
/* The hash functions of the host, for guests: parsing is theirs, hashing is native. */
#include "guest_host/host_functions.h"

#include <stdlib.h>

#include "base/hash.h"
#include "guest/abi.h"
#include "guest_host/hash_thread.h"

enum {
	ALGORITHMS = CAB_HASH_CRC32_BZIP2 + 1,
	HASH_APART = 4 << 10, /* bytes that are worth waking the thread for */
};

/* A slot keeps its hasher when it is free: the next hash is most often of the same kind. */
struct hash_slot {
	bool open;
	enum hash_algorithm algorithm;
	bool is_apart; /* the thread has its hasher */
	struct hash_task task;
};

struct host_hashes {
	struct hash_slot slots[CAB_HASH_HANDLES];
	struct hasher *once[ALGORITHMS];
};

static const enum hash_algorithm algorithms[ALGORITHMS] = {
	[CAB_HASH_BLAKE3] = HASH_BLAKE3,
	[CAB_HASH_SHA1] = HASH_SHA1,
	[CAB_HASH_SHA256] = HASH_SHA256,
	[CAB_HASH_SHA512] = HASH_SHA512,
	[CAB_HASH_CRC32] = HASH_CRC32,
	[CAB_HASH_SHA1_PLAIN] = HASH_SHA1_PLAIN,
	[CAB_HASH_CRC64] = HASH_CRC64,
	[CAB_HASH_XXH64] = HASH_XXH64,
	[CAB_HASH_CRC32_BZIP2] = HASH_CRC32_BZIP2,
};

struct host_hashes *
host_hashes_new(void)
{
	return memory_zero(1, sizeof(struct host_hashes));
}

void
host_hashes_free(struct host_hashes *hashes)
{
	for (size_t at = 0; at < CAB_HASH_HANDLES; at++)
		hasher_free(hashes->slots[at].task.hasher);
	for (size_t at = 0; at < ALGORITHMS; at++)
		hasher_free(hashes->once[at]);
	free(hashes);
}

static struct hash_slot *
slot_find(struct host *host, uint64_t handle)
{
	if (handle >= CAB_HASH_HANDLES || !host->hashes->slots[handle].open)
		return NULL;
	return &host->hashes->slots[handle];
}

/* The sum's place is checked before it is computed: a fault has no effect. */
static int32_t
finish(struct host *host, struct hasher *hasher, size_t size, uint8_t *sum)
{
	uint8_t found[HASH_SIZE_MAX];
	struct err err;
	if (!hasher_finish(hasher, found, &err)) {
		host_complain(host, "%s", err.text);
		return CAB_ERROR_FAILED;
	}
	memcpy(sum, found, size);
	return (int32_t)size;
}

int32_t
host_hash(struct host *host, const uint64_t *arguments)
{
	if (arguments[0] >= ALGORITHMS)
		return CAB_ERROR_INVALID;
	enum hash_algorithm algorithm = algorithms[arguments[0]];
	struct bytes data;
	size_t size = hash_size(algorithm);
	uint8_t *sum = host_span(host, arguments[3], size);
	if (!sum || !host_bytes(host, arguments[1], arguments[2], &data))
		return CAB_ERROR_FAULT;
	struct hasher **hasher = &host->hashes->once[arguments[0]];
	if (!*hasher)
		*hasher = hasher_new(algorithm);
	hasher_add(*hasher, data);
	return finish(host, *hasher, size, sum);
}

int32_t
host_hash_new(struct host *host, const uint64_t *arguments)
{
	if (arguments[0] >= ALGORITHMS)
		return CAB_ERROR_INVALID;
	int32_t handle = 0;
	while (handle < CAB_HASH_HANDLES && host->hashes->slots[handle].open)
		handle++;
	if (handle == CAB_HASH_HANDLES)
		return CAB_ERROR_LIMIT;
	struct hash_slot *slot = &host->hashes->slots[handle];
	if (slot->task.hasher && slot->algorithm != algorithms[arguments[0]]) {
		hasher_free(slot->task.hasher);
		slot->task.hasher = NULL;
	}
	slot->algorithm = algorithms[arguments[0]];
	if (!slot->task.hasher)
		slot->task.hasher = hasher_new(slot->algorithm);
	slot->open = true;
	slot->is_apart = false;
	return handle;
}

int32_t
host_hash_add(struct host *host, const uint64_t *arguments)
{
	struct hash_slot *slot = slot_find(host, arguments[0]);
	if (!slot)
		return CAB_ERROR_INVALID;
	struct bytes data;
	if (!host_bytes(host, arguments[1], arguments[2], &data))
		return CAB_ERROR_FAULT;
	struct hash_thread *thread = host->start->hash_thread;
	if (!slot->is_apart && thread && data.size >= HASH_APART)
		slot->is_apart = !hash_thread_is_laden(thread);
	if (slot->is_apart)
		hash_thread_add(thread, &slot->task, data);
	else
		hasher_add(slot->task.hasher, data);
	return 0;
}

int32_t
host_hash_finish(struct host *host, const uint64_t *arguments)
{
	struct hash_slot *slot = slot_find(host, arguments[0]);
	if (!slot)
		return CAB_ERROR_INVALID;
	size_t size = hash_size(slot->algorithm);
	uint8_t *sum = host_span(host, arguments[1], size);
	if (!sum)
		return CAB_ERROR_FAULT;
	slot->open = false;
	if (slot->is_apart)
		hash_thread_wait(host->start->hash_thread, &slot->task);
	return finish(host, slot->task.hasher, size, sum);
}
