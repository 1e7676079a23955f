/* SPDX-License-Identifier: MPL-2.0 */
/*
 * normal: how a name lies in the store: owned by the store's owner, folders and executable files
 * 0555, files 0444, mtime 1 second after the epoch, no extended attributes.
 *
 * All of it is used on trees that no process but this one can change any more.
 */
#pragma once

#include <sys/stat.h>

#include "base/err.h"
#include "store/tree.h"

/* Executable is what its owner may execute. ERR_REFUSED for a device, FIFO or socket. */
MUST_CHECK bool normal_kind(const struct stat *status, char *kind_out, struct err *err);
/* ERR_CORRUPT where owner, mode or mtime are not normal. The root of an object may still have 0755.
 */
MUST_CHECK bool normal_check(const struct stat *status, char kind, struct err *err);

/* Folders 0755, symlinks owned by us, files readable: so that the walk can go on. */
MUST_CHECK bool normal_make_open(
	int parent, const char *name, const struct stat *status, struct err *err);
/* An open file: all but its mtime, which is set when its last byte is read or written. */
MUST_CHECK bool normal_make_file(int fd, const struct stat *status, char kind, struct err *err);
MUST_CHECK bool normal_make_time(int fd, struct err *err);
/* A folder or symlink, when nothing in it changes any more. */
MUST_CHECK bool normal_seal(
	int parent, const char *name, char kind, bool with_mode, struct err *err);

static inline mode_t
normal_mode(char kind)
{
	return kind == TREE_FILE ? 0444 : 0555;
}
