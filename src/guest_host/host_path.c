/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a guest does by name. Every name is resolved by openat2 beneath the folder that the guest
 * names, or is one component in a folder that was so resolved: no name leads out, whatever links
 * stand on the way. Names are bytes.
 */
#include "guest_host/host_functions.h"

#include <errno.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest_host/limits.h"

static int
open_beneath(int folder, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd;
	do
		fd = syscall(SYS_openat2, folder, path, &how, sizeof how);
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	return (int)fd;
}

/* A guest's bytes as the kernel's text. */
static enum wasi_errno
take_text(struct host *host, uint64_t at, uint64_t size, char out[LIMIT_PATH])
{
	struct bytes text;
	if (!host_bytes(host, at, size, &text))
		return WASI_FAULT;
	if (!text.size)
		return WASI_NOENT;
	if (text.size >= LIMIT_PATH)
		return WASI_NAMETOOLONG;
	if (bytes_find(text, 0) != SIZE_MAX)
		return WASI_INVAL;
	memcpy(out, text.data, text.size);
	out[text.size] = '\0';
	return WASI_SUCCESS;
}

/* A name in an open folder: what the calls that make, remove and rename work on. */
struct place {
	int folder;
	bool own; /* the folder was opened for this place */
	const char *name;
	char path[LIMIT_PATH];
};

#define cleanup_place __attribute__((cleanup(place_release)))

static void
place_release(struct place *place)
{
	if (place->own)
		fd_close(place->folder);
}

/* Slashes at the end say that a folder is meant. */
static enum wasi_errno
place_open(struct host *host, uint64_t fd, uint64_t at, uint64_t size, bool is_folder,
	struct place *place)
{
	place->own = false;
	place->folder = -1;
	place->name = "";
	enum wasi_errno number = WASI_SUCCESS;
	int base = host_folder_find(host, fd, &number);
	if (base < 0)
		return number;
	number = take_text(host, at, size, place->path);
	if (number)
		return number;
	if (place->path[0] == '/')
		return WASI_NOTCAPABLE;
	size_t end = strlen(place->path);
	if (place->path[end - 1] == '/' && !is_folder)
		return WASI_NOTDIR;
	while (place->path[end - 1] == '/')
		place->path[--end] = '\0';

	char *slash = strrchr(place->path, '/');
	place->name = slash ? slash + 1 : place->path;
	if (strcmp(place->name, "..") == 0)
		return WASI_NOTCAPABLE;
	if (strcmp(place->name, ".") == 0)
		return WASI_INVAL;
	place->folder = base;
	if (!slash)
		return WASI_SUCCESS;
	*slash = '\0';
	place->folder = open_beneath(base, place->path, O_PATH | O_DIRECTORY, 0);
	if (place->folder < 0)
		return wasi_errno_of(errno);
	place->own = true;
	return WASI_SUCCESS;
}

int32_t
host_path_create_directory(struct host *host, const uint64_t *arguments)
{
	cleanup_place struct place place;
	enum wasi_errno number =
		place_open(host, arguments[0], arguments[1], arguments[2], true, &place);
	if (number)
		return number;
	return mkdirat(place.folder, place.name, 0755) < 0 ? wasi_errno_of(errno) : WASI_SUCCESS;
}

int32_t
host_path_unlink_file(struct host *host, const uint64_t *arguments)
{
	cleanup_place struct place place;
	enum wasi_errno number =
		place_open(host, arguments[0], arguments[1], arguments[2], false, &place);
	if (number)
		return number;
	return unlinkat(place.folder, place.name, 0) < 0 ? wasi_errno_of(errno) : WASI_SUCCESS;
}

int32_t
host_path_remove_directory(struct host *host, const uint64_t *arguments)
{
	cleanup_place struct place place;
	enum wasi_errno number =
		place_open(host, arguments[0], arguments[1], arguments[2], true, &place);
	if (number)
		return number;
	if (unlinkat(place.folder, place.name, AT_REMOVEDIR) < 0)
		return wasi_errno_of(errno);
	return WASI_SUCCESS;
}

