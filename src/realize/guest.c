/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/guest.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "guest/abi.h"
#include "base/array.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/trace.h"
#include "realize/guest_message.h"
#include "wire/network.h"
#include "wire/spawner.h"
#include "wire/wire.h"

enum { GUEST_PIPE = 1 << 20, GUEST_WHAT = 2000, GUEST_LED = 8 };

/* One request of the guest, from its GUEST_OPEN to its GUEST_END or GUEST_CLOSE. */
struct guest_request {
	struct guest *guest;
	uint32_t id;
	struct network_transfer *transfer; /* NULL while held, and after the end */
	int body;                          /* read end of the pipe, until the head went out */
	bool headed;
	bool waiting;     /* held */
	uint32_t reached; /* hops that were sent */
	/* Of an answer whose end is not waited for: its head, and what was read of its body. */
	uint64_t received;
	uint32_t status;
	uint64_t since; /* when it was sent */
	struct buf what;
	struct buf packet;         /* what it asked for */
	struct guest_message open; /* the same, decoded */
	int body_file;
};

struct guest {
	struct guest_host host;
	struct guest_listener listener;
	int control;
	struct loop_watch *watch;
	ARRAY(struct guest_request *) requests;
	/* The derivation's, and then those that answers came from, which are ours. */
	ARRAY(struct bytes) origins;
	struct guest_account account;
	uint64_t progress; /* bytes of bodies, as the guest tells */
	bool holding;
	bool starting;
	struct wire_packet packet;
};

struct guest *
guest_new(const struct guest_host *host, const struct guest_listener *listener)
{
	struct guest *guest = (struct guest *)memory_zero(1, sizeof *guest);
	guest->host = *host;
	guest->listener = *listener;
	guest->control = -1;
	for (size_t at = 0; at < host->origin_count; at++)
		*array_push(&guest->origins) = host->origins[at];
	return guest;
}

static void
guest_tell_request(struct guest_request *request, uint64_t received)
{
	struct guest *guest = request->guest;
	struct guest_request_end end = {.what = buf_bytes(&request->what),
		.status = request->status,
		.received = received,
		.milliseconds = loop_now() - request->since};
	guest->listener.requested(guest->listener.context, &end);
}

static void
guest_forget(struct guest_request *request)
{
	struct guest *guest = request->guest;
	size_t place = 0;
	while (place < guest->requests.size && guest->requests.data[place] != request)
		place++;
	must(place < guest->requests.size, "a guest knows its requests");
	guest->requests.data[place] = guest->requests.data[--guest->requests.size];
	if (request->transfer) {
		/* A guest that has what it wants hears no end; what was sent and read counts all the same. */
		guest->account.requests += request->reached;
		guest->account.received += request->received;
		guest_tell_request(request, request->received);
		network_cancel(request->transfer);
	}
	fd_release(&request->body);
	fd_release(&request->body_file);
	buf_release(&request->what);
	buf_release(&request->packet);
	free(request);
}

static void
guest_hang_up(struct guest *guest)
{
	loop_unwatch(guest->watch);
	guest->watch = NULL;
	fd_release(&guest->control);
	while (guest->requests.size)
		guest_forget(guest->requests.data[0]);
}

void
guest_free(struct guest *guest)
{
	if (!guest)
		return;
	if (guest->starting)
		spawner_forget(guest->host.spawner, guest);
	guest_hang_up(guest);
	array_release(&guest->requests);
	for (size_t at = guest->host.origin_count; at < guest->origins.size; at++)
		free((void *)(uintptr_t)guest->origins.data[at].data);
	array_release(&guest->origins);
	free(guest);
}

struct guest_account
guest_account(const struct guest *guest)
{
	struct guest_account account = guest->account;
	if (account.received < guest->progress)
		account.received = guest->progress;
	return account;
}

/* A guest that does not read its socket, or is gone, loses what it is told: its process's end says the rest. */
static void
guest_tell(struct guest *guest, const struct buf *packet, int fd)
{
	struct err err = {0};
	if (guest->control >= 0 && !wire_send(guest->control, packet, &fd, fd < 0 ? 0 : 1, &err))
		trace("guest", "%s", err.text);
}

static void
guest_fail(struct guest_request *request, int error, struct bytes why)
{
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, GUEST_FAIL);
	buf_add_u32(&packet, request->id);
	buf_add_u32(&packet, (uint32_t)error);
	wire_add(&packet, why);
	guest_tell(request->guest, &packet, -1);
	guest_forget(request);
}

/*
 * Where an answer came from may be asked again in this run: a mirror or a redirect led there, and the network process let it. A
 * program of git's goes on where its first request ended, as git does. Nothing is won by that: whoever may redirect to an origin
 * may redirect each request there, and addresses and credentials are judged by origin at each hop.
 */
