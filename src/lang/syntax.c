/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/syntax.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/parser.h"

struct tree *
tree_new(const struct source *source)
{
	struct tree *tree = memory_zero(1, sizeof *tree);
	tree->source = source;
	tree->arena = ARENA;
	return tree;
}

void
tree_free(struct tree *tree)
{
	if (!tree)
		return;
	arena_release(&tree->arena);
	free(tree);
}

const char *operator_text(enum node_operator operator)
{
	static const char *const texts[] = {
#define OPERATOR(name, token, text, left, right) text,
#include "lang/node_list.h"
#undef OPERATOR
	};
	return texts[operator];
}

struct diagnostic *
parser_fault(struct parser *parser, struct span span, const char *format, ...)
{
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	/* What follows the depth limit is no fault of its own, nor what follows a fault at its
	 * place. */
	if (parser->stopped || parser->fault_start == span.start)
		return NULL;
	parser->fault_start = span.start;
	return diagnostic_add(parser->diagnostics, SEVERITY_ERROR, span, "%s", text);
}

void
parser_help(struct parser *parser, struct diagnostic *fault, const char *format, ...)
{
	if (!fault)
		return;
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	diagnostic_help(parser->diagnostics, fault, "%s", text);
}

struct span
parser_span_since(const struct parser *parser, uint32_t start)
{
	uint32_t end = parser->at ? parser->tokens[parser->at - 1].end : start;
	return span_of(parser->tree->source, start, end > start ? end : start);
}

struct node *
parser_node(struct parser *parser, enum node_kind kind, struct span span)
{
	struct node *node = arena_new(parser->arena, struct node);
	node->kind = kind;
	node->span = span;
	return node;
}

void
parser_doubt(struct parser *parser, struct node *node)
{
	*array_push(&parser->doubts) = node;
}

bool
parser_enter(struct parser *parser, struct span span)
{
	if (parser->depth < SYNTAX_DEPTH_MAX) {
		parser->depth++;
		return true;
	}
	parser_help(parser,
		parser_fault(parser, span, "nesting deeper than %d levels", SYNTAX_DEPTH_MAX),
		"name a part of it in a block: name = …;");
	parser->stopped = true;
	parser->at = parser->last;
	return false;
}

void
parser_leave(struct parser *parser)
{
	parser->depth--;
}

bool
parser_is_closer(enum token_kind kind)
{
	return kind == TOKEN_PAREN_CLOSE || kind == TOKEN_BRACKET_CLOSE ||
	       kind == TOKEN_BRACE_CLOSE || kind == TOKEN_HOLE_END || kind == TOKEN_END;
}

static int
nesting_of(enum token_kind kind)
{
	switch ((int)kind) {
	case TOKEN_PAREN_OPEN:
	case TOKEN_BRACKET_OPEN:
	case TOKEN_BRACE_OPEN:
	case TOKEN_HOLE_START:
	case TOKEN_STRING_START:
	case TOKEN_QUOTED_START:
	case TOKEN_PATH_START:
	case TOKEN_ISLAND_START:
		return 1;
	case TOKEN_PAREN_CLOSE:
	case TOKEN_BRACKET_CLOSE:
	case TOKEN_BRACE_CLOSE:
	case TOKEN_HOLE_END:
	case TOKEN_STRING_END:
	case TOKEN_QUOTED_END:
	case TOKEN_PATH_END:
	case TOKEN_ISLAND_END:
		return -1;
	}
	return 0;
}

void
parser_skip(struct parser *parser)
{
	size_t depth = 0;
	for (;; parser_advance(parser)) {
		enum token_kind kind = parser_kind(parser);
		bool stop =
			parser_is_closer(kind) || kind == TOKEN_COMMA || kind == TOKEN_SEMICOLON;
		if (kind == TOKEN_END || (!depth && stop))
			return;
		int nesting = nesting_of(kind);
		if (nesting > 0)
			depth++;
		else if (nesting < 0 && depth)
			depth--;
	}
}

/* Whether a bracket further out waits for this closer. */
static bool
is_wanted(const struct parser *parser, enum token_kind kind)
{
	return kind == TOKEN_END || (kind == TOKEN_PAREN_CLOSE && parser->open_parens) ||
	       (kind == TOKEN_BRACKET_CLOSE && parser->open_brackets) ||
	       (kind == TOKEN_BRACE_CLOSE && parser->open_braces) ||
	       (kind == TOKEN_HOLE_END && parser->open_holes);
}

void
parser_close(struct parser *parser, enum token_kind closer, struct span opener)
{
	if (parser_accept(parser, closer))
		return;
	enum token_kind found = parser_kind(parser);
	struct diagnostic *fault = parser_fault(parser, parser_span(parser),
		"expected %s, found %s", token_describe(closer), token_describe(found));
	if (fault)
		diagnostic_label(parser->diagnostics, fault, opener, "opened here");
	if (found == TOKEN_COMMA && closer == TOKEN_PAREN_CLOSE)
		parser_help(parser, fault, "a list is written [a, b]");
	parser->tree->lossy |= found != TOKEN_END;
	while (!parser_is_closer(parser_kind(parser)) || !is_wanted(parser, parser_kind(parser))) {
		parser_advance(parser);
		parser_skip(parser);
	}
	(void)parser_accept(parser, closer);
}

