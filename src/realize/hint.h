/* SPDX-License-Identifier: MPL-2.0 */
/*
 * hint: what a run is shown of the newest run of its own derivation, and what it leaves for the next. Inside realize/ only.
 *
 *     hint_prepare(job);                          before the program starts; without a former object that is whole there is no hint
 *     job->hint.name, .identities, .former        for the start message, where hint.offered
 *     hint_give(job);                             when the program looks for its files: they are laid out, where they are whole
 *     hint_finish(job, &work, err)                after its end: links what it left to be linked, and takes its memo
 *     hint_keep(job, &object);                    once the object is registered
 *     hint_drop(job);                             where a run failed that had one
 *     hint_release(job);
 *
 * Most runs are stopped at their first line and never look: what an offer costs does not grow with the tree.
 *
 * Only cab's own island.wasm has hints. They save bytes and time; whatever they hold, what is registered is what the realizer
 * found itself: a file's bytes, or a node of the former object, proved from its Cab hash down. That the former object is what the
 * hint's identities say is believed only where the table of identities says it too.
 */
#pragma once

#include "realize/output.h"
#include "store/memo.h"
#include "store/reuse.h"

struct realizer_job;

struct hint {
	bool offered;
	bool given;           /* its files are laid out */
	struct object object; /* the former one, leased */
	struct tree_nodes nodes;
	const char *name;       /* of the former object in the store's folder */
	const char *identities; /* CAB_HINT=… */
	const char *former;     /* CAB_FORMER=… */
	struct reuse reuse;
	struct buf memo; /* that the run left */
};

void hint_prepare(struct realizer_job *job);
void hint_give(struct realizer_job *job);
MUST_CHECK bool hint_finish(struct realizer_job *job, struct output_work *work, struct err *err);
void hint_keep(struct realizer_job *job, const struct object *object);
void hint_drop(struct realizer_job *job);
void hint_release(struct realizer_job *job);
