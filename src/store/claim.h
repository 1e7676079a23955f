/* SPDX-License-Identifier: MPL-2.0 */
/*
 * claim: the table of what programs have said, and what was found true: (program, scope, format,
 * value) -> Cab hash.
 *
 * Only a run that was completed and verified puts one. The key is derive_key("cab identity 1", ...)
 * over program digest (32), a byte 0, or a byte 1 and the scope digest (32), then FORMAT and VALUE
 * as they stand in the FIFO's line: "FORMAT VALUE".
 *
 * `then` is what that run said behind it, for who stops a later one at this line. It is no word about these lines: each has a
 * claim of its own, or is nothing.
 */
#pragma once

#include "store/object.h"

struct store;

enum {
	CLAIM_FORMAT_MAX = 32,
	CLAIM_VALUE_MAX = 512,
	CLAIM_THEN_LINES = 15,
	CLAIM_THEN_MAX = 8 << 10
};

struct claim {
	struct digest program;
	bool scoped;
	struct digest scope;               /* where scoped: digest of the resolved derivation */
	char format[CLAIM_FORMAT_MAX + 1]; /* [a-z][a-z0-9.+-]{0,31} */
	char value[CLAIM_VALUE_MAX + 1];   /* 1-512 printable ASCII characters without space */
	struct cab_hash hash;
	uint64_t size;
	uint64_t files;
	char then[CLAIM_THEN_MAX + 1]; /* "FORMAT VALUE\n" for each, in order, or empty */
	struct vouch vouch;
	const char *
		cache; /* whose it is, once found: a cache's root, borrowed from the store; NULL: its own */
};

bool claim_is_format(struct bytes format);
bool claim_is_value(struct bytes value);

/* Puts a line at the end of `then`; false where there is no room. */
bool claim_add_then(struct claim *claim, struct bytes format, struct bytes value);

/* From program, scope, format and value; the rest is not read. */
struct digest claim_key(const struct claim *claim);

/* Seen at once here, by others from the next store_sync on. */
void claim_put(struct store *store, const struct claim *claim);
/* Fills hash, size, files and vouch of what program, scope, format and value name: here, then in
 * the caches. ERR_NOT_FOUND when nobody knows. */
MUST_CHECK bool claim_find(struct store *store, struct claim *claim, struct err *err);

void claim_encode(const struct claim *claim, struct buf *out);
MUST_CHECK bool claim_decode(
	struct bytes *rest, const struct digest *key, struct claim *out, struct err *err);
