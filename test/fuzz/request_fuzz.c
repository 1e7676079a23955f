/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What cab-network is asked for, as the packet that carries it: an order says all that its packet says, and of a request, as
 * any other kind is taken to be, each line of its head is one line and its own to say, or it is refused.
 */
#include "network/request.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/must.h"
#include "network/order.h"
#include "wire/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct request *request)
{
	static const char *const others[] = {
		"host", "connection", "content-length", "transfer-encoding", "accept-encoding"};
	for (size_t at = 0; at < request->fields.size; at++) {
		struct bytes line = bytes_text(request->fields.data[at].line);
		struct bytes name = bytes_first(line, bytes_find(line, ':'));
		must(name.size && name.size < line.size, "a line has a name");
		must(request_may_name(name), "a name is a guest's to send");
		for (size_t byte = 0; byte < line.size; byte++)
			must(line.data[byte] >= ' ' && line.data[byte] < 0x7f, "a line is one");
	}
	for (size_t at = 0; at < sizeof others / sizeof *others; at++)
		must(!request_has_field(request, others[at]), "the connection's are not");
	must(request->body.size <= REQUEST_BODY && request->headers.size <= REQUEST_HEADERS,
		"a request has ceilings");
	must(request->method == METHOD_POST || !request->body.size, "what asks has no body");
	for (size_t at = 0; at < request->origins.size; at++)
		must(request_lists(request, bytes_text(request->origins.data[at])),
			"an origin is listed in its normal form");
}

static void
check_order(struct bytes packet)
{
	struct order order;
	struct err err = {0};
	if (!order_decode(packet, &order, &err)) {
		must(err.kind == ERR_CORRUPT, "a broken order has a reason");
		return;
	}
	cleanup_buf struct buf again = BUF(BUF_MAX);
	wire_begin(&again, order.kind);
	buf_add_u32(&again, order.id);
	if (order.kind == NETWORK_LISTEN) {
		/* Other flags are not known. */
		buf_add(&again, bytes_first(bytes_from(packet, again.size), 4));
		wire_add_list(&again, order.origins, order.origin_count);
	}
	must(order.origin_count <= NETWORK_ORIGINS, "origins have a ceiling");
	must(bytes_equal(buf_bytes(&again), packet), "an order is all of its packet");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct request request = {0};
	int read_end;
	if (size > WIRE_PACKET)
		return 0;
	check_order(bytes_of(data, size));
	struct wire_packet *packet = (struct wire_packet *)memory_zero(1, sizeof *packet);
	packet->kind = NETWORK_OPEN;
	packet->size = size;
	if (size)
		memcpy(packet->data, data, size);
	/* As a whole packet begins, with its kind. */
	for (size_t at = 0; at < WIRE_FDS; at++)
		packet->fds[at] = -1;
	must(fd_pipe(&read_end, &packet->fds[0], &err), "a pipe can be had");
	packet->fd_count = 1;
	if (request_decode(packet, &request, &err)) {
		if (request_check(&request, &err))
			check(&request);
		else
			must(err.kind == ERR_REFUSED, "a refusal has a reason");
		request_release(&request);
	} else {
		must(err.kind == ERR_CORRUPT, "a broken packet has a reason");
	}
	wire_release(packet);
	fd_close(read_end);
	free(packet);
	return 0;
}
