/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/host_functions.h"
#include "wire/spawner.h"

#include "host_fixture.h"

static int32_t
open_url(struct host_fixture *fixture, const char *url)
{
	fixture_put(fixture, 100, BYTES_LITERAL("GET"));
	fixture_put(fixture, 200, bytes_text(url));
	return CALL(fixture, "http_open", 100, 3, 200, strlen(url), 0, 0, 0, 0);
}

/* The request that the realizer sees; its id. */
static uint32_t
take_request(struct host_fixture *fixture, const char *url)
{
	struct wire_packet *packet = memory_new(sizeof *packet);
	struct err err;
	assert_int_equal(wire_receive(fixture->control, packet, &err), WIRE_PACKET_READ);
	assert_int_equal(packet->kind, GUEST_OPEN);
	struct wire_in in = wire_open(packet);
	uint32_t id = wire_u32(&in);
	assert_true(bytes_equal_text(wire_bytes(&in), "GET"));
	assert_true(bytes_equal_text(wire_bytes(&in), url));
	assert_int_equal(wire_bytes(&in).size, 0);
	assert_int_equal(wire_bytes(&in).size, 0);
	assert_true(wire_end(&in, &err));
	wire_release(packet);
	free(packet);
	return id;
}

static void
reply_head(struct host_fixture *fixture, uint32_t id, struct bytes headers, int body)
{
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	wire_begin(&out, GUEST_HEAD);
	buf_add_u32(&out, id);
	buf_add_u32(&out, 200);
	wire_add(&out, BYTES_LITERAL("http://final/"));
	wire_add(&out, headers);
	struct err err;
	assert_true(wire_send(fixture->control, &out, &body, body >= 0, &err));
}

static void
reply_end(struct host_fixture *fixture, uint32_t id, uint64_t size, const char *why)
{
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	wire_begin(&out, GUEST_END);
	buf_add_u32(&out, id);
	buf_add_u64(&out, size);
	wire_add(&out, bytes_text(why));
	struct err err;
	assert_true(wire_send(fixture->control, &out, NULL, 0, &err));
}

/* A head whose body is these bytes, without its end. */
static void
reply_body(struct host_fixture *fixture, uint32_t id, struct bytes body)
{
	struct err err;
	int read_end;
	int write_end;
	assert_true(fd_pipe(&read_end, &write_end, &err));
	assert_true(fd_write_all(write_end, body, &err));
	fd_close(write_end);
	reply_head(fixture, id, BYTES_LITERAL("etag: \"x\"\nvary: a\nvary:b\n"), read_end);
	fd_close(read_end);
}

static void
a_body_ends_with_its_verified_end(void **state)
{
	struct host_fixture *fixture = *state;
	int32_t handle = open_url(fixture, "http://host/");
	uint32_t id = take_request(fixture, "http://host/");
	reply_body(fixture, id, BYTES_LITERAL("body"));
	reply_end(fixture, id, 4, "");
	assert_int_equal(CALL(fixture, "http_status", (uint32_t)handle), 200);
	assert_int_equal(CALL(fixture, "http_read", (uint32_t)handle, 1000, 3), 3);
	assert_int_equal(CALL(fixture, "http_read", (uint32_t)handle, 1003, 100), 1);
	assert_memory_equal(fixture->host->memory + 1000, "body", 4);
	assert_int_equal(CALL(fixture, "http_read", (uint32_t)handle, 1000, 10), 0);
	assert_int_equal(CALL(fixture, "http_read", (uint32_t)handle, 1000, 0), CAB_ERROR_INVALID);
	assert_int_equal(CALL(fixture, "http_close", (uint32_t)handle), 0);
	assert_int_equal(CALL(fixture, "http_close", (uint32_t)handle), CAB_ERROR_INVALID);
}

static void
a_body_without_a_good_end_is_an_error(void **state)
{
	struct host_fixture *fixture = *state;
	static const struct {
		uint64_t size;
		const char *why;
	} ends[] = {{5, ""}, {3, ""}, {4, "reset"}, {0, "reset"}};
	for (size_t at = 0; at < sizeof ends / sizeof *ends; at++) {
		uint32_t handle = (uint32_t)open_url(fixture, "http://host/");
		uint32_t id = take_request(fixture, "http://host/");
		reply_body(fixture, id, BYTES_LITERAL("body"));
		reply_end(fixture, id, ends[at].size, ends[at].why);
		assert_int_equal(CALL(fixture, "http_read", handle, 1000, 100), 4);
		assert_int_equal(CALL(fixture, "http_read", handle, 1000, 100), CAB_ERROR_FAILED);
		assert_int_equal(CALL(fixture, "http_read", handle, 1000, 100), CAB_ERROR_FAILED);
		assert_int_equal(CALL(fixture, "http_close", handle), 0);
	}
}

