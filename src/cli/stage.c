/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/stage.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

enum { STAGE_READ = 16 << 10 };

struct stage_connection {
	struct stage *stage;
	int fd;
	struct loop_watch *watch;
	struct buf in;
	struct buf out;
	bool answered;
};

bool
stage_open(struct stage *stage, struct err *err)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	*stage = (struct stage){.socket = -1};
	stage->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (stage->socket < 0 || bind(stage->socket, (struct sockaddr *)&address, size) < 0 ||
		listen(stage->socket, STAGE_CONNECTIONS) < 0 ||
		getsockname(stage->socket, (struct sockaddr *)&address, &size) < 0)
		return err_system(err, errno, "a port of 127.0.0.1");
	(void)snprintf(
		stage->base, sizeof stage->base, "http://127.0.0.1:%u", ntohs(address.sin_port));
	return true;
}

void
stage_forget(struct stage *stage)
{
	for (size_t at = 0; at < stage->asked.size; at++)
		free(stage->asked.data[at]);
	stage->asked.size = 0;
	stage->requests = 0;
}

void
stage_close(struct stage *stage)
{
	must(!stage->loop, "a stage is detached before it is closed");
	stage_forget(stage);
	array_release(&stage->asked);
	array_release(&stage->connections);
	fd_release(&stage->socket);
}

bool
stage_was_asked(const struct stage *stage, struct bytes path)
{
	for (size_t at = 0; at < stage->asked.size; at++)
		if (bytes_equal_text(path, stage->asked.data[at]))
			return true;
	return false;
}

/* Letters, digits and marks, without blanks and control characters. */
static bool
stage_is_plain(struct bytes text)
{
	for (size_t at = 0; at < text.size; at++)
		if (text.data[at] <= ' ' || text.data[at] >= 0x7f)
			return false;
	return text.size > 0;
}

enum stage_head
stage_read_head(struct bytes bytes, struct bytes *target, bool *is_head)
{
	static const struct bytes end = {(const uint8_t *)"\r\n\r\n", 4};
	if (!bytes.size || !memmem(bytes.data, bytes.size, end.data, end.size))
		return bytes.size < STAGE_HEAD ? STAGE_MORE : STAGE_BAD;
	struct bytes line = bytes_first(bytes, bytes_find(bytes, '\r'));
	struct bytes method;
	if (!bytes_split(&line, ' ', &method) || !stage_is_plain(method) ||
		!bytes_split(&line, ' ', target) || !stage_is_plain(*target) ||
		target->data[0] != '/' || !bytes_has_prefix(line, BYTES_LITERAL("HTTP/1.")))
		return STAGE_BAD;
	*is_head = bytes_equal_text(method, "HEAD");
	return STAGE_WHOLE;
}

static void
connection_end(struct stage_connection *connection)
{
	struct stage *stage = connection->stage;
	size_t at = 0;
	while (stage->connections.data[at] != connection)
		at++;
	stage->connections.data[at] = stage->connections.data[--stage->connections.size];
	loop_unwatch(connection->watch);
	fd_close(connection->fd);
	buf_release(&connection->in);
	buf_release(&connection->out);
	free(connection);
}

static const struct scenario_answer *
stage_find(const struct scenario_answer *answers, size_t count, struct bytes path)
{
	for (size_t at = 0; at < count; at++)
		if (bytes_equal(answers[at].path, path))
			return &answers[at];
	return NULL;
}

static void
stage_answer(struct stage *stage, struct bytes target, bool is_head, struct buf *out)
{
	static const struct scenario_answer nothing = {.status = 404};
	const struct scenario_answer *answer =
		stage_find(stage->answers, stage->answer_count, target);
	if (!answer)
		answer = stage_find(stage->before, stage->before_count, target);
	bool faulty = answer && stage->fault != STAGE_FINE && bytes_equal(target, stage->faulty);
	if (!answer || (faulty && stage->fault == STAGE_MISSING))
		answer = &nothing;
	bool cut = faulty && stage->fault == STAGE_CUT;
	stage->requests++;
	if (!stage_was_asked(stage, target))
		*array_push(&stage->asked) = strndup((const char *)target.data, target.size);
	buf_format(out, "HTTP/1.1 %u Answer\r\nContent-Length: %zu\r\nConnection: close\r\n",
		answer->status, answer->body.size + cut);
	buf_add(out, answer->headers);
	buf_add_text(out, "\r\n");
	if (!is_head)
		buf_add(out, answer->body);
}

/* Once all is sent, what the other side still sends is read away: closing before would reset what it has not read. */
static void
connection_send(struct stage_connection *connection)
{
	while (connection->out.size) {
		ssize_t count = send(connection->fd, connection->out.data, connection->out.size,
			MSG_NOSIGNAL | MSG_DONTWAIT);
		if (count < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (count < 0) {
			connection_end(connection);
			return;
		}
		buf_consume(&connection->out, (size_t)count);
	}
	(void)shutdown(connection->fd, SHUT_WR);
	loop_change(connection->watch, POLLIN);
}

static void
connection_ready(void *context, short events)
{
	struct stage_connection *connection = (struct stage_connection *)context;
	struct bytes target;
	bool is_head = false;
	uint8_t data[STAGE_READ];
	if (events & POLLOUT) {
		connection_send(connection);
		return;
	}
	ssize_t count = recv(connection->fd, data, sizeof data, MSG_DONTWAIT);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count <= 0) {
		connection_end(connection);
		return;
	}
	if (connection->answered)
		return;
	buf_add(&connection->in, bytes_of(data, (size_t)count));
	switch (stage_read_head(buf_bytes(&connection->in), &target, &is_head)) {
	case STAGE_MORE:
		return;
	case STAGE_BAD:
		connection_end(connection);
		return;
	case STAGE_WHOLE:
		break;
	}
	connection->answered = true;
	stage_answer(connection->stage, target, is_head, &connection->out);
	loop_change(connection->watch, POLLOUT);
}

static void
stage_ready(void *context, short events)
{
	struct stage *stage = (struct stage *)context;
	(void)events;
	int fd = accept4(stage->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	if (stage->connections.size == STAGE_CONNECTIONS) {
		fd_close(fd);
		return;
	}
	struct stage_connection *connection =
		(struct stage_connection *)memory_zero(1, sizeof *connection);
	connection->stage = stage;
	connection->fd = fd;
	connection->in = BUF((size_t)STAGE_HEAD + STAGE_READ);
	connection->out = BUF((size_t)SCENARIO_TEXT + (size_t)2 * STAGE_HEAD);
	connection->watch = loop_watch(stage->loop, fd, POLLIN, connection_ready, connection);
	*array_push(&stage->connections) = connection;
}

void
stage_attach(struct stage *stage, struct loop *loop)
{
	stage->loop = loop;
	stage->watch = loop_watch(loop, stage->socket, POLLIN, stage_ready, stage);
}

void
stage_detach(struct stage *stage)
{
	for (size_t at = stage->connections.size; at-- > 0;)
		connection_end(stage->connections.data[at]);
	loop_unwatch(stage->watch);
	stage->watch = NULL;
	stage->loop = NULL;
}
