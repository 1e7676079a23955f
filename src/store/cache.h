/* SPDX-License-Identifier: MPL-2.0 */
/*
 * cache: objects and records from one store to another, every byte proved on the way.
 */
#pragma once

#include "store/git_object.h"
#include "store/object.h"

struct store;

/* Copies an object with its closure, references first; what the store has whole is left alone.
 * ERR_NOT_FOUND where the cache lacks something, ERR_CORRUPT where bytes differ from what its
 * record says; what was copied before stays. The copies are vouched for by "realizer file://PATH"
 * where the cache's record says "self". */
MUST_CHECK bool store_copy_from(
	struct store *store, struct store *cache, const struct digest *path, struct err *err);

struct store_push {
	const struct digest *paths; /* objects: with closure */
	size_t path_count;
	const struct digest *realizations; /* keys: with all that they were made from */
	size_t realization_count;
	const struct cab_hash *reads; /* what evaluation read of these */
	size_t read_count;
	const struct git_id *commits; /* what evaluation read of these by git's ids */
	size_t commit_count;
	const struct digest *identities; /* keys */
	size_t identity_count;
};

/* Sends all that into a directory of the same layout, with the nodes of every object (a server of
 * plain files needs them), and syncs it. Records go as they are; only those that this store vouches
 * for itself, or that carry a key: where there are none, or only hearsay of a cache, nothing is
 * sent. Objects of realizations are not implied: name them. */
MUST_CHECK bool store_push(
	struct store *store, const char *target, const struct store_push *push, struct err *err);
