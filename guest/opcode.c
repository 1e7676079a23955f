/* SPDX-License-Identifier: MPL-2.0 */
#include "opcode.h"

#include "base/must.h"

enum { MORE_COPY = 10, MORE_FILL };
/* The type of a global, and that it changes. */
enum { TYPE_32 = 0x7f, VARIABLE = 1 };

void
opcode_skip_numbers(struct cursor *code, size_t count)
{
	for (; count; count--)
		while (cursor_read_byte(code) & 128)
			continue;
}

/* How many numbers follow an opcode, most of which have none. */
static size_t
numbers_behind(struct cursor *code, uint8_t opcode)
{
	if (opcode == BRANCH_TABLE)
		return (size_t)cursor_read_number(code) + 1;
	if (opcode == CALL_INDIRECT || (opcode >= LOAD && opcode <= STORE_LAST))
		return 2;
	if ((opcode >= BLOCK && opcode <= IF) || opcode == BRANCH || opcode == BRANCH_IF ||
		opcode == CALL || (opcode >= LOCAL_GET && opcode <= GLOBAL_SET) ||
		(opcode >= MEMORY_SIZE && opcode <= CONST_64))
		return 1;
	if (opcode == MORE) {
		uint32_t more = cursor_read_number(code);
		must(more == MORE_COPY || more == MORE_FILL, "memory is copied, or filled");
		return more == MORE_COPY ? 2 : 1;
	}
	must(opcode <= SELECT || (opcode >= PLAIN && opcode <= PLAIN_LAST), "an opcode is known");
	return 0;
}

uint8_t
opcode_read(struct cursor *code)
{
	uint8_t opcode = cursor_read_byte(code);
	opcode_skip_numbers(code, numbers_behind(code, opcode));
	return opcode;
}

uint32_t
opcode_read_address(struct cursor *section)
{
	must(cursor_read_byte(section) == CONST_32, "an address is a constant");
	uint32_t number = cursor_read_number(section);
	must(cursor_read_byte(section) == END, "an address is a constant");
	return number;
}

uint32_t
opcode_read_stack(struct cursor section)
{
	must(cursor_read_number(&section) == 1, "the stack's pointer is the one global");
	must(cursor_read_byte(&section) == TYPE_32, "it is an address");
	must(cursor_read_byte(&section) == VARIABLE, "it changes");
	return opcode_read_address(&section);
}

void
opcode_write_constant(struct cursor *out, uint32_t number)
{
	cursor_write_byte(out, CONST_32);
	cursor_write_signed(out, number);
}
