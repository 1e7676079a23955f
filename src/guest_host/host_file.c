/* SPDX-License-Identifier: MPL-2.0 */
/* The descriptors of a guest, and what it does with an open file. */
#include "guest_host/host_functions.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/digest.h"
#include "guest/abi.h"
#include "guest_host/limits.h"

enum { FILE_INPUT, FILE_OUTPUT, FILE_ERROR, FILE_PREOPENED };

struct host_files {
	struct host_file slots[LIMIT_FILES];
};

struct host_files *
host_files_new(int directory, int log)
{
	struct host_files *files = memory_zero(1, sizeof *files);
	for (size_t at = 0; at < LIMIT_FILES; at++)
		files->slots[at].fd = -1;
	files->slots[FILE_INPUT].kind = HOST_FILE_INPUT;
	for (size_t at = FILE_OUTPUT; at <= FILE_ERROR; at++) {
		files->slots[at].kind = HOST_FILE_LOG;
		files->slots[at].fd = log;
	}
	files->slots[FILE_PREOPENED] =
		(struct host_file){.kind = HOST_FILE_FOLDER, .fd = directory, .preopened = true};
	return files;
}

static void
file_clear(struct host_file *file)
{
	host_listing_free(file->listing);
	struct digester *leaf = file->leaf;
	*file = (struct host_file){.kind = HOST_FILE_NONE, .fd = -1, .leaf = leaf};
}

static bool
file_is_own(const struct host_file *file)
{
	return file->kind != HOST_FILE_INPUT && file->kind != HOST_FILE_LOG && !file->preopened;
}

void
host_files_free(struct host_files *files)
{
	for (size_t at = 0; at < LIMIT_FILES; at++) {
		struct host_file *file = &files->slots[at];
		if (file->kind != HOST_FILE_NONE && file_is_own(file))
			fd_close(file->fd);
		file_clear(file);
		digester_free(file->leaf);
	}
	free(files);
}

struct host_file *
host_file_find(struct host *host, uint64_t fd)
{
	if (fd >= LIMIT_FILES || host->files->slots[fd].kind == HOST_FILE_NONE)
		return NULL;
	return &host->files->slots[fd];
}

int
host_folder_find(struct host *host, uint64_t fd, enum wasi_errno *number_out)
{
	const struct host_file *file = host_file_find(host, fd);
	if (file && file->kind == HOST_FILE_FOLDER)
		return file->fd;
	*number_out = file ? WASI_NOTDIR : WASI_BADF;
	return -1;
}

static size_t
file_free_slot(const struct host *host)
{
	size_t at = FILE_PREOPENED + 1;
	while (at < LIMIT_FILES && host->files->slots[at].kind != HOST_FILE_NONE)
		at++;
	return at;
}

bool
host_file_has_room(const struct host *host)
{
	return file_free_slot(host) < LIMIT_FILES;
}

int64_t
host_file_add(struct host *host, int fd, enum host_file_kind kind, bool append, bool empty)
{
	size_t at = file_free_slot(host);
	if (at == LIMIT_FILES) {
		fd_close(fd);
		return -1;
	}
	struct host_file *file = &host->files->slots[at];
	file->kind = kind;
	file->fd = fd;
	file->append = append;
	file->in_order = kind == HOST_FILE_REGULAR && empty;
	return (int64_t)at;
}

/* A guest's pieces as the kernel's, at most LIMIT_VECTORS; -1: outside of the memory. */
static int
take_vectors(struct host *host, uint64_t at, uint64_t count, struct iovec *out)
{
	uint64_t size = (count & UINT32_MAX) * WASI_IOVEC;
	const uint8_t *record = size <= UINT32_MAX ? host_span(host, at, size) : NULL;
	if (!record)
		return -1;
	size_t taken = count < LIMIT_VECTORS ? (size_t)count : LIMIT_VECTORS;
	for (size_t piece = 0; piece < taken; piece++, record += WASI_IOVEC) {
		uint32_t where = (uint32_t)record[0] | (uint32_t)record[1] << 8 |
				 (uint32_t)record[2] << 16 | (uint32_t)record[3] << 24;
		uint32_t length = (uint32_t)record[4] | (uint32_t)record[5] << 8 |
				  (uint32_t)record[6] << 16 | (uint32_t)record[7] << 24;
		out[piece].iov_base = host_span(host, where, length);
		out[piece].iov_len = length;
		if (!out[piece].iov_base)
			return -1;
	}
	return (int)taken;
}

