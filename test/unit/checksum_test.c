/* SPDX-License-Identifier: MPL-2.0 */
#include "island/checksum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Sums of the empty text, as `sha256sum` and `openssl dgst -binary | base64` print them. */
#define SHA256_HEX    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA256_BASE64 "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define SHA512_HEX                                                                                 \
	"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"                         \
	"47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
#define SHA512_BASE64                                                                              \
	"z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="

static void
expect_checksum(const char *text, const char *expected)
{
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct bytes out;
	if (!checksum_parse(&arena, bytes_text(text), &out, &err))
		fail_msg("%s", err.text);
	assert_string_equal((const char *)out.data, expected);
}

static void
hexadecimal_and_base64_give_the_same(void **state)
{
	(void)state;
	expect_checksum("sha256-" SHA256_HEX, "sha256-" SHA256_HEX);
	expect_checksum("sha256-" SHA256_BASE64, "sha256-" SHA256_HEX);
	expect_checksum("sha512-" SHA512_HEX, "sha512-" SHA512_HEX);
	expect_checksum("sha512-" SHA512_BASE64, "sha512-" SHA512_HEX);
	expect_checksum("sha256-E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
		"sha256-" SHA256_HEX);
}

static void
whatever_else_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "sha256", "sha256-", SHA256_HEX, "md5-" SHA256_HEX,
		"sha256-" SHA512_HEX, "sha512-" SHA256_HEX, "sha256-" SHA256_HEX "0",
		"sha256:" SHA256_HEX, "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
		"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=",
		"sha256-47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=",
		"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF==",
		"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3h=uFU="};
	for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
		cleanup_arena struct arena arena = ARENA;
		struct err err = {0};
		struct bytes out;
		if (checksum_parse(&arena, bytes_text(bad[at]), &out, &err))
			fail_msg("%s is taken", bad[at]);
		assert_int_equal(err.kind, ERR_REFUSED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hexadecimal_and_base64_give_the_same),
		cmocka_unit_test(whatever_else_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
