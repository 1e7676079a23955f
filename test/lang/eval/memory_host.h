/* SPDX-License-Identifier: MPL-2.0 */
/*
 * memory_host: an eval_host whose files, islands and store are texts in memory, for tests of
 * evaluation alone.
 *
 *     struct memory_host *host = memory_host_new();
 *     memory_host_add(host, "/default.cab", text);              a local file
 *     memory_host_add(host, "<github:o/r>/Cargo.toml", text);   a file of an island
 *     evaluator_new(memory_host_functions(host), …);
 *
 * Every derivation, stored path and message is one paragraph of memory_host_log. Digests are the
 * first letters of the BLAKE3 of what they stand for.
 */
#pragma once

#include "lang/eval_host.h"

struct memory_host;

struct memory_host *memory_host_new(void);
void memory_host_free(struct memory_host *host);
void memory_host_add(struct memory_host *host, const char *path, struct bytes text);
const struct eval_host *memory_host_functions(struct memory_host *host);
struct buf *memory_host_log(struct memory_host *host);
/* How often a file was read. */
size_t memory_host_reads(const struct memory_host *host);
