/* SPDX-License-Identifier: MPL-2.0 */
/* The other side is this program itself, run again as a helper that does what a URL says. */
#include "realize/network.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "wire/network.h"
#include "wire/wire.h"

#define HELPER "CAB_TEST_HELPER"

/* The helper. */

static void
helper_send(struct buf *packet)
{
	struct err err;
	if (!wire_send(NETWORK_SOCKET, packet, NULL, 0, &err))
		_exit(9);
	buf_clear(packet);
}

static void
helper_end(struct buf *packet, uint32_t id, uint32_t refused, struct bytes why)
{
	wire_begin(packet, NETWORK_END);
	buf_add_u32(packet, id);
	buf_add_u32(packet, refused);
	buf_add_u64(packet, 5);
	buf_add_u64(packet, 77);
	buf_add_u32(packet, 2);
	wire_add(packet, why);
	helper_send(packet);
}

static void
helper_answer(struct buf *packet, uint32_t id, struct bytes url, struct bytes said, int pipe_fd)
{
	struct err err;
	wire_begin(packet, NETWORK_REACHED);
	buf_add_u32(packet, id);
	wire_add(packet, BYTES_LITERAL("http://origin"));
	helper_send(packet);
	wire_begin(packet, NETWORK_HEAD);
	buf_add_u32(packet, id);
	buf_add_u32(packet, 200);
	wire_add(packet, url);
	wire_add(packet, BYTES_LITERAL("a: b\n"));
	helper_send(packet);
	wire_begin(packet, NETWORK_NOTE);
	buf_add_u32(packet, id);
	wire_add(packet, BYTES_LITERAL("tried again"));
	helper_send(packet);
	if (!fd_write_all(pipe_fd, said, &err))
		_exit(8);
	helper_end(packet, id, 0, bytes_of(NULL, 0));
}

static void
helper_open(struct wire_packet *packet, struct buf *told)
{
	struct wire_in in = wire_open(packet);
	uint32_t id = wire_u32(&in);
	uint32_t flags = wire_u32(&in);
	struct bytes method = wire_bytes(&in);
	struct bytes url = wire_bytes(&in);
	struct bytes headers = wire_bytes(&in);
	struct bytes body = wire_bytes(&in);
	struct bytes origins[NETWORK_ORIGINS];
	size_t count = wire_list(&in, origins, NETWORK_ORIGINS);
	struct err err;
	cleanup_fd int pipe_fd = wire_take_fd(packet, 0);
	cleanup_fd int body_fd = wire_take_fd(packet, 1);
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	cleanup_buf struct buf said = BUF(BUF_MAX);
	if (!wire_end(&in, &err))
		_exit(7);
	if (bytes_equal_text(url, "die"))
		_exit(3);
	if (bytes_equal_text(url, "nonsense"))
		wire_begin(&out, 99);
	if (bytes_equal_text(url, "short")) {
		wire_begin(&out, NETWORK_HEAD);
		buf_add_u32(&out, id);
	}
	if (out.size)
		helper_send(&out);
	if (bytes_equal_text(url, "stray"))
		helper_end(&out, 999, 0, BYTES_LITERAL("of nobody"));
	if (bytes_equal_text(url, "refuse") || bytes_equal_text(url, "stray"))
		helper_end(&out, id, 1, BYTES_LITERAL("policy says no"));
	if (bytes_equal_text(url, "told"))
		helper_end(&out, id, 0, buf_bytes(told));
	buf_format(&said, "%.*s %.*s %u %zu %.*s%.*s", BYTES_ARGS(method), BYTES_ARGS(url), flags,
		count, BYTES_ARGS(headers), BYTES_ARGS(body));
	if (body_fd >= 0 && (lseek(body_fd, 0, SEEK_SET) < 0 || !fd_read_all(body_fd, &said, &err)))
		_exit(6);
	if (bytes_has_prefix(url, BYTES_LITERAL("http://")))
		helper_answer(&out, id, url, buf_bytes(&said), pipe_fd);
}

/* A proxy has no head: one that has been taken over says one. */
static void
helper_listen(struct wire_packet *packet)
{
	struct wire_in in = wire_open(packet);
	uint32_t id = wire_u32(&in);
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	wire_begin(&out, NETWORK_HEAD);
	buf_add_u32(&out, id);
	buf_add_u32(&out, 200);
	wire_add(&out, BYTES_LITERAL("http://host/"));
	wire_add(&out, bytes_of(NULL, 0));
	helper_send(&out);
	wire_begin(&out, NETWORK_MOVED);
	buf_add_u32(&out, id);
	buf_add_u64(&out, 77);
	helper_send(&out);
	helper_end(&out, id, 0, bytes_of(NULL, 0));
}

