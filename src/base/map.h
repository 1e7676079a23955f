/* SPDX-License-Identifier: MPL-2.0 */
/*
 * map: from bytes to a pointer, in the order of insertion.
 *
 *     struct map map = {0};
 *     map_put(&map, key, value);               copies the key; an old value is replaced
 *     struct thing *thing = map_find(&map, key);      NULL when absent
 *     for (size_t at = 0; at < map.size; at++) use(map.entries[at].key, map.entries[at].value);
 *     map_release(&map);                       frees the keys, never the values
 *
 * Keys come from hostile texts too: the hash is keyed at random once a process, so nobody can
 * choose collisions.
 */
#pragma once

#include "base/bytes.h"
#include "base/must.h"

struct map_entry {
	struct bytes key;
	void *value;
	uint64_t hash;
};

struct map {
	struct map_entry *entries;
	size_t size;
	size_t capacity;
	uint32_t *slots; /* index + 1 into entries, 0 is free */
	size_t slot_count;
};

#define cleanup_map __attribute__((cleanup(map_release)))

/* The address of the value under a key, added as NULL when absent. Valid until the next addition.
 */
void **map_at(struct map *map, struct bytes key);
void map_put(struct map *map, struct bytes key, void *value);
void *map_find(const struct map *map, struct bytes key);
bool map_has(const struct map *map, struct bytes key);
void map_release(struct map *map);
