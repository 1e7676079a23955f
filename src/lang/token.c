/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/token.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lang/lexer.h"

void
lexer_take(struct lexer *lexer, enum token_kind kind, size_t size)
{
	const struct mode *mode = lexer_mode(lexer);
	uint32_t fence = mode && mode->kind == MODE_STRING ? mode->fence : 0;
	*array_push(lexer->tokens) = (struct token){.kind = (uint8_t)kind,
		.glued = lexer->glued,
		.fence = fence,
		.start = (uint32_t)lexer->at,
		.end = (uint32_t)(lexer->at + size)};
	lexer->at += size;
	lexer->glued = true;
}

void
lexer_push(struct lexer *lexer, enum mode_kind kind, size_t start, size_t fence)
{
	*array_push(&lexer->modes) = (struct mode){
		.kind = kind, .fence = (uint32_t)fence, .start = (uint32_t)start, .depth = 0};
}

void
lexer_pop(struct lexer *lexer)
{
	must(lexer->modes.size > 0, "a mode must be open to be closed");
	lexer->modes.size--;
}

struct mode *
lexer_mode(struct lexer *lexer)
{
	return lexer->modes.size ? &lexer->modes.data[lexer->modes.size - 1] : NULL;
}

struct diagnostic *
lexer_fault(struct lexer *lexer, size_t size, const char *format, ...)
{
	char text[256];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	struct span span = span_of(lexer->source, lexer->at, lexer->at + size);
	return diagnostic_add(lexer->diagnostics, SEVERITY_ERROR, span, "%s", text);
}

void
lexer_check_bidi(struct lexer *lexer, size_t start, size_t end, enum severity severity)
{
	for (size_t at = start; at < end;) {
		uint32_t point = 0;
		size_t size = lexer->text.data[at] < 0x80
				      ? 1
				      : source_decode(bytes_from(lexer->text, at), &point);
		size = size ? size : 1;
		if (token_is_bidi(point)) {
			struct diagnostic *found = diagnostic_add(lexer->diagnostics, severity,
				span_of(lexer->source, at, at + size),
				"invisible control U+%04" PRIX32 " changes the order of text",
				point);
			diagnostic_help(lexer->diagnostics, found,
				"in a string, write it as \\u{%" PRIx32 "}", point);
		}
		at += size;
	}
}

static bool
is_operand_end(enum token_kind kind)
{
	return kind == TOKEN_NAME || kind == TOKEN_INTEGER || kind == TOKEN_FLOAT ||
	       kind == TOKEN_CHAR || kind == TOKEN_STRING_END || kind == TOKEN_QUOTED_END ||
	       kind == TOKEN_PATH_END || kind == TOKEN_ISLAND_END || kind == TOKEN_PAREN_CLOSE ||
	       kind == TOKEN_BRACKET_CLOSE || kind == TOKEN_BRACE_CLOSE;
}

/* Whether what comes next is glued to an operand, so that '/' and '.' belong to it. */
static bool
follows_operand(const struct lexer *lexer)
{
	size_t size = lexer->tokens->size;
	return lexer->glued && size && is_operand_end(lexer->tokens->data[size - 1].kind);
}

static void
lexer_trivia(struct lexer *lexer)
{
	size_t start = lexer->at;
	for (;;) {
		uint8_t byte = lexer_peek(lexer, 0);
		bool mark = lexer->at == 0 &&
			    bytes_has_prefix(lexer->text, BYTES_LITERAL("\xef\xbb\xbf"));
		if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r')
			lexer->at++;
		else if (mark)
			lexer->at += 3;
		else if (byte == '#')
			lexer_skip_comment(lexer);
		else
			break;
	}
	if (lexer->at > start || start == 0)
		lexer->glued = false;
}

