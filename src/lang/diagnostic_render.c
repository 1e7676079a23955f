/* SPDX-License-Identifier: MPL-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <utf8proc.h>

#include "lang/diagnostic.h"

/*
 *	error: undefined name 'opensl'
 *	  --> default.cab:3:12
 *	   |
 *	 3 |   inputs = opensl,
 *	   |            ^^^^^^ not bound here
 *	  ...
 *	 9 |   other line
 *	   |   ----- a secondary label
 *	   = help: did you mean 'openssl'?
 *
 * A line wider than the output is shown through a window around what is marked, cut at both sides
 * by "...". Of a line longer than LINE_REACH bytes only the neighbourhood of the mark is looked at.
 */
enum { LINE_REACH = 2000, TAB_WIDTH = 4, WIDTH_LEAST = 40 };

struct painter {
	struct diagnostic_style style;
	struct buf *out;
	unsigned gutter; /* digits of the greatest line number shown */
};

/* A mark on one line: columns count from the first column of what is shown of the line. */
struct line_mark {
	struct span span;
	struct bytes text;
	bool primary;
};

static void
paint(const struct painter *painter, const char *code)
{
	if (painter->style.color)
		buf_format(painter->out, "\x1b[%sm", code);
}

/* One character as it is shown: its text in `text_out`, its columns as the result. */
static unsigned
glyph_show(struct bytes rest, char text_out[16], size_t *size_out)
{
	uint32_t point = 0;
	size_t size = source_decode(rest, &point);
	*size_out = size ? size : 1;
	if (!size)
		return (unsigned)snprintf(text_out, 16, "\\x%02x", rest.data[0]);
	if (point == '\n' || point == '\t' || point == '\r')
		return (unsigned)snprintf(text_out, 16, "\\%c",
			point == '\n'   ? 'n'
			: point == '\t' ? 't'
					: 'r');
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)point);
	if (category == UTF8PROC_CATEGORY_CC)
		return (unsigned)snprintf(text_out, 16, "\\u{%" PRIx32 "}", point);
	if (category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_ZL ||
		category == UTF8PROC_CATEGORY_ZP)
		return (unsigned)snprintf(text_out, 16, "<U+%04" PRIX32 ">", point);
	memcpy(text_out, rest.data, size);
	text_out[size] = '\0';
	int width = utf8proc_charwidth((utf8proc_int32_t)point);
	return width > 0 ? (unsigned)width : 0;
}

void
diagnostic_escape(struct bytes text, struct buf *out)
{
	while (text.size) {
		char glyph[16];
		size_t size;
		(void)glyph_show(text, glyph, &size);
		buf_add_text(out, glyph);
		text = bytes_from(text, size);
	}
}

static unsigned
text_columns(struct bytes text)
{
	unsigned columns = 0;
	while (text.size) {
		char glyph[16];
		size_t size;
		columns += glyph_show(text, glyph, &size);
		text = bytes_from(text, size);
	}
	return columns;
}

static void
spaces_add(struct buf *out, unsigned count)
{
	while (count--)
		buf_add_byte(out, ' ');
}

/* Words, broken where the width ends, further lines indented as far as the first begins. */
static void
text_wrap(const struct painter *painter, struct bytes text, unsigned column)
{
	unsigned at = column;
	struct bytes word;
	for (bool first = true; bytes_split(&text, ' ', &word); first = false) {
		unsigned columns = text_columns(word);
		unsigned width = painter->style.width;
		if (!first && width && at + 1 + columns > width) {
			buf_add_byte(painter->out, '\n');
			spaces_add(painter->out, column);
			at = column;
		} else if (!first) {
			buf_add_byte(painter->out, ' ');
			at++;
		}
		diagnostic_escape(word, painter->out);
		at += columns;
	}
}

static void
gutter_add(const struct painter *painter, const char *sign)
{
	paint(painter, "34");
	buf_format(painter->out, " %*s %s", (int)painter->gutter, "", sign);
	paint(painter, "0");
}

/* The part of a line that is shown: bytes [start, end) of the source. */
struct window {
	uint32_t start;
	uint32_t end;
	bool cut_left;
	bool cut_right;
};

static unsigned
cell_columns(struct bytes rest, unsigned column, size_t *size)
{
	char glyph[16];
	if (rest.data[0] != '\t')
		return glyph_show(rest, glyph, size);
	*size = 1;
	return TAB_WIDTH - column % TAB_WIDTH;
}

static uint32_t
boundary_before(const struct source *source, uint32_t offset, uint32_t floor)
{
	while (offset > floor && (source->text.data[offset] & 0xc0) == 0x80)
		offset--;
	return offset;
}

