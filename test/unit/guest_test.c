/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The two that a guest is given, network and spawner, are functions of this file: what it asks of them is written down. The
 * control socket is a real one, and this file its guest.
 */
#include "realize/guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "guest/abi.h"
#include "wire/spawner.h"
#include "wire/wire.h"

enum { TRANSFERS = 80 };

struct network_transfer {
	struct network_listener listener;
	int body;
	bool cancelled, paused;
};

/* What the network was asked, and what the guest's listener heard, a word each. */
static struct network_transfer transfers[TRANSFERS];
static size_t transfer_count;
static char log_text[4096];
static spawner_started *on_started;
static void *on_started_context;
static int their_end;
static bool lets_go, network_is_broken;

static void PRINTF(1, 2) note(const char *format, ...)
{
	va_list arguments;
	size_t size = strlen(log_text);
	va_start(arguments, format);
	(void)vsnprintf(log_text + size, sizeof log_text - size, format, arguments);
	va_end(arguments);
}

static void
heard(const char *expected)
{
	assert_string_equal(log_text, expected);
	log_text[0] = '\0';
}

struct network_transfer *
network_open(struct network *network, const struct network_request *request, int body_fd,
	const struct network_listener *listener, struct err *err)
{
	(void)network;
	if (network_is_broken) {
		fd_close(body_fd);
		(void)err_set(err, ERR_SYSTEM, "no network");
		return NULL;
	}
	struct network_transfer *transfer = &transfers[transfer_count++];
	*transfer = (struct network_transfer){.listener = *listener, .body = body_fd};
	note("open %.*s %.*s %zu%s;", BYTES_ARGS(request->method), BYTES_ARGS(request->url),
		request->origin_count, request->redirects ? " redirects" : "");
	return transfer;
}

void
network_pause(struct network_transfer *transfer)
{
	transfer->paused = true;
}

void
network_resume(struct network_transfer *transfer)
{
	transfer->paused = false;
}

void
network_cancel(struct network_transfer *transfer)
{
	transfer->cancelled = true;
	fd_release(&transfer->body);
	note("cancel;");
}

bool
spawner_run(struct spawner *spawner, const struct spawner_request *request,
	spawner_started *started, void *context, struct err *err)
{
	(void)spawner;
	(void)err;
	their_end = fcntl(request->control, F_DUPFD_CLOEXEC, 3);
	on_started = started;
	on_started_context = context;
	return their_end >= 0;
}

void
spawner_forget(struct spawner *spawner, void *context)
{
	(void)spawner;
	(void)context;
	note("forget;");
}

static void
hear_started(void *context, int pid, int pidfd, struct bytes why)
{
	(void)context;
	(void)pidfd;
	note("started %d %.*s;", pid, BYTES_ARGS(why));
}

static bool
hear_open(void *context)
{
	(void)context;
	return lets_go;
}

static bool
hear_former(void *context)
{
	(void)context;
	note("former;");
	return lets_go;
}

static void
hear_reached(void *context, struct bytes origin)
{
	(void)context;
	note("reached %.*s;", BYTES_ARGS(origin));
}

static void
hear_requested(void *context, const struct guest_request_end *end)
{
	(void)context;
	note("requested %.*s %u %llu;", BYTES_ARGS(end->what), end->status,
		(unsigned long long)end->received);
}

static void
hear_note(void *context, struct bytes text)
{
	(void)context;
	note("note %.*s;", BYTES_ARGS(text));
}

static void
hear_progress(void *context, uint64_t received, uint64_t expected, uint64_t objects)
{
	(void)context;
	note("progress %llu %llu %llu;", (unsigned long long)received, (unsigned long long)expected,
		(unsigned long long)objects);
}

struct side {
	struct loop *loop;
	struct guest *guest;
};

static struct side
side_open(const char *refusal, bool redirects)
{
	static const struct bytes origins[] = {{(const uint8_t *)"https://o", 9}};
	struct side side = {.loop = loop_new()};
	struct err err = {0};
	const struct guest_host host = {.loop = side.loop,
		.origins = origins,
		.origin_count = 1,
		.redirects = redirects,
		.refusal = refusal};
	const struct guest_listener listener = {.started = hear_started,
		.open = hear_open,
		.former = hear_former,
		.reached = hear_reached,
		.requested = hear_requested,
		.note = hear_note,
		.progress = hear_progress};
	const struct spawner_request request = {.control = -1};
	transfer_count = 0;
	log_text[0] = '\0';
	lets_go = true;
	network_is_broken = false;
	side.guest = guest_new(&host, &listener);
	if (!guest_start(side.guest, &request, &err))
		fail_msg("%s", err.text);
	on_started(on_started_context, 42, -1, bytes_of("", 0));
	heard("started 42 ;");
	return side;
}

