/* SPDX-License-Identifier: MPL-2.0 */
#include "network/said.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
the_last_lines_are_one(void **state)
{
	(void)state;
	static const struct {
		const char *text, *said;
	} rows[] = {
		{"", ""},
		{"\n\r\n", ""},
		{"why", "why"},
		/* Each has its share of thirty bytes. */
		{"Warning: new key\r\n\r\nno\n", "Warning: n; no"},
		{"1\n2\n3\n4\n5", "3; 4; 5"},
		{"0123456789abcdef\nx\n", "0123456789; x"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		cleanup_buf struct buf said = BUF(BUF_MAX);
		said_lines(bytes_text(rows[at].text), 30, &said);
		assert_string_equal(buf_text(&said), rows[at].said);
	}
}

static void
a_setting_is_the_value_behind_its_key(void **state)
{
	(void)state;
	const struct bytes text = BYTES_LITERAL(
		"host h\nhostname git.example.org\nproxyjump none\nproxycommand nc %h\nport\nx ");
	assert_true(bytes_equal_text(said_setting(text, "hostname"), "git.example.org"));
	assert_true(bytes_equal_text(said_setting(text, "proxycommand"), "nc %h"));
	assert_int_equal(said_setting(text, "proxyjump").size, 0);
	assert_int_equal(said_setting(text, "port").size, 0);
	assert_int_equal(said_setting(text, "x").size, 0);
	assert_int_equal(said_setting(text, "hostna").size, 0);
	assert_int_equal(said_setting(bytes_of(NULL, 0), "host").size, 0);
}

static void
addresses_that_may_be_reached_are_permitted(void **state)
{
	(void)state;
	struct policy policy = {0};
	struct err err = {0};
	assert_true(
		said_addresses(BYTES_LITERAL("1.1.1.1         STREAM h\n1.1.1.1         DGRAM\n\n"
					     "2606:4700::1111 STREAM\n"),
			&policy, &err));
	assert_true(policy_allow(&policy, BYTES_LITERAL("fe80::/10"), &err));
	assert_true(said_addresses(BYTES_LITERAL("fe80::1%eth0 STREAM h\n"), &policy, &err));
	policy_release(&policy);
}

/* What is no address by our reading may be one by ssh's. */
static void
what_is_not_understood_is_not_permitted(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "\n", "10.0.0.1 STREAM h\n",
		"1.1.1.1 STREAM h\n127.0.0.1 STREAM\n", "fe80::1%eth0 STREAM h\n",
		"fe80::1%2 STREAM h\n", "127.1 STREAM h\n", "0x7f000001\n", " 1.1.1.1\n",
		"getent: it does not know\n", "1.1.1.1/32\n"};
	struct policy policy = {0};
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
		struct err err = {0};
		assert_false(said_addresses(bytes_text(texts[at]), &policy, &err));
		assert_int_equal(err.kind, ERR_REFUSED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_lines_are_one),
		cmocka_unit_test(a_setting_is_the_value_behind_its_key),
		cmocka_unit_test(addresses_that_may_be_reached_are_permitted),
		cmocka_unit_test(what_is_not_understood_is_not_permitted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
