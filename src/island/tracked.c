/* SPDX-License-Identifier: MPL-2.0 */
#include "island/tracked.h"

#include <errno.h>
#include <stdlib.h>

#include "base/fd.h"

/*
 *     "DIRC", version 4, count 4
 *     entry:     times, device, inode 24; mode 4; owner, size 12; object id 20; flags 2; more flags 2; name
 *     extension: signature 4, length 4, data
 *     checksum 20
 *
 * Numbers are big-endian. The name ends with a NUL; in versions 2 and 3 further ones fill the entry up to
 * a multiple of 8; in version 4 a number says how many bytes of the name before are taken off its end.
 */
enum {
	TRACKED_HEAD = 12,
	TRACKED_MODE = 24,
	TRACKED_FLAGS = 60,
	TRACKED_FIXED = 62,
	TRACKED_CHECKSUM = 20,
	TRACKED_EXTENSION = 8,
	TRACKED_EXTENDED = 0x4000,
	TRACKED_MODE_LINK = 0160000,
	TRACKED_MODE_TYPE = 0170000,
};

static uint32_t
tracked_number(const uint8_t *data, size_t size)
{
	uint32_t number = 0;
	for (size_t at = 0; at < size; at++)
		number = number << 8 | data[at];
	return number;
}

static bool
tracked_bad(size_t number, struct err *err)
{
	return err_set(err, ERR_CORRUPT, "git's index is damaged at its entry %zu", number);
}

/* How many bytes go off the name before; false where the number does not end or is no name's. */
static bool
tracked_strip(struct bytes *rest, size_t *out)
{
	size_t number = 0;
	for (size_t at = 0; at < rest->size && number <= TRACKED_NAME_MAX; at++) {
		uint8_t byte = rest->data[at];
		number = (at ? (number + 1) << 7 : 0) | (byte & 0x7f);
		if (!(byte & 0x80)) {
			*rest = bytes_from(*rest, at + 1);
			*out = number;
			return true;
		}
	}
	return false;
}

/* The name that begins `rest`, which is left behind it; `before` is that of the entry before. */
static bool
tracked_name(struct tracked *tracked, unsigned version, struct bytes before, struct bytes *rest,
	struct bytes *out)
{
	size_t strip = 0;
	if (version == 4 && (!tracked_strip(rest, &strip) || strip > before.size))
		return false;
	size_t size = bytes_find(*rest, 0);
	size_t kept = version == 4 ? before.size - strip : 0;
	if (size == SIZE_MAX || kept + size > TRACKED_NAME_MAX)
		return false;
	*out = bytes_first(*rest, size);
	*rest = bytes_from(*rest, size);
	if (kept) {
		uint8_t *name = (uint8_t *)arena_take(&tracked->names, kept + size, 1);
		memcpy(name, before.data, kept);
		memcpy(name + kept, out->data, size);
		*out = bytes_of(name, kept + size);
	}
	return true;
}

static bool
tracked_entry(struct tracked *tracked, unsigned version, struct bytes *rest)
{
	struct bytes entry = *rest;
	size_t count = tracked->rows.size;
	struct bytes before = count ? tracked->rows.data[count - 1].path : bytes_of("", 0);
	if (entry.size < TRACKED_FIXED + 2)
		return false;
	uint32_t mode = tracked_number(entry.data + TRACKED_MODE, 4);
	bool extended = tracked_number(entry.data + TRACKED_FLAGS, 2) & TRACKED_EXTENDED;
	if (extended && version < 3)
		return false;
	struct bytes name = bytes_from(entry, TRACKED_FIXED + (extended ? 2 : 0));
	struct tracked_row row = {.link = (mode & TRACKED_MODE_TYPE) == TRACKED_MODE_LINK};
	if (!tracked_name(tracked, version, before, &name, &row.path))
		return false;
	size_t used = (size_t)(name.data - entry.data);
	/* At least one NUL. */
	size_t whole = version == 4 ? used + 1 : used / 8 * 8 + 8;
	if (whole > entry.size)
		return false;
	*rest = bytes_from(entry, whole);
	*array_push(&tracked->rows) = row;
	return true;
}

