/* SPDX-License-Identifier: MPL-2.0 */
/*
 * deflate MODULE OUT: writes a linked module again, its data deflated by zopfli, which makes it a twentieth smaller than
 * zlib does. Run by the build.
 *
 * What is deflated begins with the largest segment: the program's texts, for the linker puts strings into one. It is laid
 * where the heap begins, behind a head of three u32 (where it belongs, its size, the deflated size), and texts_put (wasm.c)
 * puts it into its place before anything reads it, with the inflate that the module has anyway. What inflate reads itself, the
 * tables of inflate.c, is linked before the strings, and stays: the first segment, or its part before the first zeros.
 */
#include <stdlib.h>
#include <string.h>
#include <zopfli/deflate.h>

#include "base/must.h"
#include "opcode.h"

/* Past so many tries zopfli finds nothing smaller. */
enum { SEGMENTS = 256, PAGE = 64 << 10, TRIES = 100 };
/* Of zopfli: blocks with codes of their own, the last of which says so. */
enum { DYNAMIC = 2, FINAL = 1 };
struct segment {
	uint32_t to;
	uint8_t *data;
	size_t size;
};

/* What is packed becomes the segment at the heap. */
static struct segment
texts_deflate(uint32_t to, uint8_t *data, size_t size, uint32_t heap)
{
	static uint8_t room[MODULE_MAX];
	ZopfliOptions options;
	ZopfliInitOptions(&options);
	options.numiterations = TRIES;
	uint8_t *packed = NULL;
	size_t packed_size = 0;
	uint8_t bit = 0;
	ZopfliDeflate(&options, DYNAMIC, FINAL, data, size, &bit, &packed, &packed_size);
	uint32_t head[] = {to, (uint32_t)size, (uint32_t)packed_size};
	must(packed_size <= sizeof room - sizeof head, "texts can be deflated");
	memcpy(room, head, sizeof head);
	memcpy(room + sizeof head, packed, packed_size);
	free(packed);
	return (struct segment){heap, room, sizeof head + packed_size};
}

/* In two where there are zeros: between segments as near as these wasm-opt leaves them in. True where it was. */
static bool
tables_split(struct segment segments[2])
{
	/* The order of the lengths of codes of lengths, of RFC 1951, 3.2.7. */
	static const uint8_t order[] = {
		16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
	static const uint8_t zeros[4];
	struct segment *tables = &segments[0];
	must(tables->size >= sizeof order && memcmp(tables->data, order, sizeof order) == 0,
		"what inflate reads is linked first");
	for (size_t at = sizeof order; at + sizeof zeros <= tables->size; at++)
		if (memcmp(tables->data + at, zeros, sizeof zeros) == 0) {
			segments[1] = (struct segment){
				tables->to + (uint32_t)at, tables->data + at, tables->size - at};
			tables->size = at;
			return true;
		}
	return false;
}

/* All segments, which lie in the order of their addresses, zeros between them left out. */
static size_t
segments_read(struct cursor *section, struct segment segments[SEGMENTS])
{
	size_t count = 0;
	size_t left = cursor_read_number(section);
	must(left && left < SEGMENTS, "a module has some segments");
	for (; left--; count++) {
		struct segment *segment = &segments[count];
		must(cursor_read_number(section) == 0, "a segment is laid out at the start");
		segment->to = opcode_read_address(section);
		struct cursor data = cursor_read_part(section, cursor_read_number(section));
		segment->data = data.data;
		segment->size = data.size;
		must(count == 0 || segment->to >= segment[-1].to + segment[-1].size,
			"segments lie one behind the other");
		if (count == 0)
			count += tables_split(segments);
	}
	return count;
}

/* The data section, its segments from the largest one on deflated as one. */
static void
data_write(struct cursor section, uint32_t heap, size_t memory, struct cursor *out)
{
	static struct segment segments[SEGMENTS];
	static uint8_t laid_out[MODULE_MAX];
	size_t count = segments_read(&section, segments);
	size_t largest = 0;
	for (size_t at = 1; at < count; at++)
		if (segments[at].size > segments[largest].size)
			largest = at;
	uint32_t start = segments[largest].to;
	size_t size = segments[count - 1].to + segments[count - 1].size - start;
	must(size <= sizeof laid_out, "a module is less than 1 MiB");
	for (size_t at = largest; at < count; at++)
		memcpy(laid_out + (segments[at].to - start), segments[at].data, segments[at].size);
	segments[largest] = texts_deflate(start, laid_out, size, heap);
	must(heap + segments[largest].size <= memory, "the texts fit behind the stack");
	cursor_write_number(out, (uint32_t)largest + 1);
	for (size_t at = 0; at <= largest; at++) {
		cursor_write_byte(out, 0);
		opcode_write_constant(out, segments[at].to);
		cursor_write_byte(out, END);
		cursor_write_number(out, (uint32_t)segments[at].size);
		cursor_write(out, segments[at].data, segments[at].size);
	}
}

/* All sections as they are, but for the data. The stack's pointer begins where the heap does. */
static void
module_write(struct cursor *module, struct cursor *out)
{
	static uint8_t room[MODULE_MAX];
	uint32_t heap = 0;
	size_t memory = 0;
	uint8_t id;
	struct cursor section;
	while (cursor_next_section(module, &id, &section)) {
		struct cursor rest = section;
		if (id == SECTION_MEMORY) {
			(void)cursor_read_number(&rest);
			(void)cursor_read_byte(&rest);
			memory = (size_t)cursor_read_number(&rest) * PAGE;
		}
		if (id == SECTION_GLOBAL)
			heap = opcode_read_stack(section);
		if (id == SECTION_DATA) {
			struct cursor data = {room, sizeof room, 0};
			data_write(section, heap, memory, &data);
			section = (struct cursor){room, data.at, 0};
		}
		/* The count of segments is for instructions that this program has not. */
		if (id != SECTION_DATA_COUNT)
			cursor_write_section(out, id, section);
	}
}

int
main(int count, char **arguments)
{
	return cursor_main(count, arguments, module_write);
}
