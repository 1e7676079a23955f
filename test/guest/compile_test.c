/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What cab-guest's compiler refuses, and with which words.
 *
 *     compile_test CAB_GUEST FOLDER_OF_MODULES
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "driver.h"

enum { LARGE = 50000000 };

struct fixture {
	const char *program;
	const char *modules;
};

/* The bytes that are not a module, and a part of the sentence that says so. */
static void
W8_modules_that_are_not_valid_are_refused_with_a_sentence(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *file;
		const char *says;
	} cases[] = {
		{"unknown_import.wasm", "env::surprise"},
		{"wrong_import.wasm", "cab::http_status"},
		{"no_start.wasm", "_start"},
		{"no_memory.wasm", "memory"},
		{"threads.wasm", "hared"},
		{"two_memories.wasm", "memor"},
	};
	for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
		cleanup_buf struct buf said = BUF(1 << 16);
		assert_int_equal(driver_compile_file(
					 fixture->program, fixture->modules, cases[at].file, &said),
			-1);
		if (!strstr(buf_text(&said), cases[at].says))
			print_error("%s: %s\n", cases[at].file, buf_text(&said));
		assert_non_null(strstr(buf_text(&said), cases[at].says));
		assert_null(strstr(buf_text(&said), "wait status"));
	}
	static const struct bytes texts[] = {
		{(const uint8_t *)"", 0},
		{(const uint8_t *)"(module)", 8},
		/* A component, a later version, an unknown section. */
		{(const uint8_t *)"\0asm\x0d\0\1\0", 8},
		{(const uint8_t *)"\0asm\2\0\0\0", 8},
		{(const uint8_t *)"\0asm\1\0\0\0\x3f\0", 10},
	};
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
		cleanup_buf struct buf said = BUF(1 << 16);
		assert_int_equal(driver_compile(fixture->program, texts[at], &said), -1);
		assert_true(said.size > 0 && said.data[said.size - 1] == '\n');
		assert_int_equal(bytes_find(buf_bytes(&said), '\n'), said.size - 1);
		assert_null(strstr(buf_text(&said), "wait status"));
	}
}

/* Descriptors cannot be moved onto each other: nothing is there to storm. */
static void
W6_a_module_that_would_renumber_descriptors_is_refused(void **state)
{
	struct fixture *fixture = *state;
	cleanup_buf struct buf said = BUF(1 << 16);
	assert_int_equal(
		driver_compile_file(fixture->program, fixture->modules, "renumber.wasm", &said),
		-1);
	assert_non_null(strstr(buf_text(&said), "wasi_snapshot_preview1::fd_renumber"));
}

static void
W8_a_module_cut_anywhere_is_refused(void **state)
{
	struct fixture *fixture = *state;
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/start.wasm", fixture->modules);
	cleanup_buf struct buf module = driver_read(path);
	for (size_t size = 0; size < module.size; size += 7) {
		cleanup_buf struct buf said = BUF(1 << 16);
		int artifact = driver_compile(
			fixture->program, bytes_first(buf_bytes(&module), size), &said);
		assert_int_equal(artifact, -1);
		assert_null(strstr(buf_text(&said), "wait status"));
	}
}

static void
add_leb(struct buf *out, size_t number)
{
	for (; number >= 0x80; number >>= 7)
		buf_add_byte(out, (uint8_t)(number | 0x80));
	buf_add_byte(out, (uint8_t)number);
}

static void
add_section(struct buf *out, uint8_t id, struct bytes contents)
{
	buf_add_byte(out, id);
	add_leb(out, contents.size);
	buf_add(out, contents);
}

