/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"

static void
lines_find(struct source *source)
{
	size_t count = 1;
	for (size_t at = 0; at < source->text.size; at++)
		count += source->text.data[at] == '\n';
	source->lines = memory_zero(count, sizeof *source->lines);
	source->line_count = 1;
	for (size_t at = 0; at < source->text.size; at++)
		if (source->text.data[at] == '\n')
			source->lines[source->line_count++] = (uint32_t)(at + 1);
}

static bool
begins_point(uint8_t byte)
{
	return (byte & 0xc0) != 0x80;
}

static void
points_count(struct source *source)
{
	source->points = memory_zero(source->text.size / SOURCE_BLOCK + 1, sizeof(uint32_t));
	uint32_t count = 0;
	for (size_t at = 0; at < source->text.size; at++) {
		if (at % SOURCE_BLOCK == 0)
			source->points[at / SOURCE_BLOCK] = count;
		count += begins_point(source->text.data[at]);
	}
	if (source->text.size % SOURCE_BLOCK == 0)
		source->points[source->text.size / SOURCE_BLOCK] = count;
}

/* Code points that begin before an offset: lines may be as long as the file. */
static uint32_t
points_before(const struct source *source, uint32_t offset)
{
	uint32_t count = source->points[offset / SOURCE_BLOCK];
	for (uint32_t at = offset - offset % SOURCE_BLOCK; at < offset; at++)
		count += begins_point(source->text.data[at]);
	return count;
}

struct source *
source_new(const char *name, struct bytes text, struct err *err)
{
	if (text.size > SOURCE_MAX) {
		(void)err_limit(err, ERR_LIMIT_OTHER,
			"%s: a source of %zu bytes; at most %zu are read", name, text.size,
			SOURCE_MAX);
		return NULL;
	}
	struct source *source = memory_zero(1, sizeof *source);
	size_t name_size = strlen(name) + 1;
	source->name = memory_new(name_size);
	memcpy(source->name, name, name_size);
	uint8_t *copy = memory_new(text.size + 1);
	if (text.size)
		memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	source->text = bytes_of(copy, text.size);
	lines_find(source);
	points_count(source);
	return source;
}

void
source_free(struct source *source)
{
	if (!source)
		return;
	union {
		const uint8_t *borrowed;
		void *owned;
	} text = {.borrowed = source->text.data};
	free(text.owned);
	free(source->name);
	free(source->lines);
	free(source->points);
	free(source);
}

uint32_t
source_line_number(const struct source *source, uint32_t offset)
{
	uint32_t low = 0;
	uint32_t high = source->line_count;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (source->lines[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return low + 1;
}

struct source_place
source_place(const struct source *source, uint32_t offset)
{
	if (offset > source->text.size)
		offset = (uint32_t)source->text.size;
	uint32_t line = source_line_number(source, offset);
	uint32_t start = source->lines[line - 1];
	return (struct source_place){
		line, points_before(source, offset) - points_before(source, start) + 1};
}

struct bytes
source_line(const struct source *source, uint32_t line)
{
	must(line >= 1 && line <= source->line_count, "a line must be one of its source");
	uint32_t start = source->lines[line - 1];
	size_t end = line < source->line_count ? source->lines[line] - 1 : source->text.size;
	if (end > start && line < source->line_count && source->text.data[end - 1] == '\r')
		end--;
	return bytes_of(source->text.data + start, end - start);
}

/* How many bytes follow the first, and the least second byte and the greatest that may: Unicode 15,
 * table 3-7. False for a byte that begins nothing. */
static bool
sequence_of(uint8_t first, size_t *more, uint8_t *low, uint8_t *high)
{
	*low = 0x80;
	*high = 0xbf;
	*more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
	if (first == 0xe0)
		*low = 0xa0;
	if (first == 0xed)
		*high = 0x9f;
	if (first == 0xf0)
		*low = 0x90;
	if (first == 0xf4)
		*high = 0x8f;
	return first >= 0xc2 && first <= 0xf4;
}

size_t
source_decode(struct bytes text, uint32_t *point_out)
{
	if (text.size == 0)
		return 0;
	uint32_t point = text.data[0];
	size_t more = 0;
	if (point >= 0x80) {
		uint8_t low;
		uint8_t high;
		if (!sequence_of(text.data[0], &more, &low, &high) || text.size <= more)
			return 0;
		if (text.data[1] < low || text.data[1] > high)
			return 0;
		point &= 0x3fu >> more;
		for (size_t at = 1; at <= more; at++) {
			if ((text.data[at] & 0xc0) != 0x80)
				return 0;
			point = point << 6 | (text.data[at] & 0x3fu);
		}
	}
	if (point_out)
		*point_out = point;
	return more + 1;
}

size_t
source_encode(uint32_t point, uint8_t *out)
{
	if (point < 0x80) {
		out[0] = (uint8_t)point;
		return 1;
	}
	size_t more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
	for (size_t at = more; at > 0; at--) {
		out[at] = (uint8_t)(0x80 | (point & 0x3f));
		point >>= 6;
	}
	static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
	out[0] = (uint8_t)(lead[more] | point);
	return more + 1;
}
