/* SPDX-License-Identifier: MPL-2.0 */
#include "base/map.h"

#include <stdlib.h>
#include <sys/random.h>

/* One key a process, drawn at the first use; readers race only to draw it, and programs here have
 * one thread. */
static uint64_t map_seed;

static uint64_t
map_hash(struct bytes key)
{
	if (!map_seed) {
		uint64_t seed = 0;
		if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
			seed = (uint64_t)(uintptr_t)&seed * 0x9e3779b97f4a7c15u;
		map_seed = seed | 1;
	}
	uint64_t hash = map_seed ^ (key.size * 0xff51afd7ed558ccdu);
	for (size_t at = 0; at < key.size; at++) {
		hash = (hash ^ key.data[at]) * 0x9fb21c651e98df25u;
		hash ^= hash >> 35;
	}
	hash *= map_seed;
	return hash ^ (hash >> 32);
}

/* The slot that holds the key, or the free slot where it belongs. */
static size_t
map_slot(const struct map *map, struct bytes key, uint64_t hash)
{
	size_t slot = hash & (map->slot_count - 1);
	while (map->slots[slot]) {
		const struct map_entry *entry = &map->entries[map->slots[slot] - 1];
		if (entry->hash == hash && bytes_equal(entry->key, key))
			break;
		slot = (slot + 1) & (map->slot_count - 1);
	}
	return slot;
}

static void
map_grow(struct map *map)
{
	map->capacity = map->capacity ? map->capacity * 2 : 8;
	must(map->capacity < UINT32_MAX / 4, "a map must have a sane size");
	map->entries =
		(struct map_entry *)memory_grow(map->entries, map->capacity, sizeof *map->entries);
	free(map->slots);
	map->slot_count = map->capacity * 2;
	map->slots = (uint32_t *)memory_zero(map->slot_count, sizeof *map->slots);
	for (size_t at = 0; at < map->size; at++)
		map->slots[map_slot(map, map->entries[at].key, map->entries[at].hash)] =
			(uint32_t)at + 1;
}

void **
map_at(struct map *map, struct bytes key)
{
	if (map->size == map->capacity)
		map_grow(map);
	uint64_t hash = map_hash(key);
	size_t slot = map_slot(map, key, hash);
	if (map->slots[slot])
		return &map->entries[map->slots[slot] - 1].value;

	uint8_t *copy = (uint8_t *)memory_new(key.size + 1);
	if (key.size)
		memcpy(copy, key.data, key.size);
	copy[key.size] = 0;
	map->entries[map->size] = (struct map_entry){bytes_of(copy, key.size), NULL, hash};
	map->slots[slot] = (uint32_t)++map->size;
	return &map->entries[map->size - 1].value;
}

void
map_put(struct map *map, struct bytes key, void *value)
{
	*map_at(map, key) = value;
}

static const struct map_entry *
map_entry(const struct map *map, struct bytes key)
{
	if (!map->size)
		return NULL;
	uint32_t slot = map->slots[map_slot(map, key, map_hash(key))];
	return slot ? &map->entries[slot - 1] : NULL;
}

void *
map_find(const struct map *map, struct bytes key)
{
	const struct map_entry *entry = map_entry(map, key);
	return entry ? entry->value : NULL;
}

bool
map_has(const struct map *map, struct bytes key)
{
	return map_entry(map, key) != NULL;
}

void
map_release(struct map *map)
{
	for (size_t at = 0; at < map->size; at++)
		free((void *)(uintptr_t)map->entries[at].key.data);
	free(map->entries);
	free(map->slots);
	*map = (struct map){0};
}
