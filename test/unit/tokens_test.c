/* SPDX-License-Identifier: MPL-2.0 */
#include "network/tokens.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define O BYTES_LITERAL("https://o")

static void
put(struct tokens *tokens, const char *path, const char *url, uint64_t seconds)
{
	char header[64];
	(void)snprintf(header, sizeof header, "Authorization: Bearer %s", url);
	tokens_put(tokens, O, bytes_text(path), bytes_text(url), bytes_text(header), seconds);
}

static void
the_token_of_the_path_most_like_it_is_tried_first(void **state)
{
	(void)state;
	struct tokens *tokens = tokens_new();
	uint64_t number = 0;
	assert_null(tokens_find(tokens, O, BYTES_LITERAL("/v2/a/b"), &number));
	put(tokens, "/v2/a/manifests/1", "a", 60);
	put(tokens, "/v2/b/manifests/1", "b", 60);
	assert_string_equal(tokens_find(tokens, O, BYTES_LITERAL("/v2/a/blobs/x"), &number),
		"Authorization: Bearer a");
	assert_int_equal(number, 1);
	assert_string_equal(tokens_find(tokens, O, BYTES_LITERAL("/v2/b/blobs/x"), &number),
		"Authorization: Bearer b");
	assert_null(tokens_find(
		tokens, BYTES_LITERAL("https://other"), BYTES_LITERAL("/v2/a"), &number));
	assert_int_equal(number, 0);
	tokens_free(tokens);
}

static void
a_token_is_found_by_its_question_until_it_is_dropped_or_expires(void **state)
{
	(void)state;
	struct tokens *tokens = tokens_new();
	uint64_t number = 0;
	put(tokens, "/a", "u", 60);
	assert_non_null(tokens_find_asked(tokens, O, BYTES_LITERAL("u"), &number));
	assert_null(tokens_find_asked(tokens, O, BYTES_LITERAL("w"), &number));
	put(tokens, "/a", "u", 60);
	assert_non_null(tokens_find_asked(tokens, O, BYTES_LITERAL("u"), &number));
	assert_int_equal(number, 2);
	tokens_drop(tokens, O, BYTES_LITERAL("u"));
	tokens_drop(tokens, O, BYTES_LITERAL("u"));
	assert_null(tokens_find_asked(tokens, O, BYTES_LITERAL("u"), &number));
	put(tokens, "/a", "u", 0);
	assert_null(tokens_find(tokens, O, BYTES_LITERAL("/a"), &number));
	tokens_free(tokens);
}

static void
the_oldest_is_forgotten_first(void **state)
{
	(void)state;
	struct tokens *tokens = tokens_new();
	uint64_t number = 0;
	for (int at = 0; at <= TOKENS_MOST; at++) {
		char url[16];
		(void)snprintf(url, sizeof url, "%d", at);
		put(tokens, "/", url, 60);
	}
	assert_null(tokens_find_asked(tokens, O, BYTES_LITERAL("0"), &number));
	assert_non_null(tokens_find_asked(tokens, O, BYTES_LITERAL("1"), &number));
	assert_non_null(tokens_find_asked(tokens, O, BYTES_LITERAL("64"), &number));
	tokens_free(tokens);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_token_of_the_path_most_like_it_is_tried_first),
		cmocka_unit_test(a_token_is_found_by_its_question_until_it_is_dropped_or_expires),
		cmocka_unit_test(the_oldest_is_forgotten_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
