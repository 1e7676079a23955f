/* SPDX-License-Identifier: MPL-2.0 */
/* The first bytes of a program, and what a module says of itself: all that is given back lies in it. */
#include "realize/program.h"

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_within(struct bytes whole, struct bytes part)
{
	must(!part.size || (part.data >= whole.data &&
				   part.data + part.size <= whole.data + whole.size),
		"a part lies in the program");
}

static void
check_script(struct bytes head)
{
	struct bytes interpreter, argument;
	struct err err = {0};
	if (!program_interpreter(head, &interpreter, &argument, &err)) {
		must(err.kind == ERR_REFUSED, "a refusal has a reason");
		return;
	}
	check_within(head, interpreter);
	check_within(head, argument);
	must(interpreter.data[0] == '/' && bytes_find(interpreter, ' ') == SIZE_MAX &&
			bytes_find(interpreter, '\n') == SIZE_MAX &&
			bytes_find(argument, '\n') == SIZE_MAX,
		"an interpreter is one absolute path");
}

static void
check_module(struct bytes module)
{
	struct bytes formats[PROGRAM_FORMATS];
	size_t count = program_formats(module, formats, PROGRAM_FORMATS);
	must(count <= PROGRAM_FORMATS, "formats fit");
	for (size_t at = 0; at < count; at++) {
		check_within(module, formats[at]);
		must(formats[at].size && bytes_find(formats[at], '\n') == SIZE_MAX,
			"a format is a line");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes program = bytes_of(data, size);
	enum program_kind kind = PROGRAM_ELF;
	struct err err = {0};
	if (!program_classify(program, &kind, &err))
		return 0;
	switch (kind) {
	case PROGRAM_WASM:
		check_module(program);
		break;
	case PROGRAM_SCRIPT:
		check_script(program);
		break;
	case PROGRAM_ELF:
		break;
	}
	return 0;
}
