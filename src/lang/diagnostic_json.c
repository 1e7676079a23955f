/* SPDX-License-Identifier: MPL-2.0 */
#include <inttypes.h>

#include "lang/diagnostic.h"

/* A string of RFC 8259. */
static void
string_add(struct buf *out, struct bytes text)
{
	buf_add_byte(out, '"');
	while (text.size) {
		uint32_t point = 0;
		size_t size = source_decode(text, &point);
		if (!size)
			buf_add_text(out, "\xef\xbf\xbd");
		else if (point == '"' || point == '\\')
			buf_format(out, "\\%c", (char)point);
		else if (point == '\n')
			buf_add_text(out, "\\n");
		else if (point < 0x20 || (point >= 0x7f && point < 0xa0))
			buf_format(out, "\\u%04" PRIx32, point);
		else
			buf_add(out, bytes_first(text, size));
		text = bytes_from(text, size ? size : 1);
	}
	buf_add_byte(out, '"');
}

static void
place_add(struct buf *out, const char *key, const struct source *source, uint32_t offset)
{
	struct source_place place = source_place(source, offset);
	buf_format(out,
		",\"%s\":{\"line\":%" PRIu32 ",\"column\":%" PRIu32 ",\"offset\":%" PRIu32 "}", key,
		place.line, place.column, offset);
}

static void
span_add(struct buf *out, struct span span)
{
	if (!span.source)
		return;
	buf_add_text(out, ",\"file\":");
	string_add(out, bytes_text(span.source->name));
	place_add(out, "start", span.source, span.start);
	place_add(out, "end", span.source, span.end);
}

static const char *
kind_text(enum diagnostic_mark_kind kind)
{
	switch (kind) {
	case DIAGNOSTIC_LABEL:
		return "label";
	case DIAGNOSTIC_HELP:
		return "help";
	case DIAGNOSTIC_NOTE:
		return "note";
	}
	must(false, "a mark must have one of its kinds");
}

static void
marks_add(struct buf *out, const struct diagnostic *diagnostic)
{
	buf_add_text(out, ",\"marks\":[");
	for (size_t at = 0; at < diagnostic->marks.size; at++) {
		const struct diagnostic_mark *mark = &diagnostic->marks.data[at];
		buf_format(
			out, "%s{\"kind\":\"%s\",\"text\":", at ? "," : "", kind_text(mark->kind));
		string_add(out, mark->text);
		span_add(out, mark->span);
		buf_add_byte(out, '}');
	}
	buf_add_byte(out, ']');
}

void
diagnostics_encode_json(const struct diagnostics *list, struct buf *out)
{
	for (size_t at = 0; at < list->found.size; at++) {
		const struct diagnostic *diagnostic = list->found.data[at];
		buf_format(out, "{\"severity\":\"%s\",\"title\":",
			diagnostic->severity == SEVERITY_ERROR ? "error" : "warning");
		string_add(out, diagnostic->title);
		span_add(out, diagnostic->span);
		if (diagnostic->label.size) {
			buf_add_text(out, ",\"label\":");
			string_add(out, diagnostic->label);
		}
		marks_add(out, diagnostic);
		buf_add_text(out, "}\n");
	}
}