static int
helper_run(void)
{
	static struct wire_packet packet;
	struct err err;
	cleanup_buf struct buf told = BUF(BUF_MAX);
	if (wire_receive(NETWORK_SOCKET, &packet, &err) != WIRE_PACKET_READ ||
		packet.kind != NETWORK_CONFIG)
		return 5;
	cleanup_fd int config = wire_take_fd(&packet, 0);
	cleanup_buf struct buf text = BUF(BUF_MAX);
	if (lseek(config, 0, SEEK_SET) < 0 || !fd_read_all(config, &text, &err) ||
		!bytes_equal_text(buf_bytes(&text), "{\"the\":\"config\"}"))
		return 4;
	while (wire_receive(NETWORK_SOCKET, &packet, &err) == WIRE_PACKET_READ) {
		if (packet.kind == NETWORK_OPEN)
			helper_open(&packet, &told);
		else if (packet.kind == NETWORK_LISTEN)
			helper_listen(&packet);
		else
			buf_format(&told, "%s ",
				packet.kind == NETWORK_PAUSE    ? "pause"
				: packet.kind == NETWORK_RESUME ? "resume"
								: "cancel");
		wire_release(&packet);
	}
	return 0;
}

/* The tests. */

struct side {
	struct loop *loop;
	struct network *network;
	char program[512];
};

struct heard {
	struct side *side;
	struct network_transfer *transfer;
	int body; /* read end */
	struct buf log;
	bool ended;
	struct heard *then; /* what is asked for from within its end */
};

static void
hear_head(void *context, uint32_t status, struct bytes url, struct bytes headers)
{
	struct heard *heard = context;
	buf_format(&heard->log, "head %u %.*s %.*s", status, BYTES_ARGS(url), BYTES_ARGS(headers));
}

static void
hear_reached(void *context, struct bytes origin)
{
	buf_format(&((struct heard *)context)->log, "reached %.*s\n", BYTES_ARGS(origin));
}

static void
hear_note(void *context, struct bytes text)
{
	buf_format(&((struct heard *)context)->log, "note %.*s\n", BYTES_ARGS(text));
}

static void ask(struct side *side, struct heard *heard, const char *url);

static void
hear_end(void *context, const struct network_end *end)
{
	struct heard *heard = context;
	assert_false(heard->ended);
	heard->ended = true;
	buf_format(&heard->log, "end%s %llu %llu %u %.*s\n", end->refused ? " refused" : "",
		(unsigned long long)end->size, (unsigned long long)end->received, end->requests,
		BYTES_ARGS(end->why));
	if (heard->then)
		ask(heard->side, heard->then, "http://host/then");
}

static bool
ask_with(struct side *side, struct heard *heard, struct network_request request, struct err *err)
{
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	heard->side = side;
	heard->body = ends[0];
	heard->log = (struct buf)BUF(BUF_MAX);
	struct network_listener listener = {.context = heard,
		.head = hear_head,
		.reached = hear_reached,
		.note = hear_note,
		.end = hear_end};
	heard->transfer = network_open(side->network, &request, ends[1], &listener, err);
	return heard->transfer;
}

static void
ask(struct side *side, struct heard *heard, const char *url)
{
	struct err err;
	struct network_request request = {.method = BYTES_LITERAL("GET"),
		.url = bytes_text(url),
		.headers = BYTES_LITERAL("x: y\n"),
		.body_fd = -1};
	if (!ask_with(side, heard, request, &err))
		fail_msg("%s", err.text);
}

static void
wait_for(struct heard *heard)
{
	struct err err;
	while (!heard->ended)
		if (!loop_step(heard->side->loop, &err))
			fail_msg("%s", err.text);
}

static void
forget(struct heard *heard)
{
	fd_close(heard->body);
	buf_release(&heard->log);
}

static void
said(struct heard *heard, const char *expected)
{
	wait_for(heard);
	assert_string_equal(buf_text(&heard->log), expected);
	forget(heard);
}

