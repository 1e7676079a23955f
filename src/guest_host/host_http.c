/* SPDX-License-Identifier: MPL-2.0 */
/*
 * HTTP for guests: requests and heads travel on the control socket, bodies through a pipe each,
 * read straight into guest memory. The one other thing that is asked for on that socket is a hint's files.
 *
 *   open ──GUEST_OPEN──▶ realizer      status ◀──GUEST_HEAD, GUEST_FAIL──
 *   read ◀── the body's pipe ── and at its end ◀──GUEST_END──, which alone says that it was whole
 *
 * Whoever waits for one request's packet takes those of the others as they come.
 */
#include "guest_host/host_functions.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "guest/abi.h"
#include "guest_host/limits.h"
#include "wire/spawner.h"
#include "wire/wire.h"

struct request {
	bool open;
	bool answered; /* head or failure is here */
	bool ended;    /* GUEST_END is here */
	bool whole;    /* and the body was whole */
	uint32_t id;
	int32_t error; /* CAB_ERROR_*: there is no head */
	uint32_t status;
	int pipe;
	uint64_t received;
	uint64_t size; /* as GUEST_END says */
	struct buf url;
	struct buf headers;
};

struct host_requests {
	int control;
	bool closed; /* the realizer is gone, or talks nonsense */
	bool former_asked;
	bool former_answered;
	uint32_t next;
	uint64_t progress_time; /* of the last that was told; 0: none was */
	uint64_t progress[3];
	struct request slots[CAB_HTTP_HANDLES];
	struct wire_packet packet;
	struct buf out;
};

struct host_requests *
host_requests_new(int control)
{
	struct host_requests *requests = memory_zero(1, sizeof *requests);
	requests->control = control;
	requests->out = BUF(WIRE_PACKET);
	for (size_t at = 0; at < CAB_HTTP_HANDLES; at++) {
		requests->slots[at].pipe = -1;
		requests->slots[at].url = BUF(CAB_HTTP_REPLY);
		requests->slots[at].headers = BUF(CAB_HTTP_REPLY);
	}
	return requests;
}

void
host_requests_free(struct host_requests *requests)
{
	for (size_t at = 0; at < CAB_HTTP_HANDLES; at++) {
		fd_close(requests->slots[at].pipe);
		buf_release(&requests->slots[at].url);
		buf_release(&requests->slots[at].headers);
	}
	buf_release(&requests->out);
	free(requests);
}

static struct request *
request_find(struct host *host, uint64_t handle)
{
	if (handle >= CAB_HTTP_HANDLES || !host->requests->slots[handle].open)
		return NULL;
	return &host->requests->slots[handle];
}

static struct request *
request_by_id(struct host_requests *requests, uint32_t id)
{
	for (size_t at = 0; at < CAB_HTTP_HANDLES; at++)
		if (requests->slots[at].open && requests->slots[at].id == id)
			return &requests->slots[at];
	return NULL;
}

static void
take_head(struct host_requests *requests, struct request *request, struct wire_in *in)
{
	uint32_t status = wire_u32(in);
	struct bytes url = wire_bytes(in);
	struct bytes headers = wire_bytes(in);
	struct err err;
	/* A request that the guest has closed: its packets are stale, its pipe goes with them. */
	if (!wire_end(in, &err) || !request || request->answered)
		return;
	request->answered = true;
	request->status = status;
	request->pipe = wire_take_fd(&requests->packet, 0);
	buf_add(&request->url, url);
	buf_add(&request->headers, headers);
	if (request->pipe < 0 || request->url.over || request->headers.over)
		request->error = CAB_ERROR_FAILED;
	else
		(void)fcntl(request->pipe, F_SETPIPE_SZ, LIMIT_PIPE);
}

static void
take_fail(struct host *host, struct request *request, struct wire_in *in)
{
	int32_t error = (int32_t)wire_u32(in);
	struct bytes why = wire_bytes(in);
	struct err err;
	if (!wire_end(in, &err) || !request || request->answered)
		return;
	request->answered = true;
	request->ended = true;
	request->error = error < 0 ? error : CAB_ERROR_FAILED;
	host_log(host, why);
}

static void
take_end(struct host *host, struct request *request, struct wire_in *in)
{
	uint64_t size = wire_u64(in);
	struct bytes why = wire_bytes(in);
	struct err err;
	if (!wire_end(in, &err) || !request)
		return;
	request->ended = true;
	request->size = size;
	request->whole = why.size == 0;
	if (why.size)
		host_log(host, why);
}

/* Waits for one packet; false: none will come any more. */
static bool
requests_step(struct host *host)
{
	struct host_requests *requests = host->requests;
	if (requests->closed)
		return false;
	struct err err;
	switch (wire_receive(requests->control, &requests->packet, &err)) {
	case WIRE_PACKET_READ:
		break;
	case WIRE_LATER:
	case WIRE_CLOSED:
	case WIRE_FAILED:
		requests->closed = true;
		return false;
	}
	struct wire_in in = wire_open(&requests->packet);
	bool has_id = requests->packet.kind != GUEST_FORMER;
	struct request *request = has_id ? request_by_id(requests, wire_u32(&in)) : NULL;
	if (!has_id)
		requests->former_answered = true;
	else if (requests->packet.kind == GUEST_HEAD)
		take_head(requests, request, &in);
	else if (requests->packet.kind == GUEST_FAIL)
		take_fail(host, request, &in);
	else if (requests->packet.kind == GUEST_END)
		take_end(host, request, &in);
	else
		requests->closed = true;
	wire_release(&requests->packet);
	return !requests->closed;
}