static void
lexer_name(struct lexer *lexer)
{
	size_t size = 0;
	for (;;) {
		uint32_t point;
		size_t more = lexer_point(lexer, size, &point);
		bool dash = point == '-' && lexer_peek(lexer, size + 1) != '>';
		if (!more || (!token_continues_name(point) && !dash && point != '\''))
			break;
		size += more;
	}
	struct bytes text = bytes_first(lexer_rest(lexer), size);
	enum token_kind kind = TOKEN_NAME;
	if (bytes_equal_text(text, "if"))
		kind = TOKEN_IF;
	else if (bytes_equal_text(text, "then"))
		kind = TOKEN_THEN;
	else if (bytes_equal_text(text, "else"))
		kind = TOKEN_ELSE;
	else if (bytes_equal_text(text, "or"))
		kind = TOKEN_OR;
	lexer_take(lexer, kind, size);
}

struct operator_row {
	const char *text;
	enum token_kind kind;
	const char *help; /* of a reserved one, which is an error */
};

/* Longer ones first. */
static const struct operator_row operators[] = {
	{"==>", TOKEN_ERROR, "a lambda is written 'x => …', an implication 'a -> b'"},
	{"<==", TOKEN_ERROR, "a comparison is written 'a <= b'"},
	{"...", TOKEN_ELLIPSIS, NULL},
	{":=", TOKEN_ERROR, "a definition is written 'name = value;'"},
	{"${", TOKEN_ERROR, "an interpolation is written '\\(…)', a dynamic name '\"\\(…)\"'"},
	{"++", TOKEN_CONCAT, NULL},
	{"//", TOKEN_UPDATE, NULL},
	{"<|", TOKEN_PIPE_LEFT, NULL},
	{"<=", TOKEN_LESS_EQUAL, NULL},
	{">=", TOKEN_GREATER_EQUAL, NULL},
	{"==", TOKEN_EQUAL, NULL},
	{"=>", TOKEN_ARROW, NULL},
	{"!=", TOKEN_NOT_EQUAL, NULL},
	{"&&", TOKEN_AND, NULL},
	{"||", TOKEN_EITHER, NULL},
	{"|>", TOKEN_PIPE_RIGHT, NULL},
	{"->", TOKEN_IMPLIES, NULL},
	{"(", TOKEN_PAREN_OPEN, NULL},
	{")", TOKEN_PAREN_CLOSE, NULL},
	{"[", TOKEN_BRACKET_OPEN, NULL},
	{"]", TOKEN_BRACKET_CLOSE, NULL},
	{"{", TOKEN_BRACE_OPEN, NULL},
	{"}", TOKEN_BRACE_CLOSE, NULL},
	{",", TOKEN_COMMA, NULL},
	{";", TOKEN_SEMICOLON, NULL},
	{".", TOKEN_DOT, NULL},
	{"=", TOKEN_ASSIGN, NULL},
	{"@", TOKEN_AT, NULL},
	{"?", TOKEN_QUESTION, NULL},
	{"!", TOKEN_BANG, NULL},
	{"^", TOKEN_POWER, NULL},
	{"*", TOKEN_STAR, NULL},
	{"/", TOKEN_SLASH, NULL},
	{"+", TOKEN_PLUS, NULL},
	{"-", TOKEN_MINUS, NULL},
	{"<", TOKEN_LESS, NULL},
	{">", TOKEN_GREATER, NULL},
	{":", TOKEN_COLON, NULL},
	{"&", TOKEN_ERROR, "'and' is written '&&'"},
	{"|", TOKEN_ERROR, "'or' is written '||', a pipe '|>' or '<|'"},
	{"$", TOKEN_ERROR, "an interpolation is written '\\(…)'"},
};

static const struct operator_row *
operator_find(struct bytes rest)
{
	for (size_t at = 0; at < sizeof operators / sizeof *operators; at++)
		if (bytes_has_prefix(rest, bytes_text(operators[at].text)))
			return &operators[at];
	return NULL;
}

