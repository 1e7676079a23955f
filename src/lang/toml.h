/* SPDX-License-Identifier: MPL-2.0 */
/*
 * toml: a strict decoder of TOML 1.1 (toml.io/en/v1.1.0; all of 1.0 is in it), for hostile text.
 *
 *     struct toml *toml = toml_parse(text, err);
 *     const struct toml_value *root = toml_root(toml);       a table
 *     for (entry = root->table.first; entry; entry = entry->next) ...
 *     toml_free(toml);
 *
 * What is given out points into the decoder and into the text, which outlives it.
 *
 * Texts are UTF-8 and may hold NUL (an escape gives it). Dates and times keep their text. Integers
 * beyond 64 bits, `inf`, `nan`, repeated keys and nesting deeper than TOML_DEPTH are errors. The
 * decoder is iterative; memory is linear in the text.
 *
 * Errors: ERR_CORRUPT, "line 3: a key is defined twice: 'name'".
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

enum { TOML_DEPTH = 128 };

enum toml_kind {
	TOML_TEXT,
	TOML_INTEGER,
	TOML_REAL,
	TOML_TRUTH,
	TOML_DATE, /* text as written */
	TOML_LIST,
	TOML_TABLE,
};

struct toml_entry {
	struct toml_entry *next; /* in the order of the text */
	struct bytes key;
	struct toml_value *value;
};

struct toml_item {
	struct toml_item *next;
	struct toml_value *value;
};

struct toml_list {
	struct toml_item *first;
	struct toml_item *last;
	size_t count;
};

struct toml_table {
	struct toml_entry *first;
	struct toml_entry *last;
	size_t count;
	struct map *index; /* of the decoder, once there are many entries */
};

struct toml_value {
	enum toml_kind kind;
	uint8_t origin; /* the decoder's */
	uint16_t depth;
	union {
		struct bytes text;
		int64_t integer;
		double real;
		bool truth;
		struct toml_list list;
		struct toml_table table;
	};
};

struct toml;

/* NULL and *err on failure. */
struct toml *toml_parse(struct bytes text, struct err *err);
void toml_free(struct toml *toml);
const struct toml_value *toml_root(const struct toml *toml);
/* The value under a key, or NULL. */
const struct toml_value *toml_find(const struct toml_value *table, const char *key);
