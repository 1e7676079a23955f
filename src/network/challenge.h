/* SPDX-License-Identifier: MPL-2.0 */
/*
 * challenge: what a server that wants a token says (WWW-Authenticate: Bearer …), and what the token
 * server answers.
 *
 *     struct challenge challenge;
 *     if (challenge_parse(value, &challenge)) ...       a Bearer challenge with a realm is in it
 *     challenge_url(&challenge, &url);                  where the token is asked for
 *     challenge_release(&challenge);
 *
 *     if (!token_parse(json, &header, &seconds, err)) ...
 *
 * The flow is that of container registries (distribution, "Token Authentication Specification"):
 *
 *     GET /v2/…           401, Bearer realm="https://auth.example/token",service="…",scope="…"
 *     GET REALM?service=…&scope=…     { "token": "…", "expires_in": 300 }
 *     GET /v2/…           Authorization: Bearer …
 *
 * The grammar is RFC 9110, section 11.6.1. All of it is the servers' text: what is longer than
 * CHALLENGE_LIMIT, or not printable, is no challenge; a token is at most TOKEN_LIMIT bytes.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

enum { CHALLENGE_LIMIT = 4096, TOKEN_LIMIT = 16 << 10, TOKEN_ANSWER = 64 << 10 };

struct challenge {
	struct buf realm, service, scope;
};

bool challenge_parse(struct bytes value, struct challenge *out);
void challenge_release(struct challenge *challenge);
/* Each word of the scope is a parameter of its own. */
void challenge_url(const struct challenge *challenge, struct buf *out);

/* Adds "Authorization: Bearer TOKEN". Errors hold no part of the answer. */
MUST_CHECK bool token_parse(
	struct bytes json, struct buf *header, uint64_t *seconds, struct err *err);
