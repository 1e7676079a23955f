/* SPDX-License-Identifier: MPL-2.0 */
/*
 * regex_program: what regex.c compiles and regex_run.c runs.
 */
#pragma once

#include "base/arena.h"
#include "base/array.h"
#include "lang/regex.h"

struct regex_range {
	uint32_t first;
	uint32_t last;
};

struct regex_set {
	struct regex_range *ranges;
	size_t count;
	bool negated;
};

enum regex_code {
	REGEX_POINT, /* one code point */
	REGEX_ANY,
	REGEX_SET,
	REGEX_SPLIT, /* go on at `first`, else at `second` */
	REGEX_JUMP,  /* to `first` */
	REGEX_SAVE,  /* the place under `first` */
	REGEX_BEGIN,
	REGEX_END,
	REGEX_DONE,
};

struct regex_instruction {
	enum regex_code code;
	uint32_t first;
	uint32_t second;
	const struct regex_set *set;
};

struct regex {
	struct arena arena;
	struct regex_instruction *program;
	uint32_t size;
	uint32_t capacity;
	uint32_t groups; /* the whole match is one */
};
