/* SPDX-License-Identifier: MPL-2.0 */
#include "store/scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/map.h"
#include "store/internal.h"
#include "store/inventory.h"
#include "store/parallel.h"

enum { SCAN_CHUNK = 64 << 10, SCAN_START_BITS = 12 };

/* Which of 256 bytes are letters of a digest's text. */
struct scan_alphabet {
	bool letters[256];
};

struct scan_found {
	size_t pattern;
	uint64_t offset;
};

typedef ARRAY(struct scan_found) scan_list;

struct scan {
	struct inventory *inventory;
	struct map patterns; /* letters -> the pattern's address */
	const struct scan_pattern *first;
	struct scan_alphabet alphabet;
	bool starts[1 << SCAN_START_BITS]; /* by the hash of a pattern's first bytes */
	scan_list *files;                  /* one an entry */
};

void
scan_release(scan_hits *hits)
{
	for (size_t at = 0; at < hits->size; at++)
		free((void *)(uintptr_t)hits->data[at].path.data);
	array_release(hits);
}

static uint32_t
scan_start(const uint8_t *data)
{
	uint32_t start;
	memcpy(&start, data, sizeof start);
	return start * 2654435761u >> (32 - SCAN_START_BITS);
}

/* A window of 52 bytes holds a pattern only if all are letters; looked at from its end, so that a
 * byte that is none moves the window past it. What was seen to be letters is not looked at again,
 * and a table of the patterns' first bytes turns away nearly every other window. */
static void
scan_bytes(const struct scan *scan, struct bytes data, uint64_t start, scan_list *out)
{
	size_t at = 0;
	size_t seen = 0; /* from `at` to here all are letters */
	while (data.size >= DIGEST_TEXT && at <= data.size - DIGEST_TEXT) {
		size_t left = at + DIGEST_TEXT;
		while (left > seen && scan->alphabet.letters[data.data[left - 1]])
			left--;
		if (left > seen) {
			at = seen = left;
			continue;
		}
		seen = at + DIGEST_TEXT;
		const struct scan_pattern *pattern = NULL;
		if (scan->starts[scan_start(data.data + at)])
			pattern = map_find(&scan->patterns, bytes_of(data.data + at, DIGEST_TEXT));
		if (!pattern) {
			at++;
			continue;
		}
		*array_push(out) = (struct scan_found){(size_t)(pattern - scan->first), start + at};
		at = seen;
	}
}

static bool
scan_file(const struct scan *scan, int fd, scan_list *out, struct err *err)
{
	uint8_t *chunk = memory_new(SCAN_CHUNK + DIGEST_TEXT);
	size_t kept = 0; /* the end of the chunk before: a pattern may lie across */
	uint64_t start = 0;
	ssize_t size;
	while ((size = fd_read_some(fd, chunk + kept, SCAN_CHUNK, err)) > 0) {
		size_t total = kept + (size_t)size;
		scan_bytes(scan, bytes_of(chunk, total), start, out);
		kept = total < DIGEST_TEXT - 1 ? total : DIGEST_TEXT - 1;
		memmove(chunk, chunk + total - kept, kept);
		start += total - kept;
	}
	free(chunk);
	return size == 0;
}

static bool
scan_step(void *context, size_t index, struct err *err)
{
	struct scan *scan = context;
	const struct inventory_entry *entry = &scan->inventory->entries.data[index];
	scan_list *out = &scan->files[index];
	if (entry->kind == TREE_SYMLINK)
		scan_bytes(scan, entry->target, 0, out);
	if (entry->kind == TREE_SYMLINK || entry->kind == TREE_DIRECTORY ||
		entry->size < DIGEST_TEXT)
		return true;
	cleanup_fd int fd = inventory_open(scan->inventory, index, O_RDONLY | O_NONBLOCK, err);
	return fd >= 0 &&
	       (scan_file(scan, fd, out, err) || inventory_note(scan->inventory, index, err));
}

