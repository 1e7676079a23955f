/* SPDX-License-Identifier: MPL-2.0 */
/* A derivation: what is accepted encodes to the same bytes, and resolves. */
#include "derivation/derivation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
resolve(struct arena *arena, const struct derivation *derivation)
{
	struct derivation_resolution *resolutions =
		arena_array(arena, struct derivation_resolution, derivation->input_count);
	for (size_t at = 0; at < derivation->input_count; at++) {
		resolutions[at].input = derivation->inputs[at];
		resolutions[at].path = BYTES_LITERAL(
			"/cull/store/2m73jcvvvx7sngxbokzju2it74cpn4tgeb5hvduxn4xm2vy5isja-x");
	}
	struct err err = {0};
	struct derivation resolved;
	bool done = derivation_resolve(
		arena, derivation, resolutions, derivation->input_count, &resolved, &err);
	must(done, "each input has a path");
	must(resolved.input_count <= derivation->input_count, "no input is made");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct derivation derivation;
	if (!derivation_decode(&arena, bytes_of(data, size), &derivation, &err)) {
		must(err.kind == ERR_CORRUPT || err.kind == ERR_LIMIT, "an error has its kind");
		return 0;
	}
	cleanup_buf struct buf json = BUF(BUF_MAX);
	derivation_encode(&derivation, &json);
	must(bytes_equal(buf_bytes(&json), bytes_of(data, size)), "one text a derivation");
	resolve(&arena, &derivation);
	return 0;
}
