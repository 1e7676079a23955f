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
	SHAPE_OCI,
	SHAPE_LOCAL,
};

enum { STRIP_AUTO = 255, STRIP_MAX = 16 };

/* As it is written; both are empty where there is none. */
struct checksum {
	struct span name; /* "sha256" or "sha512" */
	struct span hex;
};

struct request {
	enum scheme_shape shape;
	struct span scheme;
	struct span ref; /* without @REFERENCE */
	struct span base;
	struct span reference; /* from the ref or the argument; or empty */
	struct span revision;
	struct span
		versions; /* not empty: tags are listed, or a registry's document is fetched, no more */
	struct span since; /* not empty: what of the revision this one lacks is counted, no more */
	struct span submodules; /* not empty: they are fetched too */
	struct span lfs;        /* not empty: contents in place of pointers */
	struct span subpath;
	struct span platform;      /* of an image; or empty */
	struct span checksum_text; /* as it was given */
	struct span strip_text;
	struct checksum checksum;
	uint8_t strip;
	struct text options; /* ":SUBPATH+strip=N", as the values of identities end */
	struct span pins;
};

/* Lives as long as the program. */
const struct request *request_read(void);
/* The value of an environment variable, which stays; empty where there is none. */
const char *environment_find(const char *name);
/* Where the scheme's row says that the ref is. */
void request_url(const struct request *request, struct text *url);
/* The digits, so many at most, that begin the value of the pin's line of this format, which must be of these options;
 * or an empty span. */
struct span request_pin(const struct request *request, struct span format, size_t digits);
/* False where the name is no algorithm's, or the digits are not as many as it has. */
bool checksum_set(struct checksum *checksum, struct span name, struct span hex);
/* Of a sum, in bytes. */
size_t checksum_size(struct span name);
