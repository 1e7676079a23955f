/* SPDX-License-Identifier: MPL-2.0 */
#include "native.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 64 << 10, HOPS = 10 };

struct transfer {
	bool used;
	int fd;
	int status;
	char url[CAB_HTTP_URL];
	char head[HEAD_MAX];
	size_t head_size; /* with what of the body came along */
	size_t body;      /* where that begins; what of it is unread */
	bool is_chunked;
	bool has_length;
	uint64_t left; /* of the body, or of the chunk under way */
	bool is_done;
};

static struct transfer transfers[CAB_HTTP_HANDLES];

static bool
send_all(int fd, const void *data, size_t size)
{
	const uint8_t *at = (const uint8_t *)data;
	while (size) {
		ssize_t some = send(fd, at, size, MSG_NOSIGNAL);
		if (some <= 0)
			return false;
		at += some;
		size -= (size_t)some;
	}
	return true;
}

/* Connects, and gives the path. */
static int
url_connect(const char *url, const char **path_out, char host_out[256])
{
	unsigned port = 80;
	if (strncmp(url, "http://", 7) != 0)
		return -1;
	const char *start = url + 7;
	size_t size = strcspn(start, "/");
	if (size >= 256)
		return -1;
	(void)snprintf(host_out, 256, "%.*s", (int)size, start);
	*path_out = start[size] ? start + size : "/";
	char host[256];
	(void)snprintf(host, sizeof host, "%s", host_out);
	char *colon = strchr(host, ':');
	if (colon) {
		*colon = 0;
		port = (unsigned)strtoul(colon + 1, NULL, 10);
	}
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
		return -1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

static ssize_t
head_find(const struct transfer *transfer, const char *name, const char **value_out)
{
	size_t size = strlen(name);
	for (const char *line = strstr(transfer->head, "\r\n"); line && line[2] != '\r';
		line = strstr(line + 2, "\r\n")) {
		const char *at = line + 2;
		if (strncasecmp(at, name, size) != 0 || at[size] != ':')
			continue;
		at += size + 1;
		at += strspn(at, " \t");
		*value_out = at;
		return (ssize_t)strcspn(at, "\r\n");
	}
	return -1;
}

static bool
head_read(struct transfer *transfer)
{
	char *end = NULL;
	while (!end) {
		ssize_t some = recv(transfer->fd, transfer->head + transfer->head_size,
			HEAD_MAX - 1 - transfer->head_size, 0);
		if (some <= 0)
			return false;
		transfer->head_size += (size_t)some;
		transfer->head[transfer->head_size] = 0;
		end = strstr(transfer->head, "\r\n\r\n");
	}
	transfer->body = (size_t)(end + 4 - transfer->head);
	end[2] = '\r';
	const char *space = strchr(transfer->head, ' ');
	transfer->status = space ? (int)strtol(space, NULL, 10) : 0;
	const char *value;
	if (head_find(transfer, "transfer-encoding", &value) >= 0)
		transfer->is_chunked = true;
	else if (head_find(transfer, "content-length", &value) >= 0) {
		transfer->has_length = true;
		transfer->left = strtoull(value, NULL, 10);
	}
	return true;
}

static bool
request_send(struct transfer *transfer, const char *method, const char *headers,
	size_t headers_size, const void *body, size_t body_size)
{
	const char *path;
	char host[256];
	transfer->fd = url_connect(transfer->url, &path, host);
	if (transfer->fd < 0) {
		(void)fprintf(stderr, "cannot connect: %s\n", transfer->url);
		return false;
	}
	char head[CAB_HTTP_URL + CAB_HTTP_HEADERS];
	int size = snprintf(head, sizeof head,
		"%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %zu\r\n",
		method, path, host, body_size);
	for (size_t at = 0; at < headers_size; at++) {
		if (headers[at] == '\n')
			head[size++] = '\r';
		head[size++] = headers[at];
	}
	return send_all(transfer->fd, head, (size_t)size) && send_all(transfer->fd, "\r\n", 2) &&
	       send_all(transfer->fd, body, body_size) && head_read(transfer);
}

/* To where a redirect leads; false where it is none. */
static bool
redirect(struct transfer *transfer)
{
	const char *value;
	if (transfer->status < 301 || transfer->status > 308 || transfer->status == 304)
		return false;
	ssize_t size = head_find(transfer, "location", &value);
	if (size < 0)
		return false;
	char url[CAB_HTTP_URL];
	size_t origin = strcspn(transfer->url + 7, "/") + 7;
	(void)snprintf(url, sizeof url, "%.*s%.*s", value[0] == '/' ? (int)origin : 0,
		transfer->url, (int)size, value);
	(void)snprintf(transfer->url, sizeof transfer->url, "%s", url);
	(void)close(transfer->fd);
	transfer->head_size = 0;
	transfer->is_chunked = false;
	transfer->has_length = false;
	return true;
}

int32_t
cab_http_open(const void *method, size_t method_size, const void *url, size_t url_size,
	const void *headers, size_t headers_size, const void *body, size_t body_size)
{
	int32_t handle = 0;
	while (handle < CAB_HTTP_HANDLES && transfers[handle].used)
		handle++;
	if (handle == CAB_HTTP_HANDLES || url_size >= CAB_HTTP_URL)
		return CAB_ERROR_LIMIT;
	struct transfer *transfer = &transfers[handle];
	*transfer = (struct transfer){.used = true, .fd = -1};
	const char *registry = getenv("CAB_TEST_REGISTRY");
	const char *text = (const char *)url;
	if (url_size > 9 && memcmp(text, "registry:", 9) == 0 && registry)
		(void)snprintf(transfer->url, sizeof transfer->url, "%s/%.*s", registry,
			(int)url_size - 9, text + 9);
	else
		(void)snprintf(transfer->url, sizeof transfer->url, "%.*s", (int)url_size, text);
	/* What is always asked for by https, of a server that has none. */
	if (getenv("CAB_TEST_PLAIN") && strncmp(transfer->url, "https:", 6) == 0)
		memmove(transfer->url + 4, transfer->url + 5, strlen(transfer->url + 5) + 1);
	char verb[16];
	(void)snprintf(verb, sizeof verb, "%.*s", (int)method_size, (const char *)method);
	for (int hop = 0; hop < HOPS; hop++) {
		if (!request_send(
			    transfer, verb, (const char *)headers, headers_size, body, body_size)) {
			transfer->used = false;
			return CAB_ERROR_FAILED;
		}
		if (!redirect(transfer))
			return handle;
	}
	return CAB_ERROR_FAILED;
}

int32_t
cab_http_status(int32_t handle)
{
	return transfers[handle].status;
}

int32_t
cab_http_header(int32_t handle, const void *name, size_t name_size, void *value, size_t capacity)
{
	struct transfer *transfer = &transfers[handle];
	char text[256];
	(void)snprintf(text, sizeof text, "%.*s", (int)name_size, (const char *)name);
	const char *found = transfer->url;
	ssize_t size = (ssize_t)strlen(found);
	if (strcmp(text, ":url") != 0)
		size = head_find(transfer, text, &found);
	if (size < 0)
		return CAB_ERROR_ABSENT;
	memcpy(value, found, (size_t)size < capacity ? (size_t)size : capacity);
	return (int32_t)size;
}

static ssize_t
raw_read(struct transfer *transfer, void *data, size_t capacity)
{
	size_t held = transfer->head_size - transfer->body;
	if (held == 0)
		return recv(transfer->fd, data, capacity, 0);
	size_t size = held < capacity ? held : capacity;
	memcpy(data, transfer->head + transfer->body, size);
	transfer->body += size;
	return (ssize_t)size;
}

/* The line with a chunk's size, and the line end behind the chunk before it; false where the
 * connection broke. */
static bool
chunk_head(struct transfer *transfer)
{
	char line[64];
	size_t size = 0;
	for (;;) {
		char byte;
		if (raw_read(transfer, &byte, 1) != 1)
			return false;
		if (byte == '\n' && size)
			break;
		if (byte != '\r' && byte != '\n' && size < sizeof line - 1)
			line[size++] = byte;
	}
	line[size] = 0;
	transfer->left = strtoull(line, NULL, 16);
	transfer->is_done = transfer->left == 0;
	return true;
}

int32_t
cab_http_read(int32_t handle, void *data, size_t capacity)
{
	struct transfer *transfer = &transfers[handle];
	if (transfer->is_chunked && !transfer->is_done && transfer->left == 0 &&
		!chunk_head(transfer))
		return CAB_ERROR_FAILED;
	if (transfer->is_done || (transfer->has_length && transfer->left == 0))
		return 0;
	if ((transfer->is_chunked || transfer->has_length) && capacity > transfer->left)
		capacity = (size_t)transfer->left;
	ssize_t size = raw_read(transfer, data, capacity);
	if (size < 0 || (size == 0 && (transfer->is_chunked || transfer->has_length)))
		return CAB_ERROR_FAILED;
	transfer->left -= transfer->is_chunked || transfer->has_length ? (uint64_t)size : 0;
	return (int32_t)size;
}

int32_t
cab_http_close(int32_t handle)
{
	(void)close(transfers[handle].fd);
	transfers[handle].used = false;
	return 0;
}
