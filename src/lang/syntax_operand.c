/* SPDX-License-Identifier: MPL-2.0 */
#include <string.h>

#include "lang/parser.h"

bool
parser_starts_name(enum token_kind kind)
{
	return kind == TOKEN_NAME || kind == TOKEN_QUOTED_START || kind == TOKEN_STRING_START;
}

bool
parser_starts_primary(enum token_kind kind)
{
	return parser_starts_name(kind) || kind == TOKEN_INTEGER || kind == TOKEN_FLOAT ||
	       kind == TOKEN_CHAR || kind == TOKEN_PATH_START || kind == TOKEN_ISLAND_START ||
	       kind == TOKEN_PAREN_OPEN || kind == TOKEN_BRACKET_OPEN || kind == TOKEN_BRACE_OPEN ||
	       kind == TOKEN_ERROR;
}

static bool
is_keyword(enum token_kind kind)
{
	return kind == TOKEN_IF || kind == TOKEN_THEN || kind == TOKEN_ELSE || kind == TOKEN_OR;
}

bool
parse_attrpath(struct parser *parser, struct node_path *path)
{
	ARRAY(struct node_name) names = {0};
	bool sound = true;
	do {
		enum token_kind kind = parser_kind(parser);
		if (!parser_starts_name(kind)) {
			struct diagnostic *fault = parser_fault(parser, parser_span(parser),
				"expected an attribute's name, found %s", token_describe(kind));
			if (is_keyword(kind))
				parser_help(parser, fault, "a keyword as a name is quoted: `%.*s`",
					BYTES_ARGS(span_text(parser_span(parser))));
			if (is_keyword(kind))
				parser_advance(parser);
			sound = false;
			break;
		}
		*array_push(&names) = parse_name(parser);
	} while (parser_kind(parser) == TOKEN_DOT &&
		 parser_starts_name(parser_kind_after(parser, 1)) &&
		 parser_accept(parser, TOKEN_DOT));
	path->count = names.size;
	path->names = arena_array(parser->arena, struct node_name, names.size);
	if (names.size)
		memcpy(path->names, names.data, names.size * sizeof *path->names);
	array_release(&names);
	return sound;
}

struct paths {
	ARRAY(struct node_path) paths;
};

/* { attrpath "," } up to a closer, which is taken. */
static bool
parse_names(struct parser *parser, enum token_kind closer, struct span opener, struct paths *paths)
{
	bool semicolon = false;
	bool sound = true;
	bool more = parser_kind(parser) != closer;
	while (more) {
		struct node_path path;
		bool named = parse_attrpath(parser, &path);
		sound = sound && named;
		if (named)
			*array_push(&paths->paths) = path;
		else
			parser_skip(parser);
		more = parser_separate(parser, closer, "names", &semicolon);
	}
	if (sound && !paths->paths.size) {
		parser_fault(parser, parser_span(parser), "a selection without names");
		sound = false;
	}
	parser_close(parser, closer, opener);
	return sound;
}

/* x.{a, b} and x.[a, b], from the bracket on. */
static struct node *
parse_several(struct parser *parser, struct node *base)
{
	bool set = parser_kind(parser) == TOKEN_BRACE_OPEN;
	enum token_kind closer = set ? TOKEN_BRACE_CLOSE : TOKEN_BRACKET_CLOSE;
	unsigned *open = set ? &parser->open_braces : &parser->open_brackets;
	struct span opener = parser_span(parser);
	parser_advance(parser);
	struct paths paths = {0};
	struct node *node = parser_node(parser, NODE_ERROR, opener);
	if (parser_enter(parser, opener)) {
		++*open;
		if (parse_names(parser, closer, opener, &paths))
			node = share_new(parser, set ? SHARE_SET : SHARE_LIST, base,
				paths.paths.data, paths.paths.size);
		--*open;
		parser_leave(parser);
	}
	array_release(&paths.paths);
	node->span = parser_span_since(parser, base->span.start);
	return node;
}

static bool
is_selection(const struct node *node)
{
	return !node->parenthesised && (node->kind == NODE_SELECT || node->kind == NODE_SHARE);
}

/* After '.': a name goes on with the path of an unfinished selection, or begins one. */
static struct node *
parse_selection(struct parser *parser, struct node *base)
{
	enum token_kind kind = parser_kind(parser);
	if (kind == TOKEN_BRACE_OPEN || kind == TOKEN_BRACKET_OPEN)
		return parse_several(parser, base);
	struct node *node = parser_node(parser, NODE_SELECT, base->span);
	node->select.base = base;
	if (kind == TOKEN_INTEGER || kind == TOKEN_FLOAT) {
		parser_help(parser,
			parser_fault(parser, parser_span(parser),
				"expected an attribute's name, found a number"),
			"an item of a list is elementAt n list");
		parser_advance(parser);
		node->kind = NODE_ERROR;
	} else if (!parse_attrpath(parser, &node->select.path)) {
		node->kind = NODE_ERROR;
	}
	node->span = parser_span_since(parser, base->span.start);
	return node;
}

