/* SPDX-License-Identifier: MPL-2.0 */
/*
 * table: items by their first TABLE_KEY bytes, which are a hash's.
 *
 *     struct table table = {0};
 *     void **slot = table_slot(&table, key);
 *     if (!*slot) { *slot = item; table.count++; }
 *
 * A slot is good until the next call. Keys are sums of a stranger's bytes: whoever wants many to
 * begin alike must search for each, and a long walk only costs time, which a fetch has a limit of.
 */
#pragma once

#include "port.h"

enum { TABLE_KEY = SUM_ID };

struct table {
	void **slots;
	size_t slot_count;
	size_t count;
};

void **table_slot(struct table *table, const uint8_t key[TABLE_KEY]);
