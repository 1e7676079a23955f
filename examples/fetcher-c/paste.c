/* SPDX-License-Identifier: MPL-2.0 */
/*
 * paste: the fetcher of <paste:ID>: one file of a service that gives it at BASE/raw/ID.
 *
 * A server that states an ETag has said what the file is before it sends it: that is this fetcher's early identity. It
 * is the server's word and nothing that the bytes prove, so it counts for this very island alone: the module has no
 * section cab.identities. A run that is pinned says nothing of it, for the same file may have another ETag by now.
 *
 * Freestanding C: what it needs of cab-guest(7) is declared here.
 */
#include <stddef.h>
#include <stdint.h>

#define CAB(name)  __attribute__((import_module("cab"), import_name(#name)))
#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))

CAB(http_open)
int32_t http_open(const void *method, size_t method_size, const void *url, size_t url_size,
	const void *headers, size_t headers_size, const void *body, size_t body_size);
CAB(http_status) int32_t http_status(int32_t handle);
CAB(http_header)
int32_t http_header(int32_t handle, const void *name, size_t name_size, void *value, size_t room);
CAB(http_read) int32_t http_read(int32_t handle, void *data, size_t room);
CAB(log) void cab_log(const void *text, size_t size);

struct piece {
	const void *data;
	size_t size;
};

WASI(args_sizes_get) int args_sizes_get(size_t *count, size_t *size);
WASI(args_get) int args_get(char **texts, char *room);
WASI(environ_sizes_get) int environ_sizes_get(size_t *count, size_t *size);
WASI(environ_get) int environ_get(char **texts, char *room);
WASI(path_open)
int path_open(int fd, int look, const char *path, size_t size, int flags, uint64_t rights,
	uint64_t inherited, int mode, int *out);
WASI(fd_write) int fd_write(int fd, const struct piece *pieces, size_t count, size_t *done);
WASI(fd_close) int fd_close(int fd);
WASI(proc_exit) _Noreturn void proc_exit(int status);

enum { WORK = 3, CREATE = 1, WRITE = 1 << 6 };
enum { TEXTS = 64, ROOM = 64 << 10, ETAG = 500 };

static char *texts[TEXTS];
static char room[ROOM];

static size_t
length(const char *text)
{
	size_t size = 0;
	while (text[size])
		size++;
	return size;
}

/* What follows a prefix; NULL where the text begins otherwise. */
static const char *
after(const char *text, const char *prefix)
{
	while (*prefix)
		if (*text++ != *prefix++)
			return NULL;
	return text;
}

static _Noreturn void
fail(const char *why)
{
	cab_log(why, length(why));
	proc_exit(1);
}

static void
write_all(int fd, const char *data, size_t size)
{
	while (size) {
		struct piece piece = {data, size};
		size_t done = 0;
		if (fd_write(fd, &piece, 1, &done) != 0)
			fail("paste: the output cannot be written");
		data += done;
		size -= done;
	}
}

static int
open_for_writing(const char *name, int flags)
{
	int fd = -1;
	if (path_open(WORK, 0, name, length(name), flags, WRITE, 0, 0, &fd) != 0)
		fail("paste: a file of the working directory cannot be opened");
	return fd;
}

/* One line of the FIFO, in one write. */
static void
report(const char *line)
{
	int fd = open_for_writing("hash", 0);
	write_all(fd, line, length(line));
	(void)fd_close(fd);
}

static int
is_pinned(void)
{
	size_t count = 0;
	size_t size = 0;
	if (environ_sizes_get(&count, &size) != 0 || count > TEXTS || size > ROOM ||
		environ_get(texts, room) != 0)
		fail("paste: the environment is too large");
	for (size_t at = 0; at < count; at++)
		if (after(texts[at], "CAB_PIN="))
			return 1;
	return 0;
}

/* BASE/raw/ID from the arguments: the scheme, the ref, then KEY=VALUE. */
static size_t
find_url(char *url, size_t capacity)
{
	size_t count = 0;
	size_t size = 0;
	const char *base = NULL;
	if (args_sizes_get(&count, &size) != 0 || count > TEXTS || size > ROOM ||
		args_get(texts, room) != 0)
		fail("paste: the arguments are too many");
	for (size_t at = 3; at < count; at++)
		if (!base)
			base = after(texts[at], "base=");
		else
			fail("paste: an island of this scheme has no configuration and no subpath");
	if (!base || count < 3 || !*texts[2])
		fail("paste: <paste:ID> and a base are wanted");
	const char *const parts[] = {base, "/raw/", texts[2]};
	size_t used = 0;
	for (size_t part = 0; part < 3; part++)
		for (const char *at = parts[part]; *at; at++) {
			if (used == capacity)
				fail("paste: the URL is too long");
			url[used++] = *at;
		}
	return used;
}

/* The ETag as a VALUE, where it is a strong one that the grammar of a line has room for. */
static void
report_etag(int32_t request)
{
	static char line[5 + ETAG + 2] = "etag ";
	int32_t size = http_header(request, "etag", 4, line + 5, ETAG);
	if (size < 2 || size > ETAG || line[5] != '"')
		return;
	for (int32_t at = 0; at < size; at++)
		if (line[5 + at] <= ' ' || line[5 + at] >= 0x7f)
			return;
	line[5 + size] = '\n';
	line[6 + size] = 0;
	report(line);
}

__attribute__((export_name("_start"))) void
start(void)
{
	static char url[8192];
	size_t size = find_url(url, sizeof url);
	int pinned = is_pinned();
	int32_t request = http_open("GET", 3, url, size, "", 0, "", 0);
	int32_t status = request < 0 ? request : http_status(request);
	if (status != 200)
		fail("paste: the service does not give this file");
	if (!pinned)
		report_etag(request);

	int out = open_for_writing("out", CREATE);
	int32_t count;
	while ((count = http_read(request, room, sizeof room)) > 0)
		write_all(out, room, (size_t)count);
	if (count < 0)
		fail("paste: the file broke off");
	(void)fd_close(out);
	report("cab .\n");
}
