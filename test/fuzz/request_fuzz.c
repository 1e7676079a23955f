/* SPDX-License-Identifier: MPL-2.0 */
/* What a guest asks for, as the packet that carries it: refused, or each line of its head is one line and its own to say. */
#include "network/request.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/must.h"
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct request request = {0};
	int read_end;
	if (size > WIRE_PACKET)
		return 0;
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
