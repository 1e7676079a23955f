/* SPDX-License-Identifier: MPL-2.0 */
#include "network/challenge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
expect_url(const char *value, const char *url)
{
	struct challenge challenge;
	cleanup_buf struct buf out = BUF(1 << 16);
	if (!challenge_parse(bytes_text(value), &challenge)) {
		if (url)
			fail_msg("%s is no challenge", value);
		return;
	}
	if (!url)
		fail_msg("%s was taken", value);
	challenge_url(&challenge, &out);
	assert_string_equal(buf_text(&out), url);
	challenge_release(&challenge);
}

static void
a_challenge_says_where_a_token_is_asked_for(void **state)
{
	(void)state;
	expect_url("Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:o/r:pull\"",
		"https://a/t?service=s&scope=repository:o/r:pull");
	expect_url("bearer  REALM = https , x=y", "https");
	expect_url("Basic realm=\"x\", Bearer realm=\"https://a/t?q=1\",scope=\"a b\"",
		"https://a/t?q=1&scope=a&scope=b");
	expect_url("Negotiate abc==, Bearer realm=\"https://a\", Basic realm=\"https://b\"",
		"https://a");
	expect_url("Bearer realm=\"https://a/\\\"x\",service=\"a&b c%\"",
		"https://a/\"x?service=a%26b%20c%25");
	expect_url("Bearer realm=\"https://a\",realm=\"https://b\"", "https://a");
	expect_url(", , Bearer realm=\"https://a\", ", "https://a");
}

static void
what_is_no_bearer_challenge_with_a_realm_is_none(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "Bearer", "Bearer ", "Bearer realm",
		"Bearer realm=", "Bearer realm=\"\"", "Bearer realm=\"https://a",
		"Basic realm=\"https://a\"", "Bearer, Basic realm=\"https://a\"",
		"Bearer service=\"s\"", "realm=\"https://a\"", "Bearer realm=\"https://a\r\nb\"",
		"Bearer realm=\"\xc3\xa4\"", "=", "\"", "Bearer \"", "Bearerx realm=\"https://a\""};
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++)
		expect_url(texts[at], NULL);
	char long_text[2 * CHALLENGE_LIMIT];
	memset(long_text, 'x', sizeof long_text);
	memcpy(long_text, "Bearer realm=", 13);
	long_text[sizeof long_text - 1] = '\0';
	expect_url(long_text, NULL);
}

static void
expect_token(const char *json, const char *header, uint64_t seconds)
{
	cleanup_buf struct buf out = BUF(1 << 20);
	struct err err = {0};
	uint64_t lasts = 0;
	bool taken = token_parse(bytes_text(json), &out, &lasts, &err);
	assert_true(taken == (header != NULL));
	if (!taken) {
		assert_string_equal(err.text, "its answer holds no token");
		return;
	}
	assert_string_equal(buf_text(&out), header);
	assert_int_equal(lasts, seconds);
}

static void
an_answer_gives_its_token_and_how_long_it_lasts(void **state)
{
	(void)state;
	expect_token("{\"token\":\"a.b-c\"}", "Authorization: Bearer a.b-c", 60);
	expect_token("{\"access_token\":\"x\",\"expires_in\":300}", "Authorization: Bearer x", 300);
	expect_token("{\"token\":\"t\",\"access_token\":\"x\",\"expires_in\":-1}",
		"Authorization: Bearer t", 60);
	expect_token(
		"{\"token\":\"t\",\"expires_in\":99999999999}", "Authorization: Bearer t", 86400);
	static const char *const bad[] = {"", "{", "[]", "\"t\"", "{}", "{\"token\":1}",
		"{\"token\":\"\"}", "{\"token\":\"a b\"}", "{\"token\":\"a\\r\\nX: y\"}",
		"{\"token\":\"\\u00e4\"}", "{\"token\":null,\"access_token\":[]}"};
	for (size_t at = 0; at < sizeof bad / sizeof *bad; at++)
		expect_token(bad[at], NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_challenge_says_where_a_token_is_asked_for),
		cmocka_unit_test(what_is_no_bearer_challenge_with_a_realm_is_none),
		cmocka_unit_test(an_answer_gives_its_token_and_how_long_it_lasts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
