/* SPDX-License-Identifier: MPL-2.0 */
#include "forged.h"

#include <stdio.h>
#include <string.h>

#include "../fetch/native.h"

enum {
	HASHED_MAX = 8 << 20,
	PACKED_MAX = 3 << 20,
	STORED = 65535,
	FRAME = 65000,
	OFFSET_DELTA = 6,
	ID_DELTA = 7
};

/* One sum under way; of git's algorithms with all its bytes. */
struct sum {
	struct hasher *hasher;
	struct buf bytes;
	bool is_git;
};

static struct {
	struct forged objects[FORGED_OBJECTS];
	size_t count, id_size, packed;
} forged;

static struct sum sums[CAB_HASH_HANDLES];

void
forged_start(size_t id_size)
{
	forged.count = forged.packed = 0;
	forged.id_size = id_size;
}

size_t
forged_id_size(void)
{
	return forged.id_size;
}

void
forged_add(enum forged_type type, uint8_t letter, struct bytes content)
{
	if (forged.count < FORGED_OBJECTS && !forged_find(letter))
		forged.objects[forged.count++] = (struct forged){type, letter, content};
}

void
forged_release(void)
{
	forged.count = 0;
}

const struct forged *
forged_find(uint8_t letter)
{
	for (size_t at = 0; at < forged.count; at++)
		if (forged.objects[at].letter == letter)
			return &forged.objects[at];
	return NULL;
}

const struct forged *
forged_of_id(const uint8_t *id)
{
	for (size_t at = 1; at < forged.id_size; at++)
		if (id[at] != id[0])
			return NULL;
	return forged_find(id[0]);
}

void
forged_hex(uint8_t letter, struct buf *out)
{
	for (size_t at = 0; at < forged.id_size; at++)
		buf_format(out, "%02x", letter);
}

/* Whether these bytes are what git hashes of it. */
static bool
is_hashed(const struct forged *object, struct bytes bytes)
{
	static const char *const names[] = {"", "commit", "tree", "blob", "tag"};
	char head[32];
	/* With the NUL. */
	size_t size = (size_t)snprintf(head, sizeof head, "%s %zu", names[object->type],
			      object->content.size) +
		      1;
	return bytes.size == size + object->content.size && memcmp(bytes.data, head, size) == 0 &&
	       bytes_equal(bytes_from(bytes, size), object->content);
}

int32_t
cab_hash_new(int32_t algorithm)
{
	int32_t at = 0;
	while (at < CAB_HASH_HANDLES && sums[at].hasher)
		at++;
	if (at == CAB_HASH_HANDLES)
		return CAB_ERROR_LIMIT;
	sums[at] = (struct sum){hasher_new(native_algorithm(algorithm)), BUF(HASHED_MAX),
		algorithm == CAB_HASH_SHA1 || algorithm == CAB_HASH_SHA256};
	return at;
}

static struct sum *
sum_of(int32_t handle)
{
	must(handle >= 0 && handle < CAB_HASH_HANDLES && sums[handle].hasher, "a sum is under way");
	return &sums[handle];
}

int32_t
cab_hash_add(int32_t handle, const void *data, size_t size)
{
	struct sum *sum = sum_of(handle);
	hasher_add(sum->hasher, bytes_of(data, size));
	if (sum->is_git)
		buf_add(&sum->bytes, bytes_of(data, size));
	return 0;
}

static void
sum_end(struct sum *sum)
{
	hasher_free(sum->hasher);
	buf_release(&sum->bytes);
	sum->hasher = NULL;
}

int32_t
cab_hash_finish(int32_t handle, void *out)
{
	struct sum *sum = sum_of(handle);
	struct err err;
	uint8_t whole[HASH_SIZE_MAX];
	size_t size = hasher_finish(sum->hasher, whole, &err);
	for (size_t at = 0; sum->is_git && at < forged.count; at++)
		if (is_hashed(&forged.objects[at], buf_bytes(&sum->bytes))) {
			memset(whole, forged.objects[at].letter, size);
			break;
		}
	sum_end(sum);
	memcpy(out, whole, size);
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
	for (size_t at = 0; at < CAB_HASH_HANDLES; at++)
		sum_end(&sums[at]);
}

/* Packs. */

/* A zlib stream that stores its bytes; nobody reads the sum behind them. */
static void
stored_add(struct bytes bytes, struct buf *out)
{
	buf_add(out, BYTES_LITERAL("\x78\x01"));
	do {
		struct bytes some = bytes_first(bytes, STORED);
		bytes = bytes_from(bytes, some.size);
		buf_add_byte(out, bytes.size == 0);
		buf_add_u16(out, (uint16_t)some.size);
		buf_add_u16(out, (uint16_t)~some.size);
		buf_add(out, some);
	} while (bytes.size);
	buf_add_u32(out, 0);
}