static void
a_realizer_that_goes_away_ends_every_wait(void **state)
{
	struct host_fixture *fixture = *state;
	uint32_t first = (uint32_t)open_url(fixture, "http://host/");
	uint32_t second = (uint32_t)open_url(fixture, "http://host/");
	reply_body(fixture, take_request(fixture, "http://host/"), BYTES_LITERAL("body"));
	assert_int_equal(CALL(fixture, "http_read", first, 1000, 100), 4);
	fd_release(&fixture->control);
	assert_int_equal(CALL(fixture, "http_read", first, 1000, 100), CAB_ERROR_FAILED);
	assert_int_equal(CALL(fixture, "http_status", second), CAB_ERROR_FAILED);
	assert_int_equal(open_url(fixture, "http://host/"), CAB_ERROR_FAILED);
}

static void
headers_are_found_whole_and_joined(void **state)
{
	struct host_fixture *fixture = *state;
	uint32_t handle = (uint32_t)open_url(fixture, "http://host/");
	reply_body(fixture, take_request(fixture, "http://host/"), BYTES_LITERAL(""));
	fixture_put(fixture, 300, BYTES_LITERAL("varyetag:url"));
	memset(fixture->host->memory + 1000, 0xee, 20);
	assert_int_equal(CALL(fixture, "http_header", handle, 300, 4, 1000, 20), 4);
	assert_memory_equal(fixture->host->memory + 1000, "a, b\xee", 5);
	assert_int_equal(CALL(fixture, "http_header", handle, 300, 4, 1000, 2), 4);
	assert_int_equal(CALL(fixture, "http_header", handle, 300, 3, 1000, 2), CAB_ERROR_ABSENT);
	assert_int_equal(CALL(fixture, "http_header", handle, 300, 0, 1000, 2), CAB_ERROR_ABSENT);
	assert_int_equal(CALL(fixture, "http_header", handle, 300, 300, 1000, 2), CAB_ERROR_ABSENT);
	assert_int_equal(CALL(fixture, "http_header", handle, 308, 4, 1000, 20), 13);
	assert_memory_equal(fixture->host->memory + 1000, "http://final/", 13);
	/* The value may be written over the name. */
	assert_int_equal(CALL(fixture, "http_header", handle, 304, 4, 304, 3), 3);
	assert_memory_equal(fixture->host->memory + 304, "\"x\"", 3);
}

static void
packets_of_closed_requests_are_stale(void **state)
{
	struct host_fixture *fixture = *state;
	uint32_t old = (uint32_t)open_url(fixture, "http://old/");
	uint32_t old_id = take_request(fixture, "http://old/");
	assert_int_equal(CALL(fixture, "http_close", old), 0);
	uint32_t now = (uint32_t)open_url(fixture, "http://new/");
	assert_int_equal(now, old);
	struct wire_packet *packet = memory_new(sizeof *packet);
	struct err err;
	assert_int_equal(wire_receive(fixture->control, packet, &err), WIRE_PACKET_READ);
	assert_int_equal(packet->kind, GUEST_CLOSE);
	free(packet);
	uint32_t id = take_request(fixture, "http://new/");
	assert_int_not_equal(id, old_id);
	reply_body(fixture, old_id, BYTES_LITERAL("old"));
	reply_end(fixture, old_id, 3, "");
	reply_body(fixture, id, BYTES_LITERAL("new"));
	reply_end(fixture, id, 3, "");
	assert_int_equal(CALL(fixture, "http_read", now, 1000, 100), 3);
	assert_memory_equal(fixture->host->memory + 1000, "new", 3);
	assert_int_equal(CALL(fixture, "http_read", now, 1000, 100), 0);
}

static void
a_head_without_a_pipe_or_said_twice_is_no_harm(void **state)
{
	struct host_fixture *fixture = *state;
	uint32_t handle = (uint32_t)open_url(fixture, "http://host/");
	uint32_t id = take_request(fixture, "http://host/");
	reply_head(fixture, id, BYTES_LITERAL(""), -1);
	assert_int_equal(CALL(fixture, "http_status", handle), CAB_ERROR_FAILED);
	handle = (uint32_t)open_url(fixture, "http://host/");
	id = take_request(fixture, "http://host/");
	reply_body(fixture, id, BYTES_LITERAL("one"));
	reply_body(fixture, id, BYTES_LITERAL("two"));
	reply_end(fixture, id, 3, "");
	assert_int_equal(CALL(fixture, "http_read", handle, 1000, 100), 3);
	assert_int_equal(CALL(fixture, "http_read", handle, 1000, 100), 0);
	assert_memory_equal(fixture->host->memory + 1000, "one", 3);
}

