/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_data.h"

#include "delta.h"

#define DELTA(literal) SPAN(literal)

/* What a delta makes of a base; NULL where it is not one for it. */
static char *
apply(struct span delta, struct span base)
{
	uint64_t size = 0;
	if (!delta_head(&delta, base.size, &size) || size > 1 << 20)
		return NULL;
	/* Exactly as large as it is said to be: one byte more is an overflow. */
	char *result = malloc(size + 1);
	if (!delta_apply(delta, base, (uint8_t *)result, size)) {
		free(result);
		return NULL;
	}
	result[size] = 0;
	return result;
}

static void
makes(struct span delta, const char *base, const char *expected)
{
	char *result = apply(delta, span_text(base));
	assert_non_null(result);
	assert_string_equal(result, expected);
	free(result);
}

static void
is_refused(struct span delta, const char *base)
{
	char *result = apply(delta, span_text(base));
	if (result)
		fail_msg("a delta made \"%s\"", result);
}

static void
a_delta_copies_from_the_base_and_brings_its_own(void **state)
{
	(void)state;
	makes(DELTA("\x06\x09\x91\x03\x03\x03-+-\x91\x00\x03"), "abcdef", "def-+-abc");
	/* A copy without an offset begins at the start. */
	makes(DELTA("\x06\x02\x90\x02"), "abcdef", "ab");
	makes(DELTA("\x00\x01\x01x"), "", "x");
	makes(DELTA("\x00\x00"), "", "");
}

static void
a_copy_of_no_size_is_one_of_65536_bytes(void **state)
{
	(void)state;
	struct buf words = words_make(0x10000 + 10);
	struct span base = span_of(words.data, words.size);
	char *result = apply(DELTA("\x8a\x80\x04\x80\x80\x04\x81\x0a"), base);
	assert_non_null(result);
	assert_memory_equal(result, words.data + 10, 0x10000);
	free(result);
	/* With one byte less behind the offset it reaches out of the base. */
	assert_null(apply(DELTA("\x8a\x80\x04\x80\x80\x04\x81\x0b"), base));
	buf_release(&words);
}

static void
what_reaches_out_of_the_base_is_refused(void **state)
{
	(void)state;
	is_refused(DELTA("\x06\x01\x91\x06\x01"), "abcdef");
	is_refused(DELTA("\x06\x07\x90\x07"), "abcdef");
	is_refused(DELTA("\x06\x01\x9f\xff\xff\xff\xff\x01"), "abcdef");
	/* Offset and size that together come round to the start. */
	is_refused(DELTA("\x06\x06\xff\xff\xff\xff\xff\xff\xff\xff"), "abcdef");
}

static void
what_makes_more_or_less_than_it_said_is_refused(void **state)
{
	(void)state;
	is_refused(DELTA("\x06\x02\x90\x03"), "abcdef");
	is_refused(DELTA("\x06\x04\x90\x03"), "abcdef");
	is_refused(DELTA("\x06\x02\x03xyz"), "abcdef");
	is_refused(DELTA("\x06\x04\x03xyz"), "abcdef");
	is_refused(DELTA("\x06\x01"), "abcdef");
}

static void
what_is_cut_off_anywhere_is_refused(void **state)
{
	(void)state;
	static const char whole[] = "\x06\x09\x91\x03\x03\x03-+-\x91\x00\x03";
	for (size_t size = 0; size < sizeof whole - 1; size++) {
		/* In memory of its own, so that a byte too many is seen. */
		uint8_t *piece = malloc(size + 1);
		memcpy(piece, whole, size);
		uint8_t *exact = realloc(piece, size ? size : 1);
		char *result = apply(span_of(exact, size), SPAN("abcdef"));
		assert_null(result);
		free(exact);
	}
}

static void
a_head_that_is_not_of_this_base_or_never_ends_is_refused(void **state)
{
	(void)state;
	is_refused(DELTA("\x05\x01\x90\x01"), "abcdef");
	is_refused(DELTA("\x86\x80\x80\x80\x80\x80\x00\x01\x90\x01"), "abcdef");
	is_refused(DELTA("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"), "");
	/* The code that git has reserved. */
	is_refused(DELTA("\x06\x01\x00\x90\x01"), "abcdef");
	/* A size may be spelled longer than it must be, as git reads it too. */
	makes(DELTA("\x86\x00\x01\x90\x01"), "abcdef", "a");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_delta_copies_from_the_base_and_brings_its_own),
		cmocka_unit_test(a_copy_of_no_size_is_one_of_65536_bytes),
		cmocka_unit_test(what_reaches_out_of_the_base_is_refused),
		cmocka_unit_test(what_makes_more_or_less_than_it_said_is_refused),
		cmocka_unit_test(what_is_cut_off_anywhere_is_refused),
		cmocka_unit_test(a_head_that_is_not_of_this_base_or_never_ends_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
