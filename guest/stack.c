/* SPDX-License-Identifier: MPL-2.0 */
/*
 * stack MODULE OUT: writes a module again in which each function that is never on the stack twice has its frame at an
 * address of its own (a compiled stack, as compilers for processors without one make it). Run by the build.
 *
 * A frame is for variables that must lie in memory. The compiler takes it from the stack's pointer, the first global, and
 * gives it back at the end, in some 16 bytes of code. It need not move where the address is known: behind the frames of
 * all that can be calling. So what the pointer begins at is lowered by the deepest sum of such frames, which lie above; a
 * function that can call itself, over others too, takes its frame from below as before, and ends the program where none is
 * left: beneath the stack lies the data, which a frame too many would overwrite without a word.
 *
 * What the host calls is the start alone, and no import calls back.
 */
#include <string.h>

#include "base/must.h"
#include "opcode.h"

/* The stack is what the linker was told (meson.build). */
enum { FUNCTIONS = 512, STACK_SIZE = 64 << 10, DEPTH_MAX = 16 << 10, ALIGNED = 16 };
enum { IMPORT_FUNCTION = 0 };

struct function {
	struct cursor variables;
	struct cursor code;
	bool has_own;   /* a frame, at an address of its own */
	uint32_t frame; /* its size */
	uint32_t depth; /* of all that can be calling */
};

struct program {
	uint32_t imports;
	uint32_t count;
	struct function functions[FUNCTIONS];
	/* Whether one calls another; then whether it does so over others. */
	bool calls[FUNCTIONS][FUNCTIONS];
	bool reaches[FUNCTIONS][FUNCTIONS];
	bool is_in_table[FUNCTIONS];
	uint32_t depth; /* the deepest of all frames */
	uint32_t stack; /* where the stack's pointer begins */
};

/* One instruction, of which the number behind it counts where it has one. */
struct instruction {
	uint8_t opcode;
	int32_t number;
};

static struct instruction
instruction_read(struct cursor *code)
{
	struct instruction out = {code->data[code->at], 0};
	struct cursor number = {code->data, code->size, code->at + 1};
	(void)opcode_read(code);
	if (number.at == code->at || out.opcode == CONST_64)
		return out;
	size_t start = number.at;
	uint32_t bits = cursor_read_number(&number);
	size_t shift = 7 * (number.at - start);
	/* A constant has a sign, in the last bit of its last byte. */
	if (out.opcode == CONST_32 && shift < 32 && bits >> (shift - 1))
		bits |= UINT32_MAX << shift;
	out.number = (int32_t)bits;
	return out;
}

/* A number added, or one subtracted. */
static bool
sum_read(struct cursor *code, int32_t *out)
{
	struct instruction number = instruction_read(code);
	if (number.opcode != CONST_32)
		return false;
	struct instruction sum = instruction_read(code);
	*out = sum.opcode == ADD_32 ? number.number : -number.number;
	return sum.opcode == ADD_32 || sum.opcode == SUBTRACT_32;
}

/* The stack's pointer, which is the one global, less a size is kept in a variable, and is the pointer from then on. */
static bool
frame_read_start(struct cursor *code, uint32_t *frame, uint32_t *variable)
{
	struct cursor at = *code;
	int32_t size = 0;
	struct instruction get = instruction_read(&at);
	if (get.opcode != GLOBAL_GET || !sum_read(&at, &size) || size >= 0)
		return false;
	struct instruction tee = instruction_read(&at);
	if (tee.opcode != LOCAL_TEE || instruction_read(&at).opcode != GLOBAL_SET)
		return false;
	must(size % ALIGNED == 0, "a frame is aligned");
	*frame = (uint32_t)-size;
	*variable = (uint32_t)tee.number;
	*code = at;
	return true;
}

/* The pointer is what it was. */
static bool
frame_read_end(struct cursor *code, uint32_t frame)
{
	struct cursor at = *code;
	int32_t size = 0;
	if (instruction_read(&at).opcode != LOCAL_GET || !sum_read(&at, &size))
		return false;
	struct instruction set = instruction_read(&at);
	if (set.opcode != GLOBAL_SET || size != (int32_t)frame)
		return false;
	*code = at;
	return true;
}

static void
function_note_call(struct program *program, uint32_t from, struct instruction call)
{
	if (call.opcode == CALL && (uint32_t)call.number >= program->imports)
		program->calls[from][(uint32_t)call.number - program->imports] = true;
	for (uint32_t to = 0; call.opcode == CALL_INDIRECT && to < program->count; to++)
		program->calls[from][to] |= program->is_in_table[to];
}

/* What it calls, and its frame: one that begins once, and else is given back alone. */
static void
function_scan(struct program *program, uint32_t at)
{
	struct function *function = &program->functions[at];
	struct cursor code = function->code;
	uint32_t variable = 0;
	bool is_plain = true;
	while (code.at < code.size) {
		if (!function->frame && frame_read_start(&code, &function->frame, &variable))
			continue;
		if (function->frame && frame_read_end(&code, function->frame))
			continue;
		struct instruction next = instruction_read(&code);
		function_note_call(program, at, next);
		if (next.opcode == GLOBAL_GET || next.opcode == GLOBAL_SET)
			is_plain = false;
	}
	function->has_own = is_plain && function->frame;
}

static void
program_close(struct program *program)
{
	memcpy(program->reaches, program->calls, sizeof program->reaches);
	for (uint32_t over = 0; over < program->count; over++)
		for (uint32_t from = 0; from < program->count; from++)
			for (uint32_t to = 0; program->reaches[from][over] && to < program->count;
				to++)
				program->reaches[from][to] |= program->reaches[over][to];
	for (uint32_t at = 0; at < program->count; at++)
		program->functions[at].has_own &= !program->reaches[at][at];
}

