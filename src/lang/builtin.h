/* SPDX-License-Identifier: MPL-2.0 */
/*
 * builtin: the functions that every program sees, one table row each: what runs, and what
 * `cab doc`, the manual and completion say of it.
 *
 * A builtin is run with exactly `arity` arguments, which may be thunks, and gives a value in weak
 * head form or NULL after it has raised. It raises with NO_SPAN: the call that it was reached by
 * gives the place. One with arity 0 is a constant, made once.
 *
 * Each example is a Cab expression that evaluates to true; a test runs them all.
 */
#pragma once

#include "lang/value.h"

enum { BUILTIN_ARITY_MAX = 3 };

typedef struct value *builtin_run(struct evaluator *evaluator, struct value **arguments);

struct builtin {
	const char *name;
	uint32_t arity;
	builtin_run *run;
	const char *type;    /* "(a -> b) -> [a] -> [b]" */
	const char *summary; /* one sentence */
	const char *example;
};

struct builtin_family {
	const char *title;
	const struct builtin *rows;
	size_t count;
};

/* All families, in the order of the manual. */
size_t builtin_family_count(void);
const struct builtin_family *builtin_family(size_t at);
/* NULL when there is none of this name. */
const struct builtin *builtin_find(struct bytes name);
/* What a row of arity 0 stands for. */
struct value *builtin_constant(struct evaluator *evaluator, const struct builtin *builtin);
