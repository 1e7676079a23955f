/* SPDX-License-Identifier: MPL-2.0 */
/*
 * realization: the recorded fact that a derivation's outputs are these objects.
 *
 * Found by a key: a resolved digest (what ran, with store paths as inputs) or a pinned digest (what
 * was wanted, with pins as inputs); each with the set of outputs that is asked for.
 *
 *     struct digest key = realization_key(REALIZATION_PINNED, &pinned, outputs, count);
 *     if (!realization_find(store, &key, &found, err))    ERR_NOT_FOUND: nobody knows
 *             ...
 *     realization_put(store, &realization)                seen at once here, by others from the
 *     store_sync(store, err)                              next store_sync on
 *
 * Several vouchers may add a record under one key; the file keeps all. An equal record (same
 * outputs, same voucher) is not added twice. Two builders that differ are both kept: `find` takes
 * what this store vouches for, else the first.
 */
#pragma once

#include "store/object.h"

struct store;

enum realization_kind { REALIZATION_RESOLVED, REALIZATION_PINNED };

enum { REALIZATION_OUTPUTS_MAX = 256, REALIZATION_SOURCES_MAX = 1 << 16 };

struct realization_output {
	char output[OBJECT_NAME_MAX + 1]; /* "out"; the rules are those of object names */
	struct object_reference object;
	struct cab_hash hash;
};

struct realization {
	struct digest key;
	enum realization_kind kind;
	struct digest derivation; /* the pinned or resolved digest that the key was made from */
	struct digest resolved;   /* pinned only: what ran */
	ARRAY(struct realization_output) outputs; /* sorted by output name */
	ARRAY(struct digest) made_from;           /* pinned only: keys of pinned records, sorted */
	struct vouch vouch;
	const struct store *from; /* filled by find: the store or cache that answered, borrowed */
};

void realization_release(struct realization *realization);
#define cleanup_realization __attribute__((cleanup(realization_release)))

/* derive_key("cab realization 1", kind 'p' or 'r', digest, then each output name, sorted bytewise,
 * followed by "\n"). */
struct digest realization_key(enum realization_kind kind, const struct digest *derivation,
	const char *const *outputs, size_t count);

/* Fills realization->key itself; sorts outputs and made_from. */
void realization_put(struct store *store, struct realization *realization);
/* Here, then in the caches in order. The objects named may be absent; look with store_find. */
MUST_CHECK bool realization_find(
	struct store *store, const struct digest *key, struct realization *out, struct err *err);
/* The nth record under a key of this one store (0, 1, ...); ERR_NOT_FOUND past the last. For `why`,
 * for the rule that no closure holds two of one thing, and for pushing. */
MUST_CHECK bool realization_get(const struct store *store, const struct digest *key, size_t nth,
	struct realization *out, struct err *err);

/* One block of a record file; `key` is what the file's name says. Decoding takes the block off the
 * front of *rest. */
void realization_encode(const struct realization *realization, struct buf *out);
MUST_CHECK bool realization_decode(
	struct bytes *rest, const struct digest *key, struct realization *out, struct err *err);
