/* SPDX-License-Identifier: MPL-2.0 */
#include "network/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"

#define LIMITS "\"limits\":{\"connect\":1,\"stall\":2,\"total\":3,\"retries\":0,\"wait\":9},"

/* A whole configuration but for one key, given as it stands. */
static void
make(struct buf *out, const char *replaced, const char *value)
{
	static const char *const rows[][2] = {{"allow", "[]"}, {"named", "[]"}, {"mirrors", "{}"},
		{"registries", "{}"}, {"proxies", "{}"}, {"credentials", "[]"},
		{"limits", "{\"connect\":1,\"stall\":2,\"total\":3,\"retries\":0,\"wait\":9}"},
		{"authorities", "\"\""}, {"ssh", "[\"ssh\"]"}, {"connections", "4"}};
	buf_clear(out);
	buf_add_byte(out, '{');
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		bool other = replaced && strcmp(rows[at][0], replaced) == 0;
		buf_format(out, "%s\"%s\":%s", at ? "," : "", rows[at][0],
			other ? value : rows[at][1]);
	}
	buf_add_byte(out, '}');
}

static void
a_configuration_says_what_it_names(void **state)
{
	(void)state;
	static const char text[] =
		"{\"allow\":[\"10.0.0.0/8\"],\"named\":[\"HTTPS://A.example:443\"],"
		"\"mirrors\":{\"https://o.example\":[\"https://m.example/x\",\"http://n.example\"],"
		"\"registry:crates\":[\"https://c.example/{crate}\"]},"
		"\"registries\":{\"registry:crates\":\"https://d.example:8/{crate}/x\"},"
		"\"proxies\":{\"https\":\"http://p.example:1\"},"
		"\"credentials\":[{\"origin\":\"https://a.example\",\"kind\":\"command\","
		"\"value\":[\"a\",\"b\"],\"use\":\"basic\",\"name\":\"u\",\"realm\":\"\","
		"\"certificate\":\"\",\"key\":\"\"}],\"authorities\":\"/ca.pem\","
		"\"ssh\":[\"ssh\",\"-F\",\"/c\"]," LIMITS "\"connections\":7}";
	struct config config;
	struct err err = {0};
	if (!config_parse(bytes_text(text), &config, &err))
		fail_msg("%s", err.text);
	static const char *const named[] = {"https://a.example", "https://m.example",
		"http://n.example", "https://c.example", "https://d.example:8"};
	for (size_t at = 0; at < sizeof named / sizeof *named; at++)
		assert_true(config_names(&config, bytes_text(named[at])));
	assert_false(config_names(&config, BYTES_LITERAL("https://o.example")));
	assert_false(config_names(&config, BYTES_LITERAL("http://a.example")));
	const struct config_mirror *mirror =
		config_mirror(&config, BYTES_LITERAL("https://o.example"));
	assert_non_null(mirror);
	assert_int_equal(mirror->urls.size, 2);
	assert_null(config_mirror(&config, BYTES_LITERAL("https://a.example")));
	assert_string_equal(config_registry(&config, BYTES_LITERAL("registry:crates"))->template,
		"https://d.example:8/{crate}/x");
	assert_null(config.proxies[0]);
	assert_string_equal(config.proxies[1], "http://p.example:1");
	assert_int_equal(config.connect_seconds, 1);
	assert_int_equal(config.total_seconds, 3);
	assert_int_equal(config.connections, 7);
	assert_int_equal(config.wait_seconds, 9);
	assert_string_equal(config.authorities, "/ca.pem");
	assert_int_equal(config.ssh.size, 3);
	assert_string_equal(config.ssh.data[2], "/c");
	config_release(&config);
}

static void
what_does_not_fit_is_an_error_that_names_its_key(void **state)
{
	(void)state;
	static const char *const rows[][2] = {{"allow", "{}"}, {"allow", "[1]"},
		{"allow", "[\"10.0.0.0/40\"]"}, {"named", "\"x\""}, {"named", "[\"ftp://a\"]"},
		{"named", "[\"https://a/b\"]"}, {"named", "[null]"}, {"mirrors", "[]"},
		{"mirrors", "{\"a\":[]}"}, {"mirrors", "{\"https://a\":\"https://b\"}"},
		{"mirrors", "{\"https://a\":[1]}"}, {"mirrors", "{\"https://a\":[\"file:///b\"]}"},
		{"mirrors", "{\"https://a\":[\"https://{crate}/\"]}"},
		{"registries", "{\"registry:crates\":[]}"},
		{"registries", "{\"registry:npm/@\":\"https://a\"}"},
		{"registries", "{\"registry:npm/@a b\":\"https://a\"}"},
		{"proxies", "{\"ftp\":\"x\"}"}, {"proxies", "{\"http\":1}"}, {"credentials", "{}"},
		{"credentials", "[{}]"}, {"ssh", "[]"}, {"ssh", "\"ssh\""}, {"ssh", "[1]"},
		{"credentials", "[{\"origin\":\"https://"
				"a\",\"kind\":\"file\",\"value\":\"x\",\"more\":1}]"},
		{"credentials", "[{\"origin\":\"https://a\",\"kind\":\"file\",\"value\":[\"x\"]}]"},
		{"credentials", "[{\"origin\":\"https://a\",\"kind\":\"command\",\"value\":[]}]"},
		{"credentials", "[{\"origin\":\"a\",\"kind\":\"file\",\"value\":\"x\"}]"},
		{"limits", "{}"}, {"limits", "{\"connect\":1,\"stall\":2,\"total\":3,\"retry\":0}"},
		{"connections", "0"}, {"connections", "1.5"}, {"connections", "-1"},
		{"connections", "99999999999"}};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		cleanup_buf struct buf text = BUF(4096);
		struct config config = {0};
		struct err err = {0};
		make(&text, rows[at][0], rows[at][1]);
		if (config_parse(buf_bytes(&text), &config, &err))
			fail_msg("%s: %s was taken", rows[at][0], rows[at][1]);
		assert_null(config.credentials);
		bool is_named = strstr(err.text, rows[at][0]) || strstr(err.text, "retries");
		if (!is_named)
			fail_msg("%s: %s", rows[at][0], err.text);
	}
}

static void
the_keys_are_those_that_are_listed(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"", "{", "[]", "{}", "null", "{\"allow\":[],\"allow\":[]}"};
	struct config config = {0};
	struct err err = {0};
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++)
		assert_false(config_parse(bytes_text(texts[at]), &config, &err));
	cleanup_buf struct buf text = BUF(4096);
	make(&text, NULL, NULL);
	assert_true(config_parse(buf_bytes(&text), &config, &err));
	config_release(&config);
	buf_truncate(&text, text.size - 1);
	buf_add_text(&text, ",\"more\":1}");
	assert_false(config_parse(buf_bytes(&text), &config, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_configuration_says_what_it_names),
		cmocka_unit_test(what_does_not_fit_is_an_error_that_names_its_key),
		cmocka_unit_test(the_keys_are_those_that_are_listed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
