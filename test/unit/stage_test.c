/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/stage.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void
a_head_is_read_once_it_is_whole(void **state)
{
	(void)state;
	static const char whole[] = "GET /a?b=1 HTTP/1.1\r\nHost: h\r\n\r\n";
	struct bytes target = {0};
	bool is_head = true;
	for (size_t size = 0; size + 1 < sizeof whole; size++)
		assert_int_equal(
			stage_read_head(bytes_of(whole, size), &target, &is_head), STAGE_MORE);
	assert_int_equal(stage_read_head(bytes_text(whole), &target, &is_head), STAGE_WHOLE);
	assert_true(bytes_equal_text(target, "/a?b=1") && !is_head);
	assert_int_equal(
		stage_read_head(bytes_text("HEAD / HTTP/1.0\r\n\r\nmore"), &target, &is_head),
		STAGE_WHOLE);
	assert_true(bytes_equal_text(target, "/") && is_head);
}

static void
what_is_no_request_is_bad(void **state)
{
	(void)state;
	static const char *const bad[] = {"\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n",
		"GET a HTTP/1.1\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "GET /\x01 HTTP/1.1\r\n\r\n",
		"GET / HTTP/2\r\n\r\n", " / HTTP/1.1\r\n\r\n"};
	struct bytes target = {0};
	bool is_head = false;
	for (size_t at = 0; at < sizeof bad / sizeof *bad; at++)
		if (stage_read_head(bytes_text(bad[at]), &target, &is_head) != STAGE_BAD)
			fail_msg("%s is taken", bad[at]);
	char *flood = memory_zero(1, STAGE_HEAD);
	memset(flood, 'a', STAGE_HEAD);
	assert_int_equal(
		stage_read_head(bytes_of(flood, STAGE_HEAD), &target, &is_head), STAGE_BAD);
	free(flood);
}

static int
connect_to(const struct stage *stage)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	address.sin_port = htons((uint16_t)strtoul(strrchr(stage->base, ':') + 1, NULL, 10));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

struct answer {
	int fd;
	struct buf text;
	bool ended;
};

static void
answer_ready(void *context, short events)
{
	struct answer *answer = context;
	uint8_t data[4096];
	ssize_t count = recv(answer->fd, data, sizeof data, MSG_DONTWAIT);
	(void)events;
	if (count > 0)
		buf_add(&answer->text, bytes_of(data, (size_t)count));
	answer->ended |= count == 0;
}

/* All that the stage says to a request. */
static void
ask(struct stage *stage, const char *request, const char *wanted)
{
	struct loop *loop = loop_new();
	struct err err;
	struct answer answer = {.text = BUF(1 << 20)};
	stage_attach(stage, loop);
	answer.fd = connect_to(stage);
	assert_int_equal(send(answer.fd, request, strlen(request), 0), strlen(request));
	struct loop_watch *watch = loop_watch(loop, answer.fd, POLLIN, answer_ready, &answer);
	while (!answer.ended)
		assert_true(loop_step(loop, &err));
	assert_string_equal(buf_text(&answer.text), wanted);
	loop_unwatch(watch);
	assert_int_equal(close(answer.fd), 0);
	stage_detach(stage);
	loop_free(loop);
	buf_release(&answer.text);
}

#define REQUEST(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"
#define ANSWER(status, size, headers, body)                                                        \
	"HTTP/1.1 " status " Answer\r\nContent-Length: " size "\r\nConnection: close\r\n" headers  \
	"\r\n" body

static void
it_answers_as_the_scenario_says_or_worse(void **state)
{
	(void)state;
	static const struct scenario_answer serves[] = {
		{{(const uint8_t *)"/a", 2}, 200, {(const uint8_t *)"ETag: x\r\n", 9},
			{(const uint8_t *)"old", 3}},
		{{(const uint8_t *)"/b", 2}, 201, {NULL, 0}, {NULL, 0}},
	};
	static const struct scenario_answer changed[] = {
		{{(const uint8_t *)"/a", 2}, 200, {NULL, 0}, {(const uint8_t *)"newer", 5}}};
	struct stage stage;
	struct err err;
	assert_true(stage_open(&stage, &err));
	stage.before = serves;
	stage.before_count = 2;
	ask(&stage, REQUEST("/a"), ANSWER("200", "3", "ETag: x\r\n", "old"));
	ask(&stage, REQUEST("/b"), ANSWER("201", "0", "", ""));
	ask(&stage, REQUEST("/c"), ANSWER("404", "0", "", ""));
	ask(&stage, "HEAD /a HTTP/1.1\r\n\r\n", ANSWER("200", "3", "ETag: x\r\n", ""));
	ask(&stage, "POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody",
		ANSWER("200", "3", "ETag: x\r\n", "old"));
	assert_int_equal(stage.requests, 5);
	assert_int_equal(stage.asked.size, 3);
	assert_true(stage_was_asked(&stage, BYTES_LITERAL("/a")));
	assert_false(stage_was_asked(&stage, BYTES_LITERAL("/d")));
	ask(&stage, "nonsense\r\n\r\n", "");
	stage.answers = changed;
	stage.answer_count = 1;
	ask(&stage, REQUEST("/a"), ANSWER("200", "5", "", "newer"));
	ask(&stage, REQUEST("/b"), ANSWER("201", "0", "", ""));
	stage.faulty = BYTES_LITERAL("/a");
	stage.fault = STAGE_MISSING;
	ask(&stage, REQUEST("/a"), ANSWER("404", "0", "", ""));
	ask(&stage, REQUEST("/b"), ANSWER("201", "0", "", ""));
	stage.fault = STAGE_CUT;
	ask(&stage, REQUEST("/a"), ANSWER("200", "6", "", "newer"));
	stage_forget(&stage);
	assert_int_equal(stage.requests + stage.asked.size, 0);
	stage_close(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_is_read_once_it_is_whole),
		cmocka_unit_test(what_is_no_request_is_bad),
		cmocka_unit_test(it_answers_as_the_scenario_says_or_worse),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
