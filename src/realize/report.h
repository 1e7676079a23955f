/* SPDX-License-Identifier: MPL-2.0 */
/*
 * report: the lines of the hash FIFO, as a step decoder over bytes.
 *
 *     struct report report = {0};
 *     if (!report_feed(&report, bytes_read, err)) ...        the sentence names the line
 *     while (report_next(&report, &identity)) ...            borrowed until the next feed
 *     if (!report_finish(&report, err)) ...                  half a line, or no `cab` line
 *
 * Grammar (DESIGN section 4): FORMAT SP VALUE LF; FORMAT is [a-z][a-z0-9.+-]{0,31}, VALUE 1-512 printable
 * ASCII characters without space; at most REPORT_LINES lines and REPORT_BYTES bytes; a format stands at most
 * once; `cab` is the last line. The VALUE of `cab` is a Cab hash or `.`. Anything else is an error.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"
#include "derivation/identity.h"

enum { REPORT_LINES = 16, REPORT_BYTES = 8192 };

struct report {
	uint8_t data[REPORT_BYTES];
	size_t size;   /* bytes received */
	size_t parsed; /* bytes that made whole lines */
	struct identity lines[REPORT_LINES];
	size_t count;
	size_t taken;
	bool ended; /* the `cab` line is in */
};

MUST_CHECK bool report_feed(struct report *report, struct bytes data, struct err *err);
bool report_next(struct report *report, struct identity *out);
MUST_CHECK bool report_finish(const struct report *report, struct err *err);
