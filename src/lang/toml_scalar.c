/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/toml_scalar.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "lang/source.h"

enum { WORD_MAX = 256 };

bool
toml_refuse(struct toml_reader *reader, const char *format, ...)
{
	size_t line = 1;
	for (size_t at = 0; at < reader->at && at < reader->text.size; at++)
		line += reader->text.data[at] == '\n';
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return err_set(reader->err, ERR_CORRUPT, "line %zu: %s", line, text);
}

static int
hex_value(int byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	int lower = byte | 0x20;
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool
read_code_point(struct toml_reader *reader, size_t digits, struct buf *out)
{
	uint32_t point = 0;
	for (size_t at = 0; at < digits; at++) {
		int digit = hex_value(toml_peek(reader));
		if (digit < 0)
			return toml_refuse(
				reader, "an escape wants %zu hexadecimal digits", digits);
		point = point << 4 | (uint32_t)digit;
		reader->at++;
	}
	if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return toml_refuse(reader, "no character has the number %x", point);
	uint8_t encoded[4];
	buf_add(out, bytes_of(encoded, source_encode(point, encoded)));
	return true;
}

/* A backslash at the end of a line: all white space up to the next text goes. */
static bool
skip_line_end(struct toml_reader *reader)
{
	size_t at = reader->at;
	while (at < reader->text.size &&
		(reader->text.data[at] == ' ' || reader->text.data[at] == '\t'))
		at++;
	if (at < reader->text.size && reader->text.data[at] == '\r')
		at++;
	if (at >= reader->text.size || reader->text.data[at] != '\n')
		return false;
	while (at < reader->text.size && strchr(" \t\r\n", reader->text.data[at]) &&
		reader->text.data[at])
		at++;
	reader->at = at;
	return true;
}

static bool
read_escape(struct toml_reader *reader, bool lines, struct buf *out)
{
	static const char letters[] = "btnfre\"\\";
	static const char meanings[] = "\b\t\n\f\r\033\"\\";
	int letter = toml_peek(reader);
	const char *found = letter > 0 ? strchr(letters, letter) : NULL;
	if (found) {
		buf_add_byte(out, (uint8_t)meanings[found - letters]);
		reader->at++;
		return true;
	}
	if (letter == 'x' || letter == 'u' || letter == 'U') {
		reader->at++;
		return read_code_point(reader, letter == 'x' ? 2 : letter == 'u' ? 4 : 8, out);
	}
	if (lines && skip_line_end(reader))
		return true;
	return toml_refuse(reader, "this escape does not exist");
}

static bool
starts_with(const struct toml_reader *reader, uint8_t quote, size_t count)
{
	for (size_t at = 0; at < count; at++) {
		if (reader->at + at >= reader->text.size ||
			reader->text.data[reader->at + at] != quote)
			return false;
	}
	return true;
}

/* One character of a text as it stands. */
static bool
read_plain(struct toml_reader *reader, bool lines, struct buf *out)
{
	uint8_t byte = reader->text.data[reader->at];
	bool line_end = byte == '\n' || (byte == '\r' && reader->at + 1 < reader->text.size &&
						reader->text.data[reader->at + 1] == '\n');
	if (line_end && !lines)
		return toml_refuse(reader, "a text is not closed before its line ends");
	if ((byte < 0x20 && byte != '\t' && !line_end) || byte == 0x7f)
		return toml_refuse(reader, "a text holds the control character %02x", byte);
	if (line_end && byte == '\r') {
		reader->at++;
		byte = '\n';
	}
	buf_add_byte(out, byte);
	reader->at++;
	return true;
}

bool
toml_read_text(struct toml_reader *reader, bool lines, struct bytes *out)
{
	uint8_t quote = reader->text.data[reader->at];
	bool several = starts_with(reader, quote, 3);
	if (several && !lines)
		return toml_refuse(reader, "a key is a text of one line");
	size_t fence = several ? 3 : 1;
	reader->at += fence;
	if (several && toml_peek(reader) == '\r' && reader->at + 1 < reader->text.size &&
		reader->text.data[reader->at + 1] == '\n')
		reader->at++;
	if (several && toml_peek(reader) == '\n')
		reader->at++;
	cleanup_buf struct buf text = BUF(reader->text.size + 4);
	for (;;) {
		if (reader->at >= reader->text.size)
			return toml_refuse(reader, "a text is not closed");
		if (starts_with(reader, quote, fence)) {
			/* Up to two quotes may stand before the three that close. */
			for (int extra = 0; several && extra < 2 && starts_with(reader, quote, 4);
				extra++) {
				buf_add_byte(&text, quote);
				reader->at++;
			}
			reader->at += fence;
			break;
		}
		if (quote == '"' && toml_peek(reader) == '\\') {
			reader->at++;
			if (!read_escape(reader, several, &text))
				return false;
		} else if (!read_plain(reader, several, &text))
			return false;
	}
	*out = arena_copy(reader->arena, buf_bytes(&text));
	return true;
}

/* Digits of a base with single '_' between them, without them in out; false where it is not so. */
static bool
plain_digits(struct bytes word, int base, char *out)
{
	size_t size = 0;
	bool digit_before = false;
	for (size_t at = 0; at < word.size; at++) {
		uint8_t byte = word.data[at];
		if (byte == '_') {
			if (!digit_before || at + 1 == word.size)
				return false;
			digit_before = false;
			continue;
		}
		int digit = hex_value(byte);
		if (digit < 0 || digit >= base)
			return false;
		digit_before = true;
		out[size++] = (char)byte;
	}
	out[size] = 0;
	return size > 0 && digit_before;
}

static bool
read_integer(struct toml_reader *reader, struct bytes word, struct toml_value *out)
{
	char digits[WORD_MAX + 2];
	bool minus = word.data[0] == '-';
	struct bytes rest = bytes_from(word, minus || word.data[0] == '+' ? 1 : 0);
	int base = 10;
	if (rest.size == word.size && rest.size > 2 && rest.data[0] == '0') {
		base = rest.data[1] == 'x'   ? 16
		       : rest.data[1] == 'o' ? 8
		       : rest.data[1] == 'b' ? 2
					     : 10;
		rest = bytes_from(rest, base == 10 ? 0 : 2);
	}
	digits[0] = '-';
	if (!plain_digits(rest, base, digits + 1) || (base == 10 && digits[1] == '0' && digits[2]))
		return toml_refuse(reader, "this is no value: %.*s", BYTES_ARGS(word));
	errno = 0;
	out->kind = TOML_INTEGER;
	out->integer = strtoll(minus ? digits : digits + 1, NULL, base);
	if (errno == ERANGE)
		return toml_refuse(
			reader, "an integer does not fit 64 bits: %.*s", BYTES_ARGS(word));
	return true;
}

/* [+-] digits [. digits] [e [+-] digits], as the C library takes it. */
static bool
float_text(struct bytes word, char *out)
{
	size_t at = word.size > 0 && (word.data[0] == '+' || word.data[0] == '-') ? 1 : 0;
	size_t size = 0;
	if (at)
		out[size++] = (char)word.data[0];
	for (int part = 0; part < 3; part++) {
		size_t start = at;
		while (at < word.size &&
			(word.data[at] == '_' || (word.data[at] >= '0' && word.data[at] <= '9')))
			at++;
		struct bytes digits = bytes_of(word.data + start, at - start);
		if (!plain_digits(digits, 10, out + size) ||
			(part == 0 && out[size] == '0' && out[size + 1]))
			return false;
		size += strlen(out + size);
		if (at == word.size)
			return part > 0;
		uint8_t sign = word.data[at] | 0x20;
		if (part == 0 && word.data[at] == '.')
			out[size++] = '.';
		else if (part < 2 && sign == 'e') {
			out[size++] = 'e';
			if (at + 1 < word.size &&
				(word.data[at + 1] == '+' || word.data[at + 1] == '-'))
				out[size++] = (char)word.data[++at];
			part = 1;
		} else
			return false;
		at++;
	}
	return false;
}

static bool
read_float(struct toml_reader *reader, struct bytes word, struct toml_value *out)
{
	char digits[WORD_MAX + 2];
	if (!float_text(word, digits))
		return toml_refuse(reader, "this is no value: %.*s", BYTES_ARGS(word));
	out->kind = TOML_REAL;
	out->real = strtod(digits, NULL);
	if (!isfinite(out->real))
		return toml_refuse(reader, "a float is too large: %.*s", BYTES_ARGS(word));
	return true;
}

/* Two digits in a range, at an offset. */
static bool
is_pair(struct bytes word, size_t at, int least, int most)
{
	if (at + 2 > word.size || word.data[at] < '0' || word.data[at] > '9' ||
		word.data[at + 1] < '0' || word.data[at + 1] > '9')
		return false;
	int number = (word.data[at] - '0') * 10 + word.data[at + 1] - '0';
	return number >= least && number <= most;
}

static bool
is_day(struct bytes word)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (word.size < 10 || word.data[4] != '-' || word.data[7] != '-' ||
		!is_pair(word, 0, 0, 99) || !is_pair(word, 2, 0, 99) || !is_pair(word, 5, 1, 12) ||
		!is_pair(word, 8, 1, 31))
		return false;
	int year = (word.data[0] - '0') * 1000 + (word.data[1] - '0') * 100 +
		   (word.data[2] - '0') * 10 + word.data[3] - '0';
	int month = (word.data[5] - '0') * 10 + word.data[6] - '0';
	int day = (word.data[8] - '0') * 10 + word.data[9] - '0';
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return day <= days[month - 1] + (month == 2 && leap);
}

