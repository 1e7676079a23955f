/* SPDX-License-Identifier: MPL-2.0 */
#include "network/hop.h"

#include "base/must.h"
#include "peer_fixture.h"

/* A hop, and what came of it. */
struct run {
	struct config config;
	struct url url;
	struct request request;
	CURLM *multi;
	struct hop hop;
	struct hop_spec spec;
	enum hop_flow flow; /* the first answer to libcurl; after it all is taken */
	int given, reached;
	struct buf body;
	struct err err;
};

static void
on_done(void *context, CURLcode code)
{
	(void)context;
	(void)code;
}

static void
on_reached(void *context, bool again)
{
	(void)again;
	((struct run *)context)->reached++;
}

static enum hop_flow
on_body(void *context, struct bytes data)
{
	struct run *run = (struct run *)context;
	if (run->given++ == 0 && run->flow != HOP_TAKEN)
		return run->flow;
	buf_add(&run->body, data);
	return HOP_TAKEN;
}

/* For the configuration that names `named` and allows `allowed` (JSON's insides). */
static void
run_open(struct run *run, const char *named, const char *allowed, const char *url)
{
	cleanup_buf struct buf text = BUF(BUF_MAX);
	*run = (struct run){.body = BUF(BUF_MAX), .multi = curl_multi_init()};
	buf_format(&text,
		"{\"allow\":[%s],\"named\":[\"%s\"],\"mirrors\":{},\"registries\":{},"
		"\"proxies\":{},\"credentials\":[],\"authorities\":\"\",\"ssh\":[\"ssh\"],"
		"\"connections\":1,"
		"\"limits\":{\"connect\":20,\"stall\":20,\"total\":60,\"retries\":0,\"wait\":1}}",
		allowed, named);
	if (!config_parse(buf_bytes(&text), &run->config, &run->err) ||
		!url_parse(bytes_text(url), &run->url, &run->err))
		fail_msg("%s", run->err.text);
	run->request = (struct request){.method = METHOD_GET, .pipe = -1};
	run->spec = (struct hop_spec){
		.easy = {on_done, run},
		.config = &run->config,
		.request = &run->request,
		.url = &run->url,
		.context = run,
		.reached = on_reached,
		.body = on_body,
	};
}

static void
run_close(struct run *run)
{
	hop_release(&run->hop);
	assert_int_equal(curl_multi_cleanup(run->multi), CURLM_OK);
	url_release(&run->url);
	config_release(&run->config);
	buf_release(&run->body);
	for (size_t at = 0; at < run->request.fields.size; at++)
		free(run->request.fields.data[at].line);
	array_release(&run->request.fields);
}

static void
add_field(struct run *run, const char *line, bool is_personal)
{
	*array_push(&run->request.fields) = (struct request_field){strdup(line), is_personal};
}

/* Whether the response came whole. */
static bool
run_hop(struct run *run)
{
	if (!hop_start(&run->hop, run->multi, &run->spec, &run->err))
		return false;
	for (bool paused = run->flow == HOP_FULL;;) {
		int running = 0;
		int left = 0;
		assert_int_equal(curl_multi_perform(run->multi, &running), CURLM_OK);
		const CURLMsg *message = curl_multi_info_read(run->multi, &left);
		if (message)
			return hop_finish(&run->hop, message->data.result, &run->err);
		if (paused && run->given == 1) {
			paused = false;
			hop_pause(&run->hop, false);
			continue;
		}
		assert_int_equal(curl_multi_poll(run->multi, NULL, 0, 1000, NULL), CURLM_OK);
	}
}

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Y: z\r\n\r\nhello"

static void
a_request_says_what_was_asked_and_little_else(void **state)
{
	(void)state;
	struct peer peer;
	struct run run;
	char url[100];
	peer_start(&peer, (const char *const[]){OK, NULL});
	(void)snprintf(url, sizeof url, "%s/a/../b?q", peer.origin);
	run_open(&run, peer.origin, "", url);
	add_field(&run, "Accept: text/x", false);
	run.spec.lines[0] = "Range: bytes=1-";
	run.spec.authorization = "Authorization: Bearer s";
	assert_true(run_hop(&run));
	assert_int_equal(run.hop.response.status, 200);
	assert_non_null(strstr(buf_text(&run.hop.response.fields), "x-y: z\n"));
	assert_string_equal(buf_text(&run.body), "hello");
	assert_int_equal(run.reached, 1);
	assert_int_equal(run.hop.received, sizeof OK - 1);
	peer_end(&peer);
	/* The path goes as it is. */
	assert_non_null(strstr(peer.log, "GET /a/../b?q HTTP/1.1\r\n"));
	static const char *const lines[] = {"Accept: text/x\r\n", "Range: bytes=1-\r\n",
		"Accept-Encoding: identity\r\n", "User-Agent: cab/", "Authorization: Bearer s\r\n"};
	for (size_t at = 0; at < sizeof lines / sizeof *lines; at++)
		if (!strstr(peer.log, lines[at]))
			fail_msg("no %s in %s", lines[at], peer.log);
	assert_null(strstr(peer.log, "Cookie"));
	assert_null(strstr(peer.log, "Content-Type"));
	run_close(&run);
}

