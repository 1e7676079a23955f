/* SPDX-License-Identifier: MPL-2.0 */
#include "network/reach.h"

#include "base/fd.h"
#include "peer_fixture.h"

static void
on_done(void *context, CURLcode code)
{
	(void)context;
	(void)code;
}

/* The socket of a connection to a URL's host, or -1 and why not. */
static int
reach_url(const char *text, const char *allowed, bool is_named, const char *proxy, struct err *err)
{
	struct config config;
	struct reach reach = {0};
	struct url url = {0};
	cleanup_buf struct buf json = BUF(BUF_MAX);
	int fd = -1;
	buf_format(&json,
		"{\"allow\":[%s],\"named\":[],\"mirrors\":{},\"registries\":{},\"proxies\":{%s%s%s}"
		","
		"\"credentials\":[],\"authorities\":\"\",\"ssh\":[\"ssh\"],\"connections\":1,"
		"\"limits\":{\"connect\":20,\"stall\":20,\"total\":60,\"retries\":0,\"wait\":1}}",
		allowed, proxy ? "\"http\":\"" : "", proxy ? proxy : "", proxy ? "\"" : "");
	if (!config_parse(buf_bytes(&json), &config, err) ||
		!url_parse(bytes_text(text), &url, err))
		fail_msg("%s", err->text);
	CURLM *multi = curl_multi_init();
	if (reach_start(&reach, multi, &config, &url, is_named, (struct hop_easy){on_done, NULL},
		    err)) {
		const CURLMsg *message = NULL;
		while (!message) {
			int running = 0;
			int left = 0;
			assert_int_equal(curl_multi_perform(multi, &running), CURLM_OK);
			message = curl_multi_info_read(multi, &left);
			if (!message)
				assert_int_equal(
					curl_multi_poll(multi, NULL, 0, 1000, NULL), CURLM_OK);
		}
		fd = reach_finish(&reach, message->data.result, err);
	}
	reach_release(&reach);
	assert_int_equal(curl_multi_cleanup(multi), CURLM_OK);
	url_release(&url);
	config_release(&config);
	return fd;
}

static void
a_connection_is_bare_and_outlives_libcurl(void **state)
{
	(void)state;
	static const char *const schemes[] = {"http", "https"};
	for (size_t at = 0; at < 2; at++) {
		struct peer peer;
		struct err err = {0};
		char url[64];
		char answer[16] = "";
		peer_start(&peer, (const char *const[]){"answer", NULL});
		(void)snprintf(url, sizeof url, "%s://127.0.0.1:%u", schemes[at], peer.port);
		cleanup_fd int fd = reach_url(url, "\"127.0.0.1\"", false, NULL, &err);
		assert_true(fd >= 0);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
		assert_true(fd_set_blocking(fd, true, &err));
		assert_int_equal(write(fd, "ask\r\n\r\n", 7), 7);
		assert_int_equal(read(fd, answer, sizeof answer), 6);
		peer_end(&peer);
		/* Nothing was sent but what we sent. */
		assert_string_equal(peer.log, "ask\r\n\r\n");
	}
}

static void
an_address_is_judged_by_the_configuration(void **state)
{
	(void)state;
	static const struct {
		const char *host, *allowed;
		bool is_named, reached;
	} rows[] = {
		{"127.0.0.1", "", false, false},
		{"127.0.0.1", "", true, true},
		{"127.0.0.1", "\"10.0.0.0/8\"", false, false},
		{"localhost", "", false, false},
		{"localhost", "\"127.0.0.0/8\"", false, true},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct peer peer;
		struct err err = {0};
		char url[64];
		peer_start(&peer, (const char *const[]){"", NULL});
		(void)snprintf(url, sizeof url, "http://%s:%u", rows[at].host, peer.port);
		cleanup_fd int fd = reach_url(url, rows[at].allowed, rows[at].is_named, NULL, &err);
		if ((fd >= 0) != rows[at].reached)
			fail_msg("%s %s: %s", rows[at].host, rows[at].allowed, err.text);
		if (fd < 0)
			assert_int_equal(err.kind, ERR_REFUSED);
		peer_end(&peer);
	}
}

static void
nobody_there_is_said(void **state)
{
	(void)state;
	struct err err = {0};
	char url[64];
	(void)snprintf(url, sizeof url, "http://127.0.0.1:%u", peer_none());
	assert_int_equal(reach_url(url, "\"127.0.0.1\"", false, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_non_null(strstr(err.text, "connect"));
}

/* The proxy is asked to connect, is told nothing else, and is not judged: it is the configuration's. */
static void
a_proxy_is_gone_through_but_not_to_an_address_that_is_refused(void **state)
{
	(void)state;
	struct peer peer;
	struct err err = {0};
	peer_start(&peer, (const char *const[]){"HTTP/1.1 200 Fine\r\n\r\n", NULL});
	assert_int_equal(reach_url("http://10.0.0.1:7", "", false, peer.origin, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	cleanup_fd int fd = reach_url("http://a.example:7", "", false, peer.origin, &err);
	assert_true(fd >= 0);
	peer_end(&peer);
	assert_non_null(strstr(peer.log, "CONNECT a.example:7 HTTP/1.1\r\n"));
	assert_null(strstr(peer.log, "10.0.0.1"));
	peer_start(
		&peer, (const char *const[]){"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", NULL});
	assert_int_equal(reach_url("http://a.example:7", "", false, peer.origin, &err), -1);
	assert_int_equal(err.kind, ERR_SYSTEM);
	peer_end(&peer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_bare_and_outlives_libcurl),
		cmocka_unit_test(an_address_is_judged_by_the_configuration),
		cmocka_unit_test(nobody_there_is_said),
		cmocka_unit_test(a_proxy_is_gone_through_but_not_to_an_address_that_is_refused),
	};
	return cmocka_run_group_tests_name("reach", tests, NULL, NULL);
}
