/* SPDX-License-Identifier: MPL-2.0 */
/*
 * path: texts of paths, and folders made and removed through descriptors.
 *
 * What is walked is walked from an open folder, without following links.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

/* A name that may stand in a folder: 1-255 bytes, no '/', no NUL, not "." or "..". */
bool path_is_name(struct bytes name);

/* Joins and normalises by text: "." and empty parts go, ".." takes a part away (at the root it
 * stays there). */
void path_join(struct bytes base, struct bytes relative, struct buf *out);
/* What follows the last '/', and what stands before it ("." where there is none). */
struct bytes path_name(struct bytes path);
struct bytes path_folder(struct bytes path);

/* mkdir -p from an open folder. */
MUST_CHECK bool path_make_folders(int folder, const char *path, unsigned mode, struct err *err);
/* Removes a file, link or whole tree, iteratively by descriptors, making folders writable on the
 * way; absent is fine. */
MUST_CHECK bool path_remove(int folder, const char *name, struct err *err);