static struct node *parse_primary(struct parser *parser);

/* A primary and its selections, without `or`. */
static struct node *
parse_selected(struct parser *parser)
{
	struct node *node = parse_primary(parser);
	while (parser_kind(parser) == TOKEN_DOT) {
		parser_advance(parser);
		node = parse_selection(parser, node);
	}
	return node;
}

static struct node *
has_all(struct parser *parser, const struct node_share *share)
{
	struct node *condition = NULL;
	for (size_t at = share->count; at-- > 0;) {
		struct node *select = share->selects[at];
		struct node *has = parser_node(parser, NODE_HAS, select->span);
		has->select.base = select->select.base;
		has->select.path = select->select.path;
		struct node *both =
			condition ? parser_node(parser, NODE_BINARY, select->span) : has;
		if (condition) {
			both->binary.left = has;
			both->binary.right = condition;
			both->binary.operator= OPERATOR_AND;
			both->binary.span = select->span;
		}
		condition = both;
	}
	return condition;
}

static void
give_fallback(struct parser *parser, struct node *node, struct node *fallback)
{
	node->span.end = fallback->span.end > node->span.end ? fallback->span.end : node->span.end;
	if (node->kind == NODE_SELECT) {
		node->select.fallback = fallback;
	} else if (node->kind == NODE_SHARE) {
		struct node *branch = parser_node(parser, NODE_IF, node->span);
		branch->branch.condition = has_all(parser, node->share);
		branch->branch.yes = node->share->body;
		branch->branch.no = fallback;
		node->share->body = branch;
	}
}

static void
check_or(struct parser *parser, const struct node *left)
{
	if (left->kind != NODE_ERROR && !is_selection(left))
		parser_help(parser,
			parser_fault(
				parser, parser_span(parser), "'or' wants a selection on its left"),
			"a.b or c gives c where a has no b; between booleans, write '||'");
}

static void
check_fallback(struct parser *parser)
{
	enum token_kind kind = parser_kind(parser);
	if (kind != TOKEN_MINUS && kind != TOKEN_BANG && kind != TOKEN_IF)
		return;
	parser_help(parser,
		parser_fault(parser, parser_span(parser), "%s after 'or' wants parentheses",
			token_describe(kind)),
		"write: a.b or (…)");
	parser_advance(parser);
}

/* postfix [ "or" postfix ], to the right: a.b or c.d or e */
static struct node *
parse_postfix(struct parser *parser)
{
	struct node *node = parse_selected(parser);
	if (parser_kind(parser) != TOKEN_OR)
		return node;
	ARRAY(struct node *) chain = {0};
	*array_push(&chain) = node;
	while (parser_kind(parser) == TOKEN_OR) {
		check_or(parser, chain.data[chain.size - 1]);
		parser_advance(parser);
		check_fallback(parser);
		struct node *next = parse_selected(parser);
		*array_push(&chain) = next;
	}
	for (size_t at = chain.size - 1; at > 0; at--)
		give_fallback(parser, chain.data[at - 1], chain.data[at]);
	array_release(&chain);
	return node;
}

/* name @ e, to the right; also @name, which only a pattern takes. */
static struct node *
parse_named(struct parser *parser)
{
	uint32_t start = parser_peek(parser)->start;
	ARRAY(struct node *) names = {0};
	struct node *node;
	for (;;) {
		struct span sign = parser_span(parser);
		bool bare = parser_accept(parser, TOKEN_AT);
		if (bare && parser_kind(parser) != TOKEN_NAME &&
			parser_kind(parser) != TOKEN_QUOTED_START)
			parser_help(parser, parser_fault(parser, sign, "'@' stands before a name"),
				"write: name @ value");
		node = parse_postfix(parser);
		bool name = node->kind == NODE_NAME && !node->parenthesised;
		if (parser_kind(parser) == TOKEN_AT && name) {
			parser_advance(parser);
			*array_push(&names) = node;
			continue;
		}
		if (bare && name) {
			struct node *bound = parser_node(parser, NODE_AT, node->span);
			bound->at.name = node->name.text;
			bound->at.span = node->span;
			parser_doubt(parser, bound);
			node = bound;
		}
		break;
	}
	while (names.size) {
		const struct node *name = names.data[--names.size];
		struct node *at = parser_node(parser, NODE_AT, span_join(name->span, node->span));
		at->at.name = name->name.text;
		at->at.span = name->span;
		at->at.value = node;
		node = at;
	}
	node->span.start = node->kind == NODE_AT ? start : node->span.start;
	array_release(&names);
	return node;
}