/* The part of a line around a span: all of it where it fits. */
static struct window
window_find(const struct painter *painter, struct span span, uint32_t line)
{
	const struct source *source = span.source;
	uint32_t start = source->lines[line - 1];
	uint32_t end = start + (uint32_t)source_line(source, line).size;
	struct window window = {start, end, false, false};
	unsigned width = painter->style.width;
	unsigned room = !width ? LINE_REACH : width < WIDTH_LEAST ? WIDTH_LEAST : width;
	room = room > painter->gutter + 12 ? room - painter->gutter - 12 : 20;
	if (end - start <= room && text_columns(span_text(span_of(source, start, end))) <= room)
		return window;
	uint32_t mark = span.start < start ? start : span.start > end ? end : span.start;
	if (end - start > LINE_REACH || mark - start > room * 2 / 3) {
		uint32_t reach = room / 3;
		if (mark - start > reach) {
			window.start = boundary_before(source, mark - reach, start);
			window.cut_left = true;
		}
	}
	unsigned columns = 0;
	for (uint32_t at = window.start; at < end;) {
		size_t size;
		columns += cell_columns(span_text(span_of(source, at, end)), columns, &size);
		if (columns > room) {
			window.end = at;
			window.cut_right = true;
			break;
		}
		at += (uint32_t)size;
	}
	return window;
}

static void
line_text_add(const struct painter *painter, const struct source *source, uint32_t line,
	struct window window)
{
	paint(painter, "34");
	buf_format(painter->out, " %*" PRIu32 " |", (int)painter->gutter, line);
	paint(painter, "0");
	if (window.start < window.end)
		buf_add_byte(painter->out, ' ');
	if (window.cut_left)
		buf_add_text(painter->out, "...");
	unsigned column = 0;
	for (uint32_t at = window.start; at < window.end;) {
		struct bytes rest = span_text(span_of(source, at, window.end));
		size_t size;
		unsigned columns = cell_columns(rest, column, &size);
		if (rest.data[0] == '\t')
			spaces_add(painter->out, columns);
		else
			diagnostic_escape(bytes_first(rest, size), painter->out);
		column += columns;
		at += (uint32_t)size;
	}
	if (window.cut_right)
		buf_add_text(painter->out, "...");
	buf_add_byte(painter->out, '\n');
}

static unsigned
window_columns(const struct source *source, struct window window, uint32_t offset)
{
	unsigned column = 0;
	for (uint32_t at = window.start; at < offset && at < window.end;) {
		size_t size;
		column += cell_columns(span_text(span_of(source, at, window.end)), column, &size);
		at += (uint32_t)size;
	}
	return column;
}

static void
mark_line_add(const struct painter *painter, struct line_mark mark, struct window window)
{
	const struct source *source = mark.span.source;
	unsigned before = window_columns(source, window, mark.span.start);
	unsigned after = window_columns(source, window, mark.span.end);
	unsigned count = after > before ? after - before : 1;
	gutter_add(painter, "| ");
	unsigned indent = before + (window.cut_left ? 3 : 0);
	spaces_add(painter->out, indent);
	paint(painter, mark.primary ? "1;31" : "1;34");
	for (unsigned at = 0; at < count; at++)
		buf_add_byte(painter->out, mark.primary ? '^' : '-');
	if (mark.text.size) {
		unsigned column = painter->gutter + 4 + indent + count + 1;
		unsigned width = painter->style.width;
		if (width && column + text_columns(mark.text) > width) {
			buf_add_byte(painter->out, '\n');
			paint(painter, "0");
			gutter_add(painter, "| ");
			column = painter->gutter + 4;
			paint(painter, mark.primary ? "1;31" : "1;34");
			text_wrap(painter, mark.text, column);
		} else {
			buf_add_byte(painter->out, ' ');
			diagnostic_escape(mark.text, painter->out);
		}
	}
	paint(painter, "0");
	buf_add_byte(painter->out, '\n');
}

static int
order_marks(const struct line_mark *left, const struct line_mark *right)
{
	if (left->span.start != right->span.start)
		return left->span.start < right->span.start ? -1 : 1;
	return right->primary - left->primary;
}

/* Marks of one source, in order; sorted by insertion, for there are few. */
static void
excerpt_add(const struct painter *painter, struct line_mark *marks, size_t count)
{
	for (size_t at = 1; at < count; at++)
		for (size_t to = at; to > 0 && order_marks(&marks[to - 1], &marks[to]) > 0; to--) {
			struct line_mark swapped = marks[to];
			marks[to] = marks[to - 1];
			marks[to - 1] = swapped;
		}
	gutter_add(painter, "|\n");
	uint32_t shown = 0;
	struct window window = {0, 0, false, false};
	for (size_t at = 0; at < count; at++) {
		const struct source *source = marks[at].span.source;
		uint32_t line = source_line_number(source, marks[at].span.start);
		bool visible = line == shown && marks[at].span.start >= window.start &&
			       marks[at].span.start <= window.end;
		if (!visible) {
			if (shown && line > shown + 1)
				buf_format(painter->out, " %*s...\n", (int)painter->gutter, "");
			window = window_find(painter, marks[at].span, line);
			line_text_add(painter, source, line, window);
			shown = line;
		}
		mark_line_add(painter, marks[at], window);
	}
}

