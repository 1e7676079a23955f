/* SPDX-License-Identifier: MPL-2.0 */
/*
 * tokens: what token servers have answered (challenge.h), kept in memory alone until it expires.
 *
 *     tokens_put(tokens, origin, path, url, header, seconds);
 *     header = tokens_find(tokens, origin, path, &number);        before a request; or NULL
 *     header = tokens_find_asked(tokens, origin, url, &number);   when it is asked for again
 *     tokens_drop(tokens, origin, url);                           it was refused
 *
 * A token is for one origin and for what its challenge asked, which the URL at the token server
 * says. Which of an origin's a request needs is known only by its challenge; the first guess is the
 * one that was got for the path most like it. At most TOKENS_MOST; the oldest is forgotten first.
 */
#pragma once

#include "base/bytes.h"

enum { TOKENS_MOST = 64 };

struct tokens;

struct tokens *tokens_new(void);
/* Secrets are wiped. */
void tokens_free(struct tokens *tokens);

void tokens_put(struct tokens *tokens, struct bytes origin, struct bytes path, struct bytes url,
	struct bytes header, uint64_t seconds);
/* Borrowed until the next tokens_put or tokens_drop. */
const char *tokens_find(
	struct tokens *tokens, struct bytes origin, struct bytes path, uint64_t *number);
const char *tokens_find_asked(
	struct tokens *tokens, struct bytes origin, struct bytes url, uint64_t *number);
void tokens_drop(struct tokens *tokens, struct bytes origin, struct bytes url);
