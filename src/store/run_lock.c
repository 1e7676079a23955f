/* SPDX-License-Identifier: MPL-2.0 */
#include "store/run_lock.h"

#include <errno.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/internal.h"

/* The holder removes the file before it lets go, so a lock may be taken on a name that is gone: it
 * counts only if the name still leads to it. */
static bool
run_lock_is_named(int folder, const char *name, int fd)
{
	struct stat held;
	struct stat named;
	return fstat(fd, &held) == 0 && fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

static bool
run_lock_say(int fd, const char *purpose, struct err *err)
{
	cleanup_buf struct buf text = BUF(BUF_MAX);
	buf_format(&text, "process %d: %s", (int)getpid(), purpose);
	return (ftruncate(fd, 0) == 0 || err_system(err, errno, "truncate")) &&
	       fd_write_all(fd, bytes_first(buf_bytes(&text), RUN_LOCK_TEXT), err);
}

static enum run_lock_result
run_lock_attempt(int folder, const char *name, const char *purpose, int *fd_out, struct buf *holder,
	struct err *err)
{
	for (;;) {
		cleanup_fd int fd =
			fd_open_at(folder, name, O_RDWR | O_CREAT | O_NOFOLLOW, 0644, err);
		if (fd < 0)
			return RUN_LOCK_FAILED;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno == EINTR)
				continue;
			if (errno != EWOULDBLOCK) {
				(void)err_system(err, errno, "lock %s", name);
				return RUN_LOCK_FAILED;
			}
			return fd_read_all(fd, holder, err) ? RUN_LOCK_BUSY : RUN_LOCK_FAILED;
		}
		if (!run_lock_is_named(folder, name, fd))
			continue;
		if (!run_lock_say(fd, purpose, err))
			return RUN_LOCK_FAILED;
		*fd_out = fd_take(&fd);
		return RUN_LOCK_HELD;
	}
}

enum run_lock_result
run_lock_try(struct store *store, const struct digest *digest, const char *purpose,
	struct run_lock *out, struct buf *holder, struct err *err)
{
	struct run_lock lock = {.store = store, .fd = -1};
	if (!store_can_write(store, err))
		return RUN_LOCK_FAILED;
	(void)stpcpy(lock.name, digest_print(digest).text);
	enum run_lock_result result = run_lock_attempt(
		store->folders[FOLDER_RUN], lock.name, purpose, &lock.fd, holder, err);
	switch (result) {
	case RUN_LOCK_HELD:
		*out = lock;
		break;
	case RUN_LOCK_FAILED:
		(void)err_note(err, "store %s: lock/run", store->root);
		break;
	case RUN_LOCK_BUSY:
		break;
	}
	return result;
}

void
run_lock_release(struct run_lock *lock)
{
	if (lock->fd < 0)
		return;
	(void)unlinkat(lock->store->folders[FOLDER_RUN], lock->name, 0);
	fd_release(&lock->fd);
	*lock = RUN_LOCK;
}
