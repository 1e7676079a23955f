/* SPDX-License-Identifier: MPL-2.0 */
/*
 * source: the text of one file, its name, and where its lines begin. Tokens, nodes and diagnostics
 * point into it by spans, so a source outlives everything made from it.
 *
 *     struct source *source = source_new("default.cab", text, err);     copies both
 *     struct source_place place = source_place(source, span.start);
 *     source_free(source);
 *
 * The text is at most SOURCE_MAX bytes and may hold anything; syntax_parse reports what is not
 * UTF-8. Lines end with LF or CR LF. Offsets and spans count bytes; lines and columns count from 1,
 * columns in code points (bytes that continue one count for nothing, also where none began).
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

#define SOURCE_MAX ((size_t)16 << 20)

enum { SOURCE_BLOCK = 1024 };

struct source {
	char *name; /* as shown to people */
	struct bytes text;
	uint32_t *lines; /* the offset of each line's first byte */
	uint32_t line_count;
	uint32_t *points; /* how many code points begin before each SOURCE_BLOCK bytes */
};

/* The bytes [start, end) of a source. A span without a source is none. */
struct span {
	const struct source *source;
	uint32_t start;
	uint32_t end;
};

struct source_place {
	uint32_t line;
	uint32_t column;
};

/* NULL and ERR_LIMIT when the text is too long. */
struct source *source_new(const char *name, struct bytes text, struct err *err);
void source_free(struct source *source);

/* The line alone is cheaper. */
uint32_t source_line_number(const struct source *source, uint32_t offset);
struct source_place source_place(const struct source *source, uint32_t offset);
/* The text of a line (counted from 1), without its end. */
struct bytes source_line(const struct source *source, uint32_t line);

/* One code point off the front of text: how many bytes it has (1 to 4), or 0 where the text is
 * empty or does not begin with well-formed UTF-8 (no surrogates, nothing over-long; Unicode 15,
 * table 3-7). */
size_t source_decode(struct bytes text, uint32_t *point_out);
/* Appends a code point to out, which has room for 4 bytes; gives how many were written. */
size_t source_encode(uint32_t point, uint8_t *out);

static inline struct span
span_of(const struct source *source, size_t start, size_t end)
{
	return (struct span){source, (uint32_t)start, (uint32_t)end};
}

static inline struct bytes
span_text(struct span span)
{
	return bytes_of(span.source->text.data + span.start, span.end - span.start);
}

/* From the start of one to the end of another of the same source. */
static inline struct span
span_join(struct span first, struct span last)
{
	return (struct span){first.source, first.start, last.end};
}
