/* SPDX-License-Identifier: MPL-2.0 */
#include "island/lock.h"

#include <stdlib.h>
#include <time.h>

#include "base/array.h"
#include "derivation/json.h"

/* Where a key stands, or where it would be put. */
static size_t
position(const struct lock *lock, struct bytes key)
{
	size_t low = 0;
	size_t high = lock->size;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (bytes_compare(lock->entries[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct lock_entry *
lock_find(const struct lock *lock, struct bytes key)
{
	size_t at = position(lock, key);
	bool found = at < lock->size && bytes_equal(lock->entries[at].key, key);
	return found ? &lock->entries[at] : NULL;
}

bool
lock_entry_equal(const struct lock_entry *left, const struct lock_entry *right)
{
	if (!bytes_equal(left->key, right->key) || left->has_pinned != right->has_pinned ||
		left->identity_count != right->identity_count)
		return false;
	if (left->has_pinned && !digest_equal(&left->pinned, &right->pinned))
		return false;
	for (size_t at = 0; at < left->identity_count; at++)
		if (!identity_equal(left->identities[at], right->identities[at]))
			return false;
	return true;
}

static struct lock_entry
copy_entry(struct arena *arena, const struct lock_entry *entry)
{
	struct lock_entry copy = *entry;
	copy.key = arena_copy(arena, entry->key);
	struct identity *identities = arena_array(arena, struct identity, entry->identity_count);
	for (size_t at = 0; at < entry->identity_count; at++) {
		identities[at].format = arena_copy(arena, entry->identities[at].format);
		identities[at].value = arena_copy(arena, entry->identities[at].value);
	}
	copy.identities = identities;
	return copy;
}

bool
lock_put(struct lock *lock, const struct lock_entry *entry)
{
	size_t at = position(lock, entry->key);
	bool found = at < lock->size && bytes_equal(lock->entries[at].key, entry->key);
	if (found && lock_entry_equal(&lock->entries[at], entry))
		return false;
	struct lock_entry copy = copy_entry(&lock->arena, entry);
	if (!found) {
		array_room((void **)&lock->entries, &lock->size, &lock->capacity,
			sizeof *lock->entries);
		memmove(&lock->entries[at + 1], &lock->entries[at],
			(lock->size - 1 - at) * sizeof *lock->entries);
	}
	lock->entries[at] = copy;
	return true;
}

bool
lock_remove(struct lock *lock, struct bytes key)
{
	size_t at = position(lock, key);
	if (at >= lock->size || !bytes_equal(lock->entries[at].key, key))
		return false;
	lock->size--;
	memmove(&lock->entries[at], &lock->entries[at + 1],
		(lock->size - at) * sizeof *lock->entries);
	return true;
}

struct bytes
lock_entry_cab(const struct lock_entry *entry)
{
	const struct identity *cab = identity_find(entry->identities, entry->identity_count, "cab");
	return cab ? cab->value : bytes_of(NULL, 0);
}

static void
add_time(struct buf *out, int64_t time)
{
	time_t seconds = (time_t)time;
	struct tm parts;
	/* Years of other than four digits are never made: the reader refuses them. */
	must(gmtime_r(&seconds, &parts) && parts.tm_year >= -1900 && parts.tm_year < 8100,
		"a lock's time is a time of this era");
	buf_format(out, "\"%04d-%02d-%02dT%02d:%02d:%02dZ\"", parts.tm_year + 1900,
		parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

static void
encode_entry(const struct lock_entry *entry, struct buf *out)
{
	struct arena arena = ARENA;
	json_add_text(out, entry->key);
	buf_add_text(out, ": {\"identities\":[");
	for (size_t at = 0; at < entry->identity_count; at++) {
		if (at > 0)
			buf_add_byte(out, ',');
		json_add_text(out, identity_print(&arena, entry->identities[at]));
	}
	buf_add_text(out, "],\"locked\":");
	add_time(out, entry->time);
	if (entry->has_pinned)
		buf_format(out, ",\"pinned\":\"%s\"", digest_print(&entry->pinned).text);
	buf_add_text(out, "},\n");
	arena_release(&arena);
}

void
lock_encode(const struct lock *lock, struct buf *out)
{
	buf_add_text(out, "{\n");
	for (size_t at = 0; at < lock->size; at++)
		encode_entry(&lock->entries[at], out);
	buf_format(out, "\"~\": %d\n}\n", LOCK_VERSION);
}

void
lock_release(struct lock *lock)
{
	free(lock->entries);
	buf_release(&lock->original);
	arena_release(&lock->arena);
	*lock = (struct lock){0};
}

struct bytes
lock_key(struct arena *arena, struct bytes origin, struct bytes text)
{
	if (origin.size == 0)
		return arena_copy(arena, text);
	return bytes_text(arena_format(arena, "%.*s>%.*s", BYTES_ARGS(origin), BYTES_ARGS(text)));
}

struct bytes
lock_derivation_key(struct arena *arena, struct bytes name)
{
	return bytes_text(arena_format(arena, "derivation:%.*s", BYTES_ARGS(name)));
}