/* Adds what was just written to the leaf, while it is in the cache. */
static void
file_hash(struct host_file *file, const struct iovec *pieces, size_t written)
{
	if (!file->in_order || !written)
		return;
	if (!file->leaf)
		file->leaf = digester_new();
	file->hashed += written;
	for (; written; pieces++) {
		size_t size = pieces->iov_len < written ? pieces->iov_len : written;
		digester_add(file->leaf, bytes_of(pieces->iov_base, size));
		written -= size;
	}
}

/* The leaf's state is kept for the next file, so what it took must be forgotten. */
static void
file_disorder(struct host_file *file)
{
	if (file->leaf && file->hashed)
		(void)digester_finish(file->leaf);
	file->in_order = false;
	file->hashed = 0;
}

int32_t
host_fd_write(struct host *host, const uint64_t *arguments)
{
	struct host_file *file = host_file_find(host, arguments[0]);
	if (!file || file->kind == HOST_FILE_INPUT)
		return WASI_BADF;
	struct iovec pieces[LIMIT_VECTORS];
	int count = take_vectors(host, arguments[1], arguments[2], pieces);
	if (count < 0 || !host_span(host, arguments[3], 4))
		return WASI_FAULT;
	ssize_t written;
	do
		written = writev(file->fd, pieces, count);
	while (written < 0 && errno == EINTR);
	if (written < 0)
		return wasi_errno_of(errno);
	file_hash(file, pieces, (size_t)written);
	return host_put_u32(host, arguments[3], (uint32_t)written) ? WASI_SUCCESS : WASI_FAULT;
}

int32_t
host_fd_pwrite(struct host *host, const uint64_t *arguments)
{
	struct host_file *file = host_file_find(host, arguments[0]);
	if (!file || file->kind != HOST_FILE_REGULAR)
		return file ? WASI_SPIPE : WASI_BADF;
	struct iovec pieces[LIMIT_VECTORS];
	int count = take_vectors(host, arguments[1], arguments[2], pieces);
	if (count < 0 || !host_span(host, arguments[4], 4))
		return WASI_FAULT;
	file_disorder(file);
	ssize_t written;
	do
		written = pwritev(file->fd, pieces, count, (off_t)arguments[3]);
	while (written < 0 && errno == EINTR);
	if (written < 0)
		return wasi_errno_of(errno);
	return host_put_u32(host, arguments[4], (uint32_t)written) ? WASI_SUCCESS : WASI_FAULT;
}

int32_t
host_fd_read(struct host *host, const uint64_t *arguments)
{
	struct host_file *file = host_file_find(host, arguments[0]);
	if (!file || file->kind == HOST_FILE_LOG)
		return WASI_BADF;
	struct iovec pieces[LIMIT_VECTORS];
	int count = take_vectors(host, arguments[1], arguments[2], pieces);
	if (count < 0 || !host_span(host, arguments[3], 4))
		return WASI_FAULT;
	ssize_t got = 0;
	if (file->kind != HOST_FILE_INPUT) {
		do
			got = readv(file->fd, pieces, count);
		while (got < 0 && errno == EINTR);
	}
	if (got < 0)
		return wasi_errno_of(errno);
	if (got > 0)
		file_disorder(file);
	return host_put_u32(host, arguments[3], (uint32_t)got) ? WASI_SUCCESS : WASI_FAULT;
}

int32_t
host_fd_pread(struct host *host, const uint64_t *arguments)
{
	struct host_file *file = host_file_find(host, arguments[0]);
	if (!file || file->kind != HOST_FILE_REGULAR)
		return file ? WASI_SPIPE : WASI_BADF;
	struct iovec pieces[LIMIT_VECTORS];
	int count = take_vectors(host, arguments[1], arguments[2], pieces);
	if (count < 0 || !host_span(host, arguments[4], 4))
		return WASI_FAULT;
	ssize_t got;
	do
		got = preadv(file->fd, pieces, count, (off_t)arguments[3]);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return wasi_errno_of(errno);
	return host_put_u32(host, arguments[4], (uint32_t)got) ? WASI_SUCCESS : WASI_FAULT;
}

