/* SPDX-License-Identifier: MPL-2.0 */
/*
 * table: items by their first TABLE_KEY bytes, which are a hash's.
 *
 *     struct table table = {0};
 *     void **slot = table_slot(&table, key);
 *     if (!*slot) { *slot = item; table.count++; }
 *
 * A slot is good until the next call. Keys are sums of a stranger's bytes, or what he says are sums: a tree may name a
 * million ids that begin alike and are nobody's. Where so many slots in a row are others' as TABLE_WALK, the program ends: of sums
 * a table of two million has not half of it.
 */
#pragma once

#include "port.h"

enum { TABLE_KEY = SUM_ID, TABLE_WALK = 1024 };

struct table {
	void **slots;
	size_t slot_count;
	size_t count;
};

void **table_slot(struct table *table, const uint8_t key[TABLE_KEY]);