/* Until none is deeper: what calls itself has no frame here, so there is an end. */
static void
program_place(struct program *program)
{
	bool is_deeper = true;
	while (is_deeper) {
		is_deeper = false;
		for (uint32_t from = 0; from < program->count; from++) {
			const struct function *caller = &program->functions[from];
			uint32_t end = caller->depth + (caller->has_own ? caller->frame : 0);
			if (end > program->depth)
				program->depth = end;
			for (uint32_t to = 0; to < program->count; to++)
				if (program->calls[from][to] &&
					program->functions[to].depth < end) {
					program->functions[to].depth = end;
					is_deeper = true;
				}
		}
	}
	must(program->depth <= DEPTH_MAX, "most of the stack is left to what calls itself");
}

/* A frame that begins below the stack is the end. The pointer, less a frame, is no address of the upper half: an
 * end below zero has a sign. */
static void
check_write(const struct program *program, uint32_t variable, struct cursor *out)
{
	cursor_write_byte(out, LOCAL_GET);
	cursor_write_number(out, variable);
	opcode_write_constant(out, program->stack - STACK_SIZE);
	cursor_write_byte(out, LESS_32);
	cursor_write_byte(out, IF);
	cursor_write_byte(out, NOTHING);
	cursor_write_byte(out, UNREACHABLE);
	cursor_write_byte(out, END);
}

static void
function_write(const struct program *program, const struct function *function, struct cursor *out)
{
	static uint8_t room[MODULE_MAX];
	struct cursor written = {room, sizeof room, 0};
	struct cursor code = function->code;
	cursor_write(&written, function->variables.data, function->variables.size);
	while (code.at < code.size) {
		struct cursor from = code;
		uint32_t frame = 0;
		uint32_t variable = 0;
		if (function->has_own && frame_read_start(&code, &frame, &variable)) {
			opcode_write_constant(
				&written, program->stack - program->depth + function->depth);
			cursor_write_byte(&written, LOCAL_SET);
			cursor_write_number(&written, variable);
			continue;
		}
		if (function->has_own && frame_read_end(&code, function->frame))
			continue;
		if (frame_read_start(&code, &frame, &variable)) {
			cursor_write(&written, from.data + from.at, code.at - from.at);
			check_write(program, variable, &written);
			continue;
		}
		(void)opcode_read(&code);
		cursor_write(&written, from.data + from.at, code.at - from.at);
	}
	cursor_write_number(out, (uint32_t)written.at);
	cursor_write(out, written.data, written.at);
}

static void
imports_read(struct cursor section, struct program *program)
{
	program->imports = cursor_read_number(&section);
	for (uint32_t at = 0; at < program->imports; at++) {
		(void)cursor_read_part(&section, cursor_read_number(&section));
		(void)cursor_read_part(&section, cursor_read_number(&section));
		must(cursor_read_byte(&section) == IMPORT_FUNCTION, "imports are functions");
		(void)cursor_read_number(&section);
	}
}

/* One list of functions, for the first table. */
static void
elements_read(struct cursor section, struct program *program)
{
	must(cursor_read_number(&section) == 1, "a table is filled once");
	must(cursor_read_number(&section) == 0, "it is the first");
	(void)opcode_read_address(&section);
	for (uint32_t count = cursor_read_number(&section); count; count--) {
		uint32_t at = cursor_read_number(&section) - program->imports;
		must(at < FUNCTIONS, "an element is a function of the program");
		program->is_in_table[at] = true;
	}
}

static void
code_read(struct cursor section, struct program *program)
{
	program->count = cursor_read_number(&section);
	must(program->count <= FUNCTIONS, "functions are few");
	for (uint32_t at = 0; at < program->count; at++) {
		struct function *function = &program->functions[at];
		struct cursor body = cursor_read_part(&section, cursor_read_number(&section));
		struct cursor start = body;
		/* Kinds of variables, each how many of which type. */
		opcode_skip_numbers(&body, (size_t)2 * cursor_read_number(&body));
		function->variables = cursor_read_part(&start, body.at);
		function->code = cursor_read_part(&body, body.size - body.at);
	}
	for (uint32_t at = 0; at < program->count; at++)
		function_scan(program, at);
	program_close(program);
	program_place(program);
}

static void
program_read(struct cursor module, struct program *program)
{
	uint8_t id;
	struct cursor section;
	while (cursor_next_section(&module, &id, &section)) {
		if (id == SECTION_IMPORT)
			imports_read(section, program);
		if (id == SECTION_GLOBAL)
			program->stack = opcode_read_stack(section);
		if (id == SECTION_ELEMENTS)
			elements_read(section, program);
		if (id == SECTION_CODE)
			code_read(section, program);
	}
}

static void
module_write(struct cursor *module, struct cursor *out)
{
	static struct program program;
	static uint8_t room[MODULE_MAX];
	uint8_t id;
	struct cursor section;
	program_read(*module, &program);
	while (cursor_next_section(module, &id, &section)) {
		struct cursor written = {room, sizeof room, 0};
		if (id == SECTION_GLOBAL) {
			/* One, an address, that changes. */
			cursor_write(&written, section.data, 3);
			opcode_write_constant(&written, program.stack - program.depth);
			cursor_write_byte(&written, END);
		}
		if (id == SECTION_CODE) {
			cursor_write_number(&written, program.count);
			for (uint32_t at = 0; at < program.count; at++)
				function_write(&program, &program.functions[at], &written);
		}
		if (written.at)
			section = (struct cursor){room, written.at, 0};
		cursor_write_section(out, id, section);
	}
}

int
main(int count, char **arguments)
{
	return cursor_main(count, arguments, module_write);
}
