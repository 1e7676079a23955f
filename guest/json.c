/* SPDX-License-Identifier: MPL-2.0 */
#include "json.h"

static const char malformed[] = "what came is no JSON";

static const uint8_t *
space_after(const uint8_t *at)
{
	while (span_find(SPAN(" \t\n\r"), *at) < 4)
		at++;
	return at;
}

static void
space_skip(const uint8_t **rest)
{
	*rest = space_after(*rest);
}

static bool
byte_take(const uint8_t **rest, uint8_t byte)
{
	bool is_there = **rest == byte;
	*rest += is_there;
	return is_there;
}

static bool
digits_take(const uint8_t **rest)
{
	const uint8_t *before = *rest;
	while (**rest >= '0' && **rest <= '9')
		++*rest;
	return *rest > before;
}

/* Four hexadecimal digits, or -1. */
static int32_t
unit_take(const uint8_t **rest)
{
	int32_t unit = 0;
	for (size_t at = 0; at < 4; at++) {
		uint8_t letter = **rest;
		int digit = hex_digit(letter > '9' ? letter | 0x20 : letter);
		if (digit < 0)
			return -1;
		unit = 16 * unit + digit;
		++*rest;
	}
	return unit;
}

/* What \uXXXX stands for, maybe with the one behind it; or -1. */
static int32_t
point_take(const uint8_t **rest)
{
	int32_t high = unit_take(rest);
	if (high >> 11 != 0xd800 >> 11)
		return high;
	const uint8_t *behind = *rest;
	if (high >= 0xdc00 || !byte_take(&behind, '\\') || !byte_take(&behind, 'u'))
		return '?';
	int32_t low = unit_take(&behind);
	if (low >> 10 != 0xdc00 >> 10)
		return '?';
	*rest = behind;
	return (high << 10) + low + 0x10000 - (0xd800 << 10) - 0xdc00;
}

static uint8_t *
point_put(uint8_t *out, uint32_t point)
{
	if (point < 0x80) {
		*out = (uint8_t)point;
		return out + 1;
	}
	size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	for (size_t at = size; --at; point >>= 6)
		out[at] = (uint8_t)(0x80 | (point & 63));
	out[0] = (uint8_t)(0xf0 << (4 - size) | point);
	return out + size;
}

/* Its bytes go to `out`, where that is not NULL, and move it on. */
static bool
string_take(const uint8_t **rest, uint8_t **out)
{
	static const uint8_t meanings[] = "\"\\/\b\f\n\r\t";
	if (!byte_take(rest, '"'))
		return false;
	while (!byte_take(rest, '"')) {
		uint8_t byte = **rest;
		int32_t point = '?';
		if (byte < ' ')
			return false;
		++*rest;
		bool is_point = byte == '\\' && byte_take(rest, 'u');
		if (is_point) {
			point = point_take(rest);
			if (point < 0)
				return false;
		} else if (byte == '\\') {
			size_t at = span_find(SPAN("\"\\/bfnrt"), **rest);
			if (at == 8)
				return false;
			byte = meanings[at];
			++*rest;
		}
		if (out && is_point)
			*out = point_put(*out, (uint32_t)point);
		else if (out)
			*(*out)++ = byte;
	}
	return true;
}

static bool
number_take(const uint8_t **rest)
{
	(void)byte_take(rest, '-');
	bool is_zero = byte_take(rest, '0');
	if (!is_zero && !digits_take(rest))
		return false;
	if (byte_take(rest, '.') && !digits_take(rest))
		return false;
	if (byte_take(rest, 'e') || byte_take(rest, 'E')) {
		if (!byte_take(rest, '-'))
			(void)byte_take(rest, '+');
		return digits_take(rest);
	}
	return true;
}

static bool
scalar_take(const uint8_t **rest)
{
	static const char *const words[] = {"true", "false", "null"};
	for (size_t at = 0; at < 3; at++) {
		const char *word = words[at];
		if (**rest != (uint8_t)*word)
			continue;
		while (*word && byte_take(rest, (uint8_t)*word))
			word++;
		return !*word;
	}
	return **rest == '"' ? string_take(rest, NULL) : number_take(rest);
}

/* What is between values. */
static bool
mark_take(const uint8_t **rest, uint8_t mark)
{
	space_skip(rest);
	return byte_take(rest, mark);
}

/* A value off the front, and the space before it. */
static const char *
value_take(const uint8_t **rest, unsigned depth)
{
	space_skip(rest);
	uint8_t open = **rest;
	if (open != '{' && open != '[')
		return scalar_take(rest) ? NULL : malformed;
	if (depth == JSON_DEPTH)
		return "the values of a JSON lie too deep in each other";
	uint8_t close = open + 2;
	++*rest;
	if (mark_take(rest, close))
		return NULL;
	do {
		space_skip(rest);
		if (open == '{' && (!string_take(rest, NULL) || !mark_take(rest, ':')))
			return malformed;
		const char *problem = value_take(rest, depth + 1);
		if (problem)
			return problem;
	} while (mark_take(rest, ','));
	return byte_take(rest, close) ? NULL : malformed;
}

const char *
json_problem(struct span text)
{
	const uint8_t *end = text.data + text.size;
	const uint8_t *rest = text.data;
	const char *problem = value_take(&rest, 0);
	if (problem)
		return problem;
	if (rest > end)
		return malformed;
	/* Maybe past the end: into what follows a line. */
	space_skip(&rest);
	return rest < end ? malformed : NULL;
}

const uint8_t *
json_inside(const uint8_t *value)
{
	if (!value)
		return NULL;
	value = space_after(value);
	return *value == '{' || *value == '[' ? value : NULL;
}

bool
json_next(struct json_walk *walk)
{
	/* At the bracket that opens, or at the comma before. */
	const uint8_t **rest = &walk->rest;
	if (!*rest)
		return false;
	++*rest;
	space_skip(rest);
	const uint8_t *first = *rest;
	walk->key = (struct span){0};
	if (string_take(rest, NULL)) {
		struct span key = span_of(first + 1, (size_t)(*rest - first) - 2);
		if (mark_take(rest, ':')) {
			walk->key = key;
			space_skip(rest);
			first = *rest;
		}
	}
	*rest = first;
	walk->value = first;
	/* Nothing is one before the bracket that closes. */
	bool is_there = !value_take(rest, 0);
	if (!is_there || !mark_take(rest, ','))
		*rest = NULL;
	else
		--*rest;
	return is_there;
}

const uint8_t *
json_find_span(const uint8_t *object, struct span key)
{
	struct json_walk walk = json_walk(object);
	while (json_next(&walk))
		if (walk.key.data && span_equal(walk.key, key))
			return walk.value;
	return NULL;
}

const uint8_t *
json_find(const uint8_t *object, const char *key)
{
	return json_find_span(object, span_text(key));
}

struct span
json_plain(const uint8_t *value)
{
	const uint8_t *end = value;
	if (!value || value_take(&end, 0))
		return span_of(NULL, 0);
	size_t quote = *value == '"';
	return span_of(value + quote, (size_t)(end - value) - 2 * quote);
}

size_t
json_string(const uint8_t *value, uint8_t *out)
{
	uint8_t *end = out;
	return string_take(&value, &end) ? (size_t)(end - out) : 0;
}
