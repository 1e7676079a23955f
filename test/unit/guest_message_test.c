/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/guest_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "guest/abi.h"
#include "wire/spawner.h"
#include "wire/wire.h"

static void
make_open(struct buf *packet, struct bytes method, struct bytes url, struct bytes headers)
{
	wire_begin(packet, GUEST_OPEN);
	buf_add_u32(packet, 7);
	wire_add(packet, method);
	wire_add(packet, url);
	wire_add(packet, headers);
	wire_add(packet, BYTES_LITERAL("body"));
}

static void
a_request_has_its_fields(void **state)
{
	(void)state;
	struct guest_message message;
	struct err err;
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	make_open(&packet, BYTES_LITERAL("POST"), BYTES_LITERAL("https://o/x"),
		BYTES_LITERAL("a: b\nc:\td\n"));
	assert_true(guest_message_decode(buf_bytes(&packet), &message, &err));
	assert_int_equal(message.kind, GUEST_OPEN);
	assert_int_equal(message.id, 7);
	assert_true(bytes_equal_text(message.method, "POST"));
	assert_true(bytes_equal_text(message.url, "https://o/x"));
	assert_true(bytes_equal_text(message.headers, "a: b\nc:\td\n"));
	assert_true(bytes_equal_text(message.body, "body"));
}

static void
numbers_stand_where_their_kind_says(void **state)
{
	(void)state;
	struct guest_message message;
	struct err err;
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, GUEST_CLOSE);
	buf_add_u32(&packet, 9);
	buf_add_u64(&packet, UINT64_MAX);
	assert_true(guest_message_decode(buf_bytes(&packet), &message, &err));
	assert_int_equal(message.id, 9);
	assert_true(message.received == UINT64_MAX);
	wire_begin(&packet, GUEST_PROGRESS);
	for (uint64_t number = 1; number <= 4; number++)
		buf_add_u64(&packet, number);
	assert_true(guest_message_decode(buf_bytes(&packet), &message, &err));
	assert_true(message.received == 1 && message.expected == 2 && message.objects == 3 &&
		    message.memory == 4);
	wire_begin(&packet, GUEST_FORMER);
	assert_true(guest_message_decode(buf_bytes(&packet), &message, &err));
	assert_int_equal(message.kind, GUEST_FORMER);
}

static void
a_packet_that_is_cut_or_goes_on_does_not_decode(void **state)
{
	(void)state;
	struct guest_message message = {.id = 1};
	struct err err;
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	make_open(&packet, BYTES_LITERAL("GET"), BYTES_LITERAL("https://o/x"),
		BYTES_LITERAL("a: b\n"));
	for (size_t size = 0; size < packet.size; size++) {
		assert_false(guest_message_decode(
			bytes_first(buf_bytes(&packet), size), &message, &err));
		assert_int_equal(err.kind, ERR_CORRUPT);
	}
	buf_add_byte(&packet, 0);
	assert_false(guest_message_decode(buf_bytes(&packet), &message, &err));
	wire_begin(&packet, GUEST_HEAD);
	assert_false(guest_message_decode(buf_bytes(&packet), &message, &err));
	assert_string_equal(err.text, "the guest sent a message of kind 7");
	assert_int_equal(message.id, 1);
}

/* A process that its program has taken over skips what an honest one checks. */
static void
what_the_interface_does_not_allow_is_refused_here_too(void **state)
{
	(void)state;
	char *long_text = malloc(CAB_HTTP_HEADERS + 2);
	assert_non_null(long_text);
	memset(long_text, 'u', CAB_HTTP_HEADERS + 1);
	long_text[CAB_HTTP_HEADERS] = '\n';
	const struct bytes url = BYTES_LITERAL("https://o/x"), method = BYTES_LITERAL("GET"),
			   none = BYTES_LITERAL("");
	const struct {
		struct bytes method, url, headers;
		const char *what;
	} rows[] = {
		{none, url, none, "method"},
		{BYTES_LITERAL("get"), url, none, "method"},
		{BYTES_LITERAL("GET\n"), url, none, "method"},
		{BYTES_LITERAL("A\x1b"), url, none, "method"},
		{BYTES_LITERAL("AAAAAAAAAAAAAAAAA"), url, none, "method"},
		{method, none, none, "URL"},
		{method, BYTES_LITERAL("https://o/\x1b[2J"), none, "URL"},
		{method, BYTES_LITERAL("https://o/x y"), none, "URL"},
		{method, BYTES_LITERAL("https://o/\xff"), none, "URL"},
		{method, bytes_of(long_text, CAB_HTTP_URL + 1), none, "URL"},
		{method, url, BYTES_LITERAL("a: b"), "headers"},
		{method, url, BYTES_LITERAL("a: b\r\n"), "headers"},
		{method, url, bytes_of("a: b\0\n", 6), "headers"},
		{method, url, bytes_of(long_text, CAB_HTTP_HEADERS + 1), "headers"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		char expected[100];
		struct guest_message message;
		struct err err;
		cleanup_buf struct buf packet = BUF(WIRE_PACKET);
		make_open(&packet, rows[at].method, rows[at].url, rows[at].headers);
		assert_false(guest_message_decode(buf_bytes(&packet), &message, &err));
		(void)snprintf(expected, sizeof expected,
			"the guest's request 7 is not one of the interface: its %s", rows[at].what);
		assert_string_equal(err.text, expected);
		assert_int_equal(err.kind, ERR_REFUSED);
	}
	free(long_text);
}

static void
a_body_in_a_file_is_one_that_stays_what_it_is(void **state)
{
	(void)state;
	struct err err;
	cleanup_fd int sealed = fd_memory("body", BYTES_LITERAL("body"), &err);
	assert_true(guest_message_check_body(sealed, &err));
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_false(guest_message_check_body(ends[0], &err));
	fd_close(ends[0]);
	fd_close(ends[1]);
	cleanup_fd int open = memfd_create("body", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(fcntl(open, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_WRITE), 0);
	assert_false(guest_message_check_body(open, &err));
	assert_string_equal(
		err.text, "the guest sent a request's body that is no sealed memory file");
	cleanup_fd int large = memfd_create("body", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(large, CAB_HTTP_BODY + 1), 0);
	assert_int_equal(fcntl(large, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
	assert_false(guest_message_check_body(large, &err));
	assert_string_equal(err.text, "the guest sent a request's body of 1048577 bytes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_has_its_fields),
		cmocka_unit_test(numbers_stand_where_their_kind_says),
		cmocka_unit_test(a_packet_that_is_cut_or_goes_on_does_not_decode),
		cmocka_unit_test(what_the_interface_does_not_allow_is_refused_here_too),
		cmocka_unit_test(a_body_in_a_file_is_one_that_stays_what_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
