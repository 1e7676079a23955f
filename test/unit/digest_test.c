/* SPDX-License-Identifier: MPL-2.0 */
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/must.h"

static void
expect_hex(struct digest digest, const char *expected)
{
	char text[2 * DIGEST_SIZE + 1];
	hex_print(digest_bytes(&digest), text);
	assert_string_equal(text, expected);
}

/* Bytes 0 to 250 over and over: the input of BLAKE3's test_vectors.json. */
static uint8_t *
vector_input(size_t size)
{
	uint8_t *data = memory_new(size);
	for (size_t at = 0; at < size; at++)
		data[at] = (uint8_t)(at % 251);
	return data;
}

static void
digests_are_those_of_the_published_vectors(void **state)
{
	(void)state;
	expect_hex(digest_of(bytes_of(NULL, 0)),
		"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
	expect_hex(digest_of(BYTES_LITERAL("abc")),
		"6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85");
	uint8_t *data = vector_input(102400);
	expect_hex(digest_of(bytes_of(data, 102400)),
		"bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085");
	free(data);
}

static void
derived_digests_are_those_of_the_published_vectors(void **state)
{
	(void)state;
	static const char context[] = "BLAKE3 2019-12-27 16:29:52 test vectors context";
	expect_hex(digest_derive(context, bytes_of(NULL, 0)),
		"2cc39783c223154fea8dfb7c1b1660f2ac2dcbd1c1de8277b0b0dd39b7e50d7d");
	expect_hex(digest_derive(context, BYTES_LITERAL("\0")),
		"b3e2e340a117a499c6cf2398a19ee0d29cca2bb7404c73063382693bf66cb06c");
}

static void
pieces_give_the_digest_of_the_whole(void **state)
{
	(void)state;
	uint8_t *data = vector_input(102400);
	struct digest whole = digest_of(bytes_of(data, 102400));
	struct digester *digester = digester_new();
	for (int round = 0; round < 2; round++) {
		for (size_t at = 0; at < 102400; at += 1000) {
			size_t left = 102400 - at;
			digester_add(digester, bytes_of(data + at, left < 1000 ? left : 1000));
		}
		struct digest pieces = digester_finish(digester);
		assert_true(digest_equal(&whole, &pieces));
	}
	digester_free(digester);
	digester_free(NULL);
	free(data);
}

static void
the_text_round_trips(void **state)
{
	(void)state;
	struct digest digest = digest_of(BYTES_LITERAL("start"));
	for (int round = 0; round < 1000; round++) {
		struct digest_text text = digest_print(&digest);
		assert_int_equal(strlen(text.text), DIGEST_TEXT);
		struct digest back;
		assert_true(digest_parse(bytes_text(text.text), &back));
		assert_true(digest_equal(&digest, &back));
		digest = digest_of(digest_bytes(&digest));
	}
}

/* RFC 4648's base32 in lower case: Python's base64.b32encode over the same 32 bytes. */
static void
the_text_is_base32_with_the_first_bits_first(void **state)
{
	(void)state;
	struct digest digest = {{0}};
	assert_string_equal(
		digest_print(&digest).text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	memset(digest.bytes, 0xff, DIGEST_SIZE);
	assert_string_equal(
		digest_print(&digest).text, "777777777777777777777777777777777777777777777777777q");
	for (size_t at = 0; at < DIGEST_SIZE; at++)
		digest.bytes[at] = (uint8_t)at;
	assert_string_equal(
		digest_print(&digest).text, "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq");
}

static void
a_text_with_bits_left_over_is_refused(void **state)
{
	(void)state;
	char text[] = "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq";
	struct digest digest;
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	for (size_t at = 0; at < 32; at++) {
		text[DIGEST_TEXT - 1] = letters[at];
		bool fits = letters[at] == 'a' || letters[at] == 'q';
		assert_int_equal(digest_parse(bytes_text(text), &digest), fits);
	}
}

static void
a_text_of_another_alphabet_or_length_is_refused_and_touches_nothing(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"a",
		"Aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq",
		"0aaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq",
		"1aaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq",
		"8aaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq",
		"aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypqa",
		"aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dyp",
		"aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dyp=",
	};
	struct digest before = digest_of(BYTES_LITERAL("before"));
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
		struct digest digest = before;
		assert_false(digest_parse(bytes_text(texts[at]), &digest));
		assert_true(digest_equal(&digest, &before));
	}
}

static void
hexadecimal_is_lower_case_and_whole(void **state)
{
	(void)state;
	uint8_t raw[4] = {0};
	assert_true(hex_parse(BYTES_LITERAL("00ff7f80"), raw));
	char text[9];
	hex_print(bytes_of(raw, sizeof raw), text);
	assert_string_equal(text, "00ff7f80");
	assert_false(hex_parse(BYTES_LITERAL("00f"), raw));
	assert_false(hex_parse(BYTES_LITERAL("00FF"), raw));
	assert_false(hex_parse(BYTES_LITERAL("0g"), raw));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_those_of_the_published_vectors),
		cmocka_unit_test(derived_digests_are_those_of_the_published_vectors),
		cmocka_unit_test(pieces_give_the_digest_of_the_whole),
		cmocka_unit_test(the_text_round_trips),
		cmocka_unit_test(the_text_is_base32_with_the_first_bits_first),
		cmocka_unit_test(a_text_with_bits_left_over_is_refused),
		cmocka_unit_test(
			a_text_of_another_alphabet_or_length_is_refused_and_touches_nothing),
		cmocka_unit_test(hexadecimal_is_lower_case_and_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
