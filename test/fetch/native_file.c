/* SPDX-License-Identifier: MPL-2.0 */
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/digest.h"
#include "heap.h"

enum { FILES = 64, FIRST = 4 };

struct file {
	int fd;
	struct digester *digester; /* of what was written in order */
};

static struct file files[FILES];
static int folder_fd = -1;
static int argument_count;
static char **argument_list;
static size_t heap_used;
extern char **environ;

void
native_enter(const char *folder)
{
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder_fd < 0) {
		perror(folder);
		exit(2);
	}
}

void
native_arguments(int count, char **arguments)
{
	argument_count = count;
	argument_list = arguments;
}

size_t
native_memory(void)
{
	return heap_used;
}

void *
heap_extend(size_t size)
{
	static uint8_t *heap;
	if (!heap) {
		void *reserved = mmap(NULL, HEAP_MAX, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		heap = reserved == MAP_FAILED ? NULL : (uint8_t *)reserved;
	}
	if (!heap || size > HEAP_MAX - heap_used)
		return NULL;
	heap_used += size;
	return heap + heap_used - size;
}

/* The errors that the guest tells apart. */
static int32_t
problem(void)
{
	return errno == EEXIST ? WASI_EXIST : errno == ENOENT ? WASI_NOENT : 29;
}

static char *
path_text(const void *path, size_t size)
{
	static char text[2][8192];
	static unsigned turn;
	char *out = text[turn++ % 2];
	if (size >= sizeof text[0])
		size = sizeof text[0] - 1;
	memcpy(out, path, size);
	out[size] = 0;
	return out;
}

static void
strings_put(char **list, char **out, char *text, size_t count)
{
	for (size_t at = 0; at < count; at++) {
		size_t size = strlen(list[at]) + 1;
		memcpy(text, list[at], size);
		out[at] = text;
		text += size;
	}
}

static void
strings_count(char **list, size_t count, size_t *size_out)
{
	*size_out = 0;
	for (size_t at = 0; at < count; at++)
		*size_out += strlen(list[at]) + 1;
}

int32_t
wasi_args_sizes_get(size_t *count, size_t *size)
{
	*count = (size_t)argument_count;
	strings_count(argument_list, *count, size);
	return 0;
}

int32_t
wasi_args_get(char **arguments, char *text)
{
	strings_put(argument_list, arguments, text, (size_t)argument_count);
	return 0;
}

static size_t
environment_count(void)
{
	size_t count = 0;
	while (environ[count])
		count++;
	return count;
}

int32_t
wasi_environ_sizes_get(size_t *count, size_t *size)
{
	*count = environment_count();
	strings_count(environ, *count, size);
	return 0;
}

int32_t
wasi_environ_get(char **variables, char *text)
{
	strings_put(environ, variables, text, environment_count());
	return 0;
}

void
wasi_proc_exit(int32_t code)
{
	exit(code);
}

int32_t
wasi_path_open(int32_t folder, uint32_t lookup, const void *path, size_t path_size, uint32_t flags,
	uint64_t rights, uint64_t inherited, uint32_t fd_flags, int32_t *fd_out)
{
	(void)folder;
	(void)lookup;
	(void)inherited;
	(void)fd_flags;
	const char *name = path_text(path, path_size);
	int mode = rights & WASI_RIGHT_WRITE ? (rights & WASI_RIGHT_READ ? O_RDWR : O_WRONLY)
					     : O_RDONLY;
	mode |= flags & WASI_CREATE ? O_CREAT : 0;
	mode |= flags & WASI_EXCLUSIVE ? O_EXCL : 0;
	mode |= strcmp(name, "hash") == 0 ? O_APPEND : 0;
	for (int32_t at = 0; at < FILES; at++) {
		if (files[at].digester)
			continue;
		int fd = openat(folder_fd, name, mode | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (fd < 0)
			return problem();
		files[at] = (struct file){fd, digester_new()};
		*fd_out = at + FIRST;
		return 0;
	}
	return 33;
}

int32_t
wasi_fd_write(int32_t fd, const struct wasi_iovec *vectors, size_t count, size_t *written_out)
{
	struct file *file = &files[fd - FIRST];
	ssize_t size = count ? write(file->fd, vectors->data, vectors->size) : 0;
	if (size < 0)
		return problem();
	digester_add(file->digester, bytes_of(vectors->data, (size_t)size));
	*written_out = (size_t)size;
	return 0;
}

int32_t
wasi_fd_pread(int32_t fd, const struct wasi_iovec *vectors, size_t count, uint64_t offset,
	size_t *read_out)
{
	struct iovec vector = {(void *)(uintptr_t)vectors->data, vectors->size};
	ssize_t size = preadv(files[fd - FIRST].fd, &vector, count ? 1 : 0, (off_t)offset);
	*read_out = size > 0 ? (size_t)size : 0;
	return size < 0 ? problem() : 0;
}

int32_t
wasi_fd_close(int32_t fd)
{
	struct file *file = &files[fd - FIRST];
	(void)close(file->fd);
	digester_free(file->digester);
	*file = (struct file){-1, NULL};
	return 0;
}

int32_t
cab_close_digest(int32_t fd, void *sum)
{
	struct digest digest = digester_finish(files[fd - FIRST].digester);
	memcpy(sum, digest.bytes, SUM_BLAKE3);
	return wasi_fd_close(fd);
}

int32_t
cab_set_executable(int32_t fd)
{
	return fchmod(files[fd - FIRST].fd, 0755) ? CAB_ERROR_FAILED : 0;
}

int32_t
wasi_path_create_directory(int32_t folder, const void *path, size_t path_size)
{
	(void)folder;
	return mkdirat(folder_fd, path_text(path, path_size), 0755) ? problem() : 0;
}

int32_t
wasi_path_symlink(
	const void *target, size_t target_size, int32_t folder, const void *path, size_t path_size)
{
	(void)folder;
	return symlinkat(path_text(target, target_size), folder_fd, path_text(path, path_size))
		       ? problem()
		       : 0;
}

int32_t
wasi_path_rename(int32_t folder, const void *path, size_t path_size, int32_t new_folder,
	const void *new_path, size_t new_path_size)
{
	(void)folder;
	(void)new_folder;
	return renameat(folder_fd, path_text(path, path_size), folder_fd,
		       path_text(new_path, new_path_size))
		       ? problem()
		       : 0;
}

void
cab_log(const void *text, size_t size)
{
	(void)fprintf(stderr, "%.*s\n", (int)size, (const char *)text);
}

void
cab_progress(uint64_t received, uint64_t expected, uint64_t objects)
{
	(void)received;
	(void)expected;
	(void)objects;
}
