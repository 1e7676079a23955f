/* SPDX-License-Identifier: MPL-2.0 */
#include "opcode.h"

#include "base/must.h"

enum { MORE_COPY = 10, MORE_FILL };

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
