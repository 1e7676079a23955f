/* SPDX-License-Identifier: MPL-2.0 */
#include "network/tunnel.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "network/ask.h"
#include "network/gate.h"
#include "network/network.h"
#include "network/reach.h"

enum {
	STREAM_ROOM = 256 << 10, /* bytes that one side has not taken yet */
	STREAM_PIECE = 64 << 10,
	TICK = 1000,
	IGNORED_MOST = 1 << 20,
};

enum tunnel_state {
	TUNNEL_HEAD,       /* the request is read */
	TUNNEL_CONNECTING, /* to the server */
	TUNNEL_OPEN,       /* bytes go both ways */
	TUNNEL_CLOSING,    /* a refusal is written, and the program's end waited for */
	TUNNEL_DONE,
};

/* One of the two ends, and what waits to be written to it. */
struct end {
	struct tunnel *tunnel;
	int fd;
	struct loop_watch *watch;
	struct buf waiting;
	size_t start;   /* of `waiting`: what is before is written */
	bool has_ended; /* it sends nothing more */
	bool was_told;  /* it was told that the other sends nothing more */
};

struct tunnel {
	struct gate *gate;
	enum tunnel_state state;
	struct end program, server;
	struct buf head; /* what the program has sent before the server is there */
	struct ask ask;
	struct reach reach;
	struct loop_timer *timer;
	uint64_t started, moved;
	size_t ignored;
};

static void end_ready(void *context, short events);

static size_t
end_left(const struct end *end)
{
	return end->waiting.size - end->start;
}

static struct end *
end_other(const struct end *end)
{
	struct tunnel *tunnel = end->tunnel;
	return end == &tunnel->program ? &tunnel->server : &tunnel->program;
}

static void
end_open(struct end *end, struct tunnel *tunnel, int fd)
{
	*end = (struct end){.tunnel = tunnel, .fd = fd, .waiting = BUF((size_t)4 * STREAM_ROOM)};
	end->watch = loop_watch(tunnel->gate->network->loop, fd, POLLIN, end_ready, end);
}

static void
end_release(struct end *end)
{
	loop_unwatch(end->watch);
	end->watch = NULL;
	fd_release(&end->fd);
	buf_release(&end->waiting);
}

static void
tunnel_end(struct tunnel *tunnel)
{
	tunnel->state = TUNNEL_DONE;
	loop_stop(tunnel->timer);
	tunnel->timer = NULL;
	reach_release(&tunnel->reach);
	end_release(&tunnel->program);
	end_release(&tunnel->server);
}

bool
tunnel_is_done(const struct tunnel *tunnel)
{
	return tunnel->state == TUNNEL_DONE;
}

void
tunnel_free(struct tunnel *tunnel)
{
	if (!tunnel_is_done(tunnel))
		tunnel_end(tunnel);
	ask_release(&tunnel->ask);
	buf_release(&tunnel->head);
	free(tunnel);
}

/* Which events each end waits for, and whether all is said. */
static void
tunnel_settle(struct tunnel *tunnel)
{
	struct end *ends[] = {&tunnel->program, &tunnel->server};
	bool is_open = tunnel->state == TUNNEL_OPEN;
	if (is_open && tunnel->program.was_told && tunnel->server.was_told) {
		tunnel_end(tunnel);
		return;
	}
	for (size_t at = 0; at < 2; at++) {
		struct end *end = ends[at];
		if (!end->watch)
			continue;
		bool reads = tunnel->state == TUNNEL_HEAD || tunnel->state == TUNNEL_CLOSING ||
			     (is_open && !end->has_ended && end_left(end_other(end)) < STREAM_ROOM);
		loop_change(
			end->watch, (short)((reads ? POLLIN : 0) | (end_left(end) ? POLLOUT : 0)));
	}
}

/* False where the end is gone. */
static bool
end_write(struct end *end)
{
	while (end_left(end)) {
		ssize_t count = send(end->fd, end->waiting.data + end->start, end_left(end),
			MSG_NOSIGNAL | MSG_DONTWAIT);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return errno == EAGAIN;
		end->start += (size_t)count;
		end->tunnel->moved = loop_now();
	}
	buf_clear(&end->waiting);
	end->start = 0;
	bool is_last = end->tunnel->state == TUNNEL_CLOSING ||
		       (end->tunnel->state == TUNNEL_OPEN && end_other(end)->has_ended);
	if (is_last && !end->was_told) {
		(void)shutdown(end->fd, SHUT_WR);
		end->was_told = true;
	}
	return true;
}