static void
side_close(struct side *side)
{
	guest_free(side->guest);
	loop_free(side->loop);
	for (size_t at = 0; at < transfer_count; at++)
		fd_release(&transfers[at].body);
	fd_close(their_end);
}

static void
send_packet(struct side *side, const struct buf *packet)
{
	struct err err = {0};
	if (!wire_send(their_end, packet, NULL, 0, &err) || !loop_step(side->loop, &err))
		fail_msg("%s", err.text);
}

static void
send_open(struct side *side, uint32_t id, const char *method, const char *url)
{
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, GUEST_OPEN);
	buf_add_u32(&packet, id);
	wire_add(&packet, bytes_text(method));
	wire_add(&packet, bytes_text(url));
	wire_add(&packet, bytes_text("a: b\n"));
	wire_add(&packet, bytes_of("", 0));
	send_packet(side, &packet);
}

/* The next message that the guest gets must be of this kind and id; a HEAD brings the body's pipe. */
static void
told(uint32_t kind, uint32_t id, uint32_t number)
{
	static struct wire_packet packet;
	struct err err = {0};
	assert_int_equal(wire_receive(their_end, &packet, &err), WIRE_PACKET_READ);
	struct wire_in in = wire_open(&packet);
	assert_int_equal(packet.kind, kind);
	assert_int_equal(wire_u32(&in), id);
	assert_int_equal(kind == GUEST_END ? (uint32_t)wire_u64(&in) : wire_u32(&in), number);
	assert_int_equal(packet.fd_count, kind == GUEST_HEAD);
	wire_release(&packet);
}

static void
end_transfer(size_t at, bool refused, const char *why)
{
	const struct network_end end = {.refused = refused,
		.size = 5,
		.received = 77,
		.requests = 2,
		.why = bytes_text(why)};
	transfers[at].listener.end(transfers[at].listener.context, &end);
}

static void
head_from(size_t at, uint32_t status, const char *url)
{
	transfers[at].listener.head(
		transfers[at].listener.context, status, bytes_text(url), BYTES_LITERAL("a: b\n"));
}

static void
head_of(size_t at, uint32_t status)
{
	head_from(at, status, "u");
}

static void
a_request_goes_out_and_its_answer_back(void **state)
{
	(void)state;
	struct side side = side_open(NULL, true);
	send_open(&side, 7, "GET", "https://o/x");
	heard("open GET https://o/x 1 redirects;");
	transfers[0].listener.reached(transfers[0].listener.context, BYTES_LITERAL("https://o"));
	transfers[0].listener.note(transfers[0].listener.context, BYTES_LITERAL("again"));
	head_of(0, 200);
	/* A second head would be another response's: it is none of the guest's. */
	head_of(0, 500);
	end_transfer(0, false, "");
	told(GUEST_HEAD, 7, 200);
	told(GUEST_END, 7, 5);
	heard("reached https://o;note again;requested GET https://o/x 200 77;");
	struct guest_account account = guest_account(side.guest);
	assert_int_equal(account.requests, 2);
	assert_int_equal(account.received, 77);
	assert_false(account.broken);
	side_close(&side);
}

static void
where_an_answer_came_from_may_be_asked_next(void **state)
{
	(void)state;
	static const char *const from[] = {"https://o/y", "https://mirror:8/y",
		"https://mirror:8/z", "https://mirror", "odd", "ssh://me@host/x", "https:"};
	static const unsigned origins[] = {1, 1, 2, 2, 3, 3, 3};
	struct side side = side_open(NULL, false);
	for (uint32_t at = 0; at < sizeof from / sizeof *from; at++) {
		char expected[100];
		send_open(&side, at, "GET", "https://o/x");
		(void)snprintf(expected, sizeof expected, "open GET https://o/x %u;", origins[at]);
		heard(expected);
		head_from(at, 200, from[at]);
		end_transfer(at, false, "");
		heard("requested GET https://o/x 200 77;");
	}
	side_close(&side);
}

/* A server may lead elsewhere for ever. */
static void
no_more_places_are_kept_than_there_is_room_for(void **state)
{
	(void)state;
	struct side side = side_open(NULL, true);
	for (uint32_t at = 0; at < 12; at++) {
		char text[100];
		send_open(&side, at, "GET", "https://o/x");
		(void)snprintf(text, sizeof text, "open GET https://o/x %u redirects;",
			1 + (at < 8 ? at : 8));
		heard(text);
		(void)snprintf(text, sizeof text, "https://h%u/x", at);
		head_from(at, 200, text);
		end_transfer(at, false, "");
		heard("requested GET https://o/x 200 77;");
	}
	side_close(&side);
}

