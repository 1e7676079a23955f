/* SPDX-License-Identifier: MPL-2.0 */
#include "cursor.h"

#include <stdio.h>
#include <string.h>

#include "base/must.h"

enum { MAGIC = 8 };

uint8_t
cursor_read_byte(struct cursor *cursor)
{
	must(cursor->at < cursor->size, "a module is whole");
	return cursor->data[cursor->at++];
}

uint32_t
cursor_read_number(struct cursor *cursor)
{
	uint32_t number = 0;
	uint8_t byte = 128;
	for (unsigned shift = 0; byte & 128; shift += 7) {
		must(shift < 32, "a number has 32 bits");
		byte = cursor_read_byte(cursor);
		number |= (uint32_t)(byte & 127) << shift;
	}
	return number;
}

struct cursor
cursor_read_part(struct cursor *cursor, size_t size)
{
	must(size <= cursor->size - cursor->at, "a module is whole");
	struct cursor part = {cursor->data + cursor->at, size, 0};
	cursor->at += size;
	return part;
}

void
cursor_write(struct cursor *out, const uint8_t *bytes, size_t size)
{
	must(size <= out->size - out->at, "a module is less than 1 MiB");
	memcpy(out->data + out->at, bytes, size);
	out->at += size;
}

void
cursor_write_byte(struct cursor *out, uint8_t byte)
{
	cursor_write(out, &byte, 1);
}

static void
number_write(struct cursor *out, uint32_t number, uint32_t last)
{
	for (; number > last; number >>= 7)
		cursor_write_byte(out, (uint8_t)(number | 128));
	cursor_write_byte(out, (uint8_t)number);
}

void
cursor_write_number(struct cursor *out, uint32_t number)
{
	number_write(out, number, 127);
}

void
cursor_write_signed(struct cursor *out, uint32_t number)
{
	number_write(out, number, 63);
}

bool
cursor_next_section(struct cursor *module, uint8_t *id, struct cursor *section)
{
	if (module->at == module->size)
		return false;
	*id = cursor_read_byte(module);
	*section = cursor_read_part(module, cursor_read_number(module));
	return true;
}

void
cursor_write_section(struct cursor *out, uint8_t id, struct cursor section)
{
	cursor_write_byte(out, id);
	cursor_write_number(out, (uint32_t)section.size);
	cursor_write(out, section.data, section.size);
}

int
cursor_main(int count, char **arguments, cursor_rewrite *rewrite)
{
	static uint8_t linked[MODULE_MAX];
	static uint8_t written[MODULE_MAX];
	FILE *in = count == 3 ? fopen(arguments[1], "rbe") : NULL;
	FILE *out = in ? fopen(arguments[2], "wbe") : NULL;
	if (!out) {
		perror(arguments[0]);
		return 1;
	}
	struct cursor module = {linked, fread(linked, 1, sizeof linked, in), 0};
	struct cursor made = {written, sizeof written, 0};
	bool failed = ferror(in) != 0 || !feof(in);
	if (!failed) {
		cursor_write(&made, cursor_read_part(&module, MAGIC).data, MAGIC);
		rewrite(&module, &made);
	}
	failed |= fwrite(written, 1, made.at, out) != made.at;
	failed |= fclose(in) != 0;
	failed |= fclose(out) != 0;
	return failed;
}
