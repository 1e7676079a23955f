/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_native.h"

#include "base/digest.h"

static void
text_is(struct text *text, const char *expected)
{
	assert_string_equal((const char *)text->data, expected);
	assert_int_equal(text->size, strlen(expected));
	text_clear(text);
}

static void
a_text_grows_and_always_ends_in_a_nul(void **state)
{
	(void)state;
	struct text text = {0};
	text_add(&text, SPAN(""));
	text_is(&text, "");
	for (size_t at = 0; at < 1000; at++) {
		text_byte(&text, 'a');
		assert_int_equal(text.data[text.size], 0);
	}
	assert_int_equal(text.size, 1000);
	text_clear(&text);
	text_put(&text, "https://");
	text_add(&text, SPAN("host"));
	text_byte(&text, '/');
	text_number(&text, 0);
	text_byte(&text, '/');
	text_number(&text, UINT64_MAX);
	text_is(&text, "https://host/0/18446744073709551615");
	text_release(&text);
	text_put(&text, "again");
	text_is(&text, "again");
	text_release(&text);
	/* Even one that is made of nothing ends so. */
	struct text *made = text_new("");
	text_is(made, "");
	text_free(made);
	made = text_new("https://");
	text_add(made, SPAN("host"));
	text_is(made, "https://host");
	text_free(made);
}

static void
the_heap_gives_what_was_given_back(void **state)
{
	(void)state;
	struct text text = {0};
	text_put(&text, "block");
	uint8_t *first = text.data;
	text_release(&text);
	text_put(&text, "block");
	assert_ptr_equal(text.data, first);
	text_release(&text);
}

static void
grow_beyond(void *context)
{
	struct text text = {0};
	size_t size = *(size_t *)context;
	uint8_t *bytes = memory_zero(1, size);
	text_byte(&text, 'a');
	text_add(&text, span_of(bytes, size - 1));
	if (text.size == TEXT_MAX)
		text_byte(&text, 'b');
}

static void
more_than_its_ceiling_ends_the_program(void **state)
{
	(void)state;
	size_t sizes[] = {TEXT_MAX, (size_t)TEXT_MAX + 1};
	for (size_t at = 0; at < 2; at++)
		guest_fails(grow_beyond, &sizes[at], "a text is longer than 4 MiB");
}

static void
bytes_that_a_url_may_not_hold_are_escaped(void **state)
{
	(void)state;
	struct text text = {0};
	text_percent(&text, SPAN("aZ09-._~/"));
	text_is(&text, "aZ09-._~/");
	text_percent(&text, SPAN("a b%:@?#+\x01\x7f\xff"));
	text_is(&text, "a%20b%25%3A%40%3F%23%2B%01%7F%FF");
	/* Letters differ in one bit from what is none. */
	text_percent(&text, SPAN("@[`{"));
	text_is(&text, "%40%5B%60%7B");
	text_release(&text);
}

static void
hexadecimal_is_lower_case_and_of_one_length(void **state)
{
	(void)state;
	struct text text = {0};
	text_hex(&text, SPAN("\x00\x0f\xf0\xab"));
	text_is(&text, "000ff0ab");
	text_release(&text);
	uint8_t raw[3] = {1, 2, 3};
	assert_true(hex_read(SPAN("00ff"), raw, 2));
	assert_memory_equal(raw, "\x00\xff\x03", 3);
	assert_false(hex_read(SPAN("00f"), raw, 2));
	assert_false(hex_read(SPAN("00ff0"), raw, 2));
	assert_false(hex_read(SPAN("00FF"), raw, 2));
	assert_false(hex_read(SPAN("0g"), raw, 1));
	assert_true(hex_read(SPAN(""), raw, 0));
}

static void
a_digest_is_spelled_as_the_host_spells_it(void **state)
{
	(void)state;
	struct text text = {0};
	static const char *const samples[] = {"", "a", "cab", "another text"};
	for (size_t at = 0; at < 4; at++) {
		struct digest digest = digest_of(bytes_text(samples[at]));
		uint8_t sum[SUM_BLAKE3];
		hash_once(CAB_HASH_BLAKE3, span_text(samples[at]), sum);
		assert_memory_equal(sum, digest.bytes, SUM_BLAKE3);
		text_digest(&text, sum);
		text_is(&text, digest_print(&digest).text);
	}
	text_release(&text);
}

static void
speak(void *context)
{
	(void)context;
	log_about("ref", SPAN("a\x1b[31mb\nc\x7f\xc3\xa9"));
	fail_number("status", 404);
}

static void
what_a_stranger_names_cannot_steer_a_terminal(void **state)
{
	(void)state;
	struct buf log = guest_runs(speak, NULL, 1);
	assert_string_equal(buf_text(&log), "ref: a?[31mb?c?\xc3\xa9\nstatus: 404\n");
	buf_release(&log);
}

static void
fail_plainly(void *context)
{
	(fail)(context);
}

static void
fail_somewhere(void *context)
{
	fail_in("tar", context);
}

static void
a_failure_is_one_sentence_and_exit_code_1(void **state)
{
	(void)state;
	char sentence[] = "cut off";
	guest_fails(fail_plainly, sentence, "cut off");
	guest_fails(fail_somewhere, sentence, "tar: cut off");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_grows_and_always_ends_in_a_nul),
		cmocka_unit_test(the_heap_gives_what_was_given_back),
		cmocka_unit_test(more_than_its_ceiling_ends_the_program),
		cmocka_unit_test(bytes_that_a_url_may_not_hold_are_escaped),
		cmocka_unit_test(hexadecimal_is_lower_case_and_of_one_length),
		cmocka_unit_test(a_digest_is_spelled_as_the_host_spells_it),
		cmocka_unit_test(what_a_stranger_names_cannot_steer_a_terminal),
		cmocka_unit_test(a_failure_is_one_sentence_and_exit_code_1),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