static void
what_fails_is_told_by_its_kind(void **state)
{
	(void)state;
	for (int refused = 0; refused < 2; refused++) {
		struct side side = side_open(NULL, false);
		/* A status of 400 and above is an answer, and remembered as one that broke. */
		send_open(&side, 1, "GET", "https://o/x");
		head_of(0, refused ? 399 : 400);
		end_transfer(0, false, "");
		told(GUEST_HEAD, 1, refused ? 399 : 400);
		told(GUEST_END, 1, 5);
		assert_int_equal(guest_account(side.guest).broken, !refused);
		send_open(&side, 2, "GET", "https://o/y");
		end_transfer(1, refused, "why");
		told(GUEST_FAIL, 2, (uint32_t)(refused ? CAB_ERROR_REFUSED : CAB_ERROR_FAILED));
		assert_true(guest_account(side.guest).broken);
		network_is_broken = true;
		log_text[0] = '\0';
		send_open(&side, 3, "GET", "https://o/z");
		heard("note no network;");
		told(GUEST_FAIL, 3, (uint32_t)CAB_ERROR_FAILED);
		side_close(&side);
	}
}

static void
a_run_without_a_network_is_told_so_at_each_request(void **state)
{
	(void)state;
	struct side side = side_open("it may not", false);
	for (uint32_t id = 1; id < 3; id++) {
		send_open(&side, id, "GET", "https://o/x");
		heard("note it may not;");
		told(GUEST_FAIL, id, (uint32_t)CAB_ERROR_REFUSED);
	}
	assert_int_equal(transfer_count, 0);
	side_close(&side);
}

static void
nothing_leaves_until_it_was_decided(void **state)
{
	(void)state;
	struct side side = side_open(NULL, false);
	send_open(&side, 1, "GET", "https://o/1");
	log_text[0] = '\0';
	lets_go = false;
	send_open(&side, 2, "GET", "https://o/2");
	send_open(&side, 3, "GET", "https://o/3");
	guest_hold(side.guest);
	heard("");
	assert_true(transfers[0].paused);
	guest_resume(side.guest);
	assert_false(transfers[0].paused);
	heard("open GET https://o/2 1;open GET https://o/3 1;");
	/* Held again: it was decided once. */
	guest_resume(side.guest);
	heard("");
	side_close(&side);
}

static void
who_looks_for_a_hint_is_answered_unless_the_run_is_stopped(void **state)
{
	(void)state;
	static struct wire_packet answer;
	struct side side = side_open(NULL, false);
	struct err err = {0};
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, GUEST_FORMER);
	send_packet(&side, &packet);
	heard("former;");
	assert_int_equal(wire_receive(their_end, &answer, &err), WIRE_PACKET_READ);
	assert_int_equal(answer.kind, GUEST_FORMER);
	wire_release(&answer);
	lets_go = false;
	wire_begin(&packet, GUEST_FORMER);
	send_packet(&side, &packet);
	heard("former;");
	if (!fd_set_blocking(their_end, false, &err))
		fail_msg("%s", err.text);
	assert_int_equal(wire_receive(their_end, &answer, &err), WIRE_LATER);
	side_close(&side);
}

static void
send_close(struct side *side, uint32_t id, uint64_t received)
{
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, GUEST_CLOSE);
	buf_add_u32(&packet, id);
	buf_add_u64(&packet, received);
	send_packet(side, &packet);
}

static void
a_request_that_is_closed_is_cancelled_and_counts(void **state)
{
	(void)state;
	struct side side = side_open(NULL, false);
	send_open(&side, 9, "GET", "https://o/x");
	transfers[0].listener.reached(transfers[0].listener.context, BYTES_LITERAL("https://o"));
	log_text[0] = '\0';
	send_close(&side, 8, 0);
	heard("");
	send_close(&side, 9, 0);
	heard("requested GET https://o/x 0 0;cancel;");
	assert_int_equal(guest_account(side.guest).requests, 1);
	side_close(&side);
}

static void
what_was_read_before_a_close_counts_with_its_head(void **state)
{
	(void)state;
	struct side side = side_open(NULL, false);
	send_open(&side, 1, "GET", "https://o/x");
	head_of(0, 200);
	log_text[0] = '\0';
	send_close(&side, 1, 358);
	heard("requested GET https://o/x 200 363;cancel;");
	assert_int_equal(guest_account(side.guest).received, 363);
	/* A number that no sum holds is left out. */
	send_open(&side, 2, "GET", "https://o/x");
	head_of(1, 200);
	log_text[0] = '\0';
	send_close(&side, 2, UINT64_MAX);
	heard("requested GET https://o/x 200 5;cancel;");
	side_close(&side);
}