/* HH:MM[:SS[.digits]]; *rest_out is what follows. */
static bool
is_time(struct bytes word, struct bytes *rest_out)
{
	if (!is_pair(word, 0, 0, 23) || word.size < 5 || word.data[2] != ':' ||
		!is_pair(word, 3, 0, 59))
		return false;
	size_t at = 5;
	if (at < word.size && word.data[at] == ':') {
		if (!is_pair(word, at + 1, 0, 60))
			return false;
		at += 3;
		if (at < word.size && word.data[at] == '.') {
			size_t start = ++at;
			while (at < word.size && word.data[at] >= '0' && word.data[at] <= '9')
				at++;
			if (at == start)
				return false;
		}
	}
	*rest_out = bytes_from(word, at);
	return true;
}

static bool
is_date(struct bytes word)
{
	struct bytes rest = {0};
	if (is_time(word, &rest))
		return rest.size == 0;
	if (!is_day(word))
		return false;
	if (word.size == 10)
		return true;
	if (!strchr("Tt ", word.data[10]) || !is_time(bytes_from(word, 11), &rest))
		return false;
	if (rest.size == 0 || (rest.size == 1 && (rest.data[0] | 0x20) == 'z'))
		return true;
	return rest.size == 6 && (rest.data[0] == '+' || rest.data[0] == '-') &&
	       is_pair(rest, 1, 0, 23) && rest.data[3] == ':' && is_pair(rest, 4, 0, 59);
}

