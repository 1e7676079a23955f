/* SPDX-License-Identifier: MPL-2.0 */
/* Any bytes are tokens: in order, within the source, texts and holes closed, the last one END. */
#include "lang/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
nesting_of(enum token_kind kind)
{
	switch ((int)kind) {
	case TOKEN_STRING_START:
	case TOKEN_QUOTED_START:
	case TOKEN_PATH_START:
	case TOKEN_ISLAND_START:
	case TOKEN_HOLE_START:
		return 1;
	case TOKEN_STRING_END:
	case TOKEN_QUOTED_END:
	case TOKEN_PATH_END:
	case TOKEN_ISLAND_END:
	case TOKEN_HOLE_END:
		return -1;
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err;
	struct source *source = source_new("fuzz.cab", bytes_of(data, size), &err);
	if (!source)
		return 0;
	struct diagnostics diagnostics = DIAGNOSTICS;
	struct tokens tokens = {0};
	tokens_read(&tokens, source, &diagnostics);
	uint32_t end = 0;
	int depth = 0;
	for (size_t at = 0; at < tokens.size; at++) {
		const struct token *token = &tokens.data[at];
		must(token->start >= end && token->end >= token->start, "tokens must be in order");
		must(token->end <= size, "a token must be within its source");
		end = token->end;
		depth += nesting_of(token->kind);
		must(depth >= 0, "what ends must have begun");
		must((token->kind == TOKEN_END) == (at + 1 == tokens.size), "END must be the last");
	}
	must(depth == 0, "what begins must end");
	array_release(&tokens);
	diagnostics_release(&diagnostics);
	source_free(source);
	return 0;
}
