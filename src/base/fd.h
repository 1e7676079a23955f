/* SPDX-License-Identifier: MPL-2.0 */
/*
 * fd: file descriptors. -1 is none; all are close-on-exec from birth; reads and writes are whole.
 *
 *     cleanup_fd int fd = fd_open_at(folder, "name", O_RDONLY, 0, err);
 *     if (fd < 0) return false;
 *
 * Errors of fd_open_at name the path; the others name nothing: the caller adds its operand with
 * err_note.
 */
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

#define cleanup_fd __attribute__((cleanup(fd_release)))

/* Closes what is open; closing a descriptor that is not open is a fault of ours. */
void fd_close(int fd);
void fd_release(int *fd);

static inline int
fd_take(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

/* openat with O_CLOEXEC, never the controlling terminal; -1 and *err on failure. */
int fd_open_at(int folder, const char *path, int flags, mode_t mode, struct err *err);
/* openat2 beneath a folder: no `..` out, no absolute link out, no magic links. Links inside are
 * followed unless O_NOFOLLOW is given, which here holds for every component. */
int fd_open_beneath(int folder, const char *path, int flags, mode_t mode, struct err *err);

MUST_CHECK bool fd_write_all(int fd, struct bytes data, struct err *err);
/* Up to `size` bytes, fewer only at the end of the file; -1 and *err on failure. */
ssize_t fd_read_some(int fd, void *data, size_t size, struct err *err);
/* All that is left, added to out, under out's ceiling. */
MUST_CHECK bool fd_read_all(int fd, struct buf *out, struct err *err);
/* A regular file, whole, under out's ceiling. A FIFO, device or folder is refused, without
 * blocking. */
MUST_CHECK bool fd_read_file(int folder, const char *path, struct buf *out, struct err *err);
/* Replaces a file: written beside it, flushed, renamed over it; the folder is flushed last. */
MUST_CHECK bool fd_replace_file(
	int folder, const char *path, struct bytes data, mode_t mode, struct err *err);

MUST_CHECK bool fd_pipe(int *read_end, int *write_end, struct err *err);
MUST_CHECK bool fd_set_blocking(int fd, bool blocking, struct err *err);
/* Memory as a file, at offset 0, sealed against change. -1 on failure. */
int fd_memory(const char *name, struct bytes data, struct err *err);
/* "/proc/self/fd/N", for calls that know only paths. */
struct fd_path {
	char text[32];
};
struct fd_path fd_path(int fd);
