/* SPDX-License-Identifier: MPL-2.0 */
/*
 * foreign: a self-fixing program that is not cab's: it writes its arguments, a line each, into the
 * file `out`, says one identity of its own, and leaves the Cab hash to the realizer. Without
 * arguments it says nothing and fails. `lie` as the first one reports a hash that is not true, `flood`
 * more lines than may be, `mute` none at all.
 */
#include "test/guest/wasi_imports.h"

enum { ROOM = 16 << 10, WORKSPACE = 3 };

static size_t
text_size(const char *text)
{
	size_t size = 0;
	while (text[size])
		size++;
	return size;
}

static int
text_equal(const char *left, const char *right)
{
	while (*left && *left == *right) {
		left++;
		right++;
	}
	return *left == *right;
}

static int
file_open(const char *path, int flags)
{
	int fd = -1;
	if (wasi_path_open(WORKSPACE, 0, path, text_size(path), flags, WRITE, 0, 0, &fd) != 0)
		wasi_proc_exit(3);
	return fd;
}

static void
text_write(int fd, const char *text)
{
	struct wasi_iovec piece = {text, text_size(text)};
	size_t done = 0;
	if (wasi_fd_write(fd, &piece, 1, &done) != 0 || done != piece.size)
		wasi_proc_exit(4);
}

__attribute__((export_name("_start"))) void
start(void)
{
	static char room[ROOM];
	static char *arguments[64];
	size_t count = 0;
	size_t size = 0;
	if (wasi_args_sizes_get(&count, &size) != 0 || count < 2 || count > 64 || size > ROOM ||
		wasi_args_get(arguments, room) != 0)
		wasi_proc_exit(2);
	int out = file_open("out", CREATE | EXCLUSIVE);
	for (size_t at = 1; at < count; at++) {
		text_write(out, arguments[at]);
		text_write(out, "\n");
	}
	if (wasi_fd_close(out) != 0)
		wasi_proc_exit(5);
	if (text_equal(arguments[1], "mute"))
		return;
	int hash = file_open("hash", 0);
	for (int line = 0; text_equal(arguments[1], "flood") && line < 1000; line++)
		text_write(hash, "foreign again\n");
	text_write(hash, "foreign first\n");
	if (text_equal(arguments[1], "lie"))
		text_write(hash, "cab faaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n");
	else
		text_write(hash, "cab .\n");
	if (wasi_fd_close(hash) != 0)
		wasi_proc_exit(5);
}
