/* SPDX-License-Identifier: MPL-2.0 */
#include "zip_directory.h"

enum { END_SIZE = 22, LOCATOR_SIZE = 20, END_64_SIZE = 56, RECORD_SIZE = 46 };
enum { EXTRA_64 = 0x0001, EXTRA_NAME = 0x7075 };
enum { HOST_UNIX = 3, HOST_DARWIN = 19, ATTRIBUTE_FOLDER = 0x10 };
enum { ONES_16 = 0xffff };
#define ONES_32 ((uint64_t)0xffffffff)
#define PACKED  "an entry is packed with "

static bool
has_end_mark(struct span bytes, size_t at)
{
	return span_has_prefix(span_from(bytes, at), "PK\5\6");
}

/* The record's place is known by its comment, which must end with the file. */
static const char *
end_find(struct span tail, size_t *at_out)
{
	size_t found = 0;
	for (size_t at = 0; at + END_SIZE <= tail.size; at++) {
		if (!has_end_mark(tail, at))
			continue;
		if (at + END_SIZE + zip_load(tail.data + at + 20, 2) == tail.size) {
			found++;
			*at_out = at;
		}
	}
	if (found == 0)
		return "no end record at the end";
	for (size_t at = *at_out + END_SIZE; at < tail.size; at++)
		if (has_end_mark(tail, at))
			found++;
	return found > 1 ? "there are two end records" : NULL;
}

/* One number of the end record, which zip64's replaces where it is all ones, and must equal. */
static bool
number_merge(uint64_t *number, uint64_t ones, uint64_t large)
{
	if (*number != ones && *number != large)
		return false;
	*number = large;
	return true;
}

static const char *
end_64_read(struct span tail, size_t end_at, uint64_t start, struct zip_end *end)
{
	static const char lies[] = "a zip64 field that lies";
	if (end_at < LOCATOR_SIZE + END_64_SIZE)
		return lies;
	const uint8_t *locator = tail.data + end_at - LOCATOR_SIZE;
	const uint8_t *record = locator - END_64_SIZE;
	uint64_t place = start + end_at - LOCATOR_SIZE - END_64_SIZE;
	if (zip_load(locator + 4, 4) != 0 || zip_load(locator + 8, 8) != place ||
		zip_load(locator + 16, 4) > 1 || memcmp(record, "PK\6\6", 4) != 0 ||
		zip_load(record + 4, 8) != END_64_SIZE - 12 || zip_load(record + 16, 8) != 0 ||
		zip_load(record + 24, 8) != zip_load(record + 32, 8))
		return lies;
	if (!number_merge(&end->count, ONES_16, zip_load(record + 32, 8)) ||
		!number_merge(&end->size, ONES_32, zip_load(record + 40, 8)) ||
		!number_merge(&end->offset, ONES_32, zip_load(record + 48, 8)))
		return lies;
	return NULL;
}

COLD const char *
zip_end_read(struct span tail, uint64_t file_size, struct zip_end *end)
{
	size_t at = 0;
	const char *sentence = end_find(tail, &at);
	if (sentence)
		return sentence;
	const uint8_t *record = tail.data + at;
	uint64_t start = file_size - tail.size;
	uint64_t here = start + at;
	end->count = zip_load(record + 10, 2);
	end->size = zip_load(record + 12, 4);
	end->offset = zip_load(record + 16, 4);
	if (zip_load(record + 4, 4) != 0 || zip_load(record + 8, 2) != end->count)
		return "the archive is split over several files";
	if (at >= LOCATOR_SIZE && memcmp(record - LOCATOR_SIZE, "PK\6\7", 4) == 0) {
		sentence = end_64_read(tail, at, start, end);
		if (sentence)
			return sentence;
		here -= LOCATOR_SIZE + END_64_SIZE;
	}
	if (end->size > here || end->offset != here - end->size)
		return "the directory and its end record differ";
	if (end->size > ZIP_DIRECTORY)
		return "a directory of more than 64 MiB";
	return end->count > end->size / RECORD_SIZE ? "the directory and its end record differ"
						    : NULL;
}

