/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/lexer.h"

/* A banner such as #======== is an opener that nobody meant. */
static bool
is_banner(const struct lexer *lexer, size_t opener)
{
	uint8_t after = lexer_peek(lexer, opener);
	return opener > 2 && (after == '\n' || after == '\r' || after == '#' || after == 0);
}

static void
skip_line(struct lexer *lexer)
{
	size_t start = lexer->at;
	size_t end = bytes_find(lexer_rest(lexer), '\n');
	lexer->at = end == SIZE_MAX ? lexer->text.size : start + end;
	lexer_check_bidi(lexer, start, lexer->at, SEVERITY_WARNING);
}

/* The end of the block comment at the front, or SIZE_MAX. Runs of '=' are taken whole: "#=" does
 * not open and "=#" does not close a comment of "#==". */
static size_t
block_end(const struct lexer *lexer, size_t fence)
{
	size_t depth = 1;
	size_t at = 1 + fence;
	while (lexer->at + at < lexer->text.size) {
		uint8_t byte = lexer_peek(lexer, at);
		size_t run = lexer_run(lexer, at + (byte == '#'), '=');
		if (byte == '#') {
			depth += run == fence;
			at += 1 + run;
		} else if (byte == '=' && lexer_peek(lexer, at + run) == '#' && run == fence) {
			at += run + 1;
			if (--depth == 0)
				return at;
		} else {
			at += run ? run : 1;
		}
	}
	return SIZE_MAX;
}

void
lexer_skip_comment(struct lexer *lexer)
{
	size_t fence = lexer_run(lexer, 1, '=');
	if (fence == 0) {
		skip_line(lexer);
		return;
	}
	size_t end = block_end(lexer, fence);
	if (end == SIZE_MAX) {
		struct diagnostic *found = lexer_fault(lexer, 1 + fence, "unclosed comment");
		if (is_banner(lexer, 1 + fence))
			diagnostic_help(
				lexer->diagnostics, found, "a line of '=' needs a space after '#'");
		else
			diagnostic_help(lexer->diagnostics, found,
				"a block comment ends in as many '=' as it begins with and '#'; "
				"a comment to the end of the line wants a space after '#'");
		end = lexer->text.size - lexer->at;
		lexer_check_bidi(lexer, lexer->at, lexer->at + end, SEVERITY_WARNING);
		lexer_take(lexer, TOKEN_ERROR, end);
		return;
	}
	lexer_check_bidi(lexer, lexer->at, lexer->at + end, SEVERITY_WARNING);
	lexer->at += end;
}
