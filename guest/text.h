/* SPDX-License-Identifier: MPL-2.0 */
/*
 * text: texts that grow, numbers and digests as text, and the two ways to speak to people.
 *
 *     struct text url = {0};
 *     text_format(&url, "%s/%b.git", base, &name);      always ends in a NUL that is not counted
 *     use(url.data, url.size);
 *     text_release(&url);
 *
 * The conversions: %s a NUL-terminated text, %b a `const struct span *`, %u an uint64_t. A text of
 * more than TEXT_MAX bytes ends the program.
 */
#pragma once

#include "port.h"

enum { TEXT_MAX = 4 << 20 };

struct text {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

void text_add(struct text *text, struct span span);
void text_byte(struct text *text, uint8_t byte);
void text_format(struct text *text, const char *format, ...);
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
/* Decimal digits alone, at most `most`. */
bool number_read(struct span text, uint64_t most, uint64_t *number_out);

/* One line of the build's log; control characters become '?'. */
void log_line(const char *format, ...);
/* Says the sentence in the log and ends the program with exit code 1. */
_Noreturn void fail(const char *format, ...);
