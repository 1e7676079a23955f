/* SPDX-License-Identifier: MPL-2.0 */
/*
 * report: identities of the output, one line each, on the FIFO that the realizer reads.
 *
 *     report_identity(SPAN("git"), text_span(&hex), options);
 *
 * A value of more than 512 characters becomes '~' and its BLAKE3. The realizer may end the program
 * at any line; the next HTTP request waits until it has decided on those before.
 */
#pragma once

#include "text.h"

/* The value is both, one behind the other: what it names, and the options that it was made with. */
void report_identity(struct span format, struct span value, struct span options);
/* The last one: `cab KINDDIGEST`. */
void report_cab(uint8_t kind, const uint8_t digest[SUM_BLAKE3]);
