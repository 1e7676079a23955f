/* SPDX-License-Identifier: MPL-2.0 */
/*
 * ignore: the patterns of one .gitignore, as gitignore(5) says.
 *
 *     struct ignore_list list = {0};
 *     ignore_parse(&list, text);                               lines; comments and empty ones go
 *     enum ignore_answer answer = ignore_ask(&list, "a/b.o", IGNORE_FILE);
 *     ignore_release(&list);                                   before the text goes
 *
 * Paths are relative to the folder that the patterns stand for, without a '/' at either end. The
 * last pattern that matches answers. A match takes time in proportion to both lengths' product, at
 * most: patterns come with a source.
 */
#pragma once

#include "base/array.h"
#include "base/bytes.h"

enum ignore_kind { IGNORE_FILE, IGNORE_FOLDER };
enum ignore_answer { IGNORE_SILENT, IGNORE_YES, IGNORE_NO };

struct ignore_pattern {
	struct bytes text;
	bool negated;
	bool folder;   /* ends with '/': folders alone */
	bool anchored; /* has a '/' within: the whole path is matched, not the name */
};

struct ignore_list {
	ARRAY(struct ignore_pattern) patterns;
};

/* The text is borrowed. */
void ignore_parse(struct ignore_list *list, struct bytes text);
enum ignore_answer ignore_ask(
	const struct ignore_list *list, struct bytes path, enum ignore_kind kind);
void ignore_release(struct ignore_list *list);

/* Whether a pattern matches a whole text: `*`, `?` and `[…]` but for '/', and `**`
 * between slashes. */
bool ignore_match(struct bytes pattern, struct bytes text);
