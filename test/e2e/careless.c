/* SPDX-License-Identifier: MPL-2.0 */
/*
 * careless: a fetcher that breaks the rules of cab-fetcher(7): it takes whatever a server says for the file, whole or
 * not, says the same identity of every content, and passes over what it does not know.
 */
#include "test/guest/wasi_imports.h"

__attribute__((export_name("_start"))) void _start(void);

static char *texts[64];
static char room[65536];
static char data[65536];

static void
put(const char *name, size_t name_size, int how, const char *text, size_t size)
{
	int fd = -1;
	size_t done = 0;
	struct wasi_iovec piece = {text, size};
	if (wasi_path_open(WORK, 0, name, name_size, how, WRITE, 0, 0, &fd) != 0 ||
		wasi_fd_write(fd, &piece, 1, &done) != 0 || wasi_fd_close(fd) != 0)
		wasi_proc_exit(2);
}

/* Argument 2 is the URL; whatever follows is not looked at. */
void
_start(void)
{
	size_t count = 0;
	size_t size = 0;
	size_t used = 0;
	if (wasi_args_sizes_get(&count, &size) != 0 || count > 64 || size > sizeof room ||
		count < 3 || wasi_args_get(texts, room) != 0)
		wasi_proc_exit(2);
	put("hash", 4, 0, "word same\n", 10);
	size = 0;
	while (texts[2][size])
		size++;
	int32_t handle = cab_http_open("GET", 3, texts[2], size, "", 0, "", 0);
	for (int32_t got = 1; got > 0 && used<sizeof data; used += got> 0 ? (size_t)got : 0)
		got = cab_http_read(handle, data + used, sizeof data - used);
	put("out", 3, CREATE | TRUNCATE, data, used);
	put("hash", 4, 0, "cab .\n", 6);
}
