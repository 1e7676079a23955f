/* SPDX-License-Identifier: MPL-2.0 */
/*
 * print: values as text.
 *
 * The canonical text: one line where it fits in PRINT_WIDTH columns, else a line for each part,
 * indented by two blanks; what stands PRINT_WIDTH deep stays on one line. What was not forced, and
 * what holds itself, is `…`; functions are `<function>`, derivations `<derivation PATH-OF-ITS-DRV>`.
 * A value without those reads back to an equal value. Nothing is forced and nothing fails.
 *
 *     { a = [1, 2.5, "x\n"], "b c" = /tmp/x, d = …, }      names that are no identifiers are strings
 */
#pragma once

#include "base/buf.h"
#include "lang/stack.h"
#include "lang/value.h"

enum { PRINT_WIDTH = 80 };

/* The stack is asked how deep printing may go; beyond it stands `…`. */
void print_value(const struct stack *stack, struct value *value, struct buf *out);
/* One line of about `size` bytes at most, for messages. */
void print_known(struct value *value, size_t size, struct buf *out);
/* A string literal. */
void print_string(struct bytes text, struct buf *out);
/* A name as it may stand in a set. */
void print_name(struct bytes name, struct buf *out);
/* A path: /x, or <island>/x. */
void print_path(const struct path *path, struct buf *out);
