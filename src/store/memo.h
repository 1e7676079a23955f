/* SPDX-License-Identifier: MPL-2.0 */
/*
 * memo: what a program left for its next run of the same derivation, with the object that it belongs to: memos/<aa>/<key>.
 *
 *     struct memo memo = {.program = …, .derivation = …, .object = …, .hash = …, .identities = …, .data = …};
 *     if (!memo_put(store, &memo, err)) ...
 *     if (!memo_find(store, &program, &derivation, &memo, err)) ...    ERR_NOT_FOUND, ERR_CORRUPT: there is none
 *     if (!memo_find_record(store, ...)) ...                           the same without its bytes, which are not read
 *     memo_release(&memo);                                             of what was found
 *
 * The bytes are opaque here. The newest memo of a program and a derivation counts. A cache: it may be lost, or deleted; gc takes it
 * with its object. The key is derive_key("cab memo 1", program digest, digest of the resolved derivation).
 */
#pragma once

#include "base/buf.h"
#include "store/object.h"

struct store;

enum { MEMO_MAX = 64 << 20, MEMO_IDENTITIES = 16, MEMO_HEAD_MAX = 16 << 10 };

struct memo_identity {
	struct bytes format;
	struct bytes value;
};

struct memo {
	struct digest program;
	struct digest derivation; /* resolved */
	struct object_reference object;
	struct cab_hash hash;
	struct memo_identity
		identities[MEMO_IDENTITIES]; /* of the object, as the run reported them */
	size_t identity_count;
	struct bytes data;
	struct buf file; /* what a found memo borrows from */
};

void memo_release(struct memo *memo);
#define cleanup_memo __attribute__((cleanup(memo_release)))

struct digest memo_key(const struct digest *program, const struct digest *derivation);
MUST_CHECK bool memo_put(struct store *store, const struct memo *memo, struct err *err);
MUST_CHECK bool memo_find(const struct store *store, const struct digest *program,
	const struct digest *derivation, struct memo *out, struct err *err);
MUST_CHECK bool memo_find_record(const struct store *store, const struct digest *program,
	const struct digest *derivation, struct memo *out, struct err *err);
/* The record of the file `name` of a folder of memos, which must be that of the key; for gc. */
MUST_CHECK bool memo_read_record(
	int folder, const char *name, const struct digest *key, struct memo *out, struct err *err);
void memo_drop(struct store *store, const struct digest *program, const struct digest *derivation);

void memo_encode(const struct memo *memo, struct buf *out);
/* Borrows from the bytes. `whole` is false where they are but the beginning of a file: its record alone is read then. */
MUST_CHECK bool memo_decode(
	struct bytes file, const struct digest *key, bool whole, struct memo *out, struct err *err);
