/* SPDX-License-Identifier: MPL-2.0 */
/*
 * diagnostic: what is wrong with a program, where, and how to mend it; and its rendering.
 *
 *     struct diagnostics list = DIAGNOSTICS;
 *     struct diagnostic *found = diagnostic_add(&list, SEVERITY_ERROR, span, "undefined name
 * '%.*s'", BYTES_ARGS(name)); diagnostic_label(&list, found, other, "first defined here");      a
 * secondary span diagnostic_help(&list, found, "did you mean '%s'?", near); diagnostic_note(&list,
 * found, span, "while evaluating '%s'", name);   a span or NO_SPAN diagnostics_sort(&list);
 *     diagnostics_render(&list, style, &out);
 *     diagnostics_release(&list);
 *
 * Titles are lower case without a full stop. Texts are copied and may hold anything: rendering
 * escapes control characters and shows bidirectional controls as <U+202E>. Only spans with a
 * source that still lives may be rendered. At most DIAGNOSTICS_MAX are kept, the rest counted; a
 * text is cut at DIAGNOSTIC_TEXT_MAX bytes.
 *
 * diagnostic_add never gives NULL: past the ceiling it gives one that is not shown.
 */
#pragma once

#include "base/arena.h"
#include "base/array.h"
#include "base/buf.h"
#include "lang/source.h"

enum { DIAGNOSTICS_MAX = 1000, DIAGNOSTIC_TEXT_MAX = 4096 };

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

enum diagnostic_mark_kind {
	DIAGNOSTIC_LABEL, /* a secondary span and what it is */
	DIAGNOSTIC_HELP,
	DIAGNOSTIC_NOTE, /* with or without a span */
};

struct diagnostic_mark {
	enum diagnostic_mark_kind kind;
	struct span span;
	struct bytes text;
};

struct diagnostic {
	enum severity severity;
	size_t order;     /* kept by diagnostics_sort where places are equal */
	struct span span; /* primary; without a source for a fault that has no place */
	struct bytes title;
	struct bytes label; /* under the primary span; may be empty */
	ARRAY(struct diagnostic_mark) marks;
};

struct diagnostics {
	ARRAY(struct diagnostic *) found;
	size_t errors;
	size_t warnings;
	size_t dropped;
	struct diagnostic *spare;
	struct arena arena;
};

struct diagnostic_style {
	bool color;
	unsigned width; /* columns; 0 is as wide as needed */
};

#define DIAGNOSTICS ((struct diagnostics){.arena = ARENA})
#define NO_SPAN     ((struct span){NULL, 0, 0})

struct diagnostic *diagnostic_add(struct diagnostics *list, enum severity severity,
	struct span span, const char *format, ...) PRINTF(4, 5);
/* The text under the primary span. */
void diagnostic_explain(struct diagnostics *list, struct diagnostic *diagnostic, const char *format,
	...) PRINTF(3, 4);
void diagnostic_label(struct diagnostics *list, struct diagnostic *diagnostic, struct span span,
	const char *format, ...) PRINTF(4, 5);
void diagnostic_help(struct diagnostics *list, struct diagnostic *diagnostic, const char *format,
	...) PRINTF(3, 4);
void diagnostic_note(struct diagnostics *list, struct diagnostic *diagnostic, struct span span,
	const char *format, ...) PRINTF(4, 5);

/* By source (in the order met), position and severity; equal ones (place, severity, title) once. */
void diagnostics_sort(struct diagnostics *list);
void diagnostics_release(struct diagnostics *list);

/* For people. One blank line stands between two diagnostics. */
void diagnostics_render(
	const struct diagnostics *list, struct diagnostic_style style, struct buf *out);
/* One JSON object a line: {"severity","title","file","start":{"line","column","offset"},"end":…,
 * "label"?,"marks":[{"kind":"label"|"help"|"note","text","file"?,"start"?,"end"?}]}. Bytes that are
 * not UTF-8 become U+FFFD. */
void diagnostics_encode_json(const struct diagnostics *list, struct buf *out);

/* Whether to colour: NO_COLOR (non-empty) forbids, CLICOLOR_FORCE (not "0") forces, CLICOLOR=0
 * forbids, else where the output is a terminal. Unset variables are NULL. no-color.org,
 * bixense.com/clicolors. */
bool diagnostic_color(
	bool terminal, const char *no_color, const char *clicolor, const char *clicolor_force);

/* Text as it may be sent to a terminal: control characters, malformed bytes and bidirectional
 * controls become visible (\u{1b}, \xff, <U+202E>); newlines and tabs too. */
void diagnostic_escape(struct bytes text, struct buf *out);
/* The nearest of the names offered so far, by edits (a swap of neighbours is one): at most a third
 * of the longer one's length, at least 1; empty text when none is near. */
struct diagnostic_nearest {
	struct bytes wanted;
	struct bytes best;
	size_t edits;
};
struct diagnostic_nearest diagnostic_nearest(struct bytes wanted);
void diagnostic_nearest_offer(struct diagnostic_nearest *nearest, struct bytes name);
