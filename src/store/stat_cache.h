/* SPDX-License-Identifier: MPL-2.0 */
/*
 * stat_cache: the digests of a folder's files as they were read last, by what stat says of them.
 *
 *     struct stat_cache cache;
 *     stat_cache_read(store, "/home/me/project", &cache);         nothing where none can be used
 *     const struct digest *known = stat_cache_find(&cache, path, &status);     paths in order
 *     if (changed) stat_cache_write(store, "/home/me/project", rows, count, began);
 *     stat_cache_release(&cache);
 *
 * A file is unchanged where its path, device, inode, size, mode, mtime and ctime are. One that was
 * written at, or after, the time at which the walk began is not kept: a later change could fall into
 * the same tick of the clock (git calls such entries racy). Where a file system keeps no parts of a
 * second, two seconds count as one tick.
 *
 * It lies in stat/<digest of the folder's path> beneath the root, cab-store(5), and is a cache: it
 * may be deleted at any time, and whatever is wrong with it makes it empty.
 */
#pragma once

#include <sys/stat.h>
#include <time.h>

#include "base/buf.h"
#include "store/store.h"

enum { STAT_CACHE_FILE = 1 << 30, STAT_CACHE_PATH = 4095 };

struct stat_cache {
	struct buf data;
	struct bytes rest; /* rows not yet passed */
};

struct stat_cache_row {
	struct bytes path; /* beneath the folder */
	struct stat status;
	struct digest digest;
};

/* The rows of a file that is whole and of this folder; false for any other. */
bool stat_cache_decode(struct bytes data, const char *folder, struct bytes *rows);
void stat_cache_read(const struct store *store, const char *folder, struct stat_cache *out);
/* Paths must be asked in the order of their parts: each folder's names bytewise, a folder's content
 * right after it. NULL where the file is not known as it is now. */
const struct digest *stat_cache_find(
	struct stat_cache *cache, struct bytes path, const struct stat *status);
void stat_cache_release(struct stat_cache *cache);

/* The kernel's clock for files, as it stands now. */
struct timespec stat_cache_now(void);
/* Whether a row may be kept by a walk that began at `began`. */
bool stat_cache_keeps(const struct stat *status, struct timespec began);
/* Rows in the same order; those that may not be kept are left out. A failure is traced: it costs
 * time alone. */
void stat_cache_write(struct store *store, const char *folder, const struct stat_cache_row *rows,
	size_t count, struct timespec began);
