/* SPDX-License-Identifier: MPL-2.0 */
#include "island/json_scan.h"

struct json_scan
json_scan(struct bytes text)
{
	return (struct json_scan){.rest = text, .state = JSON_SCAN_VALUE};
}

static bool
is_space(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void
space_skip(struct json_scan *scan)
{
	size_t size = 0;
	while (size < scan->rest.size && is_space(scan->rest.data[size]))
		size++;
	scan->rest = bytes_from(scan->rest, size);
}

static bool
take(struct json_scan *scan, uint8_t byte)
{
	if (!scan->rest.size || scan->rest.data[0] != byte)
		return false;
	scan->rest = bytes_from(scan->rest, 1);
	return true;
}

static enum json_event
bad(struct json_scan *scan)
{
	scan->state = JSON_SCAN_BAD;
	return JSON_EVENT_BAD;
}

static bool
is_hex(uint8_t byte)
{
	uint8_t letter = byte | 0x20;
	return (byte >= '0' && byte <= '9') || (letter >= 'a' && letter <= 'f');
}

/* What an escape holds in all, or 0 where it is none. */
static size_t
escape_size(struct bytes text)
{
	if (text.size < 2 || !text.data[1] || !strchr("\"\\/bfnrtu", text.data[1]))
		return 0;
	if (text.data[1] != 'u')
		return 2;
	for (size_t at = 2; at < 6; at++)
		if (at >= text.size || !is_hex(text.data[at]))
			return 0;
	return 6;
}

/* Up to its end, behind the first quote. */
static bool
string_take(struct json_scan *scan, struct bytes *out)
{
	size_t at = 0;
	while (at < scan->rest.size && scan->rest.data[at] != '"') {
		size_t size = 1;
		if (scan->rest.data[at] == '\\')
			size = escape_size(bytes_from(scan->rest, at));
		if (!size || scan->rest.data[at] < ' ')
			return false;
		at += size;
	}
	*out = bytes_first(scan->rest, at);
	scan->rest = bytes_from(scan->rest, at);
	return take(scan, '"');
}

static size_t
digits_size(struct bytes text)
{
	size_t size = 0;
	while (size < text.size && text.data[size] >= '0' && text.data[size] <= '9')
		size++;
	return size;
}

static bool
number_take(struct bytes *rest)
{
	struct bytes text = bytes_from(*rest, rest->size && rest->data[0] == '-');
	size_t size = digits_size(text);
	if (!size || (text.data[0] == '0' && size > 1))
		return false;
	text = bytes_from(text, size);
	if (text.size && text.data[0] == '.') {
		size = digits_size(bytes_from(text, 1));
		if (!size)
			return false;
		text = bytes_from(text, 1 + size);
	}
	if (text.size && (text.data[0] | 0x20) == 'e') {
		text = bytes_from(text, 1);
		text = bytes_from(text, text.size && (text.data[0] == '+' || text.data[0] == '-'));
		size = digits_size(text);
		if (!size)
			return false;
		text = bytes_from(text, size);
	}
	*rest = text;
	return true;
}

static enum json_event
other_take(struct json_scan *scan, struct bytes *out)
{
	static const char *const words[] = {"true", "false", "null"};
	struct bytes start = scan->rest;
	bool is_word = false;
	for (size_t at = 0; !is_word && at < 3; at++) {
		is_word = bytes_has_prefix(start, bytes_text(words[at]));
		if (is_word)
			scan->rest = bytes_from(start, strlen(words[at]));
	}
	if (!is_word && !number_take(&scan->rest))
		return bad(scan);
	*out = bytes_first(start, start.size - scan->rest.size);
	scan->state = JSON_SCAN_BEHIND;
	return JSON_EVENT_OTHER;
}

static enum json_event
value_take(struct json_scan *scan, struct bytes *out)
{
	bool is_object = take(scan, '{');
	if (is_object || take(scan, '[')) {
		if (scan->depth == JSON_SCAN_DEPTH)
			return bad(scan);
		scan->depth++;
		scan->objects = scan->objects << 1 | is_object;
		scan->state = JSON_SCAN_FIRST;
		return JSON_EVENT_OPEN;
	}
	if (!take(scan, '"'))
		return other_take(scan, out);
	scan->state = JSON_SCAN_BEHIND;
	return string_take(scan, out) ? JSON_EVENT_TEXT : bad(scan);
}

/* Between the values of an object or array: its end, or what the next one begins with. */
static enum json_event
inner_take(struct json_scan *scan, struct bytes *out)
{
	bool is_object = scan->objects & 1;
	if (take(scan, is_object ? '}' : ']')) {
		scan->depth--;
		scan->objects >>= 1;
		scan->state = JSON_SCAN_BEHIND;
		return JSON_EVENT_CLOSE;
	}
	if (scan->state == JSON_SCAN_BEHIND) {
		if (!take(scan, ','))
			return bad(scan);
		space_skip(scan);
	}
	if (!is_object)
		return value_take(scan, out);
	if (!take(scan, '"') || !string_take(scan, out))
		return bad(scan);
	scan->state = JSON_SCAN_COLON;
	return JSON_EVENT_KEY;
}

enum json_event
json_scan_next(struct json_scan *scan, struct bytes *piece_out)
{
	*piece_out = bytes_of(NULL, 0);
	space_skip(scan);
	switch (scan->state) {
	case JSON_SCAN_VALUE:
		return value_take(scan, piece_out);
	case JSON_SCAN_COLON:
		if (!take(scan, ':'))
			return bad(scan);
		space_skip(scan);
		return value_take(scan, piece_out);
	case JSON_SCAN_FIRST:
		return inner_take(scan, piece_out);
	case JSON_SCAN_BEHIND:
		if (scan->depth)
			return inner_take(scan, piece_out);
		return scan->rest.size ? bad(scan) : JSON_EVENT_END;
	case JSON_SCAN_BAD:
		break;
	}
	return JSON_EVENT_BAD;
}
