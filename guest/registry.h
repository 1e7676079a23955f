/* SPDX-License-Identifier: MPL-2.0 */
/*
 * registry: which archive of a package registry an island means.
 *
 *     registry_find(&request, &checksum, &sha1, &url);
 *
 * A registry is asked for its document on the package: cargo's sparse index (The Cargo Book, "Registry
 * Index"), npm's packument in its abbreviated form, Python's simple index as JSON (PEP 691, PEP 592,
 * PEP 440). Of it is taken, in this order: the archive whose checksum is the one that is known; the
 * version or dist-tag that is named; the newest. Yanked ones are taken only where they are named.
 * Where nothing fits, the program ends with a sentence.
 *
 * A document of more than REGISTRY_DOCUMENT bytes ends the program too. Where versions are asked for, none is read: the
 * document itself is what is to be fetched.
 */
#pragma once

#include "request.h"

enum { REGISTRY_DOCUMENT = 64 << 20 };
#define REGISTRY_NAME "the registry's document on the package"

/* `checksum` is the pin's or that of the island's own text; an empty one becomes the registry's, and
 * stays so where it has none. Then `sha1` is what the document says in hexadecimal, if it says any: good
 * enough to find damage, and no identity. The URL is added; what comes back are the headers to ask for it with. */
const char *registry_find(const struct request *request, struct checksum *checksum,
	struct span *sha1, struct text *url);

/* What registry_find and its scheme's reader work on: one file a scheme. */
struct search {
	struct span document;
	struct span name;
	struct span wanted; /* version or dist-tag; or empty */
	const struct checksum *known;
	struct span version; /* of the archive that is taken so far */
	const uint8_t
		*link; /* its URL, as a string of JSON; NULL: where the registry puts versions */
	const uint8_t *sum;    /* its checksum, as a string of JSON */
	const char *algorithm; /* of the sum; NULL: it is an integrity as npm has it */
	const uint8_t *shasum; /* a SHA-1 beside it, as a string of JSON; or NULL */
};

void crates_search(struct search *search);
void npm_search(struct search *search);
void pypi_search(struct search *search);
/* A name in its normal form, and the slash that its page has behind it. */
void pypi_put(struct text *url, struct span name);

/* Whether a checksum of a document is the known one. */
bool search_is_known(const struct search *search, const uint8_t *sum, const char *algorithm);
