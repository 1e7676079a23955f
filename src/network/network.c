/* SPDX-License-Identifier: MPL-2.0 */
#include "network/network.h"

#include <stdlib.h>
#include <unistd.h>

#include "network/call.h"
#include "network/gate.h"
#include "network/order.h"
#include "network/tokens.h"
#include "network/transfer.h"
#include "wire/network.h"

static bool
network_stop(struct network *network, const struct err *why)
{
	if (why)
		network->failure = *why;
	network->is_done = true;
	return false;
}

/* False when the socket takes nothing now, or nothing any more. */
static bool
network_push(struct network *network, const struct buf *packet)
{
	struct err err = {0};
	if (wire_send(network->socket, packet, NULL, 0, &err))
		return true;
	/* A realizer that is gone wants no answers. */
	if (err.kind != ERR_LIMIT)
		network->is_done = true;
	return false;
}

void
network_send(struct network *network, const struct buf *packet)
{
	must(!packet->over, "messages fit their packets");
	if (network->unsent.size == 0 && network_push(network, packet))
		return;
	struct buf copy = BUF(WIRE_PACKET);
	buf_add(&copy, buf_bytes(packet));
	*array_push(&network->unsent) = copy;
	loop_change(network->watch, POLLIN | POLLOUT);
}

void
network_send_end(struct network *network, uint32_t id, const struct network_moved *moved,
	const struct err *why)
{
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, NETWORK_END);
	buf_add_u32(&packet, id);
	buf_add_u32(&packet, why && why->kind == ERR_REFUSED);
	buf_add_u64(&packet, moved->written);
	buf_add_u64(&packet, moved->received);
	buf_add_u32(&packet, moved->requests);
	wire_add(&packet, why ? bytes_text(why->text) : bytes_of("", 0));
	network_send(network, &packet);
}

static void
network_send_rest(struct network *network)
{
	size_t sent = 0;
	while (sent < network->unsent.size && network_push(network, &network->unsent.data[sent]))
		buf_release(&network->unsent.data[sent++]);
	for (size_t at = sent; at < network->unsent.size; at++)
		network->unsent.data[at - sent] = network->unsent.data[at];
	network->unsent.size -= sent;
	if (!network->unsent.size)
		loop_change(network->watch, POLLIN);
}

static void
on_credential(void *context)
{
	struct network *network = (struct network *)context;
	for (size_t at = 0; at < network->transfers.size; at++)
		transfer_credential_changed(network->transfers.data[at]);
}

static bool
take_config(struct network *network, struct wire_packet *packet, struct err *err)
{
	cleanup_fd int file = wire_take_fd(packet, 0);
	cleanup_buf struct buf json = BUF(CONFIG_LIMIT);
	if (network->is_configured || file < 0)
		return err_set(err, ERR_CORRUPT, "the configuration comes once, in a file");
	if (lseek(file, 0, SEEK_SET) < 0 || !fd_read_all(file, &json, err))
		return false;
	network->is_configured = true;
	/* It is what the user wrote: he hears of it from whatever asks for something. */
	if (!config_parse(buf_bytes(&json), &network->config, &network->unusable)) {
		network->unusable.kind = ERR_REFUSED;
		return true;
	}
	credentials_attach(network->config.credentials, network->loop, on_credential, network);
	(void)curl_multi_setopt(
		network->multi, CURLMOPT_MAXCONNECTS, (long)network->config.connections);
	return true;
}

/* The place of a transfer among all; their number where it is gone. */
static size_t
network_find(const struct network *network, uint32_t id)
{
	size_t at = 0;
	while (at < network->transfers.size && transfer_id(network->transfers.data[at]) != id)
		at++;
	return at;
}

static void
network_drop(struct network *network, size_t at)
{
	transfer_free(network->transfers.data[at]);
	for (; at + 1 < network->transfers.size; at++)
		network->transfers.data[at] = network->transfers.data[at + 1];
	network->transfers.size--;
}

static bool
take_open(struct network *network, struct wire_packet *packet, struct err *err)
{
	struct request request = {.pipe = -1};
	if (!network->is_configured)
		return err_set(err, ERR_CORRUPT, "the configuration comes first");
	if (!request_decode(packet, &request, err))
		return false;
	if (network->unusable.kind) {
		const struct network_moved nothing = {0, 0, 0};
		network_send_end(network, request.id, &nothing, &network->unusable);
		request_release(&request);
		return true;
	}
	if (network->transfers.size + network->calls.size >= NETWORK_TRANSFERS) {
		request_release(&request);
		return err_set(
			err, ERR_CORRUPT, "more than %d requests at once", NETWORK_TRANSFERS);
	}
	if (remote_is(buf_bytes(&request.url))) {
		struct call *call = call_new(network, &request);
		*array_push(&network->calls) = call;
		return true;
	}
	struct transfer *transfer = transfer_new(network, &request);
	*array_push(&network->transfers) = transfer;
	return true;
}

static void
call_drop(struct network *network, size_t at)
{
	call_free(network->calls.data[at]);
	for (; at + 1 < network->calls.size; at++)
		network->calls.data[at] = network->calls.data[at + 1];
	network->calls.size--;
}

