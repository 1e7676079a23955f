/* SPDX-License-Identifier: MPL-2.0 */
#include "network/gate.h"

#include "network_fixture.h"

/* A proxy over a listening socket of this process's, which stands for the program's namespace. */
struct proxy {
	struct scene scene;
	unsigned port;
};

static void
proxy_open(struct proxy *proxy, const char *named, const char *origin, uint32_t flags)
{
	struct err err = {0};
	int courier[2];
	struct bytes origins = bytes_text(origin);
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	scene_open(&proxy->scene, named, "\"mirrors\":{}," SCENE_LIMITS(0));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, courier), 0);
	wire_begin(&packet, NETWORK_LISTEN);
	buf_add_u32(&packet, ++proxy->scene.id);
	buf_add_u32(&packet, flags);
	wire_add_list(&packet, &origins, 1);
	assert_true(wire_send(proxy->scene.socket, &packet, &courier[1], 1, &err));
	fd_close(courier[1]);
	cleanup_fd int listener = peer_listen(&proxy->port);
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char byte = 0;
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof listener);
	memcpy(CMSG_DATA(header), &listener, sizeof listener);
	assert_int_equal(sendmsg(courier[0], &message, 0), 1);
	fd_close(courier[0]);
}

static int
proxy_connect(const struct proxy *proxy, const char *text)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)proxy->port)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

/* What comes back, to the end. */
static void
proxy_ask(const struct proxy *proxy, const char *text, char answer[2048])
{
	cleanup_fd int fd = proxy_connect(proxy, text);
	size_t size = 0;
	ssize_t count;
	while ((count = read(fd, answer + size, 2047 - size)) > 0)
		size += (size_t)count;
	answer[size] = '\0';
}

static void
proxy_close(struct proxy *proxy, struct reply *reply)
{
	struct err err = {0};
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	*reply = (struct reply){0};
	wire_begin(&packet, NETWORK_CLOSE);
	buf_add_u32(&packet, proxy->scene.id);
	assert_true(wire_send(proxy->scene.socket, &packet, NULL, 0, &err));
	scene_hear(&proxy->scene, proxy->scene.id, reply);
	scene_close(&proxy->scene);
}

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"

static void
a_request_and_a_tunnel_go_through_and_are_counted(void **state)
{
	(void)state;
	struct peer peer;
	struct proxy proxy;
	struct reply reply;
	char text[200];
	char answer[2048];
	peer_start(&peer, (const char *const[]){ANSWER, NULL});
	proxy_open(&proxy, peer.origin, peer.origin, 0);
	(void)snprintf(text, sizeof text, "GET %s/x HTTP/1.1\r\nHost: h\r\n\r\n", peer.origin);
	proxy_ask(&proxy, text, answer);
	assert_string_equal(answer, ANSWER);
	/* Inside a tunnel nobody looks: what the peer gets is what was written. */
	(void)snprintf(text, sizeof text, "CONNECT 127.0.0.1:%u HTTP/1.1\r\n\r\nraw bytes\r\n\r\n",
		peer.port);
	proxy_ask(&proxy, text, answer);
	assert_string_equal(answer, "HTTP/1.1 200 Connection established\r\n\r\n" ANSWER);
	proxy_close(&proxy, &reply);
	peer_end(&peer);
	assert_non_null(strstr(peer.log, "GET /x HTTP/1.1\r\nHost: 127.0.0.1:"));
	assert_non_null(strstr(peer.log, "raw bytes\r\n\r\n"));
	assert_int_equal(reply.requests, 2);
	/* A tunnel's scheme cannot be told, so its origin is told as https. */
	assert_non_null(strstr(reply.reached, peer.origin));
	assert_non_null(strstr(reply.reached, "https://127.0.0.1:"));
}

