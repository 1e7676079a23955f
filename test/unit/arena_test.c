/* SPDX-License-Identifier: MPL-2.0 */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct sample {
	uint64_t number;
	char letter;
};

static void
objects_are_zeroed_aligned_and_apart(void **state UNUSED)
{
	struct arena arena = ARENA;
	struct sample *before = NULL;
	for (size_t at = 0; at < 5000; at++) {
		assert_non_null(arena_take(&arena, 1 + at % 7, 1));
		struct sample *sample = arena_new(&arena, struct sample);
		assert_int_equal((uintptr_t)sample % alignof(struct sample), 0);
		assert_int_equal(sample->number, 0);
		assert_int_equal(sample->letter, 0);
		sample->number = at;
		sample->letter = 'x';
		if (before)
			assert_int_equal(before->number, at - 1);
		before = sample;
	}
	arena_release(&arena);
}

static void
what_is_larger_than_a_block_fits_whole(void **state UNUSED)
{
	struct arena arena = ARENA;
	uint32_t *numbers = arena_array(&arena, uint32_t, 100000);
	for (uint32_t at = 0; at < 100000; at++) {
		assert_int_equal(numbers[at], 0);
		numbers[at] = at;
	}
	char *small = arena_text(&arena, BYTES_LITERAL("small"));
	assert_int_equal(numbers[99999], 99999);
	assert_string_equal(small, "small");
	assert_non_null(arena_array(&arena, uint32_t, 0));
	arena_release(&arena);
}

static void
a_rewind_keeps_what_is_older_than_its_mark(void **state UNUSED)
{
	struct arena arena = ARENA;
	struct arena_mark empty = arena_mark(&arena);
	char *kept = arena_format(&arena, "%s %d", "kept", 7);
	struct arena_mark mark = arena_mark(&arena);
	size_t total = arena.total;
	for (int round = 0; round < 3; round++) {
		for (size_t at = 0; at < 100; at++)
			memset(arena_take(&arena, 1000, 8), 0xff, 1000);
		assert_int_equal(arena.total, total + (size_t)100 * 1000);
		arena_rewind(&arena, mark);
		assert_int_equal(arena.total, total);
	}
	const uint8_t *again = arena_take(&arena, 64, 1);
	for (size_t at = 0; at < 64; at++)
		assert_int_equal(again[at], 0);
	assert_string_equal(kept, "kept 7");
	arena_rewind(&arena, empty);
	assert_int_equal(arena.total, 0);
	arena_release(&arena);
	arena_release(&arena);
}

static void
copies_hold_every_byte_and_texts_end_in_nul(void **state UNUSED)
{
	struct arena arena = ARENA;
	uint8_t raw[] = {'a', 0, 'b', 0xff};
	struct bytes copy = arena_copy(&arena, bytes_of(raw, sizeof raw));
	raw[0] = 'z';
	assert_int_equal(copy.size, 4);
	assert_memory_equal(copy.data, "a\0b\xff", 5);
	assert_string_equal(arena_text(&arena, bytes_of(NULL, 0)), "");
	assert_int_equal(arena_copy(&arena, bytes_of(NULL, 0)).size, 0);
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_zeroed_aligned_and_apart),
		cmocka_unit_test(what_is_larger_than_a_block_fits_whole),
		cmocka_unit_test(a_rewind_keeps_what_is_older_than_its_mark),
		cmocka_unit_test(copies_hold_every_byte_and_texts_end_in_nul),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