static int
scan_compare(const void *left_hit, const void *right_hit)
{
	const struct scan_hit *left = left_hit;
	const struct scan_hit *right = right_hit;
	int order = bytes_compare(left->path, right->path);
	if (order)
		return order;
	if (left->place != right->place)
		return left->place < right->place ? -1 : 1;
	return (left->offset > right->offset) - (left->offset < right->offset);
}

static bool
scan_add(struct scan *scan, size_t at, enum scan_place place, const scan_list *list,
	scan_hits *hits, struct err *err)
{
	for (size_t found = 0; found < list->size; found++) {
		if (hits->size == SCAN_HITS_MAX)
			return err_limit(err, ERR_LIMIT_OUTPUT, "%s: more than %d references",
				scan->inventory->name, SCAN_HITS_MAX);
		cleanup_buf struct buf path = BUF(BUF_MAX);
		inventory_path(scan->inventory, at, &path);
		size_t size = path.size;
		*array_push(hits) = (struct scan_hit){
			.pattern = list->data[found].pattern,
			.place = place,
			.path = bytes_of(buf_take_text(&path), size),
			.offset = list->data[found].offset,
		};
	}
	return true;
}

static bool
scan_collect(struct scan *scan, scan_hits *hits, struct err *err)
{
	const struct inventory *inventory = scan->inventory;
	for (size_t at = 0; at < inventory->entries.size; at++) {
		const struct inventory_entry *entry = &inventory->entries.data[at];
		scan_list names = {0};
		scan_bytes(scan, entry->name, 0, &names);
		bool added = scan_add(scan, at, SCAN_NAME, &names, hits, err);
		array_release(&names);
		if (!added ||
			!scan_add(scan, at, entry->kind == TREE_SYMLINK ? SCAN_TARGET : SCAN_FILE,
				&scan->files[at], hits, err))
			return false;
	}
	if (hits->size > 1)
		qsort(hits->data, hits->size, sizeof *hits->data, scan_compare);
	return true;
}

bool
scan_tree(int folder, const char *name, const struct scan_pattern *patterns, size_t count,
	scan_hits *hits, struct err *err)
{
	cleanup_inventory struct inventory inventory = {0};
	if (!inventory_walk(&inventory, folder, name, INVENTORY_LOOK, NULL, err))
		return false;
	struct scan scan = {.inventory = &inventory, .first = patterns};
	for (const char *letter = "abcdefghijklmnopqrstuvwxyz234567"; *letter; letter++)
		scan.alphabet.letters[(uint8_t)*letter] = true;
	for (size_t at = 0; at < count; at++) {
		struct bytes letters = bytes_of(patterns[at].letters, DIGEST_TEXT);
		map_put(&scan.patterns, letters, (void *)(uintptr_t)&patterns[at]);
		scan.starts[scan_start(letters.data)] = true;
	}
	scan.files = memory_zero(inventory.entries.size, sizeof *scan.files);
	scan_hits found = {0};
	bool done = count == 0 || (parallel_each(inventory.entries.size, scan_step, &scan, err) &&
					  scan_collect(&scan, &found, err));
	for (size_t at = 0; at < inventory.entries.size; at++)
		array_release(&scan.files[at]);
	free(scan.files);
	map_release(&scan.patterns);
	if (!done)
		scan_release(&found);
	else
		*hits = found;
	return done;
}

static bool
scan_rewrite_file(const struct inventory *inventory, size_t at, uint64_t offset,
	const char letters[DIGEST_TEXT], struct err *err)
{
	struct stat status;
	cleanup_fd int fd = inventory_open(inventory, at, O_RDONLY | O_NONBLOCK, err);
	if (fd < 0)
		return false;
	if (fstat(fd, &status) < 0 || fchmod(fd, (status.st_mode & 07777) | S_IWUSR) < 0)
		return err_system(err, errno, "make writable");
	cleanup_fd int out = inventory_open(inventory, at, O_WRONLY | O_NONBLOCK, err);
	if (out < 0)
		return false;
	ssize_t size = pwrite(out, letters, DIGEST_TEXT, (off_t)offset);
	if (size != DIGEST_TEXT)
		return err_system(err, size < 0 ? errno : EIO, "rewrite");
	if (fchmod(fd, status.st_mode & 07777) < 0)
		return err_system(err, errno, "change mode");
	return true;
}

