/* SPDX-License-Identifier: MPL-2.0 */
/*
 * err: why something failed, for code (kind) and for people (text).
 *
 * A function that can fail returns bool, is MUST_CHECK, takes `struct err *err` last, and on false
 * has filled *err and touched no output. The text is one line, lower case, no full stop, and names
 * its operand.
 *
 *     return err_set(err, ERR_CORRUPT, "object %s: digest differs", name);
 *     return err_system(err, errno, "open %s", path);
 *     if (!fetch(url, err))
 *             return err_note(err, "fetching %s", url);      "fetching URL: what went wrong"
 *
 * All three return false. A struct err needs no release; the text is cut at ERR_TEXT bytes. Control
 * characters in the text are replaced when it is printed (cli/terminal), never here.
 */
#pragma once

#include <stdbool.h>

#include "base/must.h"

enum { ERR_TEXT = 2048 };

/* Kinds are for decisions; a new kind needs a caller that asks for it. */
enum err_kind {
	ERR_NONE,
	ERR_SYSTEM,    /* the kernel refused: number is an errno */
	ERR_NOT_FOUND, /* it is not there, and that may be fine */
	ERR_CORRUPT,   /* bytes are not what they should be */
	ERR_LIMIT,     /* a ceiling was met: number is an enum err_limit */
	ERR_REFUSED,   /* policy, permission or bad input says no */
	ERR_BUILD,     /* a program ran and failed */
	ERR_CANCELLED, /* the user or a caller stopped it */
	ERR_USAGE,     /* the command line is wrong */
};

/* Which ceiling; a limit hit is never kept as a build's failure. */
enum err_limit {
	ERR_LIMIT_OTHER,
	ERR_LIMIT_TIME,
	ERR_LIMIT_SILENCE,
	ERR_LIMIT_LOG,
	ERR_LIMIT_DISK,
	ERR_LIMIT_MEMORY,
	ERR_LIMIT_PROCESSES,
	ERR_LIMIT_OUTPUT,
};

struct err {
	enum err_kind kind;
	int number;
	char text[ERR_TEXT];
};

bool err_set(struct err *err, enum err_kind kind, const char *format, ...) PRINTF(3, 4);
bool err_limit(struct err *err, enum err_limit limit, const char *format, ...) PRINTF(3, 4);
bool err_system(struct err *err, int number, const char *format, ...) PRINTF(3, 4);
bool err_note(struct err *err, const char *format, ...) PRINTF(2, 3);
void err_clear(struct err *err);