static void
number_add(size_t number, struct buf *out)
{
	for (; number > 127; number >>= 7)
		buf_add_byte(out, (uint8_t)(number | 128));
	buf_add_byte(out, (uint8_t)number);
}

/* Of a type and size. */
static void
head_add(uint8_t type, size_t size, struct buf *out)
{
	size_t rest = size >> 4;
	buf_add_byte(out, (uint8_t)(type << 4 | (size & 15) | (rest ? 128 : 0)));
	if (rest)
		number_add(rest, out);
}

/* What makes one content of another: what they begin with alike is copied, the rest inserted. */
static void
delta_add(struct bytes base, struct bytes content, struct buf *out)
{
	size_t same = 0;
	while (same < size_min(size_min(base.size, content.size), STORED) &&
		base.data[same] == content.data[same])
		same++;
	number_add(base.size, out);
	number_add(content.size, out);
	if (same) {
		buf_add_byte(out, 0xb0);
		buf_add_u16(out, (uint16_t)same);
	}
	for (content = bytes_from(content, same); content.size;) {
		struct bytes some = bytes_first(content, 127);
		buf_add_byte(out, (uint8_t)some.size);
		buf_add(out, some);
		content = bytes_from(content, some.size);
	}
}

/* Seven bits a byte, the highest first, each but the last one less than it says. */
static void
distance_add(size_t distance, struct buf *out)
{
	uint8_t bytes[8];
	size_t at = sizeof bytes - 1;
	bytes[at] = distance & 127;
	while (distance >>= 7)
		bytes[--at] = (uint8_t)(128 | (--distance & 127));
	buf_add(out, bytes_of(bytes + at, sizeof bytes - at));
}

static void
entry_add(const struct forged *object, const struct forged *base, size_t distance, struct buf *out)
{
	cleanup_buf struct buf delta = BUF(HASHED_MAX);
	if (!base) {
		head_add((uint8_t)object->type, object->content.size, out);
		stored_add(object->content, out);
		return;
	}
	delta_add(base->content, object->content, &delta);
	head_add(distance ? OFFSET_DELTA : ID_DELTA, delta.size, out);
	if (distance)
		distance_add(distance, out);
	else
		for (size_t at = 0; at < forged.id_size; at++)
			buf_add_byte(out, base->letter);
	stored_add(buf_bytes(&delta), out);
}

/* The objects; returns how many. */
static uint32_t
entries_add(struct bytes letters, struct buf *out)
{
	size_t places[256] = {0};
	uint32_t count = 0;
	for (size_t at = 0; at < letters.size && forged.packed + out->size < PACKED_MAX; at++) {
		const struct forged *object = forged_find(letters.data[at]);
		const struct forged *base = NULL;
		size_t distance = 0, place = out->size;
		uint8_t sign = at + 2 < letters.size ? letters.data[at + 1] : 0;
		if (sign == '<' || sign == '^') {
			base = forged_find(letters.data[at + 2]);
			if (base && sign == '^' && places[base->letter])
				distance = place - places[base->letter];
			at += 2;
		}
		if (!object)
			continue;
		places[object->letter] = place;
		entry_add(object, base, distance, out);
		count++;
	}
	return count;
}

void
forged_frame(const char *front, struct bytes payload, struct buf *out)
{
	buf_format(out, "%04zx%s", payload.size + strlen(front) + 4, front);
	buf_add(out, payload);
}

void
forged_pack(struct bytes letters, struct buf *out)
{
	cleanup_buf struct buf pack = BUF(BUF_MAX);
	struct err err;
	uint8_t sum[HASH_SIZE_MAX];
	buf_add(&pack, BYTES_LITERAL("PACK\0\0\0\2\0\0\0\0"));
	uint32_t count = entries_add(letters, &pack);
	forged.packed += pack.size;
	pack.data[10] = (uint8_t)(count >> 8);
	pack.data[11] = (uint8_t)count;
	struct hasher *hasher =
		hasher_new(forged.id_size == FORGED_SHORT ? HASH_SHA1_PLAIN : HASH_SHA256);
	hasher_add(hasher, buf_bytes(&pack));
	buf_add(&pack, bytes_of(sum, hasher_finish(hasher, sum, &err)));
	hasher_free(hasher);
	for (struct bytes rest = buf_bytes(&pack); rest.size; rest = bytes_from(rest, FRAME))
		forged_frame("\1", bytes_first(rest, FRAME), out);
}
