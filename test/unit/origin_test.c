/* SPDX-License-Identifier: MPL-2.0 */
#include "network/origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
urls_have_one_normal_form(void **state)
{
	(void)state;
	static const struct {
		const char *text, *normal, *origin, *host, *path;
		uint16_t port;
	} rows[] = {
		{"HTTPS://Host.Example", "https://host.example/", "https://host.example",
			"host.example", "/", 443},
		{"http://a.b:80/x?Y=%20", "http://a.b/x?Y=%20", "http://a.b", "a.b", "/x?Y=%20",
			80},
		{"https://a.b:8443?q", "https://a.b:8443/?q", "https://a.b:8443", "a.b", "/?q",
			8443},
		{"https://a.b:/x", "https://a.b/x", "https://a.b", "a.b", "/x", 443},
		{"https://a.b:0080/x", "https://a.b:80/x", "https://a.b:80", "a.b", "/x", 80},
		{"http://127.0.0.1:1/x//../y", "http://127.0.0.1:1/x//../y", "http://127.0.0.1:1",
			"127.0.0.1", "/x//../y", 1},
		{"http://[0:0::0:1]:65535/", "http://[::1]:65535/", "http://[::1]:65535", "::1",
			"/", 65535},
		{"http://[::FFFF:127.0.0.1]", "http://[::ffff:127.0.0.1]/",
			"http://[::ffff:127.0.0.1]", "::ffff:127.0.0.1", "/", 80},
		{"https://a_b.c-d.e2/@x:y", "https://a_b.c-d.e2/@x:y", "https://a_b.c-d.e2",
			"a_b.c-d.e2", "/@x:y", 443},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		cleanup_url struct url url = {0}, again = {0};
		struct err err = {0};
		if (!url_parse(bytes_text(rows[at].text), &url, &err))
			fail_msg("%s", err.text);
		assert_string_equal(url.text, rows[at].normal);
		assert_true(bytes_equal_text(url_origin(&url), rows[at].origin));
		assert_true(bytes_equal_text(url_host(&url), rows[at].host));
		assert_true(bytes_equal_text(url_path(&url), rows[at].path));
		assert_int_equal(url.port, rows[at].port);
		assert_true(url_parse(bytes_text(url.text), &again, &err));
		assert_string_equal(again.text, url.text);
	}
}

static void
urls_that_hide_something_are_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "a", "//a", "http", "http:", "http:/a", "http://",
		"http:///a", "http://:80", "http://?a", "http://@a", "http://u@a", "http://u:p@a",
		"http://a@b@c", "http://-a", "http://.a", "http://a..b", "http://a b", "http://a\n",
		"http://a\r\nX: y", "http://a/\n", "http://a/\t", "http://a/\x7f", "http://a/\x80",
		"http://\xc3\xa4.example", "http://a%2eb", "http://a\\b", "http://a/\\b",
		"http://a#b", "http://a/#", "http://a:0", "http://a:65536",
		"http://a:99999999999999999999", "http://a:+1", "http://a:1a", "http://a:1:2",
		"http://[", "http://[]", "http://[::1", "http://[::1]a", "http://[::1]]",
		"http://[fe80::1%lo]", "http://[1.2.3.4]", "http://[:::]", "http://1", "http://1.",
		"http://0x7f.1", "http://127.1", "http://0177.0.0.1", "http://2130706433",
		"http://1.2.3.4.5", "http://256.1.1.1", "http://01.1.1.1", "http://a.0x1",
		"http://a.b.1", "http://1.1.1.1.", "ftp://a", "file:///a", "ssh://a", "git://a",
		" http://a", "http ://a", "http://a*b", "http://a,b", "http://$a", "http://a/ b"};
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
		struct url url = {0};
		struct err err = {0};
		if (url_parse(bytes_text(texts[at]), &url, &err))
			fail_msg("%s was taken as %s", texts[at], url.text);
		assert_int_equal(err.kind, ERR_REFUSED);
		assert_null(url.text);
	}
	struct url url = {0};
	struct err err = {0};
	assert_false(url_parse(BYTES_LITERAL("http://a\0b"), &url, &err));
}

static void
a_password_never_reaches_the_message(void **state)
{
	(void)state;
	struct url url = {0};
	struct err err = {0};
	assert_false(url_parse(BYTES_LITERAL("https://user:secret@host/path"), &url, &err));
	assert_null(strstr(err.text, "secret"));
	assert_false(url_parse(BYTES_LITERAL("https://host\n/path?token=secret"), &url, &err));
	assert_null(strstr(err.text, "secret"));
}

