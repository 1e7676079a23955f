/* SPDX-License-Identifier: MPL-2.0 */
/*
 * fd_readdir: the names of a folder in bytewise order, whatever order the file system has, so that
 * a guest that lists gives the same output everywhere. A listing is taken when the guest asks from
 * cookie 0 and kept with the descriptor; a cookie is the number of names before it. "." and ".."
 * are not told.
 */
#include "guest_host/host_functions.h"

#include <dirent.h>
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/path.h"
#include "guest_host/limits.h"

struct listing_entry {
	struct bytes name;
	uint8_t type;
};

struct host_listing {
	uint8_t *names;
	struct listing_entry *entries;
	size_t count;
};

void
host_listing_free(struct host_listing *listing)
{
	if (!listing)
		return;
	free(listing->names);
	free(listing->entries);
	free(listing);
}

static bool
entry_before(const struct listing_entry *left, const struct listing_entry *right)
{
	return bytes_compare(left->name, right->name) < 0;
}

/* Lets the entry at `top` sink in the heap of the first `count` entries, largest first. */
static void
listing_sink(struct listing_entry *entries, size_t top, size_t count)
{
	struct listing_entry entry = entries[top];
	for (size_t below = 2 * top + 1; below < count; below = 2 * top + 1) {
		if (below + 1 < count && entry_before(&entries[below], &entries[below + 1]))
			below++;
		if (!entry_before(&entry, &entries[below]))
			break;
		entries[top] = entries[below];
		top = below;
	}
	entries[top] = entry;
}

/* In place; glibc's qsort asks the kernel how much memory there is, which the filter refuses. */
static void
listing_sort(struct listing_entry *entries, size_t count)
{
	for (size_t top = count / 2; top-- > 0;)
		listing_sink(entries, top, count);
	while (count-- > 1) {
		struct listing_entry largest = entries[0];
		entries[0] = entries[count];
		entries[count] = largest;
		listing_sink(entries, 0, count);
	}
}

/* What the kernel's getdents64 gives; linux/dirent.h is not for programs. */
struct kernel_entry {
	uint64_t inode;
	int64_t next;
	uint16_t size;
	uint8_t type;
	char name[];
};

static enum wasi_filetype
entry_type(uint8_t type)
{
	if (type == DT_REG)
		return WASI_REGULAR_FILE;
	if (type == DT_DIR)
		return WASI_DIRECTORY;
	return type == DT_LNK ? WASI_SYMBOLIC_LINK : WASI_UNKNOWN;
}

/* Packs a type and a name with its NUL each into `out`; the number of names, or -1 with errno. */
static ssize_t
listing_read(int folder, struct buf *out)
{
	if (lseek(folder, 0, SEEK_SET) < 0)
		return -1;
	alignas(struct kernel_entry) char room[32 << 10];
	ssize_t count = 0;
	for (;;) {
		long size = syscall(SYS_getdents64, folder, room, sizeof room);
		if (size <= 0)
			return size < 0 ? -1 : count;
		for (long at = 0; at < size;) {
			const struct kernel_entry *entry = (const void *)(room + at);
			at += entry->size;
			if (!path_is_name(bytes_text(entry->name)))
				continue;
			buf_add_byte(out, (uint8_t)entry_type(entry->type));
			buf_add(out, bytes_of(entry->name, strlen(entry->name) + 1));
			count++;
		}
		if (out->over) {
			errno = EOVERFLOW;
			return -1;
		}
	}
}

static enum wasi_errno
listing_take(struct host_file *file)
{
	host_listing_free(file->listing);
	file->listing = NULL;
	cleanup_buf struct buf names = BUF(LIMIT_LISTING);
	ssize_t count = listing_read(file->fd, &names);
	if (count < 0)
		return wasi_errno_of(errno);
	struct host_listing *listing = memory_zero(1, sizeof *listing);
	listing->count = (size_t)count;
	listing->entries = memory_zero(listing->count + 1, sizeof *listing->entries);
	listing->names = buf_take(&names).data;
	const uint8_t *at = listing->names;
	for (size_t entry = 0; entry < listing->count; entry++) {
		listing->entries[entry].type = *at++;
		listing->entries[entry].name = bytes_text((const char *)at);
		at += listing->entries[entry].name.size + 1;
	}
	listing_sort(listing->entries, listing->count);
	file->listing = listing;
	return WASI_SUCCESS;
}

/* As much of a record as there is room for, as preview 1 has it: a cut one says that more follows.
 */
static size_t
put_entry(uint8_t *to, size_t room, const struct listing_entry *entry, uint64_t next)
{
	uint8_t record[WASI_DIRENT + 256] = {0};
	for (size_t at = 0; at < 8; at++)
		record[at] = (uint8_t)(next >> (8 * at));
	record[16] = (uint8_t)entry->name.size;
	record[17] = (uint8_t)(entry->name.size >> 8);
	record[20] = entry->type;
	must(entry->name.size <= 256, "a name is no longer than a file system has it");
	memcpy(record + WASI_DIRENT, entry->name.data, entry->name.size);
	size_t size = WASI_DIRENT + entry->name.size;
	if (size > room)
		size = room;
	memcpy(to, record, size);
	return size;
}

int32_t
host_fd_readdir(struct host *host, const uint64_t *arguments)
{
	struct host_file *file = host_file_find(host, arguments[0]);
	if (!file || file->kind != HOST_FILE_FOLDER)
		return file ? WASI_NOTDIR : WASI_BADF;
	size_t room = (size_t)arguments[2];
	uint8_t *out = host_span(host, arguments[1], room);
	if (!out || !host_span(host, arguments[4], 4))
		return WASI_FAULT;
	uint64_t cookie = arguments[3];
	if (cookie == 0 || !file->listing) {
		enum wasi_errno number = listing_take(file);
		if (!file->listing)
			return number;
	}
	size_t used = 0;
	for (uint64_t at = cookie; at < file->listing->count && used < room; at++)
		used += put_entry(out + used, room - used, &file->listing->entries[at], at + 1);
	return host_put_u32(host, arguments[4], (uint32_t)used) ? WASI_SUCCESS : WASI_FAULT;
}