int32_t
host_path_symlink(struct host *host, const uint64_t *arguments)
{
	char target[LIMIT_PATH];
	enum wasi_errno number = take_text(host, arguments[0], arguments[1], target);
	if (number)
		return number;
	cleanup_place struct place place;
	number = place_open(host, arguments[2], arguments[3], arguments[4], false, &place);
	if (number)
		return number;
	return symlinkat(target, place.folder, place.name) < 0 ? wasi_errno_of(errno)
							       : WASI_SUCCESS;
}

int32_t
host_path_readlink(struct host *host, const uint64_t *arguments)
{
	uint8_t *out = host_span(host, arguments[3], arguments[4]);
	if (!out || !host_span(host, arguments[5], 4))
		return WASI_FAULT;
	cleanup_place struct place place;
	enum wasi_errno number =
		place_open(host, arguments[0], arguments[1], arguments[2], false, &place);
	if (number)
		return number;
	ssize_t size = readlinkat(place.folder, place.name, (char *)out, (size_t)arguments[4]);
	if (size < 0)
		return wasi_errno_of(errno);
	return host_put_u32(host, arguments[5], (uint32_t)size) ? WASI_SUCCESS : WASI_FAULT;
}

int32_t
host_path_rename(struct host *host, const uint64_t *arguments)
{
	cleanup_place struct place from;
	enum wasi_errno number =
		place_open(host, arguments[0], arguments[1], arguments[2], true, &from);
	if (number)
		return number;
	cleanup_place struct place to;
	number = place_open(host, arguments[3], arguments[4], arguments[5], true, &to);
	if (number)
		return number;
	if (renameat(from.folder, from.name, to.folder, to.name) < 0)
		return wasi_errno_of(errno);
	return WASI_SUCCESS;
}

int32_t
host_path_link(struct host *host, const uint64_t *arguments)
{
	/* A link that is followed could be one that leads out. */
	if (arguments[1])
		return WASI_INVAL;
	cleanup_place struct place from;
	enum wasi_errno number =
		place_open(host, arguments[0], arguments[2], arguments[3], false, &from);
	if (number)
		return number;
	cleanup_place struct place to;
	number = place_open(host, arguments[4], arguments[5], arguments[6], false, &to);
	if (number)
		return number;
	if (linkat(from.folder, from.name, to.folder, to.name, 0) < 0)
		return wasi_errno_of(errno);
	return WASI_SUCCESS;
}

int32_t
host_path_filestat_get(struct host *host, const uint64_t *arguments)
{
	enum wasi_errno number = WASI_SUCCESS;
	int base = host_folder_find(host, arguments[0], &number);
	if (base < 0)
		return number;
	char path[LIMIT_PATH];
	number = take_text(host, arguments[2], arguments[3], path);
	if (number)
		return number;
	bool follow = arguments[1] & WASI_LOOKUP_SYMLINK_FOLLOW;
	cleanup_fd int fd = open_beneath(base, path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0);
	if (fd < 0)
		return wasi_errno_of(errno);
	struct stat status;
	if (fstat(fd, &status) < 0)
		return wasi_errno_of(errno);
	return host_put_filestat(host, arguments[4], &status) ? WASI_SUCCESS : WASI_FAULT;
}

struct opening {
	uint64_t follow;
	uint64_t flags;
	uint64_t rights;
	uint64_t mode;
};

