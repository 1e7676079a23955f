/* SPDX-License-Identifier: MPL-2.0 */
/*
 * untrap MODULE OUT: writes a module again without the traps that nothing comes to. Run by the build.
 *
 * The compiler puts `unreachable` behind each call of a function that does not return, fail() and its like, and behind each
 * loop that is left by its branches alone, so that what the stack holds there need not fit what follows. Where a block that
 * has no result ends there it fits: the engine, which checks each module that it compiles, would say otherwise.
 */
#include "base/must.h"
#include "opcode.h"

enum { TYPES = 256, BLOCKS = 1024 };

struct block {
	bool is_loop;
	bool is_plain; /* without a result */
};

/* The instructions of one function, behind its variables. */
static void
code_write(struct cursor code, bool is_plain, struct cursor *out)
{
	struct block blocks[BLOCKS] = {{.is_plain = is_plain}};
	size_t depth = 0;
	bool is_call = false;
	bool is_left = false; /* what comes next is not come to */
	while (code.at < code.size) {
		struct cursor from = code;
		uint8_t opcode = opcode_read(&code);
		uint8_t next = code.at < code.size ? code.data[code.at] : UNREACHABLE;
		if (opcode == UNREACHABLE && (is_call || is_left) && blocks[depth].is_plain &&
			(next == END || next == ELSE)) {
			is_left = true;
			continue;
		}
		is_call = opcode == CALL;
		is_left = opcode == UNREACHABLE || opcode == BRANCH || opcode == BRANCH_TABLE ||
			  opcode == RETURN || (opcode == END && is_left && blocks[depth].is_loop);
		if (opcode >= BLOCK && opcode <= IF) {
			must(++depth < BLOCKS, "blocks are not so deep");
			blocks[depth] =
				(struct block){opcode == LOOP, from.data[from.at + 1] == NOTHING};
		}
		if (opcode == END)
			must(depth-- > 0 || code.at == code.size, "blocks have their ends");
		cursor_write(out, from.data + from.at, code.at - from.at);
	}
}

static void
function_write(struct cursor function, bool is_plain, struct cursor *out)
{
	static uint8_t room[MODULE_MAX];
	struct cursor written = {room, sizeof room, 0};
	/* Kinds of variables, each how many of which type. */
	opcode_skip_numbers(&function, (size_t)2 * cursor_read_number(&function));
	cursor_write(&written, function.data, function.at);
	code_write(cursor_read_part(&function, function.size - function.at), is_plain, &written);
	cursor_write_number(out, (uint32_t)written.at);
	cursor_write(out, written.data, written.at);
}

/* Which types of functions have no result. */
static void
types_read(struct cursor types, bool is_plain[TYPES])
{
	uint32_t count = cursor_read_number(&types);
	must(count <= TYPES, "types are few");
	for (uint32_t at = 0; at < count; at++) {
		/* Behind the word that it is a function: what it takes, what it gives. */
		(void)cursor_read_byte(&types);
		(void)cursor_read_part(&types, cursor_read_number(&types));
		uint32_t results = cursor_read_number(&types);
		(void)cursor_read_part(&types, results);
		is_plain[at] = results == 0;
	}
}

/* `functions` are the numbers of their types. */
static void
functions_write(struct cursor section, struct cursor functions, const bool is_plain[TYPES],
	struct cursor *out)
{
	uint32_t count = cursor_read_number(&section);
	must(cursor_read_number(&functions) == count, "each function has a type");
	cursor_write_number(out, count);
	for (; count; count--) {
		uint32_t type = cursor_read_number(&functions);
		must(type < TYPES, "types are few");
		function_write(cursor_read_part(&section, cursor_read_number(&section)),
			is_plain[type], out);
	}
}

static void
module_write(struct cursor *module, struct cursor *out)
{
	static uint8_t room[MODULE_MAX];
	bool is_plain[TYPES] = {false};
	struct cursor functions = {NULL, 0, 0};
	uint8_t id;
	struct cursor section;
	while (cursor_next_section(module, &id, &section)) {
		struct cursor written = {room, sizeof room, 0};
		if (id == SECTION_TYPE)
			types_read(section, is_plain);
		if (id == SECTION_FUNCTION)
			functions = section;
		if (id == SECTION_CODE) {
			functions_write(section, functions, is_plain, &written);
			section = (struct cursor){room, written.at, 0};
		}
		cursor_write_section(out, id, section);
	}
}

int
main(int count, char **arguments)
{
	return cursor_main(count, arguments, module_write);
}