static void
urls_have_a_length(void **state)
{
	(void)state;
	cleanup_buf struct buf text = BUF(BUF_MAX);
	struct err err = {0};
	buf_add_text(&text, "http://a/");
	while (text.size < URL_LIMIT)
		buf_add_byte(&text, 'x');
	struct url url = {0};
	assert_true(url_parse(buf_bytes(&text), &url, &err));
	url_release(&url);
	buf_add_byte(&text, 'x');
	assert_false(url_parse(buf_bytes(&text), &url, &err));
	cleanup_buf struct buf host = BUF(BUF_MAX);
	buf_add_text(&host, "http://");
	for (int at = 0; at < 254; at++)
		buf_add_byte(&host, 'x');
	assert_false(url_parse(buf_bytes(&host), &url, &err));
}

/* The examples of RFC 3986, sections 5.4.1 and 5.4.2, where they are http. */
static void
redirects_mean_what_the_rfc_says(void **state)
{
	(void)state;
	static const char *const rows[][2] = {{"g", "http://a/b/c/g"}, {"./g", "http://a/b/c/g"},
		{"g/", "http://a/b/c/g/"}, {"/g", "http://a/g"}, {"//g", "http://g/"},
		{"?y", "http://a/b/c/d;p?y"}, {"g?y", "http://a/b/c/g?y"},
		{"#s", "http://a/b/c/d;p?q"}, {"g#s", "http://a/b/c/g"},
		{"g?y#s", "http://a/b/c/g?y"}, {";x", "http://a/b/c/;x"},
		{"g;x", "http://a/b/c/g;x"}, {"", "http://a/b/c/d;p?q"}, {".", "http://a/b/c/"},
		{"./", "http://a/b/c/"}, {"..", "http://a/b/"}, {"../", "http://a/b/"},
		{"../g", "http://a/b/g"}, {"../..", "http://a/"}, {"../../", "http://a/"},
		{"../../g", "http://a/g"}, {"../../../g", "http://a/g"},
		{"../../../../g", "http://a/g"}, {"/./g", "http://a/g"}, {"/../g", "http://a/g"},
		{"g.", "http://a/b/c/g."}, {".g", "http://a/b/c/.g"}, {"g..", "http://a/b/c/g.."},
		{"./../g", "http://a/b/g"}, {"./g/.", "http://a/b/c/g/"},
		{"g/./h", "http://a/b/c/g/h"}, {"g/../h", "http://a/b/c/h"},
		{"g?y/../x", "http://a/b/c/g?y/../x"}, {"HTTPS://B:443/x", "https://b/x"},
		{"g h\xc3\xa4", "http://a/b/c/g%20h%C3%A4"}, {"//b:80/x", "http://b/x"},
		{"/x//y", "http://a/x//y"}};
	cleanup_url struct url base = {0};
	struct err err = {0};
	assert_true(url_parse(BYTES_LITERAL("http://a/b/c/d;p?q"), &base, &err));
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		cleanup_url struct url url = {0};
		if (!url_resolve(&base, bytes_text(rows[at][0]), &url, &err))
			fail_msg("%s: %s", rows[at][0], err.text);
		assert_string_equal(url.text, rows[at][1]);
	}
}

static void
redirects_that_hide_something_are_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"file:///a", "ftp://a", "data:x", "g:h", "http:g",
		"http:/g", "https:", "javascript:alert(1)", "//u@b", "//", "///x", "http://127.1/",
		"a\nb", "a\x7f", "\\\\b", "/\\b", "mailto:a@b"};
	cleanup_url struct url base = {0};
	struct err err = {0};
	assert_true(url_parse(BYTES_LITERAL("https://a/b"), &base, &err));
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
		struct url url = {0};
		if (url_resolve(&base, bytes_text(texts[at]), &url, &err))
			fail_msg("%s was taken as %s", texts[at], url.text);
		assert_int_equal(err.kind, ERR_REFUSED);
	}
}

static void
origins_have_one_normal_form(void **state)
{
	(void)state;
	static const char *const rows[][2] = {{"https://A.b", "https://a.b"},
		{"https://a.b:443/", "https://a.b"}, {"http://a.b:443", "http://a.b:443"},
		{"registry:crates", "registry:crates"}};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		cleanup_buf struct buf out = BUF(4096);
		struct err err = {0};
		assert_true(origin_parse(bytes_text(rows[at][0]), &out, &err));
		assert_string_equal(buf_text(&out), rows[at][1]);
	}
	static const char *const texts[] = {"", "https://a/b", "https://a?b", "https://u@a",
		"registry:", "registry:Crates", "registry:a/b", "registry:a:b", "git://a",
		"ssh://a@b", "ssh://a/b", "redirects"};
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
		cleanup_buf struct buf out = BUF(4096);
		struct err err = {0};
		if (origin_parse(bytes_text(texts[at]), &out, &err))
			fail_msg("%s was taken", texts[at]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_have_one_normal_form),
		cmocka_unit_test(urls_that_hide_something_are_refused),
		cmocka_unit_test(a_password_never_reaches_the_message),
		cmocka_unit_test(urls_have_a_length),
		cmocka_unit_test(redirects_mean_what_the_rfc_says),
		cmocka_unit_test(redirects_that_hide_something_are_refused),
		cmocka_unit_test(origins_have_one_normal_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
