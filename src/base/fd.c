/* SPDX-License-Identifier: MPL-2.0 */
#include "base/fd.h"

#include <errno.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void
fd_close(int fd)
{
	if (fd < 0)
		return;
	/* EINTR leaves the descriptor closed on Linux; EBADF means that somebody closed it twice.
	 */
	int result = close(fd);
	must(result == 0 || errno != EBADF, "a descriptor is closed once");
}

void
fd_release(int *fd)
{
	fd_close(*fd);
	*fd = -1;
}

int
fd_open_at(int folder, const char *path, int flags, mode_t mode, struct err *err)
{
	int fd;
	do
		fd = openat(folder, path, flags | O_CLOEXEC | O_NOCTTY, mode);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		(void)err_system(err, errno, "open %s", path);
	return fd;
}

int
fd_open_beneath(int folder, const char *path, int flags, mode_t mode, struct err *err)
{
	struct open_how how = {
		/* With O_PATH the kernel takes no flag that it has no use for. */
		.flags = (uint64_t)(flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY)),
		.mode = flags & (O_CREAT | O_TMPFILE) ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
			   (flags & O_NOFOLLOW ? (uint64_t)RESOLVE_NO_SYMLINKS : 0),
	};
	if ((flags & O_TMPFILE) != O_TMPFILE && !(flags & O_CREAT))
		how.mode = 0;
	long fd;
	do
		fd = syscall(SYS_openat2, folder, path, &how, sizeof how);
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	if (fd < 0)
		(void)err_system(err, errno, "open %s", path);
	return (int)fd;
}

bool
fd_write_all(int fd, struct bytes data, struct err *err)
{
	while (data.size) {
		ssize_t count = write(fd, data.data, data.size);
		if (count < 0) {
			if (errno == EINTR)
				continue;
			return err_system(err, errno, "write");
		}
		data = bytes_from(data, (size_t)count);
	}
	return true;
}

ssize_t
fd_read_some(int fd, void *data, size_t size, struct err *err)
{
	size_t done = 0;
	while (done < size) {
		ssize_t count = read(fd, (uint8_t *)data + done, size - done);
		if (count < 0) {
			if (errno == EINTR)
				continue;
			(void)err_system(err, errno, "read");
			return -1;
		}
		if (count == 0)
			break;
		done += (size_t)count;
	}
	return (ssize_t)done;
}

bool
fd_read_all(int fd, struct buf *out, struct err *err)
{
	while (!out->over) {
		size_t room = out->ceiling - out->size;
		if (room > 64 << 10)
			room = 64 << 10;
		/* At the ceiling one more byte is asked for: only the end of the file may come. */
		uint8_t extra;
		uint8_t *at = room ? buf_reserve(out, room) : &extra;
		ssize_t count = fd_read_some(fd, at, room ? room : 1, err);
		if (count < 0)
			return false;
		if (!room && count > 0)
			break;
		if (room)
			buf_commit(out, (size_t)count);
		if ((size_t)count < (room ? room : 1))
			return true;
	}
	return err_set(err, ERR_LIMIT, "more than %zu bytes", out->ceiling);
}

bool
fd_read_file(int folder, const char *path, struct buf *out, struct err *err)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer before it is refused. */
	cleanup_fd int fd = fd_open_at(folder, path, O_RDONLY | O_NONBLOCK, 0, err);
	if (fd < 0)
		return false;
	struct stat status;
	if (fstat(fd, &status) < 0)
		return err_system(err, errno, "status of %s", path);
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_REFUSED, "%s is not a regular file", path);
	if (!fd_read_all(fd, out, err))
		return err_note(err, "%s", path);
	return true;
}

static bool
fd_replace_flush(int folder, const char *path, const char *temporary, struct err *err)
{
	if (renameat(folder, temporary, folder, path) < 0)
		return err_system(err, errno, "rename to %s", path);

	char parent[4096];
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	if (length >= sizeof parent)
		return err_set(err, ERR_LIMIT, "%s: the path is too long", path);
	memcpy(parent, path, length);
	parent[length] = '\0';
	const char *name = slash ? (length ? parent : "/") : ".";
	cleanup_fd int fd = fd_open_at(folder, name, O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0)
		return false;
	if (fsync(fd) < 0)
		return err_system(err, errno, "flush the folder of %s", path);
	return true;
}

bool
fd_replace_file(int folder, const char *path, struct bytes data, mode_t mode, struct err *err)
{
	uint64_t random = 0;
	if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
		return err_system(err, errno, "random bytes");
	cleanup_buf struct buf temporary = BUF(8192);
	buf_format(&temporary, "%s.%016llx.new", path, (unsigned long long)random);
	if (!buf_check(&temporary, err, "path %s", path))
		return false;

	cleanup_fd int fd = fd_open_at(
		folder, buf_text(&temporary), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode, err);
	if (fd < 0)
		return false;
	bool done = fd_write_all(fd, data, err) || err_note(err, "%s", path);
	if (done && fsync(fd) < 0)
		done = err_system(err, errno, "flush %s", path);
	if (done)
		done = fd_replace_flush(folder, path, buf_text(&temporary), err);
	if (!done)
		(void)unlinkat(folder, buf_text(&temporary), 0);
	return done;
}

bool
fd_pipe(int *read_end, int *write_end, struct err *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_system(err, errno, "pipe");
	*read_end = ends[0];
	*write_end = ends[1];
	return true;
}

bool
fd_set_blocking(int fd, bool blocking, struct err *err)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 ||
		fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) < 0)
		return err_system(err, errno, "set flags");
	return true;
}

int
fd_memory(const char *name, struct bytes data, struct err *err)
{
	cleanup_fd int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0) {
		(void)err_system(err, errno, "memory file %s", name);
		return -1;
	}
	if (!fd_write_all(fd, data, err)) {
		(void)err_note(err, "memory file %s", name);
		return -1;
	}
	if (lseek(fd, 0, SEEK_SET) < 0 ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) <
			0) {
		(void)err_system(err, errno, "seal memory file %s", name);
		return -1;
	}
	return fd_take(&fd);
}

struct fd_path
fd_path(int fd)
{
	struct fd_path path;
	(void)snprintf(path.text, sizeof path.text, "/proc/self/fd/%d", fd);
	return path;
}
