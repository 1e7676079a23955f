/* SPDX-License-Identifier: MPL-2.0 */
/* A lock on disk: read without trust, written whole, held by the folder. */
#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "island/lock.h"

static bool
read_text(int folder, const char *name, struct buf *out, struct err *err)
{
	struct err why;
	/* O_NONBLOCK: opening a FIFO must not wait for a writer before it is refused. */
	cleanup_fd int fd = fd_open_at(folder, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0, &why);
	if (fd < 0 && why.number == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "%s is not there", name);
	if (fd < 0 && why.number == ELOOP)
		return err_set(err, ERR_REFUSED, "it is a symbolic link");
	if (fd < 0) {
		*err = why;
		return false;
	}
	struct stat status;
	if (fstat(fd, &status) < 0)
		return err_system(err, errno, "status");
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_REFUSED, "it is not a regular file");
	if (status.st_size > LOCK_SIZE)
		return err_limit(err, ERR_LIMIT_OTHER, "it has more than %d bytes", LOCK_SIZE);
	return fd_read_all(fd, out, err) && buf_check(out, err, "its text");
}

bool
lock_read(int folder, const char *name, struct lock *out, struct err *err)
{
	cleanup_buf struct buf text = BUF(LOCK_SIZE);
	struct err why = {0};
	if (!read_text(folder, name, &text, &why)) {
		if (why.kind == ERR_NOT_FOUND) {
			lock_release(out);
			return true;
		}
		*err = why;
		return err_note(err, "lock %s", name);
	}
	if (!lock_decode(buf_bytes(&text), out, err))
		return err_note(err, "lock %s", name);
	return true;
}

bool
lock_write(int folder, const char *name, struct lock *lock, bool *written_out, struct err *err)
{
	cleanup_buf struct buf text = BUF(LOCK_SIZE);
	lock_encode(lock, &text);
	if (!buf_check(&text, err, "lock %s", name))
		return false;
	bool absent = lock->original.size == 0;
	bool same = bytes_equal(buf_bytes(&text), buf_bytes(&lock->original));
	if (same || (absent && lock->size == 0)) {
		*written_out = false;
		return true;
	}
	if (!fd_replace_file(folder, name, buf_bytes(&text), 0644, err))
		return err_note(err, "writing the lock %s", name);
	buf_release(&lock->original);
	lock->original = buf_take(&text);
	*written_out = true;
	return true;
}

/* An open file description of its own: flock belongs to that, not to the process. */
static bool
hold(int folder, int operation, struct lock_hold *out, struct err *err)
{
	cleanup_fd int fd = fd_open_at(folder, ".", O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0)
		return err_note(err, "holding the lock's folder");
	while (flock(fd, operation) < 0) {
		if (errno == EWOULDBLOCK)
			return err_limit(err, ERR_LIMIT_OTHER, "another cab writes the lock");
		if (errno != EINTR)
			return err_system(err, errno, "holding the lock's folder");
	}
	out->fd = fd_take(&fd);
	return true;
}

bool
lock_hold_try(int folder, struct lock_hold *out, struct err *err)
{
	return hold(folder, LOCK_EX | LOCK_NB, out, err);
}

bool
lock_hold_wait(int folder, struct lock_hold *out, struct err *err)
{
	return hold(folder, LOCK_EX, out, err);
}

void
lock_hold_end(struct lock_hold *hold)
{
	fd_release(&hold->fd);
}
