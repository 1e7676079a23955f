/* SPDX-License-Identifier: MPL-2.0 */
#include "store/stat_cache.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/trace.h"
#include "store/internal.h"

/*
 * "cab stat 1\n", length of the folder's path (4) and the path, then rows, then the BLAKE3 of all
 * before (32). Integers are little-endian.
 *
 *     length 2, path; device 8, inode 8, size 8, mode 4, mtime 8 + 4, ctime 8 + 4; digest 32
 */
static const char stat_magic[] = "cab stat 1\n";

enum { STAT_FIXED = 8 + 8 + 8 + 4 + 12 + 12 };

struct stat_place {
	char text[DIGEST_TEXT + 8];
};

static struct stat_place
stat_place(const char *folder)
{
	struct stat_place place;
	struct digest digest = digest_derive("cab stat 1", bytes_text(folder));
	(void)snprintf(place.text, sizeof place.text, "stat/%s", digest_print(&digest).text);
	return place;
}

static uint8_t *
stat_put(uint8_t *out, uint64_t number, size_t size)
{
	for (size_t at = 0; at < size; at++)
		*out++ = (uint8_t)(number >> (8 * at));
	return out;
}

static uint64_t
stat_number(const uint8_t *data, size_t size)
{
	uint64_t number = 0;
	for (size_t at = size; at-- > 0;)
		number = number << 8 | data[at];
	return number;
}

static void
stat_encode(const struct stat *status, uint8_t out[STAT_FIXED])
{
	out = stat_put(out, status->st_dev, 8);
	out = stat_put(out, status->st_ino, 8);
	out = stat_put(out, (uint64_t)status->st_size, 8);
	out = stat_put(out, status->st_mode, 4);
	out = stat_put(out, (uint64_t)status->st_mtim.tv_sec, 8);
	out = stat_put(out, (uint64_t)status->st_mtim.tv_nsec, 4);
	out = stat_put(out, (uint64_t)status->st_ctim.tv_sec, 8);
	(void)stat_put(out, (uint64_t)status->st_ctim.tv_nsec, 4);
}

bool
stat_cache_decode(struct bytes data, const char *folder, struct bytes *rows)
{
	size_t magic = sizeof stat_magic - 1;
	size_t length = strlen(folder);
	if (data.size < magic + 4 + length + DIGEST_SIZE ||
		memcmp(data.data, stat_magic, magic) != 0 ||
		stat_number(data.data + magic, 4) != length ||
		memcmp(data.data + magic + 4, folder, length) != 0)
		return false;
	struct bytes body = bytes_first(data, data.size - DIGEST_SIZE);
	struct digest digest = digest_of(body);
	*rows = bytes_from(body, magic + 4 + length);
	return memcmp(digest.bytes, data.data + body.size, DIGEST_SIZE) == 0;
}

void
stat_cache_read(const struct store *store, const char *folder, struct stat_cache *out)
{
	struct err err;
	*out = (struct stat_cache){.data = BUF(STAT_CACHE_FILE)};
	if (fd_read_file(store->fd, stat_place(folder).text, &out->data, &err) &&
		!stat_cache_decode(buf_bytes(&out->data), folder, &out->rest)) {
		trace("store", "the stat cache of %s is not used", folder);
		out->rest = bytes_of(NULL, 0);
	}
}

/* The order of a walk: a '/' comes before every other byte. */
static int
stat_order(struct bytes left, struct bytes right)
{
	size_t size = left.size < right.size ? left.size : right.size;
	for (size_t at = 0; at < size; at++) {
		if (left.data[at] == right.data[at])
			continue;
		int one = left.data[at] == '/' ? 0 : left.data[at];
		int two = right.data[at] == '/' ? 0 : right.data[at];
		return one - two;
	}
	return (left.size > right.size) - (left.size < right.size);
}

const struct digest *
stat_cache_find(struct stat_cache *cache, struct bytes path, const struct stat *status)
{
	while (cache->rest.size >= 2) {
		size_t length = (size_t)stat_number(cache->rest.data, 2);
		size_t whole = 2 + length + STAT_FIXED + DIGEST_SIZE;
		if (cache->rest.size < whole)
			break;
		struct bytes name = bytes_of(cache->rest.data + 2, length);
		int order = stat_order(name, path);
		if (order > 0)
			return NULL;
		const uint8_t *fixed = name.data + length;
		cache->rest = bytes_from(cache->rest, whole);
		if (order < 0)
			continue;
		uint8_t now[STAT_FIXED];
		stat_encode(status, now);
		bool same = memcmp(fixed, now, STAT_FIXED) == 0;
		return same ? (const struct digest *)(fixed + STAT_FIXED) : NULL;
	}
	cache->rest = bytes_of(NULL, 0);
	return NULL;
}

void
stat_cache_release(struct stat_cache *cache)
{
	buf_release(&cache->data);
	cache->rest = bytes_of(NULL, 0);
}

struct timespec
stat_cache_now(void)
{
	/* The coarse clock is the one that the kernel writes into inodes. */
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return now;
}

static bool
stat_is_before(struct timespec time, struct timespec began)
{
	if (time.tv_nsec == 0)
		return time.tv_sec < began.tv_sec - 2;
	return time.tv_sec < began.tv_sec ||
	       (time.tv_sec == began.tv_sec && time.tv_nsec < began.tv_nsec);
}

bool
stat_cache_keeps(const struct stat *status, struct timespec began)
{
	return stat_is_before(status->st_mtim, began) && stat_is_before(status->st_ctim, began);
}

static bool
stat_write(struct store *store, const char *place, struct bytes data, struct err *err)
{
	if (mkdirat(store->fd, "stat", 0755) < 0 && errno != EEXIST)
		return err_system(err, errno, "make folder stat");
	char temporary[64];
	char random[32];
	store_random_name(random);
	(void)snprintf(temporary, sizeof temporary, "stat/%s", random);
	cleanup_fd int fd = fd_open_at(
		store->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, err);
	if (fd < 0)
		return false;
	/* Not flushed: what a crash leaves is not whole, and so not used. */
	bool done = fd_write_all(fd, data, err);
	if (done && renameat(store->fd, temporary, store->fd, place) < 0)
		done = err_system(err, errno, "rename to %s", place);
	if (!done)
		(void)unlinkat(store->fd, temporary, 0);
	return done;
}

void
stat_cache_write(struct store *store, const char *folder, const struct stat_cache_row *rows,
	size_t count, struct timespec began)
{
	cleanup_buf struct buf data = BUF(STAT_CACHE_FILE);
	struct err err;
	buf_add_text(&data, stat_magic);
	buf_add_u32(&data, (uint32_t)strlen(folder));
	buf_add_text(&data, folder);
	for (size_t at = 0; at < count; at++) {
		const struct stat_cache_row *row = &rows[at];
		if (!stat_cache_keeps(&row->status, began) || row->path.size > STAT_CACHE_PATH)
			continue;
		uint8_t fixed[STAT_FIXED];
		stat_encode(&row->status, fixed);
		buf_add_u16(&data, (uint16_t)row->path.size);
		buf_add(&data, row->path);
		buf_add(&data, bytes_of(fixed, sizeof fixed));
		buf_add(&data, digest_bytes(&row->digest));
	}
	struct digest digest = digest_of(buf_bytes(&data));
	buf_add(&data, digest_bytes(&digest));
	if (!buf_check(&data, &err, "stat cache of %s", folder) || !store_can_write(store, &err) ||
		!stat_write(store, stat_place(folder).text, buf_bytes(&data), &err))
		trace("store", "stat cache of %s: %s", folder, err.text);
}
