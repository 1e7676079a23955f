/* SPDX-License-Identifier: MPL-2.0 */
#include "network/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UPLOAD  "/git-upload-pack"
#define LISTING "/info/refs?service=git-upload-pack"

static void
a_url_becomes_an_origin_a_user_and_a_quoted_command(void **state)
{
	(void)state;
	static const struct {
		const char *text, *url, *user, *command;
		bool is_listing;
	} rows[] = {
		{"ssh://Host.example/o/r" UPLOAD, "ssh://host.example/o/r", NULL,
			"git-upload-pack '/o/r'", false},
		{"ssh://git@host:22/o/r.git" LISTING, "ssh://host/o/r.git", "git",
			"git-upload-pack '/o/r.git'", true},
		{"ssh://a.b_c-1@[::1]:2222/r" UPLOAD, "ssh://[::1]:2222/r", "a.b_c-1",
			"git-upload-pack '/r'", false},
		{"ssh://host/~me/r" UPLOAD, "ssh://host/~me/r", NULL, "git-upload-pack '~me/r'",
			false},
		{"ssh://host/it's%20a%27%21" UPLOAD, "ssh://host/it's%20a%27%21", NULL,
			"git-upload-pack '/it'\\''s a'\\'''\\!''", false},
		{"ssh://host/-u;$(x)`y`" UPLOAD, "ssh://host/-u;$(x)`y`", NULL,
			"git-upload-pack '/-u;$(x)`y`'", false},
		{"ssh://host/a%5cb%C3%BC" UPLOAD, "ssh://host/a%5cb%C3%BC", NULL,
			"git-upload-pack '/a\\b\xc3\xbc'", false},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct remote remote = {0};
		struct err err = {0};
		assert_true(remote_is(bytes_text(rows[at].text)));
		if (!remote_parse(bytes_text(rows[at].text), &remote, &err))
			fail_msg("%s: %s", rows[at].text, err.text);
		assert_string_equal(remote.url.text, rows[at].url);
		assert_string_equal(remote.command, rows[at].command);
		assert_string_equal(
			remote.user ? remote.user : "", rows[at].user ? rows[at].user : "");
		assert_int_equal(remote.is_listing, rows[at].is_listing);
		remote_release(&remote);
	}
}

static void
what_could_be_an_option_or_a_second_command_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"ssh://host/r", "ssh://host/r/git-receive-pack",
		"ssh://-oProxyCommand=x/r" UPLOAD, "ssh://-l@host/r" UPLOAD, "ssh://@host/r" UPLOAD,
		"ssh://a:b@host/r" UPLOAD, "ssh://a%20b@host/r" UPLOAD, "ssh://a@b@host/r" UPLOAD,
		"ssh:///r" UPLOAD, "ssh://host" UPLOAD "x", "ssh:/" UPLOAD,
		"ssh://host/r%0a" UPLOAD, "ssh://host/r%00" UPLOAD, "ssh://host/r%7F" UPLOAD,
		"ssh://host/r%2" UPLOAD, "ssh://host/r%" UPLOAD, "ssh://host/r%gg" UPLOAD,
		"ssh://host/a?b" UPLOAD, "ssh://host/" UPLOAD, "ssh://host:0/r" UPLOAD,
		"ssh://host:x/r" UPLOAD, "ssh://host/a#b" UPLOAD, "ssh://host/a\\b" UPLOAD,
		"ssh://host/a b" UPLOAD, "ssh://0177.1/r" UPLOAD, "ssh://ho$t/r" UPLOAD,
		"ssh://host'/r" UPLOAD, "https://host/r" UPLOAD, "ssh://host" UPLOAD};
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
		struct remote remote = {.is_listing = true};
		struct err err = {0};
		if (remote_parse(bytes_text(texts[at]), &remote, &err))
			fail_msg("%s is taken", texts[at]);
		assert_int_equal(err.kind, ERR_REFUSED);
		assert_true(remote.is_listing && !remote.user);
	}
}

static void
one_repository_as_one_user_is_the_same(void **state)
{
	(void)state;
	static const char *const texts[] = {"ssh://host/r" UPLOAD, "ssh://HOST:22/r" LISTING,
		"ssh://me@host/r" UPLOAD, "ssh://host:23/r" UPLOAD, "ssh://host/s" UPLOAD};
	enum { COUNT = sizeof texts / sizeof *texts };
	struct remote remotes[COUNT] = {0};
	struct err err = {0};
	for (size_t at = 0; at < COUNT; at++)
		assert_true(remote_parse(bytes_text(texts[at]), &remotes[at], &err));
	for (size_t left = 0; left < COUNT; left++)
		for (size_t right = 0; right < COUNT; right++)
			assert_int_equal(remote_equal(&remotes[left], &remotes[right]),
				left == right || (left < 2 && right < 2));
	for (size_t at = 0; at < COUNT; at++)
		remote_release(&remotes[at]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_url_becomes_an_origin_a_user_and_a_quoted_command),
		cmocka_unit_test(what_could_be_an_option_or_a_second_command_is_refused),
		cmocka_unit_test(one_repository_as_one_user_is_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
