/* SPDX-License-Identifier: MPL-2.0 */
#include "network/symbolic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SUM "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
expect_expansion(const char *template, const char *url, const char *expected)
{
	cleanup_buf struct buf out = BUF(4096);
	struct err err = {0};
	if (!symbolic_expand(bytes_text(template), bytes_text(url), &out, &err))
		fail_msg("%s: %s", url, err.text);
	assert_string_equal(buf_text(&out), expected);
}

static void
a_template_without_markers_gets_name_and_version_behind_it(void **state)
{
	(void)state;
	expect_expansion("https://r.example/api/v1/crates", "registry:crates/serde/1.0.2",
		"https://r.example/api/v1/crates/serde/1.0.2/download");
	expect_expansion("https://r.example/dl/", "registry:crates/serde/1.0.2",
		"https://r.example/dl/serde/1.0.2/download");
	expect_expansion("https://r.example/{other}", "registry:crates/a/1.0.0?sha256=" SUM,
		"https://r.example/{other}/a/1.0.0/download");
}

static void
markers_are_replaced_by_the_rules_of_cargo(void **state)
{
	(void)state;
	expect_expansion("https://r.example/{crate}/{crate}-{version}.crate",
		"registry:crates/Ser_de/1.0.2-rc.1+b.2",
		"https://r.example/Ser_de/Ser_de-1.0.2-rc.1+b.2.crate");
	expect_expansion("https://r.example/{sha256-checksum}",
		"registry:crates/a/1.0.0?sha256=" SUM, "https://r.example/" SUM);
	static const char *const prefixes[][2] = {{"A", "1 1"}, {"Ab", "2 2"}, {"Abc", "3/A 3/a"},
		{"AbCd", "Ab/Cd ab/cd"}, {"CaRgO-x", "Ca/Rg ca/rg"}};
	for (size_t at = 0; at < sizeof prefixes / sizeof *prefixes; at++) {
		char url[64], expected[64];
		(void)snprintf(url, sizeof url, "registry:crates/%s/1.0.0", prefixes[at][0]);
		(void)snprintf(expected, sizeof expected, "%s", prefixes[at][1]);
		expect_expansion("{prefix} {lowerprefix}", url, expected);
	}
}

static void
documents_lie_behind_their_rows(void **state)
{
	(void)state;
	static const char *const cases[][3] = {
		{"registry:crates/Serde_x", "registry:crates-index", "se/rd/serde_x"},
		{"registry:crates/aB", "registry:crates-index", "2/ab"},
		{"registry:crates/a/1.0.0", "registry:crates", "a/1.0.0/download"},
		{"registry:npm/left.pad", "registry:npm", "left.pad"},
		{"registry:npm/@some%2fleft-pad", "registry:npm/@some", "@some%2fleft-pad"},
		{"registry:pypi/six/", "registry:pypi", "six/"},
	};
	for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
		cleanup_buf struct buf row = BUF(256), expected = BUF(256);
		symbolic_row(bytes_text(cases[at][0]), &row);
		assert_string_equal(buf_text(&row), cases[at][1]);
		buf_format(&expected, "https://r.example/x/%s", cases[at][2]);
		expect_expansion("https://r.example/x/", cases[at][0], buf_text(&expected));
	}
}

static void
what_could_leave_its_place_in_the_url_is_refused(void **state)
{
	(void)state;
	static const char *const urls[] = {
		"registry:crates",
		"registry:crates/",
		"registry:npm/..",
		"registry:npm/@a",
		"registry:npm/@a/b",
		"registry:npm/@.a%2fb",
		"registry:pypi/a",
		"registry:pypi//",
		"registry:pypi/.a/",
		"registry:crates/a%2f",
		"registry:crates/a/",
		"registry:crates//1.0.0",
		"registry:crates/../1.0.0",
		"registry:crates/a/1.0.0/x",
		"registry:crates/a/../../x",
		"registry:crates/a b/1.0.0",
		"registry:crates/a/1.0.0\n",
		"registry:crates/a%2f/1.0.0",
		"registry:crates/a/1.0.0#x",
		"registry:crates/a/1.0.0?",
		"registry:crates/a/1.0.0?sha256=",
		"registry:crates/a/1.0.0?sha256=xyz",
		"registry:crates/a/1.0.0?sha256=" SUM "0",
		"registry:crates/a/1.0.0?md5=" SUM,
		"registry:crates/{version}/1.0.0",
		"registry:crates/"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/1.0.0",
	};
	for (size_t at = 0; at < sizeof urls / sizeof *urls; at++) {
		cleanup_buf struct buf out = BUF(4096);
		struct err err = {0};
		if (symbolic_expand(
			    BYTES_LITERAL("https://r.example"), bytes_text(urls[at]), &out, &err))
			fail_msg("%s was taken", urls[at]);
		assert_int_equal(err.kind, ERR_REFUSED);
	}
}

static void
a_registry_by_checksum_needs_one(void **state)
{
	(void)state;
	cleanup_buf struct buf out = BUF(4096);
	struct err err = {0};
	assert_false(symbolic_expand(BYTES_LITERAL("https://r.example/{sha256-checksum}"),
		BYTES_LITERAL("registry:crates/a/1.0.0"), &out, &err));
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "without one"));
}

static void
a_url_that_grows_past_its_ceiling_is_an_error(void **state)
{
	(void)state;
	cleanup_buf struct buf out = BUF(20);
	struct err err = {0};
	assert_false(symbolic_expand(BYTES_LITERAL("https://r.example/{crate}"),
		BYTES_LITERAL("registry:crates/serde/1.0.0"), &out, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
}

static void
only_symbolic_urls_have_a_symbolic_origin(void **state)
{
	(void)state;
	assert_true(bytes_equal_text(
		symbolic_origin(BYTES_LITERAL("registry:crates/a/1")), "registry:crates"));
	assert_int_equal(symbolic_origin(BYTES_LITERAL("https://registry:1/")).size, 0);
	assert_int_equal(symbolic_origin(BYTES_LITERAL("")).size, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_template_without_markers_gets_name_and_version_behind_it),
		cmocka_unit_test(markers_are_replaced_by_the_rules_of_cargo),
		cmocka_unit_test(documents_lie_behind_their_rows),
		cmocka_unit_test(what_could_leave_its_place_in_the_url_is_refused),
		cmocka_unit_test(a_registry_by_checksum_needs_one),
		cmocka_unit_test(a_url_that_grows_past_its_ceiling_is_an_error),
		cmocka_unit_test(only_symbolic_urls_have_a_symbolic_origin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