bool
host_await_former(struct host *host)
{
	struct host_requests *requests = host->requests;
	bool is_given = false;
	for (size_t at = 0; at < host->start->environment_count; at++)
		is_given |=
			bytes_has_prefix(host->start->environment[at], BYTES_LITERAL("CAB_HINT="));
	if (!is_given || requests->former_asked)
		return false;
	requests->former_asked = true;
	struct err err;
	wire_begin(&requests->out, GUEST_FORMER);
	if (!wire_send(requests->control, &requests->out, NULL, 0, &err))
		return false;
	while (!requests->former_answered)
		if (!requests_step(host))
			return false;
	return true;
}

/* 0, or why there is no head. */
static int32_t
request_await_head(struct host *host, struct request *request)
{
	while (!request->answered)
		if (!requests_step(host))
			return CAB_ERROR_FAILED;
	return request->error;
}

static bool
is_token(struct bytes text)
{
	for (size_t at = 0; at < text.size; at++)
		if (text.data[at] < 'A' || text.data[at] > 'Z')
			return false;
	return text.size && text.size <= LIMIT_HTTP_METHOD;
}

static bool
is_url(struct bytes text)
{
	for (size_t at = 0; at < text.size; at++)
		if (text.data[at] <= ' ' || text.data[at] >= 0x7f)
			return false;
	return text.size > 0;
}

/* Lines that end in "\n"; no other control character but a tab. */
static bool
is_header_lines(struct bytes text)
{
	for (size_t at = 0; at < text.size; at++) {
		uint8_t byte = text.data[at];
		if ((byte < ' ' && byte != '\t' && byte != '\n') || byte == 0x7f)
			return false;
	}
	return !text.size || text.data[text.size - 1] == '\n';
}

static bool
send_open(struct host *host, uint32_t id, const struct bytes texts[3], struct bytes body)
{
	struct err err;
	struct host_requests *requests = host->requests;
	cleanup_fd int file = -1;
	if (body.size > LIMIT_HTTP_INLINE) {
		file = fd_memory("request", body, &err);
		if (file < 0) {
			host_complain(host, "request body: %s", err.text);
			return false;
		}
		body.size = 0;
	}
	wire_begin(&requests->out, GUEST_OPEN);
	buf_add_u32(&requests->out, id);
	for (size_t at = 0; at < 3; at++)
		wire_add(&requests->out, texts[at]);
	wire_add(&requests->out, body);
	if (!wire_send(requests->control, &requests->out, &file, file >= 0, &err)) {
		host_complain(host, "request: %s", err.text);
		return false;
	}
	return true;
}

int32_t
host_http_open(struct host *host, const uint64_t *arguments)
{
	struct bytes texts[3]; /* method, URL, headers */
	struct bytes body;
	for (size_t at = 0; at < 3; at++)
		if (!host_bytes(host, arguments[2 * at], arguments[2 * at + 1], &texts[at]))
			return CAB_ERROR_FAULT;
	if (!host_bytes(host, arguments[6], arguments[7], &body))
		return CAB_ERROR_FAULT;
	if (texts[1].size > CAB_HTTP_URL || texts[2].size > CAB_HTTP_HEADERS ||
		body.size > CAB_HTTP_BODY)
		return CAB_ERROR_LIMIT;
	if (!is_token(texts[0]) || !is_url(texts[1]) || !is_header_lines(texts[2]))
		return CAB_ERROR_INVALID;

	int32_t handle = 0;
	while (handle < CAB_HTTP_HANDLES && host->requests->slots[handle].open)
		handle++;
	if (handle == CAB_HTTP_HANDLES)
		return CAB_ERROR_LIMIT;
	uint32_t id = host->requests->next++;
	if (!send_open(host, id, texts, body))
		return CAB_ERROR_FAILED;
	struct request *request = &host->requests->slots[handle];
	buf_clear(&request->url);
	buf_clear(&request->headers);
	*request = (struct request){.open = true,
		.id = id,
		.pipe = -1,
		.url = request->url,
		.headers = request->headers};
	return handle;
}

int32_t
host_http_status(struct host *host, const uint64_t *arguments)
{
	struct request *request = request_find(host, arguments[0]);
	if (!request)
		return CAB_ERROR_INVALID;
	int32_t error = request_await_head(host, request);
	return error ? error : (int32_t)request->status;
}

/* Copies what fits of `part` to offset *at of the guest's `value`, and counts all of it. */
static void
header_add(uint8_t *value, size_t capacity, size_t *at, struct bytes part)
{
	size_t room = *at < capacity ? capacity - *at : 0;
	size_t size = part.size < room ? part.size : room;
	if (size)
		memcpy(value + *at, part.data, size);
	*at += part.size;
}

