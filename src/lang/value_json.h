/* SPDX-License-Identifier: MPL-2.0 */
/*
 * value_json: values from JSON and to JSON (RFC 8259).
 *
 * Reading: integers beyond 64 bits, repeated keys, lone surrogates and nesting beyond JSON_DEPTH
 * are errors; a number with a fraction or an exponent is a float. Writing forces everything; keys
 * come in bytewise order, a path as its absolute text, a derivation as the path of its .drv;
 * a function is an error that names its attribute path.
 */
#pragma once

#include "lang/evaluator.h"

enum { JSON_DEPTH = 512 };

struct value *value_json_read(struct evaluator *evaluator, struct bytes text);
/* Adds to text, contexts included; indent 0 is one line. */
MUST_CHECK bool value_json_write(
	struct evaluator *evaluator, struct value *value, unsigned indent, struct text *text);
void value_json_string(struct bytes string, struct buf *out);
