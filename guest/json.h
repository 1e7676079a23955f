/* SPDX-License-Identifier: MPL-2.0 */
/*
 * json: a document of RFC 8259 that is in memory whole, read without copies.
 *
 *     const char *problem = json_problem(text);        NULL: it is well formed
 *     struct json_walk walk = json_walk(text);
 *     while (json_next(&walk)) use(walk.key, walk.value);
 *
 * json_problem comes first: what follows takes well-formed texts, and parts of them, alone. Values
 * and keys are spans of the text; a walk through what is no object and no array is empty, a key of
 * an array's items too. At most JSON_DEPTH values lie in each other, and a walk reads its value's text
 * once. Keys are compared as they are written: one with an escape is not found. Bytes of
 * strings are not held to UTF-8. Imports nothing.
 */
#pragma once

#include "port.h"

enum { JSON_DEPTH = 64 };

struct json_walk {
	struct span rest;
	struct span key; /* without its quotes */
	struct span value;
};

const char *json_problem(struct span text);
struct json_walk json_walk(struct span value);
bool json_next(struct json_walk *walk);
/* The first of a key; empty where there is none. */
struct span json_find(struct span object, const char *key);
struct span json_find_span(struct span object, struct span key);
/* A string's bytes, unescaped, into room for as many as the value has; 0 where it is no string.
 * Half a surrogate pair becomes '?'. */
size_t json_string(struct span value, uint8_t *out);