/* In a value, `name =` is the next definition and its separator is missing. */
static bool
is_next_definition(const struct parser *parser)
{
	if (parser->value == VALUE_OTHER || parser_kind(parser) != TOKEN_NAME)
		return false;
	size_t after = 1;
	while (parser_kind_after(parser, after) == TOKEN_DOT &&
		parser_kind_after(parser, after + 1) == TOKEN_NAME)
		after += 2;
	return parser_kind_after(parser, after) == TOKEN_ASSIGN;
}

static void
check_function(struct parser *parser, const struct node *function)
{
	if (!node_is_literal(function))
		return;
	enum token_kind kind = parser_kind(parser);
	struct span span = parser_span(parser);
	struct bytes text = parser->tree->source->text;
	struct diagnostic *fault = parser_fault(
		parser, function->span, "%s is not a function", node_describe(function));
	if (fault)
		diagnostic_label(parser->diagnostics, fault, span, "it is given this");
	bool divides =
		kind == TOKEN_PATH_START && span.start < text.size && text.data[span.start] == '/';
	if (divides)
		parser_help(parser, fault, "to divide, put a space after '/' or none before it");
	else
		parser_help(parser, fault, "missing ','?");
}

static bool
starts_argument(struct parser *parser)
{
	if (parser_kind(parser) == TOKEN_IF) {
		parser_help(parser,
			parser_fault(parser, parser_span(parser),
				"an 'if' as an argument wants parentheses"),
			"write: f (if a then b else c)");
		return false;
	}
	return parser_starts_primary(parser_kind(parser)) && !is_next_definition(parser);
}

struct node *
parse_operand(struct parser *parser)
{
	struct node *function = parse_named(parser);
	if (function->kind == NODE_ERROR && parser_is_closer(parser_kind(parser)))
		return function;
	ARRAY(struct node *) arguments = {0};
	while (starts_argument(parser)) {
		if (!arguments.size)
			check_function(parser, function);
		struct node *argument = parse_named(parser);
		*array_push(&arguments) = argument;
	}
	/* Said above; what follows is read for its own faults. */
	if (parser_kind(parser) == TOKEN_IF)
		(void)parse_inner(parser, VALUE_OTHER);
	if (arguments.size) {
		struct node *call = parser_node(
			parser, NODE_CALL, parser_span_since(parser, function->span.start));
		call->call.function = function;
		call->call.count = (uint32_t)arguments.size;
		call->call.arguments = arena_array(parser->arena, struct node *, arguments.size);
		for (size_t at = 0; at < arguments.size; at++)
			call->call.arguments[at] = arguments.data[at];
		call->call.form = CALL_PLAIN;
		function = call;
	}
	array_release(&arguments);
	return function;
}

struct clauses {
	ARRAY(struct node_clause) clauses;
	bool reported;
};

static void
clause_add(struct parser *parser, struct clauses *clauses, struct node *node)
{
	if (node->kind == NODE_LAMBDA && !node->parenthesised) {
		*array_push(&clauses->clauses) = node->lambda->clauses[0];
	} else if (node->kind != NODE_ERROR && !clauses->reported) {
		parser_help(parser,
			parser_fault(parser, node->span, "parentheses with ',' hold lambdas"),
			"a list is written [a, b]; clauses are (pattern => value, pattern => "
			"value)");
		clauses->reported = true;
	}
}

/* "(" lambda { "," lambda } ")", from the first ',' on. */
static struct node *
parse_clauses(struct parser *parser, struct node *first, struct span opener)
{
	struct clauses clauses = {0};
	bool semicolon = false;
	clause_add(parser, &clauses, first);
	while (parser_separate(parser, TOKEN_PAREN_CLOSE, "clauses", &semicolon))
		clause_add(parser, &clauses, parse_inner(parser, VALUE_OTHER));
	struct node *node = parser_node(parser, NODE_ERROR, opener);
	if (!clauses.reported && clauses.clauses.size) {
		node->kind = NODE_LAMBDA;
		node->lambda = arena_new(parser->arena, struct node_lambda);
		node->lambda->count = clauses.clauses.size;
		node->lambda->clauses =
			arena_array(parser->arena, struct node_clause, clauses.clauses.size);
		memcpy(node->lambda->clauses, clauses.clauses.data,
			clauses.clauses.size * sizeof *clauses.clauses.data);
	}
	array_release(&clauses.clauses);
	return node;
}

