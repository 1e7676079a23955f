/* SPDX-License-Identifier: MPL-2.0 */
/*
 * json_scan: a text of JSON (RFC 8259) in one pass, an event a step. It allocates nothing: documents of registries are
 * long, and little of them is wanted.
 *
 *     struct json_scan scan = json_scan(text);
 *     for (;;)
 *             switch (json_scan_next(&scan, &piece)) { … }
 *
 * At most JSON_SCAN_DEPTH values lie in each other. JSON_EVENT_BAD says that the text is none, or too deep; it and
 * JSON_EVENT_END, behind the one value, come again for ever. Strings and keys are as they are written, with their escapes and
 * without their quotes; whether they are UTF-8 is not looked at.
 */
#pragma once

#include "base/bytes.h"

enum { JSON_SCAN_DEPTH = 64 };

enum json_event {
	JSON_EVENT_OPEN,  /* '{' or '[': `depth` counts it already */
	JSON_EVENT_CLOSE, /* `depth` counts it no longer */
	JSON_EVENT_KEY,
	JSON_EVENT_TEXT,
	JSON_EVENT_OTHER, /* a number, true, false or null */
	JSON_EVENT_END,
	JSON_EVENT_BAD,
};

struct json_scan {
	struct bytes rest;
	unsigned depth;   /* values around the next one */
	uint64_t objects; /* a bit a depth, the innermost lowest: an object, or an array */
	enum {
		JSON_SCAN_VALUE,
		JSON_SCAN_FIRST,  /* right behind '{' or '[' */
		JSON_SCAN_COLON,  /* behind a key */
		JSON_SCAN_BEHIND, /* a value is whole */
		JSON_SCAN_BAD,
	} state;
};

struct json_scan json_scan(struct bytes text);
/* The piece is of keys, strings and other values; else it is empty. */
enum json_event json_scan_next(struct json_scan *scan, struct bytes *piece_out);
