/* SPDX-License-Identifier: MPL-2.0 */
#include "network/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

static void
head(struct response *response, const char *text)
{
	struct err err = {0};
	response_init(response);
	while (*text) {
		size_t size = strcspn(text, "\n") + 1;
		assert_true(response_add(response, bytes_of(text, size), &err));
		text += size;
	}
}

static enum verdict
verdict_of(const char *text, enum method method, bool has_tries, bool is_last)
{
	struct response response;
	struct request request = {.method = method};
	head(&response, text);
	struct verdict_view view = {
		.response = &response,
		.request = &request,
		.most_wait = 60,
		.has_tries = has_tries,
		.is_last = is_last,
		.may_ask = true,
	};
	enum verdict verdict = verdict_find(&view);
	response_release(&response);
	return verdict;
}

static void
each_status_has_its_verdict(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum verdict first, last; /* with tries and mirrors left; with none */
	} rows[] = {
		{"HTTP/1.1 200 OK\n\n", VERDICT_ANSWER, VERDICT_ANSWER},
		{"HTTP/1.1 304 Same\n\n", VERDICT_ANSWER, VERDICT_ANSWER},
		{"HTTP/1.1 302 There\nLocation: /a\n\n", VERDICT_REDIRECT, VERDICT_REDIRECT},
		{"HTTP/1.1 303 There\nLocation: /a\n\n", VERDICT_REDIRECT, VERDICT_REDIRECT},
		{"HTTP/1.1 302 There\n\n", VERDICT_ANSWER, VERDICT_ANSWER},
		{"HTTP/1.1 404 No\n\n", VERDICT_ELSEWHERE, VERDICT_ANSWER},
		{"HTTP/1.1 401 Who\n\n", VERDICT_ELSEWHERE, VERDICT_ANSWER},
		{"HTTP/1.1 401 Who\nWWW-Authenticate: Bearer realm=\"https://a\"\n\n",
			VERDICT_CHALLENGE, VERDICT_CHALLENGE},
		{"HTTP/1.1 401 Who\nWWW-Authenticate: Basic realm=\"a\"\n\n", VERDICT_ELSEWHERE,
			VERDICT_ANSWER},
		{"HTTP/1.1 500 No\n\n", VERDICT_AGAIN, VERDICT_ANSWER},
		{"HTTP/1.1 501 No\n\n", VERDICT_ELSEWHERE, VERDICT_ANSWER},
		{"HTTP/1.1 503 No\n\n", VERDICT_AGAIN, VERDICT_ANSWER},
		{"HTTP/1.1 429 No\n\n", VERDICT_AGAIN, VERDICT_LIMITED},
		{"HTTP/1.1 403 No\n\n", VERDICT_ELSEWHERE, VERDICT_ANSWER},
		{"HTTP/1.1 403 No\nX-RateLimit-Remaining: 1\n\n", VERDICT_ELSEWHERE,
			VERDICT_ANSWER},
		{"HTTP/1.1 403 No\nX-RateLimit-Remaining: 0\n\n", VERDICT_AGAIN, VERDICT_LIMITED},
		{"HTTP/1.1 403 No\nRateLimit-Remaining: 0\nRateLimit-Reset: 3000\n\n",
			VERDICT_ELSEWHERE, VERDICT_LIMITED},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		if (verdict_of(rows[at].text, METHOD_GET, true, false) != rows[at].first ||
			verdict_of(rows[at].text, METHOD_GET, false, true) != rows[at].last)
			fail_msg("%s", rows[at].text);
	}
	/* Whether the first was carried out is not known. */
	assert_int_equal(
		verdict_of("HTTP/1.1 502 No\n\n", METHOD_POST, true, true), VERDICT_ANSWER);
	assert_int_equal(verdict_of("HTTP/1.1 503 No\n\n", METHOD_POST, true, true), VERDICT_AGAIN);
	assert_int_equal(
		verdict_of("HTTP/1.1 303 There\nLocation: /a\n\n", METHOD_POST, true, true),
		VERDICT_ANSWER);
}

static void
a_limit_says_when_and_what_to_do(void **state)
{
	(void)state;
	struct response response;
	struct url url = {0};
	struct err err = {0};
	char text[128];
	assert_true(url_parse(BYTES_LITERAL("https://forge.example/x"), &url, &err));
	(void)snprintf(text, sizeof text,
		"HTTP/1.1 403 No\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: %lld\n\n",
		(long long)time(NULL) + 3000);
	head(&response, text);
	struct verdict_view view = {.response = &response};
	assert_true(verdict_asked_wait(&view) > 2900 && verdict_asked_wait(&view) <= 3000);
	assert_false(verdict_limited(&view, &url, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_non_null(strstr(err.text, " UTC, in 50 minutes"));
	assert_non_null(strstr(err.text, "--set 'credentials.\"https://forge.example\"="));
	response_release(&response);
	url_release(&url);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_status_has_its_verdict),
		cmocka_unit_test(a_limit_says_when_and_what_to_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
