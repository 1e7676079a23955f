/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_native.h"

#include "http.h"
#include "peer_fixture.h"

struct trial {
	const char *origin;
	bool expects; /* http_expect */
};

/* "STATUS TYPE EXPECTED BODY" */
static void
ask(void *context)
{
	const struct trial *trial = context;
	uint8_t data[3];
	size_t size;
	struct http *http = http_start(span_text(trial->origin), "accept: a/b\n", span_of(NULL, 0));
	if (trial->expects)
		http_expect(http);
	const struct text *type = http_header(http, "content-type");
	(void)fprintf(stderr, "\n%d %.*s %llu ", (int)http->status, (int)type->size, type->data,
		(unsigned long long)http->expected);
	while ((size = http_read(http, data, sizeof data, 0)) > 0)
		(void)fprintf(stderr, "%.*s", (int)size, data);
	http_end(http);
	(void)fprintf(stderr, " %llu", (unsigned long long)http->received);
}

static void
expect(const char *answer, bool expects, int code, const char *expected)
{
	struct peer peer;
	peer_start(&peer, (const char *const[]){answer, NULL});
	struct trial trial = {peer.origin, expects};
	struct buf log = guest_runs(ask, &trial, code);
	peer_end(&peer);
	if (!log.size || !strstr(buf_text(&log), expected))
		fail_msg("%s: %s", answer, log.size ? buf_text(&log) : "nothing");
	/* Each request is told of. */
	assert_non_null(strstr(buf_text(&log), peer.origin));
	assert_non_null(strcasestr(peer.log, "accept: a/b\r\n"));
	buf_release(&log);
}

#define HEAD "HTTP/1.1 200 OK\r\n"

static void
status_headers_and_body_come_as_they_are(void **state)
{
	(void)state;
	static char value[1100] = HEAD "Content-Type: ";
	expect(HEAD "Content-Type: t/x\r\nContent-Length: 8\r\n\r\nthe body", true, 0,
		"\n200 t/x 8 the body 8");
	expect(HEAD "Content-Length: 0\r\n\r\n", true, 0, "\n200  0  0");
	expect("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno", false, 0, "\n404  2 no 2");
	expect("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno", true, 1, "HTTP status: 404");
	expect(HEAD "Content-Encoding: identity\r\nContent-Length: 2\r\n\r\nok", true, 0,
		"\n200  2 ok 2");
	/* A value that has no room counts as none. */
	memset(value + strlen(value), 'x', 1025);
	(void)stpcpy(value + strlen(value), "\r\nContent-Length: 0\r\n\r\n");
	expect(value, true, 0, "\n200  0  0");
}

static void
an_encoded_body_is_refused(void **state)
{
	(void)state;
	static const char *const encodings[] = {"gzip", "br", "identity, gzip", "x"};
	for (size_t at = 0; at < sizeof encodings / sizeof *encodings; at++) {
		char answer[200];
		(void)snprintf(answer, sizeof answer,
			HEAD "Content-Encoding: %s\r\nContent-Length: 1\r\n\r\nx", encodings[at]);
		expect(answer, false, 1, "the server encoded the body unasked");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_headers_and_body_come_as_they_are),
		cmocka_unit_test(an_encoded_body_is_refused),
	};
	return cmocka_run_group_tests_name("guest_http", tests, NULL, NULL);
}
