/* SPDX-License-Identifier: MPL-2.0 */
/*
 * index: index.sqlite, which answers what records cannot by their names alone. Never the truth: it
 * is brought up to date with objects/ whenever it is opened, and made anew when it is absent,
 * damaged, or of another version.
 */
#pragma once

#include "store/object.h"

struct store;
struct index;

struct index *index_open(struct store *store, struct err *err);
void index_close(struct index *index);

/* Objects that refer to this one, sorted by path digest. */
MUST_CHECK bool index_referrers(
	struct index *index, const struct digest *path, object_references *out, struct err *err);
/* Objects with this Cab hash. */
MUST_CHECK bool index_by_hash(
	struct index *index, const struct cab_hash *hash, object_references *out, struct err *err);
/* Objects and bytes of their files (shared contents counted each time). */
MUST_CHECK bool index_totals(
	struct index *index, uint64_t *objects_out, uint64_t *bytes_out, struct err *err);