static bool
is_word_byte(uint8_t byte)
{
	uint8_t lower = byte | 0x20;
	return (byte >= '0' && byte <= '9') || (lower >= 'a' && lower <= 'z') || byte == '_' ||
	       byte == '+' || byte == '-' || byte == '.' || byte == ':';
}

bool
toml_read_word(struct toml_reader *reader, struct toml_value *out)
{
	size_t start = reader->at, end = start;
	const uint8_t *data = reader->text.data;
	while (end < reader->text.size && is_word_byte(data[end]))
		end++;
	/* A date and its time may be parted by one blank. */
	if (end - start == 10 && end + 1 < reader->text.size && data[end] == ' ' &&
		data[start + 4] == '-' && data[end + 1] >= '0' && data[end + 1] <= '9') {
		end++;
		while (end < reader->text.size && is_word_byte(data[end]))
			end++;
	}
	struct bytes word = bytes_of(data + start, end - start);
	if (word.size == 0)
		return toml_refuse(reader, "a value is missing");
	if (word.size > WORD_MAX)
		return toml_refuse(reader, "a number is longer than %d digits", (int)WORD_MAX);
	reader->at = end;
	if (bytes_equal_text(word, "true") || bytes_equal_text(word, "false")) {
		out->kind = TOML_TRUTH;
		out->truth = word.size == 4;
		return true;
	}
	if (is_date(word)) {
		out->kind = TOML_DATE;
		out->text = word;
		return true;
	}
	bool hex = word.size > 1 && word.data[0] == '0' && word.data[1] == 'x';
	struct bytes end_text = bytes_from(word, word.size < 3 ? 0 : word.size - 3);
	if (bytes_equal_text(end_text, "inf") || bytes_equal_text(end_text, "nan"))
		return toml_refuse(reader, "infinity and NaN have no value here");
	if (!hex && (memchr(word.data, '.', word.size) || memchr(word.data, 'e', word.size) ||
			    memchr(word.data, 'E', word.size)))
		return read_float(reader, word, out);
	return read_integer(reader, word, out);
}
