/* SPDX-License-Identifier: MPL-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lang/parser.h"

/* Digits without '_'. */
static struct bytes
digits_of(struct parser *parser, struct bytes text)
{
	uint8_t *digits = arena_take(parser->arena, text.size + 1, 1);
	size_t size = 0;
	for (size_t at = 0; at < text.size; at++)
		if (text.data[at] != '_')
			digits[size++] = text.data[at];
	return bytes_of(digits, size);
}

static unsigned
digit_value(uint8_t byte)
{
	return byte <= '9' ? byte - (unsigned)'0' : (byte | 0x20u) - 'a' + 10u;
}

/* 2^63 is taken for INT64_MIN, which is right only under a prefix '-': see parser_settle. */
static void
read_integer(struct parser *parser, struct node *node, struct bytes digits)
{
	unsigned base = 10;
	if (digits.size > 2 && digits.data[0] == '0') {
		uint8_t letter = digits.data[1] | 0x20;
		base = letter == 'b' ? 2 : letter == 'o' ? 8 : 16;
		digits = bytes_from(digits, 2);
	}
	uint64_t value = 0;
	bool over = false;
	for (size_t at = 0; at < digits.size; at++)
		over = __builtin_mul_overflow(value, base, &value) ||
		       __builtin_add_overflow(value, digit_value(digits.data[at]), &value) || over;
	if (over || value > (uint64_t)INT64_MAX + 1) {
		parser_help(parser, parser_fault(parser, node->span, "an integer beyond 64 bits"),
			"integers reach from -9223372036854775808 to 9223372036854775807");
		value = 0;
	}
	node->integer = value > INT64_MAX ? INT64_MIN : (int64_t)value;
	if (value > INT64_MAX)
		parser_doubt(parser, node);
}

struct node *
parse_number(struct parser *parser)
{
	struct span span = parser_span(parser);
	bool whole = parser_kind(parser) == TOKEN_INTEGER;
	struct node *node = parser_node(parser, whole ? NODE_INTEGER : NODE_FLOAT, span);
	struct bytes digits = digits_of(parser, span_text(span));
	parser_advance(parser);
	if (whole) {
		read_integer(parser, node, digits);
		return node;
	}
	/* The arena's memory is zeroed, so the digits end in NUL. */
	node->number = strtod((const char *)digits.data, NULL);
	if (!isfinite(node->number)) {
		parser_fault(parser, span, "a number too large for a float");
		node->number = 0;
	}
	return node;
}

struct pieces {
	ARRAY(struct text_piece) pieces;
};

/* A run of texts and holes. */
static void
parse_pieces(struct parser *parser, struct pieces *pieces)
{
	for (;;) {
		struct span span = parser_span(parser);
		if (parser_accept(parser, TOKEN_TEXT)) {
			*array_push(&pieces->pieces) = (struct text_piece){span, NULL};
			continue;
		}
		if (!parser_accept(parser, TOKEN_HOLE_START) || !parser_enter(parser, span))
			return;
		enum value_kind outer = parser->value;
		parser->value = VALUE_OTHER;
		parser->open_holes++;
		struct node *hole = parse_block(parser, TOKEN_HOLE_END);
		parser_close(parser, TOKEN_HOLE_END, span);
		parser->open_holes--;
		parser->value = outer;
		parser_leave(parser);
		*array_push(&pieces->pieces) =
			(struct text_piece){parser_span_since(parser, span.start), hole};
	}
}

static struct node_text
parse_text(struct parser *parser, enum text_kind kind, uint32_t fence)
{
	struct pieces pieces = {0};
	parse_pieces(parser, &pieces);
	struct text_reader reader = {parser->arena, parser->diagnostics};
	struct node_text text = {NULL, 0};
	if (!parser->stopped)
		text = text_decode(&reader, kind, fence, pieces.pieces.data, pieces.pieces.size);
	array_release(&pieces.pieces);
	return text;
}

struct node *
parse_char(struct parser *parser)
{
	struct span span = parser_span(parser);
	struct node *node = parser_node(parser, NODE_STRING, span);
	struct text_piece piece = {span_of(span.source, span.start + 1, span.end - 1), NULL};
	struct text_reader reader = {parser->arena, parser->diagnostics};
	node->text = text_decode(&reader, TEXT_CHAR, 0, &piece, 1);
	parser_advance(parser);
	return node;
}