/* `functions` functions without parameters, each with this body; the first is `_start`. */
static struct buf
module_of(size_t functions, struct bytes body)
{
	struct buf out = BUF(64 << 20);
	cleanup_buf struct buf kinds = BUF(64 << 20);
	cleanup_buf struct buf code = BUF(64 << 20);
	add_leb(&kinds, functions);
	add_leb(&code, functions);
	for (size_t at = 0; at < functions; at++) {
		buf_add_byte(&kinds, 0);
		add_leb(&code, body.size + 1);
		buf_add_byte(&code, 0);
		buf_add(&code, body);
	}
	buf_add(&out, BYTES_LITERAL("\0asm\1\0\0\0"));
	add_section(&out, 1, BYTES_LITERAL("\1\x60\0\0"));
	add_section(&out, 3, buf_bytes(&kinds));
	add_section(&out, 5, BYTES_LITERAL("\1\0\1"));
	add_section(&out, 7, BYTES_LITERAL("\2\6memory\2\0\6_start\0\0"));
	add_section(&out, 10, buf_bytes(&code));
	return out;
}

/* A whole module, and the same with one type more, of a proposal: that alone is what is refused. */
static void
W8_types_of_what_is_off_are_refused(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		struct bytes types;
		const char *says;
	} rows[] = {
		{BYTES_LITERAL("\1\x60\0\0"), NULL},
		/* Of garbage collection a struct, an array, an i31 and an any; a reference to an exception. */
		{BYTES_LITERAL("\2\x60\0\0\x5f\1\x7f\0"), "gc types"},
		{BYTES_LITERAL("\2\x60\0\0\x5e\x7f\0"), "gc types"},
		{BYTES_LITERAL("\2\x60\0\0\x60\1\x6c\0"), "gc types"},
		{BYTES_LITERAL("\2\x60\0\0\x60\1\x6e\0"), "gc types"},
		{BYTES_LITERAL("\2\x60\0\0\x60\1\x69\0"), "exception"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		cleanup_buf struct buf said = BUF(1 << 16);
		cleanup_buf struct buf module = BUF(1 << 16);
		buf_add(&module, BYTES_LITERAL("\0asm\1\0\0\0"));
		add_section(&module, 1, rows[at].types);
		add_section(&module, 3, BYTES_LITERAL("\1\0"));
		add_section(&module, 5, BYTES_LITERAL("\1\0\1"));
		add_section(&module, 7, BYTES_LITERAL("\2\6memory\2\0\6_start\0\0"));
		add_section(&module, 10, BYTES_LITERAL("\1\2\0\x0b"));
		int artifact = driver_compile(fixture->program, buf_bytes(&module), &said);
		fd_close(artifact);
		if (!rows[at].says)
			assert_true(artifact >= 0);
		else if (artifact >= 0 || !strstr(buf_text(&said), rows[at].says))
			fail_msg("%zu: %s", at, said.size ? buf_text(&said) : "taken");
	}
}

static void
expect_too_much(const struct fixture *fixture, const struct buf *module, uint64_t memory,
	unsigned seconds, const char *says)
{
	cleanup_buf struct buf said = BUF(1 << 16);
	assert_int_equal(
		driver_compile_within(fixture->program, buf_bytes(module), memory, seconds, &said),
		-1);
	if (strncmp(buf_text(&said), says, strlen(says)) != 0)
		print_error("%s\n", buf_text(&said));
	assert_memory_equal(buf_text(&said), says, strlen(says));
	assert_int_equal(bytes_find(buf_bytes(&said), '\n'), said.size - 1);
}