int32_t
host_http_header(struct host *host, const uint64_t *arguments)
{
	struct request *request = request_find(host, arguments[0]);
	if (!request)
		return CAB_ERROR_INVALID;
	struct bytes name;
	size_t capacity = (size_t)arguments[4];
	uint8_t *value = host_span(host, arguments[3], capacity);
	if (!value || !host_bytes(host, arguments[1], arguments[2], &name))
		return CAB_ERROR_FAULT;
	int32_t error = request_await_head(host, request);
	if (error)
		return error;
	size_t length = 0;
	if (bytes_equal_text(name, ":url")) {
		header_add(value, capacity, &length, buf_bytes(&request->url));
		return (int32_t)length;
	}
	/* The name is compared before anything is written: both may lie at one place. */
	bool found = false;
	struct bytes rest = buf_bytes(&request->headers);
	struct bytes line;
	uint8_t wanted[256];
	if (!name.size || name.size > sizeof wanted)
		return CAB_ERROR_ABSENT;
	memcpy(wanted, name.data, name.size);
	name.data = wanted;
	while (bytes_split(&rest, '\n', &line)) {
		if (!bytes_has_prefix(line, name) || line.size <= name.size ||
			line.data[name.size] != ':')
			continue;
		struct bytes text = bytes_from(line, name.size + 1);
		while (text.size && *text.data == ' ')
			text = bytes_from(text, 1);
		if (found)
			header_add(value, capacity, &length, BYTES_LITERAL(", "));
		header_add(value, capacity, &length, text);
		found = true;
	}
	return found ? (int32_t)length : CAB_ERROR_ABSENT;
}

/* At the end of the pipe: 0 once GUEST_END vouches for the body. */
static int32_t
request_end(struct host *host, struct request *request)
{
	while (!request->ended)
		if (!requests_step(host))
			return CAB_ERROR_FAILED;
	if (!request->whole)
		return CAB_ERROR_FAILED;
	if (request->size == request->received)
		return 0;
	host_complain(host, "%.*s: the body has %llu bytes, %llu came",
		BYTES_ARGS(buf_bytes(&request->url)), (unsigned long long)request->size,
		(unsigned long long)request->received);
	request->whole = false;
	return CAB_ERROR_FAILED;
}

int32_t
host_http_read(struct host *host, const uint64_t *arguments)
{
	struct request *request = request_find(host, arguments[0]);
	if (!request)
		return CAB_ERROR_INVALID;
	size_t capacity = (size_t)arguments[2];
	uint8_t *data = host_span(host, arguments[1], capacity);
	if (!data)
		return CAB_ERROR_FAULT;
	if (!capacity)
		return CAB_ERROR_INVALID;
	int32_t error = request_await_head(host, request);
	if (error)
		return error;
	ssize_t count;
	do
		count = read(request->pipe, data,
			capacity < LIMIT_HTTP_READ ? capacity : LIMIT_HTTP_READ);
	while (count < 0 && errno == EINTR);
	if (count < 0) {
		host_complain(host, "%.*s: read: %s", BYTES_ARGS(buf_bytes(&request->url)),
			strerror(errno));
		return CAB_ERROR_FAILED;
	}
	if (count == 0)
		return request_end(host, request);
	request->received += (uint64_t)count;
	return (int32_t)count;
}

int32_t
host_http_close(struct host *host, const uint64_t *arguments)
{
	struct request *request = request_find(host, arguments[0]);
	if (!request)
		return CAB_ERROR_INVALID;
	fd_release(&request->pipe);
	request->open = false;
	if (request->ended)
		return 0;
	struct host_requests *requests = host->requests;
	wire_begin(&requests->out, GUEST_CLOSE);
	buf_add_u32(&requests->out, request->id);
	buf_add_u64(&requests->out, request->received);
	struct err err;
	return wire_send(requests->control, &requests->out, NULL, 0, &err) ? 0 : CAB_ERROR_FAILED;
}

/* Told at most every LIMIT_PROGRESS_MILLISECONDS: a guest may call as often as it likes. */
static void
progress_tell(struct host *host)
{
	struct host_requests *requests = host->requests;
	wire_begin(&requests->out, GUEST_PROGRESS);
	for (size_t at = 0; at < 3; at++)
		buf_add_u64(&requests->out, requests->progress[at]);
	buf_add_u64(&requests->out, host->memory_size);
	struct err err;
	(void)!wire_send(requests->control, &requests->out, NULL, 0, &err);
}

int32_t
host_progress(struct host *host, const uint64_t *arguments)
{
	struct host_requests *requests = host->requests;
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	uint64_t time = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	memcpy(requests->progress, arguments, sizeof requests->progress);
	if (time - requests->progress_time < LIMIT_PROGRESS_MILLISECONDS)
		return 0;
	requests->progress_time = time;
	progress_tell(host);
	return 0;
}

void
host_end(struct host *host)
{
	if (host->requests->progress_time)
		progress_tell(host);
}
