/* SPDX-License-Identifier: MPL-2.0 */
#include "network/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Gives the lines of a text one by one, ends included, as libcurl does. */
static bool
add_all(struct response *response, const char *text, struct err *err)
{
	while (*text) {
		size_t size = strcspn(text, "\n");
		size += text[size] == '\n';
		if (!response_add(response, bytes_of(text, size), err))
			return false;
		text += size;
	}
	return true;
}

static void
expect_refusal(const char *text, enum err_kind kind)
{
	struct response response;
	struct err err = {0};
	response_init(&response);
	if (add_all(&response, text, &err))
		fail_msg("%s was taken", text);
	assert_int_equal(err.kind, kind);
	response_release(&response);
}

static void
a_head_gives_status_and_fields_in_lower_case(void **state)
{
	(void)state;
	struct response response;
	struct err err = {0};
	response_init(&response);
	assert_true(add_all(&response,
		"HTTP/1.1 200 OK\r\nContent-LENGTH:  12 \r\nETag: \"A b\"\r\nX-Empty:\r\n"
		"Set-Cookie: a=b\r\nx-tab: a\tb\r\n",
		&err));
	assert_false(response.whole);
	assert_true(add_all(&response, "\r\n", &err));
	assert_true(response.whole && response.has_length && !response.is_chunked);
	assert_int_equal(response.status, 200);
	assert_int_equal(response.length, 12);
	assert_string_equal(buf_text(&response.fields),
		"content-length: 12\netag: \"A b\"\nx-empty: \nx-tab: a\tb\n");
	assert_int_equal(response.lines, 7);
	response_release(&response);
}

static void
heads_before_the_final_one_are_forgotten(void **state)
{
	(void)state;
	struct response response;
	struct err err = {0};
	response_init(&response);
	assert_true(add_all(&response,
		"HTTP/1.1 103 Early\r\nLocation: /a\r\nContent-Length: 1\r\n\r\n"
		"HTTP/2 302 \r\nlocation: /b\r\nLocation: /b\r\n\r\n",
		&err));
	assert_int_equal(response.status, 302);
	assert_true(response.whole && !response.has_length);
	assert_string_equal(buf_text(&response.location), "/b");
	response_release(&response);
}

static void
trailers_are_counted_and_mean_nothing(void **state)
{
	(void)state;
	struct response response;
	struct err err = {0};
	response_init(&response);
	assert_true(add_all(&response,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		"Content-Length: 5\r\nLocation: /x\r\nContent-Encoding: gzip\r\n\r\n",
		&err));
	assert_true(response.is_chunked && !response.has_length && !response.location.size);
	assert_string_equal(buf_text(&response.fields), "transfer-encoding: chunked\n");
	assert_int_equal(response.lines, 7);
	response_release(&response);
}

static void
what_is_no_head_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"X: y\r\n",
		"HTTP/1.1\r\n",
		"HTTP/1.1 20\r\n",
		"HTTP/1.1 2000\r\n",
		"HTTP/1.1 099 OK\r\n",
		"HTTP/1.1 2x0 OK\r\n",
		"HTTP/1.1 200 OK\r\nname\r\n",
		"HTTP/1.1 200 OK\r\n: x\r\n",
		"HTTP/1.1 200 OK\r\na b: x\r\n",
		"HTTP/1.1 200 OK\r\na : x\r\n",
		"HTTP/1.1 200 OK\r\na: x\r\n b\r\n",
		"HTTP/1.1 200 OK\r\na: x\x1b\r\n",
		"HTTP/1.1 200 OK\r\na: x\ry\r\n",
		"HTTP/1.1 200 OK\r\na\x80: x\r\n",
		"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length:\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551617\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n",
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n",
		"HTTP/1.1 200 OK\r\ncontent-encoding: IDENTITY, br\r\n",
		"HTTP/1.1 302 OK\r\nLocation: /a\r\nLocation: /b\r\n",
	};
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++)
		expect_refusal(texts[at], ERR_CORRUPT);
}

static void
heads_have_ceilings_over_all_their_lines(void **state)
{
	(void)state;
	struct response response;
	struct err err = {0};
	response_init(&response);
	size_t lines = 0;
	while (response_add(&response, BYTES_LITERAL("HTTP/1.1 100 Go on\r\n"), &err))
		lines++;
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(lines, RESPONSE_LINES);
	response_release(&response);

	response_init(&response);
	assert_true(response_add(&response, BYTES_LITERAL("HTTP/1.1 200 OK\r\n"), &err));
	char line[8192];
	memset(line, 'x', sizeof line);
	memcpy(line, "a: ", 3);
	size_t bytes = 17;
	while (response_add(&response, bytes_of(line, sizeof line), &err))
		bytes += sizeof line;
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_true(bytes <= RESPONSE_BYTES && bytes + sizeof line > RESPONSE_BYTES);
	assert_true(response.fields.size <= RESPONSE_SHOWN && !response.fields.over);
	assert_int_equal(response.fields.data[response.fields.size - 1], '\n');
	response_release(&response);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_gives_status_and_fields_in_lower_case),
		cmocka_unit_test(heads_before_the_final_one_are_forgotten),
		cmocka_unit_test(trailers_are_counted_and_mean_nothing),
		cmocka_unit_test(what_is_no_head_is_refused),
		cmocka_unit_test(heads_have_ceilings_over_all_their_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
