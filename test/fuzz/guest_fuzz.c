/* SPDX-License-Identifier: MPL-2.0 */
/*
 * guest: a guest's process that its program has taken over, and a network that answers as it likes, at the realizer.
 * The input is a row of events, each a byte, of which three bits say what happens, and its fields:
 *
 *     0-3  the guest sends a packet: u16 size, the packet; bit 3: with a descriptor, bit 4: which is sealed, bit 5: and large
 *     4    a transfer's head comes: u8 which, u16 status, u8 size, the URL
 *     5    it ends: u8 which, u8 size, why; bit 3: refused
 *     6    it reached an origin, or (bit 3) something is to be said: u8 which, u8 size, the text
 *     7    bits 3-4: hold, resume, requests are let go, they are not
 *
 * The two that a guest is given, network and spawner, are functions of this file, and the control socket is a real one.
 * What must hold: nothing is asked of the network that the interface does not allow, what is under way has
 * a ceiling, and in the end nothing is left.
 */
#include "realize/guest.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "guest/abi.h"
#include "wire/spawner.h"
#include "wire/wire.h"

enum { EVENTS = 64, LED = 8 };

struct network_transfer {
	struct network_listener listener;
	int body;
	bool is_over;
};

static struct network_transfer transfers[EVENTS];
static size_t transfer_count, requested_count;
static int their_end;
static bool lets_go;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_printable(struct bytes text)
{
	for (size_t at = 0; at < text.size; at++)
		if (text.data[at] <= ' ' || text.data[at] >= 0x7f)
			return false;
	return text.size;
}

static size_t
running(void)
{
	size_t count = 0;
	for (size_t at = 0; at < transfer_count; at++)
		count += !transfers[at].is_over;
	return count;
}

struct network_transfer *
network_open(struct network *network, const struct network_request *request, int body_fd,
	const struct network_listener *listener, struct err *err)
{
	struct stat status;
	(void)network;
	must(is_printable(request->method) && request->method.size <= 16, "a method is a word");
	must(is_printable(request->url) && request->url.size <= CAB_HTTP_URL, "a URL is printable");
	must(request->headers.size <= CAB_HTTP_HEADERS, "headers have a ceiling");
	must(!request->headers.size || request->headers.data[request->headers.size - 1] == '\n',
		"headers are lines");
	must(request->origin_count <= 1 + LED, "a server leads to few places");
	must(request->body_fd < 0 || (fcntl(request->body_fd, F_GET_SEALS) > 0 &&
					     fstat(request->body_fd, &status) == 0 &&
					     status.st_size <= CAB_HTTP_BODY),
		"a body stays what it is");
	if (transfer_count == EVENTS) {
		fd_close(body_fd);
		(void)err_set(err, ERR_SYSTEM, "no network");
		return NULL;
	}
	struct network_transfer *transfer = &transfers[transfer_count++];
	*transfer = (struct network_transfer){.listener = *listener, .body = body_fd};
	must(running() <= CAB_HTTP_HANDLES, "what is under way has a ceiling");
	return transfer;
}

void
network_pause(struct network_transfer *transfer)
{
	must(!transfer->is_over, "what is over is not paused");
}

void
network_resume(struct network_transfer *transfer)
{
	must(!transfer->is_over, "what is over is not resumed");
}

void
network_cancel(struct network_transfer *transfer)
{
	must(!transfer->is_over, "what is over is not cancelled");
	transfer->is_over = true;
	fd_release(&transfer->body);
}

bool
spawner_run(struct spawner *spawner, const struct spawner_request *request,
	spawner_started *started, void *context, struct err *err)
{
	(void)spawner;
	(void)err;
	their_end = fcntl(request->control, F_DUPFD_CLOEXEC, 3);
	started(context, 42, -1, bytes_of(NULL, 0));
	return their_end >= 0;
}

void
spawner_forget(struct spawner *spawner, void *context)
{
	(void)spawner;
	(void)context;
}

static void
hear_started(void *context, int pid, int pidfd, struct bytes why)
{
	(void)context;
	(void)pid;
	(void)pidfd;
	(void)why;
}

static bool
hear_question(void *context)
{
	(void)context;
	return lets_go;
}

static void
hear_text(void *context, struct bytes text)
{
	(void)context;
	(void)text;
}

static void
hear_requested(void *context, const struct guest_request_end *end)
{
	(void)context;
	size_t space = bytes_find(end->what, ' ');
	must(is_printable(bytes_first(end->what, space)) &&
			is_printable(bytes_from(end->what, space + 1)),
		"what was asked for is told in words");
	requested_count++;
}

static void
hear_progress(void *context, uint64_t received, uint64_t expected, uint64_t objects)
{
	(void)context;
	(void)received;
	(void)expected;
	(void)objects;
}

static size_t
take_number(struct bytes *input, size_t width)
{
	size_t number = 0;
	for (size_t at = 0; at < width && at < input->size; at++)
		number |= (size_t)input->data[at] << (8 * at);
	*input = bytes_from(*input, width);
	return number;
}