/* A signature that begins with no capital letter is of one that must be understood. */
static bool
tracked_extensions(struct bytes rest, struct err *err)
{
	while (rest.size >= TRACKED_EXTENSION) {
		size_t size = tracked_number(rest.data + 4, 4);
		if (rest.data[0] < 'A' || rest.data[0] > 'Z') {
			bool split = bytes_has_prefix(rest, BYTES_LITERAL("link"));
			return err_set(err, ERR_REFUSED,
				"git's index is %s, which cab does not read: `git update-index "
				"--%s`",
				split ? "split" : "sparse or of a newer kind",
				split ? "no-split-index` makes it one"
				      : "force-write-index` may write it anew");
		}
		rest = bytes_from(rest, TRACKED_EXTENSION);
		if (size > rest.size)
			return err_set(err, ERR_CORRUPT, "git's index is cut off in an extension");
		rest = bytes_from(rest, size);
	}
	return rest.size == 0 || err_set(err, ERR_CORRUPT, "git's index has bytes behind its end");
}

static int
tracked_order(const void *left, const void *right)
{
	return bytes_compare(((const struct tracked_row *)left)->path,
		((const struct tracked_row *)right)->path);
}

bool
tracked_decode(struct tracked *tracked, struct bytes data, struct err *err)
{
	if (data.size < TRACKED_HEAD + TRACKED_CHECKSUM || memcmp(data.data, "DIRC", 4) != 0)
		return err_set(err, ERR_CORRUPT, "git's index is none");
	unsigned version = tracked_number(data.data + 4, 4);
	size_t count = tracked_number(data.data + 8, 4);
	if (version < 2 || version > 4)
		return err_set(err, ERR_REFUSED,
			"git's index is of version %u, which cab does not know", version);
	struct bytes rest = bytes_first(
		bytes_from(data, TRACKED_HEAD), data.size - TRACKED_HEAD - TRACKED_CHECKSUM);
	bool sorted = true;
	/* A split index has entries without a name, of files that the shared one names. */
	size_t nameless = SIZE_MAX;
	for (size_t at = 0; at < count; at++) {
		if (!tracked_entry(tracked, version, &rest))
			return tracked_bad(at, err);
		const struct tracked_row *row = &tracked->rows.data[at];
		if (!row->path.size)
			nameless = at;
		sorted &= !at || tracked_order(row - 1, row) <= 0;
	}
	if (!sorted)
		qsort(tracked->rows.data, tracked->rows.size, sizeof *tracked->rows.data,
			tracked_order);
	return tracked_extensions(rest, err) &&
	       (nameless == SIZE_MAX || tracked_bad(nameless, err));
}

bool
tracked_read(struct tracked *tracked, const char *path, struct err *err)
{
	if (!fd_read_file(AT_FDCWD, path, &tracked->data, err))
		return err->number == ENOENT;
	return buf_check(&tracked->data, err, "%s", path) &&
	       (tracked_decode(tracked, buf_bytes(&tracked->data), err) ||
		       err_note(err, "%s", path));
}

void
tracked_release(struct tracked *tracked)
{
	array_release(&tracked->rows);
	arena_release(&tracked->names);
	buf_release(&tracked->data);
}

/* The first row that is not before a text. */
static size_t
tracked_bound(const struct tracked *tracked, struct bytes text)
{
	size_t low = 0;
	size_t high = tracked->rows.size;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (bytes_compare(tracked->rows.data[middle].path, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct tracked_row *
tracked_find(struct tracked *tracked, struct bytes path)
{
	size_t at = tracked->last + 1;
	if (at >= tracked->rows.size || !bytes_equal(tracked->rows.data[at].path, path))
		at = tracked_bound(tracked, path);
	if (at >= tracked->rows.size || !bytes_equal(tracked->rows.data[at].path, path))
		return NULL;
	tracked->last = at;
	return &tracked->rows.data[at];
}

bool
tracked_has_beneath(const struct tracked *tracked, struct bytes folder)
{
	size_t at = tracked_bound(tracked, folder);
	return at < tracked->rows.size && bytes_has_prefix(tracked->rows.data[at].path, folder);
}