COLD const char *
zip_extra_read(struct span extra, struct span name, uint64_t **numbers, size_t count)
{
	bool is_met = false;
	while (extra.size >= 4) {
		uint64_t id = zip_load(extra.data, 2);
		size_t size = (size_t)zip_load(extra.data + 2, 2);
		if (size > extra.size - 4)
			return "a record is cut off";
		struct span field = span_of(extra.data + 4, size);
		extra = span_after(extra, 4 + size);
		/* A version, the sum of the other name, and the name in UTF-8. */
		if (id == EXTRA_NAME && !span_equal(span_from(field, 5), name))
			return "an entry has two names";
		if (id != EXTRA_64)
			continue;
		if (is_met)
			return "a zip64 field that lies";
		is_met = true;
		for (size_t at = 0; at < count; at++) {
			if (*numbers[at] != ONES_32)
				continue;
			if (field.size < 8)
				return "a zip64 field that lies";
			*numbers[at] = zip_load(field.data, 8);
			field = span_after(field, 8);
		}
		if (field.size)
			return "a zip64 field that lies";
	}
	for (size_t at = 0; at < count && !is_met; at++)
		if (*numbers[at] == ONES_32)
			return "a zip64 field that lies";
	return NULL;
}

/* Names between single slashes; one behind a folder's. */
static bool
name_is_clean(struct span name)
{
	if (name.size == 0 || name.size > ZIP_NAME || span_find(name, '\\') < name.size ||
		span_find(name, 0) < name.size || (name.size > 1 && name.data[1] == ':'))
		return false;
	while (name.size) {
		if (!span_is_name(span_word(&name, '/')))
			return false;
	}
	return true;
}

/* By the mode where the host had modes, else by the name's last byte; both must agree. */
static uint8_t
kind_of(const struct zip_record *record, unsigned host, uint32_t attributes)
{
	bool is_folder = record->name.data[record->name.size - 1] == '/';
	uint32_t mode = host == HOST_UNIX || host == HOST_DARWIN ? attributes >> 16 : 0;
	switch (mode & 0170000) {
	case 0:
		if ((attributes & ATTRIBUTE_FOLDER) && !is_folder)
			return 0;
		return is_folder ? 'd' : mode & 0100 ? 'x' : 'f';
	case 0040000:
		return is_folder ? 'd' : 0;
	case 0100000:
		return is_folder ? 0 : mode & 0100 ? 'x' : 'f';
	case 0120000:
		return is_folder ? 0 : 'l';
	default:
		return 0;
	}
}

/* "an entry is packed with METHOD", for those that are met; the rest have no name. */
static const char *
method_problem(unsigned method)
{
	switch (method) {
	case ZIP_STORED:
	case ZIP_DEFLATE:
		return NULL;
	case 9:
		return PACKED "Deflate64";
	case 12:
		return PACKED "bzip2";
	case 14:
		return PACKED "LZMA";
	case 93:
		return PACKED "Zstandard";
	case 95:
		return PACKED "xz";
	default:
		return PACKED "no known method";
	}
}

static const char *
record_problem(const struct zip_record *record)
{
	if (record->flags & ZIP_REFUSED)
		return "an entry is encrypted";
	if (!name_is_clean(record->name))
		return "a path leads elsewhere, or is no clean path";
	if (record->kind == 0)
		return "an entry that is no file, folder or link";
	if (record->method == ZIP_STORED && record->packed != record->size)
		return "an entry has two sizes";
	if (record->kind == 'd' && record->size)
		return "an entry that is no file, folder or link";
	if (record->kind == 'l' && record->size > ZIP_TARGET)
		return "an entry that is no file, folder or link";
	return method_problem(record->method);
}

COLD const char *
zip_record_read(struct span bytes, size_t at, struct zip_record *record)
{
	bytes = span_from(bytes, at);
	if (bytes.size < RECORD_SIZE || !span_has_prefix(bytes, "PK\1\2"))
		return "a record is cut off";
	const uint8_t *data = bytes.data;
	size_t name_size = (size_t)zip_load(data + 28, 2);
	size_t extra_size = (size_t)zip_load(data + 30, 2);
	*record = (struct zip_record){
		.flags = (uint16_t)zip_load(data + 8, 2),
		.method = (uint16_t)zip_load(data + 10, 2),
		.sum = (uint32_t)zip_load(data + 16, 4),
		.packed = zip_load(data + 20, 4),
		.size = zip_load(data + 24, 4),
		.offset = zip_load(data + 42, 4),
		.length = RECORD_SIZE + name_size + extra_size + (size_t)zip_load(data + 32, 2),
	};
	if (record->length > bytes.size)
		return "a record is cut off";
	if (zip_load(data + 34, 2) != 0)
		return "the archive is split over several files";
	record->name = span_of(data + RECORD_SIZE, name_size);
	uint64_t *numbers[] = {&record->size, &record->packed, &record->offset};
	const char *sentence = zip_extra_read(
		span_of(record->name.data + name_size, extra_size), record->name, numbers, 3);
	if (sentence)
		return sentence;
	if (name_size)
		record->kind = kind_of(record, data[5], (uint32_t)zip_load(data + 38, 4));
	return record_problem(record);
}

