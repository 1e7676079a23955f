/* SPDX-License-Identifier: MPL-2.0 */
/*
 * download: archives, registries' archives and documents, and plain files, over HTTP.
 *
 * The identity is told as early as it is known: `ALGORITHM.tar1` (of a plain file
 * `ALGORITHM.file1`) before any request where a checksum is given or pinned; else `http` from the
 * response's head, if that has a strong ETag, and `sha256.tar1` once all is in. A checksum that
 * differs ends the program with both. `cab HASH` comes last.
 */
#pragma once

#include "request.h"

void download_archive(const struct request *request);
void download_file(const struct request *request);
/* Ends a hash, and the program with the sentence where its sum is not what is expected; nothing expected is anything. Its digits
 * stay. */
struct text *download_sum(int32_t hash, size_t size, struct span expected, const char *sentence);
