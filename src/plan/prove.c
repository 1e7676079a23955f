/* SPDX-License-Identifier: MPL-2.0 */
#include "plan/work.h"

void
prove_end(struct work *work, const struct err *err)
{
	struct plan_proof *proof = work->proof;
	work->proving = false;
	work->proof = NULL;
	proof->held = !err;
	if (err)
		proof->err = *err;
}

void
prove_hear(struct work *work, struct identity identity)
{
	struct identity *first = &work->proof->first;
	if (first->format.size)
		return;
	*first = (struct identity){arena_copy(&work->plan->arena, identity.format),
		arena_copy(&work->plan->arena, identity.value)};
}

/* A node that failed before its own program was to run has only its work's err. */
static void
prove_settle(struct work *work)
{
	static const struct err none = {.kind = ERR_REFUSED, .text = "it could not be run"};
	if (work->proving)
		prove_end(work, work->err ? work->err : &none);
}

bool
plan_prove(struct plan *plan, struct plan_proof *proofs, size_t count, struct err *err)
{
	if (!look_annotate(plan, err))
		return false;
	for (size_t at = 0; at < count; at++) {
		struct work *work = plan_work(plan, proofs[at].node);
		must(!work->proving, "the nodes of a proof are distinct");
		proofs[at].held = false;
		proofs[at].first = (struct identity){0};
		proofs[at].err = (struct err){0};
		work->proof = &proofs[at];
		work->proving = true;
		work->asking = false;
		work->state = WORK_NEW;
		schedule_want(plan, work->node);
	}
	struct err ended;
	bool done = schedule_run(plan, &ended);
	for (size_t at = 0; at < count; at++)
		prove_settle(plan_work(plan, proofs[at].node));
	/* What failed beside a proof's own run is told by the proofs that waited for it. */
	if (done || !plan->cancelled)
		return true;
	*err = ended;
	return false;
}