static struct node *
parse_parens(struct parser *parser)
{
	struct span opener = parser_span(parser);
	parser_advance(parser);
	if (!parser_enter(parser, opener))
		return parser_node(parser, NODE_ERROR, opener);
	parser->open_parens++;
	struct node *node;
	if (parser_kind(parser) == TOKEN_PAREN_CLOSE) {
		parser_help(parser,
			parser_fault(parser, span_join(opener, parser_span(parser)),
				"parentheses without a value"),
			"the empty list is [], the empty set {}");
		node = parser_node(parser, NODE_ERROR, opener);
	} else {
		enum value_kind outer = parser->value;
		parser->value = VALUE_OTHER;
		node = parse_block(parser, TOKEN_PAREN_CLOSE);
		parser->value = outer;
		if (parser_kind(parser) == TOKEN_COMMA)
			node = parse_clauses(parser, node, opener);
	}
	parser_close(parser, TOKEN_PAREN_CLOSE, opener);
	parser->open_parens--;
	parser_leave(parser);
	node->parenthesised = true;
	node->span = parser_span_since(parser, opener.start);
	return node;
}

static struct node_item
parse_item(struct parser *parser, bool *bare)
{
	struct node_item item = {.spread = parser_accept(parser, TOKEN_ELLIPSIS)};
	enum token_kind kind = parser_kind(parser);
	if (item.spread && (kind == TOKEN_COMMA || kind == TOKEN_BRACKET_CLOSE))
		*bare = true;
	else
		item.value = parse_inner(parser, VALUE_OTHER);
	return item;
}

static struct node *
parse_list(struct parser *parser)
{
	struct span opener = parser_span(parser);
	parser_advance(parser);
	struct node *node = parser_node(parser, NODE_LIST, opener);
	if (!parser_enter(parser, opener))
		return node;
	parser->open_brackets++;
	ARRAY(struct node_item) items = {0};
	bool semicolon = false;
	bool bare = false;
	bool more = parser_kind(parser) != TOKEN_BRACKET_CLOSE;
	while (more) {
		struct node_item item = parse_item(parser, &bare);
		*array_push(&items) = item;
		more = parser_separate(parser, TOKEN_BRACKET_CLOSE, "items", &semicolon);
	}
	parser_close(parser, TOKEN_BRACKET_CLOSE, opener);
	parser->open_brackets--;
	parser_leave(parser);
	node->list.count = items.size;
	node->list.items = arena_array(parser->arena, struct node_item, items.size);
	if (items.size)
		memcpy(node->list.items, items.data, items.size * sizeof *items.data);
	array_release(&items);
	node->span = parser_span_since(parser, opener.start);
	if (bare)
		parser_doubt(parser, node);
	return node;
}

static struct node *
parse_variable(struct parser *parser)
{
	struct node_name name = parse_name(parser);
	struct node *node = parser_node(parser, NODE_NAME, name.span);
	node->name.text = name.text;
	if (name.dynamic) {
		/* Fine before '=' in a set: syntax_set.c takes it; anywhere else it is reported. */
		node->kind = NODE_STRING;
		node->text = name.dynamic->text;
		node->parenthesised = false;
		parser_doubt(parser, node);
	}
	return node;
}

static struct node *
parse_primary(struct parser *parser)
{
	enum token_kind kind = parser_kind(parser);
	struct span span = parser_span(parser);
	switch ((int)kind) {
	case TOKEN_NAME:
	case TOKEN_QUOTED_START:
		return parse_variable(parser);
	case TOKEN_INTEGER:
	case TOKEN_FLOAT:
		return parse_number(parser);
	case TOKEN_CHAR:
		return parse_char(parser);
	case TOKEN_STRING_START:
		return parse_string(parser);
	case TOKEN_PATH_START:
		return parse_path(parser);
	case TOKEN_ISLAND_START:
		return parse_island(parser);
	case TOKEN_PAREN_OPEN:
		return parse_parens(parser);
	case TOKEN_BRACKET_OPEN:
		return parse_list(parser);
	case TOKEN_BRACE_OPEN:
		return parse_set(parser);
	case TOKEN_ERROR:
		parser_advance(parser);
		return parser_node(parser, NODE_ERROR, span);
	}
	parser_fault(parser, span, "expected a value, found %s", token_describe(kind));
	if (kind == TOKEN_AT || kind == TOKEN_ELLIPSIS)
		parser_advance(parser);
	return parser_node(parser, NODE_ERROR, span);
}
