/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/log.h"

#include "base/fd.h"

void
log_open(struct log *log, int fd, uint64_t ceiling)
{
	*log = (struct log){.fd = fd, .ceiling = ceiling, .line = BUF(LOG_LINE)};
}

static void
log_write(struct log *log, struct bytes data)
{
	if (log->fd < 0 || log->failed)
		return;
	if (!fd_write_all(log->fd, data, &log->err))
		log->failed = true;
}

static void
log_keep(struct log *log, struct bytes data)
{
	uint64_t room = log->ceiling - log->size;
	struct bytes kept = bytes_first(data, room < SIZE_MAX ? (size_t)room : SIZE_MAX);
	log_write(log, kept);
	log->size += kept.size;
	if (kept.size == data.size)
		return;
	if (!log->dropped)
		log_write(
			log, BYTES_LITERAL("\n[cab: the log is full; what follows is left out]\n"));
	log->dropped += data.size - kept.size;
}

void
log_add(struct log *log, struct bytes data, log_line *line, void *context)
{
	log_keep(log, data);
	while (data.size) {
		size_t end = bytes_find(data, '\n');
		struct bytes piece = bytes_first(data, end == SIZE_MAX ? data.size : end);
		buf_add(&log->line, bytes_first(piece, log->line.ceiling - log->line.size));
		if (end == SIZE_MAX)
			return;
		line(context, buf_bytes(&log->line));
		buf_clear(&log->line);
		data = bytes_from(data, end + 1);
	}
}

bool
log_close(struct log *log, log_line *line, void *context, struct err *err)
{
	if (log->line.size)
		line(context, buf_bytes(&log->line));
	if (log->dropped) {
		cleanup_buf struct buf note = BUF(200);
		buf_format(&note, "[cab: %llu bytes were left out]\n",
			(unsigned long long)log->dropped);
		log_write(log, buf_bytes(&note));
	}
	bool done = !log->failed;
	if (!done) {
		*err = log->err;
		(void)err_note(err, "log");
	}
	log_release(log);
	return done;
}

void
log_release(struct log *log)
{
	fd_release(&log->fd);
	buf_release(&log->line);
}