static void
lexer_unknown(struct lexer *lexer)
{
	uint32_t point;
	size_t size = lexer_point(lexer, 0, &point);
	if (!size || point == 0 || (point == 0xfeff && !lexer->at)) {
		/* Reported when the source was checked. */
		size = size ? size : 1;
		while (lexer->at + size < lexer->text.size && !lexer_point(lexer, size, &point))
			size++;
	} else if (token_is_bidi(point)) {
		lexer_check_bidi(lexer, lexer->at, lexer->at + size, SEVERITY_ERROR);
	} else if (point == '\\') {
		diagnostic_help(lexer->diagnostics,
			lexer_fault(lexer, 1, "'\\' has no meaning here"),
			"escapes and interpolations stand in strings; a lambda is written 'x => "
			"…'");
	} else {
		char text[5] = {0};
		memcpy(text, lexer_rest(lexer).data, size);
		lexer_fault(
			lexer, size, "unexpected character '%s' (U+%04" PRIX32 ")", text, point);
	}
	lexer_take(lexer, TOKEN_ERROR, size);
}

/* '' … '' is Nix's string: taken whole where it ends. */
static void
lexer_indented(struct lexer *lexer)
{
	size_t size = 2;
	for (size_t at = lexer->at + 2; at + 1 < lexer->text.size; at++)
		if (lexer->text.data[at] == '\'' && lexer->text.data[at + 1] == '\'') {
			size = at + 2 - lexer->at;
			break;
		}
	diagnostic_help(lexer->diagnostics, lexer_fault(lexer, 2, "'' is reserved"),
		"a string that spans lines is written with \" as well; "
		"its first and last line stay blank");
	lexer_take(lexer, TOKEN_ERROR, size);
}

/* Counts brackets of the hole or configuration that the lexer is in; true when this one ends it. */
static bool
bracket_count(struct lexer *lexer, enum token_kind kind)
{
	struct mode *mode = lexer_mode(lexer);
	if (!mode)
		return false;
	bool hole = mode->kind == MODE_HOLE;
	if (kind == (hole ? TOKEN_PAREN_OPEN : TOKEN_BRACE_OPEN))
		mode->depth++;
	else if (kind == (hole ? TOKEN_PAREN_CLOSE : TOKEN_BRACE_CLOSE))
		return hole ? mode->depth-- == 0 : --mode->depth == 0;
	return false;
}

static void
lexer_operator(struct lexer *lexer)
{
	const struct operator_row *row = operator_find(lexer_rest(lexer));
	if (!row) {
		lexer_unknown(lexer);
		return;
	}
	size_t size = strlen(row->text);
	if (row->kind == TOKEN_ERROR)
		diagnostic_help(lexer->diagnostics,
			lexer_fault(lexer, size, "'%s' is reserved", row->text), "%s", row->help);
	if (!bracket_count(lexer, row->kind)) {
		lexer_take(lexer, row->kind, size);
	} else if (row->kind == TOKEN_PAREN_CLOSE) {
		lexer_pop(lexer);
		lexer_take(lexer, TOKEN_HOLE_END, size);
	} else {
		lexer_mode(lexer)->kind = MODE_CONFIGURED;
		lexer_take(lexer, row->kind, size);
	}
}

/* What a path may begin with, where no operand is glued before it. */
static bool
lexer_is_path(struct lexer *lexer)
{
	uint8_t first = lexer_peek(lexer, 0);
	uint8_t second = lexer_peek(lexer, 1);
	uint8_t third = lexer_peek(lexer, 2);
	if (follows_operand(lexer))
		return false;
	if (first == '/')
		return second != '/' && (lexer_is_path_byte(second) || second == '\\');
	return first == '.' && (second == '/' || (second == '.' && third != '.'));
}

static void
lexer_start_text(
	struct lexer *lexer, enum mode_kind mode, enum token_kind kind, size_t size, size_t fence)
{
	lexer_push(lexer, mode, lexer->at, fence);
	lexer_take(lexer, kind, size);
}

