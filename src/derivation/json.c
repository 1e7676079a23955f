/* SPDX-License-Identifier: MPL-2.0 */
#include "derivation/json.h"

#include <inttypes.h>

static void
separate(struct json_writer *writer)
{
	if (writer->comma)
		buf_add_byte(writer->out, ',');
	writer->comma = true;
}

void
json_write_open(struct json_writer *writer, char bracket)
{
	separate(writer);
	buf_add_byte(writer->out, (uint8_t)bracket);
	writer->comma = false;
}

void
json_write_close(struct json_writer *writer, char bracket)
{
	buf_add_byte(writer->out, (uint8_t)bracket);
	writer->comma = true;
}

void
json_write_key(struct json_writer *writer, struct bytes key)
{
	separate(writer);
	json_add_text(writer->out, key);
	buf_add_byte(writer->out, ':');
	writer->comma = false;
}

void
json_write_text(struct json_writer *writer, struct bytes text)
{
	separate(writer);
	json_add_text(writer->out, text);
}

void
json_write_integer(struct json_writer *writer, int64_t number)
{
	separate(writer);
	buf_format(writer->out, "%" PRId64, number);
}

void
json_write_truth(struct json_writer *writer, bool truth)
{
	separate(writer);
	buf_add_text(writer->out, truth ? "true" : "false");
}

static const char *
escape_find(uint8_t byte)
{
	switch (byte) {
	case '\b':
		return "\\b";
	case '\t':
		return "\\t";
	case '\n':
		return "\\n";
	case '\f':
		return "\\f";
	case '\r':
		return "\\r";
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	default:
		return NULL;
	}
}

void
json_add_text(struct buf *out, struct bytes text)
{
	buf_add_byte(out, '"');
	size_t start = 0;
	for (size_t at = 0; at < text.size; at++) {
		uint8_t byte = text.data[at];
		if (byte >= ' ' && byte != '"' && byte != '\\')
			continue;
		buf_add(out, bytes_of(text.data + start, at - start));
		const char *escape = escape_find(byte);
		if (escape)
			buf_add_text(out, escape);
		else
			buf_format(out, "\\u%04x", byte);
		start = at + 1;
	}
	buf_add(out, bytes_from(text, start));
	buf_add_byte(out, '"');
}

/* How many bytes the character at the start has, by Unicode's table 3-7; 0 where it is malformed. */
static size_t
character_size(struct bytes text)
{
	uint8_t first = text.data[0];
	if (first < 0x80)
		return first != 0;
	size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	if (first < 0xc2 || first > 0xf4 || text.size < size)
		return 0;
	uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	if (text.data[1] < low || text.data[1] > high)
		return 0;
	for (size_t at = 2; at < size; at++)
		if (text.data[at] < 0x80 || text.data[at] > 0xbf)
			return 0;
	return size;
}

bool
json_text_is_valid(struct bytes text)
{
	while (text.size > 0) {
		size_t size = character_size(text);
		if (size == 0)
			return false;
		text = bytes_from(text, size);
	}
	return true;
}

/* jansson reads nested values by recursion, and takes 1e2 for a number: both end here. */
static bool
scan(struct bytes text, size_t depth, struct err *err)
{
	size_t open = 0;
	size_t line = 1;
	bool quoted = false;
	for (size_t at = 0; at < text.size; at++) {
		uint8_t byte = text.data[at];
		line += byte == '\n';
		if (quoted) {
			if (byte == '\\')
				at++;
			quoted = byte != '"';
			continue;
		}
		bool digit = at > 0 && text.data[at - 1] >= '0' && text.data[at - 1] <= '9';
		if (byte == '"')
			quoted = true;
		else if ((byte == '[' || byte == '{') && ++open > depth)
			return err_set(
				err, ERR_LIMIT, "line %zu: nested deeper than %zu", line, depth);
		else if ((byte == ']' || byte == '}') && open > 0)
			open--;
		else if (byte == '.' || (digit && (byte == 'e' || byte == 'E')))
			return err_set(
				err, ERR_CORRUPT, "line %zu: a number that is no integer", line);
	}
	return true;
}

json_t *
json_read(struct bytes text, size_t depth, struct err *err)
{
	if (!scan(text, depth, err))
		return NULL;
	json_error_t error;
	json_t *value = json_loadb(text.size ? (const char *)text.data : "", text.size,
		JSON_REJECT_DUPLICATES, &error);
	if (!value)
		err_set(err, ERR_CORRUPT, "line %d, column %d: %s", error.line, error.column,
			error.text);
	return value;
}

void
json_release(json_t **value)
{
	json_decref(*value);
	*value = NULL;
}

bool
json_read_text(const json_t *value, struct bytes *out)
{
	if (!json_is_string(value))
		return false;
	*out = bytes_of(json_string_value(value), json_string_length(value));
	return true;
}
