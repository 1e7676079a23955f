/* SPDX-License-Identifier: MPL-2.0 */
/*
 * text: what stands between quotes, as the text that it means: escapes, and the layout of strings
 * that span lines (LANGUAGE, sections 1 and 8).
 *
 *     struct text_piece pieces[] = {{span, NULL}, {span, hole}, ...};      as the tokens had them
 *     struct node_text text = text_decode(&reader, TEXT_STRING, fence, pieces, count);
 *
 * Faults are reported and decoding goes on. The result lies in the arena.
 */
#pragma once

#include "lang/diagnostic.h"
#include "lang/syntax.h"

enum text_kind {
	TEXT_STRING,
	TEXT_CHAR,
	TEXT_NAME,  /* quoted; on one line */
	TEXT_PATH,  /* "\c" is the character c: space or ASCII punctuation */
	TEXT_PLACE, /* a part of an island; escapes as in a path */
};

struct text_piece {
	struct span span;
	struct node *hole; /* NULL for text */
};

struct text_reader {
	struct arena *arena;
	struct diagnostics *diagnostics;
};

struct node_text text_decode(const struct text_reader *reader, enum text_kind kind, uint32_t fence,
	const struct text_piece *pieces, size_t count);

/* A path without holes: "/a/b", "./a", "../../a", "..", ".", or "/". */
struct bytes text_normalise_path(struct arena *arena, struct bytes path);
