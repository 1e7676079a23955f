/* SPDX-License-Identifier: MPL-2.0 */
#include "network/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "network/network.h"
#include "network/order.h"
#include "network/tunnel.h"
#include "wire/network.h"

enum { TELL_EVERY = 1000 };

static void
gate_accept(void *context, short events)
{
	struct gate *gate = (struct gate *)context;
	(void)events;
	int fd = accept4(gate->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	/* One that was given up again, or that finds no descriptor, is the program's loss. */
	if (fd < 0)
		return;
	*array_push(&gate->tunnels) = tunnel_new(gate, fd);
	if (gate->tunnels.size >= GATE_TUNNELS)
		loop_change(gate->watch, 0);
}

/* One byte with a descriptor; -1 where something else came, or the sender is gone. */
static int
socket_receive(int from)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	int fd = -1;
	struct iovec part = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != 1)
		return -1;
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
		header->cmsg_len == CMSG_LEN(sizeof fd))
		memcpy(&fd, CMSG_DATA(header), sizeof fd);
	return fd;
}

/* The listening socket comes from within the program's namespace, once that is made. */
static void
gate_take_socket(void *context, short events)
{
	struct gate *gate = (struct gate *)context;
	struct err err = {0};
	(void)events;
	int fd = socket_receive(gate->fd);
	loop_unwatch(gate->watch);
	gate->watch = NULL;
	fd_release(&gate->fd);
	gate->fd = fd;
	/* The namespace was never made, which its maker says. */
	if (fd >= 0 && fd_set_blocking(fd, false, &err))
		gate->watch = loop_watch(gate->network->loop, fd, POLLIN, gate_accept, gate);
}

static bool
gate_take_origins(struct gate *gate, const struct order *order, struct err *err)
{
	for (size_t at = 0; at < order->origin_count; at++) {
		cleanup_buf struct buf origin = BUF(URL_LIMIT);
		if (!origin_parse(order->origins[at], &origin, err))
			return err_note(err, "origins");
		*array_push(&gate->origins) = buf_take_text(&origin);
	}
	return true;
}

struct gate *
gate_new(struct network *network, struct wire_packet *packet, struct err *err)
{
	struct order order;
	if (!order_decode(wire_whole(packet), &order, err)) {
		(void)err_note(err, "listen");
		return NULL;
	}
	struct gate *gate = (struct gate *)memory_zero(1, sizeof *gate);
	*gate = (struct gate){
		.network = network,
		.id = order.id,
		.is_open = order.is_open,
		.fd = wire_take_fd(packet, 0),
	};
	bool taken =
		gate->fd >= 0 || err_set(err, ERR_CORRUPT, "listen: it comes without a socket");
	if (!taken || !gate_take_origins(gate, &order, err) ||
		!fd_set_blocking(gate->fd, false, err)) {
		gate_free(gate);
		return NULL;
	}
	gate->watch = loop_watch(network->loop, gate->fd, POLLIN, gate_take_socket, gate);
	return gate;
}

static bool
gate_lists(const struct gate *gate, struct bytes origin)
{
	for (size_t at = 0; at < gate->origins.size; at++)
		if (bytes_equal_text(origin, gate->origins.data[at]))
			return true;
	return false;
}

/* The same host and port, as http: has it. */
static void
other_origin(const struct url *url, struct buf *out)
{
	struct bytes origin = url_origin(url);
	struct bytes host = bytes_first(bytes_from(origin, sizeof "https://" - 1), url->host_size);
	buf_add_text(out, "http://");
	buf_add(out, host);
	if (url->port != 80)
		buf_format(out, ":%u", (unsigned)url->port);
}

bool
gate_permits(const struct gate *gate, const struct url *url, bool is_tunnel, bool *is_named_out,
	struct err *err)
{
	const struct config *config = &gate->network->config;
	struct bytes origin = url_origin(url);
	cleanup_buf struct buf plain = BUF(URL_LIMIT);
	if (gate->network->unusable.kind)
		return err_set(err, ERR_REFUSED, "%s", gate->network->unusable.text);
	if (is_tunnel)
		other_origin(url, &plain);
	*is_named_out = config_names(config, origin) || config_names(config, buf_bytes(&plain));
	return gate->is_open || gate_lists(gate, origin) || gate_lists(gate, buf_bytes(&plain)) ||
	       err_set(err, ERR_REFUSED,
		       "%.*s is not among the origins of this derivation (\"redirects\" among them "
		       "allows every public one)",
		       BYTES_ARGS(origin));
}

static void
gate_send_text(struct gate *gate, enum network_message kind, struct bytes text)
{
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, kind);
	buf_add_u32(&packet, gate->id);
	wire_add(&packet, text);
	network_send(gate->network, &packet);
}

void
gate_reached(struct gate *gate, struct bytes origin)
{
	gate->requests++;
	gate_send_text(gate, NETWORK_REACHED, origin);
}

void
gate_note(struct gate *gate, const char *text)
{
	gate_send_text(gate, NETWORK_NOTE, bytes_text(text));
}

/* Now and then, so that a long download is no silence. */
static void
gate_tell(struct gate *gate)
{
	uint64_t now = loop_now();
	if (gate->received == gate->told || now - gate->told_at < TELL_EVERY)
		return;
	gate->told = gate->received;
	gate->told_at = now;
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, NETWORK_MOVED);
	buf_add_u32(&packet, gate->id);
	buf_add_u64(&packet, gate->received);
	network_send(gate->network, &packet);
}

void
gate_settle(struct gate *gate)
{
	size_t kept = 0;
	size_t count = gate->tunnels.size;
	for (size_t at = 0; at < count; at++) {
		struct tunnel *tunnel = gate->tunnels.data[at];
		if (tunnel_is_done(tunnel))
			tunnel_free(tunnel);
		else
			gate->tunnels.data[kept++] = tunnel;
	}
	gate->tunnels.size = kept;
	if (count >= GATE_TUNNELS && kept < GATE_TUNNELS)
		loop_change(gate->watch, POLLIN);
	gate_tell(gate);
}

void
gate_close(struct gate *gate)
{
	while (gate->tunnels.size)
		tunnel_free(gate->tunnels.data[--gate->tunnels.size]);
	const struct network_moved moved = {gate->sent, gate->received, gate->requests};
	network_send_end(gate->network, gate->id, &moved, NULL);
	gate->is_closed = true;
}

void
gate_free(struct gate *gate)
{
	while (gate->tunnels.size)
		tunnel_free(gate->tunnels.data[--gate->tunnels.size]);
	array_release(&gate->tunnels);
	for (size_t at = 0; at < gate->origins.size; at++)
		free(gate->origins.data[at]);
	array_release(&gate->origins);
	loop_unwatch(gate->watch);
	fd_release(&gate->fd);
	free(gate);
}
