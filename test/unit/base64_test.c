/* SPDX-License-Identifier: MPL-2.0 */
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
expect(const char *data, const char *text)
{
	char out[32];
	memset(out, '!', sizeof out);
	base64_print(bytes_text(data), out);
	assert_string_equal(out, text);
	assert_int_equal(strlen(text) + 1, BASE64_ROOM(strlen(data)));
}

/* RFC 4648, section 10. */
static void
the_vectors_of_the_rfc_hold(void **state)
{
	(void)state;
	expect("", "");
	expect("f", "Zg==");
	expect("fo", "Zm8=");
	expect("foo", "Zm9v");
	expect("foob", "Zm9vYg==");
	expect("fooba", "Zm9vYmE=");
	expect("foobar", "Zm9vYmFy");
}

static void
bytes_with_high_bits_use_the_last_letters(void **state)
{
	(void)state;
	static const uint8_t data[] = {0xfb, 0xff, 0xbf, 0};
	char out[BASE64_ROOM(sizeof data)];
	base64_print(bytes_of(data, sizeof data), out);
	assert_string_equal(out, "+/+/AA==");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_the_rfc_hold),
		cmocka_unit_test(bytes_with_high_bits_use_the_last_letters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
