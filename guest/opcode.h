/* SPDX-License-Identifier: MPL-2.0 */
/*
 * opcode: the instructions of a module, one behind the other, for what the build runs after the linker.
 *
 *     while (code.at < code.size) {
 *         uint8_t opcode = opcode_read(&code);     with all that follows it passed
 *
 * By the specification of WebAssembly, 5.4, as far as the compiler uses it here; anything else ends the build.
 */
#pragma once

#include "cursor.h"

enum opcode {
	UNREACHABLE = 0x00,
	BLOCK = 0x02,
	LOOP,
	IF,
	ELSE,
	END = 0x0b,
	BRANCH,
	BRANCH_IF,
	BRANCH_TABLE,
	RETURN,
	CALL,
	CALL_INDIRECT,
	SELECT = 0x1b,
	LOCAL_GET = 0x20,
	LOCAL_SET,
	LOCAL_TEE,
	GLOBAL_GET,
	GLOBAL_SET,
	LOAD = 0x28,
	STORE_LAST = 0x3e,
	MEMORY_SIZE,
	MEMORY_GROW,
	CONST_32,
	CONST_64,
	NOTHING = 0x40, /* what a block without a value gives, behind its opcode */
	PLAIN = 0x45,   /* what takes from the stack and gives to it alone */
	LESS_32 = 0x48, /* of numbers with a sign */
	ADD_32 = 0x6a,
	SUBTRACT_32,
	PLAIN_LAST = 0xc4,
	MORE = 0xfc,
};

uint8_t opcode_read(struct cursor *code);
void opcode_skip_numbers(struct cursor *code, size_t count);

/* An address that a section has: a constant, and the end. */
uint32_t opcode_read_address(struct cursor *section);
/* Of the section of globals, which has one: where the stack's pointer begins. */
uint32_t opcode_read_stack(struct cursor section);
void opcode_write_constant(struct cursor *out, uint32_t number);
