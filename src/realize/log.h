/* SPDX-License-Identifier: MPL-2.0 */
/*
 * log: what a program prints, kept in a file and told line by line.
 *
 *     struct log log; log_open(&log, fd, ceiling);          the file is taken; -1: lines only
 *     log_add(&log, bytes, line, context);                  any pieces; `line` is called for each whole line
 *     if (!log_close(&log, line, context, err)) ...         the last, unfinished line too
 *
 * The file keeps the first `ceiling` bytes; then one line says that the rest was left out, and how much that was is said at the
 * end. A line told is at most LOG_LINE bytes, a longer one is cut. The program never waits for the log.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

enum { LOG_LINE = 4096 };

typedef void log_line(void *context, struct bytes line);

struct log {
	int fd;
	uint64_t ceiling;
	uint64_t size;    /* written */
	uint64_t dropped; /* not written */
	struct buf line;
	bool failed; /* the file could not be written; err below */
	struct err err;
};

void log_open(struct log *log, int fd, uint64_t ceiling);
void log_add(struct log *log, struct bytes data, log_line *line, void *context);
MUST_CHECK bool log_close(struct log *log, log_line *line, void *context, struct err *err);
void log_release(struct log *log);
