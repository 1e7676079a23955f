/* SPDX-License-Identifier: MPL-2.0 */
/*
 * terminal: what may be shown to a person, and how.
 *
 * Nothing that came from outside reaches a terminal unescaped: control characters, invalid UTF-8 and bidirectional
 * controls are shown as \xNN or \u{NNNN}.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Adds text with everything unprintable escaped; newlines too. */
void terminal_escape(struct bytes text, struct buf *out);
/* "cab: …" on standard error, or {"error":…} where JSON is asked for. */
void terminal_print_err(const struct err *err, bool json);
/* Whether a descriptor is a terminal that can redraw lines (TERM is not dumb). */
bool terminal_is_live(int fd);
/* Whether colours are wanted: NO_COLOR, CLICOLOR, CLICOLOR_FORCE, then the terminal. */
bool terminal_has_colour(int fd);
unsigned terminal_width(int fd);
/* Adds a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD, and what terminal_escape would show is
 * \uNNNN. */
void terminal_add_json(struct buf *out, struct bytes text);