/* The kernel's flags; -1: a combination that makes no sense. */
static int
opening_flags(const struct opening *opening)
{
	bool writes = opening->rights & (WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ALLOCATE |
						WASI_RIGHT_FD_FILESTAT_SET_SIZE);
	bool reads = opening->rights & (WASI_RIGHT_FD_READ | WASI_RIGHT_FD_READDIR);
	if (opening->flags & ~(uint64_t)WASI_OFLAGS || opening->mode & ~(uint64_t)WASI_FDFLAGS)
		return -1;
	/* Opening a FIFO must not wait for its other side. */
	int flags = O_NONBLOCK | (opening->follow & WASI_LOOKUP_SYMLINK_FOLLOW ? 0 : O_NOFOLLOW);
	if (opening->flags & WASI_OFLAG_DIRECTORY) {
		if (opening->flags & (WASI_OFLAG_CREAT | WASI_OFLAG_TRUNC))
			return -1;
		return flags | O_RDONLY | O_DIRECTORY;
	}
	/* The kernel truncates what is opened for reading alone; a guest does not. */
	if (opening->flags & WASI_OFLAG_TRUNC && !writes)
		return -1;
	flags |= writes ? (reads ? O_RDWR : O_WRONLY) : O_RDONLY;
	flags |= opening->flags & WASI_OFLAG_CREAT ? O_CREAT : 0;
	flags |= opening->flags & WASI_OFLAG_EXCL ? O_EXCL : 0;
	flags |= opening->flags & WASI_OFLAG_TRUNC ? O_TRUNC : 0;
	flags |= opening->mode & WASI_FDFLAG_APPEND ? O_APPEND : 0;
	return flags;
}

/* Only regular files, folders, and FIFOs to write into: reading one would take its lines away from
 * the realizer. */
static enum wasi_errno
opened_kind(int fd, int flags, enum host_file_kind *kind_out, bool *empty_out)
{
	/* What has just been made is a regular file, and need not be asked. */
	struct stat status = {.st_mode = S_IFREG};
	if (!(flags & O_CREAT && flags & O_EXCL) && fstat(fd, &status) < 0)
		return wasi_errno_of(errno);
	*empty_out = status.st_size == 0 && (flags & O_ACCMODE) != O_RDONLY;
	if (S_ISREG(status.st_mode)) {
		*kind_out = HOST_FILE_REGULAR;
		return WASI_SUCCESS;
	}
	if (S_ISDIR(status.st_mode)) {
		*kind_out = HOST_FILE_FOLDER;
		return WASI_SUCCESS;
	}
	if (!S_ISFIFO(status.st_mode) || (flags & O_ACCMODE) != O_WRONLY)
		return WASI_ACCES;
	*kind_out = HOST_FILE_FIFO;
	return fcntl(fd, F_SETFL, 0) < 0 ? wasi_errno_of(errno) : WASI_SUCCESS;
}

int32_t
host_path_open(struct host *host, const uint64_t *arguments)
{
	enum wasi_errno number = WASI_SUCCESS;
	int base = host_folder_find(host, arguments[0], &number);
	if (base < 0)
		return number;
	char path[LIMIT_PATH];
	number = take_text(host, arguments[2], arguments[3], path);
	if (number)
		return number;
	if (!host_span(host, arguments[8], 4))
		return WASI_FAULT;
	if (!host_file_has_room(host))
		return WASI_MFILE;
	const struct opening opening = {arguments[1], arguments[4], arguments[5], arguments[7]};
	int flags = opening_flags(&opening);
	if (flags < 0)
		return WASI_INVAL;
	cleanup_fd int fd = open_beneath(base, path, flags, 0644);
	/* A hint's files are laid out when they are looked for: by then the run may have been stopped. */
	if (fd < 0 && errno == ENOENT &&
		bytes_has_prefix(bytes_text(path), BYTES_LITERAL("former."))) {
		(void)host_await_former(host);
		fd = open_beneath(base, path, flags, 0644);
	}
	if (fd < 0)
		return wasi_errno_of(errno);
	enum host_file_kind kind = HOST_FILE_NONE;
	bool empty = false;
	number = opened_kind(fd, flags, &kind, &empty);
	if (number)
		return number;
	int64_t added = host_file_add(host, fd_take(&fd), kind, flags & O_APPEND, empty);
	must(added >= 0, "there was room");
	return host_put_u32(host, arguments[8], (uint32_t)added) ? WASI_SUCCESS : WASI_FAULT;
}