bool
parser_separate(struct parser *parser, enum token_kind closer, const char *what, bool *semicolon)
{
	enum token_kind kind = parser_kind(parser);
	if (kind == closer || kind == TOKEN_END)
		return false;
	if (parser_accept(parser, TOKEN_COMMA))
		return parser_kind(parser) != closer;
	if (kind == TOKEN_SEMICOLON) {
		if (!*semicolon)
			parser_help(parser,
				parser_fault(parser, parser_span(parser), "%s are separated by ','",
					what),
				"';' ends a statement of a block: (a = 1; a + 1)");
		*semicolon = true;
		parser_advance(parser);
		return parser_kind(parser) != closer;
	}
	if (parser_is_closer(kind) && is_wanted(parser, kind))
		return false;
	if (parser_starts_primary(kind) || kind == TOKEN_ELLIPSIS) {
		struct span span = parser_span(parser);
		parser_help(parser,
			parser_fault(parser, span, "missing ',' before %s", token_describe(kind)),
			"%s are separated by ','", what);
		return true;
	}
	parser_fault(parser, parser_span(parser), "expected ',' or %s, found %s",
		token_describe(closer), token_describe(kind));
	parser->tree->lossy = true;
	parser_advance(parser);
	parser_skip(parser);
	return parser_separate(parser, closer, what, semicolon);
}

/* `a.b = 1;` is written `a = { b = 1, };` in a block. */
static bool
is_path_statement(const struct node *node)
{
	return node->kind == NODE_SELECT && !node->select.fallback && !node->parenthesised &&
	       node->select.base->kind == NODE_NAME;
}

static struct pattern *
statement_pattern(struct parser *parser, struct node *node)
{
	if (is_path_statement(node)) {
		parser_help(parser,
			parser_fault(parser, node->span, "a statement defines a name, not a path"),
			"write %.*s = { %.*s = …, };", BYTES_ARGS(node->select.base->name.text),
			BYTES_ARGS(bytes_from(span_text(node->span),
				node->select.path.names[0].span.start - node->span.start)));
		return NULL;
	}
	if (node->kind == NODE_CALL && node->call.form == CALL_PLAIN && !node->parenthesised &&
		node->call.function->kind == NODE_NAME) {
		parser_help(parser, parser_fault(parser, node->span, "a call cannot be defined"),
			"a function is defined by a lambda: %.*s = x => …;",
			BYTES_ARGS(node->call.function->name.text));
		return NULL;
	}
	return pattern_convert(parser, node);
}

struct block_draft {
	ARRAY(struct node_binding) bindings;
	ARRAY(struct node *) steps;
};

static void
missing_semicolon(struct parser *parser, enum token_kind closer, struct span equals)
{
	enum token_kind kind = parser_kind(parser);
	struct diagnostic *fault;
	if (kind == closer && closer != TOKEN_END) {
		fault = parser_fault(parser, equals, "'=' does not compare");
		parser_help(parser, fault,
			"to compare, write '=='; a definition ends in ';' and a value follows it");
		return;
	}
	fault = parser_fault(parser, parser_span(parser),
		"expected ';' after a definition, found %s", token_describe(kind));
	parser_help(parser, fault,
		kind == closer ? "a block ends in a value: name = …; name"
			       : "definitions are separated by ';': a = 1; b = 2; a + b");
}

/* After the '='. True when a ';' was there or may be taken as meant. */
static bool
parse_definition(struct parser *parser, struct block_draft *draft, struct node *left,
	enum token_kind closer, struct span equals)
{
	struct pattern *pattern = statement_pattern(parser, left);
	enum value_kind outer = parser->value;
	parser->value = VALUE_STATEMENT;
	struct node *value = parse_expression(parser);
	parser->value = outer;
	parser->tree->lossy |= !pattern;
	if (pattern)
		*array_push(&draft->bindings) = (struct node_binding){.pattern = pattern,
			.value = value,
			.span = parser_span_since(parser, left->span.start)};
	if (parser_accept(parser, TOKEN_SEMICOLON))
		return true;
	if (value->kind != NODE_ERROR)
		missing_semicolon(parser, closer, equals);
	return parser_starts_primary(parser_kind(parser));
}

/* A block goes on after something that it cannot hold where a later ';' says so. */
static bool
block_resume(struct parser *parser, enum token_kind closer, bool reported)
{
	if (parser_kind(parser) == closer || parser_kind(parser) == TOKEN_END ||
		closer != TOKEN_END)
		return false;
	struct diagnostic *fault = NULL;
	if (!reported)
		fault = parser_fault(parser, parser_span(parser), "unexpected %s after the value",
			token_describe(parser_kind(parser)));
	if (parser_kind(parser) == TOKEN_COMMA)
		parser_help(parser, fault, "a file is one value: a list [a, b] or a set { a, b, }");
	parser->tree->lossy = true;
	do {
		parser_advance(parser);
		parser_skip(parser);
	} while (parser_kind(parser) != TOKEN_SEMICOLON && parser_kind(parser) != TOKEN_END);
	return parser_accept(parser, TOKEN_SEMICOLON) && parser_kind(parser) != TOKEN_END;
}