static void
where_it_may_lead_is_the_derivation_s_and_the_configuration_s_to_say(void **state)
{
	(void)state;
	static const struct {
		bool is_named, is_listed, redirects;
		const char *answer; /* its status */
	} rows[] = {
		{true, true, false, "200"},
		{true, false, false, "403"},
		{true, false, true, "200"},
		/* A private address, whatever the derivation lists. */
		{false, true, false, "403"},
		{false, true, true, "403"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct peer peer;
		struct proxy proxy;
		struct reply reply;
		char text[200];
		char answer[2048];
		peer_start(&peer, (const char *const[]){ANSWER, NULL});
		proxy_open(&proxy, rows[at].is_named ? peer.origin : "https://n.example",
			rows[at].is_listed ? peer.origin : "https://l.example",
			rows[at].redirects ? NETWORK_REDIRECTS : 0);
		for (int tunnel = 0; tunnel < 2; tunnel++) {
			if (tunnel)
				(void)snprintf(text, sizeof text,
					"CONNECT 127.0.0.1:%u HTTP/1.1\r\n\r\nx\r\n\r\n",
					peer.port);
			else
				(void)snprintf(
					text, sizeof text, "GET %s/ HTTP/1.1\r\n\r\n", peer.origin);
			proxy_ask(&proxy, text, answer);
			if (strncmp(answer + 9, rows[at].answer, 3) != 0)
				fail_msg("%zu: %s", at, answer);
		}
		proxy_close(&proxy, &reply);
		peer_end(&peer);
		assert_int_equal(*peer.log != '\0', strcmp(rows[at].answer, "200") == 0);
		assert_int_equal(*reply.notes != '\0', strcmp(rows[at].answer, "403") == 0);
	}
}

static void
what_cannot_be_done_is_answered_with_a_status(void **state)
{
	(void)state;
	struct proxy proxy;
	struct reply reply;
	char origin[64];
	char text[200];
	char answer[2048];
	(void)snprintf(origin, sizeof origin, "http://127.0.0.1:%u", peer_none());
	proxy_open(&proxy, origin, origin, 0);
	(void)snprintf(text, sizeof text, "GET %s/ HTTP/1.1\r\n\r\n", origin);
	proxy_ask(&proxy, text, answer);
	assert_int_equal(strncmp(answer, "HTTP/1.1 502 ", 13), 0);
	static const char *const broken[] = {"GET / HTTP/1.1\r\n\r\n", "nonsense\r\n\r\n",
		"GET https://h/ HTTP/1.1\r\n\r\n", "CONNECT h HTTP/1.1\r\n\r\n"};
	for (size_t at = 0; at < sizeof broken / sizeof *broken; at++) {
		proxy_ask(&proxy, broken[at], answer);
		if (strncmp(answer, "HTTP/1.1 400 ", 13) != 0)
			fail_msg("%s: %s", broken[at], answer);
	}
	proxy_close(&proxy, &reply);
	assert_int_equal(reply.requests, 0);
}

static void
closing_it_ends_the_tunnels_that_are_open(void **state)
{
	(void)state;
	struct peer peer;
	struct proxy proxy;
	struct reply reply;
	char text[200];
	char answer[2048];
	peer_start(&peer, (const char *const[]){PEER_HOLD, NULL});
	proxy_open(&proxy, peer.origin, peer.origin, 0);
	(void)snprintf(text, sizeof text, "CONNECT 127.0.0.1:%u HTTP/1.1\r\n\r\n", peer.port);
	cleanup_fd int fd = proxy_connect(&proxy, text);
	/* It is open once its first line is there. */
	assert_true(read(fd, answer, sizeof answer) > 0);
	proxy_close(&proxy, &reply);
	assert_int_equal(read(fd, answer, sizeof answer), 0);
	peer_end(&peer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_and_a_tunnel_go_through_and_are_counted),
		cmocka_unit_test(
			where_it_may_lead_is_the_derivation_s_and_the_configuration_s_to_say),
		cmocka_unit_test(what_cannot_be_done_is_answered_with_a_status),
		cmocka_unit_test(closing_it_ends_the_tunnels_that_are_open),
	};
	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
