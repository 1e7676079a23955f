/* SPDX-License-Identifier: MPL-2.0 */
/*
 * bytes: a borrowed span of memory. It owns nothing, need not end in NUL, and may hold any byte.
 * Printed with "%.*s", BYTES_ARGS(span).
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *data;
	size_t size;
};

#define BYTES_LITERAL(text) ((struct bytes){(const uint8_t *)("" text), sizeof(text) - 1})
#define BYTES_ARGS(span)                                                                           \
	((span).size > INT_MAX ? INT_MAX : (int)(span).size),                                      \
		((span).size ? (const char *)(span).data : "")

static inline struct bytes
bytes_of(const void *data, size_t size)
{
	return (struct bytes){(const uint8_t *)data, size};
}

static inline struct bytes
bytes_text(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static inline bool
bytes_equal(struct bytes left, struct bytes right)
{
	return left.size == right.size &&
	       (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);
}

static inline bool
bytes_equal_text(struct bytes left, const char *right)
{
	return bytes_equal(left, bytes_text(right));
}

/* Bytewise order; a prefix comes before what it begins. */
static inline int
bytes_compare(struct bytes left, struct bytes right)
{
	size_t common = left.size < right.size ? left.size : right.size;
	int order = common ? memcmp(left.data, right.data, common) : 0;
	if (order)
		return order;
	return (left.size > right.size) - (left.size < right.size);
}

static inline bool
bytes_has_prefix(struct bytes span, struct bytes prefix)
{
	return span.size >= prefix.size &&
	       (prefix.size == 0 || memcmp(span.data, prefix.data, prefix.size) == 0);
}

static inline bool
bytes_has_suffix(struct bytes span, struct bytes suffix)
{
	return span.size >= suffix.size &&
	       (suffix.size == 0 || memcmp(span.data + (span.size - suffix.size), suffix.data,
					    suffix.size) == 0);
}

static inline struct bytes
bytes_from(struct bytes span, size_t start)
{
	return start >= span.size ? bytes_of(span.data, 0)
				  : bytes_of(span.data + start, span.size - start);
}

static inline struct bytes
bytes_first(struct bytes span, size_t size)
{
	return bytes_of(span.data, size < span.size ? size : span.size);
}

/* Where a byte first stands, or SIZE_MAX. */
static inline size_t
bytes_find(struct bytes span, uint8_t byte)
{
	const uint8_t *at = span.size ? (const uint8_t *)memchr(span.data, byte, span.size) : NULL;
	return at ? (size_t)(at - span.data) : SIZE_MAX;
}

/* Takes the next piece up to a separator off *rest; false once nothing is left. "a,,b" yields "a",
 * "", "b". */
static inline bool
bytes_split(struct bytes *rest, uint8_t separator, struct bytes *out)
{
	if (!rest->data)
		return false;
	size_t at = bytes_find(*rest, separator);
	if (at == SIZE_MAX) {
		*out = *rest;
		*rest = (struct bytes){NULL, 0};
		return true;
	}
	*out = bytes_first(*rest, at);
	*rest = bytes_of(rest->data + at + 1, rest->size - at - 1);
	return true;
}
