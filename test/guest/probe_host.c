/* SPDX-License-Identifier: MPL-2.0 */
#include "probe.h"

void
probe_hashes(void)
{
	static const uint8_t sha1[20] = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
		0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d};
	static const uint8_t blake3[32] = {0x64, 0x37, 0xb3, 0xac, 0x38, 0x46, 0x51, 0x33, 0xff,
		0xb6, 0x3b, 0x75, 0x27, 0x3a, 0x8d, 0xb5, 0x48, 0xc5, 0x58, 0x46, 0x5d, 0x79, 0xdb,
		0x03, 0xfd, 0x35, 0x9c, 0x6c, 0xd5, 0xbd, 0x9d, 0x85};
	static const int sizes[9] = {32, 20, 32, 64, 4, 20, 8, 8, 4};
	for (int kind = 0; kind < 9; kind++) {
		EXPECT(sizes[kind], cab_hash(kind, "abc", 3, room));
		int handle = cab_hash_new(kind);
		CHECK(handle >= 0);
		EXPECT(0, cab_hash_add(handle, "a", 1));
		EXPECT(0, cab_hash_add(handle, "bc", 2));
		EXPECT(sizes[kind], cab_hash_finish(handle, copy));
		CHECK(same(room, copy, (size_t)sizes[kind]));
		EXPECT(CAB_ERROR_INVALID, cab_hash_finish(handle, copy));
		CHECK(kind != CAB_HASH_SHA1 || same(room, sha1, 20));
		CHECK(kind != CAB_HASH_BLAKE3 || same(room, blake3, 32));
	}
	for (int at = 0; at < CAB_HASH_HANDLES; at++)
		EXPECT(at, cab_hash_new(at % 9));
	EXPECT(CAB_ERROR_LIMIT, cab_hash_new(0));
	for (int at = 0; at < CAB_HASH_HANDLES; at++)
		EXPECT(sizes[at % 9], cab_hash_finish(at, room));

	/* The leaf of a file that is written in order, in pieces; one slot after the other. */
	for (int round = 0; round < 3; round++) {
		int fd;
		EXPECT(0, create("leaf", &fd));
		EXPECT(0, write_text(fd, "a", 1));
		uint64_t place;
		EXPECT(0, wasi_fd_tell(fd, &place));
		EXPECT(0, write_text(fd, "bc", 2));
		EXPECT(0, cab_close_digest(fd, room));
		CHECK(same(room, blake3, 32));
		EXPECT(BADF, wasi_fd_close(fd));
		EXPECT(0, wasi_path_unlink_file(WORK, "leaf", 4));

		EXPECT(0, create("leaf", &fd));
		EXPECT(0, write_text(fd, "zzz", 3));
		EXPECT(0, wasi_fd_seek(fd, 0, 0, &place));
		EXPECT(CAB_ERROR_INVALID, cab_close_digest(fd, room));
		EXPECT(0, wasi_fd_close(fd));
		/* What is there already is not of this descriptor's writing. */
		EXPECT(0, wasi_path_open(WORK, 0, "leaf", 4, 0, WRITE, 0, APPEND, &fd));
		EXPECT(CAB_ERROR_INVALID, cab_close_digest(fd, room));
		EXPECT(0, wasi_fd_close(fd));
		EXPECT(0, wasi_path_open(WORK, 0, "leaf", 4, TRUNCATE, WRITE, 0, 0, &fd));
		EXPECT(0, cab_close_digest(fd, room));
		EXPECT(32, cab_hash(CAB_HASH_BLAKE3, "", 0, copy));
		CHECK(same(room, copy, 32));
		EXPECT(0, wasi_path_unlink_file(WORK, "leaf", 4));
	}
}

static void
whole_body(void)
{
	int handle = cab_http_open("GET", 3, "http://host/body", 16, "Accept: x\n", 10, "", 0);
	CHECK(handle >= 0);
	EXPECT(200, cab_http_status(handle));
	EXPECT(5, cab_http_header(handle, "etag", 4, room, sizeof room));
	CHECK(same(room, "\"tag\"", 5));
	EXPECT(4, cab_http_header(handle, "many", 4, room, sizeof room));
	CHECK(same(room, "1, 2", 4));
	EXPECT(4, cab_http_header(handle, "many", 4, room, 1));
	EXPECT(CAB_ERROR_ABSENT, cab_http_header(handle, "man", 3, room, sizeof room));
	EXPECT(17, cab_http_header(handle, ":url", 4, room, sizeof room));
	CHECK(same(room, "http://final/body", 17));
	size_t total = 0;
	int sum = cab_hash_new(CAB_HASH_BLAKE3);
	for (;;) {
		int count = cab_http_read(handle, room, sizeof room);
		CHECK(count >= 0);
		if (!count)
			break;
		total += (size_t)count;
		cab_hash_add(sum, room, (size_t)count);
	}
	EXPECT(3000000, total);
	EXPECT(0, cab_http_read(handle, room, sizeof room));
	EXPECT(0, cab_http_close(handle));
	EXPECT(CAB_ERROR_INVALID, cab_http_read(handle, room, sizeof room));
	EXPECT(32, cab_hash_finish(sum, room));
	cab_log(room, 0);
	cab_progress(total, 0, 1);
	int fd;
	EXPECT(0, create("sum", &fd));
	EXPECT(0, write_text(fd, room, 32));
	EXPECT(0, wasi_fd_close(fd));
}

