/* SPDX-License-Identifier: MPL-2.0 */
/*
 * read_session: what this process has read of one Cab hash: what its record lists, and what came to
 * it since.
 */
#pragma once

#include "base/map.h"
#include "store/internal.h"
#include "store/read.h"

struct read_session {
	struct cab_hash hash;
	struct map known; /* kind and digest of what is listed or will be */
	bool more;        /* than the disk lists */
};

/* The session of a hash, begun on first use; belongs to the store. Its hash is leased. */
MUST_CHECK bool read_session_get(struct store *store, const struct cab_hash *hash,
	struct read_session **out, struct err *err);
bool read_session_has(
	const struct read_session *session, enum lease_kind kind, const struct digest *digest);
void read_session_add(struct store *store, struct read_session *session, enum lease_kind kind,
	const struct digest *digest);

/* Hands the records of what was read since to the next sync. */
void read_sessions_pend(struct store *store);
void read_sessions_release(struct store *store);
/* The record that lists what either of two lists; one that does not decode counts as empty. `name`
 * is the file's, "aa/<Cab hash>". */
void read_session_merge(const char *name, struct bytes old, struct bytes added, struct buf *out);