static struct bytes
take_text(struct bytes *input, size_t width)
{
	struct bytes text = bytes_first(*input, take_number(input, width));
	text = bytes_first(*input, text.size);
	*input = bytes_from(*input, text.size);
	return text;
}

static int
body_file(unsigned event)
{
	static const uint8_t page[4096];
	struct err err;
	cleanup_fd int fd = -1;
	if (event & 1 << 5) {
		fd = memfd_create("body", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		must(fd >= 0 && ftruncate(fd, CAB_HTTP_BODY + 1) == 0, "a memory file grows");
		if (event & 1 << 4)
			must(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) ==
					0,
				"a memory file can be sealed");
	} else if (event & 1 << 4) {
		fd = fd_memory("body", bytes_of(page, sizeof page), &err);
	} else {
		int write_end;
		must(fd_pipe(&fd, &write_end, &err), "a pipe can be had");
		fd_close(write_end);
	}
	return fd_take(&fd);
}

/* What the guest is told decodes there. */
static void
hear_answers(void)
{
	static struct wire_packet packet;
	struct err err;
	while (wire_receive(their_end, &packet, &err) == WIRE_PACKET_READ) {
		struct wire_in in = wire_open(&packet);
		must(packet.fd_count == (packet.kind == GUEST_HEAD), "a head has a pipe");
		if (packet.kind != GUEST_FORMER)
			(void)wire_u32(&in);
		if (packet.kind == GUEST_END)
			(void)wire_u64(&in);
		else if (packet.kind != GUEST_FORMER)
			(void)wire_u32(&in);
		if (packet.kind == GUEST_HEAD)
			must(wire_bytes(&in).size <= CAB_HTTP_URL, "a URL has a ceiling");
		if (packet.kind != GUEST_FORMER)
			(void)wire_bytes(&in);
		must(wire_end(&in, &err), "an answer decodes");
		wire_release(&packet);
	}
}

/* False once the guest is hung up on. */
static bool
send_packet(struct loop *loop, unsigned event, struct bytes data)
{
	struct err err = {0};
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	cleanup_fd int fd = event & 1 << 3 ? body_file(event) : -1;
	buf_add(&packet, data);
	return !packet.size ||
	       (wire_send(their_end, &packet, &fd, fd >= 0, &err) && loop_step(loop, &err));
}

static void
network_says(unsigned event, struct bytes *input)
{
	size_t which = take_number(input, 1);
	struct network_transfer *transfer = &transfers[which % EVENTS];
	uint32_t status = (event & 7) == 4 ? (uint32_t)take_number(input, 2) : 0;
	struct bytes text = take_text(input, 1);
	if (which >= transfer_count || transfer->is_over)
		return;
	const struct network_listener *listener = &transfer->listener;
	if ((event & 7) == 4) {
		listener->head(listener->context, status, text, BYTES_LITERAL("a: b\n"));
	} else if ((event & 7) == 5) {
		const struct network_end end = {.refused = event & 1 << 3, .size = 5, .why = text};
		transfer->is_over = true;
		fd_release(&transfer->body);
		listener->end(listener->context, &end);
	} else if (event & 1 << 3) {
		listener->note(listener->context, text);
	} else {
		listener->reached(listener->context, text);
	}
}

static void
play(struct guest *guest, struct loop *loop, struct bytes input)
{
	bool talks = true;
	for (size_t events = 0; events < EVENTS && input.size; events++) {
		unsigned event = (unsigned)take_number(&input, 1);
		if ((event & 7) < 4) {
			struct bytes packet = take_text(&input, 2);
			talks = talks && send_packet(loop, event, packet);
		} else if ((event & 7) < 7) {
			network_says(event, &input);
		} else if (event & 1 << 4) {
			lets_go = event & 1 << 3;
		} else if (event & 1 << 3) {
			guest_resume(guest);
		} else {
			guest_hold(guest);
		}
		hear_answers();
	}
	guest_drain(guest);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bytes origins[] = {{(const uint8_t *)"https://o", 9}};
	const struct spawner_request request = {.control = -1};
	const struct guest_listener listener = {.started = hear_started,
		.open = hear_question,
		.former = hear_question,
		.reached = hear_text,
		.requested = hear_requested,
		.note = hear_text,
		.progress = hear_progress};
	struct err err = {0};
	struct loop *loop = loop_new();
	const struct guest_host host = {
		.loop = loop, .origins = origins, .origin_count = 1, .redirects = true};
	struct guest *guest = guest_new(&host, &listener);
	transfer_count = requested_count = 0;
	lets_go = true;
	must(guest_start(guest, &request, &err) && fd_set_blocking(their_end, false, &err),
		"a guest can be started");
	play(guest, loop, bytes_of(data, size));
	must(running() == 0 && requested_count == transfer_count, "each request has one end");
	guest_free(guest);
	loop_free(loop);
	fd_close(their_end);
	return 0;
}