static void
broken_bodies(void)
{
	/* A body that breaks off, one that is short, one that was refused. */
	int handle = cab_http_open("GET", 3, "http://host/broken", 18, "", 0, "", 0);
	EXPECT(200, cab_http_status(handle));
	int count;
	while ((count = cab_http_read(handle, room, sizeof room)) > 0)
		;
	EXPECT(CAB_ERROR_FAILED, count);
	EXPECT(0, cab_http_close(handle));
	handle = cab_http_open("GET", 3, "http://host/short", 17, "", 0, "", 0);
	while ((count = cab_http_read(handle, room, sizeof room)) > 0)
		;
	EXPECT(CAB_ERROR_FAILED, count);
	EXPECT(0, cab_http_close(handle));
	handle = cab_http_open("GET", 3, "http://host/refused", 19, "", 0, "", 0);
	EXPECT(CAB_ERROR_REFUSED, cab_http_status(handle));
	EXPECT(CAB_ERROR_REFUSED, cab_http_read(handle, room, sizeof room));
	EXPECT(0, cab_http_close(handle));
}

static void
echoed_bodies(void)
{
	/* A body of a request, small and large, comes back as it went. */
	for (size_t size = 10; size <= 1 << 16; size = size * 2 + 1) {
		for (size_t at = 0; at < size; at++)
			copy[at] = (char)(at * 7);
		int handle = cab_http_open("POST", 4, "http://host/echo", 16, "", 0, copy, size);
		size_t got = 0;
		int count;
		while ((count = cab_http_read(handle, room, sizeof room)) > 0) {
			CHECK(same(room, copy + got, (size_t)count));
			got += (size_t)count;
		}
		EXPECT(0, count);
		EXPECT(size, got);
		EXPECT(0, cab_http_close(handle));
	}
}

void
probe_http(void)
{
	whole_body();
	broken_bodies();
	echoed_bodies();
}

void
probe_http_limits(void)
{
	EXPECT(CAB_ERROR_INVALID, cab_http_open("get", 3, "http://x/", 9, "", 0, "", 0));
	EXPECT(CAB_ERROR_INVALID, cab_http_open("", 0, "http://x/", 9, "", 0, "", 0));
	EXPECT(CAB_ERROR_INVALID, cab_http_open("GET", 3, "http://x/\n", 10, "", 0, "", 0));
	EXPECT(CAB_ERROR_INVALID, cab_http_open("GET", 3, "http://x/ y", 11, "", 0, "", 0));
	EXPECT(CAB_ERROR_INVALID, cab_http_open("GET", 3, "", 0, "", 0, "", 0));
	EXPECT(CAB_ERROR_INVALID, cab_http_open("GET", 3, "http://x/", 9, "a: b", 4, "", 0));
	EXPECT(CAB_ERROR_INVALID, cab_http_open("GET", 3, "http://x/", 9, "a: b\r\n", 6, "", 0));
	EXPECT(CAB_ERROR_LIMIT, cab_http_open("GET", 3, room, CAB_HTTP_URL + 1, "", 0, "", 0));
	int handles[CAB_HTTP_HANDLES];
	for (int at = 0; at < CAB_HTTP_HANDLES; at++) {
		handles[at] = cab_http_open("GET", 3, "http://host/body", 16, "", 0, "", 0);
		CHECK(handles[at] >= 0);
	}
	EXPECT(CAB_ERROR_LIMIT, cab_http_open("GET", 3, "http://host/body", 16, "", 0, "", 0));
	/* Heads come in the order of the requests, and are asked for in the other. */
	for (int at = CAB_HTTP_HANDLES - 1; at >= 0; at--) {
		EXPECT(200, cab_http_status(handles[at]));
		CHECK(cab_http_read(handles[at], room, 10) > 0);
		EXPECT(0, cab_http_close(handles[at]));
	}
	int last = cab_http_open("GET", 3, "http://host/body", 16, "", 0, "", 0);
	EXPECT(200, cab_http_status(last));
}