struct node *
parse_string(struct parser *parser)
{
	const struct token *opener = parser_peek(parser);
	struct node *node = parser_node(parser, NODE_STRING, parser_span(parser));
	parser_advance(parser);
	node->text = parse_text(parser, TEXT_STRING, opener->fence);
	(void)parser_accept(parser, TOKEN_STRING_END);
	node->span = parser_span_since(parser, opener->start);
	return node;
}

struct node_name
parse_name(struct parser *parser)
{
	uint32_t start = parser_peek(parser)->start;
	struct node_name name = {.span = parser_span(parser)};
	if (parser_accept(parser, TOKEN_NAME)) {
		name.text = span_text(name.span);
		return name;
	}
	struct node_text text;
	if (parser_kind(parser) == TOKEN_STRING_START) {
		text = parse_string(parser)->text;
	} else {
		parser_advance(parser);
		text = parse_text(parser, TEXT_NAME, 0);
		(void)parser_accept(parser, TOKEN_QUOTED_END);
	}
	name.span = parser_span_since(parser, start);
	if (text.count == 0 || (text.count == 1 && !text.parts[0].value)) {
		name.text = text.count ? text.parts[0].text : bytes_of("", 0);
		return name;
	}
	name.dynamic = parser_node(parser, NODE_STRING, name.span);
	name.dynamic->text = text;
	return name;
}

static void
check_path(struct parser *parser, struct span span, struct node_text text)
{
	struct bytes first = text.count ? text.parts[0].text : bytes_of("", 0);
	if (first.size < 3 || !bytes_has_prefix(first, BYTES_LITERAL("..")) || first.data[2] == '/')
		return;
	parser_help(parser, parser_fault(parser, span, "a path begins with './', '../' or '/'"),
		"write ./%.*s", BYTES_ARGS(first));
}

static void
normalise(struct parser *parser, struct node_text *text)
{
	if (text->count == 1 && !text->parts[0].value)
		text->parts[0].text = text_normalise_path(parser->arena, text->parts[0].text);
}

struct node *
parse_path(struct parser *parser)
{
	struct node *node = parser_node(parser, NODE_PATH, parser_span(parser));
	uint32_t start = parser_peek(parser)->start;
	parser_advance(parser);
	node->text = parse_text(parser, TEXT_PATH, 0);
	(void)parser_accept(parser, TOKEN_PATH_END);
	node->span = parser_span_since(parser, start);
	check_path(parser, node->span, node->text);
	normalise(parser, &node->text);
	return node;
}

static void
parse_island_part(
	struct parser *parser, enum token_kind kind, struct node_text *text, const char *what)
{
	struct span sign = parser_span(parser);
	if (!parser_accept(parser, kind))
		return;
	*text = parse_text(parser, TEXT_PLACE, 0);
	if (!text->count)
		parser_fault(parser, sign, "an island's %s is empty", what);
}

/* "/" alone after '>' is the island itself. */
static void
parse_outer(struct parser *parser, struct node_island *island)
{
	if (!parser_accept(parser, TOKEN_PATH_START))
		return;
	island->outer = parse_text(parser, TEXT_PATH, 0);
	(void)parser_accept(parser, TOKEN_PATH_END);
	normalise(parser, &island->outer);
	if (island->outer.count == 1 && bytes_equal_text(island->outer.parts[0].text, "/"))
		island->outer.count = 0;
}

struct node *
parse_island(struct parser *parser)
{
	struct span opener = parser_span(parser);
	struct node *node = parser_node(parser, NODE_ISLAND, opener);
	struct node_island *island = arena_new(parser->arena, struct node_island);
	node->island = island;
	parser_advance(parser);
	island->scheme = parse_text(parser, TEXT_PLACE, 0);
	parse_island_part(parser, TOKEN_ISLAND_COLON, &island->reference, "reference");
	if (parser_accept(parser, TOKEN_ISLAND_CONFIG)) {
		enum value_kind outer = parser->value;
		parser->value = VALUE_OTHER;
		island->config = parse_set(parser);
		parser->value = outer;
	}
	parse_island_part(parser, TOKEN_ISLAND_SUBPATH, &island->subpath, "subpath");
	if (parser_accept(parser, TOKEN_ISLAND_END))
		parse_outer(parser, island);
	node->span = parser_span_since(parser, opener.start);
	return node;
}