static void
place_add(const struct painter *painter, const char *arrow, struct span span)
{
	struct source_place place = source_place(span.source, span.start);
	paint(painter, "34");
	buf_format(painter->out, " %*s%s ", (int)painter->gutter, "", arrow);
	paint(painter, "0");
	diagnostic_escape(bytes_text(span.source->name), painter->out);
	buf_format(painter->out, ":%" PRIu32 ":%" PRIu32 "\n", place.line, place.column);
}

static unsigned
digits_of(struct span span)
{
	unsigned digits = 1;
	if (span.source)
		for (uint32_t line = source_line_number(span.source, span.start); line > 9;
			line /= 10)
			digits++;
	return digits;
}

static unsigned
gutter_of(const struct diagnostic *diagnostic)
{
	unsigned gutter = digits_of(diagnostic->span);
	for (size_t at = 0; at < diagnostic->marks.size; at++) {
		unsigned digits = digits_of(diagnostic->marks.data[at].span);
		gutter = digits > gutter ? digits : gutter;
	}
	return gutter;
}

/* Primary and secondary labels in the primary's source, then each other source's own. */
static void
labels_add(const struct painter *painter, const struct diagnostic *diagnostic)
{
	if (!diagnostic->span.source)
		return;
	place_add(painter, "-->", diagnostic->span);
	ARRAY(struct line_mark) marks = {0};
	*array_push(&marks) = (struct line_mark){diagnostic->span, diagnostic->label, true};
	for (size_t at = 0; at < diagnostic->marks.size; at++) {
		const struct diagnostic_mark *mark = &diagnostic->marks.data[at];
		if (mark->kind == DIAGNOSTIC_LABEL && mark->span.source == diagnostic->span.source)
			*array_push(&marks) = (struct line_mark){mark->span, mark->text, false};
	}
	excerpt_add(painter, marks.data, marks.size);
	array_release(&marks);
	for (size_t at = 0; at < diagnostic->marks.size; at++) {
		const struct diagnostic_mark *mark = &diagnostic->marks.data[at];
		if (mark->kind != DIAGNOSTIC_LABEL || !mark->span.source ||
			mark->span.source == diagnostic->span.source)
			continue;
		struct line_mark other = {mark->span, mark->text, false};
		place_add(painter, ":::", mark->span);
		excerpt_add(painter, &other, 1);
	}
}

static void
notes_add(const struct painter *painter, const struct diagnostic *diagnostic)
{
	for (size_t at = 0; at < diagnostic->marks.size; at++) {
		const struct diagnostic_mark *mark = &diagnostic->marks.data[at];
		if (mark->kind == DIAGNOSTIC_LABEL)
			continue;
		bool help = mark->kind == DIAGNOSTIC_HELP;
		gutter_add(painter, "= ");
		paint(painter, "1");
		buf_add_text(painter->out, help ? "help:" : "note:");
		paint(painter, "0");
		buf_add_byte(painter->out, ' ');
		text_wrap(painter, mark->text, painter->gutter + 4 + 6);
		buf_add_byte(painter->out, '\n');
		if (mark->span.source) {
			struct line_mark place = {mark->span, bytes_of(NULL, 0), false};
			place_add(painter, "-->", mark->span);
			excerpt_add(painter, &place, 1);
		}
	}
}

static void
diagnostic_render(
	const struct diagnostic *diagnostic, struct diagnostic_style style, struct buf *out)
{
	struct painter painter = {style, out, gutter_of(diagnostic)};
	bool error = diagnostic->severity == SEVERITY_ERROR;
	paint(&painter, error ? "1;31" : "1;33");
	buf_add_text(out, error ? "error:" : "warning:");
	paint(&painter, "0;1");
	buf_add_byte(out, ' ');
	text_wrap(&painter, diagnostic->title, error ? 7 : 9);
	paint(&painter, "0");
	buf_add_byte(out, '\n');
	labels_add(&painter, diagnostic);
	notes_add(&painter, diagnostic);
}

void
diagnostics_render(const struct diagnostics *list, struct diagnostic_style style, struct buf *out)
{
	for (size_t at = 0; at < list->found.size; at++) {
		if (at)
			buf_add_byte(out, '\n');
		diagnostic_render(list->found.data[at], style, out);
	}
	if (list->dropped)
		buf_format(out, "\nand %zu more\n", list->dropped);
}
