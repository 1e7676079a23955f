/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/lexer.h"

/*
 *	<scheme:reference:{config}:subpath>/outer
 *	<scheme::subpath>
 *
 * The modes follow one another: SCHEME, REFERENCE, CONFIG (code) and CONFIGURED, SUBPATH.
 */

static size_t
scheme_size(const struct lexer *lexer, size_t at)
{
	uint32_t point;
	size_t size = lexer_point(lexer, at, &point);
	bool dash = point == '-' && lexer_peek(lexer, at + 1) != '>';
	bool fits = token_continues_name(point) || dash || point == '\'' || point == '+' ||
		    point == '.';
	return size && fits ? size : 0;
}

bool
lexer_is_island(const struct lexer *lexer)
{
	if (lexer_peek(lexer, 1) == '\\' && lexer_peek(lexer, 2) == '(')
		return true;
	size_t at = 1;
	for (size_t size; (size = scheme_size(lexer, at)) > 0;)
		at += size;
	return at > 1 && (lexer_peek(lexer, at) == ':' || lexer_peek(lexer, at) == '>');
}

static void
text_take(struct lexer *lexer, size_t size)
{
	lexer_check_bidi(lexer, lexer->at, lexer->at + size, SEVERITY_ERROR);
	lexer_take(lexer, TOKEN_TEXT, size);
}

/* After '>' an outer path may be glued; "//" is the operator here as everywhere. */
static void
island_end(struct lexer *lexer, size_t size)
{
	lexer_take(lexer, TOKEN_ISLAND_END, size);
	lexer_pop(lexer);
	if (size && lexer_peek(lexer, 0) == '/' && lexer_peek(lexer, 1) != '/') {
		lexer_push(lexer, MODE_PATH, lexer->at, 0);
		lexer_take(lexer, TOKEN_PATH_START, 0);
	}
}

static void
island_fault(struct lexer *lexer, const char *title)
{
	uint32_t start = lexer_mode(lexer)->start;
	struct span opener = span_of(lexer->source, start, start + 1);
	diagnostic_help(lexer->diagnostics,
		diagnostic_add(lexer->diagnostics, SEVERITY_ERROR, opener, "%s", title), "%s",
		island_help);
	size_t at = 0;
	while (lexer->at + at < lexer->text.size && lexer_peek(lexer, at) != '>' &&
		lexer_peek(lexer, at) != '\n')
		at++;
	lexer->at += at;
	island_end(lexer, lexer_peek(lexer, 0) == '>');
}

static void
separator_take(struct lexer *lexer)
{
	struct mode *mode = lexer_mode(lexer);
	uint8_t after = lexer_peek(lexer, 1);
	if (mode->kind == MODE_CONFIGURED || after == ':') {
		mode->kind = MODE_SUBPATH;
		lexer_take(lexer, TOKEN_ISLAND_SUBPATH, after == ':' ? 2 : 1);
	} else if (after == '{') {
		mode->kind = MODE_CONFIG;
		mode->depth = 0;
		lexer_take(lexer, TOKEN_ISLAND_CONFIG, 1);
	} else {
		mode->kind = MODE_REFERENCE;
		lexer_take(lexer, TOKEN_ISLAND_COLON, 1);
	}
}

static bool
ends_opaque(const struct lexer *lexer, size_t at, enum mode_kind mode)
{
	uint8_t byte = lexer_peek(lexer, at);
	uint8_t after = lexer_peek(lexer, at + 1);
	if (mode == MODE_REFERENCE && byte == ':')
		return after == ':' || after == '{';
	return byte == '>' || byte == '\n';
}

static bool
is_hole(const struct lexer *lexer, size_t at)
{
	return lexer_peek(lexer, at) == '\\' && lexer_peek(lexer, at + 1) == '(';
}

/* A reference or a subpath: opaque but for escapes and holes. */
static size_t
opaque_size(const struct lexer *lexer, enum mode_kind mode)
{
	size_t at = 0;
	while (lexer->at + at < lexer->text.size && !ends_opaque(lexer, at, mode) &&
		!is_hole(lexer, at)) {
		bool escape = lexer_peek(lexer, at) == '\\' && lexer_peek(lexer, at + 1) != '\n';
		at += escape && lexer->at + at + 1 < lexer->text.size ? 2 : 1;
	}
	return at;
}

static size_t
part_size(const struct lexer *lexer, enum mode_kind mode)
{
	if (mode == MODE_CONFIGURED)
		return 0;
	if (mode != MODE_SCHEME)
		return opaque_size(lexer, mode);
	size_t at = 0;
	for (size_t size; (size = scheme_size(lexer, at)) > 0;)
		at += size;
	return at;
}

void
lexer_island(struct lexer *lexer)
{
	struct mode mode = *lexer_mode(lexer);
	size_t hole = mode.kind == MODE_CONFIGURED ? 0 : lexer_hole_size(lexer, 0);
	size_t size = hole ? 0 : part_size(lexer, mode.kind);
	if (hole) {
		size_t start = lexer->at;
		lexer_take(lexer, TOKEN_HOLE_START, hole);
		lexer_push(lexer, MODE_HOLE, start, 0);
	} else if (size) {
		text_take(lexer, size);
	} else if (lexer_peek(lexer, 0) == '>') {
		island_end(lexer, 1);
	} else if (lexer_peek(lexer, 0) == ':' && mode.kind != MODE_SUBPATH) {
		separator_take(lexer);
	} else if (mode.kind == MODE_SCHEME) {
		island_fault(lexer, "an island's scheme ends in ':' or '>'");
	} else if (mode.kind == MODE_CONFIGURED) {
		island_fault(lexer, "an island's configuration is followed by ':' or '>'");
	} else {
		island_fault(lexer, "unclosed island");
	}
}