static void
nonsense_from_the_realizer_ends_every_wait(void **state)
{
	struct host_fixture *fixture = *state;
	uint32_t handle = (uint32_t)open_url(fixture, "http://host/");
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	wire_begin(&out, 999);
	struct err err;
	assert_true(wire_send(fixture->control, &out, NULL, 0, &err));
	assert_int_equal(CALL(fixture, "http_status", handle), CAB_ERROR_FAILED);
}

static void
progress_is_told_but_not_at_every_call(void **state)
{
	struct host_fixture *fixture = *state;
	for (int at = 0; at < 10000; at++)
		assert_int_equal(CALL(fixture, "progress", 1, 2, 3), 0);
	struct wire_packet *packet = memory_new(sizeof *packet);
	struct err err;
	assert_int_equal(wire_receive(fixture->control, packet, &err), WIRE_PACKET_READ);
	assert_int_equal(packet->kind, GUEST_PROGRESS);
	struct wire_in in = wire_open(packet);
	assert_int_equal(wire_u64(&in), 1);
	assert_int_equal(wire_u64(&in), 2);
	assert_int_equal(wire_u64(&in), 3);
	assert_int_equal(wire_u64(&in), fixture->host->memory_size);
	assert_true(wire_end(&in, &err));
	wire_release(packet);
	free(packet);
}

static void
the_last_progress_is_told_at_the_end(void **state)
{
	struct host_fixture *fixture = *state;
	host_end(fixture->host);
	for (uint64_t at = 1; at <= 10000; at++)
		assert_int_equal(CALL(fixture, "progress", at, 0, 0), 0);
	host_end(fixture->host);
	struct wire_packet *packet = memory_new(sizeof *packet);
	uint64_t last = 0;
	struct err err;
	while (last < 10000) {
		assert_int_equal(wire_receive(fixture->control, packet, &err), WIRE_PACKET_READ);
		struct wire_in in = wire_open(packet);
		uint64_t now = wire_u64(&in);
		assert_true(now > last);
		last = now;
		wire_release(packet);
	}
	free(packet);
}

/* The run's start says that there is a hint, or does not. */
static bool
looks_for_a_hint(struct host_fixture *fixture, const char *environment)
{
	fixture->texts[2] = bytes_text(environment);
	return host_await_former(fixture->host);
}

static void
the_files_of_a_hint_are_asked_for_once_and_only_where_there_is_one(void **state)
{
	struct host_fixture *fixture = *state;
	struct wire_packet *packet = memory_new(sizeof *packet);
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	struct err err;
	assert_false(looks_for_a_hint(fixture, "CAB_HINTS=git 1f0c"));
	/* An answer that is there already: the realizer is not waited for here. */
	wire_begin(&out, GUEST_FORMER);
	assert_true(wire_send(fixture->control, &out, NULL, 0, &err));
	assert_true(looks_for_a_hint(fixture, "CAB_HINT=git 1f0c"));
	assert_false(looks_for_a_hint(fixture, "CAB_HINT=git 1f0c"));
	assert_int_equal(wire_receive(fixture->control, packet, &err), WIRE_PACKET_READ);
	assert_int_equal(packet->kind, GUEST_FORMER);
	wire_release(packet);
	assert_true(fd_set_blocking(fixture->control, false, &err));
	assert_int_equal(wire_receive(fixture->control, packet, &err), WIRE_LATER);
	free(packet);
}

static void
a_hint_of_a_realizer_that_is_gone_is_none(void **state)
{
	struct host_fixture *fixture = *state;
	fd_release(&fixture->control);
	assert_false(looks_for_a_hint(fixture, "CAB_HINT=git 1f0c"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(a_body_ends_with_its_verified_end),
		FIXTURE_TEST(a_body_without_a_good_end_is_an_error),
		FIXTURE_TEST(a_realizer_that_goes_away_ends_every_wait),
		FIXTURE_TEST(headers_are_found_whole_and_joined),
		FIXTURE_TEST(packets_of_closed_requests_are_stale),
		FIXTURE_TEST(a_head_without_a_pipe_or_said_twice_is_no_harm),
		FIXTURE_TEST(nonsense_from_the_realizer_ends_every_wait),
		FIXTURE_TEST(progress_is_told_but_not_at_every_call),
		FIXTURE_TEST(the_last_progress_is_told_at_the_end),
		FIXTURE_TEST(the_files_of_a_hint_are_asked_for_once_and_only_where_there_is_one),
		FIXTURE_TEST(a_hint_of_a_realizer_that_is_gone_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
