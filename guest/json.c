/* SPDX-License-Identifier: MPL-2.0 */
#include "json.h"

static const char malformed[] = "what came is no JSON";

static void
space_skip(struct span *rest)
{
	while (rest->size && span_find(SPAN(" \t\n\r"), *rest->data) < 4)
		*rest = span_after(*rest, 1);
}

static bool
byte_take(struct span *rest, uint8_t byte)
{
	if (!rest->size || *rest->data != byte)
		return false;
	*rest = span_after(*rest, 1);
	return true;
}

static bool
is_digit(struct span rest)
{
	return rest.size && *rest.data >= '0' && *rest.data <= '9';
}

static bool
digits_take(struct span *rest)
{
	size_t before = rest->size;
	while (is_digit(*rest))
		*rest = span_after(*rest, 1);
	return rest->size < before;
}

/* Four hexadecimal digits, or -1. */
static int32_t
unit_take(struct span *rest)
{
	int32_t unit = 0;
	if (rest->size < 4)
		return -1;
	for (size_t at = 0; at < 4; at++) {
		uint8_t letter = rest->data[at];
		int digit = hex_digit(letter > '9' ? letter | 0x20 : letter);
		if (digit < 0)
			return -1;
		unit = 16 * unit + digit;
	}
	*rest = span_after(*rest, 4);
	return unit;
}

/* What \uXXXX stands for, maybe with the one behind it; or -1. */
static int32_t
point_take(struct span *rest)
{
	int32_t high = unit_take(rest);
	if (high >> 11 != 0xd800 >> 11)
		return high;
	if (high >= 0xdc00 || !span_has_prefix(*rest, "\\u"))
		return '?';
	struct span behind = span_after(*rest, 2);
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
string_take(struct span *rest, uint8_t **out)
{
	static const uint8_t meanings[] = "\"\\/\b\f\n\r\t";
	if (!byte_take(rest, '"'))
		return false;
	while (rest->size) {
		uint8_t byte = *rest->data;
		int32_t point = '?';
		*rest = span_after(*rest, 1);
		if (byte == '"')
			return true;
		if (byte < ' ')
			return false;
		bool is_point = byte == '\\' && byte_take(rest, 'u');
		if (is_point) {
			point = point_take(rest);
			if (point < 0)
				return false;
		} else if (byte == '\\') {
			size_t at = rest->size ? span_find(SPAN("\"\\/bfnrt"), *rest->data) : 8;
			if (at == 8)
				return false;
			byte = meanings[at];
			*rest = span_after(*rest, 1);
		}
		if (out && is_point)
			*out = point_put(*out, (uint32_t)point);
		else if (out)
			*(*out)++ = byte;
	}
	return false;
}

static bool
number_take(struct span *rest)
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
scalar_take(struct span *rest)
{
	static const char *const words[] = {"true", "false", "null"};
	for (size_t at = 0; at < 3; at++)
		if (span_has_prefix(*rest, words[at])) {
			*rest = span_after(*rest, strlen(words[at]));
			return true;
		}
	return rest->size && *rest->data == '"' ? string_take(rest, NULL) : number_take(rest);
}

/* What is between values. */
static bool
mark_take(struct span *rest, uint8_t mark)
{
	space_skip(rest);
	return byte_take(rest, mark);
}

/* A value off the front, and the space before it. */
static const char *
value_take(struct span *rest, unsigned depth)
{
	space_skip(rest);
	uint8_t open = rest->size ? *rest->data : 0;
	if (open != '{' && open != '[')
		return scalar_take(rest) ? NULL : malformed;
	if (depth == JSON_DEPTH)
		return "the values of a JSON lie too deep in each other";
	uint8_t close = open + 2;
	*rest = span_after(*rest, 1);
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
	const char *problem = value_take(&text, 0);
	space_skip(&text);
	return !problem && text.size ? malformed : problem;
}

struct json_walk
json_walk(struct span value)
{
	struct json_walk walk = {0};
	space_skip(&value);
	if (value.size && (*value.data == '{' || *value.data == '['))
		walk.rest = value;
	return walk;
}

bool
json_next(struct json_walk *walk)
{
	/* At the bracket that opens, or at the comma before. */
	struct span *rest = &walk->rest;
	if (!rest->size)
		return false;
	*rest = span_after(*rest, 1);
	space_skip(rest);
	struct span first = *rest;
	walk->key = (struct span){0};
	if (string_take(rest, NULL)) {
		struct span key = span_of(first.data + 1, first.size - rest->size - 2);
		if (mark_take(rest, ':')) {
			walk->key = key;
			space_skip(rest);
			first = *rest;
		}
	}
	*rest = first;
	/* Nothing is one before the bracket that closes. */
	bool is_there = !value_take(rest, 0);
	walk->value = span_of(first.data, first.size - rest->size);
	space_skip(rest);
	if (!is_there || (rest->size && *rest->data != ','))
		*rest = (struct span){0};
	return is_there;
}

struct span
json_find_span(struct span object, struct span key)
{
	struct json_walk walk = json_walk(object);
	while (json_next(&walk))
		if (walk.key.data && span_equal(walk.key, key))
			return walk.value;
	return (struct span){0};
}

struct span
json_find(struct span object, const char *key)
{
	return json_find_span(object, span_text(key));
}

size_t
json_string(struct span value, uint8_t *out)
{
	uint8_t *end = out;
	return string_take(&value, &end) ? (size_t)(end - out) : 0;
}
