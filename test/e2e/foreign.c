/* SPDX-License-Identifier: MPL-2.0 */
/*
 * foreign: a WASM program that is not cab's own. Each argument is a step:
 *
 *     say TEXT     a line for the hash FIFO, which is opened and closed for it
 *     put TEXT     the output is a file with this text
 *     copy PATH    the output is a file with the text of an input's file, at PATH of the store
 *     break PATH   writes to it; exit 5 where that fails, as it must
 *     get URL      a request, read to its end; exit 3 where it breaks
 *     pin          the output is what CAB_PIN says
 *     replace KIND a file, a link or a folder in the FIFO's place
 *     stay         for ever
 *
 * As the fetcher of the scheme `steps` it has its steps in the island's configuration, in the order of the keys:
 * <steps:x:{ a = "put hello", b = "say cab .", }>.
 *
 * It may vouch for the format "shared" whoever runs it, and for no other.
 */
#include "test/guest/wasi_imports.h"

__asm__("\t.section .custom_section.cab.identities,\"\",@\n"
	"\t.ascii \"shared\\n\"\n"
	"\t.text\n");

__attribute__((export_name("_start"))) void _start(void);

static char *texts[64];
static char room[65536];
static char body[4096];

static size_t
length(const char *text)
{
	size_t size = 0;
	while (text[size])
		size++;
	return size;
}

/* What follows the word and one space; NULL where the text is about something else. */
static const char *
after(const char *text, const char *word, char space)
{
	while (*word)
		if (*text++ != *word++)
			return NULL;
	return *text == space ? text + 1 : NULL;
}

static void
put(const char *name, int how, const char *text, const char *end)
{
	int fd = -1;
	size_t done = 0;
	struct wasi_iovec pieces[2] = {{text, length(text)}, {end, length(end)}};
	if (wasi_path_open(WORK, 0, name, length(name), how, WRITE, 0, 0, &fd) != 0 ||
		wasi_fd_write(fd, pieces, 2, &done) != 0 || wasi_fd_close(fd) != 0)
		wasi_proc_exit(2);
}

/* A path of the store lies in the working directory: what follows its first slash. */
static int
open_input(const char *path, uint64_t rights, int *fd)
{
	return *path == '/' ? wasi_path_open(
				      WORK, FOLLOW, path + 1, length(path + 1), 0, rights, 0, 0, fd)
			    : -1;
}

static void
copy(const char *path)
{
	int fd = -1;
	size_t done = 0;
	struct wasi_iovec piece = {body, sizeof body - 1};
	if (open_input(path, READ, &fd) != 0 || wasi_fd_read(fd, &piece, 1, &done) != 0 ||
		wasi_fd_close(fd) != 0)
		wasi_proc_exit(2);
	body[done] = 0;
	put("out", CREATE | TRUNCATE, body, "");
}

static void
spoil(const char *path)
{
	int fd = -1;
	if (open_input(path, WRITE, &fd) != 0)
		wasi_proc_exit(5);
}

static void
get(const char *url)
{
	int32_t handle = cab_http_open("GET", 3, url, length(url), "", 0, "", 0);
	int32_t size = handle < 0 ? handle : cab_http_status(handle);
	if (size != 200)
		wasi_proc_exit(3);
	do
		size = cab_http_read(handle, body, sizeof body);
	while (size > 0);
	if (size < 0)
		wasi_proc_exit(3);
	cab_http_close(handle);
}

static void
replace(const char *kind)
{
	int fd = -1;
	if (wasi_path_unlink_file(WORK, "hash", 4) != 0)
		wasi_proc_exit(6);
	if (after(kind, "file", 0) ? wasi_path_open(WORK, 0, "hash", 4, CREATE, WRITE, 0, 0, &fd)
		: after(kind, "link", 0) ? wasi_path_symlink("other", 5, WORK, "hash", 4)
					 : wasi_path_create_directory(WORK, "hash", 4))
		wasi_proc_exit(6);
}

static void
put_pin(void)
{
	size_t count = 0;
	size_t size = 0;
	if (wasi_environ_sizes_get(&count, &size) != 0 || count >= 64 || size > sizeof room ||
		wasi_environ_get(texts, room) != 0)
		wasi_proc_exit(2);
	for (size_t at = 0; at < count; at++) {
		const char *pin = after(texts[at], "CAB_PIN", '=');
		if (pin)
			put("out", CREATE | TRUNCATE, pin, "");
	}
}

/* Of <steps:…> the arguments are the scheme, the ref, and KEY=STEP. */
static size_t
fetcher_steps(char **steps, size_t count)
{
	if (count < 3 || !after(steps[1], "steps", 0))
		return 1;
	for (size_t at = 3; at < count; at++) {
		if (after(steps[at], "base", '=')) {
			steps[at] = (char *)(uintptr_t) "nothing";
			continue;
		}
		while (*steps[at] && *steps[at] != '=')
			steps[at]++;
		steps[at] += *steps[at] == '=';
	}
	return 3;
}

void
_start(void)
{
	static char *steps[64];
	static char words[65536];
	size_t count = 0;
	size_t size = 0;
	if (wasi_args_sizes_get(&count, &size) != 0 || count > 64 || size > sizeof words ||
		wasi_args_get(steps, words) != 0)
		wasi_proc_exit(2);
	for (size_t at = fetcher_steps(steps, count); at < count; at++) {
		const char *rest;
		if ((rest = after(steps[at], "say", ' ')))
			put("hash", 0, rest, "\n");
		else if ((rest = after(steps[at], "put", ' ')))
			put("out", CREATE | TRUNCATE, rest, "\n");
		else if ((rest = after(steps[at], "copy", ' ')))
			copy(rest);
		else if ((rest = after(steps[at], "break", ' ')))
			spoil(rest);
		else if ((rest = after(steps[at], "get", ' ')))
			get(rest);
		else if ((rest = after(steps[at], "replace", ' ')))
			replace(rest);
		else if (after(steps[at], "nothing", 0))
			continue;
		else if (after(steps[at], "pin", 0))
			put_pin();
		else if (after(steps[at], "stay", 0))
			for (;;)
				(void)wasi_sched_yield();
		else
			wasi_proc_exit(4);
	}
}
