/* SPDX-License-Identifier: MPL-2.0 */
/* foreign: islands of schemes that are no builtin ones, as fetcher.h tells. Inside island/ only. */
#pragma once

#include "base/buf.h"
#include "derivation/derivation.h"
#include "island/fetcher.h"
#include "island/island.h"

/* Also drops what stands twice; gives how many are left. */
size_t foreign_sort_origins(struct bytes *origins, size_t count);
/* Fills place and name. */
MUST_CHECK bool foreign_parse(struct arena *arena, struct island *island, struct err *err);
MUST_CHECK bool foreign_set_entries(struct arena *arena, const struct island_entry *entries,
	size_t count, struct island *island, struct err *err);
/* KEY = VALUE, … */
void foreign_print_entries(struct arena *arena, const struct island *island, struct buf *out);
/* Program, inputs, arguments and origins. */
void foreign_derive(
	struct arena *arena, const struct island *island, struct derivation *derivation);
