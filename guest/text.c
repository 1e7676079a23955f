/* SPDX-License-Identifier: MPL-2.0 */
#include "text.h"

#include "heap.h"

static void
text_room(struct text *text, size_t size)
{
	if (size > TEXT_MAX || text->size > TEXT_MAX - size)
		fail("a text is longer than 4 MiB");
	size_t need = text->size + size + 1;
	if (need <= text->capacity)
		return;
	size_t capacity = text->capacity ? text->capacity : 64;
	while (capacity < need)
		capacity *= 2;
	text->data = (uint8_t *)heap_grow(text->data, text->capacity, capacity);
	text->capacity = capacity;
}

struct text *
text_new(const char *front)
{
	struct text *text = (struct text *)heap_zero(sizeof *text);
	text_put(text, front);
	return text;
}

void
text_free(struct text *text)
{
	text_release(text);
	heap_give(text, sizeof *text);
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

void
text_put(struct text *text, const char *more)
{
	text_add(text, span_text(more));
}

size_t
number_digits(uint8_t digits_out[DIGITS], uint64_t number)
{
	size_t at = DIGITS;
	do {
		digits_out[--at] = (uint8_t)('0' + number % 10);
		number /= 10;
	} while (number);
	return at;
}

void
text_number(struct text *text, uint64_t number)
{
	uint8_t digits[DIGITS];
	size_t at = number_digits(digits, number);
	text_add(text, span_of(digits + at, DIGITS - at));
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

/* The digits of one byte, lower case (32) or upper case (0). */
static void
byte_hex(struct text *text, uint8_t byte, uint8_t letter_case)
{
	for (int shift = 4; shift >= 0; shift -= 4)
		text_byte(text, (uint8_t) "0123456789ABCDEF"[byte >> shift & 15] | letter_case);
}

void
text_hex(struct text *text, struct span raw)
{
	for (size_t at = 0; at < raw.size; at++)
		byte_hex(text, raw.data[at], 32);
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
		byte_hex(text, byte, 0);
	}
}

void
text_digest(struct text *text, const uint8_t digest[SUM_BLAKE3])
{
	for (size_t bit = 0; bit < (size_t)SUM_BLAKE3 * 8; bit += 5) {
		unsigned pair = (unsigned)digest[bit / 8] << 8;
		if (bit / 8 + 1 < SUM_BLAKE3)
			pair |= digest[bit / 8 + 1];
		text_byte(text,
			(uint8_t) "abcdefghijklmnopqrstuvwxyz234567"[pair >> (11 - bit % 8) & 31]);
	}
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

void
log_about(const char *word, struct span span)
{
	struct text *text = text_new(word);
	text_put(text, ": ");
	text_add(text, span);
	for (size_t at = 0; at < text->size; at++)
		if (text->data[at] < 32 || text->data[at] == 127)
			text->data[at] = '?';
	cab_log(text->data, text->size);
	text_free(text);
}

void
fail_about(const char *sentence, struct span what)
{
	log_about(sentence, what);
	wasi_proc_exit(1);
}

void
fail_in(const char *where, const char *sentence)
{
	fail_about(where, span_text(sentence));
}

void
fail(const char *sentence)
{
	cab_log(sentence, strlen(sentence));
	wasi_proc_exit(1);
}

void
fail_number(const char *sentence, uint64_t number)
{
	struct text *text = text_new("");
	text_number(text, number);
	fail_about(sentence, text_span(text));
}

void
hash_end(int32_t handle, uint8_t *sum_out)
{
	if (handle < 0 || cab_hash_finish(handle, sum_out) < 0)
		fail("the host cannot hash this: a SHA-1 collision?");
}

void
hash_once(int32_t algorithm, struct span data, uint8_t *sum_out)
{
	if (cab_hash(algorithm, data.data, data.size, sum_out) < 0)
		hash_end(-1, sum_out);
}
