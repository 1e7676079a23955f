/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/parser.h"

/*
 * Operators without recursion: what waits for its right side lies on a stack with the power at
 * which that side is parsed. An infix operator first closes everything that binds tighter than its
 * left power, then waits itself.
 */
enum waiting_kind { WAITING_BINARY, WAITING_PIPE, WAITING_PREFIX, WAITING_LAMBDA, WAITING_ELSE };

struct infix_row {
	enum token_kind token;
	enum node_operator operator;
	unsigned left;
	unsigned right;
};

static const struct infix_row infix_rows[] = {
#define OPERATOR(name, token, text, left, right) {TOKEN_##token, OPERATOR_##name, left, right},
#include "lang/node_list.h"
#undef OPERATOR
};

enum {
	POWER_HAS = 168,
	POWER_NEGATE = 145,
	POWER_NOT = 125,
	PIPE_RIGHT_LEFT = 50,
	PIPE_RIGHT_RIGHT = 55,
	PIPE_LEFT_LEFT = 55,
	PIPE_LEFT_RIGHT = 45,
	ARROW_LEFT = 45,
	ARROW_RIGHT = 40,
	COMPARE_LEFT = 100,
	EQUAL_LEFT = 88,
};

struct waiting {
	enum waiting_kind kind;
	unsigned power;
	enum token_kind token; /* of a prefix or a pipe */
	struct span span;      /* of the operator */
	const struct infix_row *row;
	struct node *left; /* or the condition */
	struct node *yes;
	struct pattern *pattern;
};

struct stack {
	ARRAY(struct waiting) waiting;
	unsigned prefixes; /* they count as nesting */
	bool mixed;        /* was reported */
};

static struct waiting *
stack_top(struct stack *stack)
{
	return stack->waiting.size ? &stack->waiting.data[stack->waiting.size - 1] : NULL;
}

static struct node *
reduce_pipe(struct parser *parser, const struct waiting *top, struct node *right, struct span span)
{
	bool forwards = top->token == TOKEN_PIPE_RIGHT;
	struct node *node = parser_node(parser, NODE_CALL, span);
	node->call.function = forwards ? right : top->left;
	node->call.arguments = arena_array(parser->arena, struct node *, 1);
	node->call.arguments[0] = forwards ? top->left : right;
	node->call.count = 1;
	node->call.form = forwards ? CALL_PIPE_RIGHT : CALL_PIPE_LEFT;
	if (node_is_literal(node->call.function))
		parser_help(parser,
			parser_fault(parser, node->call.function->span, "%s is not a function",
				node_describe(node->call.function)),
			"a pipe gives a value to a function: value |> function");
	return node;
}

static struct node *
reduce_prefix(
	struct parser *parser, const struct waiting *top, struct node *right, struct span span)
{
	bool minus = top->token == TOKEN_MINUS;
	if (minus && right->kind == NODE_INTEGER && right->integer == INT64_MIN &&
		!right->parenthesised) {
		struct node *least = parser_node(parser, NODE_INTEGER, span);
		least->integer = INT64_MIN;
		right->kind = NODE_ERROR;
		return least;
	}
	struct node *node = parser_node(parser, minus ? NODE_NEGATE : NODE_NOT, span);
	node->operand = right;
	return node;
}

/* Gives the uppermost waiting thing its right side. */
static struct node *
stack_reduce(struct parser *parser, struct stack *stack, struct node *right)
{
	struct waiting top = *stack_top(stack);
	stack->waiting.size--;
	struct span first = top.left && top.kind != WAITING_ELSE ? top.left->span : top.span;
	struct span span = span_join(first, right->span);
	span.end = span.end < span.start ? span.start : span.end;
	struct node *node;
	switch (top.kind) {
	case WAITING_PIPE:
		return reduce_pipe(parser, &top, right, span);
	case WAITING_PREFIX:
		stack->prefixes--;
		parser_leave(parser);
		return reduce_prefix(parser, &top, right, span);
	case WAITING_BINARY:
		node = parser_node(parser, NODE_BINARY, span);
		node->binary.left = top.left;
		node->binary.right = right;
		node->binary.operator= top.row->operator;
		node->binary.span = top.span;
		return node;
	case WAITING_LAMBDA:
		node = parser_node(parser, NODE_LAMBDA, span_join(top.pattern->span, right->span));
		node->lambda = arena_new(parser->arena, struct node_lambda);
		node->lambda->clauses = arena_new(parser->arena, struct node_clause);
		node->lambda->clauses[0] = (struct node_clause){top.pattern, right};
		node->lambda->count = 1;
		return node;
	case WAITING_ELSE:
		node = parser_node(parser, NODE_IF, span);
		node->branch.condition = top.left;
		node->branch.yes = top.yes;
		node->branch.no = right;
		return node;
	}
	must(false, "what waits must be of one of its kinds");
}