static int
side_setup(void **state)
{
	struct side *side = memory_zero(1, sizeof *side);
	assert_true(readlink("/proc/self/exe", side->program, sizeof side->program - 1) > 0);
	side->loop = loop_new();
	side->network = network_new(side->loop, side->program);
	network_configure(side->network, BYTES_LITERAL("{\"the\":\"config\"}"));
	*state = side;
	return 0;
}

static int
side_teardown(void **state)
{
	struct side *side = *state;
	network_free(side->network);
	loop_free(side->loop);
	free(side);
	return 0;
}

static void
a_request_goes_out_whole_and_its_answer_comes_back(void **state)
{
	struct side *side = *state;
	struct heard heard = {0};
	struct err err;
	struct bytes origins[] = {BYTES_LITERAL("http://host"), BYTES_LITERAL("http://other")};
	struct network_request request = {.method = BYTES_LITERAL("POST"),
		.url = BYTES_LITERAL("http://host/path"),
		.headers = BYTES_LITERAL("x: y\n"),
		.body = BYTES_LITERAL("the body"),
		.body_fd = -1,
		.origins = origins,
		.origin_count = 2,
		.redirects = true};
	assert_true(ask_with(side, &heard, request, &err));
	wait_for(&heard);
	cleanup_buf struct buf body = BUF(BUF_MAX);
	assert_true(fd_read_all(heard.body, &body, &err));
	assert_string_equal(buf_text(&body), "POST http://host/path 1 2 x: y\nthe body");
	said(&heard, "reached http://origin\nhead 200 http://host/path a: b\nnote tried again\n"
		     "end 5 77 2 \n");
}

static void
a_body_may_come_as_a_file(void **state)
{
	struct side *side = *state;
	struct heard heard = {0};
	struct err err;
	cleanup_fd int file = fd_memory("body", BYTES_LITERAL("from a file"), &err);
	struct network_request request = {.method = BYTES_LITERAL("POST"),
		.url = BYTES_LITERAL("http://host/"),
		.body_fd = file};
	assert_true(ask_with(side, &heard, request, &err));
	wait_for(&heard);
	cleanup_buf struct buf body = BUF(BUF_MAX);
	assert_true(fd_read_all(heard.body, &body, &err));
	assert_string_equal(buf_text(&body), "POST http://host/ 0 0 from a file");
	forget(&heard);
	/* It is the caller's still. */
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
}

static void
what_policy_refuses_is_told_as_that(void **state)
{
	struct heard heard = {0};
	ask(*state, &heard, "refuse");
	said(&heard, "end refused 5 77 2 policy says no\n");
}

static void
its_death_ends_every_transfer_and_the_next_starts_it_anew(void **state)
{
	struct side *side = *state;
	struct heard first = {0}, second = {0}, third = {0}, after = {0};
	ask(side, &first, "wait");
	ask(side, &second, "wait");
	ask(side, &third, "die");
	said(&third, "end 0 0 0 cab-network ended unexpectedly\n");
	said(&first, "end 0 0 0 cab-network ended unexpectedly\n");
	said(&second, "end 0 0 0 cab-network ended unexpectedly\n");
	ask(side, &after, "refuse");
	said(&after, "end refused 5 77 2 policy says no\n");
}

static void
what_is_asked_from_the_end_of_a_broken_one_goes_to_the_new_process(void **state)
{
	struct side *side = *state;
	struct heard then = {0}, second = {0};
	struct heard first = {.then = &then};
	ask(side, &first, "wait");
	ask(side, &second, "die");
	said(&second, "end 0 0 0 cab-network ended unexpectedly\n");
	said(&first, "end 0 0 0 cab-network ended unexpectedly\n");
	wait_for(&then);
	assert_non_null(strstr(buf_text(&then.log), "head 200 http://host/then"));
	forget(&then);
}

static void
a_process_that_talks_nonsense_is_ended(void **state)
{
	struct heard heard = {0}, other = {0};
	ask(*state, &other, "wait");
	ask(*state, &heard, "nonsense");
	said(&heard, "end 0 0 0 cab-network sent a message of kind 99\n");
	said(&other, "end 0 0 0 cab-network sent a message of kind 99\n");
	struct heard cut = {0};
	ask(*state, &cut, "short");
	wait_for(&cut);
	assert_null(strstr(buf_text(&cut.log), "head"));
	forget(&cut);
}

