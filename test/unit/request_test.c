/* SPDX-License-Identifier: MPL-2.0 */
#include "network/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "wire/network.h"

struct asked {
	const char *method, *headers, *body, *origin;
};

/* Packs a request as the realizer does, with a pipe, and maybe a file for the body. */
static bool
decode(const struct asked *asked, const char *file, struct request *out, struct err *err)
{
	struct wire_packet *packet = (struct wire_packet *)memory_zero(1, sizeof *packet);
	cleanup_buf struct buf data = BUF(WIRE_PACKET);
	struct bytes origin = bytes_text(asked->origin);
	int read_end;
	wire_begin(&data, NETWORK_OPEN);
	buf_add_u32(&data, 7);
	buf_add_u32(&data, NETWORK_REDIRECTS);
	wire_add(&data, bytes_text(asked->method));
	wire_add(&data, BYTES_LITERAL("https://a.example/"));
	wire_add(&data, bytes_text(asked->headers));
	wire_add(&data, bytes_text(asked->body));
	wire_add_list(&data, &origin, 1);
	memcpy(packet->data, data.data, data.size);
	packet->size = data.size;
	packet->kind = NETWORK_OPEN;
	packet->fds[0] = packet->fds[1] = packet->fds[2] = packet->fds[3] = -1;
	assert_true(fd_pipe(&read_end, &packet->fds[0], err));
	packet->fd_count = 1;
	if (file) {
		packet->fds[1] = fd_memory("body", bytes_text(file), err);
		packet->fd_count = 2;
	}
	bool done = request_decode(packet, out, err);
	wire_release(packet);
	fd_close(read_end);
	free(packet);
	return done;
}

static void
a_request_is_what_the_packet_says(void **state)
{
	(void)state;
	const struct asked asked = {"POST", "Accept: a/b\nAuthorization: Bearer x\nUSER-Agent: g\n",
		"body", "HTTPS://A.example:443"};
	struct request request;
	struct err err = {0};
	assert_true(decode(&asked, NULL, &request, &err));
	assert_true(request_check(&request, &err));
	assert_int_equal(request.id, 7);
	assert_true(request.redirects);
	assert_int_equal(request.method, METHOD_POST);
	assert_int_equal(request.fields.size, 3);
	assert_string_equal(request.fields.data[0].line, "Accept: a/b");
	assert_false(request.fields.data[0].is_personal);
	assert_true(request.fields.data[1].is_personal);
	assert_true(request_has_field(&request, "user-agent"));
	assert_false(request_has_field(&request, "user"));
	assert_true(request_lists(&request, BYTES_LITERAL("https://a.example")));
	assert_false(request_lists(&request, BYTES_LITERAL("https://b.example")));
	assert_true(bytes_equal_text(buf_bytes(&request.body), "body"));
	request_release(&request);
}

static void
a_body_may_come_in_a_file(void **state)
{
	(void)state;
	const struct asked asked = {"POST", "", "", "https://a.example"};
	struct request request;
	struct err err = {0};
	assert_true(decode(&asked, "from the file", &request, &err));
	assert_true(request_check(&request, &err));
	assert_true(bytes_equal_text(buf_bytes(&request.body), "from the file"));
	request_release(&request);
}

static void
what_a_guest_may_not_ask_is_refused(void **state)
{
	(void)state;
	static const struct asked rows[] = {
		{"get", "", "", "https://a"},
		{"PUT", "", "", "https://a"},
		{"", "", "", "https://a"},
		{"GET", "", "x", "https://a"},
		{"HEAD", "", "x", "https://a"},
		{"GET", "Host: x\n", "", "https://a"},
		{"GET", "hOST: x", "", "https://a"},
		{"GET", "Connection: close\n", "", "https://a"},
		{"GET", "Proxy-Authorization: x\n", "", "https://a"},
		{"GET", "X: y\n\nZ: z\n", "", "https://a"},
		{"GET", "X: y\r\n", "", "https://a"},
		{"GET", "X\n", "", "https://a"},
		{"GET", ": y\n", "", "https://a"},
		{"GET", "X y: z\n", "", "https://a"},
		{"GET", "X;\n", "", "https://a"},
		{"GET", "@file: x\n", "", "https://a"},
		{"GET", "X:\n", "", "https://a"},
		{"GET", "X: \n", "", "https://a"},
		{"GET", "", "", "a"},
		{"GET", "", "", "https://a/b"},
		{"GET", "", "", ""},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct request request;
		struct err err = {0};
		assert_true(decode(&rows[at], NULL, &request, &err));
		if (request_check(&request, &err))
			fail_msg("%s %s %s was taken", rows[at].method, rows[at].headers,
				rows[at].origin);
		assert_int_equal(err.kind, ERR_REFUSED);
		request_release(&request);
	}
}

static void
a_packet_that_is_cut_does_not_decode(void **state)
{
	(void)state;
	struct wire_packet *packet = (struct wire_packet *)memory_zero(1, sizeof *packet);
	struct request request = {.pipe = -1};
	for (packet->size = 0; packet->size < 64; packet->size++) {
		struct err err = {0};
		packet->fds[0] = packet->fds[1] = packet->fds[2] = packet->fds[3] = -1;
		assert_false(request_decode(packet, &request, &err));
		assert_int_equal(err.kind, ERR_CORRUPT);
		assert_int_equal(request.pipe, -1);
	}
	free(packet);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_what_the_packet_says),
		cmocka_unit_test(a_body_may_come_in_a_file),
		cmocka_unit_test(what_a_guest_may_not_ask_is_refused),
		cmocka_unit_test(a_packet_that_is_cut_does_not_decode),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
