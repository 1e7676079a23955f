/* SPDX-License-Identifier: MPL-2.0 */
/*
 * json: canonical JSON written, and strict JSON read.
 *
 * Written: no white space, strings as RFC 8785 says (\b \t \n \f \r \" \\, other controls as \u00xx
 * in lower case, everything else as it is), integers only. The caller gives keys in bytewise order.
 *
 *     struct json_writer writer = {.out = &buf};
 *     json_write_open(&writer, '{');
 *     json_write_key(&writer, key); json_write_text(&writer, value);
 *     json_write_close(&writer, '}');
 *
 * Read: jansson behind a first pass that bounds nesting and refuses numbers that are no integers;
 * duplicate keys, malformed UTF-8, NUL and anything after the value are errors. The value is of
 * jansson, released by json_decref or cleanup_json.
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

struct json_writer {
	struct buf *out;
	bool comma;
};

void json_write_open(struct json_writer *writer, char bracket);
void json_write_close(struct json_writer *writer, char bracket);
void json_write_key(struct json_writer *writer, struct bytes key);
/* Valid UTF-8 without NUL, see json_text_is_valid. */
void json_write_text(struct json_writer *writer, struct bytes text);
void json_write_integer(struct json_writer *writer, int64_t number);
void json_write_truth(struct json_writer *writer, bool truth);

/* The string alone, with its quotes. */
void json_add_text(struct buf *out, struct bytes text);
/* UTF-8 as Unicode defines it (shortest forms, no surrogates), and no NUL. */
bool json_text_is_valid(struct bytes text);

/* An object or array, nested at most `depth` deep. NULL and *err (ERR_CORRUPT, with line and column,
 * or ERR_LIMIT for the depth). */
json_t *json_read(struct bytes text, size_t depth, struct err *err);
void json_release(json_t **value);
#define cleanup_json __attribute__((cleanup(json_release)))

/* A string's bytes, borrowed; false where the value is no string. */
MUST_CHECK bool json_read_text(const json_t *value, struct bytes *out);
