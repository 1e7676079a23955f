/* SPDX-License-Identifier: MPL-2.0 */
/*
 * replace: the inputs of a derivation and their paths in its texts, exchanged in one pass. Inside
 * derivation/ only: the ground of derivation_resolve and of pinned digests.
 *
 *     struct replace replace = {.arena = arena};
 *     replace_input(&replace, input, path);            "<drv>#out" becomes "/cull/store/…"
 *     struct derivation next = replace_derivation(&replace, derivation);
 *     replace_release(&replace);
 *
 * A path is replaced where its whole text stands, left to right, in program, arguments and values of
 * the environment; what it became is not read again.
 */
#pragma once

#include "base/map.h"
#include "derivation/derivation.h"

struct replace {
	struct arena *arena;
	struct map inputs; /* from an entry of `inputs` to a struct replacement */
	struct map paths;  /* from the 52 letters of a placeholder to the same */
};

/* Of an input that derivation_input_parse takes for a derivation's output. */
void replace_input(struct replace *replace, struct bytes input, struct bytes path);
struct bytes replace_text(const struct replace *replace, struct bytes text);
struct derivation replace_derivation(
	const struct replace *replace, const struct derivation *derivation);
void replace_release(struct replace *replace);

/* STORE_PREFIX, the digest of "KEY NUL OUTPUT" under a context, and the output's name. */
struct bytes derivation_path(struct arena *arena, const char *context, struct bytes key,
	struct bytes name, struct bytes output);
/* Puts the annotations beside the features they belong to. */
void derivation_annotate(struct arena *arena, struct derivation *derivation,
	const struct derivation_annotation *annotations, size_t count);