static void
messages_of_transfers_that_are_gone_are_passed_over(void **state)
{
	struct heard gone = {0}, heard = {0};
	ask(*state, &gone, "refuse");
	network_cancel(gone.transfer);
	ask(*state, &heard, "stray");
	said(&heard, "end refused 5 77 2 policy says no\n");
	assert_false(gone.ended);
	forget(&gone);
}

static void
what_is_told_arrives_in_order(void **state)
{
	struct side *side = *state;
	struct heard heard = {0}, told = {0};
	ask(side, &heard, "wait");
	network_pause(heard.transfer);
	network_resume(heard.transfer);
	network_pause(heard.transfer);
	network_cancel(heard.transfer);
	ask(side, &told, "told");
	said(&told, "end 5 77 2 pause resume pause cancel \n");
	assert_false(heard.ended);
	forget(&heard);
}

static void
hear_moved(void *context, uint64_t received)
{
	buf_format(&((struct heard *)context)->log, "moved %llu\n", (unsigned long long)received);
}

static void
what_a_proxy_cannot_say_is_passed_over(void **state)
{
	struct side *side = *state;
	struct heard heard = {.side = side, .log = BUF(BUF_MAX)};
	struct err err;
	struct bytes origin = BYTES_LITERAL("http://host");
	const struct network_listener listener = {.context = &heard,
		.reached = hear_reached,
		.note = hear_note,
		.moved = hear_moved,
		.end = hear_end};
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	heard.body = ends[0];
	assert_non_null(network_listen(side->network, ends[1], &origin, 1, false, &listener, &err));
	said(&heard, "moved 77\nend 5 77 2 \n");
}

static void
a_program_that_is_not_there_is_an_error_and_the_pipe_is_closed(void **state)
{
	struct side *side = *state;
	struct heard heard = {0};
	struct err err;
	network_free(side->network);
	side->network = network_new(side->loop, "/nowhere/cab-network");
	struct network_request request = {.url = BYTES_LITERAL("http://host/"), .body_fd = -1};
	assert_false(ask_with(side, &heard, request, &err));
	assert_non_null(strstr(err.text, "start cab-network"));
	char byte;
	assert_int_equal(read(heard.body, &byte, 1), 0);
	forget(&heard);
}

/* In place of the one that knows its configuration: one that runs and does not. */
static void
start_early(struct side *side)
{
	struct err err;
	network_free(side->network);
	side->network = network_new(side->loop, side->program);
	assert_true(network_start(side->network, &err));
}

/* Started before anybody knew its configuration, it waits for that. */
static void
one_that_is_started_early_is_told_its_configuration_later(void **state)
{
	struct side *side = *state;
	struct heard heard = {0};
	start_early(side);
	network_configure(side->network, BYTES_LITERAL("{\"the\":\"config\"}"));
	ask(side, &heard, "refuse");
	said(&heard, "end refused 5 77 2 policy says no\n");
}

/* It was started early and has ended: the first transfer starts it anew. */
static void
one_that_ended_before_its_configuration_is_started_anew(void **state)
{
	struct side *side = *state;
	struct heard heard = {0};
	struct err err;
	start_early(side);
	network_kill(side->network);
	assert_true(loop_step(side->loop, &err));
	network_configure(side->network, BYTES_LITERAL("{\"the\":\"config\"}"));
	ask(side, &heard, "refuse");
	said(&heard, "end refused 5 77 2 policy says no\n");
}

#define side_test(name) cmocka_unit_test_setup_teardown(name, side_setup, side_teardown)

int
main(void)
{
	if (getenv(HELPER))
		return helper_run();
	if (setenv(HELPER, "1", 1) < 0)
		return 1;
	const struct CMUnitTest tests[] = {
		side_test(a_request_goes_out_whole_and_its_answer_comes_back),
		side_test(a_body_may_come_as_a_file),
		side_test(what_policy_refuses_is_told_as_that),
		side_test(its_death_ends_every_transfer_and_the_next_starts_it_anew),
		side_test(what_is_asked_from_the_end_of_a_broken_one_goes_to_the_new_process),
		side_test(a_process_that_talks_nonsense_is_ended),
		side_test(messages_of_transfers_that_are_gone_are_passed_over),
		side_test(what_is_told_arrives_in_order),
		side_test(one_that_is_started_early_is_told_its_configuration_later),
		side_test(one_that_ended_before_its_configuration_is_started_anew),
		side_test(what_a_proxy_cannot_say_is_passed_over),
		side_test(a_program_that_is_not_there_is_an_error_and_the_pipe_is_closed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
