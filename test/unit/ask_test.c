/* SPDX-License-Identifier: MPL-2.0 */
#include "network/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
a_request_is_sent_on_without_what_is_the_connections(void **state)
{
	(void)state;
	struct ask ask;
	struct err err = {0};
	static const char text[] =
		"GET http://A.example:80/x?q HTTP/1.1\r\nHost: b\r\nConnection: x, keep-alive\r\n"
		"Proxy-Authorization: s\r\nAccept:  */*\r\nKeep-Alive: 1\r\nUpgrade: "
		"h2c\r\n\r\nbody";
	assert_int_equal(ask_parse(bytes_text(text), &ask, &err), ASK_READY);
	assert_false(ask.is_tunnel);
	assert_string_equal(ask.url.text, "http://a.example/x?q");
	assert_string_equal(buf_text(&ask.head),
		"GET /x?q HTTP/1.1\r\nHost: a.example\r\nConnection: "
		"close\r\nAccept:  */*\r\n\r\n");
	assert_int_equal(ask.size, sizeof text - 1 - 4);
	ask_release(&ask);
}

static void
a_connect_names_a_host_and_a_port(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"CONNECT a.example:443 HTTP/1.1\r\nX: y\r\n\r\n", "https://a.example/"},
		{"CONNECT A.example:80 HTTP/1.0\r\n\r\n", "https://a.example:80/"},
		{"CONNECT [::1]:8 HTTP/1.1\r\n\r\n", "https://[::1]:8/"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct ask ask;
		struct err err = {0};
		if (ask_parse(bytes_text(rows[at][0]), &ask, &err) != ASK_READY)
			fail_msg("%s: %s", rows[at][0], err.text);
		assert_true(ask.is_tunnel);
		assert_string_equal(ask.url.text, rows[at][1]);
		assert_int_equal(ask.head.size, 0);
		ask_release(&ask);
	}
}

static void
a_head_is_read_once_it_is_whole_and_has_a_ceiling(void **state)
{
	(void)state;
	static const char text[] = "GET http://a/ HTTP/1.1\r\nA: b\r\n\r\n";
	struct ask ask;
	struct err err = {0};
	for (size_t size = 0; size < sizeof text - 1; size++)
		assert_int_equal(ask_parse(bytes_of(text, size), &ask, &err), ASK_MORE);
	char *more = (char *)malloc(ASK_LIMIT);
	assert_non_null(more);
	memset(more, 'x', ASK_LIMIT);
	assert_int_equal(ask_parse(bytes_of(more, ASK_LIMIT), &ask, &err), ASK_BAD);
	assert_int_equal(err.kind, ERR_LIMIT);
	free(more);
}

static void
what_is_no_request_to_a_proxy_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
		"GET http://a/\r\n\r\n", "GET http://a/ HTTP/2\r\n\r\n",
		"GET  http://a/ HTTP/1.1\r\n\r\n", "GET https://a/ HTTP/1.1\r\n\r\n",
		"GET ftp://a/ HTTP/1.1\r\n\r\n", "GET http://u@a/ HTTP/1.1\r\n\r\n",
		"G\x01T http://a/ HTTP/1.1\r\n\r\n", "GET http://a/ HTTP/1.1\n\r\n\r\n",
		"GET http://a/ HTTP/1.1\r\nA\r\n\r\n", "GET http://a/ HTTP/1.1\r\n: b\r\n\r\n",
		"GET http://a/ HTTP/1.1\r\nA : b\r\n\r\n",
		"GET http://a/ HTTP/1.1\r\n A: b\r\n\r\n",
		"GET http://a/ HTTP/1.1\r\nA: \x7f\r\n\r\n", "CONNECT a HTTP/1.1\r\n\r\n",
		"CONNECT a: HTTP/1.1\r\n\r\n", "CONNECT :1 HTTP/1.1\r\n\r\n",
		"CONNECT a:0 HTTP/1.1\r\n\r\n", "CONNECT a:65536 HTTP/1.1\r\n\r\n",
		"CONNECT a/b:1 HTTP/1.1\r\n\r\n", "CONNECT u@a:1 HTTP/1.1\r\n\r\n",
		"CONNECT 127.1:1 HTTP/1.1\r\n\r\n", "CONNECT http://a:1 HTTP/1.1\r\n\r\n"};
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
		struct ask ask;
		struct err err = {0};
		if (ask_parse(bytes_text(texts[at]), &ask, &err) != ASK_BAD)
			fail_msg("%s was taken", texts[at]);
		assert_int_equal(err.kind, ERR_REFUSED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_sent_on_without_what_is_the_connections),
		cmocka_unit_test(a_connect_names_a_host_and_a_port),
		cmocka_unit_test(a_head_is_read_once_it_is_whole_and_has_a_ceiling),
		cmocka_unit_test(what_is_no_request_to_a_proxy_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
