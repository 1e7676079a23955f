/* SPDX-License-Identifier: MPL-2.0 */
/*
 * regex: POSIX extended regular expressions over UTF-8, in time linear in the text.
 *
 *     struct regex *regex = regex_new(pattern, err);
 *     size_t spans[2 * REGEX_GROUPS];
 *     if (regex_search(regex, text, from, spans)) …       spans[0], spans[1]: the match
 *     regex_free(regex);
 *
 * Grammar (POSIX.1-2017, section 9.4): . [set] [^set] [[:class:]] ( ) | * + ? {n} {n,} {n,m} ^ $ and
 * a backslash before a punctuation character. There are no back references, collating symbols or
 * equivalence classes; classes hold ASCII characters; `.` and sets take one code point, newlines
 * included. `^` and `$` are the ends of the text.
 *
 * The match is the leftmost and of those the longest. Groups: earlier alternatives and longer
 * repetitions are preferred; a group in a repetition keeps its last turn.
 *
 * The engine is a simulation of all alternatives at once (Pike's), so its time is at most the length
 * of the text times the size of the program, which is at most REGEX_PROGRAM instructions.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

enum { REGEX_GROUPS = 33, REGEX_PROGRAM = 4096, REGEX_DEPTH = 100, REGEX_REPEATS = 1000 };

struct regex;

/* NULL and ERR_REFUSED, "at 3: …" with the offset in bytes. */
struct regex *regex_new(struct bytes pattern, struct err *err);
void regex_free(struct regex *regex);
/* How many groups there are; the whole match is not one. */
size_t regex_group_count(const struct regex *regex);
/* The first match that begins at or after a place. Spans are pairs of offsets, the whole match
 * first; a group that took no part has SIZE_MAX twice. */
bool regex_search(
	const struct regex *regex, struct bytes text, size_t from, size_t spans[2 * REGEX_GROUPS]);
/* The whole text as one match. */
bool regex_match(const struct regex *regex, struct bytes text, size_t spans[2 * REGEX_GROUPS]);
