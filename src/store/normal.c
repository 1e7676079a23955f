/* SPDX-License-Identifier: MPL-2.0 */
#include "store/normal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"

enum { NORMAL_XATTRS = 64 << 10 }; /* XATTR_LIST_MAX of the kernel */

static const struct timespec normal_times[2] = {
	{.tv_nsec = UTIME_OMIT},
	{.tv_sec = 1},
};

bool
normal_kind(const struct stat *status, char *kind_out, struct err *err)
{
	if (S_ISDIR(status->st_mode))
		*kind_out = TREE_DIRECTORY;
	else if (S_ISLNK(status->st_mode))
		*kind_out = TREE_SYMLINK;
	else if (S_ISREG(status->st_mode))
		*kind_out = status->st_mode & S_IXUSR ? TREE_EXECUTABLE : TREE_FILE;
	else
		return err_set(err, ERR_REFUSED, "is a %s: only files, folders and symlinks may be",
			S_ISFIFO(status->st_mode)   ? "FIFO"
			: S_ISSOCK(status->st_mode) ? "socket"
						    : "device");
	return true;
}

bool
normal_check(const struct stat *status, char kind, struct err *err)
{
	if (kind != TREE_SYMLINK && (status->st_mode & 07777) != normal_mode(kind))
		return err_set(err, ERR_CORRUPT, "has mode %04o", status->st_mode & 07777);
	if (status->st_mtim.tv_sec != 1 || status->st_mtim.tv_nsec != 0)
		return err_set(err, ERR_CORRUPT, "was modified: its mtime is not 1");
	if (status->st_uid != geteuid() && status->st_uid != 0)
		return err_set(err, ERR_CORRUPT, "belongs to user %u", status->st_uid);
	return true;
}

bool
normal_make_open(int parent, const char *name, const struct stat *status, struct err *err)
{
	bool foreign = status->st_uid != geteuid() || status->st_gid != getegid();
	if (foreign && !S_ISREG(status->st_mode) &&
		fchownat(parent, name, geteuid(), getegid(), AT_SYMLINK_NOFOLLOW) < 0)
		return err_system(err, errno, "change owner");
	if (S_ISLNK(status->st_mode))
		return true;
	mode_t mode = S_ISDIR(status->st_mode) ? 0755 : 0400;
	if (S_ISREG(status->st_mode) && status->st_mode & S_IRUSR)
		return true;
	if (S_ISREG(status->st_mode))
		mode |= status->st_mode & S_IXUSR;
	if ((status->st_mode & 07777) != mode && fchmodat(parent, name, mode, 0) < 0)
		return err_system(err, errno, "change mode");
	return true;
}

static bool
normal_drop_xattrs(int fd, struct err *err)
{
	char one[256];
	ssize_t size = flistxattr(fd, one, sizeof one);
	if (size == 0 || (size < 0 && errno == ENOTSUP))
		return true;
	char *names = memory_new(NORMAL_XATTRS);
	size = flistxattr(fd, names, NORMAL_XATTRS);
	bool done = size >= 0 || err_system(err, errno, "list extended attributes");
	for (char *at = names; done && at < names + size; at += strlen(at) + 1)
		/* A label of the system's own policy is not the tree's. */
		if (strcmp(at, "security.selinux") != 0 && fremovexattr(fd, at) < 0)
			done = err_system(err, errno, "remove extended attribute %s", at);
	free(names);
	return done;
}

bool
normal_make_file(int fd, const struct stat *status, char kind, struct err *err)
{
	if ((status->st_uid != geteuid() || status->st_gid != getegid()) &&
		fchown(fd, geteuid(), getegid()) < 0)
		return err_system(err, errno, "change owner");
	if (!normal_drop_xattrs(fd, err))
		return false;
	if (fchmod(fd, normal_mode(kind)) < 0)
		return err_system(err, errno, "change mode");
	return true;
}

bool
normal_make_time(int fd, struct err *err)
{
	if (futimens(fd, normal_times) < 0)
		return err_system(err, errno, "set mtime");
	return true;
}

bool
normal_seal(int parent, const char *name, char kind, bool with_mode, struct err *err)
{
	if (kind == TREE_DIRECTORY) {
		cleanup_fd int fd =
			fd_open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
		if (fd < 0 || !normal_drop_xattrs(fd, err))
			return false;
		if (with_mode && fchmod(fd, 0555) < 0)
			return err_system(err, errno, "change mode");
	}
	if (utimensat(parent, name, normal_times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_system(err, errno, "set mtime");
	return true;
}