/* False where no call has this id. */
static bool
take_call_order(struct network *network, uint32_t id, uint32_t kind)
{
	for (size_t at = 0; at < network->calls.size; at++) {
		if (network->calls.data[at]->request.id != id)
			continue;
		if (kind == NETWORK_CANCEL)
			call_drop(network, at);
		else if (kind != NETWORK_CLOSE)
			call_pause(network->calls.data[at], kind == NETWORK_PAUSE);
		return true;
	}
	return false;
}

static void
gate_drop(struct network *network, size_t at)
{
	gate_free(network->gates.data[at]);
	network->gates.data[at] = network->gates.data[--network->gates.size];
}

static bool
take_listen(struct network *network, struct wire_packet *packet, struct err *err)
{
	if (!network->is_configured)
		return err_set(err, ERR_CORRUPT, "the configuration comes first");
	if (network->gates.size >= NETWORK_GATES)
		return err_set(err, ERR_CORRUPT, "more than %d proxies at once", NETWORK_GATES);
	struct gate *gate = gate_new(network, packet, err);
	if (gate)
		*array_push(&network->gates) = gate;
	return gate != NULL;
}

static void
take_gate_order(struct network *network, uint32_t id, uint32_t kind)
{
	for (size_t at = 0; at < network->gates.size; at++) {
		if (network->gates.data[at]->id != id)
			continue;
		if (kind == NETWORK_CLOSE)
			gate_close(network->gates.data[at]);
		if (kind == NETWORK_CLOSE || kind == NETWORK_CANCEL)
			gate_drop(network, at);
		return;
	}
}

/* PAUSE, RESUME, CANCEL, CLOSE: an id that has ended meanwhile is no fault. */
static bool
take_order(struct network *network, struct wire_packet *packet, struct err *err)
{
	struct order order;
	if (!order_decode(wire_whole(packet), &order, err))
		return false;
	if (take_call_order(network, order.id, order.kind))
		return true;
	size_t at = network_find(network, order.id);
	if (at == network->transfers.size)
		take_gate_order(network, order.id, order.kind);
	else if (order.kind == NETWORK_CANCEL)
		network_drop(network, at);
	else if (order.kind != NETWORK_CLOSE)
		transfer_pause(network->transfers.data[at], order.kind == NETWORK_PAUSE);
	return true;
}

static bool
network_take(struct network *network, struct wire_packet *packet, struct err *err)
{
	switch (packet->kind) {
	case NETWORK_CONFIG:
		return take_config(network, packet, err);
	case NETWORK_OPEN:
		return take_open(network, packet, err);
	case NETWORK_LISTEN:
		return take_listen(network, packet, err);
	case NETWORK_PAUSE:
	case NETWORK_RESUME:
	case NETWORK_CANCEL:
	case NETWORK_CLOSE:
		return take_order(network, packet, err);
	default:
		return err_set(err, ERR_CORRUPT, "a message of kind %u is not for this program",
			packet->kind);
	}
}

static bool
network_receive(struct network *network)
{
	struct err err = {0};
	struct wire_packet packet;
	switch (wire_receive(network->socket, &packet, &err)) {
	case WIRE_LATER:
		return false;
	case WIRE_CLOSED:
		return network_stop(network, NULL);
	case WIRE_FAILED:
		return network_stop(network, &err);
	case WIRE_PACKET_READ:
		break;
	}
	bool done = network_take(network, &packet, &err);
	wire_release(&packet);
	return done || network_stop(network, &err);
}

static void
on_realizer(void *context, short events)
{
	struct network *network = (struct network *)context;
	if (events & POLLOUT)
		network_send_rest(network);
	while (!network->is_done && network_receive(network))
		;
}

static void
socket_ready(struct network *network, short events, curl_socket_t socket)
{
	int mask = 0;
	if (events & (POLLIN | POLLHUP))
		mask |= CURL_CSELECT_IN;
	if (events & POLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (events & (POLLERR | POLLNVAL))
		mask |= CURL_CSELECT_ERR;
	int running;
	(void)curl_multi_socket_action(network->multi, socket, mask, &running);
}

/* A socket of libcurl's, watched. */
struct curl_watch {
	struct network *network;
	struct loop_watch *watch;
	curl_socket_t socket;
};

static void
on_curl_socket(void *context, short events)
{
	struct curl_watch *watch = (struct curl_watch *)context;
	socket_ready(watch->network, events, watch->socket);
}

static int
curl_wants_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *assigned)
{
	struct network *network = (struct network *)context;
	struct curl_watch *watch = (struct curl_watch *)assigned;
	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (watch)
			loop_unwatch(watch->watch);
		free(watch);
		return 0;
	}
	short events =
		(short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0));
	if (watch) {
		loop_change(watch->watch, events);
		return 0;
	}
	watch = (struct curl_watch *)memory_new(sizeof *watch);
	*watch = (struct curl_watch){network, NULL, socket};
	watch->watch = loop_watch(network->loop, socket, events, on_curl_socket, watch);
	return curl_multi_assign(network->multi, socket, watch) == CURLM_OK ? 0 : -1;
}

