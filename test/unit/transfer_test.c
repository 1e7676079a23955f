/* SPDX-License-Identifier: MPL-2.0 */
#include "network/transfer.h"

#include "network_fixture.h"

#define NO_MIRRORS "\"mirrors\":{},"
#define OK(body, size)                                                                             \
	"HTTP/1.1 200 OK\r\nX-Y: z\r\nConnection: close\r\nContent-Length: " size "\r\n\r\n" body

static void
a_body_comes_whole_with_its_head_before_and_its_end_behind(void **state)
{
	(void)state;
	struct peer peer;
	struct scene scene;
	struct reply reply;
	peer_start(&peer,
		(const char *const[]){OK("hello", "5"),
			"HTTP/1.1 404 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno",
			"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", NULL});
	scene_open(&scene, peer.origin, NO_MIRRORS SCENE_LIMITS(0));
	scene_send(&scene, "GET", peer.origin, "", peer.origin, 0, &reply);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply.body, "hello");
	assert_string_equal(reply.why, "");
	assert_int_equal(reply.size, 5);
	assert_int_equal(reply.requests, 1);
	scene_send(&scene, "GET", peer.origin, "", peer.origin, 0, &reply);
	/* What 404 means is the asker's affair. */
	assert_int_equal(reply.status, 404);
	assert_string_equal(reply.body, "no");
	assert_string_equal(reply.why, "");
	scene_send(&scene, "GET", peer.origin, "", peer.origin, 0, &reply);
	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.size, 0);
	scene_close(&scene);
	peer_end(&peer);
}

static void
a_request_that_may_not_be_made_ends_without_being_sent(void **state)
{
	(void)state;
	struct peer peer;
	struct scene scene;
	struct reply reply;
	peer_start(&peer, (const char *const[]){OK("hello", "5"), NULL});
	scene_open(&scene, "https://other.example", NO_MIRRORS SCENE_LIMITS(0));
	const char *const rows[][3] = {
		{"GET", "https://other.example", "not among the origins"},
		{"PUT", peer.origin, ""},
		/* Listed, and a private address all the same. */
		{"GET", peer.origin, "127.0.0.1"},
	};
	for (size_t at = 0; at < 3; at++) {
		scene_send(&scene, rows[at][0], peer.origin, "", rows[at][1], 0, &reply);
		assert_int_equal(reply.refused, 1);
		assert_int_equal(reply.requests, 0);
		if (!strstr(reply.why, rows[at][2]))
			fail_msg("%s", reply.why);
	}
	scene_close(&scene);
	peer_end(&peer);
	assert_string_equal(peer.log, "");
}

static void
mirrors_are_gone_to_instead_and_in_order(void **state)
{
	(void)state;
	struct peer first, second;
	struct scene scene;
	struct reply reply;
	char mirrors[400];
	peer_start(&first,
		(const char *const[]){
			"HTTP/1.1 404 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", NULL});
	peer_start(&second, (const char *const[]){OK("mirror", "6"), NULL});
	(void)snprintf(mirrors, sizeof mirrors,
		"\"mirrors\":{\"https://o.example\":[\"http://127.0.0.1:%u\",\"%s/x\",\"%s/"
		"y\"]}," SCENE_LIMITS(0),
		peer_none(), first.origin, second.origin);
	scene_open(&scene, "https://other.example", mirrors);
	scene_send(&scene, "GET", "https://o.example/a?b", "", "https://o.example", 0, &reply);
	assert_string_equal(reply.body, "mirror");
	assert_int_equal(reply.status, 200);
	scene_close(&scene);
	peer_end(&first);
	peer_end(&second);
	assert_non_null(strstr(first.log, "GET /x/a?b "));
	assert_non_null(strstr(second.log, "GET /y/a?b "));
	assert_non_null(strstr(reply.notes, "trying the next mirror"));
}

/* Cancelled, it says nothing more; the next one is served, and the end of the realizer ends all. */
static void
a_cancelled_transfer_says_no_more_and_holds_nobody_up(void **state)
{
	(void)state;
	struct peer peer, other;
	struct scene scene;
	struct reply reply;
	struct err err = {0};
	static struct wire_packet packet;
	peer_start(&peer, (const char *const[]){PEER_HOLD, NULL});
	peer_start(&other, (const char *const[]){OK("hello", "5"), NULL});
	cleanup_buf struct buf cancel = BUF(WIRE_PACKET);
	char both[200];
	(void)snprintf(both, sizeof both, "%s\",\"%s", peer.origin, other.origin);
	scene_open(&scene, both, NO_MIRRORS SCENE_LIMITS(0));
	cleanup_fd int held = scene_ask(&scene, "GET", peer.origin, "", "", peer.origin, 0);
	/* It is under way: the server has been reached. */
	assert_int_equal(wire_receive(scene.socket, &packet, &err), WIRE_PACKET_READ);
	assert_int_equal(packet.kind, NETWORK_REACHED);
	wire_release(&packet);
	wire_begin(&cancel, NETWORK_CANCEL);
	buf_add_u32(&cancel, scene.id);
	assert_true(wire_send(scene.socket, &cancel, NULL, 0, &err));
	scene_send(&scene, "GET", other.origin, "", other.origin, 0, &reply);
	assert_string_equal(reply.body, "hello");
	char byte;
	assert_int_equal(read(held, &byte, 1), 0);
	/* One that waits for ever does not keep the program when its realizer is gone. */
	cleanup_fd UNUSED int again = scene_ask(&scene, "GET", peer.origin, "", "", peer.origin, 0);
	scene_close(&scene);
	peer_end(&peer);
	peer_end(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_comes_whole_with_its_head_before_and_its_end_behind),
		cmocka_unit_test(a_request_that_may_not_be_made_ends_without_being_sent),
		cmocka_unit_test(mirrors_are_gone_to_instead_and_in_order),
		cmocka_unit_test(a_cancelled_transfer_says_no_more_and_holds_nobody_up),
	};
	return cmocka_run_group_tests_name("transfer", tests, NULL, NULL);
}
