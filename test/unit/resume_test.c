/* SPDX-License-Identifier: MPL-2.0 */
#include "network/resume.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
	assert_true(response->whole);
}

static void
begin(struct resume *resume, const char *text, bool is_verified)
{
	struct response response;
	head(&response, text);
	resume_begin(resume, &response, is_verified);
	response_release(&response);
}

static void
it_goes_on_where_the_bytes_must_be_the_same(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool is_verified, may;
	} rows[] = {
		{"HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 10\n\n", false, true},
		{"HTTP/1.1 200 OK\nETag: W/\"a\"\n\n", false, false},
		{"HTTP/1.1 200 OK\nETag: \"\"\n\n", false, false},
		{"HTTP/1.1 200 OK\n\n", false, false},
		{"HTTP/1.1 200 OK\n\n", true, true},
		{"HTTP/1.1 404 No\nETag: \"a\"\n\n", true, false},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct resume resume = {0};
		begin(&resume, rows[at].text, rows[at].is_verified);
		if (resume_may(&resume) != rows[at].may)
			fail_msg("%s", rows[at].text);
		resume_release(&resume);
	}
}

static void
it_asks_for_the_rest_on_the_condition_of_the_tag(void **state)
{
	(void)state;
	struct resume resume = {0};
	begin(&resume, "HTTP/1.1 200 OK\nETag: \"a b\"\nContent-Length: 10\n\n", false);
	resume_again(&resume);
	assert_null(resume.lines[0]);
	resume.taken = 4;
	resume_again(&resume);
	assert_string_equal(resume.lines[0], "Range: bytes=4-");
	assert_string_equal(resume.lines[1], "If-Range: \"a b\"");
	assert_false(resume_moved(&resume));
	resume.taken += 1 << 20;
	assert_true(resume_moved(&resume));
	resume_release(&resume);
}

static void
only_the_same_body_is_joined(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
		uint64_t skip;
	} rows[] = {
		{"HTTP/1.1 206 P\nContent-Range: bytes 4-9/10\n\n", true, 0},
		{"HTTP/1.1 206 P\nETag: \"a\"\nContent-Range: bytes 4-9/10\n\n", true, 0},
		{"HTTP/1.1 206 P\nETag: \"b\"\nContent-Range: bytes 4-9/10\n\n", false, 0},
		{"HTTP/1.1 206 P\nContent-Range: bytes 3-9/10\n\n", false, 0},
		{"HTTP/1.1 206 P\nContent-Range: bytes 4-8/10\n\n", false, 0},
		{"HTTP/1.1 206 P\nContent-Range: bytes 4-10/11\n\n", false, 0},
		{"HTTP/1.1 206 P\nContent-Range: bytes 4-9/*\n\n", false, 0},
		{"HTTP/1.1 206 P\nContent-Range: bytes 9/10-4\n\n", false, 0},
		{"HTTP/1.1 206 P\nContent-Range: lines 4-9/10\n\n", false, 0},
		{"HTTP/1.1 206 P\n\n", false, 0},
		{"HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 10\n\n", true, 4},
		{"HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 11\n\n", false, 0},
		{"HTTP/1.1 200 OK\nContent-Length: 10\n\n", false, 0},
		{"HTTP/1.1 416 No\n\n", false, 0},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct resume resume = {0};
		struct response response;
		struct err err = {0};
		begin(&resume, "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 10\n\n", false);
		resume.taken = 4;
		resume_again(&resume);
		head(&response, rows[at].text);
		if (resume_check(&resume, &response, &err) != rows[at].good)
			fail_msg("%s: %s", rows[at].text, err.text);
		assert_int_equal(resume.skip, rows[at].skip);
		response_release(&response);
		resume_release(&resume);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_on_where_the_bytes_must_be_the_same),
		cmocka_unit_test(it_asks_for_the_rest_on_the_condition_of_the_tag),
		cmocka_unit_test(only_the_same_body_is_joined),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