static bool
end_give(struct end *end, struct bytes data)
{
	if (end->start && end->start >= end_left(end)) {
		buf_consume(&end->waiting, end->start);
		end->start = 0;
	}
	buf_add(&end->waiting, data);
	return !end->waiting.over && end_write(end);
}

/* A refusal, or what went wrong, for program and log alike. */
static void
tunnel_refuse(struct tunnel *tunnel, const struct err *err)
{
	static const struct {
		unsigned status;
		const char *text;
	} answers[] = {{403, "Forbidden"}, {400, "Bad Request"}, {504, "Gateway Timeout"},
		{502, "Bad Gateway"}};
	size_t which = err->kind == ERR_REFUSED       ? 0
		       : tunnel->state == TUNNEL_HEAD ? 1
		       : err->kind == ERR_LIMIT       ? 2
						      : 3;
	cleanup_buf struct buf text = BUF((size_t)2 * ERR_TEXT);
	cleanup_buf struct buf answer = BUF((size_t)8 * ERR_TEXT);
	if (tunnel->ask.url.text)
		buf_format(&text, "%.*s: ", BYTES_ARGS(url_origin(&tunnel->ask.url)));
	buf_add_text(&text, err->text);
	gate_note(tunnel->gate, buf_text(&text));
	buf_format(&answer,
		"HTTP/1.1 %u %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
		"Connection: close\r\n\r\n",
		answers[which].status, answers[which].text, text.size + 1);
	buf_add(&answer, buf_bytes(&text));
	buf_add_byte(&answer, '\n');
	reach_release(&tunnel->reach);
	tunnel->state = TUNNEL_CLOSING;
	if (!end_give(&tunnel->program, buf_bytes(&answer)))
		tunnel_end(tunnel);
	else
		tunnel_settle(tunnel);
}

/* The server is there. */
static void
tunnel_open(struct tunnel *tunnel, int fd)
{
	struct bytes rest = bytes_from(buf_bytes(&tunnel->head), tunnel->ask.size);
	gate_reached(tunnel->gate, url_origin(&tunnel->ask.url));
	end_open(&tunnel->server, tunnel, fd);
	tunnel->state = TUNNEL_OPEN;
	tunnel->gate->sent += tunnel->ask.head.size + rest.size;
	bool done = tunnel->ask.is_tunnel
			    ? end_give(&tunnel->program,
				      BYTES_LITERAL("HTTP/1.1 200 Connection established\r\n\r\n"))
			    : end_give(&tunnel->server, buf_bytes(&tunnel->ask.head));
	if (done && end_give(&tunnel->server, rest))
		tunnel_settle(tunnel);
	else
		tunnel_end(tunnel);
	buf_release(&tunnel->head);
}

static void
tunnel_connected(void *context, CURLcode code)
{
	struct tunnel *tunnel = (struct tunnel *)context;
	struct err err = {0};
	int fd = reach_finish(&tunnel->reach, code, &err);
	reach_release(&tunnel->reach);
	if (fd < 0)
		tunnel_refuse(tunnel, &err);
	else
		tunnel_open(tunnel, fd);
}

static void
tunnel_connect(struct tunnel *tunnel)
{
	struct err err = {0};
	struct network *network = tunnel->gate->network;
	bool is_named = false;
	const struct url *url = &tunnel->ask.url;
	tunnel->state = TUNNEL_CONNECTING;
	if (gate_permits(tunnel->gate, url, tunnel->ask.is_tunnel, &is_named, &err) &&
		reach_start(&tunnel->reach, network->multi, &network->config, url, is_named,
			(struct hop_easy){tunnel_connected, tunnel}, &err))
		tunnel_settle(tunnel);
	else
		tunnel_refuse(tunnel, &err);
}

