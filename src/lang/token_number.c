/* SPDX-License-Identifier: MPL-2.0 */
#include <string.h>

#include "lang/lexer.h"

static bool
is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static bool
is_digit_of(uint8_t byte, int base)
{
	if (base == 16 && ((byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F')))
		return true;
	return is_digit(byte) && byte - '0' < base;
}

/* Everything that looks as if it were meant to belong to the number. */
static size_t
number_reach(const struct lexer *lexer, size_t size)
{
	for (;;) {
		uint32_t point;
		size_t more = lexer_point(lexer, size, &point);
		if (!more || !token_continues_name(point))
			return size;
		size += more;
	}
}

static void
number_fault(struct lexer *lexer, size_t size, const char *title, const char *help)
{
	size = number_reach(lexer, size);
	struct diagnostic *found = lexer_fault(lexer, size, "%s", title);
	if (help)
		diagnostic_help(lexer->diagnostics, found, "%s", help);
	lexer_take(lexer, TOKEN_ERROR, size);
}

/* Digits with '_' between two of them; `sound` becomes false for one elsewhere. */
static size_t
digits_size(const struct lexer *lexer, size_t at, int base, bool *sound)
{
	size_t size = 0;
	for (;; size++) {
		uint8_t byte = lexer_peek(lexer, at + size);
		if (byte == '_') {
			bool between = size &&
				       is_digit_of(lexer_peek(lexer, at + size - 1), base) &&
				       is_digit_of(lexer_peek(lexer, at + size + 1), base);
			*sound = *sound && between;
		} else if (!is_digit_of(byte, base)) {
			return size;
		}
	}
}

static int
number_base(const struct lexer *lexer)
{
	if (lexer_peek(lexer, 0) != '0')
		return 10;
	uint8_t letter = lexer_peek(lexer, 1) | 0x20;
	return letter == 'b' ? 2 : letter == 'o' ? 8 : letter == 'x' ? 16 : 10;
}

static const char underscore_title[] = "'_' in a number stands between two digits";

static void
lexer_based(struct lexer *lexer, int base)
{
	bool sound = true;
	size_t size = 2 + digits_size(lexer, 2, base, &sound);
	if (!sound)
		number_fault(lexer, size, underscore_title, NULL);
	else if (size == 2 || number_reach(lexer, size) > size)
		number_fault(lexer, size,
			base == 2   ? "a binary number has the digits 0 and 1"
			: base == 8 ? "an octal number has the digits 0 to 7"
				    : "a hexadecimal number has the digits 0 to 9 and a to f",
			NULL);
	else
		lexer_take(lexer, TOKEN_INTEGER, size);
}

/* ".5e-3", as far as it goes. */
static size_t
fraction_size(const struct lexer *lexer, size_t at, bool *sound)
{
	size_t size = 0;
	if (lexer_peek(lexer, at) == '.' && is_digit(lexer_peek(lexer, at + 1)))
		size = 1 + digits_size(lexer, at + 1, 10, sound);
	if ((lexer_peek(lexer, at + size) | 0x20) != 'e')
		return size;
	uint8_t sign = lexer_peek(lexer, at + size + 1);
	size_t digits = at + size + (sign == '-' || sign == '+' ? 2 : 1);
	if (!is_digit(lexer_peek(lexer, digits)))
		return size;
	return digits - at + digits_size(lexer, digits, 10, sound);
}

void
lexer_number(struct lexer *lexer)
{
	int base = number_base(lexer);
	if (base != 10) {
		lexer_based(lexer, base);
		return;
	}
	bool sound = true;
	size_t whole = digits_size(lexer, 0, 10, &sound);
	size_t size = whole + fraction_size(lexer, whole, &sound);
	bool point = lexer_peek(lexer, size) == '.' && size == whole &&
		     !(lexer_peek(lexer, size + 1) == '.' && lexer_peek(lexer, size + 2) == '.');
	if (whole == 0)
		number_fault(lexer, size, "a number needs a digit before its point", "write '0.5'");
	else if (!sound)
		number_fault(lexer, size, underscore_title, NULL);
	else if (whole > 1 && lexer_peek(lexer, 0) == '0')
		number_fault(lexer, size, "a number does not begin with 0",
			"an octal number is written '0o17'");
	else if (point)
		number_fault(
			lexer, size + 1, "a number needs a digit after its point", "write '1.0'");
	else if (number_reach(lexer, size) > size)
		number_fault(lexer, size, "a number and a name run together",
			"a name does not begin with a digit");
	else
		lexer_take(lexer, size > whole ? TOKEN_FLOAT : TOKEN_INTEGER, size);
}

/* How far the end of what is no character is looked for. */
enum { CHAR_REACH = 64 };

void
lexer_char(struct lexer *lexer)
{
	uint32_t point;
	size_t content = lexer_point(lexer, 1, &point);
	if (point == '\\' && lexer_peek(lexer, 2) == 'u' && lexer_peek(lexer, 3) == '{') {
		size_t close = bytes_find(bytes_first(bytes_from(lexer_rest(lexer), 4), 16), '}');
		content = close == SIZE_MAX ? 2 : 4 + close;
	} else if (point == '\\') {
		content = 1 + lexer_point(lexer, 2, &point);
	}
	bool closed = content && point != '\n' && point != '\r' &&
		      lexer_peek(lexer, 1 + content) == '\'' &&
		      lexer->at + 1 + content < lexer->text.size;
	if (closed) {
		lexer_check_bidi(lexer, lexer->at, lexer->at + content, SEVERITY_WARNING);
		lexer_take(lexer, TOKEN_CHAR, content + 2);
		return;
	}
	struct bytes near = bytes_first(lexer_rest(lexer), CHAR_REACH);
	struct bytes line = bytes_first(near, bytes_find(near, '\n'));
	size_t end = bytes_find(bytes_from(line, 1), '\'');
	size_t size = end == SIZE_MAX ? 1 : end + 2;
	struct diagnostic *found = lexer_fault(lexer, size,
		end == SIZE_MAX ? "unclosed character"
				: "a character is one code point or one escape");
	diagnostic_help(lexer->diagnostics, found, "a string is written \"…\"");
	lexer_take(lexer, TOKEN_ERROR, size);
}
