/* SPDX-License-Identifier: MPL-2.0 */
/*
 * scan: where a tree mentions store paths, in plain bytes, and their replacement.
 *
 * A pattern is the 52 letters of a path digest or placeholder. All patterns are looked for in one
 * pass over the bytes of files, the targets of symlinks, and the names in the tree.
 *
 *     struct scan_pattern patterns[] = {...};
 *     scan_hits hits = {0};
 *     if (!scan_tree(folder, "out", patterns, count, &hits, err)) ...
 *     if (!scan_rewrite(folder, "out", &hits, pattern, letters, err)) ...
 *     scan_release(&hits);
 *
 * The tree is walked without following links; no process may be changing it. Files are rewritten in
 * place and keep their sizes, symlinks are made anew; modes stay. Hits come sorted by path, then
 * offset.
 */
#pragma once

#include "store/object.h"

enum { SCAN_HITS_MAX = 1 << 20 };

struct scan_pattern {
	char letters[DIGEST_TEXT];
};

enum scan_place {
	SCAN_FILE,   /* offset in the file's bytes */
	SCAN_TARGET, /* offset in the symlink's target */
	SCAN_NAME,   /* offset in the last part of the path: cannot be rewritten */
};

struct scan_hit {
	size_t pattern;
	enum scan_place place;
	struct bytes path; /* inside the tree, "" for the root; belongs to the hits */
	uint64_t offset;
};

typedef ARRAY(struct scan_hit) scan_hits;

void scan_release(scan_hits *hits);

MUST_CHECK bool scan_tree(int folder, const char *name, const struct scan_pattern *patterns,
	size_t count, scan_hits *hits, struct err *err);
/* Writes these letters over each hit of one pattern. A hit in a name is ERR_REFUSED. */
MUST_CHECK bool scan_rewrite(int folder, const char *name, const scan_hits *hits, size_t pattern,
	const char letters[DIGEST_TEXT], struct err *err);
/* The hits of one pattern as an object's self-references; paths are copied. */
void scan_selves(const scan_hits *hits, size_t pattern, object_selves *out);
