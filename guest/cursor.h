/* SPDX-License-Identifier: MPL-2.0 */
/*
 * cursor: a module of WebAssembly read and written, byte by byte, by what the build runs after the linker.
 *
 *     int main(int count, char **arguments) { return cursor_main(count, arguments, module_write); }
 *
 * It reads the program that wasm-opt made, on this machine a moment ago: what is no module ends the build. Numbers are as
 * the specification of WebAssembly (5.2.2, LEB128) has them, of at most 32 bits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODULE_MAX = 1 << 20 };

/* The numbers of sections. */
enum {
	SECTION_TYPE = 1,
	SECTION_IMPORT,
	SECTION_FUNCTION,
	SECTION_MEMORY = 5,
	SECTION_GLOBAL,
	SECTION_ELEMENTS = 9,
	SECTION_CODE,
	SECTION_DATA,
	SECTION_DATA_COUNT,
};

struct cursor {
	uint8_t *data;
	size_t size;
	size_t at;
};

uint8_t cursor_read_byte(struct cursor *cursor);
/* Signed or not: no number here has a sign. */
uint32_t cursor_read_number(struct cursor *cursor);
/* The next bytes, as they lie there. */
struct cursor cursor_read_part(struct cursor *cursor, size_t size);

void cursor_write(struct cursor *out, const uint8_t *bytes, size_t size);
void cursor_write_byte(struct cursor *out, uint8_t byte);
void cursor_write_number(struct cursor *out, uint32_t number);
/* The same as a signed number, whose last byte has a bit for its sign. */
void cursor_write_signed(struct cursor *out, uint32_t number);

/* PROGRAM MODULE OUT: writes the sections of a module as `rewrite` does, behind the same magic. The exit status of the program. */
typedef void cursor_rewrite(struct cursor *module, struct cursor *out);
int cursor_main(int count, char **arguments, cursor_rewrite *rewrite);

/* The next section, its number and what is in it, until there is none. */
bool cursor_next_section(struct cursor *module, uint8_t *id, struct cursor *section);
void cursor_write_section(struct cursor *out, uint8_t id, struct cursor section);
