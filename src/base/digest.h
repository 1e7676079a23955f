/* SPDX-License-Identifier: MPL-2.0 */
/*
 * digest: 32 bytes of BLAKE3, the name of everything that cab stores.
 *
 * Text form: 52 letters of base32 with the alphabet abcdefghijklmnopqrstuvwxyz234567 (RFC 4648 in
 * lower case, no padding), most significant bits first; the last letter carries one bit and is `a`
 * or `q`, so each digest has exactly one text.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

enum { DIGEST_SIZE = 32, DIGEST_TEXT = 52 };

struct digest {
	uint8_t bytes[DIGEST_SIZE];
};

struct digest_text {
	char text[DIGEST_TEXT + 1];
};

/* Plain BLAKE3 of the data. */
struct digest digest_of(struct bytes data);
/* BLAKE3's derive_key mode: `context` is a constant text such as "cab path 1". */
struct digest digest_derive(const char *context, struct bytes data);

struct digest_text digest_print(const struct digest *digest);
/* Exactly DIGEST_TEXT letters, else false; nothing of *out is touched then. */
MUST_CHECK bool digest_parse(struct bytes text, struct digest *out);

/* A digest computed piece by piece. Each start needs one finish. */
struct digester;
struct digester *digester_new(void);
void digester_add(struct digester *digester, struct bytes data);
/* Gives the digest of what was added, and starts anew. */
struct digest digester_finish(struct digester *digester);
void digester_free(struct digester *digester);

/* Lower-case hexadecimal, for values that others define (git revisions, checksums). */
void hex_print(struct bytes raw, char *text_out /* 2 * size + 1 */);
MUST_CHECK bool hex_parse(struct bytes text, uint8_t *raw_out /* size / 2 */);

static inline struct bytes
digest_bytes(const struct digest *digest)
{
	return bytes_of(digest->bytes, DIGEST_SIZE);
}

static inline bool
digest_equal(const struct digest *left, const struct digest *right)
{
	return memcmp(left->bytes, right->bytes, DIGEST_SIZE) == 0;
}
