/* SPDX-License-Identifier: MPL-2.0 */
/*
 * output: what a program wrote becomes objects.
 *
 *     struct output_work work = {.store = …, .folder = …, .derivation = …, .closure = …, .told = true};
 *     if (!output_register(&work, objects, err)) …            one object for each output, in the derivation's order
 *
 * Only when every process of the program is gone. An ordinary derivation's outputs are scanned for the paths of the input closure
 * and for their own `$out` paths: the former become references, the latter are rewritten to the final
 * path, in plain bytes. Outputs may refer to each other in one direction; a cycle is an error that names two files. The output of
 * a self-fixing or fixed derivation has no references: one that mentions `$out` or an input fails, with
 * the file named. `claim`, where there is one, is what the output's Cab hash must be.
 *
 * What was registered before a failure stays an object nobody refers to; gc takes it.
 */
#pragma once

#include "derivation/derivation.h"
#include "store/store.h"

struct output_work {
	struct store *store;
	int folder;               /* where the outputs lie */
	const char *const *names; /* their names there, one for each of derivation->outputs */
	const struct derivation *derivation;    /* resolved */
	const struct object_reference *closure; /* of its inputs */
	size_t closure_count;
	bool told; /* the program knew paths of the store, so its outputs are scanned for them */
	const struct cab_hash *claim; /* of a self-fixing or fixed one */
	struct tree_limits limits;
	const struct reuse *reuse; /* what was linked from a former object, or NULL */
	bool keep_nodes;           /* in trees/ (store.h) */
};

/* `objects` has room for derivation->output_count; each is to be released. */
MUST_CHECK bool output_register(
	const struct output_work *work, struct object *objects, struct err *err);
