/* SPDX-License-Identifier: MPL-2.0 */
#include "network/tokens.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/loop.h"

/* A token is not used in its last moments: it would expire on the way. */
enum { MARGIN = 5000 };

struct token {
	char *origin, *path, *url, *header;
	uint64_t number; /* of all that were ever kept, from 1 */
	uint64_t until;  /* loop_now() */
};

struct tokens {
	ARRAY(struct token) all; /* the oldest first */
	uint64_t count;
};

struct tokens *
tokens_new(void)
{
	return (struct tokens *)memory_zero(1, sizeof(struct tokens));
}

static void
token_release(struct token *token)
{
	explicit_bzero(token->header, strlen(token->header));
	free(token->header);
	free(token->origin);
	free(token->path);
	free(token->url);
}

static void
tokens_forget(struct tokens *tokens, size_t at)
{
	token_release(&tokens->all.data[at]);
	for (; at + 1 < tokens->all.size; at++)
		tokens->all.data[at] = tokens->all.data[at + 1];
	tokens->all.size--;
}

void
tokens_free(struct tokens *tokens)
{
	if (!tokens)
		return;
	while (tokens->all.size)
		tokens_forget(tokens, tokens->all.size - 1);
	array_release(&tokens->all);
	free(tokens);
}

static char *
text_copy(struct bytes text)
{
	cleanup_buf struct buf copy = BUF(BUF_MAX);
	buf_add(&copy, text);
	return buf_take_text(&copy);
}

static void
tokens_expire(struct tokens *tokens)
{
	uint64_t now = loop_now();
	for (size_t at = tokens->all.size; at-- > 0;)
		if (tokens->all.data[at].until <= now)
			tokens_forget(tokens, at);
}

/* The place of what was got for this question; their number where there is none. */
static size_t
tokens_place(const struct tokens *tokens, struct bytes origin, struct bytes url)
{
	size_t at = 0;
	while (at < tokens->all.size && !(bytes_equal_text(origin, tokens->all.data[at].origin) &&
						bytes_equal_text(url, tokens->all.data[at].url)))
		at++;
	return at;
}

void
tokens_put(struct tokens *tokens, struct bytes origin, struct bytes path, struct bytes url,
	struct bytes header, uint64_t seconds)
{
	tokens_drop(tokens, origin, url);
	if (tokens->all.size == TOKENS_MOST)
		tokens_forget(tokens, 0);
	uint64_t lasts = seconds * 1000;
	*array_push(&tokens->all) = (struct token){
		.origin = text_copy(origin),
		.path = text_copy(path),
		.url = text_copy(url),
		.header = text_copy(header),
		.number = ++tokens->count,
		.until = loop_now() + (lasts > 2 * (uint64_t)MARGIN ? lasts - MARGIN : lasts),
	};
}

/* How many bytes two paths begin with alike. */
static size_t
alike(struct bytes path, const char *other)
{
	size_t at = 0;
	while (at < path.size && other[at] && path.data[at] == (uint8_t)other[at])
		at++;
	return at;
}

const char *
tokens_find(struct tokens *tokens, struct bytes origin, struct bytes path, uint64_t *number)
{
	const struct token *best = NULL;
	tokens_expire(tokens);
	for (size_t at = 0; at < tokens->all.size; at++) {
		const struct token *token = &tokens->all.data[at];
		if (bytes_equal_text(origin, token->origin) &&
			(!best || alike(path, token->path) >= alike(path, best->path)))
			best = token;
	}
	*number = best ? best->number : 0;
	return best ? best->header : NULL;
}

const char *
tokens_find_asked(struct tokens *tokens, struct bytes origin, struct bytes url, uint64_t *number)
{
	tokens_expire(tokens);
	size_t at = tokens_place(tokens, origin, url);
	*number = at < tokens->all.size ? tokens->all.data[at].number : 0;
	return at < tokens->all.size ? tokens->all.data[at].header : NULL;
}

void
tokens_drop(struct tokens *tokens, struct bytes origin, struct bytes url)
{
	size_t at = tokens_place(tokens, origin, url);
	if (at < tokens->all.size)
		tokens_forget(tokens, at);
}
