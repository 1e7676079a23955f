/* SPDX-License-Identifier: MPL-2.0 */
/*
 * lexer: the state of tokens_read, shared by the files that read one sort of token each.
 *
 * A stack of modes says what the next byte belongs to. Below them all is code; a hole or an
 * island's configuration is code on top of a text, and counts its own brackets, so that the ')' or
 * '}' that ends it is known whatever stands between.
 *
 *     token.c         code: white space, names, operators
 *     token_comment.c comments
 *     token_number.c  numbers and characters
 *     token_text.c    strings, quoted names, paths
 *     token_island.c  islands
 */
#pragma once

#include "lang/token.h"

enum mode_kind {
	MODE_STRING,
	MODE_QUOTED,
	MODE_PATH,
	MODE_SCHEME,
	MODE_REFERENCE,
	MODE_SUBPATH,
	MODE_CONFIGURED, /* after the '}' of a configuration */
	MODE_HOLE,
	MODE_CONFIG,
};

struct mode {
	enum mode_kind kind;
	uint32_t fence;
	uint32_t start; /* the opener */
	uint32_t depth; /* brackets open in a hole or configuration */
};

struct lexer {
	const struct source *source;
	struct diagnostics *diagnostics;
	struct tokens *tokens;
	struct bytes text;
	size_t at;
	bool glued;
	ARRAY(struct mode) modes;
};

/* The byte `ahead` of the next one, NUL beyond the end (which no rule takes for text). */
static inline uint8_t
lexer_peek(const struct lexer *lexer, size_t ahead)
{
	return lexer->at + ahead < lexer->text.size ? lexer->text.data[lexer->at + ahead] : 0;
}

static inline bool
lexer_is_end(const struct lexer *lexer)
{
	return lexer->at >= lexer->text.size;
}

static inline struct bytes
lexer_rest(const struct lexer *lexer)
{
	return bytes_from(lexer->text, lexer->at);
}

/* The code point at `ahead`; 0 where there is none. */
static inline size_t
lexer_point(const struct lexer *lexer, size_t ahead, uint32_t *point)
{
	*point = 0;
	return source_decode(bytes_from(lexer->text, lexer->at + ahead), point);
}

static inline size_t
lexer_run(const struct lexer *lexer, size_t ahead, uint8_t byte)
{
	size_t count = 0;
	while (lexer->at + ahead + count < lexer->text.size &&
		lexer->text.data[lexer->at + ahead + count] == byte)
		count++;
	return count;
}

/* Adds a token of `size` bytes at the front of what is left, and steps over it. */
void lexer_take(struct lexer *lexer, enum token_kind kind, size_t size);
void lexer_push(struct lexer *lexer, enum mode_kind kind, size_t start, size_t fence);
void lexer_pop(struct lexer *lexer);
struct mode *lexer_mode(struct lexer *lexer); /* NULL in code outside everything */

/* An error over `size` bytes at the front; nothing is stepped over. */
struct diagnostic *lexer_fault(struct lexer *lexer, size_t size, const char *format, ...)
	PRINTF(3, 4);

/* Bidirectional controls in [start, end): an error in code, a warning in strings and comments. */
void lexer_check_bidi(struct lexer *lexer, size_t start, size_t end, enum severity severity);

/* An unclosed one becomes a TOKEN_ERROR. */
void lexer_skip_comment(struct lexer *lexer);
extern const char island_help[];

void lexer_number(struct lexer *lexer);
void lexer_char(struct lexer *lexer);
/* One token of the text or island that is open. */
void lexer_text(struct lexer *lexer);
void lexer_island(struct lexer *lexer);
/* Whether the '<' at the front starts an island. */
bool lexer_is_island(const struct lexer *lexer);
bool lexer_is_path_byte(uint8_t byte);
/* A hole at the front, in any text; its size, or 0. */
size_t lexer_hole_size(const struct lexer *lexer, uint32_t fence);