static void
guest_keep_origin(struct guest *guest, struct bytes url)
{
	size_t most = guest->host.origin_count + GUEST_LED;
	size_t host = bytes_has_prefix(url, BYTES_LITERAL("https://"))  ? 8
		      : bytes_has_prefix(url, BYTES_LITERAL("http://")) ? 7
									: 0;
	/* Nothing leads away from an origin of ssh, whose URL names a user. */
	if (!host || guest->origins.size >= most || guest->origins.size >= NETWORK_ORIGINS)
		return;
	size_t path = bytes_find(bytes_from(url, host), '/');
	struct bytes origin = path == SIZE_MAX ? url : bytes_first(url, host + path);
	for (size_t at = 0; at < guest->origins.size; at++)
		if (bytes_equal(guest->origins.data[at], origin))
			return;
	uint8_t *copy = memory_new(origin.size);
	memcpy(copy, origin.data, origin.size);
	*array_push(&guest->origins) = bytes_of(copy, origin.size);
}

static void
guest_head(void *context, uint32_t status, struct bytes url, struct bytes headers)
{
	struct guest_request *request = (struct guest_request *)context;
	if (request->headed)
		return;
	guest_keep_origin(request->guest, bytes_first(url, CAB_HTTP_URL));
	request->headed = true;
	request->status = status;
	request->received = headers.size;
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, GUEST_HEAD);
	buf_add_u32(&packet, request->id);
	buf_add_u32(&packet, status);
	wire_add(&packet, bytes_first(url, CAB_HTTP_URL));
	wire_add(&packet, bytes_first(headers, CAB_HTTP_REPLY));
	guest_tell(request->guest, &packet, request->body);
	fd_release(&request->body);
}

static void
guest_reached(void *context, struct bytes origin)
{
	struct guest_request *request = (struct guest_request *)context;
	struct guest *guest = request->guest;
	request->reached++;
	guest->listener.reached(guest->listener.context, origin);
}

static void
guest_note(void *context, struct bytes text)
{
	struct guest *guest = ((struct guest_request *)context)->guest;
	guest->listener.note(guest->listener.context, text);
}

static void
guest_end(void *context, const struct network_end *end)
{
	struct guest_request *request = (struct guest_request *)context;
	struct guest *guest = request->guest;
	request->transfer = NULL;
	guest->account.broken |= !request->headed || request->status >= 400 || end->why.size;
	guest->account.requests += end->requests;
	guest->account.received += end->received;
	guest_tell_request(request, end->received);
	/* The guest's process writes the reason to the log. */
	if (!request->headed) {
		guest_fail(request, end->refused ? CAB_ERROR_REFUSED : CAB_ERROR_FAILED, end->why);
		return;
	}
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, GUEST_END);
	buf_add_u32(&packet, request->id);
	buf_add_u64(&packet, end->size);
	wire_add(&packet, end->why);
	guest_tell(guest, &packet, -1);
	guest_forget(request);
}

/* Sends a request on its way. */
static bool
guest_send(struct guest_request *request, struct err *err)
{
	struct guest *guest = request->guest;
	struct network_request open = {
		.method = request->open.method,
		.url = request->open.url,
		.headers = request->open.headers,
		.body = request->open.body,
		.body_fd = request->body_file,
		.origins = guest->origins.data,
		.origin_count = guest->origins.size,
		.redirects = guest->host.redirects,
	};
	request->since = loop_now();
	buf_format(&request->what, "%.*s %.*s", BYTES_ARGS(open.method),
		BYTES_ARGS(bytes_first(open.url, GUEST_WHAT)));

	cleanup_fd int write_end = -1;
	if (!fd_pipe(&request->body, &write_end, err))
		return false;
	/* More room means fewer turns between the two processes; a refusal costs speed only. */
	(void)fcntl(write_end, F_SETPIPE_SZ, GUEST_PIPE);
	struct network_listener listener = {.context = request,
		.head = guest_head,
		.reached = guest_reached,
		.note = guest_note,
		.end = guest_end};
	request->transfer =
		network_open(guest->host.network, &open, fd_take(&write_end), &listener, err);
	return request->transfer != NULL;
}

static void
guest_let_go(struct guest_request *request)
{
	struct err err = {0};
	request->waiting = false;
	if (guest_send(request, &err))
		return;
	request->guest->listener.note(request->guest->listener.context, bytes_text(err.text));
	guest_fail(request, CAB_ERROR_FAILED, bytes_text(err.text));
}

static bool
guest_take_open(struct guest *guest, const struct guest_message *message, struct err *err)
{
	if (guest->requests.size >= CAB_HTTP_HANDLES)
		return err_set(err, ERR_REFUSED, "the guest has more than %d requests open",
			CAB_HTTP_HANDLES);
	if (guest->packet.fds[0] >= 0 && !guest_message_check_body(guest->packet.fds[0], err))
		return false;

	struct guest_request *request = (struct guest_request *)memory_zero(1, sizeof *request);
	*request = (struct guest_request){.guest = guest,
		.id = message->id,
		.body = -1,
		.what = BUF((size_t)2 * GUEST_WHAT),
		.packet = BUF(WIRE_PACKET)};
	request->body_file = wire_take_fd(&guest->packet, 0);
	buf_add(&request->packet, wire_whole(&guest->packet));
	must(guest_message_decode(buf_bytes(&request->packet), &request->open, err),
		"what was decoded decodes again");
	*array_push(&guest->requests) = request;
	if (guest->host.refusal) {
		guest->listener.note(guest->listener.context, bytes_text(guest->host.refusal));
		guest_fail(request, CAB_ERROR_REFUSED, bytes_text(guest->host.refusal));
		return true;
	}
	request->waiting = true;
	if (guest->listener.open(guest->listener.context))
		guest_let_go(request);
	return true;
}

