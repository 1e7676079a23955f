/* SPDX-License-Identifier: MPL-2.0 */
/*
 * former: a fetch of git that builds on the one before.
 *
 *     former_open(request, &objects);             where the realizer has given a hint that holds
 *     former_revision(&objects)                   in hex, what the server may build its pack on
 *     if (former_submodule(&objects, folder, &hex)) ...    the same of the submodule that lay there
 *     if (former_take(&objects, object, folder, name, kind)) ...    the realizer will put it there, out of the former object
 *     if (former_load(&objects, object)) ...      its content is there: it was part of the former tree
 *     former_leave(&objects, revision_id, ids);   for the realizer, and for the next fetch
 *
 * The hint (cab-guest(7)) is the former object's files, beneath what CAB_FORMER names; its directory nodes, `former.nodes`; and the memo that
 * the former fetch left, `former.memo`: the commit and its trees. Each tree is used by its id, from the hint's git-tree down, and
 * stands beside the node that the realizer proved; so what lies where, with which Cab digest, follows, and no file of the
 * former object is read but to be a delta's base, by its id, or to be written with another mode, by that digest. A memo that does
 * not add up is no hint. The hint's revision is the server's alone: a wrong one costs the fetch, and no more.
 *
 * Of a subpath the memo has all trees of the commit, as the former fetch did, and the object is what lies at its end: what the server
 * is told to build trees on is held, and of contents those that are wanted are asked for by their ids, with nothing said of what is held.
 *
 * A memo is "cab git 1\n", then the commit and each tree once: id (32 bytes, zeros behind a shorter one), u32 size, content.
 * With submodules the commits in the trees are in it too, and the former object has what they name: a link's commit stands beside the
 * node of its folder, and all that is in it is known by its id, whichever repository asks for it.
 * With LFS the former object has contents where the trees have pointers, so no delta may build on what it has.
 * `reuse` is as cab-guest(7) says. A small module (feature.h) has none of this.
 */
#pragma once

#include "object.h"
#include "request.h"
#include "tree.h"

void former_open(const struct request *request, struct objects *objects);
/* Empty where there is no hint. */
struct span former_revision(const struct objects *objects);
/* False where none lay there. */
bool former_submodule(struct objects *objects, const struct folder *folder, struct text *hex_out);
/* False where the former tree has no such thing. Its digest, or target, is known then. A file of another mode is copied. */
bool former_take(struct objects *objects, struct object *object, const struct folder *folder,
	struct span name, enum tree_kind kind);
/* False where it was not part of the former tree; its type is set otherwise. */
bool former_load(struct objects *objects, struct object *object);
/*
 * The memo, from the commit down; or where ids are given, in hex with a space between, a file of records like it, named `out`: the commit with its
 * trees, where the root came, then the contents of these ids. What did not come is left out: its reader proves each record by its
 * id, and misses it.
 */
void former_leave(struct objects *objects, const uint8_t *revision, struct span ids);
