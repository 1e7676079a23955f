/* SPDX-License-Identifier: MPL-2.0 */
/*
 * identity: one way to name the content of an output: a format and a value, "FORMAT VALUE" in text.
 *
 * FORMAT is [a-z][a-z0-9.+-]{0,31}, VALUE is 1 to 512 printable ASCII characters without space. The
 * same grammar holds on the hash FIFO, in locks, in a derivation's `fixed` and in records. Both are
 * borrowed spans.
 *
 * The value of the format `cab` is a Cab hash: the letter of the root's kind (d, f, x, l) and the
 * 52 letters of its digest.
 */
#pragma once

#include "base/arena.h"
#include "base/bytes.h"
#include "base/digest.h"

enum {
	IDENTITY_FORMAT = 32,
	IDENTITY_VALUE = 512,
	IDENTITY_TEXT = IDENTITY_FORMAT + 1 + IDENTITY_VALUE
};
enum { CAB_VALUE_TEXT = 1 + DIGEST_TEXT };

struct identity {
	struct bytes format;
	struct bytes value;
};

bool identity_is_valid(struct identity identity);
/* Splits "FORMAT VALUE"; false, with *out untouched, where that is not of the grammar. */
MUST_CHECK bool identity_parse(struct bytes text, struct identity *out);
/* "FORMAT VALUE". */
struct bytes identity_print(struct arena *arena, struct identity identity);
bool identity_equal(struct identity left, struct identity right);
/* A Cab hash as text: the VALUE of `cab`, and never `.`. */
bool cab_value_is_valid(struct bytes value);
/* The identity of a format in a list, or NULL. */
const struct identity *identity_find(
	const struct identity *identities, size_t count, const char *format);
