/* SPDX-License-Identifier: MPL-2.0 */
#include "island/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
expect_origin(const char *text, const char *origin, const char *name)
{
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct url url;
	if (!url_parse(bytes_text(text), &url, &err))
		fail_msg("%s", err.text);
	assert_string_equal((const char *)url_origin(&arena, &url).data, origin);
	assert_true(bytes_equal_text(url_name(&url), name));
}

static void
an_origin_is_scheme_host_and_unusual_port(void **state)
{
	(void)state;
	expect_origin("https://Example.ORG", "https://example.org", "");
	expect_origin("https://a.example:443/x/y//", "https://a.example", "y");
	expect_origin("https://a.example:80/x?q=/z", "https://a.example:80", "x");
	expect_origin("http://127.0.0.1:8080/a%20b", "http://127.0.0.1:8080", "a%20b");
	expect_origin("http://[::1]:80/x", "http://[::1]", "x");
	expect_origin("http://[fe80::1]:81?x", "http://[fe80::1]:81", "");
}

static void
a_repository_may_stand_behind_ssh_with_a_user_and_no_other_url_may(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
		{"ssh://host/r", "ssh://host", ""},
		{"ssh://git@Host:22/r", "ssh://host", "git"},
		{"ssh://a.b-c_d@host:222/r", "ssh://host:222", "a.b-c_d"},
		{"https://host:22/r", "https://host:22", ""},
	};
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct url url;
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		if (!url_parse_repository(bytes_text(rows[at][0]), &url, &err))
			fail_msg("%s", err.text);
		assert_string_equal((const char *)url_origin(&arena, &url).data, rows[at][1]);
		assert_true(bytes_equal_text(url.user, rows[at][2]));
	}
	static const char *const bad[] = {"ssh://", "ssh:///r", "ssh://@host/r", "ssh://-l@host/r",
		"ssh://a:b@host/r", "ssh://a@b@host/r", "ssh://-host/r", "https://user@host/r",
		"ssh://a b@host/r", "git://host/r"};
	for (size_t at = 0; at < sizeof bad / sizeof *bad; at++)
		if (url_parse_repository(bytes_text(bad[at]), &url, &err))
			fail_msg("%s is taken", bad[at]);
	assert_false(url_parse(BYTES_LITERAL("ssh://host/r"), &url, &err));
}

static void
what_could_mean_another_place_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "ftp://a/b", "HTTP://a/b", "https:/a/b", "https://",
		"https:///x", "https://user@host/x", "https://u:p@host/", "https://-host/",
		"https://.host/", "https://ho st/", "https://host:/x", "https://host:0/x",
		"https://host:65536/", "https://host:-1/", "https://host:+1/", "https://host/a#b",
		"https://host/a b", "https://host/\n", "https://host/\x7f", "https://host/\xc3\xa9",
		"https://host/%", "https://host/%2", "https://host/%zz", "https://host/../x",
		"https://host/a/..", "https://host/./a", "https://host/%2e%2E/a",
		"https://host/.%2e", "https://[::1", "https://[::1]x/", "https://[g]/",
		"https://ho\\st/", "https://host\\@evil/", "https://host/\"", "https://host/<x>",
		"https://host/{x}"};
	for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
		struct err err = {0};
		struct url url = {.port = 7};
		if (url_parse(bytes_text(bad[at]), &url, &err))
			fail_msg("%s is taken", bad[at]);
		assert_int_equal(err.kind, ERR_REFUSED);
		assert_int_equal(url.port, 7);
	}
	struct err err = {0};
	struct url url;
	assert_false(url_parse(bytes_of("https://a/\0b", 12), &url, &err));
}

static void
dots_inside_a_name_are_fine(void **state)
{
	(void)state;
	expect_origin("https://host/...", "https://host", "...");
	expect_origin("https://host/a..b/.c", "https://host", ".c");
	expect_origin("https://host/%2e%2e%2e", "https://host", "%2e%2e%2e");
	expect_origin("https://host/x?a=../..", "https://host", "x");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_origin_is_scheme_host_and_unusual_port),
		cmocka_unit_test(
			a_repository_may_stand_behind_ssh_with_a_user_and_no_other_url_may),
		cmocka_unit_test(what_could_mean_another_place_is_refused),
		cmocka_unit_test(dots_inside_a_name_are_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
