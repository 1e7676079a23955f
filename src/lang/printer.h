/* SPDX-License-Identifier: MPL-2.0 */
/*
 * printer: the state of syntax_print, shared by syntax_print.c (expressions) and
 * syntax_print_text.c (patterns, and what stands between quotes). Tasks are pushed last first.
 */
#pragma once

#include "base/array.h"
#include "base/buf.h"
#include "lang/syntax.h"
#include "lang/token.h"

enum print_kind { PRINT_TEXT, PRINT_CHARS, PRINT_NAME, PRINT_NODE, PRINT_PATTERN };

/* Where a node stands, which says what is bare there. */
enum print_place {
	PRINT_IN_BLOCK,
	PRINT_IN_ANY,
	PRINT_IN_LEFT,
	PRINT_IN_RIGHT,
	PRINT_IN_PREFIX,
	PRINT_IN_SELECT_BASE,
	PRINT_IN_SHARE_BASE,
	PRINT_IN_FALLBACK,
	PRINT_IN_ARGUMENT,
};

/* How characters are escaped. FIRST: directly after the opening quote. */
enum print_quote {
	PRINT_QUOTE_STRING,
	PRINT_QUOTE_NAME,    /* a variable: bare where it can be, else in backquotes */
	PRINT_QUOTE_BINDING, /* the same in a pattern, where constants are quoted */
	PRINT_QUOTE_PATH,
	PRINT_QUOTE_PLACE,
	PRINT_QUOTE_SCHEME,
	PRINT_QUOTE_FIRST = 8,
};

struct print_task {
	enum print_kind kind;
	enum print_place place;
	enum print_quote quote;
	unsigned power;
	union {
		const char *text;
		struct bytes chars;
		const struct node_name *name;
		const struct node *node;
		const struct pattern *pattern;
	};
};

struct printer {
	struct buf *out;
	ARRAY(struct print_task) tasks;
};

void printer_text(struct printer *printer, const char *text);
void printer_chars(struct printer *printer, enum print_quote quote, struct bytes text);
void printer_name(struct printer *printer, const struct node_name *name);
void printer_node(
	struct printer *printer, const struct node *node, enum print_place place, unsigned power);
void printer_pattern(
	struct printer *printer, const struct pattern *pattern, enum print_place place);

void print_chars(struct buf *out, enum print_quote quote, struct bytes text);
void print_pattern(struct printer *printer, const struct pattern *pattern, enum print_place place);
