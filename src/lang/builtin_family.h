/* SPDX-License-Identifier: MPL-2.0 */
/*
 * builtin_family: what the files of builtins share: their tables, which builtin.c gathers.
 */
#pragma once

#include "lang/evaluator.h"

#define BUILTIN_FAMILY(family, words)                                                              \
	const struct builtin_family builtin_##family##_family = {                                  \
		words, family##_rows, sizeof family##_rows / sizeof family##_rows[0]}

extern const struct builtin_family builtin_control_family;
extern const struct builtin_family builtin_type_family;
extern const struct builtin_family builtin_list_family;
extern const struct builtin_family builtin_order_family;
extern const struct builtin_family builtin_set_family;
extern const struct builtin_family builtin_string_family;
extern const struct builtin_family builtin_regex_family;
extern const struct builtin_family builtin_text_family;
extern const struct builtin_family builtin_data_family;
extern const struct builtin_family builtin_file_family;
extern const struct builtin_family builtin_derivation_family;

/* The hash of a content by the algorithm of this name, in hexadecimal. */
struct value *builtin_hash(
	struct evaluator *evaluator, struct string *algorithm_name, struct bytes content);