static void
guest_take_former(struct guest *guest)
{
	if (!guest->listener.former(guest->listener.context))
		return;
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, GUEST_FORMER);
	guest_tell(guest, &packet, -1);
}

/* An id that has ended meanwhile is no fault. */
static void
guest_take_close(struct guest *guest, const struct guest_message *message)
{
	for (size_t at = 0; at < guest->requests.size; at++) {
		struct guest_request *request = guest->requests.data[at];
		if (request->id != message->id)
			continue;
		/* It may say what it likes: the number is for people. */
		if (message->received < UINT64_MAX - request->received)
			request->received += message->received;
		guest_forget(request);
		break;
	}
}

static void
guest_take_progress(struct guest *guest, const struct guest_message *message)
{
	guest->progress = message->received;
	trace("guest", "%llu KiB of linear memory", (unsigned long long)message->memory >> 10);
	guest->listener.progress(
		guest->listener.context, message->received, message->expected, message->objects);
}

static bool
guest_take(struct guest *guest, struct err *err)
{
	struct guest_message message;
	if (!guest_message_decode(wire_whole(&guest->packet), &message, err))
		return false;
	if (message.kind == GUEST_OPEN)
		return guest_take_open(guest, &message, err);
	if (message.kind == GUEST_CLOSE)
		guest_take_close(guest, &message);
	else if (message.kind == GUEST_PROGRESS)
		guest_take_progress(guest, &message);
	else
		guest_take_former(guest);
	return true;
}

static void
guest_ready(void *context, short events)
{
	(void)events;
	struct guest *guest = (struct guest *)context;
	struct err err = {0};
	enum wire_result result = wire_receive(guest->control, &guest->packet, &err);
	if (result == WIRE_LATER)
		return;
	bool good = result == WIRE_PACKET_READ;
	if (good) {
		good = guest_take(guest, &err);
		wire_release(&guest->packet);
	}
	if (good)
		return;
	/* A guest that breaks the protocol gets no more answers; it then fails by itself, or by its time limit. */
	if (result != WIRE_CLOSED)
		guest->listener.note(guest->listener.context, bytes_text(err.text));
	guest_hang_up(guest);
}

void
guest_drain(struct guest *guest)
{
	if (guest->control < 0)
		return;
	struct err err = {0};
	for (;;) {
		enum wire_result result = wire_receive(guest->control, &guest->packet, &err);
		if (result != WIRE_PACKET_READ)
			break;
		if (guest->packet.kind == GUEST_PROGRESS && !guest_take(guest, &err))
			trace("guest", "%s", err.text);
		wire_release(&guest->packet);
	}
	guest_hang_up(guest);
}

static void
guest_on_started(void *context, int pid, int pidfd, struct bytes why)
{
	struct guest *guest = (struct guest *)context;
	guest->starting = false;
	guest->listener.started(guest->listener.context, pid, pidfd, why);
}

bool
guest_start(struct guest *guest, const struct spawner_request *request, struct err *err)
{
	cleanup_fd int theirs = -1;
	if (!wire_pair(&guest->control, &theirs, err) ||
		!fd_set_blocking(guest->control, false, err))
		return err_note(err, "control socket of the guest");
	struct spawner_request start = *request;
	start.control = theirs;
	if (!spawner_run(guest->host.spawner, &start, guest_on_started, guest, err))
		return false;
	guest->starting = true;
	guest->watch = loop_watch(guest->host.loop, guest->control, POLLIN, guest_ready, guest);
	return true;
}

void
guest_hold(struct guest *guest)
{
	if (guest->holding)
		return;
	guest->holding = true;
	for (size_t at = 0; at < guest->requests.size; at++)
		if (guest->requests.data[at]->transfer)
			network_pause(guest->requests.data[at]->transfer);
}

void
guest_resume(struct guest *guest)
{
	guest->holding = false;
	for (size_t at = 0; at < guest->requests.size; at++)
		if (guest->requests.data[at]->transfer)
			network_resume(guest->requests.data[at]->transfer);
	/* Letting one go may forget it, so the list is walked anew after each. None stands in it twice, so what is forgotten is not
	 * met again; clang-tidy cannot know. */
	for (size_t at = 0; at < guest->requests.size;) {
		if (guest->requests.data[at]->waiting) { /* NOLINT(clang-analyzer-unix.Malloc) */
			guest_let_go(guest->requests.data[at]);
			at = 0;
		} else {
			at++;
		}
	}
}
