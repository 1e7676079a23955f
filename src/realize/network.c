/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/network.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/trace.h"
#include "realize/network_answer.h"
#include "wire/network.h"
#include "wire/wire.h"

struct network_transfer {
	struct network *network;
	uint32_t id;
	struct network_listener listener;
};

struct network {
	struct loop *loop;
	char *program;
	struct buf config; /* empty: not known yet */
	struct process process;
	int socket;
	struct loop_watch *watch;
	uint32_t next;
	ARRAY(struct network_transfer *) transfers;
	struct wire_packet *packet; /* large: its pages are touched when one comes */
};

struct network *
network_new(struct loop *loop, const char *program)
{
	struct network *network = (struct network *)memory_zero(1, sizeof *network);
	network->loop = loop;
	network->packet = (struct wire_packet *)memory_new(sizeof *network->packet);
	network->program = strdup(program);
	must(network->program, "there is memory for a name");
	network->config = BUF(BUF_MAX);
	network->socket = -1;
	network->process = PROCESS_NONE;
	return network;
}

static void
network_stop(struct network *network)
{
	loop_unwatch(network->watch);
	network->watch = NULL;
	fd_release(&network->socket);
	process_release(&network->process);
	network->process = PROCESS_NONE;
}

void
network_kill(struct network *network)
{
	process_signal(&network->process, SIGKILL);
}

void
network_free(struct network *network)
{
	if (!network)
		return;
	must(network->transfers.size == 0, "no transfer outlives its network");
	network_stop(network);
	array_release(&network->transfers);
	buf_release(&network->config);
	free(network->packet);
	free(network->program);
	free(network);
}

static struct network_transfer *
network_find(const struct network *network, uint32_t id)
{
	for (size_t at = 0; at < network->transfers.size; at++)
		if (network->transfers.data[at]->id == id)
			return network->transfers.data[at];
	return NULL;
}

static void
network_forget(struct network_transfer *transfer)
{
	struct network *network = transfer->network;
	for (size_t at = 0; at < network->transfers.size; at++)
		if (network->transfers.data[at] == transfer)
			network->transfers.data[at] =
				network->transfers.data[--network->transfers.size];
	free(transfer);
}

static void
network_finish(struct network_transfer *transfer, const struct network_end *end)
{
	struct network_listener listener = transfer->listener;
	network_forget(transfer);
	listener.end(listener.context, end);
}

/* The process is gone or talks nonsense: whatever was under way ends with that as its reason. */
static void
network_break(struct network *network, const char *why)
{
	network_stop(network);
	/* What an end asks for anew goes to a new process and is not of those. */
	uint32_t next = network->next;
	size_t at = 0;
	while (at < network->transfers.size) {
		struct network_transfer *transfer = network->transfers.data[at];
		if (transfer->id >= next) {
			at++;
			continue;
		}
		network_finish(transfer, &(struct network_end){.why = bytes_text(why)});
		at = 0;
	}
}

/* A cancelled transfer's last messages may still be on their way. */
static bool
network_take(struct network *network, struct err *err)
{
	struct network_answer answer;
	if (!network_answer_decode(wire_whole(network->packet), &answer, err))
		return false;
	struct network_transfer *transfer = network_find(network, answer.id);
	if (!transfer)
		return true;
	const struct network_listener *listener = &transfer->listener;
	void *context = listener->context;
	if (answer.kind == NETWORK_HEAD && listener->head)
		listener->head(context, answer.status, answer.url, answer.headers);
	else if (answer.kind == NETWORK_REACHED)
		listener->reached(context, answer.text);
	else if (answer.kind == NETWORK_NOTE)
		listener->note(context, answer.text);
	else if (answer.kind == NETWORK_MOVED && listener->moved)
		listener->moved(context, answer.received);
	else if (answer.kind == NETWORK_END)
		network_finish(transfer, &answer.end);
	return true;
}

static void
network_ready(void *context, short events)
{
	(void)events;
	struct network *network = (struct network *)context;
	struct err err = {0};
	switch (wire_receive(network->socket, network->packet, &err)) {
	case WIRE_PACKET_READ: {
		bool taken = network_take(network, &err);
		wire_release(network->packet);
		if (!taken)
			network_break(network, err.text);
		break;
	}
	case WIRE_LATER:
		break;
	case WIRE_CLOSED:
		network_break(network, "cab-network ended unexpectedly");
		break;
	case WIRE_FAILED:
		network_break(network, err.text);
		break;
	}
}

