/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/regex.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lang/regex_program.h"
#include "lang/source.h"

enum piece_kind {
	PIECE_EMPTY,
	PIECE_POINT,
	PIECE_ANY,
	PIECE_SET,
	PIECE_BEGIN,
	PIECE_END,
	PIECE_BOTH,   /* left, then right */
	PIECE_EITHER, /* left or right */
	PIECE_REPEAT, /* left */
	PIECE_GROUP,  /* left */
};

enum { NO_MAXIMUM = -1 };

struct piece {
	enum piece_kind kind;
	uint32_t point; /* or the group's number */
	int minimum;
	int maximum;
	const struct regex_set *set;
	const struct piece *left;
	const struct piece *right;
};

struct parser {
	struct regex *regex;
	struct bytes text;
	size_t at;
	size_t depth;
	struct err *err;
	bool failed;
};

static const struct {
	const char *name;
	struct regex_range ranges[4];
	size_t count;
} classes[] = {
	{"alpha", {{'A', 'Z'}, {'a', 'z'}}, 2},
	{"digit", {{'0', '9'}}, 1},
	{"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}, 3},
	{"upper", {{'A', 'Z'}}, 1},
	{"lower", {{'a', 'z'}}, 1},
	{"space", {{'\t', '\r'}, {' ', ' '}}, 2},
	{"blank", {{'\t', '\t'}, {' ', ' '}}, 2},
	{"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}, 4},
	{"print", {{' ', '~'}}, 1},
	{"graph", {{'!', '~'}}, 1},
	{"cntrl", {{0, 31}, {127, 127}}, 2},
	{"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}, 3},
};

static const struct piece *
refuse(struct parser *parser, const char *sentence)
{
	if (!parser->failed)
		(void)err_set(parser->err, ERR_REFUSED, "at %zu: %s", parser->at, sentence);
	parser->failed = true;
	return NULL;
}

static int
peek(const struct parser *parser)
{
	return parser->at < parser->text.size ? parser->text.data[parser->at] : -1;
}

static uint32_t
take_point(struct parser *parser)
{
	uint32_t point = 0;
	size_t size = source_decode(bytes_from(parser->text, parser->at), &point);
	if (size == 0) {
		refuse(parser, "the pattern is not UTF-8");
		size = 1;
	}
	parser->at += size;
	return point;
}

static struct piece *
piece_new(struct parser *parser, enum piece_kind kind)
{
	struct piece *piece = arena_new(&parser->regex->arena, struct piece);
	piece->kind = kind;
	return piece;
}

static const struct piece *
piece_pair(struct parser *parser, enum piece_kind kind, const struct piece *left,
	const struct piece *right)
{
	if (!left || !right)
		return NULL;
	struct piece *piece = piece_new(parser, kind);
	piece->left = left;
	piece->right = right;
	return piece;
}

struct range_array {
	struct regex_range *data;
	size_t size;
	size_t capacity;
};

/* [:name:] within a set; the '[' is next. */
static void
take_class(struct parser *parser, struct range_array *ranges)
{
	struct bytes rest = bytes_from(parser->text, parser->at + 2);
	for (size_t row = 0; row < sizeof classes / sizeof classes[0]; row++) {
		size_t size = strlen(classes[row].name);
		if (!bytes_has_prefix(rest, bytes_text(classes[row].name)) ||
			!bytes_has_prefix(bytes_from(rest, size), BYTES_LITERAL(":]")))
			continue;
		for (size_t at = 0; at < classes[row].count; at++)
			*array_push(ranges) = classes[row].ranges[at];
		parser->at += size + 4;
		return;
	}
	refuse(parser, "there is no such character class");
}

static void
take_range(struct parser *parser, struct range_array *ranges)
{
	int next = parser->at + 1 < parser->text.size ? parser->text.data[parser->at + 1] : -1;
	if (peek(parser) == '[' && (next == '.' || next == '=')) {
		refuse(parser, "collating symbols and equivalence classes are not known");
		return;
	}
	if (peek(parser) == '[' && next == ':') {
		take_class(parser, ranges);
		return;
	}
	struct regex_range range = {0};
	range.first = range.last = take_point(parser);
	bool dash = peek(parser) == '-' && parser->at + 1 < parser->text.size &&
		    parser->text.data[parser->at + 1] != ']';
	if (dash) {
		parser->at++;
		range.last = take_point(parser);
		if (range.last < range.first)
			refuse(parser, "a range ends before it begins");
	}
	*array_push(ranges) = range;
}

static const struct piece *
parse_set(struct parser *parser)
{
	struct range_array ranges = {0};
	struct regex_set *set = arena_new(&parser->regex->arena, struct regex_set);
	parser->at++;
	set->negated = peek(parser) == '^';
	parser->at += set->negated;
	for (bool first = true; !parser->failed && (first || peek(parser) != ']'); first = false) {
		if (peek(parser) < 0)
			refuse(parser, "a '[' is not closed");
		else
			take_range(parser, &ranges);
	}
	parser->at++;
	set->count = ranges.size;
	set->ranges = arena_array(&parser->regex->arena, struct regex_range, ranges.size + 1);
	if (ranges.size)
		memcpy(set->ranges, ranges.data, ranges.size * sizeof *ranges.data);
	array_release(&ranges);
	if (parser->failed)
		return NULL;
	struct piece *piece = piece_new(parser, PIECE_SET);
	piece->set = set;
	return piece;
}

static const struct piece *parse_either(struct parser *parser);

static const struct piece *
parse_group(struct parser *parser)
{
	if (++parser->depth > REGEX_DEPTH)
		return refuse(parser, "groups are nested too deep");
	if (parser->regex->groups >= REGEX_GROUPS)
		return refuse(parser, "there are more than 32 groups");
	parser->at++;
	struct piece *piece = piece_new(parser, PIECE_GROUP);
	piece->point = parser->regex->groups++;
	piece->left = parse_either(parser);
	if (!piece->left)
		return NULL;
	if (peek(parser) != ')')
		return refuse(parser, "a '(' is not closed");
	parser->at++;
	parser->depth--;
	return piece;
}

static const struct piece *
parse_atom(struct parser *parser)
{
	int byte = peek(parser);
	if (byte == '(')
		return parse_group(parser);
	if (byte == '[')
		return parse_set(parser);
	if (byte == '*' || byte == '+' || byte == '?' || byte == '{')
		return refuse(parser, "there is nothing to repeat");
	if (byte == '\\') {
		parser->at++;
		byte = peek(parser);
		bool punctuation = byte > ' ' && byte < 0x7f && !(byte >= '0' && byte <= '9') &&
				   !((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
		if (!punctuation)
			return refuse(parser, "a backslash stands before punctuation only");
	} else if (byte == '.' || byte == '^' || byte == '$') {
		parser->at++;
		return piece_new(parser, byte == '.'   ? PIECE_ANY
					 : byte == '^' ? PIECE_BEGIN
						       : PIECE_END);
	}
	struct piece *piece = piece_new(parser, PIECE_POINT);
	piece->point = take_point(parser);
	return parser->failed ? NULL : piece;
}

static int
take_count(struct parser *parser)
{
	int count = 0;
	size_t start = parser->at;
	while (peek(parser) >= '0' && peek(parser) <= '9' && count <= REGEX_REPEATS) {
		count = count * 10 + peek(parser) - '0';
		parser->at++;
	}
	if (start == parser->at)
		refuse(parser, "a number is missing");
	else if (count > REGEX_REPEATS)
		refuse(parser, "a repetition is larger than 1000");
	return count;
}

static const struct piece *
parse_repeats(struct parser *parser)
{
	const struct piece *piece = parse_atom(parser);
	while (piece && !parser->failed) {
		int byte = peek(parser);
		if (byte != '*' && byte != '+' && byte != '?' && byte != '{')
			return piece;
		parser->at++;
		struct piece *repeat = piece_new(parser, PIECE_REPEAT);
		repeat->left = piece;
		repeat->minimum = byte == '+';
		repeat->maximum = byte == '?' ? 1 : NO_MAXIMUM;
		if (byte == '{') {
			repeat->minimum = repeat->maximum = take_count(parser);
			if (peek(parser) == ',') {
				parser->at++;
				repeat->maximum =
					peek(parser) == '}' ? NO_MAXIMUM : take_count(parser);
			}
			if (peek(parser) != '}')
				return refuse(parser, "a '{' is not closed");
			parser->at++;
			if (repeat->maximum != NO_MAXIMUM && repeat->maximum < repeat->minimum)
				return refuse(parser, "a repetition ends before it begins");
		}
		piece = repeat;
	}
	return parser->failed ? NULL : piece;
}

static const struct piece *
parse_both(struct parser *parser)
{
	const struct piece *all = NULL;
	while (peek(parser) >= 0 && peek(parser) != '|' && peek(parser) != ')') {
		const struct piece *piece = parse_repeats(parser);
		if (!piece)
			return NULL;
		all = all ? piece_pair(parser, PIECE_BOTH, all, piece) : piece;
	}
	return all ? all : piece_new(parser, PIECE_EMPTY);
}

static const struct piece *
parse_either(struct parser *parser)
{
	const struct piece *all = parse_both(parser);
	while (all && peek(parser) == '|') {
		parser->at++;
		all = piece_pair(parser, PIECE_EITHER, all, parse_both(parser));
	}
	return all;
}

/* Adds an instruction; past the ceiling it only counts. */
static uint32_t
emit(struct parser *parser, enum regex_code code, uint32_t first)
{
	struct regex *regex = parser->regex;
	if (regex->size >= REGEX_PROGRAM) {
		refuse(parser, "the pattern is too large");
		return 0;
	}
	if (regex->size == regex->capacity) {
		regex->capacity = regex->capacity ? 2 * regex->capacity : 32;
		regex->program = (struct regex_instruction *)memory_grow(
			regex->program, regex->capacity, sizeof *regex->program);
	}
	regex->program[regex->size] = (struct regex_instruction){code, first, 0, NULL};
	return regex->size++;
}

static void compile(struct parser *parser, const struct piece *piece);

static void
compile_optional(struct parser *parser, const struct piece *piece, bool again)
{
	struct regex *regex = parser->regex;
	uint32_t split = emit(parser, REGEX_SPLIT, 0);
	regex->program[split].first = regex->size;
	compile(parser, piece);
	if (again)
		emit(parser, REGEX_JUMP, split);
	regex->program[split].second = regex->size;
}

static void
compile_repeat(struct parser *parser, const struct piece *piece)
{
	for (int turn = 0; turn < piece->minimum && !parser->failed; turn++)
		compile(parser, piece->left);
	if (piece->maximum == NO_MAXIMUM)
		compile_optional(parser, piece->left, true);
	for (int turn = piece->minimum; turn < piece->maximum && !parser->failed; turn++)
		compile_optional(parser, piece->left, false);
}

static void
compile_either(struct parser *parser, const struct piece *piece)
{
	struct regex *regex = parser->regex;
	uint32_t split = emit(parser, REGEX_SPLIT, 0);
	regex->program[split].first = regex->size;
	compile(parser, piece->left);
	uint32_t jump = emit(parser, REGEX_JUMP, 0);
	regex->program[split].second = regex->size;
	compile(parser, piece->right);
	regex->program[jump].first = regex->size;
}

static void
compile_set(struct parser *parser, const struct piece *piece)
{
	uint32_t at = emit(parser, REGEX_SET, 0);
	parser->regex->program[at].set = piece->set;
}

static void
compile(struct parser *parser, const struct piece *piece)
{
	if (parser->failed)
		return;
	switch (piece->kind) {
	case PIECE_EMPTY:
		return;
	case PIECE_POINT:
		emit(parser, REGEX_POINT, piece->point);
		return;
	case PIECE_ANY:
		emit(parser, REGEX_ANY, 0);
		return;
	case PIECE_SET:
		compile_set(parser, piece);
		return;
	case PIECE_BEGIN:
		emit(parser, REGEX_BEGIN, 0);
		return;
	case PIECE_END:
		emit(parser, REGEX_END, 0);
		return;
	case PIECE_BOTH:
		compile(parser, piece->left);
		compile(parser, piece->right);
		return;
	case PIECE_EITHER:
		compile_either(parser, piece);
		return;
	case PIECE_REPEAT:
		compile_repeat(parser, piece);
		return;
	case PIECE_GROUP:
		emit(parser, REGEX_SAVE, 2 * piece->point);
		compile(parser, piece->left);
		emit(parser, REGEX_SAVE, 2 * piece->point + 1);
		return;
	}
}

struct regex *
regex_new(struct bytes pattern, struct err *err)
{
	struct regex *regex = (struct regex *)memory_zero(1, sizeof *regex);
	regex->arena = ARENA;
	regex->groups = 1;
	struct parser parser = {.regex = regex, .text = pattern, .err = err};
	/* Longer patterns cannot fit the program, and their pieces would nest too deep. */
	if (pattern.size > REGEX_PROGRAM)
		refuse(&parser, "the pattern is too large");
	const struct piece *piece = parser.failed ? NULL : parse_either(&parser);
	if (piece && parser.at < pattern.size)
		piece = refuse(&parser, "a ')' closes nothing");
	if (piece) {
		compile(&parser, piece);
		emit(&parser, REGEX_DONE, 0);
	}
	if (!parser.failed)
		return regex;
	regex_free(regex);
	return NULL;
}

void
regex_free(struct regex *regex)
{
	if (!regex)
		return;
	arena_release(&regex->arena);
	free(regex->program);
	free(regex);
}

size_t
regex_group_count(const struct regex *regex)
{
	return regex->groups - 1;
}
