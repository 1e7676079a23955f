/* SPDX-License-Identifier: MPL-2.0 */
#include "probe.h"

char room[PROBE_ROOM];
char copy[PROBE_ROOM];

void *
memset(void *to, int byte, size_t size)
{
	unsigned char *at = to;
	while (size--)
		*at++ = (unsigned char)byte;
	return to;
}

void *
memcpy(void *to, const void *from, size_t size)
{
	unsigned char *at = to;
	const unsigned char *source = from;
	while (size--)
		*at++ = *source++;
	return to;
}

size_t
length(const char *text)
{
	size_t size = 0;
	while (text[size])
		size++;
	return size;
}

int
same(const void *left, const void *right, size_t size)
{
	const unsigned char *first = left;
	const unsigned char *second = right;
	while (size && *first == *second) {
		first++;
		second++;
		size--;
	}
	return !size;
}

void
fail(const char *file, int line, long long found)
{
	char text[96];
	size_t at = 0;
	while (*file && at < 32)
		text[at++] = *file++;
	text[at++] = ':';
	char digits[24];
	size_t count = 0;
	for (int rest = line; rest; rest /= 10)
		digits[count++] = (char)('0' + rest % 10);
	while (count)
		text[at++] = digits[--count];
	text[at++] = ':';
	text[at++] = ' ';
	unsigned long long value =
		found < 0 ? -(unsigned long long)found : (unsigned long long)found;
	if (found < 0)
		text[at++] = '-';
	do
		digits[count++] = (char)('0' + value % 10);
	while (value /= 10);
	while (count)
		text[at++] = digits[--count];
	cab_log(text, at);
	wasi_proc_exit(1);
}

int
write_text(int fd, const char *text, size_t size)
{
	const struct wasi_iovec piece = {text, size};
	size_t done = 0;
	int number = wasi_fd_write(fd, &piece, 1, &done);
	return number ? number : done == size ? 0 : -1;
}

int
create(const char *path, int *fd)
{
	return wasi_path_open(
		WORK, 0, path, length(path), CREATE | EXCLUSIVE, READ | WRITE, 0, 0, fd);
}

void
put_file(const char *path, const char *text)
{
	int fd;
	EXPECT(0, create(path, &fd));
	EXPECT(0, write_text(fd, text, length(text)));
	EXPECT(0, wasi_fd_close(fd));
}

int
open_to_read(const char *path, int look, int *fd)
{
	return wasi_path_open(WORK, look, path, length(path), 0, READ, 0, 0, fd);
}

void
report(const char *line)
{
	int fd;
	EXPECT(0, wasi_path_open(WORK, 0, "hash", 4, 0, WRITE, 0, 0, &fd));
	EXPECT(0, write_text(fd, line, length(line)));
	EXPECT(0, wasi_fd_close(fd));
}

/* Every argument and variable as a line of the log. */
static void
say_arguments(void)
{
	char *texts[64];
	size_t count;
	size_t size;
	EXPECT(0, wasi_args_sizes_get(&count, &size));
	CHECK(count <= 64 && size <= sizeof room);
	EXPECT(0, wasi_args_get(texts, room));
	for (size_t at = 0; at < count; at++)
		cab_log(texts[at], length(texts[at]));
	EXPECT(0, wasi_environ_sizes_get(&count, &size));
	CHECK(count <= 64 && size <= sizeof room);
	EXPECT(0, wasi_environ_get(texts, room));
	for (size_t at = 0; at < count; at++)
		cab_log(texts[at], length(texts[at]));
}

static void
randomness(void)
{
	EXPECT(0, wasi_random_get(room, 100));
	EXPECT(0, wasi_random_get(room + 100, 1));
	uint64_t now;
	EXPECT(0, wasi_clock_time_get(0, 0, &now));
	EXPECT(1000000000, now);
	EXPECT(0, wasi_clock_time_get(1, 0, &now));
	EXPECT(1000000000, now);
	EXPECT(INVAL, wasi_clock_time_get(4, 0, &now));
	EXPECT(0, wasi_sched_yield());
	int fd;
	EXPECT(0, create("random", &fd));
	EXPECT(0, write_text(fd, room, 101));
}

/* 1 GiB in all; and 1 GiB at once, which no memory has room for. */
static void
much_randomness(void)
{
	EXPECT(FAULT, wasi_random_get(room, (size_t)1 << 30));
	EXPECT(FAULT, wasi_random_get(room, (size_t)-1));
	for (int at = 0; at < (1 << 30) / PROBE_ROOM; at++)
		EXPECT(0, wasi_random_get(room, PROBE_ROOM));
}

static void
some_randomness(void)
{
	EXPECT(FAULT, wasi_random_get(room, (size_t)1 << 30));
	for (int at = 0; at < (1 << 26) / PROBE_ROOM; at++)
		EXPECT(0, wasi_random_get(room, PROBE_ROOM));
}

static void
storm_of(int opens)
{
	put_file("file", "x");
	int fd = -1;
	int count = 0;
	while (open_to_read("file", 0, &fd) == 0)
		count++;
	CHECK(count > 100 && count < 1000);
	EXPECT(MFILE, open_to_read("file", 0, &fd));
	for (int at = 4; at < 4 + count; at++)
		EXPECT(0, wasi_fd_close(at));
	for (int at = 0; at < opens; at++) {
		EXPECT(0, open_to_read("file", 0, &fd));
		EXPECT(0, wasi_fd_close(fd));
	}
}

static void
storm(void)
{
	storm_of(20000);
}

static void
million_storm(void)
{
	storm_of(1000000);
}

static const struct {
	const char *name;
	void (*run)(void);
} probes[] = {
	{"arguments", say_arguments},
	{"files", probe_files},
	{"reading", probe_reading},
	{"listing", probe_listing},
	{"fifo", probe_fifo},
	{"escapes", probe_escapes},
	{"inputs", probe_inputs},
	{"alone", probe_alone},
	{"pointers", probe_pointers},
	{"overlaps", probe_overlaps},
	{"hashes", probe_hashes},
	{"http", probe_http},
	{"http-limits", probe_http_limits},
	{"random", randomness},
	{"storm", storm},
	{"storm-full", million_storm},
	{"random-much", some_randomness},
	{"random-much-full", much_randomness},
	{"grow", probe_grow},
};

__attribute__((export_name("_start"))) void
start(void)
{
	size_t count;
	size_t size;
	char *texts[64];
	EXPECT(0, wasi_args_sizes_get(&count, &size));
	CHECK(count >= 2 && count <= 64 && size <= sizeof room);
	EXPECT(0, wasi_args_get(texts, room));
	for (size_t at = 0; at < sizeof probes / sizeof *probes; at++) {
		if (!same(probes[at].name, texts[1], length(texts[1]) + 1))
			continue;
		probes[at].run();
		return;
	}
	if (same(texts[1], "exit-7", 7))
		wasi_proc_exit(7);
	if (same(texts[1], "exit-256", 9))
		wasi_proc_exit(256);
	if (same(texts[1], "trap", 5))
		__builtin_trap();
	if (same(texts[1], "wait", 5))
		(void)cab_http_status(
			cab_http_open("GET", 3, "http://host/never", 17, "", 0, "", 0));
	/* What fails is tried again, for ever. */
	if (same(texts[1], "retry", 6)) {
		int fd;
		cab_log("here", 4);
		while (open_to_read("absent", 0, &fd) != 0)
			(void)wasi_sched_yield();
	}
	if (same(texts[1], "loop", 5))
		for (;;)
			__asm__ volatile("");
	wasi_proc_exit(99);
}
