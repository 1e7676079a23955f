/* SPDX-License-Identifier: MPL-2.0 */
/*
 * request: what the program is asked for: its arguments and its pin.
 *
 * The arguments are a contract, written down in src/island/scheme_list.h: the scheme, the ref, then
 * KEY=VALUE in bytewise order of the keys. Whatever is not in that contract ends the program with
 * a sentence; so does what is not built yet. The pin is the environment's CAB_PIN, one "FORMAT
 * VALUE" a line: identities that the output must have.
 */
#pragma once

#include "text.h"

enum scheme_shape {
	SHAPE_FORGE,
	SHAPE_GIT,
	SHAPE_ARCHIVE,
	SHAPE_FILE,
	SHAPE_REGISTRY,
	SHAPE_LOCAL,
};

enum { STRIP_AUTO = 255, STRIP_MAX = 16 };

struct checksum {
	int32_t algorithm; /* CAB_HASH_SHA256 or CAB_HASH_SHA512 */
	struct span name;  /* "sha256", "sha512" */
	size_t size;       /* of the sum; 0: there is none */
	uint8_t sum[SUM_MAX];
};

struct request {
	enum scheme_shape shape;
	struct span scheme;
	struct span ref; /* without @REFERENCE */
	struct span base;
	struct span reference; /* from the ref or the argument; or empty */
	struct span revision;
	struct span subpath;
	struct checksum checksum;
	uint8_t strip;
	struct span pins;
};

void request_read(struct request *request);
/* The value of the pin's line of this format, or an empty span. */
struct span request_pin(const struct request *request, struct span format);
/* Of archives and files: reads "sha256-HEX". False where it is neither algorithm. */
bool checksum_read(struct span algorithm, struct span hex, struct checksum *out);
