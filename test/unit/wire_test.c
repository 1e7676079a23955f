/* SPDX-License-Identifier: MPL-2.0 */
#include "wire/wire.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct ends {
	int left;
	int right;
	struct wire_packet packet;
};

static int
ends_setup(void **state)
{
	struct ends *ends = memory_zero(1, sizeof *ends);
	struct err err;
	*state = ends;
	return !wire_pair(&ends->left, &ends->right, &err);
}

static int
ends_teardown(void **state)
{
	struct ends *ends = *state;
	fd_release(&ends->left);
	fd_release(&ends->right);
	free(ends);
	return 0;
}

static void
send_packet(struct ends *ends, const struct buf *out, const int *fds, size_t count)
{
	struct err err;
	if (!wire_send(ends->left, out, fds, count, &err))
		fail_msg("%s", err.text);
}

static void
receive_packet(struct ends *ends)
{
	struct err err = {0};
	if (wire_receive(ends->right, &ends->packet, &err) != WIRE_PACKET_READ)
		fail_msg("no packet came: %s", err.text);
}

static size_t
open_count(void)
{
	DIR *stream = opendir("/proc/self/fd");
	assert_non_null(stream);
	size_t count = 0;
	while (readdir(stream))
		count++;
	(void)closedir(stream);
	return count;
}

static void
fields_arrive_as_they_were_sent(void **state)
{
	struct ends *ends = *state;
	struct bytes items[] = {BYTES_LITERAL("a"), BYTES_LITERAL(""), BYTES_LITERAL("\0\xff")};
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	wire_begin(&out, 7);
	buf_add_u32(&out, UINT32_MAX);
	buf_add_u64(&out, 0x0102030405060708);
	wire_add(&out, BYTES_LITERAL("text"));
	wire_add(&out, bytes_of(NULL, 0));
	wire_add_list(&out, items, 3);
	send_packet(ends, &out, NULL, 0);
	receive_packet(ends);
	assert_int_equal(ends->packet.kind, 7);
	assert_int_equal(ends->packet.fd_count, 0);
	assert_int_equal(wire_take_fd(&ends->packet, 0), -1);
	struct wire_in in = wire_open(&ends->packet);
	struct bytes read[3];
	struct err err;
	assert_int_equal(wire_u32(&in), UINT32_MAX);
	assert_true(wire_u64(&in) == 0x0102030405060708);
	assert_true(bytes_equal_text(wire_bytes(&in), "text"));
	assert_int_equal(wire_bytes(&in).size, 0);
	assert_int_equal(wire_list(&in, read, 3), 3);
	for (size_t at = 0; at < 3; at++)
		assert_true(bytes_equal(read[at], items[at]));
	assert_true(wire_end(&in, &err));
	wire_release(&ends->packet);
}

static void
a_packet_has_this_form(void **state UNUSED)
{
	struct bytes items[] = {BYTES_LITERAL("a"), BYTES_LITERAL("bc")};
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	buf_add_text(&out, "what was there before");
	wire_begin(&out, 0x0102);
	wire_add(&out, BYTES_LITERAL("xyz"));
	wire_add_list(&out, items, 2);
	static const char golden[] = "\x02\x01\0\0"
				     "\3\0\0\0xyz"
				     "\2\0\0\0"
				     "\1\0\0\0a"
				     "\2\0\0\0bc";
	assert_int_equal(out.size, sizeof golden - 1);
	assert_memory_equal(out.data, golden, sizeof golden - 1);
}

static void
descriptors_arrive_in_order_closed_on_exec_and_belong_to_the_packet(void **state)
{
	struct ends *ends = *state;
	size_t before = open_count();
	int fds[WIRE_FDS];
	char name[] = "0";
	struct err err;
	for (size_t at = 0; at < WIRE_FDS; at++) {
		name[0] = (char)('0' + at);
		fds[at] = fd_memory("sample", bytes_text(name), &err);
		assert_true(fds[at] >= 0);
	}
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	wire_begin(&out, 1);
	send_packet(ends, &out, fds, WIRE_FDS);
	for (size_t at = 0; at < WIRE_FDS; at++)
		fd_close(fds[at]);
	receive_packet(ends);
	assert_int_equal(ends->packet.fd_count, WIRE_FDS);
	cleanup_fd int taken = wire_take_fd(&ends->packet, 2);
	assert_int_equal(wire_take_fd(&ends->packet, 2), -1);
	assert_true(fcntl(taken, F_GETFD) & FD_CLOEXEC);
	char byte = 0;
	assert_int_equal(fd_read_some(taken, &byte, 1, &err), 1);
	assert_int_equal(byte, '2');
	wire_release(&ends->packet);
	wire_release(&ends->packet);
	assert_int_equal(open_count(), before + 1);
}

