/* SPDX-License-Identifier: MPL-2.0 */
#include "zip_directory.h"

#include "item.h"

enum { END_SIZE = 22, LOCATOR_SIZE = 20, END_64_SIZE = 56, RECORD_SIZE = 46 };
enum { EXTRA_64 = 0x0001, EXTRA_NAME = 0x7075 };
enum { HOST_UNIX = 3, HOST_DARWIN = 19, ATTRIBUTE_FOLDER = 0x10 };
enum { ONES_16 = 0xffff };
#define ONES_32 ((uint64_t)0xffffffff)
#define LIES    "a field of zip64, or a second name, that lies"
#define DIFFER  "the directory and its end record differ"

/* The record's place is known by its comment, which must end with the file. */
static const char *
end_find(struct span tail, size_t *at_out)
{
	bool is_found = false;
	for (size_t at = 0; at < tail.size; at++) {
		if (!span_has_prefix(span_after(tail, at), "PK\5\6"))
			continue;
		if (is_found)
			return "there are two end records";
		if (at + END_SIZE <= tail.size &&
			at + END_SIZE + load_16(tail.data + at + 20) == tail.size) {
			is_found = true;
			*at_out = at;
		}
	}
	return is_found ? NULL : "no end record at the end";
}

/* One number of the end record, which zip64's replaces where it is all ones, and must equal. */
static bool
number_merge(uint64_t *number, uint64_t ones, const uint8_t *large)
{
	uint64_t was = *number;
	*number = load_64(large);
	return was == ones || was == *number;
}

/* The zip64 record and its locator, which lie right before the end record: its `place`. */
static bool
end_64_read(const uint8_t *record, uint64_t place, struct zip_end *end)
{
	const uint8_t *locator = record + END_64_SIZE;
	return load_32(locator + 4) == 0 && load_64(locator + 8) == place &&
	       load_32(locator + 16) <= 1 && memcmp(record, "PK\6\6", 4) == 0 &&
	       load_64(record + 4) == END_64_SIZE - 12 && load_64(record + 16) == 0 &&
	       load_64(record + 24) == load_64(record + 32) &&
	       number_merge(&end->count, ONES_16, record + 32) &&
	       number_merge(&end->size, ONES_32, record + 40) &&
	       number_merge(&end->offset, ONES_32, record + 48);
}

COLD const char *
zip_end_read(struct span tail, uint64_t file_size, struct zip_end *end)
{
	size_t at = 0;
	const char *sentence = end_find(tail, &at);
	if (sentence)
		return sentence;
	const uint8_t *record = tail.data + at;
	uint64_t here = file_size - tail.size + at;
	end->count = load_16(record + 10);
	end->size = load_32(record + 12);
	end->offset = load_32(record + 16);
	if (load_32(record + 4) != 0 || load_16(record + 8) != end->count)
		return "the archive is split over several files";
	if (at >= LOCATOR_SIZE && memcmp(record - LOCATOR_SIZE, "PK\6\7", 4) == 0) {
		here -= LOCATOR_SIZE + END_64_SIZE;
		if (at < LOCATOR_SIZE + END_64_SIZE ||
			!end_64_read(record - LOCATOR_SIZE - END_64_SIZE, here, end))
			return LIES;
	}
	if (end->size > here || end->offset != here - end->size ||
		end->count > end->size / RECORD_SIZE)
		return DIFFER;
	return end->size > ZIP_DIRECTORY ? "a directory of more than 64 MiB" : NULL;
}

COLD bool
zip_extra_read(struct span extra, struct span name, uint64_t *numbers, size_t count)
{
	bool is_met = false;
	while (extra.size >= 4) {
		unsigned id = load_16(extra.data);
		size_t size = load_16(extra.data + 2);
		extra = span_after(extra, 4);
		if (size > extra.size)
			return false;
		struct span field = span_of(extra.data, size);
		extra = span_after(extra, size);
		/* A version, the sum of the other name, and the name in UTF-8. */
		if (id == EXTRA_NAME && !span_equal(span_from(field, 5), name))
			return false;
		if (id != EXTRA_64)
			continue;
		if (is_met)
			return false;
		is_met = true;
		for (size_t at = 0; at < count; at++) {
			if (numbers[at] != ONES_32)
				continue;
			if (field.size < 8)
				return false;
			numbers[at] = load_64(field.data);
			field = span_after(field, 8);
		}
		if (field.size)
			return false;
	}
	for (size_t at = 0; at < count && !is_met; at++)
		if (numbers[at] == ONES_32)
			return false;
	return true;
}

/* Names between single slashes, without what other systems take for a drive or a slash. */
static bool
name_is_clean(struct span name)
{
	return name.size <= ZIP_NAME && span_find(name, '\\') == name.size &&
	       span_find(name, 0) == name.size && (name.size < 2 || name.data[1] != ':') &&
	       span_is_path(name);
}

/* By the mode where the host had modes, else by the name's last byte; both must agree. 0: neither
 * file, folder nor link. */
static uint8_t
kind_of(bool is_folder, unsigned host, uint32_t attributes)
{
	uint32_t mode = host == HOST_UNIX || host == HOST_DARWIN ? attributes >> 16 : 0;
	uint8_t kind = mode & 0100 ? 'x' : 'f';
	switch (mode & 0170000) {
	case 0:
		if (is_folder)
			return 'd';
		return attributes & ATTRIBUTE_FOLDER ? 0 : kind;
	case 0040000:
		return is_folder ? 'd' : 0;
	case 0100000:
		return is_folder ? 0 : kind;
	case 0120000:
		return is_folder ? 0 : 'l';
	default:
		return 0;
	}
}

static const char *
record_problem(const struct zip_record *record)
{
	if (record->kind == 0 || (record->kind == 'd' && record->size) ||
		(record->kind == 'l' && (record->size | record->packed) > ZIP_TARGET))
		return ITEM_NO_KIND;
	struct span path = record->name;
	path.size -= record->kind == 'd';
	if (!name_is_clean(path))
		return ITEM_BAD_PATH;
	if (record->flags & ZIP_REFUSED)
		return "an entry is encrypted";
	if (record->method == ZIP_STORED && record->packed != record->size)
		return "an entry has two sizes";
	return record->method == ZIP_STORED || record->method == ZIP_DEFLATE
		       ? NULL
		       : "an entry is packed by another method than deflate";
}

COLD const char *
zip_record_read(struct span *directory, struct zip_record *record)
{
	const uint8_t *data = directory->data;
	if (directory->size < RECORD_SIZE)
		return DIFFER;
	size_t name_size = load_16(data + 28);
	size_t extra_size = load_16(data + 30);
	size_t length = RECORD_SIZE + name_size + extra_size + load_16(data + 32);
	if (length > directory->size || memcmp(data, "PK\1\2", 4) != 0)
		return DIFFER;
	*directory = span_after(*directory, length);
	record->flags = load_16(data + 8);
	record->method = load_16(data + 10);
	record->sum = load_32(data + 16);
	record->packed = load_32(data + 20);
	record->size = load_32(data + 24);
	record->offset = load_32(data + 42);
	record->name = span_of(data + RECORD_SIZE, name_size);
	record->kind = kind_of(
		name_size && data[RECORD_SIZE + name_size - 1] == '/', data[5], load_32(data + 38));
	if (load_16(data + 34) != 0 ||
		!zip_extra_read(span_of(record->name.data + name_size, extra_size), record->name,
			record->numbers, 3))
		return LIES;
	return record_problem(record);
}
