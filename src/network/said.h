/* SPDX-License-Identifier: MPL-2.0 */
/*
 * said: what programs of this host's print, read. It is ssh's and getent's word, and behind ssh's a
 * server's: any bytes at all, up to the ceilings of helper.h and shell.h.
 *
 *     said_lines(text, most, &out)            the last lines of standard error, for an error's one line
 *     said_setting(text, "hostname")          of ssh -G
 *     said_addresses(text, &policy, err)      of getent ahosts
 */
#pragma once

#include "base/buf.h"
#include "network/policy.h"

enum { SAID_LINES = 3 };

/* The last SAID_LINES lines that are not empty, joined by "; "; at most `most` bytes, and what joins them. */
void said_lines(struct bytes text, size_t most, struct buf *out);
/* The value of a line "KEY VALUE"; empty where there is none, or it is "none". Borrowed. */
struct bytes said_setting(struct bytes text, const char *key);
/* Whether all may be reached: an address stands at the front of each line, perhaps with "%SCOPE"
 * behind it. ERR_REFUSED where one may not, or a line begins with none, or there is no line: what is not
 * understood is not permitted. */
MUST_CHECK bool said_addresses(struct bytes text, const struct policy *policy, struct err *err);