static void
raw_send(int fd, struct bytes data, const int *fds, size_t count)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(16 * sizeof(int))];
	} control = {.room = {0}};
	struct iovec piece = {(void *)(uintptr_t)data.data, data.size};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	if (count) {
		message.msg_control = control.room;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	}
	assert_int_equal(sendmsg(fd, &message, MSG_NOSIGNAL), data.size);
}

static void
too_many_descriptors_are_a_broken_packet_and_none_stays_open(void **state)
{
	struct ends *ends = *state;
	int fds[16];
	for (size_t at = 0; at < 16; at++)
		fds[at] = ends->left;
	size_t before = open_count();
	struct err err = {0};
	raw_send(ends->left, BYTES_LITERAL("\1\0\0\0"), fds, 16);
	assert_int_equal(wire_receive(ends->right, &ends->packet, &err), WIRE_FAILED);
	assert_int_equal(err.kind, ERR_CORRUPT);
	assert_int_equal(open_count(), before);
}

static void
an_empty_packet_ends_the_talk_and_its_descriptors_are_closed(void **state)
{
	struct ends *ends = *state;
	size_t before = open_count();
	struct err err = {0};
	raw_send(ends->left, bytes_of("", 0), &ends->left, 1);
	assert_int_equal(wire_receive(ends->right, &ends->packet, &err), WIRE_CLOSED);
	wire_release(&ends->packet);
	assert_int_equal(open_count(), before);
}

static void
a_packet_without_a_whole_kind_or_too_long_is_cut(void **state)
{
	struct ends *ends = *state;
	struct err err = {0};
	size_t before = open_count();
	raw_send(ends->left, BYTES_LITERAL("\1\0\0"), &ends->left, 1);
	assert_int_equal(wire_receive(ends->right, &ends->packet, &err), WIRE_FAILED);
	assert_int_equal(err.kind, ERR_CORRUPT);
	assert_int_equal(open_count(), before);
	uint8_t *longer = memory_zero(WIRE_PACKET + 1, 1);
	raw_send(ends->left, bytes_of(longer, WIRE_PACKET + 1), NULL, 0);
	assert_int_equal(wire_receive(ends->right, &ends->packet, &err), WIRE_FAILED);
	assert_int_equal(err.kind, ERR_CORRUPT);
	raw_send(ends->left, bytes_of(longer, WIRE_PACKET), NULL, 0);
	assert_int_equal(wire_receive(ends->right, &ends->packet, &err), WIRE_PACKET_READ);
	assert_int_equal(ends->packet.size, WIRE_PACKET);
	free(longer);
}