static int32_t
file_seek(struct host *host, uint64_t fd, int64_t offset, int whence, uint64_t out)
{
	struct host_file *file = host_file_find(host, fd);
	if (!file || file->kind != HOST_FILE_REGULAR)
		return file ? WASI_SPIPE : WASI_BADF;
	if (!host_span(host, out, 8))
		return WASI_FAULT;
	off_t now = lseek(file->fd, offset, whence);
	if (now < 0)
		return wasi_errno_of(errno);
	if ((uint64_t)now != file->hashed)
		file_disorder(file);
	return host_put_u64(host, out, (uint64_t)now) ? WASI_SUCCESS : WASI_FAULT;
}

int32_t
host_fd_seek(struct host *host, const uint64_t *arguments)
{
	int whence;
	if (arguments[2] == WASI_WHENCE_SET)
		whence = SEEK_SET;
	else if (arguments[2] == WASI_WHENCE_CUR)
		whence = SEEK_CUR;
	else if (arguments[2] == WASI_WHENCE_END)
		whence = SEEK_END;
	else
		return WASI_INVAL;
	return file_seek(host, arguments[0], (int64_t)arguments[1], whence, arguments[3]);
}

int32_t
host_fd_tell(struct host *host, const uint64_t *arguments)
{
	return file_seek(host, arguments[0], 0, SEEK_CUR, arguments[1]);
}

int32_t
host_fd_close(struct host *host, const uint64_t *arguments)
{
	struct host_file *file = host_file_find(host, arguments[0]);
	if (!file)
		return WASI_BADF;
	if (file_is_own(file)) {
		file_disorder(file);
		fd_close(file->fd);
	}
	file_clear(file);
	return WASI_SUCCESS;
}

int32_t
host_fd_sync(struct host *host, const uint64_t *arguments)
{
	/* What is kept is flushed by the store; a guest's working directory need not be. */
	return host_file_find(host, arguments[0]) ? WASI_SUCCESS : WASI_BADF;
}

int32_t
host_fd_fdstat_get(struct host *host, const uint64_t *arguments)
{
	const struct host_file *file = host_file_find(host, arguments[0]);
	if (!file)
		return WASI_BADF;
	uint8_t *out = host_span(host, arguments[1], WASI_FDSTAT);
	if (!out)
		return WASI_FAULT;
	memset(out, 0, WASI_FDSTAT);
	uint64_t rights = WASI_RIGHTS_ALL;
	enum wasi_filetype type = WASI_UNKNOWN;
	switch (file->kind) {
	case HOST_FILE_FOLDER:
		type = WASI_DIRECTORY;
		break;
	case HOST_FILE_REGULAR:
		type = WASI_REGULAR_FILE;
		break;
	case HOST_FILE_INPUT:
		rights = WASI_RIGHT_FD_READ;
		break;
	case HOST_FILE_LOG:
	case HOST_FILE_FIFO:
		rights = WASI_RIGHT_FD_WRITE;
		break;
	case HOST_FILE_NONE:
		break;
	}
	out[0] = (uint8_t)type;
	out[2] = file->append ? WASI_FDFLAG_APPEND : 0;
	bool wide = host_put_u64(host, arguments[1] + 8, rights) &&
		    host_put_u64(host, arguments[1] + 16, rights);
	return wide ? WASI_SUCCESS : WASI_FAULT;
}

int32_t
host_fd_fdstat_set_flags(struct host *host, const uint64_t *arguments)
{
	struct host_file *file = host_file_find(host, arguments[0]);
	if (!file)
		return WASI_BADF;
	if (arguments[1] & ~(uint64_t)WASI_FDFLAGS)
		return WASI_INVAL;
	bool append = arguments[1] & WASI_FDFLAG_APPEND;
	if (file->kind != HOST_FILE_REGULAR || append == file->append)
		return WASI_SUCCESS;
	if (fcntl(file->fd, F_SETFL, append ? O_APPEND : 0) < 0)
		return wasi_errno_of(errno);
	file->append = append;
	return WASI_SUCCESS;
}

