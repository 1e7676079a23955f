/* SPDX-License-Identifier: MPL-2.0 */
#include "network/errand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network/challenge.h"

static void
respond(struct response *response, const char *const *lines)
{
	struct err err = {0};
	response_init(response);
	for (; *lines; lines++)
		if (!response_add(response, bytes_text(*lines), &err))
			fail_msg("%s: %s", *lines, err.text);
}

static void
begin(struct errand *errand, const char *challenge)
{
	struct response response;
	struct err err = {0};
	respond(&response, (const char *const[]){"HTTP/1.1 401 x\r\n", challenge, "\r\n", NULL});
	if (!errand_begin(errand, &response, &err))
		fail_msg("%s", err.text);
	response_release(&response);
}

#define CHALLENGE                                                                                  \
	"WWW-Authenticate: Bearer realm=\"https://auth.example/token?a=b\",service=\"s p\","       \
	"scope=\"one two\"\r\n"

static void
a_challenge_says_where_the_token_is_asked_for(void **state)
{
	(void)state;
	struct errand errand = {0};
	begin(&errand, CHALLENGE);
	assert_true(errand.was_run);
	assert_int_equal(errand.request.method, METHOD_GET);
	assert_int_equal(errand.request.fields.size, 0);
	assert_string_equal(errand.url.text,
		"https://auth.example/token?a=b&service=s%20p&scope=one&scope=two");
	/* Another challenge is another place. */
	begin(&errand, "WWW-Authenticate: Bearer realm=\"https://b.example\"\r\n");
	assert_string_equal(errand.url.text, "https://b.example/");
	errand_reset(&errand);
	assert_false(errand.was_run);
	assert_null(errand.url.text);
	errand_release(&errand);
}

static void
a_realm_that_is_no_url_of_ours_is_refused(void **state)
{
	(void)state;
	static const char *const realms[] = {"file:///etc/passwd", "https://u:p@auth.example/",
		"//auth.example/", "https://0x7f.1/", "ftp://auth.example/", "https://a b/"};
	for (size_t at = 0; at < sizeof realms / sizeof *realms; at++) {
		struct errand errand = {0};
		struct response response;
		struct err err = {0};
		char line[200];
		(void)snprintf(
			line, sizeof line, "WWW-Authenticate: Bearer realm=\"%s\"\r\n", realms[at]);
		respond(&response, (const char *const[]){"HTTP/1.1 401 x\r\n", line, "\r\n", NULL});
		if (errand_begin(&errand, &response, &err))
			fail_msg("%s was taken", realms[at]);
		assert_non_null(strstr(err.text, "it wants a token"));
		response_release(&response);
		errand_release(&errand);
	}
}

static void
the_answer_s_token_becomes_a_line(void **state)
{
	(void)state;
	static const struct {
		const char *status, *body, *header;
		uint64_t seconds;
	} rows[] = {
		{"HTTP/1.1 200 x\r\n", "{\"token\":\"abc\",\"expires_in\":300}",
			"Authorization: Bearer abc", 300},
		{"HTTP/1.1 201 x\r\n", "{\"token\":\"abc\",\"expires_in\":300}", NULL, 0},
		{"HTTP/1.1 401 x\r\n", "{\"token\":\"abc\"}", NULL, 0},
		{"HTTP/1.1 200 x\r\n", "{\"abc\":\"token\"}", NULL, 0},
		{"HTTP/1.1 200 x\r\n", "{\"token\":\"a\\r\\nb\"}", NULL, 0},
		{"HTTP/1.1 200 x\r\n", "", NULL, 0},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct errand errand = {0};
		struct response response;
		struct buf header = BUF(TOKEN_ANSWER);
		struct err err = {0};
		uint64_t seconds = 0;
		begin(&errand, CHALLENGE);
		respond(&response, (const char *const[]){rows[at].status, "\r\n", NULL});
		/* In pieces, as it comes. */
		for (const char *rest = rows[at].body; *rest; rest++)
			assert_int_equal(errand_take(&errand, bytes_of(rest, 1)), HOP_TAKEN);
		bool done = errand_finish(&errand, &response, &header, &seconds, &err);
		assert_int_equal(done, rows[at].header != NULL);
		if (done) {
			assert_string_equal(buf_text(&header), rows[at].header);
			assert_int_equal(seconds, rows[at].seconds);
		} else {
			/* It names the server without its query, and tells nothing of the answer. */
			assert_non_null(strstr(err.text, "https://auth.example/token"));
			assert_null(strstr(err.text, "scope"));
			assert_null(strstr(err.text, "abc"));
		}
		assert_int_equal(errand.body.size, 0);
		buf_release(&header);
		response_release(&response);
		errand_release(&errand);
	}
}

static void
an_answer_has_a_ceiling(void **state)
{
	(void)state;
	struct errand errand = {0};
	struct response response;
	struct buf header = BUF(TOKEN_ANSWER);
	struct err err = {0};
	uint64_t seconds = 0;
	char block[1024];
	memset(block, ' ', sizeof block);
	begin(&errand, CHALLENGE);
	size_t taken = 0;
	while (errand_take(&errand, bytes_of(block, sizeof block)) == HOP_TAKEN)
		taken += sizeof block;
	assert_int_equal(taken, TOKEN_ANSWER);
	respond(&response, (const char *const[]){"HTTP/1.1 200 x\r\n", "\r\n", NULL});
	assert_false(errand_finish(&errand, &response, &header, &seconds, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_release(&header);
	response_release(&response);
	errand_release(&errand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_challenge_says_where_the_token_is_asked_for),
		cmocka_unit_test(a_realm_that_is_no_url_of_ours_is_refused),
		cmocka_unit_test(the_answer_s_token_becomes_a_line),
		cmocka_unit_test(an_answer_has_a_ceiling),
	};
	return cmocka_run_group_tests_name("errand", tests, NULL, NULL);
}
