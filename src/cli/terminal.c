/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

static bool
terminal_is_bidi(utf8proc_int32_t point)
{
	return point == 0x61c || point == 0x200e || point == 0x200f ||
	       (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

static bool
terminal_is_plain(utf8proc_int32_t point)
{
	utf8proc_category_t category = utf8proc_category(point);
	return category != UTF8PROC_CATEGORY_CC && category != UTF8PROC_CATEGORY_CS &&
	       category != UTF8PROC_CATEGORY_ZL && category != UTF8PROC_CATEGORY_ZP &&
	       !terminal_is_bidi(point);
}

void
terminal_escape(struct bytes text, struct buf *out)
{
	while (text.size) {
		utf8proc_int32_t point = 0;
		utf8proc_ssize_t length =
			utf8proc_iterate(text.data, (utf8proc_ssize_t)text.size, &point);
		if (length < 1) {
			buf_format(out, "\\x%02x", text.data[0]);
			length = 1;
		} else if (terminal_is_plain(point)) {
			buf_add(out, bytes_first(text, (size_t)length));
		} else if (point < 0x80) {
			buf_format(out, "\\x%02x", (unsigned)point);
		} else {
			buf_format(out, "\\u{%x}", (unsigned)point);
		}
		text = bytes_from(text, (size_t)length);
	}
}

void
terminal_add_json(struct buf *out, struct bytes text)
{
	buf_add_byte(out, '"');
	while (text.size) {
		utf8proc_int32_t point = 0;
		utf8proc_ssize_t length =
			utf8proc_iterate(text.data, (utf8proc_ssize_t)text.size, &point);
		if (length < 1) {
			buf_add_text(out, "\xef\xbf\xbd");
			length = 1;
		} else if (point == '"' || point == '\\') {
			buf_format(out, "\\%c", (char)point);
		} else if (!terminal_is_plain(point)) {
			/* All of these lie below U+10000, where one escape names a character. */
			buf_format(out, "\\u%04x", (unsigned)point);
		} else {
			buf_add(out, bytes_first(text, (size_t)length));
		}
		text = bytes_from(text, (size_t)length);
	}
	buf_add_byte(out, '"');
}

void
terminal_print_err(const struct err *err, bool json)
{
	cleanup_buf struct buf line = BUF((size_t)8 * ERR_TEXT);
	if (json) {
		buf_add_text(&line, "{\"error\":");
		terminal_add_json(&line, bytes_text(err->text));
		buf_add_text(&line, "}");
	} else {
		buf_add_text(&line, "cab: ");
		terminal_escape(bytes_text(err->text), &line);
	}
	(void)fprintf(stderr, "%s\n", buf_text(&line));
}

bool
terminal_is_live(int fd)
{
	const char *term = getenv("TERM");
	return isatty(fd) && term && strcmp(term, "dumb") != 0;
}

bool
terminal_has_colour(int fd)
{
	const char *none = getenv("NO_COLOR");
	if (none && *none)
		return false;
	const char *force = getenv("CLICOLOR_FORCE");
	if (force && *force && strcmp(force, "0") != 0)
		return true;
	const char *wanted = getenv("CLICOLOR");
	if (wanted && strcmp(wanted, "0") == 0)
		return false;
	return terminal_is_live(fd);
}

unsigned
terminal_width(int fd)
{
	struct winsize size = {0};
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return 100;
}
