/* SPDX-License-Identifier: MPL-2.0 */
/*
 * json: a document of RFC 8259 that is in memory whole, read without copies.
 *
 *     const char *problem = json_problem(text);        NULL: it is well formed
 *     struct json_walk walk = json_walk(text.data);
 *     while (json_next(&walk)) use(walk.key, walk.value);
 *
 * json_problem comes first, and a NUL or a newline lies behind the text: what follows takes well-formed
 * texts, and values of them, alone. A value is known by where it begins, as it says itself where it ends; NULL is
 * none, and has no members and no text. A walk through what is no object and no array is empty, a key of
 * an array's items too. At most JSON_DEPTH values lie in each other, and a walk reads its value's text
 * once. Keys are spans of the text, and are compared as they are written: one with an escape is not found. Bytes of
 * strings are not held to UTF-8. Imports nothing.
 */
#pragma once

#include "port.h"

enum { JSON_DEPTH = 64 };

struct json_walk {
	const uint8_t *rest; /* NULL: there is none */
	const uint8_t *value;
	struct span key; /* without its quotes */
};

const char *json_problem(struct span text);
/* Where a walk through it begins; NULL where it is no object and no array. */
const uint8_t *json_inside(const uint8_t *value);
static inline struct json_walk
json_walk(const uint8_t *value)
{
	struct json_walk walk;
	walk.rest = json_inside(value);
	return walk;
}
bool json_next(struct json_walk *walk);
/* The first of a key, or NULL. */
const uint8_t *json_find(const uint8_t *object, const char *key);
const uint8_t *json_find_span(const uint8_t *object, struct span key);
/* A value's text as it is written, a string's without its quotes. */
struct span json_plain(const uint8_t *value);
/* A string's bytes, unescaped, into room for its plain text; 0 where it is no string.
 * Half a surrogate pair becomes '?'. */
size_t json_string(const uint8_t *value, uint8_t *out);
