/* SPDX-License-Identifier: MPL-2.0 */
/*
 * scope: names to slots, and what can be checked before evaluation.
 *
 *     sound = scope_resolve(tree, &names, &diagnostics) && sound;       sound: what syntax_parse said
 *
 * It runs after errors of the parser too, so that one run reports them all; where these may have
 * cost definitions (tree->lossy), it says nothing of names that are undefined or not used.
 *
 * Frames. There is one frame for the file (tree->frame_size slots) and one for each call of a
 * function (lambda->frame_size slots, the caller of the clause being the frame in which the lambda
 * was evaluated). A frame is { parent, slot[frame_size] }; a thunk is { node, frame }. Blocks, AT
 * and SHARE make no frame: they fill slots of the frame that they are evaluated in, which is sound
 * because an expression is evaluated at most once in a frame (again only after it failed). Slots of
 * one clause are used again by the next.
 *
 *     NODE_NAME    PLACE_LOCAL { depth, index }: go up `depth` parents, take slot `index`
 *                  PLACE_BUILTIN, PLACE_AMBIENT { index }: the caller's own tables
 *     NODE_ISLAND  fetcher: the place of the name that the scheme is, where it is written out and a
 *                  statement or pattern binds it: what it means unless the host has the scheme
 *     NODE_BLOCK   binding with PATTERN_NAME: slot[pattern->name.slot] = thunk of value;
 *                  PATTERN_ANY: nothing; it is never evaluated; any other: slot[binding.slot] =
 *                  thunk of value, and every name's slot = something that, when forced, matches the
 *                  whole pattern against it; then the steps are forced; then the value is the
 * result NODE_LAMBDA  a new frame whose parent is the closure's; the pattern fills its slots; a
 * field's default is a thunk in the new frame NODE_AT      slot[at.slot] = thunk of value; the
 * result is that thunk's NODE_SHARE   slot[share->slot] = thunk of value; then body; NODE_SHARED is
 * that slot
 *
 * true, false and null become nodes of their own; they stand in no table.
 *
 * A name not bound anywhere is an error with the nearest name, unless it is in `builtins` or (in an
 * entry file) in `ambient`. In another file an ambient name gets the hint to pass it. Names bound
 * by statements and not used are warned of unless they begin with '_'.
 */
#pragma once

#include "lang/diagnostic.h"
#include "lang/syntax.h"

struct scope_names {
	const char *const *builtins;
	size_t builtin_count;
	const char *const *ambient;
	size_t ambient_count;
	bool entry; /* the ambient names are there */
};

/* False where at least one error was added. Once a tree. */
MUST_CHECK bool scope_resolve(
	struct tree *tree, const struct scope_names *names, struct diagnostics *diagnostics);
