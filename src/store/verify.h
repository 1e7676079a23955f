/* SPDX-License-Identifier: MPL-2.0 */
/*
 * verify: every byte against its digest.
 *
 * Each registered object is hashed and compared with its record, the record with its file's name;
 * each blob and node with its name; each read, realization and identity record is decoded. A root
 * whose mode a crash left at 0755 is mended in passing.
 */
#pragma once

#include "base/digest.h"
#include "base/err.h"

struct store;

/* One fault, in a sentence that names the path beneath the physical root. */
typedef void verify_fault(void *context, const char *sentence);

struct verify_result {
	uint64_t objects;
	uint64_t blobs;
	uint64_t nodes;
	uint64_t records;
	uint64_t mended;
	uint64_t faults;
};

/* False only where verification itself failed; faults are counted. */
MUST_CHECK bool store_verify(struct store *store, verify_fault *fault, void *context,
	struct verify_result *out, struct err *err);
/* One object, by its recorded hash: ERR_CORRUPT says how it differs. */
MUST_CHECK bool store_verify_object(
	struct store *store, const struct digest *path, struct err *err);
