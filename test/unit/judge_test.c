/* SPDX-License-Identifier: MPL-2.0 */
/* judge.c is what a transfer decides of each response: where to, and whether again. */
#include "network_fixture.h"

#define NO_MIRRORS "\"mirrors\":{},"
#define OK         "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
#define NOT(text)  "HTTP/1.1 " text "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

/* Sends one request to a peer with these answers, and gives what it was asked. */
static void
ask(const char *const *answers, const char *method, const char *limits, struct reply *reply,
	char *log)
{
	struct peer peer;
	struct scene scene;
	peer_start(&peer, answers);
	scene_open(&scene, peer.origin, limits);
	scene_send(&scene, method, peer.origin, "", peer.origin, 0, reply);
	scene_close(&scene);
	peer_end(&peer);
	(void)snprintf(log, sizeof peer.log, "%s", peer.log);
}

static size_t
count(const char *text, const char *part)
{
	size_t found = 0;
	for (; (text = strstr(text, part)); text++)
		found++;
	return found;
}

static void
redirects_are_followed_to_the_tenth_and_keep_the_method(void **state)
{
	(void)state;
	static const struct {
		const char *answer, *method;
		size_t requests;
		const char *why; /* NULL: the answer itself */
	} rows[] = {
		{"HTTP/1.1 301 x\r\nLocation: /b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
			"POST", 2, ""},
		{"HTTP/1.1 302 x\r\nLocation: /b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
			"POST", 2, ""},
		{"HTTP/1.1 307 x\r\nLocation: /b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
			"GET", 2, ""},
		{"HTTP/1.1 308 x\r\nLocation: /b#c\r\nConnection: close\r\nContent-Length: "
		 "0\r\n\r\n",
			"GET", 2, ""},
		{"HTTP/1.1 303 x\r\nLocation: /b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
			"GET", 2, ""},
		/* 303 after a POST, or without a place, is an answer. */
		{"HTTP/1.1 303 x\r\nLocation: /b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
			"POST", 1, NULL},
		{"HTTP/1.1 302 x\r\nLocation: ftp://h/b\r\nConnection: close\r\nContent-Length: "
		 "0\r\n\r\n",
			"GET", 1, "redirected"},
		{"HTTP/1.1 302 x\r\nLocation: http://127.0.0.2/b\r\nConnection: "
		 "close\r\nContent-Length: 0\r\n\r\n",
			"GET", 1, "not among the origins"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		static char log[32 << 10];
		struct reply reply;
		ask((const char *const[]){rows[at].answer, OK, NULL}, rows[at].method,
			NO_MIRRORS SCENE_LIMITS(0), &reply, log);
		if (count(log, rows[at].method) != rows[at].requests ||
			!strstr(reply.why, rows[at].why ? rows[at].why : "") ||
			(rows[at].why && !*rows[at].why && *reply.why))
			fail_msg("%zu: %s\n%s", at, reply.why, log);
		assert_int_equal(reply.requests, rows[at].requests);
		assert_int_equal(count(log, " /b HTTP"), rows[at].requests - 1);
	}
	static char log[32 << 10];
	struct reply reply;
	ask((const char *const[]){"HTTP/1.1 302 x\r\nLocation: /b\r\nConnection: "
				  "close\r\nContent-Length: 0\r\n\r\n",
		    NULL},
		"GET", NO_MIRRORS SCENE_LIMITS(0), &reply, log);
	assert_int_equal(reply.requests, 11);
	assert_non_null(strstr(reply.why, "redirected more than 10 times"));
}

static void
what_may_go_away_is_asked_again_while_tries_are_left(void **state)
{
	(void)state;
	static const struct {
		const char *answers[3];
		const char *method;
		const char *limits;
		size_t requests;
		uint32_t status;
	} rows[] = {
		{{NOT("503 x"), OK, NULL}, "GET", NO_MIRRORS SCENE_LIMITS(1), 2, 200},
		{{NOT("503 x"), OK, NULL}, "GET", NO_MIRRORS SCENE_LIMITS(0), 1, 503},
		{{NOT("503 x"), NOT("500 x"), NULL}, "GET", NO_MIRRORS SCENE_LIMITS(1), 2, 500},
		{{NOT("404 x"), OK, NULL}, "GET", NO_MIRRORS SCENE_LIMITS(1), 1, 404},
		/* Whether the first was carried out is not known; 503 says that it was not. */
		{{NOT("502 x"), OK, NULL}, "POST", NO_MIRRORS SCENE_LIMITS(1), 1, 502},
		{{NOT("503 x"), OK, NULL}, "POST", NO_MIRRORS SCENE_LIMITS(1), 2, 200},
		/* It broke before anything was passed on. */
		{{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n", OK, NULL},
			"GET", NO_MIRRORS SCENE_LIMITS(1), 2, 200},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		static char log[32 << 10];
		struct reply reply;
		ask(rows[at].answers, rows[at].method, rows[at].limits, &reply, log);
		if (reply.status != rows[at].status ||
			count(log, rows[at].method) != rows[at].requests)
			fail_msg(
				"%zu: %u %s %s\n%s", at, reply.status, reply.why, reply.notes, log);
		assert_int_equal(
			strstr(reply.notes, "trying again") != NULL, rows[at].requests > 1);
	}
}

static void
a_limit_that_lasts_is_a_sentence(void **state)
{
	(void)state;
	static char log[32 << 10];
	struct reply reply;
	ask((const char *const[]){"HTTP/1.1 429 x\r\nRetry-After: 100000\r\nConnection: "
				  "close\r\nContent-Length: 0\r\n\r\n",
		    NULL},
		"GET", NO_MIRRORS SCENE_LIMITS(1), &reply, log);
	assert_int_equal(reply.requests, 1);
	assert_true(*reply.why);
	assert_int_equal(reply.status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redirects_are_followed_to_the_tenth_and_keep_the_method),
		cmocka_unit_test(what_may_go_away_is_asked_again_while_tries_are_left),
		cmocka_unit_test(a_limit_that_lasts_is_a_sentence),
	};
	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
