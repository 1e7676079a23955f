/* SPDX-License-Identifier: MPL-2.0 */
#include "wire/wire.h"

#include <errno.h>
#include <sys/socket.h>

bool
wire_pair(int *left, int *right, struct err *err)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_system(err, errno, "socket pair");
	/* A packet must fit whole, with the kernel's own share. */
	int room = 4 * WIRE_PACKET;
	for (size_t at = 0; at < 2; at++)
		(void)setsockopt(ends[at], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	*left = ends[0];
	*right = ends[1];
	return true;
}

void
wire_begin(struct buf *out, uint32_t kind)
{
	buf_clear(out);
	buf_add_u32(out, kind);
}

void
wire_add(struct buf *out, struct bytes data)
{
	must(data.size <= UINT32_MAX, "a field fits a packet");
	buf_add_u32(out, (uint32_t)data.size);
	buf_add(out, data);
}

void
wire_add_list(struct buf *out, const struct bytes *items, size_t count)
{
	buf_add_u32(out, (uint32_t)count);
	for (size_t at = 0; at < count; at++)
		wire_add(out, items[at]);
}

bool
wire_send(int fd, const struct buf *packet, const int *fds, size_t fd_count, struct err *err)
{
	must(fd_count <= WIRE_FDS, "a packet carries few descriptors");
	if (!buf_check(packet, err, "packet"))
		return false;
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(WIRE_FDS * sizeof(int))];
	} control = {.room = {0}};
	struct iovec piece = {packet->data, packet->size};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	if (fd_count) {
		message.msg_control = control.room;
		message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, fd_count * sizeof(int));
	}
	ssize_t count;
	do
		count = sendmsg(fd, &message, MSG_NOSIGNAL);
	while (count < 0 && errno == EINTR);
	if (count < 0 && errno == EAGAIN)
		return err_set(err, ERR_LIMIT, "send a packet: the other side does not read");
	if (count < 0)
		return err_system(err, errno, "send a packet");
	return true;
}

static void
wire_take_fds(struct msghdr *message, struct wire_packet *packet)
{
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
		header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t at = 0; at < count; at++) {
			int fd;
			memcpy(&fd, CMSG_DATA(header) + at * sizeof fd, sizeof fd);
			if (packet->fd_count < WIRE_FDS)
				packet->fds[packet->fd_count++] = fd;
			else
				fd_close(fd);
		}
	}
}

enum wire_result
wire_receive(int fd, struct wire_packet *packet, struct err *err)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(WIRE_FDS * sizeof(int))];
	} control;
	struct iovec piece = {packet->data, sizeof packet->data};
	struct msghdr message = {.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof control.room};
	packet->fd_count = 0;
	packet->size = 0;
	for (size_t at = 0; at < WIRE_FDS; at++)
		packet->fds[at] = -1;

	ssize_t count;
	do
		count = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (count < 0 && errno == EINTR);
	if (count < 0 && errno == EAGAIN)
		return WIRE_LATER;
	if (count < 0 && errno == ECONNRESET)
		return WIRE_CLOSED;
	if (count < 0) {
		(void)err_system(err, errno, "receive a packet");
		return WIRE_FAILED;
	}
	wire_take_fds(&message, packet);
	/* An empty packet reads like the end, but may have brought descriptors. */
	if (count == 0) {
		wire_release(packet);
		return WIRE_CLOSED;
	}
	if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || count < 4) {
		wire_release(packet);
		(void)err_set(err, ERR_CORRUPT, "receive a packet: it was cut");
		return WIRE_FAILED;
	}
	packet->size = (size_t)count;
	struct wire_in in = {bytes_of(packet->data, packet->size), false};
	packet->kind = wire_u32(&in);
	return WIRE_PACKET_READ;
}

void
wire_release(struct wire_packet *packet)
{
	for (size_t at = 0; at < WIRE_FDS; at++)
		fd_release(&packet->fds[at]);
}

int
wire_take_fd(struct wire_packet *packet, size_t at)
{
	must(at < WIRE_FDS, "a packet carries few descriptors");
	return fd_take(&packet->fds[at]);
}

struct bytes
wire_whole(const struct wire_packet *packet)
{
	return bytes_of(packet->data, packet->size);
}

struct wire_in
wire_open(const struct wire_packet *packet)
{
	return (struct wire_in){bytes_from(wire_whole(packet), 4), packet->size < 4};
}

static uint64_t
wire_number(struct wire_in *in, size_t width)
{
	if (in->broken || in->rest.size < width) {
		in->broken = true;
		return 0;
	}
	uint64_t number = 0;
	for (size_t at = 0; at < width; at++)
		number |= (uint64_t)in->rest.data[at] << (8 * at);
	in->rest = bytes_from(in->rest, width);
	return number;
}

uint32_t
wire_u32(struct wire_in *in)
{
	return (uint32_t)wire_number(in, 4);
}

uint64_t
wire_u64(struct wire_in *in)
{
	return wire_number(in, 8);
}

struct bytes
wire_bytes(struct wire_in *in)
{
	size_t size = wire_u32(in);
	if (in->broken || in->rest.size < size) {
		in->broken = true;
		return bytes_of(NULL, 0);
	}
	struct bytes data = bytes_first(in->rest, size);
	in->rest = bytes_from(in->rest, size);
	return data;
}

size_t
wire_list(struct wire_in *in, struct bytes *items, size_t capacity)
{
	size_t count = wire_u32(in);
	if (count > capacity)
		in->broken = true;
	for (size_t at = 0; at < count && !in->broken; at++)
		items[at] = wire_bytes(in);
	return in->broken ? 0 : count;
}

bool
wire_end(const struct wire_in *in, struct err *err)
{
	if (in->broken || in->rest.size)
		return err_set(err, ERR_CORRUPT, "a packet does not decode");
	return true;
}