static struct node *
stack_close(struct parser *parser, struct stack *stack, struct node *operand, unsigned left)
{
	while (stack->waiting.size && stack_top(stack)->power > left)
		operand = stack_reduce(parser, stack, operand);
	return operand;
}

/* The condition or the `then` of an `if`, which count as nesting. */
static struct node *
parse_branch(struct parser *parser, struct span span)
{
	if (!parser_enter(parser, span))
		return parser_node(parser, NODE_ERROR, span);
	struct node *node = parse_inner(parser, VALUE_OTHER);
	parser_leave(parser);
	return node;
}

/* `if a = b then`: said once, and read as if it compared. */
static void
accept_comparison(struct parser *parser)
{
	struct span span = parser_span(parser);
	if (!parser_accept(parser, TOKEN_ASSIGN))
		return;
	parser_help(parser, parser_fault(parser, span, "'=' does not compare"),
		"to compare, write '=='");
	(void)parse_inner(parser, VALUE_OTHER);
}

/* Up to and with `else`; NULL when the `if` waits for its last part, else what stands for it. */
static struct node *
parse_if(struct parser *parser, struct stack *stack)
{
	struct span span = parser_span(parser);
	parser_advance(parser);
	struct node *condition = parse_branch(parser, span);
	accept_comparison(parser);
	if (!parser_accept(parser, TOKEN_THEN)) {
		parser_help(parser,
			parser_fault(parser, parser_span(parser), "expected 'then', found %s",
				token_describe(parser_kind(parser))),
			"write: if condition then value else value");
		return parser_node(parser, NODE_ERROR, span);
	}
	struct node *yes = parse_branch(parser, span);
	if (!parser_accept(parser, TOKEN_ELSE)) {
		struct diagnostic *fault =
			parser_fault(parser, parser_span(parser), "an 'if' without 'else'");
		if (fault)
			diagnostic_label(parser->diagnostics, fault, span, "this 'if'");
		parser_help(parser, fault,
			"every 'if' has a value both ways: if condition then value else value");
		return parser_node(parser, NODE_ERROR, span);
	}
	*array_push(&stack->waiting) = (struct waiting){
		.kind = WAITING_ELSE, .power = 0, .span = span, .left = condition, .yes = yes};
	return NULL;
}

/* Prefix operators and `if`, and then an operand. */
static struct node *
parse_operand_side(struct parser *parser, struct stack *stack)
{
	for (;;) {
		enum token_kind kind = parser_kind(parser);
		struct span span = parser_span(parser);
		if (kind == TOKEN_IF) {
			struct node *fault = parse_if(parser, stack);
			if (fault)
				return fault;
		} else if (kind == TOKEN_MINUS || kind == TOKEN_BANG) {
			if (!parser_enter(parser, span))
				return parser_node(parser, NODE_ERROR, span);
			stack->prefixes++;
			parser_advance(parser);
			*array_push(&stack->waiting) = (struct waiting){.kind = WAITING_PREFIX,
				.power = kind == TOKEN_MINUS ? POWER_NEGATE : POWER_NOT,
				.token = kind,
				.span = span};
		} else if (kind == TOKEN_PLUS) {
			parser_help(parser, parser_fault(parser, span, "prefix '+' is reserved"),
				"a number is positive as it stands");
			parser_advance(parser);
		} else {
			return parse_operand(parser);
		}
	}
}

static const struct infix_row *
infix_find(enum token_kind token)
{
	for (size_t at = 0; at < sizeof infix_rows / sizeof *infix_rows; at++)
		if (infix_rows[at].token == token)
			return &infix_rows[at];
	return NULL;
}

/* a < b < c, a == b == c */
static void
check_chain(struct parser *parser, const struct infix_row *row, const struct node *left)
{
	if ((row->left != COMPARE_LEFT && row->left != EQUAL_LEFT) || left->kind != NODE_BINARY ||
		left->parenthesised)
		return;
	const struct infix_row *before = &infix_rows[left->binary.operator];
	if (before->left != row->left)
		return;
	struct diagnostic *fault = parser_fault(parser, parser_span(parser),
		"'%s' after '%s': comparisons do not chain", operator_text(row->operator),
		operator_text(before->operator));
	if (fault)
		diagnostic_label(parser->diagnostics, fault, left->binary.span, "the first");
	parser_help(parser, fault,
		row->left == EQUAL_LEFT ? "write a == b && b == c, or (a == b) == c"
					: "write a < b && b < c");
}