static bool
scan_rewrite_target(struct inventory *inventory, size_t at, uint64_t offset,
	const char letters[DIGEST_TEXT], struct err *err)
{
	struct inventory_entry *entry = &inventory->entries.data[at];
	char target[TREE_TARGET_MAX + 1];
	char name[TREE_NAME_MAX + 1];
	char temporary[32];
	struct stat status;
	memcpy(target, entry->target.data, entry->target.size);
	memcpy(target + offset, letters, DIGEST_TEXT);
	target[entry->target.size] = '\0';
	cleanup_fd int parent = inventory_open_parent(inventory, at, name, err);
	if (parent < 0)
		return false;
	if (fstat(parent, &status) < 0)
		return err_system(err, errno, "status of the folder");
	store_random_name(temporary);
	mode_t mode = status.st_mode & 07777;
	bool closed = (mode & S_IWUSR) == 0;
	if (closed && fchmod(parent, mode | S_IWUSR) < 0)
		return err_system(err, errno, "make the folder writable");
	bool done = symlinkat(target, parent, temporary) == 0 &&
		    renameat(parent, temporary, parent, name) == 0;
	int number = errno;
	if (closed && fchmod(parent, mode) < 0)
		return err_system(err, errno, "change mode of the folder");
	if (!done)
		return err_system(err, number, "rewrite symlink");
	/* The next hit in the same target starts from this one. */
	entry->target = arena_copy(&inventory->arena, bytes_of(target, entry->target.size));
	return true;
}

static bool
scan_rewrite_hit(struct inventory *inventory, const struct scan_hit *hit,
	const char letters[DIGEST_TEXT], struct err *err)
{
	size_t at = inventory_find(inventory, hit->path);
	if (hit->place == SCAN_NAME)
		return err_set(err, ERR_REFUSED, "%s/%.*s: a name holds the reference",
			inventory->name, BYTES_ARGS(hit->path));
	if (at == SIZE_MAX)
		return err_set(err, ERR_CORRUPT, "%s/%.*s is gone", inventory->name,
			BYTES_ARGS(hit->path));
	bool link = inventory->entries.data[at].kind == TREE_SYMLINK;
	return (link ? scan_rewrite_target(inventory, at, hit->offset, letters, err)
		     : scan_rewrite_file(inventory, at, hit->offset, letters, err)) ||
	       inventory_note(inventory, at, err);
}

bool
scan_rewrite(int folder, const char *name, const scan_hits *hits, size_t pattern,
	const char letters[DIGEST_TEXT], struct err *err)
{
	cleanup_inventory struct inventory inventory = {0};
	if (!inventory_walk(&inventory, folder, name, INVENTORY_LOOK, NULL, err))
		return false;
	for (size_t at = 0; at < hits->size; at++)
		if (hits->data[at].pattern == pattern &&
			!scan_rewrite_hit(&inventory, &hits->data[at], letters, err))
			return false;
	return true;
}

void
scan_selves(const scan_hits *hits, size_t pattern, object_selves *out)
{
	for (size_t at = 0; at < hits->size; at++) {
		const struct scan_hit *hit = &hits->data[at];
		if (hit->pattern != pattern || hit->place == SCAN_NAME)
			continue;
		uint8_t *copy = memory_new(hit->path.size + 1);
		if (hit->path.size)
			memcpy(copy, hit->path.data, hit->path.size);
		*array_push(out) =
			(struct object_self){bytes_of(copy, hit->path.size), hit->offset};
	}
}
