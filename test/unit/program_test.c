/* SPDX-License-Identifier: MPL-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "realize/program.h"

#include "base/digest.h"

static void
the_first_bytes_say_what_a_program_is(void **state)
{
	(void)state;
	enum program_kind kind;
	struct err err;
	assert_true(program_classify(BYTES_LITERAL("\0asm"), &kind, &err));
	assert_int_equal(kind, PROGRAM_WASM);
	assert_true(program_classify(BYTES_LITERAL("\177ELF"), &kind, &err));
	assert_int_equal(kind, PROGRAM_ELF);
	assert_true(program_classify(BYTES_LITERAL("#!/b"), &kind, &err));
	assert_int_equal(kind, PROGRAM_SCRIPT);
	assert_false(program_classify(BYTES_LITERAL("text"), &kind, &err));
	assert_false(program_classify(BYTES_LITERAL("#"), &kind, &err));
	assert_false(program_classify(BYTES_LITERAL(""), &kind, &err));
}

static void
a_script_names_its_interpreter_and_one_argument(void **state)
{
	(void)state;
	struct bytes interpreter;
	struct bytes argument;
	struct err err;
	assert_true(program_interpreter(
		BYTES_LITERAL("#! /bin/sh -e x \nbody"), &interpreter, &argument, &err));
	assert_true(bytes_equal_text(interpreter, "/bin/sh"));
	assert_true(bytes_equal_text(argument, "-e x"));
	assert_true(
		program_interpreter(BYTES_LITERAL("#!/bin/sh\n"), &interpreter, &argument, &err));
	assert_int_equal(argument.size, 0);
	assert_false(program_interpreter(BYTES_LITERAL("#!sh\n"), &interpreter, &argument, &err));
	assert_false(program_interpreter(BYTES_LITERAL("#!\n"), &interpreter, &argument, &err));
	assert_false(
		program_interpreter(BYTES_LITERAL("#!/bin/sh"), &interpreter, &argument, &err));
}

#define MODULE "\0asm\1\0\0\0"

static void
a_module_lists_its_formats(void **state)
{
	(void)state;
	struct bytes formats[4];
	struct bytes module = BYTES_LITERAL(MODULE "\1\1\0"
						   "\0\27\16cab.identities"
						   "git\nhttp");
	assert_int_equal(program_formats(module, formats, 4), 2);
	assert_true(bytes_equal_text(formats[0], "git"));
	assert_true(bytes_equal_text(formats[1], "http"));
	assert_int_equal(program_formats(BYTES_LITERAL(MODULE), formats, 4), 0);
	/* The vector of cab-guest(7). */
	uint8_t vector[8 + 30] = MODULE;
	assert_true(hex_parse(BYTES_LITERAL("001c0e6361622e6964656e746974696573736861"
					    "3235362e73756d73310a"),
		vector + 8));
	assert_int_equal(program_formats(bytes_of(vector, sizeof vector), formats, 4), 1);
	assert_true(bytes_equal_text(formats[0], "sha256.sums1"));
}

static void
sections_that_do_not_add_up_list_nothing(void **state)
{
	(void)state;
	struct bytes formats[4];
	assert_int_equal(program_formats(BYTES_LITERAL("\0asm"), formats, 4), 0);
	assert_int_equal(program_formats(BYTES_LITERAL(MODULE "\0"), formats, 4), 0);
	assert_int_equal(
		program_formats(BYTES_LITERAL(MODULE "\0\xff\xff\xff\xff\x0f"), formats, 4), 0);
	assert_int_equal(
		program_formats(BYTES_LITERAL(MODULE "\0\xff\xff\xff\xff\xff\xff"), formats, 4), 0);
	assert_int_equal(program_formats(BYTES_LITERAL(MODULE "\0\2\x7f."), formats, 4), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_bytes_say_what_a_program_is),
		cmocka_unit_test(a_script_names_its_interpreter_and_one_argument),
		cmocka_unit_test(a_module_lists_its_formats),
		cmocka_unit_test(sections_that_do_not_add_up_list_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
