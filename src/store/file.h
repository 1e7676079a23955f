/* SPDX-License-Identifier: MPL-2.0 */
/*
 * file: the single files that a store keeps beside its objects: logs, derivations, artifacts.
 */
#pragma once

#include "base/buf.h"
#include "base/digest.h"

struct store;

enum { DERIVATION_FILE_MAX = 64 << 20 };

/* logs/<aa>/<digest>, made anew or read. -1 and *err on failure. */
int store_log_create(struct store *store, const struct digest *digest, struct err *err);
int store_log_open(const struct store *store, const struct digest *digest, struct err *err);

/* derivations/<digest>-<name>.drv; the caller knows how the digest follows from the bytes. Put is
 * idempotent; get asks the store, then its caches. */
MUST_CHECK bool store_derivation_put(struct store *store, const struct digest *digest,
	const char *name, struct bytes data, struct err *err);
MUST_CHECK bool store_derivation_get(const struct store *store, const struct digest *digest,
	const char *name, struct buf *out, struct err *err);
/* The name and bytes of the derivation with this digest. */
MUST_CHECK bool store_derivation_find(const struct store *store, const struct digest *digest,
	struct buf *name, struct buf *out, struct err *err);

/* artifacts/<aa>/<key>: machine code, for this user and this machine alone, never from a cache. The
 * file is "cab artifact 1\n", the 52 letters of the bytes' digest, "\n", the bytes. Get gives a
 * sealed memory file of bytes that were hashed, at offset 0; ERR_CORRUPT or ERR_NOT_FOUND mean:
 * compile anew. */
MUST_CHECK bool store_artifact_put(
	struct store *store, const struct digest *key, struct bytes data, struct err *err);
int store_artifact_get(const struct store *store, const struct digest *key, struct err *err);
