/* SPDX-License-Identifier: MPL-2.0 */
/*
 * deflate MODULE OUT: writes a linked module again, its data deflated by zopfli, which makes it a twentieth smaller than
 * zlib does. Run by the build.
 *
 * What is deflated begins with the largest segment: the program's texts, for the linker puts strings into one. It is laid
 * where the heap begins, behind a head of three u32 (where it belongs, its size, the deflated size), and texts_put (wasm.c)
 * puts it into its place before anything reads it, with the inflate that the module has anyway. What inflate reads itself, a
 * table of inflate.c, is linked before the strings, and stays.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zopfli/deflate.h>

#include "base/must.h"

/* Past so many tries zopfli finds nothing smaller. */
enum { MODULE_MAX = 1 << 20, SEGMENTS = 256, PAGE = 64 << 10, TRIES = 100 };
/* Of zopfli: blocks with codes of their own, the last of which says so. */
enum { DYNAMIC = 2, FINAL = 1 };
/* The count of segments is for instructions that this program has not. */
enum { SECTION_MEMORY = 5, SECTION_GLOBAL = 6, SECTION_DATA = 11, SECTION_DATA_COUNT = 12 };
/* Opcodes, and the types of the stack's pointer. */
enum { CONST_32 = 0x41, END = 0x0b, TYPE_32 = 0x7f, VARIABLE = 1 };

/* What is read, or written. */
struct cursor {
	uint8_t *data;
	size_t size;
	size_t at;
};

struct segment {
	uint32_t to;
	uint8_t *data;
	size_t size;
};

static uint8_t
byte_read(struct cursor *cursor)
{
	must(cursor->at < cursor->size, "a module is whole");
	return cursor->data[cursor->at++];
}

/* Both kinds of LEB128: no number here has a sign. */
static uint32_t
number_read(struct cursor *cursor)
{
	uint32_t number = 0;
	uint8_t byte = 128;
	for (unsigned shift = 0; byte & 128; shift += 7) {
		must(shift < 32, "a number has 32 bits");
		byte = byte_read(cursor);
		number |= (uint32_t)(byte & 127) << shift;
	}
	return number;
}

static struct cursor
part_read(struct cursor *cursor, size_t size)
{
	must(size <= cursor->size - cursor->at, "a module is whole");
	struct cursor part = {cursor->data + cursor->at, size, 0};
	cursor->at += size;
	return part;
}

static void
bytes_write(struct cursor *out, const uint8_t *bytes, size_t size)
{
	must(size <= out->size - out->at, "a module is less than 1 MiB");
	memcpy(out->data + out->at, bytes, size);
	out->at += size;
}

static void
byte_write(struct cursor *out, uint8_t byte)
{
	bytes_write(out, &byte, 1);
}

/* Of a signed number the last byte's bit 64 is its sign. */
static void
number_write(struct cursor *out, uint32_t number, uint32_t last)
{
	for (; number > last; number >>= 7)
		byte_write(out, (uint8_t)(number | 128));
	byte_write(out, (uint8_t)number);
}

static uint32_t
constant_read(struct cursor *cursor)
{
	must(byte_read(cursor) == CONST_32, "an address is a constant");
	uint32_t number = number_read(cursor);
	must(byte_read(cursor) == END, "an address is a constant");
	return number;
}

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

/* All segments, which lie in the order of their addresses, zeros between them left out. */
static size_t
segments_read(struct cursor *section, struct segment segments[SEGMENTS])
{
	size_t count = number_read(section);
	must(count && count <= SEGMENTS, "a module has some segments");
	for (size_t at = 0; at < count; at++) {
		must(number_read(section) == 0, "a segment is laid out at the start");
		segments[at].to = constant_read(section);
		struct cursor data = part_read(section, number_read(section));
		segments[at].data = data.data;
		segments[at].size = data.size;
		must(at == 0 || segments[at].to >= segments[at - 1].to + segments[at - 1].size,
			"segments lie one behind the other");
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
	number_write(out, (uint32_t)largest + 1, 127);
	for (size_t at = 0; at <= largest; at++) {
		byte_write(out, 0);
		byte_write(out, CONST_32);
		number_write(out, segments[at].to, 63);
		byte_write(out, END);
		number_write(out, (uint32_t)segments[at].size, 127);
		bytes_write(out, segments[at].data, segments[at].size);
	}
}

/* All sections as they are, but for the data. The stack's pointer begins where the heap does. */
static void
module_write(struct cursor *module, struct cursor *out)
{
	static uint8_t room[MODULE_MAX];
	uint32_t heap = 0;
	size_t memory = 0;
	struct cursor magic = part_read(module, 8);
	bytes_write(out, magic.data, magic.size);
	while (module->at < module->size) {
		uint8_t id = byte_read(module);
		struct cursor section = part_read(module, number_read(module));
		struct cursor rest = section;
		if (id == SECTION_MEMORY) {
			(void)number_read(&rest);
			(void)byte_read(&rest);
			memory = (size_t)number_read(&rest) * PAGE;
		}
		if (id == SECTION_GLOBAL) {
			(void)number_read(&rest);
			must(byte_read(&rest) == TYPE_32, "an address has 32 bits");
			must(byte_read(&rest) == VARIABLE,
				"the stack's pointer is the first global");
			heap = constant_read(&rest);
		}
		if (id == SECTION_DATA) {
			struct cursor data = {room, sizeof room, 0};
			data_write(section, heap, memory, &data);
			section = (struct cursor){room, data.at, 0};
		}
		if (id == SECTION_DATA_COUNT)
			continue;
		byte_write(out, id);
		number_write(out, (uint32_t)section.size, 127);
		bytes_write(out, section.data, section.size);
	}
}

int
main(int count, char **arguments)
{
	static uint8_t linked[MODULE_MAX];
	static uint8_t written[MODULE_MAX];
	FILE *in = count == 3 ? fopen(arguments[1], "rbe") : NULL;
	FILE *out = in ? fopen(arguments[2], "wbe") : NULL;
	if (!out) {
		perror("deflate");
		return 1;
	}
	struct cursor module = {linked, fread(linked, 1, sizeof linked, in), 0};
	struct cursor made = {written, sizeof written, 0};
	bool failed = ferror(in) != 0 || !feof(in);
	if (!failed)
		module_write(&module, &made);
	failed |= fwrite(written, 1, made.at, out) != made.at;
	failed |= fclose(in) != 0;
	failed |= fclose(out) != 0;
	return failed;
}
