/* SPDX-License-Identifier: MPL-2.0 */
#include "network/outlet.h"

#include <errno.h>
#include <unistd.h>

#include "base/fd.h"

enum {
	PIPE_ROOM = 512 << 10,
	KEPT_CAPACITY = 1 << 20, /* more memory than this is given back when all is written */
};

bool
outlet_open(struct outlet *outlet, struct loop *loop, int fd, struct err *err)
{
	*outlet = (struct outlet){.fd = fd, .loop = loop, .rest = BUF(OUTLET_LIMIT)};
	/* Fewer turns for reader and writer; a kernel that gives less room does no harm. */
	(void)fcntl(fd, F_SETPIPE_SZ, PIPE_ROOM);
	return fd_set_blocking(fd, false, err);
}

size_t
outlet_left(const struct outlet *outlet)
{
	return outlet->rest.size - outlet->start;
}

/* Returns how much the pipe took. */
static size_t
pipe_write(struct outlet *outlet, struct bytes data)
{
	size_t written = 0;
	while (written < data.size && !outlet->is_broken) {
		ssize_t count = write(outlet->fd, data.data + written, data.size - written);
		if (count >= 0)
			written += (size_t)count;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			outlet->is_broken = true;
	}
	outlet->written += written;
	return written;
}

static void
on_writable(void *context, short events)
{
	struct outlet *outlet = (struct outlet *)context;
	(void)events;
	outlet->start += pipe_write(outlet, bytes_from(buf_bytes(&outlet->rest), outlet->start));
	if (outlet_left(outlet) && !outlet->is_broken) {
		/* Moved down when at least as much is gone as is left: each byte moves once. */
		if (outlet->start < outlet_left(outlet))
			return;
		buf_consume(&outlet->rest, outlet->start);
		outlet->start = 0;
		return;
	}
	outlet->start = 0;
	if (outlet->rest.capacity > KEPT_CAPACITY)
		buf_release(&outlet->rest);
	buf_clear(&outlet->rest);
	loop_change(outlet->watch, 0);
}

bool
outlet_add(struct outlet *outlet, struct bytes data, struct err *err)
{
	if (!outlet_left(outlet))
		data = bytes_from(data, pipe_write(outlet, data));
	if (outlet->is_broken)
		return err_set(err, ERR_CANCELLED, "nobody reads the body any more");
	if (!data.size)
		return true;
	buf_add(&outlet->rest, data);
	if (!outlet->watch)
		outlet->watch = loop_watch(outlet->loop, outlet->fd, POLLOUT, on_writable, outlet);
	loop_change(outlet->watch, POLLOUT);
	return buf_check(&outlet->rest, err, "what the body's reader has not taken");
}

void
outlet_close(struct outlet *outlet)
{
	loop_unwatch(outlet->watch);
	outlet->watch = NULL;
	buf_release(&outlet->rest);
	outlet->start = 0;
}