/* The network process, which is everybody's, would read it, or end over it. */
static void
send_open_with_pipe(struct side *side, uint32_t id)
{
	struct err err = {0};
	int ends[2];
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, GUEST_OPEN);
	buf_add_u32(&packet, id);
	wire_add(&packet, BYTES_LITERAL("POST"));
	wire_add(&packet, BYTES_LITERAL("https://o/x"));
	wire_add(&packet, bytes_of("", 0));
	wire_add(&packet, bytes_of("", 0));
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	if (!wire_send(their_end, &packet, ends, 1, &err) || !loop_step(side->loop, &err))
		fail_msg("%s", err.text);
	fd_close(ends[0]);
	fd_close(ends[1]);
}

static void
a_guest_that_breaks_the_interface_gets_no_more_answers(void **state)
{
	(void)state;
	char *url = malloc(CAB_HTTP_URL + 2);
	assert_non_null(url);
	memset(url, 'u', CAB_HTTP_URL + 1);
	url[CAB_HTTP_URL + 1] = '\0';
	for (int kind = 0; kind < 7; kind++) {
		struct side side = side_open(NULL, false);
		cleanup_buf struct buf packet = BUF(WIRE_PACKET);
		send_open(&side, 1, "GET", "https://o/x");
		log_text[0] = '\0';
		if (kind == 0) {
			wire_begin(&packet, 999);
			send_packet(&side, &packet);
		} else if (kind == 1) {
			wire_begin(&packet, GUEST_OPEN);
			buf_add_u32(&packet, 2);
			send_packet(&side, &packet);
		} else if (kind == 2) {
			send_open(&side, 2, "GET", url);
		} else if (kind == 3) {
			send_open(&side, 2, "AMETHODOFSEVENTEE", "https://o/x");
		} else if (kind == 6) {
			send_open_with_pipe(&side, 2);
		} else if (kind == 4) {
			wire_begin(&packet, GUEST_CLOSE);
			buf_add_u32(&packet, 1);
			send_packet(&side, &packet);
		} else {
			wire_begin(&packet, GUEST_PROGRESS);
			buf_add_u64(&packet, 1);
			send_packet(&side, &packet);
		}
		/* What was under way is cancelled, and the socket closed. */
		assert_true(transfers[0].cancelled);
		assert_non_null(strstr(log_text, "note "));
		static struct wire_packet received;
		struct err err = {0};
		assert_int_equal(wire_receive(their_end, &received, &err), WIRE_CLOSED);
		side_close(&side);
	}
	free(url);
}

static void
open_requests_have_a_ceiling(void **state)
{
	(void)state;
	struct side side = side_open(NULL, false);
	for (uint32_t id = 1; id <= CAB_HTTP_HANDLES; id++)
		send_open(&side, id, "GET", "https://o/x");
	assert_int_equal(transfer_count, CAB_HTTP_HANDLES);
	log_text[0] = '\0';
	send_open(&side, 1000, "GET", "https://o/x");
	assert_int_equal(transfer_count, CAB_HTTP_HANDLES);
	assert_non_null(strstr(log_text, "requests open"));
	side_close(&side);
}

static void
progress_counts_where_no_end_was_heard(void **state)
{
	(void)state;
	struct side side = side_open(NULL, false);
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, GUEST_PROGRESS);
	buf_add_u64(&packet, 1000);
	buf_add_u64(&packet, 2000);
	buf_add_u64(&packet, 3);
	buf_add_u64(&packet, 4 << 20);
	send_packet(&side, &packet);
	heard("progress 1000 2000 3;");
	assert_int_equal(guest_account(side.guest).received, 1000);
	/* The last word comes before the end is told. */
	packet.data[4] = 0xff;
	struct err err = {0};
	assert_true(wire_send(their_end, &packet, NULL, 0, &err));
	guest_drain(side.guest);
	assert_true(guest_account(side.guest).received > 1000);
	guest_drain(side.guest);
	side_close(&side);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_goes_out_and_its_answer_back),
		cmocka_unit_test(where_an_answer_came_from_may_be_asked_next),
		cmocka_unit_test(no_more_places_are_kept_than_there_is_room_for),
		cmocka_unit_test(what_fails_is_told_by_its_kind),
		cmocka_unit_test(a_run_without_a_network_is_told_so_at_each_request),
		cmocka_unit_test(nothing_leaves_until_it_was_decided),
		cmocka_unit_test(who_looks_for_a_hint_is_answered_unless_the_run_is_stopped),
		cmocka_unit_test(a_request_that_is_closed_is_cancelled_and_counts),
		cmocka_unit_test(what_was_read_before_a_close_counts_with_its_head),
		cmocka_unit_test(a_guest_that_breaks_the_interface_gets_no_more_answers),
		cmocka_unit_test(open_requests_have_a_ceiling),
		cmocka_unit_test(progress_counts_where_no_end_was_heard),
	};
	return cmocka_run_group_tests_name("guest", tests, NULL, NULL);
}
