/* SPDX-License-Identifier: MPL-2.0 */
/* work: the plan's own record of each node. Inside plan/ only. */
#pragma once

#include "base/arena.h"
#include "base/array.h"
#include "plan/plan.h"

enum work_state {
	WORK_NEW,
	WORK_WAITING, /* for what it needs */
	WORK_READY,
	WORK_RUNNING,
	WORK_DONE,
	WORK_FAILED,
};

struct work {
	struct plan *plan;
	size_t node;
	enum work_state state;
	enum plan_work kind;
	struct plan_source source;
	bool is_source;           /* self-fixing */
	bool proving;             /* the run under way is for a proof of its pin */
	struct plan_proof *proof; /* where its outcome goes */
	bool asking;              /* the run under way, or wanted next, is for its identity */
	struct plan_found found;
	const struct realizer_output *outputs;
	size_t output_count;
	struct digest resolved;
	bool has_resolved;
	size_t waits;            /* needs that are not done */
	ARRAY(size_t) consumers; /* that wait for it */
	struct realizer_job *job;
	struct realizer *realizer;
	struct realizer_request request;
	struct err *err;
};

struct plan {
	struct plan_setup setup;
	struct arena arena;
	ARRAY(struct work *) works; /* one a node of the graph, made when first met */
	ARRAY(size_t) wanted;       /* to be looked at */
	ARRAY(size_t) ready;
	size_t running[3]; /* by enum plan_work */
	bool annotated;
	bool resting; /* nothing may run */
	bool cancelled;
	bool failed;
	struct err err;
};

struct work *plan_work(struct plan *plan, size_t node);
/* look.c: finds without running. */
bool look_at(struct work *work);
bool look_realization(struct work *work);
bool look_object(struct work *work);
MUST_CHECK bool look_annotate(struct plan *plan, struct err *err);
/* Records what a run made, under the pinned digest. */
void look_record(struct work *work, const struct realizer_result *result);

/* prove.c: the end of a proof's run; err is NULL where it held. */
void prove_end(struct work *work, const struct err *err);
/* A line that the program of a proof reported. */
void prove_hear(struct work *work, struct identity identity);

/* schedule.c */
void schedule_want(struct plan *plan, size_t node);
MUST_CHECK bool schedule_run(struct plan *plan, struct err *err);
/* The node's derivation with the paths of its inputs; all must be done. */
MUST_CHECK bool schedule_resolve(struct work *work, struct derivation *out, struct err *err);