/* The real ceilings take a minute; what happens at a lower one is the same. */
static void
W3_a_module_that_takes_too_much_to_compile_is_refused_with_a_sentence(void **state)
{
	struct fixture *fixture = *state;
#if IS_SANITIZED
	print_message("# no limit of memory: a sanitizer's shadow is larger than any\n");
#else
	cleanup_buf struct buf many = module_of(1000000, BYTES_LITERAL("\x0b"));
	expect_too_much(fixture, &many, (uint64_t)128 << 20, 0,
		"the module takes more than 2 GiB to compile, or the compiler failed: memory");
#endif
	cleanup_buf struct buf sum = BUF(8 << 20);
	buf_add(&sum, BYTES_LITERAL("\x41\0"));
	for (size_t at = 0; at < 1500000; at++)
		buf_add(&sum, BYTES_LITERAL("\x41\1\x6a"));
	buf_add(&sum, BYTES_LITERAL("\x1a\x0b"));
	cleanup_buf struct buf one = module_of(1, buf_bytes(&sum));
	expect_too_much(fixture, &one, 0, 1, "the module takes more than 60 seconds to compile\n");
	/* And a plain module of the same make is fine. */
	cleanup_buf struct buf said = BUF(1 << 16);
	cleanup_buf struct buf few = module_of(10, BYTES_LITERAL("\x0b"));
	int artifact = driver_compile(fixture->program, buf_bytes(&few), &said);
	assert_true(artifact >= 0);
	fd_close(artifact);
}

static void
compiles(const struct fixture *fixture, const struct buf *module)
{
	cleanup_buf struct buf said = BUF(1 << 16);
	int artifact = driver_compile(fixture->program, buf_bytes(module), &said);
	if (artifact < 0)
		fail_msg("%s", buf_text(&said));
	fd_close(artifact);
}

static struct buf
branches_of(size_t targets)
{
	cleanup_buf struct buf body = BUF(8 << 20);
	buf_add(&body, BYTES_LITERAL("\x41\0\x0e"));
	add_leb(&body, targets);
	for (size_t at = 0; at <= targets; at++)
		buf_add_byte(&body, 0);
	buf_add_byte(&body, 0x0b);
	return module_of(1, buf_bytes(&body));
}

static void
W3_tables_of_branches_and_modules_of_50_megabytes_do_not_fell_the_compiler(void **state)
{
	struct fixture *fixture = *state;
	cleanup_buf struct buf some = branches_of(65000);
	compiles(fixture, &some);
	cleanup_buf struct buf many = branches_of(5000000);
	cleanup_buf struct buf said = BUF(1 << 16);
	assert_int_equal(driver_compile(fixture->program, buf_bytes(&many), &said), -1);
	assert_non_null(strstr(buf_text(&said), "`br_table` has 5000000 targets"));
	assert_int_equal(bytes_find(buf_bytes(&said), '\n'), said.size - 1);
	cleanup_buf struct buf plain = module_of(1, BYTES_LITERAL("\x0b"));
	/* A section that nobody knows, without a name. */
	uint8_t *filler = memory_zero(1, LARGE);
	add_section(&plain, 0, bytes_of(filler, LARGE));
	compiles(fixture, &plain);
	/* As much of code, a number and what drops it, again and again: the time ends it. */
	for (size_t at = 0; at + 3 < LARGE / 16; at += 3)
		memcpy(filler + at, "\x41\1\x1a", 3);
	filler[LARGE / 16 - 1] = 0x0b;
	cleanup_buf struct buf code = module_of(16, bytes_of(filler, LARGE / 16));
	free(filler);
	expect_too_much(fixture, &code, 0, 1, "the module takes more than 60 seconds to compile\n");
}

int
main(int argument_count, char **arguments)
{
	if (argument_count != 3)
		return 2;
	struct fixture fixture = {arguments[1], arguments[2]};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(
			W8_modules_that_are_not_valid_are_refused_with_a_sentence, &fixture),
		cmocka_unit_test_prestate(W8_a_module_cut_anywhere_is_refused, &fixture),
		cmocka_unit_test_prestate(W8_types_of_what_is_off_are_refused, &fixture),
		cmocka_unit_test_prestate(
			W6_a_module_that_would_renumber_descriptors_is_refused, &fixture),
		cmocka_unit_test_prestate(
			W3_a_module_that_takes_too_much_to_compile_is_refused_with_a_sentence,
			&fixture),
		cmocka_unit_test_prestate(
			W3_tables_of_branches_and_modules_of_50_megabytes_do_not_fell_the_compiler,
			&fixture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
