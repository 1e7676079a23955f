/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/text.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "lang/token.h"

enum element_kind {
	ELEMENT_END,
	ELEMENT_BYTE,
	ELEMENT_BLANK,
	ELEMENT_NEWLINE,
	ELEMENT_JOIN,  /* an escaped newline */
	ELEMENT_POINT, /* an escape */
	ELEMENT_HOLE,
};

struct element {
	enum element_kind kind;
	uint32_t point; /* or the byte */
	struct span span;
	struct node *hole;
};

/* Reads pieces element by element. */
struct cursor {
	const struct text_reader *reader;
	enum text_kind kind;
	uint32_t fence;
	const struct text_piece *pieces;
	size_t count;
	size_t piece;
	uint32_t at; /* in the piece */
	bool quiet;  /* faults were, or will be, reported by another reading */
};

static struct diagnostic *
cursor_fault(const struct cursor *cursor, struct span span, const char *title)
{
	return diagnostic_add(cursor->reader->diagnostics, SEVERITY_ERROR, span, "%s", title);
}

static bool
is_punctuation(uint8_t byte)
{
	return byte >= ' ' && byte < 0x7f && !((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') &&
	       !(byte >= '0' && byte <= '9');
}

/* What a one-letter escape stands for, or -1. */
static int
escape_letter(enum text_kind kind, uint8_t letter)
{
	if (kind == TEXT_PATH || kind == TEXT_PLACE)
		return is_punctuation(letter) ? letter : -1;
	static const char letters[] = " 0abtnvfr=`\"'\\";
	static const char meanings[] = " \0\a\b\t\n\v\f\r=`\"'\\";
	const char *found = letter ? strchr(letters, letter) : NULL;
	return found ? meanings[found - letters] : -1;
}

static int
hex_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* "{1f600}" after "\u": its size, or 0. */
static size_t
braced_point(struct bytes rest, uint32_t *point)
{
	if (rest.size < 3 || rest.data[0] != '{')
		return 0;
	*point = 0;
	size_t at = 1;
	for (; at < rest.size && hex_digit(rest.data[at]) >= 0; at++) {
		if (at > 6)
			return 0;
		*point = *point << 4 | (uint32_t)hex_digit(rest.data[at]);
	}
	if (at == 1 || at >= rest.size || rest.data[at] != '}')
		return 0;
	bool surrogate = *point >= 0xd800 && *point <= 0xdfff;
	return *point > 0x10ffff || surrogate ? 0 : at + 1;
}

static void
escape_fault(const struct cursor *cursor, struct span span)
{
	if (cursor->quiet)
		return;
	struct bytes text = span_text(span);
	struct diagnostic *found = diagnostic_add(cursor->reader->diagnostics, SEVERITY_ERROR, span,
		"unknown escape '%.*s'", BYTES_ARGS(text));
	if (cursor->kind == TEXT_PATH || cursor->kind == TEXT_PLACE)
		diagnostic_help(cursor->reader->diagnostics, found,
			"here '\\' stands before a space or a punctuation character");
	else
		diagnostic_help(cursor->reader->diagnostics, found,
			"escapes are \\ and one of: space 0 a b t n v f r = ` \" ' \\ u{hex} (…) "
			"or a newline");
}

/* An escape whose introducer (backslash and fence) has `lead` bytes. */
static struct element
escape_read(struct cursor *cursor, struct bytes rest, struct span span, size_t lead)
{
	struct bytes body = bytes_from(rest, lead);
	struct element element = {.kind = ELEMENT_POINT};
	size_t size = 0;
	bool lines = cursor->kind == TEXT_STRING;
	bool text = lines || cursor->kind == TEXT_CHAR || cursor->kind == TEXT_NAME;
	if (lines && bytes_has_prefix(body, BYTES_LITERAL("\n"))) {
		element.kind = ELEMENT_JOIN;
		size = 1;
	} else if (lines && bytes_has_prefix(body, BYTES_LITERAL("\r\n"))) {
		element.kind = ELEMENT_JOIN;
		size = 2;
	} else if (text && body.size && body.data[0] == 'u') {
		size = braced_point(bytes_from(body, 1), &element.point);
		size += size > 0;
	} else if (body.size && escape_letter(cursor->kind, body.data[0]) >= 0) {
		element.point = (uint32_t)escape_letter(cursor->kind, body.data[0]);
		size = 1;
	}
	if (!size) {
		size_t shown = source_decode(body, NULL);
		span.end = span.start + (uint32_t)(lead + shown);
		escape_fault(cursor, span);
		element = (struct element){.kind = ELEMENT_BYTE, .point = '\\'};
		size = shown;
	}
	cursor->at += (uint32_t)(lead + size);
	span.end = span.start + (uint32_t)(lead + size);
	element.span = span;
	return element;
}

/* The size of an escape's introducer at the front, or 0. In a fenced string an unknown escape is
 * plain text. */
static size_t
escape_lead(const struct cursor *cursor, struct bytes rest)
{
	if (rest.data[0] != '\\')
		return 0;
	if (!cursor->fence)
		return 1;
	size_t run = 0;
	while (1 + run < rest.size && rest.data[1 + run] == '=')
		run++;
	if (run != cursor->fence)
		return 0;
	struct bytes body = bytes_from(rest, 1 + run);
	uint32_t point;
	bool newline = bytes_has_prefix(body, BYTES_LITERAL("\n")) ||
		       bytes_has_prefix(body, BYTES_LITERAL("\r\n"));
	bool known = body.size &&
		     (newline || escape_letter(cursor->kind, body.data[0]) >= 0 ||
			     (body.data[0] == 'u' && braced_point(bytes_from(body, 1), &point)));
	return known ? 1 + run : 0;
}

static struct element
cursor_next(struct cursor *cursor)
{
	while (cursor->piece < cursor->count) {
		const struct text_piece *piece = &cursor->pieces[cursor->piece];
		if (piece->hole) {
			cursor->piece++;
			return (struct element){
				.kind = ELEMENT_HOLE, .span = piece->span, .hole = piece->hole};
		}
		struct bytes rest = bytes_from(span_text(piece->span), cursor->at);
		if (rest.size) {
			uint32_t start = piece->span.start + cursor->at;
			struct span span = span_of(piece->span.source, start, start + 1);
			size_t lead = escape_lead(cursor, rest);
			if (lead)
				return escape_read(cursor, rest, span, lead);
			uint8_t byte = rest.data[0];
			bool crlf = byte == '\r' && rest.size > 1 && rest.data[1] == '\n';
			cursor->at += crlf ? 2 : 1;
			enum element_kind kind = byte == '\n' || crlf          ? ELEMENT_NEWLINE
						 : byte == ' ' || byte == '\t' ? ELEMENT_BLANK
									       : ELEMENT_BYTE;
			return (struct element){.kind = kind, .point = byte, .span = span};
		}
		cursor->piece++;
		cursor->at = 0;
	}
	return (struct element){.kind = ELEMENT_END};
}

/* How a string's lines are laid out. */
struct layout {
	bool lines; /* an unescaped newline stands in it */
	size_t count;
	size_t indent;
};

struct line_survey {
	size_t indent;
	bool blank; /* nothing but blanks so far */
	bool spaces;
	bool tabs;
	struct span content; /* the first that is no blank */
	struct span start;
};

struct survey {
	struct cursor *cursor;
	struct layout layout;
	bool spaces;
	bool tabs;
	bool any;
};

static void
line_end(struct survey *survey, const struct line_survey *line, bool last)
{
	struct cursor *cursor = survey->cursor;
	bool first = survey->layout.count == 0;
	survey->layout.count++;
	if (line->blank)
		return;
	if ((first || last) && survey->layout.lines) {
		struct diagnostic *found = cursor_fault(cursor, line->content,
			first ? "the first line of a string that spans lines must be blank"
			      : "the last line of a string that spans lines must be blank");
		diagnostic_help(cursor->reader->diagnostics, found,
			"put the text on lines of its own, or write '\\n' for a line's end");
		return;
	}
	if (first)
		return;
	bool mixed = (line->spaces || survey->spaces) && (line->tabs || survey->tabs);
	if (mixed && !(survey->spaces && survey->tabs))
		diagnostic_help(cursor->reader->diagnostics,
			cursor_fault(
				cursor, line->start, "tabs and spaces are mixed in the indent"),
			"indent all lines of a string alike");
	survey->spaces |= line->spaces;
	survey->tabs |= line->tabs;
	if (!survey->any || line->indent < survey->layout.indent)
		survey->layout.indent = line->indent;
	survey->any = true;
}

static bool
has_lines(struct cursor cursor)
{
	cursor.quiet = true;
	for (;;) {
		struct element element = cursor_next(&cursor);
		if (element.kind == ELEMENT_END || element.kind == ELEMENT_NEWLINE)
			return element.kind == ELEMENT_NEWLINE;
	}
}

static struct layout
layout_find(struct cursor cursor)
{
	struct survey survey = {.cursor = &cursor};
	survey.layout.lines = cursor.kind == TEXT_STRING && has_lines(cursor);
	if (!survey.layout.lines)
		return survey.layout;
	cursor.quiet = true;
	struct line_survey line = {.blank = true};
	for (;;) {
		struct element element = cursor_next(&cursor);
		if (!line.start.source)
			line.start = element.span;
		bool ends = element.kind == ELEMENT_NEWLINE || element.kind == ELEMENT_END;
		if (!ends && element.kind != ELEMENT_BLANK && line.blank) {
			line.blank = false;
			line.content = element.span;
		} else if (element.kind == ELEMENT_BLANK && line.blank) {
			line.indent++;
			line.spaces |= element.point == ' ';
			line.tabs |= element.point == '\t';
		}
		if (ends || element.kind == ELEMENT_JOIN) {
			line_end(&survey, &line, element.kind == ELEMENT_END);
			line = (struct line_survey){.blank = true};
		}
		if (element.kind == ELEMENT_END)
			return survey.layout;
	}
}

/* Collects text and holes; two texts become one part. */
struct writer {
	struct arena *arena;
	struct buf text;
	size_t solid; /* of text: what is no trailing blank */
	struct span span;
	ARRAY(struct node_part) parts;
};

static void
writer_flush(struct writer *writer)
{
	if (writer->text.size)
		*array_push(&writer->parts) = (struct node_part){
			.text = arena_copy(writer->arena, buf_bytes(&writer->text)),
			.span = writer->span};
	buf_clear(&writer->text);
	writer->solid = 0;
}

static void
writer_add(struct writer *writer, const struct element *element)
{
	if (element->kind == ELEMENT_HOLE) {
		writer_flush(writer);
		*array_push(&writer->parts) =
			(struct node_part){.value = element->hole, .span = element->span};
		return;
	}
	if (!writer->text.size)
		writer->span = element->span;
	writer->span.end = element->span.end;
	if (element->kind == ELEMENT_POINT) {
		uint8_t encoded[4];
		buf_add(&writer->text, bytes_of(encoded, source_encode(element->point, encoded)));
	} else {
		buf_add_byte(&writer->text,
			element->kind == ELEMENT_NEWLINE ? '\n' : (uint8_t)element->point);
	}
	if (element->kind != ELEMENT_BLANK)
		writer->solid = writer->text.size;
}

static struct node_text
writer_finish(struct writer *writer)
{
	writer_flush(writer);
	struct node_text text = {NULL, writer->parts.size};
	text.parts = arena_array(writer->arena, struct node_part, text.count);
	if (text.count)
		memcpy(text.parts, writer->parts.data, text.count * sizeof *text.parts);
	array_release(&writer->parts);
	buf_release(&writer->text);
	return text;
}

static void
dollar_check(const struct cursor *cursor, struct element before, struct element now)
{
	if (cursor->kind != TEXT_STRING || cursor->fence || before.kind != ELEMENT_BYTE ||
		before.point != '$' || now.kind != ELEMENT_BYTE || now.point != '{')
		return;
	struct diagnostic *found = diagnostic_add(cursor->reader->diagnostics, SEVERITY_WARNING,
		span_join(before.span, now.span), "'${' is plain text in a string");
	diagnostic_help(cursor->reader->diagnostics, found,
		"an interpolation is written '\\(…)'; where '${' is meant, use a fenced string, "
		"\"=…=\", or write '\\u{24}{'");
}

static void
write_lines(struct cursor *cursor, struct writer *writer, struct layout layout)
{
	size_t line = 0;
	size_t indent = layout.indent;
	struct element before = {.kind = ELEMENT_END};
	for (;;) {
		struct element element = cursor_next(cursor);
		if (element.kind == ELEMENT_END)
			return;
		dollar_check(cursor, before, element);
		before = element;
		bool kept = !layout.lines || (line > 0 && line + 1 < layout.count);
		bool newline = element.kind == ELEMENT_NEWLINE;
		if (newline && layout.lines)
			buf_truncate(&writer->text, writer->solid);
		if (element.kind == ELEMENT_BLANK && layout.lines && indent > 0) {
			indent--;
		} else if (kept && element.kind != ELEMENT_JOIN) {
			indent = 0;
			writer_add(writer, &element);
		}
		if (newline || element.kind == ELEMENT_JOIN) {
			writer->solid = writer->text.size;
			indent = layout.indent;
			line++;
		}
	}
}

struct node_text
text_decode(const struct text_reader *reader, enum text_kind kind, uint32_t fence,
	const struct text_piece *pieces, size_t count)
{
	struct cursor cursor = {
		.reader = reader, .kind = kind, .fence = fence, .pieces = pieces, .count = count};
	struct layout layout = layout_find(cursor);
	struct writer writer = {.arena = reader->arena, .text = BUF(SOURCE_MAX * 4)};
	write_lines(&cursor, &writer, layout);
	return writer_finish(&writer);
}

static void
part_drop(struct buf *out, size_t floor)
{
	size_t at = out->size;
	while (at > floor && out->data[at - 1] != '/')
		at--;
	buf_truncate(out, at > floor ? at - 1 : floor);
}

struct bytes
text_normalise_path(struct arena *arena, struct bytes path)
{
	cleanup_buf struct buf out = BUF(SOURCE_MAX * 4);
	bool absolute = path.size && path.data[0] == '/';
	size_t floor = 0; /* of out: "../.." that nothing takes away */
	struct bytes part;
	while (bytes_split(&path, '/', &part)) {
		bool up = bytes_equal_text(part, "..");
		if (part.size == 0 || bytes_equal_text(part, ".") || (up && absolute && !out.size))
			continue;
		if (up && out.size > floor) {
			part_drop(&out, floor);
			continue;
		}
		if (out.size || absolute)
			buf_add_byte(&out, '/');
		buf_add(&out, part);
		if (up)
			floor = out.size;
	}
	cleanup_buf struct buf whole = BUF(SOURCE_MAX * 4);
	if (absolute && !out.size)
		buf_add_text(&whole, "/");
	else if (!absolute && !floor)
		buf_add_text(&whole, out.size ? "./" : ".");
	buf_add(&whole, buf_bytes(&out));
	return arena_copy(arena, buf_bytes(&whole));
}