/* a <| b |> c */
static void
check_mixed(struct parser *parser, struct stack *stack, enum token_kind token)
{
	const struct waiting *top = stack_top(stack);
	if (!top || top->kind != WAITING_PIPE || top->token == token || stack->mixed)
		return;
	struct diagnostic *fault =
		parser_fault(parser, parser_span(parser), "'<|' and '|>' are mixed");
	if (fault)
		diagnostic_label(parser->diagnostics, fault, top->span, "the other one");
	parser_help(parser, fault, "put one of them in parentheses: a <| (b |> c)");
	stack->mixed = true;
}

static void
wait_infix(struct parser *parser, struct stack *stack, struct waiting waiting)
{
	waiting.span = parser_span(parser);
	parser_advance(parser);
	*array_push(&stack->waiting) = waiting;
}

static bool
parse_arrow(struct parser *parser, struct stack *stack, struct node *operand)
{
	bool loose = (operand->kind == NODE_BINARY || operand->kind == NODE_CALL) &&
		     !operand->parenthesised &&
		     !(operand->kind == NODE_BINARY && operand->binary.operator== OPERATOR_CONS);
	struct pattern *pattern;
	if (loose && operand->kind == NODE_CALL && operand->call.form != CALL_PLAIN) {
		parser_help(parser,
			parser_fault(parser, parser_span(parser), "the left of '=>' is a pipe"),
			"put the lambda in parentheses: value |> (x => …)");
		parser->tree->lossy = true;
		pattern = arena_new(parser->arena, struct pattern);
		pattern->span = operand->span;
	} else {
		pattern = pattern_convert(parser, operand);
	}
	wait_infix(parser, stack,
		(struct waiting){.kind = WAITING_LAMBDA, .power = ARROW_RIGHT, .pattern = pattern});
	return true;
}

static struct node *
parse_has(struct parser *parser, struct node *base)
{
	parser_advance(parser);
	struct node *node = parser_node(parser, NODE_HAS, base->span);
	node->select.base = base;
	if (!parse_attrpath(parser, &node->select.path))
		node->kind = NODE_ERROR;
	node->span = parser_span_since(parser, base->span.start);
	return node;
}

/* The operator after an operand: true when it waits for its right side, false when there is none.
 * `*operand` is what stands to its left, or all of it. */
static bool
parse_infix(struct parser *parser, struct stack *stack, struct node **operand)
{
	for (;;) {
		enum token_kind token = parser_kind(parser);
		const struct infix_row *row = infix_find(token);
		if (row) {
			*operand = stack_close(parser, stack, *operand, row->left);
			check_chain(parser, row, *operand);
			wait_infix(parser, stack,
				(struct waiting){.kind = WAITING_BINARY,
					.power = row->right,
					.row = row,
					.left = *operand});
			return true;
		}
		if (token == TOKEN_QUESTION) {
			*operand = stack_close(parser, stack, *operand, POWER_HAS);
			*operand = parse_has(parser, *operand);
		} else if (token == TOKEN_PIPE_RIGHT || token == TOKEN_PIPE_LEFT) {
			bool forwards = token == TOKEN_PIPE_RIGHT;
			*operand = stack_close(parser, stack, *operand,
				forwards ? PIPE_RIGHT_LEFT : PIPE_LEFT_LEFT);
			check_mixed(parser, stack, token);
			wait_infix(parser, stack,
				(struct waiting){.kind = WAITING_PIPE,
					.power = forwards ? PIPE_RIGHT_RIGHT : PIPE_LEFT_RIGHT,
					.token = token,
					.left = *operand});
			return true;
		} else if (token == TOKEN_ARROW) {
			*operand = stack_close(parser, stack, *operand, ARROW_LEFT);
			return parse_arrow(parser, stack, *operand);
		} else {
			return false;
		}
	}
}

struct node *
parse_expression(struct parser *parser)
{
	struct stack stack = {0};
	struct node *operand;
	do
		operand = parse_operand_side(parser, &stack);
	while (parse_infix(parser, &stack, &operand));
	while (stack.waiting.size)
		operand = stack_reduce(parser, &stack, operand);
	array_release(&stack.waiting);
	return operand;
}

struct node *
parse_inner(struct parser *parser, enum value_kind value)
{
	enum value_kind outer = parser->value;
	parser->value = value;
	struct node *node = parse_expression(parser);
	parser->value = outer;
	return node;
}