static void
a_post_carries_its_body_and_type(void **state)
{
	(void)state;
	struct peer peer;
	struct run run;
	peer_start(&peer, (const char *const[]){OK, NULL});
	run_open(&run, peer.origin, "", peer.origin);
	run.request.method = METHOD_POST;
	run.request.body = BUF(100);
	buf_add(&run.request.body, bytes_of("a\0b", 3));
	add_field(&run, "Content-Type: application/x-git", false);
	add_field(&run, "User-Agent: git/2", false);
	assert_true(run_hop(&run));
	peer_end(&peer);
	assert_non_null(strstr(peer.log, "POST / HTTP/1.1\r\n"));
	assert_non_null(strstr(peer.log, "Content-Length: 3\r\n"));
	assert_non_null(strstr(peer.log, "Content-Type: application/x-git\r\n"));
	assert_null(strstr(peer.log, "User-Agent: cab"));
	assert_null(strstr(peer.log, "Expect"));
	buf_release(&run.request.body);
	run_close(&run);
}

/* What the guest says of itself goes to the first origin alone, and then nothing of ours goes. */
static void
personal_fields_stay_behind_at_another_origin(void **state)
{
	(void)state;
	for (int foreign = 0; foreign < 2; foreign++) {
		struct peer peer;
		struct run run;
		peer_start(&peer, (const char *const[]){OK, NULL});
		run_open(&run, peer.origin, "", peer.origin);
		add_field(&run, "Cookie: mine", true);
		run.spec.authorization = "Authorization: Bearer ours";
		run.spec.is_foreign = foreign;
		assert_true(run_hop(&run));
		peer_end(&peer);
		assert_int_equal(strstr(peer.log, "Cookie: mine") != NULL, !foreign);
		assert_int_equal(strstr(peer.log, "Bearer ours") != NULL, foreign);
		run_close(&run);
	}
}

static void
an_address_is_reached_only_where_the_configuration_allows_it(void **state)
{
	(void)state;
	static const struct {
		const char *host, *allowed;
		bool is_named, reached;
	} rows[] = {
		{"127.0.0.1", "", false, false},
		{"127.0.0.1", "\"127.0.0.0/8\"", false, true},
		{"127.0.0.1", "\"10.0.0.0/8\"", false, false},
		{"127.0.0.1", "", true, true},
		{"localhost", "", false, false},
		{"localhost", "\"127.0.0.0/8\"", false, true},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct peer peer;
		struct run run;
		char url[100];
		peer_start(&peer, (const char *const[]){OK, NULL});
		(void)snprintf(url, sizeof url, "http://%s:%u", rows[at].host, peer.port);
		run_open(&run, rows[at].is_named ? url : "https://other.example", rows[at].allowed,
			url);
		bool done = run_hop(&run);
		peer_end(&peer);
		if (done != rows[at].reached)
			fail_msg("%s %s: %s", rows[at].host, rows[at].allowed, run.err.text);
		assert_int_equal(peer.log[0] != '\0', rows[at].reached);
		if (!done)
			assert_int_equal(run.err.kind, ERR_REFUSED);
		run_close(&run);
	}
}

static void
a_response_that_is_not_whole_is_an_error_of_the_right_kind(void **state)
{
	(void)state;
	static const struct {
		const char *answer;
		enum err_kind kind; /* ERR_NONE: it came whole */
		const char *sentence;
	} rows[] = {
		{OK, ERR_NONE, ""},
		{"HTTP/1.0 200 OK\r\n\r\nto the end", ERR_NONE, ""},
		{"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", ERR_NONE, ""},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
			ERR_NONE, ""},
		{"HTTP/1.1 100 Go on\r\n\r\n" OK, ERR_NONE, ""},
		{"\r\n", ERR_CORRUPT, ""},
		{"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", ERR_SYSTEM, "too early"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhello", ERR_CORRUPT,
			"more than the 4"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", ERR_SYSTEM, ""},
		/* libcurl tells it as a connection that broke. */
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab", ERR_SYSTEM, ""},
		{"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nx", ERR_CORRUPT,
			"Content-Encoding"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
			ERR_CORRUPT, "Content-Length"},
		{"HTTP/1.1 200 OK\r\nno field\r\n\r\n", ERR_CORRUPT, ""},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct peer peer;
		struct run run;
		peer_start(&peer, (const char *const[]){rows[at].answer, NULL});
		run_open(&run, peer.origin, "", peer.origin);
		bool whole = run_hop(&run);
		if (whole != (rows[at].kind == ERR_NONE) ||
			(!whole && (run.err.kind != rows[at].kind ||
					   !strcasestr(run.err.text, rows[at].sentence))))
			fail_msg("%s: %d %s", rows[at].answer, (int)run.err.kind, run.err.text);
		run_close(&run);
		peer_end(&peer);
	}
}

