/* SPDX-License-Identifier: MPL-2.0 */
#include "text.h"

#include "heap.h"

static void
text_room(struct text *text, size_t size)
{
	if (size > TEXT_MAX || text->size > TEXT_MAX - size)
		fail("a text of the source is longer than %u bytes", (uint64_t)TEXT_MAX);
	size_t need = text->size + size + 1;
	if (need <= text->capacity)
		return;
	size_t capacity = text->capacity ? text->capacity : 64;
	while (capacity < need)
		capacity *= 2;
	text->data = (uint8_t *)heap_grow(text->data, text->capacity, capacity);
	text->capacity = capacity;
}

void
text_add(struct text *text, struct span span)
{
	text_room(text, span.size);
	if (span.size)
		memcpy(text->data + text->size, span.data, span.size);
	text->size += span.size;
	text->data[text->size] = 0;
}

void
text_byte(struct text *text, uint8_t byte)
{
	text_add(text, span_of(&byte, 1));
}

static void
text_number(struct text *text, uint64_t number)
{
	uint8_t digits[20];
	size_t at = sizeof digits;
	do {
		digits[--at] = (uint8_t)('0' + number % 10);
		number /= 10;
	} while (number);
	text_add(text, span_of(digits + at, sizeof digits - at));
}

static void
text_vformat(struct text *text, const char *format, va_list arguments)
{
	for (; *format; format++) {
		if (*format != '%') {
			text_byte(text, (uint8_t)*format);
			continue;
		}
		format++;
		if (*format == 's')
			text_add(text, span_text(va_arg(arguments, const char *)));
		else if (*format == 'b')
			text_add(text, *va_arg(arguments, const struct span *));
		else
			text_number(text, va_arg(arguments, uint64_t));
	}
}

void
text_format(struct text *text, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	text_vformat(text, format, arguments);
	va_end(arguments);
}

void
text_clear(struct text *text)
{
	text->size = 0;
}

void
text_release(struct text *text)
{
	heap_give(text->data, text->capacity);
	*text = (struct text){0};
}

void
text_hex(struct text *text, struct span raw)
{
	for (size_t at = 0; at < raw.size; at++) {
		text_byte(text, (uint8_t) "0123456789abcdef"[raw.data[at] >> 4]);
		text_byte(text, (uint8_t) "0123456789abcdef"[raw.data[at] & 15]);
	}
}

static bool
byte_is_plain(uint8_t byte)
{
	uint8_t letter = byte | 32;
	return (letter >= 'a' && letter <= 'z') || (byte >= '-' && byte <= '9') || byte == '_' ||
	       byte == '~';
}

void
text_percent(struct text *text, struct span raw)
{
	for (size_t at = 0; at < raw.size; at++) {
		uint8_t byte = raw.data[at];
		if (byte_is_plain(byte)) {
			text_byte(text, byte);
			continue;
		}
		text_byte(text, '%');
		text_byte(text, (uint8_t) "0123456789ABCDEF"[byte >> 4]);
		text_byte(text, (uint8_t) "0123456789ABCDEF"[byte & 15]);
	}
}

void
text_digest(struct text *text, const uint8_t digest[SUM_BLAKE3])
{
	for (size_t bit = 0; bit < SUM_BLAKE3 * 8; bit += 5) {
		unsigned pair = (unsigned)digest[bit / 8] << 8;
		if (bit / 8 + 1 < SUM_BLAKE3)
			pair |= digest[bit / 8 + 1];
		text_byte(text,
			(uint8_t) "abcdefghijklmnopqrstuvwxyz234567"[pair >> (11 - bit % 8) & 31]);
	}
}

static int
hex_digit(uint8_t letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	if (letter >= 'a' && letter <= 'f')
		return letter - 'a' + 10;
	return -1;
}

bool
hex_read(struct span text, uint8_t *raw_out, size_t size)
{
	if (text.size != 2 * size)
		return false;
	for (size_t at = 0; at < size; at++) {
		int high = hex_digit(text.data[2 * at]);
		int low = hex_digit(text.data[2 * at + 1]);
		if (high < 0 || low < 0)
			return false;
		raw_out[at] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool
number_read(struct span text, uint64_t most, uint64_t *number_out)
{
	uint64_t number = 0;
	for (size_t at = 0; at < text.size; at++) {
		unsigned digit = text.data[at] - (unsigned)'0';
		if (digit > 9 || number > (most - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*number_out = number;
	return text.size > 0;
}

static void
log_text(struct text *text)
{
	for (size_t at = 0; at < text->size; at++)
		if (text->data[at] < 32 || text->data[at] == 127)
			text->data[at] = '?';
	cab_log(text->data, text->size);
}

void
log_line(const char *format, ...)
{
	struct text text = {0};
	va_list arguments;
	va_start(arguments, format);
	text_vformat(&text, format, arguments);
	va_end(arguments);
	log_text(&text);
	text_release(&text);
}

void
fail(const char *format, ...)
{
	struct text text = {0};
	va_list arguments;
	va_start(arguments, format);
	text_vformat(&text, format, arguments);
	va_end(arguments);
	log_text(&text);
	wasi_proc_exit(1);
}
