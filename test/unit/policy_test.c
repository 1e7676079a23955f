/* SPDX-License-Identifier: MPL-2.0 */
#include "network/policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static bool
permits(const struct policy *policy, const char *address, struct err *err)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	bool by_text = policy_permits_text(policy, bytes_text(address), err);
	bool by_socket;
	if (inet_pton(AF_INET, address, &four.sin_addr) == 1) {
		by_socket = policy_permits(policy, (const struct sockaddr *)&four, err);
	} else {
		assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
		by_socket = policy_permits(policy, (const struct sockaddr *)&six, err);
	}
	assert_int_equal(by_text, by_socket);
	return by_socket;
}

static void
public_addresses_may_be_reached(void **state)
{
	(void)state;
	static const char *const addresses[] = {"1.1.1.1", "9.255.255.255", "11.0.0.0",
		"100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
		"169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
		"198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111",
		"2a00:1450:4001::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"};
	struct policy policy = {0};
	for (size_t at = 0; at < sizeof addresses / sizeof *addresses; at++) {
		struct err err = {0};
		if (!permits(&policy, addresses[at], &err))
			fail_msg("%s", err.text);
	}
}

static void
all_others_are_refused_with_what_would_allow_them(void **state)
{
	(void)state;
	static const char *const addresses[] = {"0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255",
		"100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.255", "169.254.169.254",
		"172.16.0.0", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.168.0.1",
		"192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1",
		"224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::2",
		"::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0.0.0.0",
		"::ffff:169.254.169.254", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1",
		"100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "fc00::1",
		"fdff:ffff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1", "3fff::1", "5f00::1"};
	struct policy policy = {0};
	for (size_t at = 0; at < sizeof addresses / sizeof *addresses; at++) {
		struct err err = {0};
		if (permits(&policy, addresses[at], &err))
			fail_msg("%s is permitted", addresses[at]);
		assert_int_equal(err.kind, ERR_REFUSED);
		assert_non_null(strstr(err.text, "--set 'network.allow=[\""));
	}
}

static void
what_the_refusal_says_to_set_does_allow_the_address(void **state)
{
	(void)state;
	static const char *const addresses[] = {"127.0.0.1", "::1", "::ffff:10.0.0.1", "fd00::2"};
	for (size_t at = 0; at < sizeof addresses / sizeof *addresses; at++) {
		struct policy policy = {0};
		struct err err = {0};
		assert_false(permits(&policy, addresses[at], &err));
		const char *start = strstr(err.text, "[\"") + 2;
		assert_true(policy_allow(
			&policy, bytes_first(bytes_text(start), strcspn(start, "\"")), &err));
		assert_true(permits(&policy, addresses[at], &err));
		policy_release(&policy);
	}
}

static void
an_allowed_range_holds_what_is_in_it_and_no_more(void **state)
{
	(void)state;
	struct policy policy = {0};
	struct err err = {0};
	assert_true(policy_allow(&policy, BYTES_LITERAL("10.1.0.0/17"), &err));
	assert_true(policy_allow(&policy, BYTES_LITERAL("fd00:1::/33"), &err));
	assert_true(policy_allow(&policy, BYTES_LITERAL("192.168.7.7"), &err));
	assert_true(permits(&policy, "10.1.127.255", &err));
	assert_true(permits(&policy, "::ffff:10.1.0.1", &err));
	assert_true(permits(&policy, "fd00:1:7fff::1", &err));
	assert_true(permits(&policy, "192.168.7.7", &err));
	assert_false(permits(&policy, "10.1.128.0", &err));
	assert_false(permits(&policy, "10.0.255.255", &err));
	assert_false(permits(&policy, "fd00:1:8000::1", &err));
	assert_false(permits(&policy, "192.168.7.6", &err));
	policy_release(&policy);
	assert_true(policy_allow(&policy, BYTES_LITERAL("0.0.0.0/0"), &err));
	assert_true(permits(&policy, "127.0.0.1", &err));
	assert_false(permits(&policy, "::1", &err));
	policy_release(&policy);
}

static void
what_is_no_range_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33",
		"10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0", "010.0.0.1", "::/129", "localhost",
		"10.0.0.0/0008", "1.2.3.4 ", "fe80::1%lo",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};
	struct policy policy = {0};
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
		struct err err = {0};
		if (policy_allow(&policy, bytes_text(texts[at]), &err))
			fail_msg("%s was taken", texts[at]);
	}
	struct err err = {0};
	assert_false(policy_allow(&policy, BYTES_LITERAL("127.0.0.1\0.5"), &err));
	assert_int_equal(policy.allowed.size, 0);
}

static void
loopback_is_known_by_address_and_by_name(void **state)
{
	(void)state;
	assert_true(policy_is_loopback(BYTES_LITERAL("127.0.0.1")));
	assert_true(policy_is_loopback(BYTES_LITERAL("127.9.9.9")));
	assert_true(policy_is_loopback(BYTES_LITERAL("::1")));
	assert_true(policy_is_loopback(BYTES_LITERAL("localhost")));
	assert_false(policy_is_loopback(BYTES_LITERAL("10.0.0.1")));
	assert_false(policy_is_loopback(BYTES_LITERAL("localhost.example")));
}

/* By which interface an address is reached does not make it another. */
static void
a_scope_hides_no_address(void **state)
{
	(void)state;
	struct policy policy = {0};
	struct err err = {0};
	assert_true(policy_is_address(BYTES_LITERAL("fe80::1%eth0")));
	assert_true(policy_is_address(BYTES_LITERAL("1.1.1.1")));
	assert_false(policy_is_address(BYTES_LITERAL("%eth0")));
	assert_false(policy_is_address(BYTES_LITERAL("10.0.0.0/8")));
	assert_false(policy_is_address(BYTES_LITERAL("localhost")));
	assert_false(policy_permits_text(&policy, BYTES_LITERAL("fe80::1%eth0"), &err));
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_true(policy_permits_text(&policy, BYTES_LITERAL("name%eth0"), &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(public_addresses_may_be_reached),
		cmocka_unit_test(all_others_are_refused_with_what_would_allow_them),
		cmocka_unit_test(what_the_refusal_says_to_set_does_allow_the_address),
		cmocka_unit_test(an_allowed_range_holds_what_is_in_it_and_no_more),
		cmocka_unit_test(what_is_no_range_is_refused),
		cmocka_unit_test(a_scope_hides_no_address),
		cmocka_unit_test(loopback_is_known_by_address_and_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
