/* SPDX-License-Identifier: MPL-2.0 */
/*
 * parser: the state of syntax_parse, shared by the files that parse one part of the grammar each.
 *
 *     syntax.c            the file, blocks, recovery
 *     syntax_expression.c operators, by a stack of what waits for its right side
 *     syntax_operand.c    primaries, selections, application
 *     syntax_text.c       numbers, strings, paths, islands
 *     syntax_set.c        braces: read as drafts, made sets once it is known that they are no
 * pattern pattern.c           expressions to patterns
 *
 * Recovery. A fault is reported where it is found and the tree gets a NODE_ERROR. A bracket then
 * skips to its next ',' or closer; a token that no open bracket wants is dropped. Past the depth
 * limit the parser stops: it stands at the end of the file and says nothing more.
 *
 * What may be a pattern is an expression first. Nodes that mean something only in a pattern, or
 * only outside one, are kept in `doubts`; conversion turns them to NODE_ERROR, and what is left of
 * them at the end is settled as an expression.
 */
#pragma once

#include "base/array.h"
#include "lang/syntax.h"
#include "lang/text.h"
#include "lang/token.h"

/* Which '=' may follow the expression being read: `f b = 2` then lacks a separator before b. */
enum value_kind { VALUE_OTHER, VALUE_ENTRY, VALUE_STATEMENT };

struct parser {
	struct tree *tree;
	struct arena *arena;
	struct diagnostics *diagnostics;
	const struct token *tokens;
	size_t at;
	size_t last; /* of tokens: TOKEN_END */
	unsigned depth;
	bool stopped;
	uint32_t fault_start; /* of the last fault */
	enum value_kind value;
	/* Brackets open, by their closer: what waits further out. */
	unsigned open_parens, open_brackets, open_braces, open_holes;
	ARRAY(struct node *) doubts;
	ARRAY(struct draft *) drafts; /* all of them, for their release */
};

enum draft_kind {
	DRAFT_DEFINE,  /* path = value */
	DRAFT_INHERIT, /* value.{path}: a NODE_SHARED select, or a name */
	DRAFT_DEFAULT, /* name ? value */
	DRAFT_ELLIPSIS,
};

struct draft_entry {
	enum draft_kind kind;
	struct node_path path;
	struct node *value;
	struct span span;
};

struct draft {
	ARRAY(struct draft_entry) entries;
	ARRAY(struct node *) shares; /* NODE_SHAREs of inherited groups, outermost first */
	bool semicolon;              /* was reported */
};

/* Reports; NULL when it did not (the parser has stopped, or its last fault was at the same place),
 * which parser_help takes. */
struct diagnostic *parser_fault(struct parser *parser, struct span span, const char *format, ...)
	PRINTF(3, 4);
void parser_help(struct parser *parser, struct diagnostic *fault, const char *format, ...)
	PRINTF(3, 4);

static inline const struct token *
parser_peek(const struct parser *parser)
{
	return &parser->tokens[parser->at];
}

static inline enum token_kind
parser_kind(const struct parser *parser)
{
	return parser->tokens[parser->at].kind;
}

static inline enum token_kind
parser_kind_after(const struct parser *parser, size_t count)
{
	size_t at = parser->at + count;
	return parser->tokens[at < parser->last ? at : parser->last].kind;
}

static inline void
parser_advance(struct parser *parser)
{
	if (parser->at < parser->last)
		parser->at++;
}

static inline bool
parser_accept(struct parser *parser, enum token_kind kind)
{
	if (parser_kind(parser) != kind)
		return false;
	parser_advance(parser);
	return true;
}

static inline struct span
parser_span_of(const struct parser *parser, const struct token *token)
{
	return span_of(parser->tree->source, token->start, token->end);
}

static inline struct span
parser_span(const struct parser *parser)
{
	return parser_span_of(parser, parser_peek(parser));
}

/* From `start` to the end of the last token taken. */
struct span parser_span_since(const struct parser *parser, uint32_t start);
struct node *parser_node(struct parser *parser, enum node_kind kind, struct span span);
void parser_doubt(struct parser *parser, struct node *node);

/* One level deeper; false past the limit, reported once, and then the parser has stopped. */
MUST_CHECK bool parser_enter(struct parser *parser, struct span span);
void parser_leave(struct parser *parser);
/* To the next ',' ';' or closer of this level, over whole brackets. */
void parser_skip(struct parser *parser);
/* The closer of a bracket whose opener is given. */
void parser_close(struct parser *parser, enum token_kind closer, struct span opener);
/* After something in a bracket: takes a separator (true: more may follow), or stands at what ends
 * the bracket (false). `what` is "items", "entries", "names", "clauses". */
bool parser_separate(
	struct parser *parser, enum token_kind closer, const char *what, bool *semicolon);
bool parser_is_closer(enum token_kind kind);

struct node *parse_block(struct parser *parser, enum token_kind closer);
struct node *parse_expression(struct parser *parser);
/* Within brackets: not the place for the outer '='. */
struct node *parse_inner(struct parser *parser, enum value_kind value);
/* An operand with its selections, `name @ e` and application. */
struct node *parse_operand(struct parser *parser);
bool parse_attrpath(struct parser *parser, struct node_path *path);
bool parser_starts_name(enum token_kind kind);
bool parser_starts_primary(enum token_kind kind);

struct node *parse_number(struct parser *parser);
struct node *parse_char(struct parser *parser);
struct node *parse_string(struct parser *parser);
struct node *parse_path(struct parser *parser);
struct node *parse_island(struct parser *parser);
/* A name or quoted name or string, as the name of an attribute. */
struct node_name parse_name(struct parser *parser);

struct node *parse_set(struct parser *parser);
struct draft *draft_new(struct parser *parser);
/* Makes sets of the drafts that no pattern has taken, and reports what is left in doubt. */
void parser_settle(struct parser *parser);
/* NODE_SHARE of value, whose selects are given and whose body is for the caller. */
struct node *share_new(struct parser *parser, enum share_form form, struct node *value,
	const struct node_path *paths, size_t count);

struct pattern *pattern_convert(struct parser *parser, struct node *node);
/* What a node is called when it stands where it should not: "a number". */
const char *node_describe(const struct node *node);
bool node_is_literal(const struct node *node);
