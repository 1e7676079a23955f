/* SPDX-License-Identifier: MPL-2.0 */
/*
 * versions: what there is of a repository or a package: the listing that island.wasm leaves of an island (island_versions),
 * as rows in their order, the newest last.
 *
 *     cleanup_versions struct versions versions = VERSIONS;
 *     fd_read_file(…, &versions.document, err);
 *     if (!versions_read(&versions, &island, err)) …
 *     for (size_t at = 0; at < versions.size; at++) use(versions.rows[at]);
 *
 * Of git a line a tag, "ID NAME": as people count, v1.9 before v1.10. Of registries the document that the registry has of the
 * package: a file of cargo's sparse index (The Cargo Book, "Registry Index"), npm's packument, Python's simple index as JSON
 * (PEP 691); in the order of precedence.h, of Python those that have a source archive, as that is what is fetched. A name that
 * the text of an island could not have is left out. Of one name given twice what a fetch would take counts: of npm the first,
 * of others the last; of Python, where each archive says whether it is yanked, one that is not.
 *
 * The document is a stranger's: ERR_CORRUPT where it is none, ERR_LIMIT beyond VERSIONS_DOCUMENT bytes, VERSIONS_ROWS rows or
 * 64 values in each other.
 */
#pragma once

#include "base/buf.h"
#include "island/island.h"

enum { VERSIONS_DOCUMENT = 64 << 20, VERSIONS_ROWS = 1 << 20 };

enum version_mark {
	VERSION_GOOD,
	VERSION_YANKED,     /* taken back: a fetch takes it only where it is named */
	VERSION_DEPRECATED, /* of npm */
};

struct version {
	struct bytes name;     /* of the document, as the next one */
	struct bytes revision; /* of git alone */
	enum version_mark mark;
};

struct versions {
	struct buf document;
	struct version *rows;
	size_t size;
	size_t capacity;
};

#define VERSIONS         ((struct versions){.document = BUF(VERSIONS_DOCUMENT)})
#define cleanup_versions __attribute__((cleanup(versions_release)))

/* Of the document that is there. Once. */
MUST_CHECK bool versions_read(
	struct versions *versions, const struct island *island, struct err *err);
void versions_release(struct versions *versions);