static void
nobody_there_is_an_error_that_may_go_away(void **state)
{
	(void)state;
	struct run run;
	char url[100];
	(void)snprintf(url, sizeof url, "http://127.0.0.1:%u", peer_none());
	run_open(&run, url, "", url);
	assert_false(run_hop(&run));
	assert_int_equal(run.err.kind, ERR_SYSTEM);
	assert_int_equal(run.reached, 0);
	run_close(&run);
}

static void
a_body_can_be_paused_or_be_enough(void **state)
{
	(void)state;
	static const struct {
		enum hop_flow flow;
		const char *body;
	} rows[] = {{HOP_TAKEN, "hello"}, {HOP_FULL, "hello"}, {HOP_ENOUGH, ""}};
	for (size_t at = 0; at < 3; at++) {
		struct peer peer;
		struct run run;
		peer_start(&peer, (const char *const[]){OK, NULL});
		run_open(&run, peer.origin, "", peer.origin);
		run.flow = rows[at].flow;
		assert_true(run_hop(&run));
		assert_string_equal(run.body.size ? buf_text(&run.body) : "", rows[at].body);
		assert_int_equal(run.hop.had_enough, rows[at].flow == HOP_ENOUGH);
		run_close(&run);
		peer_end(&peer);
	}
}

static void
a_head_that_floods_meets_its_ceiling(void **state)
{
	(void)state;
	struct peer peer;
	struct run run;
	char *answer = (char *)memory_zero(RESPONSE_BYTES + 8192, 1);
	char *end = stpcpy(answer, "HTTP/1.1 200 OK\r\n");
	while ((size_t)(end - answer) < RESPONSE_BYTES)
		end = stpcpy(end, "x-filler: 0123456789012345678901234567890123456789\r\n");
	(void)stpcpy(end, "\r\n");
	peer_start(&peer, (const char *const[]){answer, NULL});
	run_open(&run, peer.origin, "", peer.origin);
	assert_false(run_hop(&run));
	assert_int_equal(run.err.kind, ERR_LIMIT);
	run_close(&run);
	peer_end(&peer);
	free(answer);
}

static void
a_wish_to_be_left_alone_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *answer;
		uint64_t seconds;
	} rows[] = {
		{"HTTP/1.1 503 x\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", 7},
		{"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n", 0},
		{"HTTP/1.1 503 x\r\nRetry-After: -3\r\nContent-Length: 0\r\n\r\n", 0},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct peer peer;
		struct run run;
		peer_start(&peer, (const char *const[]){rows[at].answer, NULL});
		run_open(&run, peer.origin, "", peer.origin);
		assert_true(run_hop(&run));
		assert_int_equal(hop_retry_after(&run.hop), rows[at].seconds);
		run_close(&run);
		peer_end(&peer);
	}
}

/* Neither is read: what the configuration says is all. */
static void
proxies_of_the_environment_are_not_used(void **state)
{
	(void)state;
	struct peer peer;
	struct run run;
	char proxy[64];
	static const char *const names[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};
	(void)snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", peer_none());
	for (size_t at = 0; at < 4; at++)
		assert_int_equal(setenv(names[at], proxy, 1), 0);
	peer_start(&peer, (const char *const[]){OK, NULL});
	run_open(&run, peer.origin, "", peer.origin);
	assert_true(run_hop(&run));
	run_close(&run);
	peer_end(&peer);
	for (size_t at = 0; at < 4; at++)
		assert_int_equal(unsetenv(names[at]), 0);
}

static void
words_of_libcurl_begin_as_ours_do_but_for_names(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"Could not resolve host: a", "could not resolve host: a"},
		{"SSL certificate problem: b", "SSL certificate problem: b"},
		{"OpenSSL SSL_read: c", "OpenSSL SSL_read: c"},
		{"", "URL using bad/illegal format or missing URL"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct err err = {0};
		assert_false(hop_quote(rows[at][0], CURLE_URL_MALFORMAT, ERR_SYSTEM, &err));
		assert_string_equal(err.text, rows[at][1]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_says_what_was_asked_and_little_else),
		cmocka_unit_test(a_post_carries_its_body_and_type),
		cmocka_unit_test(personal_fields_stay_behind_at_another_origin),
		cmocka_unit_test(an_address_is_reached_only_where_the_configuration_allows_it),
		cmocka_unit_test(a_response_that_is_not_whole_is_an_error_of_the_right_kind),
		cmocka_unit_test(nobody_there_is_an_error_that_may_go_away),
		cmocka_unit_test(a_body_can_be_paused_or_be_enough),
		cmocka_unit_test(a_head_that_floods_meets_its_ceiling),
		cmocka_unit_test(a_wish_to_be_left_alone_is_told),
		cmocka_unit_test(proxies_of_the_environment_are_not_used),
		cmocka_unit_test(words_of_libcurl_begin_as_ours_do_but_for_names),
	};
	return cmocka_run_group_tests_name("hop", tests, NULL, NULL);
}
