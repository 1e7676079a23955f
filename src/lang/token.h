/* SPDX-License-Identifier: MPL-2.0 */
/*
 * token: the words of a source. Reading never fails: what is no token is reported and becomes a
 * TOKEN_ERROR, which the parser takes for an operand without saying more.
 *
 *     struct tokens tokens = {0};
 *     tokens_read(&tokens, source, &diagnostics);
 *     for (size_t at = 0; at < tokens.size; at++) use(tokens.data[at]);       the last is TOKEN_END
 *     array_release(&tokens);
 *
 * White space and comments are between the tokens; `glued` says that none stands before one. Texts
 * in strings, quoted names, paths and islands are spans of the source, not yet unescaped: see
 * text.h. Brackets and holes always match where they are kept by the lexer: a HOLE_END is given for
 * the ')' that closes its HOLE_START, and where the file ends inside a string or hole the ENDs
 * follow all the same. Depth is bounded by memory alone, about sixteen bytes a level.
 */
#pragma once

#include "base/array.h"
#include "lang/diagnostic.h"
#include "lang/source.h"

enum token_kind {
#define TOKEN(name, text) TOKEN_##name,
#include "lang/token_list.h"
#undef TOKEN
};

struct token {
	uint8_t kind; /* enum token_kind */
	bool glued;
	uint32_t fence; /* of STRING_START, TEXT and STRING_END: how many '=' fence the string */
	uint32_t start;
	uint32_t end;
};

struct tokens {
	struct token *data;
	size_t size;
	size_t capacity;
};

void tokens_read(
	struct tokens *tokens, const struct source *source, struct diagnostics *diagnostics);

/* "a name", "'=>'". */
const char *token_describe(enum token_kind kind);
/* Whether the text can be written as a name without quotes (keywords cannot). */
bool token_is_name(struct bytes text);
/* Unicode's XID_Start and XID_Continue, by utf8proc's categories and the short lists of exceptions
 * in PropList.txt and DerivedCoreProperties.txt. */
bool token_starts_name(uint32_t point);
bool token_continues_name(uint32_t point);
/* Bidi_Control of PropList.txt. */
bool token_is_bidi(uint32_t point);