static void
on_curl_timer(void *context)
{
	struct network *network = (struct network *)context;
	int running;
	network->timer = NULL;
	(void)curl_multi_socket_action(network->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static int
curl_wants_timer(CURLM *multi, long milliseconds, void *context)
{
	struct network *network = (struct network *)context;
	(void)multi;
	loop_stop(network->timer);
	network->timer = NULL;
	if (milliseconds >= 0)
		network->timer =
			loop_after(network->loop, (uint64_t)milliseconds, on_curl_timer, network);
	return 0;
}

static void
network_collect(struct network *network)
{
	const CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(network->multi, &left))) {
		CURL *easy = message->easy_handle;
		CURLcode code = message->data.result;
		struct hop_easy *owner = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		must(curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&owner) == CURLE_OK &&
				owner,
			"each handle belongs to somebody");
		owner->done(owner->context, code);
	}
}

/* The same for those over ssh; returns how many run. */
static size_t
network_go_on_calls(struct network *network)
{
	size_t running = 0;
	for (size_t at = 0; at < network->calls.size; at++)
		call_settle(network->calls.data[at]);
	for (size_t at = 0; at < network->calls.size; at++)
		running += call_is_running(network->calls.data[at]);
	for (size_t at = 0; at < network->calls.size; at++) {
		struct call *call = network->calls.data[at];
		if (running < network->config.connections && call_is_ready(call)) {
			call_go_on(call);
			/* A shell that waited may have answered already. */
			call_settle(call);
			running += call_is_running(call);
		}
	}
	for (size_t at = network->calls.size; at-- > 0;)
		if (call_is_done(network->calls.data[at]))
			call_drop(network, at);
	for (size_t at = network->shells.size; at-- > 0;) {
		struct shell *shell = network->shells.data[at];
		if (shell->state != SHELL_GONE)
			continue;
		shell_free(shell);
		network->shells.data[at] = network->shells.data[--network->shells.size];
	}
	return running;
}

/* Lets those that wait go on, in order, and forgets those that ended. */
static void
network_go_on(struct network *network)
{
	network_collect(network);
	size_t running = network_go_on_calls(network);
	for (size_t at = 0; at < network->gates.size; at++)
		gate_settle(network->gates.data[at]);
	for (size_t at = 0; at < network->transfers.size; at++)
		transfer_settle(network->transfers.data[at]);
	for (size_t at = 0; at < network->transfers.size; at++)
		running += transfer_is_running(network->transfers.data[at]);
	for (size_t at = 0; at < network->transfers.size; at++) {
		struct transfer *transfer = network->transfers.data[at];
		if (running < network->config.connections && transfer_is_ready(transfer)) {
			transfer_go_on(transfer);
			running += transfer_is_running(transfer);
		}
	}
	for (size_t at = network->transfers.size; at-- > 0;)
		if (transfer_is_done(network->transfers.data[at]))
			network_drop(network, at);
}

static bool
network_start(struct network *network, struct err *err)
{
	if (!fd_set_blocking(network->socket, false, err))
		return false;
	network->loop = loop_new();
	network->tokens = tokens_new();
	network->watch = loop_watch(network->loop, network->socket, POLLIN, on_realizer, network);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_SYSTEM, "libcurl does not start");
	network->multi = curl_multi_init();
	must(network->multi, "there is memory for libcurl");
	(void)curl_multi_setopt(network->multi, CURLMOPT_SOCKETFUNCTION, curl_wants_socket);
	(void)curl_multi_setopt(network->multi, CURLMOPT_SOCKETDATA, network);
	(void)curl_multi_setopt(network->multi, CURLMOPT_TIMERFUNCTION, curl_wants_timer);
	(void)curl_multi_setopt(network->multi, CURLMOPT_TIMERDATA, network);
	(void)curl_multi_setopt(network->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	return true;
}

static void
network_finish(struct network *network)
{
	while (network->transfers.size)
		network_drop(network, network->transfers.size - 1);
	array_release(&network->transfers);
	while (network->calls.size)
		call_drop(network, network->calls.size - 1);
	array_release(&network->calls);
	while (network->shells.size)
		shell_free(network->shells.data[--network->shells.size]);
	array_release(&network->shells);
	while (network->gates.size)
		gate_drop(network, network->gates.size - 1);
	array_release(&network->gates);
	if (network->multi)
		(void)curl_multi_cleanup(network->multi);
	curl_global_cleanup();
	loop_stop(network->timer);
	for (size_t at = 0; at < network->unsent.size; at++)
		buf_release(&network->unsent.data[at]);
	array_release(&network->unsent);
	config_release(&network->config);
	tokens_free(network->tokens);
	loop_unwatch(network->watch);
	loop_free(network->loop);
}

bool
network_run(int socket, struct err *err)
{
	struct network network = {.socket = socket};
	bool running = network_start(&network, err);
	while (running && !network.is_done) {
		network_go_on(&network);
		running = loop_step(network.loop, err);
	}
	if (network.failure.kind)
		*err = network.failure;
	network_finish(&network);
	return running && !network.failure.kind;
}