static void
lexer_code(struct lexer *lexer)
{
	lexer_trivia(lexer);
	if (lexer_is_end(lexer))
		return;
	uint8_t byte = lexer_peek(lexer, 0);
	uint32_t point;
	(void)lexer_point(lexer, 0, &point);
	if (byte == '"') {
		size_t fence = lexer_run(lexer, 1, '=');
		lexer_start_text(lexer, MODE_STRING, TOKEN_STRING_START, 1 + fence, fence);
	} else if (byte == '`') {
		lexer_start_text(lexer, MODE_QUOTED, TOKEN_QUOTED_START, 1, 0);
	} else if (byte == '\'' && lexer_peek(lexer, 1) == '\'') {
		lexer_indented(lexer);
	} else if (byte == '\'') {
		lexer_char(lexer);
	} else if (byte == '<' && lexer_is_island(lexer)) {
		lexer_start_text(lexer, MODE_SCHEME, TOKEN_ISLAND_START, 1, 0);
	} else if ((byte == '/' || byte == '.') && lexer_is_path(lexer)) {
		lexer_start_text(lexer, MODE_PATH, TOKEN_PATH_START, 0, 0);
	} else if ((byte >= '0' && byte <= '9') ||
		   (byte == '.' && !follows_operand(lexer) && lexer_peek(lexer, 1) >= '0' &&
			   lexer_peek(lexer, 1) <= '9')) {
		lexer_number(lexer);
	} else if (token_starts_name(point)) {
		lexer_name(lexer);
	} else {
		lexer_operator(lexer);
	}
}

const char island_help[] = "an island is written <scheme:reference>, all on one line; "
			   "to compare, put a space after '<'";

/* At the end of the file: the innermost text that is open is the fault, the rest follows from it.
 */
static void
lexer_close(struct lexer *lexer)
{
	bool reported = false;
	while (lexer->modes.size) {
		struct mode mode = *lexer_mode(lexer);
		struct span opener = span_of(lexer->source, mode.start, mode.start + 1);
		enum token_kind kind = TOKEN_ISLAND_END;
		const char *what = "island";
		if (mode.kind == MODE_STRING) {
			kind = TOKEN_STRING_END;
			what = "string";
			opener.end += mode.fence;
		} else if (mode.kind == MODE_QUOTED) {
			kind = TOKEN_QUOTED_END;
			what = "quoted name";
		} else if (mode.kind == MODE_HOLE) {
			kind = TOKEN_HOLE_END;
			what = "interpolation";
		} else if (mode.kind == MODE_PATH) {
			kind = TOKEN_PATH_END;
			reported = true;
		}
		if (!reported) {
			struct diagnostic *found = diagnostic_add(
				lexer->diagnostics, SEVERITY_ERROR, opener, "unclosed %s", what);
			if (mode.kind == MODE_STRING && mode.fence)
				diagnostic_help(lexer->diagnostics, found,
					"a fenced string ends in as many '=' as it begins with and "
					"'\"'; a string that begins with '=' is written \"\\=…\"");
			else if (kind == TOKEN_ISLAND_END)
				diagnostic_help(lexer->diagnostics, found, "%s", island_help);
		}
		reported = true;
		lexer_take(lexer, kind, 0);
		lexer_pop(lexer);
	}
}

static bool
is_code(const struct mode *mode)
{
	return !mode || mode->kind == MODE_HOLE || mode->kind == MODE_CONFIG;
}

void
tokens_read(struct tokens *tokens, const struct source *source, struct diagnostics *diagnostics)
{
	struct lexer lexer = {.source = source,
		.diagnostics = diagnostics,
		.tokens = tokens,
		.text = source->text};
	while (!lexer_is_end(&lexer)) {
		const struct mode *mode = lexer_mode(&lexer);
		if (is_code(mode))
			lexer_code(&lexer);
		else if (mode->kind == MODE_STRING || mode->kind == MODE_QUOTED ||
			 mode->kind == MODE_PATH)
			lexer_text(&lexer);
		else
			lexer_island(&lexer);
	}
	lexer_close(&lexer);
	lexer_take(&lexer, TOKEN_END, 0);
	array_release(&lexer.modes);
}
