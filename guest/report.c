/* SPDX-License-Identifier: MPL-2.0 */
#include "report.h"

enum { VALUE_MAX = 512 };

void
report_identity(struct span format, struct span value, struct span options)
{
	struct text *line = text_new("");
	text_add(line, format);
	text_byte(line, ' ');
	size_t start = line->size;
	text_add(line, value);
	text_add(line, options);
	struct span whole = span_after(text_span(line), start);
	if (whole.size > VALUE_MAX) {
		uint8_t digest[SUM_BLAKE3];
		hash_once(CAB_HASH_BLAKE3, whole, digest);
		line->size = start;
		text_byte(line, '~');
		text_digest(line, digest);
	}
	text_byte(line, '\n');
	/* The realizer holds a write end too, so opening anew for each line is free of races. */
	int32_t fd = -1;
	struct wasi_iovec vector = {line->data, line->size};
	size_t written = 0;
	if (wasi_path_open(WASI_WORKSPACE, 0, "hash", 4, 0, WASI_RIGHT_WRITE, 0, 0, &fd) != 0 ||
		wasi_fd_write(fd, &vector, 1, &written) != 0 || written != line->size)
		fail_about("cannot be written", SPAN("hash"));
	(void)wasi_fd_close(fd);
}

void
report_cab(uint8_t kind, const uint8_t digest[SUM_BLAKE3])
{
	struct text *value = text_new("");
	text_byte(value, kind);
	text_digest(value, digest);
	report_identity(SPAN("cab"), text_span(value), span_of(NULL, 0));
}