static bool
network_send_config(struct network *network, struct err *err)
{
	cleanup_fd int config = fd_memory("config", buf_bytes(&network->config), err);
	if (config < 0)
		return false;
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, NETWORK_CONFIG);
	return wire_send(network->socket, &packet, &config, 1, err);
}

bool
network_start(struct network *network, struct err *err)
{
	if (network->socket >= 0)
		return true;
	cleanup_fd int ours = -1;
	cleanup_fd int theirs = -1;
	if (!wire_pair(&ours, &theirs, err))
		return err_note(err, "start cab-network");
	struct process_fd fds[] = {{theirs, NETWORK_SOCKET}, {STDERR_FILENO, STDERR_FILENO}};
	struct process_spec spec = {
		.program = network->program, .fds = fds, .fd_count = 2, .own_group = true};
	if (!process_start(&spec, &network->process, err))
		return err_note(err, "start cab-network");

	network->socket = fd_take(&ours);
	network->watch = loop_watch(network->loop, network->socket, POLLIN, network_ready, network);
	if (!network->config.size || network_send_config(network, err))
		return true;
	network_stop(network);
	return err_note(err, "start cab-network");
}

void
network_configure(struct network *network, struct bytes config)
{
	must(network->config.size == 0 && network->transfers.size == 0,
		"a network is configured once, before its first transfer");
	buf_add(&network->config, config);
	/* One that has ended by now is started anew by the first transfer, which then says why it cannot be. */
	struct err err;
	if (network->socket >= 0 && !network_send_config(network, &err))
		network_stop(network);
}

static struct network_transfer *
network_remember(struct network *network, uint32_t id, const struct network_listener *listener)
{
	struct network_transfer *transfer =
		(struct network_transfer *)memory_zero(1, sizeof *transfer);
	*transfer = (struct network_transfer){network, id, *listener};
	*array_push(&network->transfers) = transfer;
	return transfer;
}

struct network_transfer *
network_open(struct network *network, const struct network_request *request, int body_fd,
	const struct network_listener *listener, struct err *err)
{
	cleanup_fd int body = body_fd;
	if (!network_start(network, err))
		return NULL;
	uint32_t id = network->next++;
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, NETWORK_OPEN);
	buf_add_u32(&packet, id);
	buf_add_u32(&packet, request->redirects ? NETWORK_REDIRECTS : 0);
	wire_add(&packet, request->method);
	wire_add(&packet, request->url);
	wire_add(&packet, request->headers);
	wire_add(&packet, request->body);
	wire_add_list(&packet, request->origins, request->origin_count);
	int fds[2] = {body, request->body_fd};
	if (!wire_send(network->socket, &packet, fds, request->body_fd < 0 ? 1 : 2, err)) {
		(void)err_note(err, "request %.*s", BYTES_ARGS(request->url));
		return NULL;
	}
	return network_remember(network, id, listener);
}

struct network_transfer *
network_listen(struct network *network, int courier_fd, const struct bytes *origins,
	size_t origin_count, bool open, const struct network_listener *listener, struct err *err)
{
	cleanup_fd int courier = courier_fd;
	if (!network_start(network, err))
		return NULL;
	uint32_t id = network->next++;
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, NETWORK_LISTEN);
	buf_add_u32(&packet, id);
	buf_add_u32(&packet, open ? NETWORK_REDIRECTS : 0);
	wire_add_list(&packet, origins, origin_count);
	if (!wire_send(network->socket, &packet, &courier, 1, err)) {
		(void)err_note(err, "a proxy for the program");
		return NULL;
	}
	return network_remember(network, id, listener);
}

/* A failure to send is the process's end, which its socket tells the loop; nothing more is to be said here. */
static void
network_tell(struct network_transfer *transfer, enum network_message kind)
{
	struct network *network = transfer->network;
	struct err err;
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, kind);
	buf_add_u32(&packet, transfer->id);
	if (network->socket >= 0 && !wire_send(network->socket, &packet, NULL, 0, &err))
		trace("network", "%s", err.text);
}

void
network_close(struct network_transfer *transfer)
{
	network_tell(transfer, NETWORK_CLOSE);
}

void
network_pause(struct network_transfer *transfer)
{
	network_tell(transfer, NETWORK_PAUSE);
}

void
network_resume(struct network_transfer *transfer)
{
	network_tell(transfer, NETWORK_RESUME);
}

void
network_cancel(struct network_transfer *transfer)
{
	network_tell(transfer, NETWORK_CANCEL);
	network_forget(transfer);
}