static void
tunnel_read_head(struct tunnel *tunnel)
{
	struct err err = {0};
	switch (ask_parse(buf_bytes(&tunnel->head), &tunnel->ask, &err)) {
	case ASK_MORE:
		break;
	case ASK_READY:
		tunnel_connect(tunnel);
		break;
	case ASK_BAD:
		err.kind = err.kind == ERR_REFUSED ? ERR_CORRUPT : err.kind;
		tunnel_refuse(tunnel, &err);
		break;
	}
}

/* Reads one piece; false where the end is gone. */
static bool
end_read(struct end *end)
{
	uint8_t data[STREAM_PIECE];
	struct tunnel *tunnel = end->tunnel;
	ssize_t count = recv(end->fd, data, sizeof data, MSG_DONTWAIT);
	if (count < 0)
		return errno == EAGAIN || errno == EINTR;
	/* What came too late is read all the same, for a while: closing a socket with unread bytes
	 * takes the answer away from its reader. */
	if (tunnel->state == TUNNEL_CLOSING) {
		tunnel->ignored += (size_t)count;
		return count > 0 && tunnel->ignored <= IGNORED_MOST;
	}
	tunnel->moved = loop_now();
	if (tunnel->state == TUNNEL_HEAD) {
		buf_add(&tunnel->head, bytes_of(data, (size_t)count));
		if (count > 0)
			tunnel_read_head(tunnel);
		return count > 0;
	}
	if (count == 0) {
		end->has_ended = true;
		return end_write(end_other(end));
	}
	if (end == &tunnel->server)
		tunnel->gate->received += (uint64_t)count;
	else
		tunnel->gate->sent += (uint64_t)count;
	return end_give(end_other(end), bytes_of(data, (size_t)count));
}

static void
end_ready(void *context, short events)
{
	struct end *end = (struct end *)context;
	struct tunnel *tunnel = end->tunnel;
	bool good = true;
	if (events & (POLLOUT | POLLERR) || (events & POLLHUP && end_left(end)))
		good = end_write(end);
	if (good && events & (POLLIN | POLLHUP) && !end->has_ended &&
		tunnel->state != TUNNEL_CONNECTING)
		good = end_read(end);
	if (tunnel->state == TUNNEL_DONE)
		return;
	if (!good)
		tunnel_end(tunnel);
	else if (tunnel->state != TUNNEL_CONNECTING)
		tunnel_settle(tunnel);
}

static void
tunnel_tick(void *context)
{
	struct tunnel *tunnel = (struct tunnel *)context;
	const struct config *config = &tunnel->gate->network->config;
	uint64_t now = loop_now();
	struct err err = {0};
	tunnel->timer = loop_after(tunnel->gate->network->loop, TICK, tunnel_tick, tunnel);
	if (now - tunnel->started >= (uint64_t)config->total_seconds * 1000)
		(void)err_limit(
			&err, ERR_LIMIT_TIME, "not done within %u seconds", config->total_seconds);
	else if (tunnel->state != TUNNEL_CONNECTING &&
		 now - tunnel->moved >= (uint64_t)config->stall_seconds * 1000)
		(void)err_limit(&err, ERR_LIMIT_TIME, "nothing moved for %u seconds",
			config->stall_seconds);
	if (!err.kind)
		return;
	/* Bytes have gone through, or nobody listens: there is no place for an answer. */
	if (tunnel->state == TUNNEL_OPEN && tunnel->ask.url.text)
		(void)err_note(&err, "%.*s", BYTES_ARGS(url_origin(&tunnel->ask.url)));
	if (tunnel->state != TUNNEL_CLOSING)
		gate_note(tunnel->gate, err.text);
	tunnel_end(tunnel);
}

struct tunnel *
tunnel_new(struct gate *gate, int fd)
{
	struct tunnel *tunnel = (struct tunnel *)memory_zero(1, sizeof *tunnel);
	tunnel->gate = gate;
	tunnel->started = tunnel->moved = loop_now();
	tunnel->head = BUF((size_t)ASK_LIMIT + STREAM_PIECE);
	tunnel->server.fd = -1;
	end_open(&tunnel->program, tunnel, fd);
	tunnel->timer = loop_after(gate->network->loop, TICK, tunnel_tick, tunnel);
	return tunnel;
}
