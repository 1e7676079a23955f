/* SPDX-License-Identifier: MPL-2.0 */
/* guest_json: a walk through a document ends and stays in it, and its parts are well formed. */
#include <stdlib.h>

#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
span_check(struct span whole, struct span part)
{
	if (part.size &&
		(part.data < whole.data || part.data + part.size > whole.data + whole.size))
		abort();
}

/* Values that lie in each other, each found by a walk of its own. */
static void
walk_all(struct span whole)
{
	struct json_walk walks[JSON_DEPTH + 1];
	size_t depth = 0;
	walks[0] = json_walk(whole.data);
	uint8_t *text = (uint8_t *)malloc(whole.size + 1);
	for (;;) {
		struct json_walk *walk = &walks[depth];
		if (!json_next(walk)) {
			if (depth-- == 0)
				break;
			continue;
		}
		span_check(whole, walk->key);
		struct span plain = json_plain(walk->value);
		span_check(whole, plain);
		if (plain.size == 0 && *walk->value != '"')
			abort();
		if (json_string(walk->value, text) > plain.size)
			abort();
		if (walk->key.data)
			(void)json_find_span(whole.data, walk->key);
		if (*walk->value == '{' || *walk->value == '[') {
			if (depth == JSON_DEPTH)
				abort();
			walks[++depth] = json_walk(walk->value);
		}
	}
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of its own, so that a read behind its NUL is seen. */
	uint8_t *copy = (uint8_t *)malloc(size + 1);
	for (size_t at = 0; at < size; at++)
		copy[at] = data[at];
	copy[size] = 0;
	struct span whole = span_of(copy, size);
	if (!json_problem(whole))
		walk_all(whole);
	free(copy);
	return 0;
}
