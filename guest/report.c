/* SPDX-License-Identifier: MPL-2.0 */
#include "report.h"

#include "request.h"

enum { VALUE_MAX = 512 };

void
report_identity(struct span format, struct span value)
{
	struct text line = {0};
	text_add(&line, format);
	text_byte(&line, ' ');
	if (value.size > VALUE_MAX) {
		uint8_t digest[SUM_BLAKE3];
		hash_once(CAB_HASH_BLAKE3, value, digest);
		text_byte(&line, '~');
		text_digest(&line, digest);
	} else {
		text_add(&line, value);
	}
	text_byte(&line, '\n');
	/* The realizer holds a write end too, so opening anew for each line is free of races. */
	int32_t fd = -1;
	struct wasi_iovec vector = {line.data, line.size};
	size_t written = 0;
	if (wasi_path_open(WASI_WORKSPACE, 0, "hash", 4, 0, WASI_RIGHT_WRITE, 0, 0, &fd) != 0 ||
		wasi_fd_write(fd, &vector, 1, &written) != 0 || written != line.size)
		fail_about("an identity cannot be reported", format);
	(void)wasi_fd_close(fd);
	text_release(&line);
}

void
report_add_subpath(struct text *value, struct span subpath)
{
	if (subpath.size == 0)
		return;
	text_byte(value, ':');
	text_percent(value, subpath);
}

void
report_add_strip(struct text *value, uint8_t strip)
{
	if (strip == STRIP_AUTO)
		return;
	text_put(value, "+strip=");
	text_number(value, strip);
}

void
report_cab(const struct text *value)
{
	report_identity(SPAN("cab"), text_span(value));
}