/* Without case; and '/' before all others, so that a folder's names follow it. */
static uint8_t
fold(uint8_t byte)
{
	if (byte == '/')
		return 0;
	return byte >= 'A' && byte <= 'Z' ? byte | 32 : byte;
}

/* How many bytes of two names are the same, but for their case. */
static size_t
name_common(struct span one, struct span other)
{
	size_t at = 0;
	while (at < one.size && at < other.size && fold(one.data[at]) == fold(other.data[at]))
		at++;
	return at;
}

static struct span
name_at(const struct zip_directory *directory, uint32_t at)
{
	const uint8_t *record = directory->bytes.data + at;
	return span_of(record + RECORD_SIZE, (size_t)zip_load(record + 28, 2));
}

static uint64_t
offset_at(const struct zip_directory *directory, uint32_t at)
{
	struct zip_record record = {0};
	(void)zip_record_read(directory->bytes, at, &record);
	return record.offset;
}

static bool
is_less(const struct zip_directory *directory, bool by_name, uint32_t one, uint32_t other)
{
	if (!by_name)
		return offset_at(directory, one) < offset_at(directory, other);
	struct span left = name_at(directory, one);
	struct span right = name_at(directory, other);
	size_t common = name_common(left, right);
	if (common == left.size || common == right.size)
		return left.size < right.size;
	return fold(left.data[common]) < fold(right.data[common]);
}

static void
sink(struct zip_directory *directory, bool by_name, size_t at, size_t size)
{
	uint32_t sinking = directory->order[at];
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= size)
			break;
		if (child + 1 < size && is_less(directory, by_name, directory->order[child],
						directory->order[child + 1]))
			child++;
		if (!is_less(directory, by_name, sinking, directory->order[child]))
			break;
		directory->order[at] = directory->order[child];
		at = child;
	}
	directory->order[at] = sinking;
}

/* Heap sort: no worse case than the usual one. */
static void
order_sort(struct zip_directory *directory, bool by_name)
{
	for (size_t at = directory->count / 2; at-- > 0;)
		sink(directory, by_name, at, directory->count);
	for (size_t size = directory->count; size-- > 1;) {
		uint32_t last = directory->order[size];
		directory->order[size] = directory->order[0];
		directory->order[0] = last;
		sink(directory, by_name, 0, size);
	}
}

/* Neighbours in the order of folded names: the same path, or folders on the way to it that differ in
 * case alone, would be one on some systems. */
static const char *
twins_problem(const struct zip_directory *directory)
{
	for (size_t at = 1; at < directory->count; at++) {
		struct span one = name_at(directory, directory->order[at - 1]);
		struct span other = name_at(directory, directory->order[at]);
		size_t common = name_common(one, other);
		if (common == other.size || (common == one.size && common + 1 == other.size &&
						    other.data[common] == '/'))
			return "two entries of one name";
		while (common && one.data[common - 1] != '/')
			common--;
		if (memcmp(one.data, other.data, common) != 0)
			return "two entries of one name, but for case";
	}
	return NULL;
}

static bool
is_in_order(const struct zip_directory *directory)
{
	for (size_t at = 1; at < directory->count; at++)
		if (is_less(directory, false, directory->order[at], directory->order[at - 1]))
			return false;
	return true;
}

COLD const char *
zip_directory_check(struct zip_directory *directory)
{
	size_t at = 0;
	uint64_t total = 0;
	for (size_t count = 0; count < directory->count; count++) {
		struct zip_record record;
		const char *sentence = zip_record_read(directory->bytes, at, &record);
		if (sentence)
			return sentence;
		if (record.size > ZIP_SIZE_MAX - total)
			return "entries of more than 8 GiB in all";
		total += record.size;
		directory->order[count] = (uint32_t)at;
		at += record.length;
	}
	if (at != directory->bytes.size)
		return "the directory and its end record differ";
	order_sort(directory, true);
	const char *sentence = twins_problem(directory);
	if (sentence)
		return sentence;
	/* Back to the order of the records, which nearly always is that of the places. */
	at = 0;
	for (size_t count = 0; count < directory->count; count++) {
		struct zip_record record = {0};
		(void)zip_record_read(directory->bytes, at, &record);
		directory->order[count] = (uint32_t)at;
		at += record.length;
	}
	if (!is_in_order(directory))
		order_sort(directory, false);
	return NULL;
}
