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
		uint8_t byte = rest->data[at];
		uint8_t letter = byte | 0x20;
		if (byte >= '0' && byte <= '9')
			unit = 16 * unit + byte - '0';
		else if (letter >= 'a' && letter <= 'f')
			unit = 16 * unit + letter - 'a' + 10;
		else
			return -1;
	}
	*rest = span_after(*rest, 4);
	return unit;
}

static bool
string_take(struct span *rest)
{
	if (!byte_take(rest, '"'))
		return false;
	while (rest->size) {
		uint8_t byte = *rest->data;
		*rest = span_after(*rest, 1);
		if (byte == '"')
			return true;
		if (byte < ' ')
			return false;
		if (byte != '\\')
			continue;
		if (byte_take(rest, 'u')) {
			if (unit_take(rest) < 0)
				return false;
		} else if (!rest->size || span_find(SPAN("\"\\/bfnrt"), *rest->data) == 8) {
			return false;
		} else {
			*rest = span_after(*rest, 1);
		}
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
	return rest->size && *rest->data == '"' ? string_take(rest) : number_take(rest);
}

/* Behind a value: closes what ends here; the depth that is left, or -1. */
static int
ends_take(struct span *rest, int depth, uint64_t *objects)
{
	for (;; depth--) {
		space_skip(rest);
		if (depth == 0)
			return rest->size ? -1 : 0;
		if (byte_take(rest, ','))
			return depth;
		if (!byte_take(rest, *objects & 1 ? '}' : ']'))
			return -1;
		*objects >>= 1;
	}
}

const char *
json_problem(struct span text)
{
	struct span rest = text;
	uint64_t objects = 0; /* a bit for each value around: 1 for an object */
	int depth = 0;
	bool may_end = false;
	do {
		space_skip(&rest);
		if (!may_end || !rest.size || *rest.data != (objects & 1 ? '}' : ']')) {
			if (depth && objects & 1) {
				if (!string_take(&rest))
					return malformed;
				space_skip(&rest);
				if (!byte_take(&rest, ':'))
					return malformed;
				space_skip(&rest);
			}
			bool is_object = byte_take(&rest, '{');
			if (is_object || byte_take(&rest, '[')) {
				if (depth++ == JSON_DEPTH)
					return "the values of a JSON lie too deep in each other";
				objects = objects << 1 | is_object;
				may_end = true;
				continue;
			}
			if (!scalar_take(&rest))
				return malformed;
		}
		may_end = false;
		depth = ends_take(&rest, depth, &objects);
		if (depth < 0)
			return malformed;
	} while (depth);
	return NULL;
}

/* The text of a value at the front. */
static struct span
value_take(struct span *rest)
{
	space_skip(rest);
	struct span value = *rest;
	size_t depth = 0;
	while (rest->size) {
		uint8_t byte = *rest->data;
		bool is_end = byte == '}' || byte == ']';
		if (depth == 0 && (is_end || byte == ',' || byte == ' ' || byte < ' '))
			break;
		if (byte == '"') {
			if (!string_take(rest))
				break;
		} else {
			*rest = span_after(*rest, 1);
			if (byte == '{' || byte == '[')
				depth++;
			depth -= is_end;
		}
	}
	value.size -= rest->size;
	return value;
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
	walk->key = (struct span){0};
	struct span first = *rest;
	if (string_take(rest)) {
		struct span key = span_of(first.data + 1, first.size - rest->size - 2);
		space_skip(rest);
		if (byte_take(rest, ':'))
			walk->key = key;
		else
			*rest = first;
	} else {
		*rest = first;
	}
	walk->value = value_take(rest);
	space_skip(rest);
	if (!walk->value.size || (rest->size && *rest->data != ','))
		*rest = (struct span){0};
	return walk->value.size;
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

static size_t
point_put(uint8_t *out, uint32_t point)
{
	if (point < 0x80) {
		out[0] = (uint8_t)point;
		return 1;
	}
	size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	for (size_t at = size - 1; at; at--, point >>= 6)
		out[at] = (uint8_t)(0x80 | (point & 63));
	out[0] = (uint8_t)(0xf0 << (4 - size) | point);
	return size;
}

/* What \uXXXX stands for, maybe with the one behind it. */
static uint32_t
point_take(struct span *rest)
{
	uint32_t high = (uint32_t)unit_take(rest);
	if (high - 0xd800 >= 0x800)
		return high;
	if (high >= 0xdc00 || !span_has_prefix(*rest, "\\u"))
		return '?';
	struct span behind = span_after(*rest, 2);
	uint32_t low = (uint32_t)unit_take(&behind);
	if (low - 0xdc00 >= 0x400)
		return '?';
	*rest = behind;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

size_t
json_string(struct span value, uint8_t *out)
{
	static const uint8_t meanings[] = "\"\\/\b\f\n\r\t";
	size_t size = 0;
	struct span rest = value;
	if (!byte_take(&rest, '"'))
		return 0;
	while (rest.size && *rest.data != '"') {
		uint8_t byte = *rest.data;
		rest = span_after(rest, 1);
		if (byte == '\\' && byte_take(&rest, 'u')) {
			size += point_put(out + size, point_take(&rest));
			continue;
		}
		if (byte == '\\' && rest.size) {
			byte = meanings[span_find(SPAN("\"\\/bfnrt"), *rest.data)];
			rest = span_after(rest, 1);
		}
		out[size++] = byte;
	}
	return size;
}
