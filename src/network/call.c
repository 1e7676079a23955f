/* SPDX-License-Identifier: MPL-2.0 */
#include "network/call.h"

#include <stdlib.h>
#include <strings.h>

#include "network/place.h"
#include "wire/network.h"

enum {
	PAUSE_ABOVE = 1 << 20, /* bytes that wait for the pipe */
	RESUME_BELOW = 256 << 10,
};

#define TYPE "content-type: application/x-git-upload-pack-"

bool
call_is_done(const struct call *call)
{
	return call->state == CALL_DONE;
}

bool
call_is_ready(const struct call *call)
{
	return call->state == CALL_READY && !call->is_paused;
}

bool
call_is_running(const struct call *call)
{
	return call->state == CALL_RUNNING && !call->is_stopped;
}

static void
call_let_go(struct call *call)
{
	if (call->shell)
		shell_leave(call->shell);
	call->shell = NULL;
	outlet_close(&call->outlet);
	loop_stop(call->total);
	loop_stop(call->stall);
	call->total = NULL;
	call->stall = NULL;
	fd_release(&call->request.pipe);
}

/* `why` is NULL when the answer came whole. */
static void
call_end(struct call *call, const struct err *why)
{
	call_let_go(call);
	const struct network_moved moved = {call->outlet.written, call->received, call->requests};
	network_send_end(call->network, call->request.id, &moved, why);
	call->state = CALL_DONE;
}

static void
call_fail(struct call *call, const struct err *why)
{
	struct err noted = *why;
	if (call->remote.url.text)
		(void)err_note(&noted, "%s", call->remote.url.text);
	call_end(call, &noted);
}

static void
send_text(struct call *call, enum network_message kind, struct bytes text)
{
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, kind);
	buf_add_u32(&packet, call->request.id);
	wire_add(&packet, text);
	network_send(call->network, &packet);
}

static void
send_head(struct call *call)
{
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, NETWORK_HEAD);
	buf_add_u32(&packet, call->request.id);
	buf_add_u32(&packet, 200);
	wire_add(&packet, buf_bytes(&call->request.url));
	wire_add(&packet,
		bytes_text(call->remote.is_listing ? TYPE "advertisement\n" : TYPE "result\n"));
	network_send(call->network, &packet);
	call->head_sent = true;
}

static void
on_data(void *context, struct bytes data)
{
	struct call *call = (struct call *)context;
	struct err ignored = {0};
	if (!call->head_sent)
		send_head(call);
	call->received += data.size;
	call->heard = loop_now();
	/* A reader that is gone is found by call_settle: the shell is in the middle of something. */
	(void)!outlet_add(&call->outlet, data, &ignored);
}

/* The whole answer is on its way to the guest. */
static void
call_answered(struct call *call)
{
	if (!call->head_sent)
		send_head(call);
	struct shell *shell = call->shell;
	call->shell = NULL;
	shell_leave(shell);
	call->state = CALL_DRAINING;
}

static void
on_done(void *context, const char *said)
{
	struct call *call = (struct call *)context;
	if (said) {
		cleanup_buf struct buf text = BUF(BUF_MAX);
		buf_format(&text, "%s: %s", call->remote.url.text, said);
		send_text(call, NETWORK_NOTE, buf_bytes(&text));
	}
	call_answered(call);
}

static void
on_failed(void *context, const struct err *why)
{
	struct call *call = (struct call *)context;
	call->shell = NULL;
	call_fail(call, why);
}

static void
call_reached(struct call *call)
{
	call->requests++;
	send_text(call, NETWORK_REACHED, url_origin(&call->remote.url));
}

/* The shell waits: what it is asked depends on what the server speaks. */
static void
on_greeted(void *context)
{
	struct call *call = (struct call *)context;
	struct shell *shell = call->shell;
	bool speaks_new = shell->state == SHELL_NEW;
	call->heard = loop_now();
	if (call->remote.is_listing && shell->state != SHELL_OLD_LISTED) {
		shell_list(shell);
	} else if (call->is_new == speaks_new && shell->state != SHELL_OLD) {
		shell_ask(shell, buf_bytes(&call->request.body));
	} else if (call->is_new) {
		call_answered(call);
	} else {
		struct err why = {0};
		(void)err_set(&why, ERR_CORRUPT, "it was asked in another version of the protocol");
		call_fail(call, &why);
	}
}

/* One that waits for what this call has to say. */
static struct shell *
shell_find(const struct call *call)
{
	for (size_t at = 0; at < call->network->shells.size; at++) {
		struct shell *shell = call->network->shells.data[at];
		bool fits = call->remote.is_listing
				    ? shell->state == SHELL_NEW || shell->state == SHELL_OLD
			    : call->is_new ? shell->state == SHELL_NEW || shell->state == SHELL_OLD
					   : shell->state == SHELL_OLD_LISTED;
		if (fits && !shell->listener.done && remote_equal(&shell->remote, &call->remote))
			return shell;
	}
	return NULL;
}

