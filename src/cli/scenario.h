/* SPDX-License-Identifier: MPL-2.0 */
/*
 * scenario: how a module is tried: what it is given, and what a server on loopback says to it.
 *
 *     if (!scenario_read(&arena, "conform.cab", "http://127.0.0.1:8000", &scenario, &printed, err)) …
 *
 * A file of the language, pure as a configuration; its value, a function on a set pattern that is given `base`, is
 *
 *     { arguments, serves, changed ?, output ? }
 *
 * told in cab-fetcher(7). ERR_REFUSED names what is wrong; what the language has to say is in `printed`, rendered.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

enum { SCENARIO_TEXT = 64 << 20 };

struct scenario_answer {
	struct bytes path; /* from its '/', with a query */
	unsigned status;
	struct bytes headers; /* lines with their CRLF */
	struct bytes body;
};

struct scenario {
	const struct bytes *arguments;
	size_t argument_count;
	const struct scenario_answer *serves;
	size_t serve_count;
	const struct scenario_answer *changed; /* none: nothing is said of another content */
	size_t changed_count;
	bool has_output;
	struct bytes output; /* the text of a file */
};

MUST_CHECK bool scenario_read(struct arena *arena, const char *file, const char *base,
	struct scenario *out, struct buf *printed, struct err *err);