static void
what_passes_the_ceiling_is_not_sent(void **state)
{
	struct ends *ends = *state;
	struct err err = {0};
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	uint8_t *longer = memory_zero(WIRE_PACKET, 1);
	wire_begin(&out, 1);
	wire_add(&out, bytes_of(longer, WIRE_PACKET - 8));
	send_packet(ends, &out, NULL, 0);
	receive_packet(ends);
	wire_begin(&out, 1);
	wire_add(&out, bytes_of(longer, WIRE_PACKET - 7));
	assert_false(wire_send(ends->left, &out, NULL, 0, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_true(fd_set_blocking(ends->right, false, &err));
	assert_int_equal(wire_receive(ends->right, &ends->packet, &err), WIRE_LATER);
	free(longer);
}

/* The fields of `fields_of`, read in order; whether the whole decodes. */
static bool
decodes(struct bytes data)
{
	struct wire_packet packet = {.size = data.size};
	memcpy(packet.data, data.data, data.size);
	struct wire_in in = wire_open(&packet);
	struct bytes items[2];
	struct err err = {0};
	(void)wire_u32(&in);
	(void)wire_u64(&in);
	(void)wire_bytes(&in);
	size_t count = wire_list(&in, items, 2);
	assert_in_range(count, 0, 2);
	for (size_t at = 0; at < count; at++)
		assert_in_range(items[at].size, 0, data.size);
	bool done = wire_end(&in, &err);
	assert_int_equal(err.kind, done ? ERR_NONE : ERR_CORRUPT);
	return done;
}

static void
fields_of(struct buf *out, uint32_t count)
{
	struct bytes items[] = {BYTES_LITERAL("one"), BYTES_LITERAL("two"), BYTES_LITERAL("three")};
	wire_begin(out, 1);
	buf_add_u32(out, 2);
	buf_add_u64(out, 3);
	wire_add(out, BYTES_LITERAL("data"));
	wire_add_list(out, items, count);
}

static void
a_packet_cut_anywhere_or_with_more_behind_does_not_decode(void **state UNUSED)
{
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	fields_of(&out, 2);
	assert_true(decodes(buf_bytes(&out)));
	for (size_t size = 0; size < out.size; size++)
		assert_false(decodes(bytes_first(buf_bytes(&out), size)));
	buf_add_byte(&out, 0);
	assert_false(decodes(buf_bytes(&out)));
	fields_of(&out, 3);
	assert_false(decodes(buf_bytes(&out)));
	/* A length, then a count, that say more than there is. */
	fields_of(&out, 2);
	memset(out.data + 16, 0xff, 4);
	assert_false(decodes(buf_bytes(&out)));
	fields_of(&out, 2);
	memset(out.data + 24, 0xff, 4);
	assert_false(decodes(buf_bytes(&out)));
}

static void
once_broken_every_field_is_nothing(void **state UNUSED)
{
	struct wire_packet packet = {.size = 5};
	struct wire_in in = wire_open(&packet);
	struct bytes items[1];
	assert_int_equal(wire_u32(&in), 0);
	assert_true(in.broken);
	assert_true(wire_u64(&in) == 0);
	assert_int_equal(wire_bytes(&in).size, 0);
	assert_int_equal(wire_list(&in, items, 1), 0);
}

static void
a_closed_peer_is_told_and_raises_no_signal(void **state)
{
	struct ends *ends = *state;
	struct err err = {0};
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	wire_begin(&out, 1);
	send_packet(ends, &out, NULL, 0);
	fd_release(&ends->left);
	receive_packet(ends);
	assert_int_equal(wire_receive(ends->right, &ends->packet, &err), WIRE_CLOSED);
	assert_false(wire_send(ends->right, &out, NULL, 0, &err));
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_int_equal(err.number, EPIPE);
}

static void
a_full_socket_that_does_not_block_is_a_limit(void **state)
{
	struct ends *ends = *state;
	struct err err = {0};
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	wire_begin(&out, 1);
	wire_add(&out, bytes_of(ends->packet.data, WIRE_PACKET / 2));
	assert_true(fd_set_blocking(ends->left, false, &err));
	unsigned count = 0;
	while (count < 100000 && wire_send(ends->left, &out, NULL, 0, &err))
		count++;
	assert_in_range(count, 1, 99999);
	assert_int_equal(err.kind, ERR_LIMIT);
	for (unsigned at = 0; at < count; at++)
		receive_packet(ends);
	send_packet(ends, &out, NULL, 0);
}

#define with_ends(test) cmocka_unit_test_setup_teardown(test, ends_setup, ends_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_ends(fields_arrive_as_they_were_sent),
		cmocka_unit_test(a_packet_has_this_form),
		with_ends(descriptors_arrive_in_order_closed_on_exec_and_belong_to_the_packet),
		with_ends(too_many_descriptors_are_a_broken_packet_and_none_stays_open),
		with_ends(an_empty_packet_ends_the_talk_and_its_descriptors_are_closed),
		with_ends(a_packet_without_a_whole_kind_or_too_long_is_cut),
		with_ends(what_passes_the_ceiling_is_not_sent),
		cmocka_unit_test(a_packet_cut_anywhere_or_with_more_behind_does_not_decode),
		cmocka_unit_test(once_broken_every_field_is_nothing),
		with_ends(a_closed_peer_is_told_and_raises_no_signal),
		with_ends(a_full_socket_that_does_not_block_is_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
