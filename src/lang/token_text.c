/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/lexer.h"

bool
lexer_is_path_byte(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
	       byte >= 0x80 || byte == '.' || byte == '/' || byte == '_' || byte == '-';
}

/* In a fenced text "\" means something only before exactly as many '=' as the fence has. */
static size_t
backslash_size(const struct lexer *lexer, size_t at, uint32_t fence)
{
	if (lexer_peek(lexer, at) != '\\')
		return 0;
	return fence && lexer_run(lexer, at + 1, '=') != fence ? 0 : 1 + (size_t)fence;
}

static size_t
hole_size(const struct lexer *lexer, size_t at, uint32_t fence)
{
	size_t size = backslash_size(lexer, at, fence);
	return size && lexer_peek(lexer, at + size) == '(' ? size + 1 : 0;
}

/* Steps over an escape whole, so that what it hides ends nothing; text.c says whether it is one. */
static size_t
escape_size(const struct lexer *lexer, size_t at, uint32_t fence)
{
	size_t size = backslash_size(lexer, at, fence);
	if (!size)
		return 1;
	uint32_t point;
	return size + lexer_point(lexer, at + size, &point);
}

size_t
lexer_hole_size(const struct lexer *lexer, uint32_t fence)
{
	return hole_size(lexer, 0, fence);
}

/* How far the text of a string goes, and the size of the closer that follows (0 for a hole or the
 * end of the file). */
static size_t
string_reach(const struct lexer *lexer, uint32_t fence, size_t *closer)
{
	*closer = 0;
	size_t at = 0;
	while (lexer->at + at < lexer->text.size) {
		uint8_t byte = lexer_peek(lexer, at);
		if (byte == '\\') {
			if (hole_size(lexer, at, fence))
				return at;
			at += escape_size(lexer, at, fence);
		} else if (byte == '"' && !fence) {
			*closer = 1;
			return at;
		} else if (byte == '=' && fence) {
			size_t run = lexer_run(lexer, at, '=');
			if (run == fence && lexer_peek(lexer, at + run) == '"') {
				*closer = run + 1;
				return at;
			}
			at += run;
		} else {
			at++;
		}
	}
	return lexer->text.size - lexer->at;
}

static void
lexer_string(struct lexer *lexer, uint32_t fence)
{
	size_t closer;
	size_t size = string_reach(lexer, fence, &closer);
	if (size) {
		lexer_check_bidi(lexer, lexer->at, lexer->at + size, SEVERITY_WARNING);
		lexer_take(lexer, TOKEN_TEXT, size);
	}
	if (closer) {
		lexer_take(lexer, TOKEN_STRING_END, closer);
		lexer_pop(lexer);
	}
}

static void
lexer_quoted(struct lexer *lexer)
{
	size_t at = 0;
	while (lexer->at + at < lexer->text.size) {
		uint8_t byte = lexer_peek(lexer, at);
		if (byte == '`' || byte == '\n' || hole_size(lexer, at, 0))
			break;
		at += escape_size(lexer, at, 0);
	}
	if (at) {
		lexer_check_bidi(lexer, lexer->at, lexer->at + at, SEVERITY_ERROR);
		lexer_take(lexer, TOKEN_TEXT, at);
	}
	uint8_t byte = lexer_peek(lexer, 0);
	if (lexer_is_end(lexer) || byte == '\\')
		return;
	if (byte == '\n') {
		struct span opener = span_of(
			lexer->source, lexer_mode(lexer)->start, lexer_mode(lexer)->start + 1);
		diagnostic_help(lexer->diagnostics,
			diagnostic_add(
				lexer->diagnostics, SEVERITY_ERROR, opener, "unclosed quoted name"),
			"a quoted name ends on its line");
	}
	lexer_take(lexer, TOKEN_QUOTED_END, byte == '`');
	lexer_pop(lexer);
}

static void
lexer_path(struct lexer *lexer)
{
	size_t at = 0;
	while (lexer->at + at < lexer->text.size) {
		uint8_t byte = lexer_peek(lexer, at);
		bool escape = byte == '\\' && !hole_size(lexer, at, 0) &&
			      lexer_peek(lexer, at + 1) > ' ' - 1;
		if (!lexer_is_path_byte(byte) && !escape)
			break;
		at += escape ? escape_size(lexer, at, 0) : 1;
	}
	if (at) {
		lexer_check_bidi(lexer, lexer->at, lexer->at + at, SEVERITY_ERROR);
		lexer_take(lexer, TOKEN_TEXT, at);
	}
	if (!hole_size(lexer, 0, 0)) {
		lexer_take(lexer, TOKEN_PATH_END, 0);
		lexer_pop(lexer);
	}
}

void
lexer_text(struct lexer *lexer)
{
	struct mode mode = *lexer_mode(lexer);
	size_t hole = lexer_hole_size(lexer, mode.fence);
	if (hole) {
		size_t start = lexer->at;
		lexer_take(lexer, TOKEN_HOLE_START, hole);
		lexer_push(lexer, MODE_HOLE, start, 0);
	} else if (mode.kind == MODE_STRING) {
		lexer_string(lexer, mode.fence);
	} else if (mode.kind == MODE_QUOTED) {
		lexer_quoted(lexer);
	} else {
		lexer_path(lexer);
	}
}