enum wasi_filetype
host_filetype(unsigned mode)
{
	if (S_ISREG(mode))
		return WASI_REGULAR_FILE;
	if (S_ISDIR(mode))
		return WASI_DIRECTORY;
	return S_ISLNK(mode) ? WASI_SYMBOLIC_LINK : WASI_UNKNOWN;
}

/* Device, inode, times and the size of a folder are the host's affair: 0, or the standing clock. */
bool
host_put_filestat(struct host *host, uint64_t at, const struct stat *status)
{
	uint8_t *out = host_span(host, at, WASI_FILESTAT);
	if (!out)
		return false;
	memset(out, 0, WASI_FILESTAT);
	out[16] = (uint8_t)host_filetype(status->st_mode);
	uint64_t size = S_ISDIR(status->st_mode) ? 0 : (uint64_t)status->st_size;
	uint64_t links = S_ISDIR(status->st_mode) ? 1 : (uint64_t)status->st_nlink;
	return host_put_u64(host, at + 24, links) && host_put_u64(host, at + 32, size) &&
	       host_put_u64(host, at + 40, WASI_NOW) && host_put_u64(host, at + 48, WASI_NOW) &&
	       host_put_u64(host, at + 56, WASI_NOW);
}

int32_t
host_fd_filestat_get(struct host *host, const uint64_t *arguments)
{
	const struct host_file *file = host_file_find(host, arguments[0]);
	if (!file)
		return WASI_BADF;
	struct stat status = {.st_nlink = 1};
	bool real = file->kind == HOST_FILE_FOLDER || file->kind == HOST_FILE_REGULAR;
	if (real && fstat(file->fd, &status) < 0)
		return wasi_errno_of(errno);
	return host_put_filestat(host, arguments[1], &status) ? WASI_SUCCESS : WASI_FAULT;
}

int32_t
host_fd_filestat_set_size(struct host *host, const uint64_t *arguments)
{
	struct host_file *file = host_file_find(host, arguments[0]);
	if (!file || file->kind != HOST_FILE_REGULAR)
		return file ? WASI_INVAL : WASI_BADF;
	file_disorder(file);
	return ftruncate(file->fd, (off_t)arguments[1]) < 0 ? wasi_errno_of(errno) : WASI_SUCCESS;
}

int32_t
host_fd_prestat_get(struct host *host, const uint64_t *arguments)
{
	const struct host_file *file = host_file_find(host, arguments[0]);
	if (!file || !file->preopened)
		return WASI_BADF;
	bool put = host_put_u32(host, arguments[1], 0) && host_put_u32(host, arguments[1] + 4, 1);
	return put ? WASI_SUCCESS : WASI_FAULT;
}

int32_t
host_fd_prestat_dir_name(struct host *host, const uint64_t *arguments)
{
	const struct host_file *file = host_file_find(host, arguments[0]);
	if (!file || !file->preopened)
		return WASI_BADF;
	uint8_t *out = host_span(host, arguments[1], arguments[2]);
	if (!out)
		return WASI_FAULT;
	if (!arguments[2])
		return WASI_NAMETOOLONG;
	*out = '.';
	return WASI_SUCCESS;
}

int32_t
host_set_executable(struct host *host, const uint64_t *arguments)
{
	const struct host_file *file = host_file_find(host, arguments[0]);
	if (!file || file->kind != HOST_FILE_REGULAR || fchmod(file->fd, 0755) < 0)
		return CAB_ERROR_INVALID;
	return 0;
}

int32_t
host_close_digest(struct host *host, const uint64_t *arguments)
{
	struct host_file *file = host_file_find(host, arguments[0]);
	if (!file || !file->in_order)
		return CAB_ERROR_INVALID;
	uint8_t *sum = host_span(host, arguments[1], DIGEST_SIZE);
	if (!sum)
		return CAB_ERROR_FAULT;
	struct digest leaf =
		file->leaf ? digester_finish(file->leaf) : digest_of(bytes_of(NULL, 0));
	memcpy(sum, leaf.bytes, DIGEST_SIZE);
	fd_close(file->fd);
	file_clear(file);
	return 0;
}