static struct node *
block_finish(struct parser *parser, struct block_draft *draft, struct node *value, uint32_t start)
{
	if (draft->bindings.size || draft->steps.size) {
		struct node *node =
			parser_node(parser, NODE_BLOCK, parser_span_since(parser, start));
		struct node_block *block = arena_new(parser->arena, struct node_block);
		block->binding_count = draft->bindings.size;
		block->bindings =
			arena_array(parser->arena, struct node_binding, draft->bindings.size);
		if (draft->bindings.size)
			memcpy(block->bindings, draft->bindings.data,
				draft->bindings.size * sizeof *block->bindings);
		block->step_count = draft->steps.size;
		block->steps = arena_array(parser->arena, struct node *, draft->steps.size);
		for (size_t at = 0; at < draft->steps.size; at++)
			block->steps[at] = draft->steps.data[at];
		block->value = value;
		node->block = block;
		value = node;
	}
	array_release(&draft->bindings);
	array_release(&draft->steps);
	return value;
}

struct node *
parse_block(struct parser *parser, enum token_kind closer)
{
	struct block_draft draft = {0};
	uint32_t start = parser_peek(parser)->start;
	struct node *value = NULL;
	while (!value) {
		if (parser_kind(parser) == closer || parser_kind(parser) == TOKEN_END) {
			struct span end = parser_span(parser);
			value = parser_node(parser, NODE_ERROR, end);
			bool empty = !draft.bindings.size && !draft.steps.size;
			struct diagnostic *fault = parser_fault(parser, end,
				empty ? "expected a value, found %s" : "a block without a value",
				token_describe(parser_kind(parser)));
			if (!empty)
				parser_help(parser, fault,
					"after its last ';' a block says what it is: a = 1; a");
			break;
		}
		struct node *node = parse_expression(parser);
		struct span equals = parser_span(parser);
		if (parser_accept(parser, TOKEN_ASSIGN)) {
			if (!parse_definition(parser, &draft, node, closer, equals))
				value = parser_node(parser, NODE_ERROR, equals);
		} else if (parser_accept(parser, TOKEN_SEMICOLON)) {
			*array_push(&draft.steps) = node;
		} else {
			value = node;
		}
		if (value && block_resume(parser, closer, value->kind == NODE_ERROR))
			value = NULL;
	}
	return block_finish(parser, &draft, value, start);
}

struct byte_fault {
	size_t found;
	const char *title;
};

enum { BYTE_FAULTS_MAX = 20 };

static void
byte_report(struct parser *parser, struct byte_fault *fault, size_t at, size_t size)
{
	if (fault->found++ < BYTE_FAULTS_MAX)
		diagnostic_add(parser->diagnostics, SEVERITY_ERROR,
			span_of(parser->tree->source, at, at + size), "%s", fault->title);
}

/* Byte order mark, NUL, malformed UTF-8: the first of each run, and of each sort not too many. */
static void
source_check(struct parser *parser)
{
	struct bytes text = parser->tree->source->text;
	struct byte_fault malformed = {0, "malformed UTF-8"};
	struct byte_fault nul = {0, "a NUL character in the source"};
	struct byte_fault mark = {0, "a byte order mark"};
	size_t fault_end = SIZE_MAX;
	for (size_t at = 0; at < text.size;) {
		uint32_t point = 1;
		size_t size =
			text.data[at] < 0x80 ? 1 : source_decode(bytes_from(text, at), &point);
		bool fault = !size || !text.data[at];
		if (fault && fault_end != at)
			byte_report(parser, size ? &nul : &malformed, at, 1);
		else if (point == 0xfeff && at == 0)
			byte_report(parser, &mark, at, size);
		at += size ? size : 1;
		fault_end = fault ? at : fault_end;
	}
}

bool
syntax_parse(struct tree *tree, struct diagnostics *diagnostics)
{
	struct parser parser = {.tree = tree,
		.arena = &tree->arena,
		.diagnostics = diagnostics,
		.fault_start = UINT32_MAX};
	size_t errors = diagnostics->errors;
	struct tokens tokens = {0};
	source_check(&parser);
	tokens_read(&tokens, tree->source, diagnostics);
	parser.tokens = tokens.data;
	parser.last = tokens.size - 1;
	tree->root = parse_block(&parser, TOKEN_END);
	if (parser.stopped)
		tree->root = parser_node(&parser, NODE_ERROR, tree->root->span);
	else
		parser_settle(&parser);
	for (size_t at = 0; at < parser.drafts.size; at++) {
		array_release(&parser.drafts.data[at]->entries);
		array_release(&parser.drafts.data[at]->shares);
	}
	array_release(&parser.drafts);
	array_release(&parser.doubts);
	array_release(&tokens);
	return diagnostics->errors == errors;
}