static bool
shell_begin(struct call *call, const struct shell_listener *listener, struct err *err)
{
	struct remote remote = {0};
	must(remote_parse(buf_bytes(&call->request.url), &remote, err), "it was parsed before");
	struct network *network = call->network;
	call->shell = shell_new(network->loop, &network->config, &remote, listener, err);
	if (!call->shell)
		return false;
	*array_push(&network->shells) = call->shell;
	return true;
}

static void
on_stall(void *context)
{
	struct call *call = (struct call *)context;
	uint64_t most = (uint64_t)call->network->config.stall_seconds * 1000;
	uint64_t now = loop_now();
	call->stall = NULL;
	if (call->state != CALL_RUNNING)
		return;
	if (call->is_stopped)
		call->heard = now;
	if (now - call->heard < most) {
		call->stall =
			loop_after(call->network->loop, call->heard + most - now, on_stall, call);
		return;
	}
	struct err err = {0};
	(void)err_limit(&err, ERR_LIMIT_TIME, "nothing came for %u seconds",
		call->network->config.stall_seconds);
	call_fail(call, &err);
}

void
call_go_on(struct call *call)
{
	struct err err = {0};
	const struct shell_listener listener = {call, on_greeted, on_data, on_done, on_failed};
	call->state = CALL_RUNNING;
	call->heard = loop_now();
	call->stall = loop_after(call->network->loop,
		(uint64_t)call->network->config.stall_seconds * 1000, on_stall, call);
	call_reached(call);
	struct shell *held = shell_find(call);
	if (held) {
		call->shell = held;
		shell_take(held, &listener);
		on_greeted(call);
	} else if (!shell_begin(call, &listener, &err)) {
		call_fail(call, &err);
	}
}

void
call_pause(struct call *call, bool pause)
{
	call->is_paused = pause;
}

void
call_settle(struct call *call)
{
	if (call->state == CALL_DRAINING && !outlet_left(&call->outlet) && !call->outlet.is_broken)
		call_end(call, NULL);
	if (call->state != CALL_RUNNING && call->state != CALL_DRAINING)
		return;
	if (call->outlet.is_broken) {
		struct err err = {0};
		(void)err_set(&err, ERR_CANCELLED, "nobody reads the body any more");
		call_fail(call, &err);
		return;
	}
	size_t most = call->is_stopped ? RESUME_BELOW : PAUSE_ABOVE;
	bool stop = call->is_paused || outlet_left(&call->outlet) > most;
	if (call->state != CALL_RUNNING || !call->shell || stop == call->is_stopped)
		return;
	call->is_stopped = stop;
	call->heard = loop_now();
	shell_pause(call->shell, stop);
}

static void
on_total(void *context)
{
	struct call *call = (struct call *)context;
	struct err err = {0};
	call->total = NULL;
	(void)err_limit(&err, ERR_LIMIT_TIME, "not done within %u seconds",
		call->network->config.total_seconds);
	call_fail(call, &err);
}

static bool
says_new(const struct request *request)
{
	for (size_t at = 0; at < request->fields.size; at++)
		if (strcasecmp(request->fields.data[at].line, "git-protocol: version=2") == 0)
			return true;
	return false;
}

static bool
call_check(struct call *call, struct err *err)
{
	struct request *request = &call->request;
	if (!request_check(request, err) ||
		!remote_parse(buf_bytes(&request->url), &call->remote, err))
		return false;
	if (request->method != (call->remote.is_listing ? METHOD_GET : METHOD_POST))
		return err_set(
			err, ERR_REFUSED, "over ssh info/refs is a GET, git-upload-pack a POST");
	call->is_new = says_new(request);
	return place_permits(request, url_origin(&call->remote.url), err);
}

struct call *
call_new(struct network *network, struct request *request)
{
	struct call *call = (struct call *)memory_zero(1, sizeof *call);
	call->network = network;
	call->request = *request;
	*request = (struct request){.pipe = -1};
	call->total = loop_after(
		network->loop, (uint64_t)network->config.total_seconds * 1000, on_total, call);
	struct err err = {0};
	if (!outlet_open(&call->outlet, network->loop, call->request.pipe, &err) ||
		!call_check(call, &err))
		call_fail(call, &err);
	return call;
}

void
call_free(struct call *call)
{
	call_let_go(call);
	remote_release(&call->remote);
	request_release(&call->request);
	free(call);
}
