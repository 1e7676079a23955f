/* SPDX-License-Identifier: MPL-2.0 */
/*
 * text: texts that grow, numbers and digests as text, and the two ways to speak to people.
 *
 *     struct text *url = text_new("https://");
 *     text_add(url, span); text_number(url, 7);
 *     use(text_span(url));
 *     text_free(url);                           or it stays; one in a struct begins as zeros, and is released
 *
 * A text always ends in a NUL that is not counted. One of more than TEXT_MAX bytes ends the
 * program.
 */
#pragma once

#include "port.h"

enum { TEXT_MAX = 4 << 20, DIGITS = 20 };

struct text {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

struct text *text_new(const char *front);
void text_free(struct text *text);
void text_add(struct text *text, struct span span);
void text_byte(struct text *text, uint8_t byte);
void text_put(struct text *text, const char *more);
void text_number(struct text *text, uint64_t number);
void text_clear(struct text *text);
void text_release(struct text *text);

static inline struct span
text_span(const struct text *text)
{
	return span_of(text->data, text->size);
}

void text_hex(struct text *text, struct span raw);
/* Bytes other than letters, digits and -._~/ become %XX. */
void text_percent(struct text *text, struct span raw);
/* The 52 letters of base32 that src/base/digest.h defines. */
void text_digest(struct text *text, const uint8_t digest[SUM_BLAKE3]);

/* Exactly 2 * size lower-case digits. */
bool hex_read(struct span text, uint8_t *raw_out, size_t size);
/* The decimal digits of a number, at the end of the array; where they begin. */
size_t number_digits(uint8_t digits_out[DIGITS], uint64_t number);

/* A span after a word, "WORD: SPAN", as one line of the build's log; control characters become '?'.
 */
void log_about(const char *word, struct span span);
/* Ends the program with exit code 1, and a sentence in the log: as it is, with what it is about,
 * with a number, or with where it was. The realizer says which island it is. */
_Noreturn void fail(const char *sentence);
_Noreturn void fail_about(const char *sentence, struct span what);
_Noreturn void fail_number(const char *sentence, uint64_t number);
_Noreturn void fail_in(const char *where, const char *sentence);

/* A hash's sum; a failure of the host (or a collision of SHA-1) ends the program. */
void hash_once(int32_t algorithm, struct span data, uint8_t *sum_out);
void hash_end(int32_t handle, uint8_t *sum_out);
