/* SPDX-License-Identifier: MPL-2.0 */
/*
 * report: identities of the output, one line each, on the FIFO that the realizer reads.
 *
 *     report_identity(SPAN("git"), text_span(&value));
 *
 * A value of more than 512 characters becomes '~' and its BLAKE3. The realizer may end the program
 * at any line; the next HTTP request waits until it has decided on those before.
 */
#pragma once

#include "text.h"

void report_identity(struct span format, struct span value);
/* ":a/b", percent-encoded, or nothing. */
void report_add_subpath(struct text *value, struct span subpath);
/* "+strip=N", or nothing where none was given. */
void report_add_strip(struct text *value, uint8_t strip);
void report_cab(const struct text *value);
