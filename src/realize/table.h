/* SPDX-License-Identifier: MPL-2.0 */
/*
 * table: whose word counts for which identity: the store's table of identities as a run sees it.
 *
 * A key is (program digest, scope, FORMAT, VALUE). The scope is the digest of the resolved derivation, but empty for a format
 * that a module lists in `cab.identities`, where the module is its only input and its environment is
 * empty (DESIGN section 4). So `<github:o/r>` and `<git:https://…>` of one revision share what is known.
 *
 *     struct table table = {.store = …, .program = …, .scope = …};
 *     if (table_find(&table, format, value, &hash, &cache)) …       here, in caches; also under earlier island.wasm
 *     table_put_lines(&table, lines, count, &hash, size, files);     only after a completed, verified run
 *     table_follow(&table, line, &hash, arena, more, capacity);       what a run that is stopped at a line did not come to say
 */
#pragma once

#include "base/bytes.h"
#include "base/digest.h"
#include "derivation/derivation.h"
#include "store/tree.h"

struct store;
struct claim;

enum { TABLE_FORMATS = 32, TABLE_BELIEVED = 16 };

struct table {
	struct store *store;
	struct digest program;
	struct digest scope;
	struct bytes shared[TABLE_FORMATS]; /* formats with an empty scope */
	size_t shared_count;
	struct digest
		believed[TABLE_BELIEVED]; /* earlier programs whose shared identities count too */
	size_t believed_count;
};

/* The table of a run of a module: `derivation` is resolved, `resolved` its digest; the formats are borrowed from the module. */
struct table table_of_module(struct store *store, const struct derivation *derivation,
	const struct digest *resolved, struct bytes module);
/* The same of a program that is no module: by its path. */
struct table table_of_program(
	struct store *store, const struct derivation *derivation, const struct digest *resolved);
/* The shared formats of a module alone, of no run of it. */
struct table table_of_shared(
	struct store *store, const struct digest *program, struct bytes module);
/* Earlier programs, the first TABLE_BELIEVED, whose shared identities count too. */
void table_believe(struct table *table, const struct digest *programs, size_t count);
/* The record of a pair, with who vouches for it. */
bool table_find_claim(
	const struct table *table, struct bytes format, struct bytes value, struct claim *out);
/* *cache_out is the root of the cache that knew it, borrowed from the store, or NULL. */
bool table_find(const struct table *table, struct bytes format, struct bytes value,
	struct cab_hash *out, const char **cache_out);
void table_put(const struct table *table, struct bytes format, struct bytes value,
	const struct cab_hash *hash, uint64_t size, uint64_t files);
/* All lines of a run but `cab`, each with those behind it. */
void table_put_lines(const struct table *table, const struct identity *lines, size_t count,
	const struct cab_hash *hash, uint64_t size, uint64_t files);
/* What was said behind a line by the run that is its word, as far as the table has each of these for the same content. */
size_t table_follow(const struct table *table, struct identity line, const struct cab_hash *hash,
	struct arena *arena, struct identity *out, size_t capacity);
/* The key under which a pair is recorded, for `cache push`. */
struct digest table_key(const struct table *table, struct bytes format, struct bytes value);
