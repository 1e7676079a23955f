/* SPDX-License-Identifier: MPL-2.0 */
#include "table.h"

#include "heap.h"
#include "text.h"

static void **
slot_of(const struct table *table, const uint8_t key[TABLE_KEY])
{
	uint32_t at;
	memcpy(&at, key, sizeof at);
	for (uint32_t end = at + TABLE_WALK; at != end; at++) {
		void **slot = &table->slots[at & (table->slot_count - 1)];
		if (!*slot || memcmp(*slot, key, TABLE_KEY) == 0)
			return slot;
	}
	fail("too many ids begin alike");
}

void **
table_slot(struct table *table, const uint8_t key[TABLE_KEY])
{
	if (4 * (table->count + 1) > 3 * table->slot_count) {
		struct table old = *table;
		table->slot_count = old.slot_count ? 2 * old.slot_count : 1024;
		size_t size = table->slot_count * sizeof *table->slots;
		table->slots = (void **)heap_take(size);
		memset(table->slots, 0, size);
		for (size_t at = 0; at < old.slot_count; at++)
			if (old.slots[at])
				*slot_of(table, (const uint8_t *)old.slots[at]) = old.slots[at];
		heap_give(old.slots, old.slot_count * sizeof *old.slots);
	}
	return slot_of(table, key);
}
