/* SPDX-License-Identifier: MPL-2.0 */
/*
 * job: one derivation in the embedded realizer, from request to object. Inside realize/ only.
 *
 *        begin ── found? ────────────────────────────────────────────▶ done (FOUND)
 *          │ run lock busy: again in 50 ms
 *          ▼
 *        start: staging, FIFO, log, program
 *          │
 *          ▼                 line known ── hold ── object whole ──▶ kill, done (STOPPED)
 *        run: FIFO, log,  ◀── nothing came of it: resume ──┘
 *        timers, pidfd
 *          │ the process is gone; FIFO and log are drained
 *          ▼
 *        finish: exit status, report, output, records ────────────────▶ done (RUN)
 *
 * The flush that makes results durable is one for all jobs of a moment (embedded_settle_later); the run locks of its jobs are
 * held until then.
 *
 * A job frees itself after `done`. Callbacks of the guest never free it: it ends in the pidfd's callback or a timer's.
 */
#pragma once

#include "base/arena.h"
#include "base/array.h"
#include "realize/embedded.h"
#include "realize/guest.h"
#include "realize/hint.h"
#include "realize/log.h"
#include "realize/network.h"
#include "realize/program.h"
#include "realize/report.h"
#include "realize/table.h"
#include "sandbox/host_root.h"
#include "sandbox/sandbox.h"
#include "store/run_lock.h"
#include "store/store.h"

/* An id of the host that no other process uses, for one program at a time. */
struct embedded_id {
	struct run_lock lock;
	unsigned slot;
	bool used;
};

struct embedded {
	struct realizer realizer;
	struct embedded_settings settings;
	struct network *network;
	struct spawner *spawner;
	struct sandbox *sandbox;
	struct host_root host_root;
	bool has_host_root;
	char system[32];
	char fingerprint[DIGEST_TEXT + 1];
	struct realizer_feature features[4];
	size_t feature_count;
	struct digest module_digest;
	ARRAY(struct realizer_job *) jobs;

	/* One folder and a few ids for all jobs of the run, made by the first: each file that comes and goes
	 * with a job costs a file system more than the job does. */
	struct staging staging;
	bool staged;
	uint64_t started; /* how many jobs */
	ARRAY(struct embedded_id) ids;

	struct sandbox_limits limits; /* of each native program; with the sandbox */
	/* Of jobs that are done and not durable yet: whoever waits for one must find its result. */
	ARRAY(struct run_lock) unsettled;
	struct loop_timer *settle_timer;
	bool broken; /* a flush failed: what was told done is not there any more */
	struct err broken_err;
};

/* start.c: the name of a job's folder in staging/. */
const char *start_folder_name(struct realizer_job *job, const char *what);

/* embedded.c */
/* Leaves the job's result to the next flush, which comes by itself within SETTLE_AFTER milliseconds, and its
 * run lock, if it holds one, with it. */
void embedded_settle_later(struct embedded *embedded, struct run_lock *lock);

struct realizer_job {
	struct embedded *embedded;
	struct realizer_request request;
	struct realizer_listener listener;
	struct arena arena;
	struct err err; /* why it failed, once `failed` */
	bool failed;
	bool stopping; /* its processes are being ended */

	struct run_lock run_lock;
	size_t id; /* in embedded's ids, or SIZE_MAX */
	bool waited;
	struct loop_timer *timer; /* the next begin, or the second's tick */
	uint64_t started;
	uint64_t active; /* when it last said or received anything */

	uint64_t number; /* 0 before it has folders in staging/: NUMBER-build, NUMBER-store */
	int build;       /* the working directory */
	int outputs;     /* where the outputs lie */
	uint32_t uid;
	uint32_t gid;

	int fifo;
	struct loop_watch *fifo_watch;
	struct report report;
	struct table table;

	struct log log;
	struct buf last_line; /* of the log: what a fetch that failed has said */
	struct buf refused;   /* the last request, where it was answered with 400 or above */
	int log_pipe;
	struct loop_watch *log_watch;

	enum program_kind kind;
	struct guest *guest;
	struct sandbox_process process;
	bool is_running; /* of `process` */
	int pidfd;
	struct loop_watch *end_watch;
	object_list closure; /* of the inputs */

	struct hint hint;

	struct network_transfer *gate; /* its proxy; NULL where there is none, or none any more */
	struct network_end gate_account;
	bool is_ending; /* the program is gone; the gate's last word is waited for */
	struct loop_timer *end_timer;

	bool known; /* a line was known: what, and by whom */
	struct cab_hash known_hash;
	const char *known_from;
};

/* job.c */
struct realizer_job *job_new(struct embedded *embedded, const struct realizer_request *request,
	const struct realizer_listener *listener);
void job_cancel(struct realizer_job *job);
/* Marks it failed (the first reason counts) and ends its processes. */
void job_fail(struct realizer_job *job, const struct err *err);
void job_tell(struct realizer_job *job, enum realizer_event_kind kind, struct bytes text);
void job_say(struct realizer_job *job, struct bytes line);
/* A log_line: remembers and tells it. */
void job_on_line(void *context, struct bytes line);
/* Reads what is in the FIFO and decides on each line; false where the job is being stopped. */
bool job_drain_report(struct realizer_job *job);
void job_on_end(void *context, short events);
/* The program is gone, and so is its gate. */
void job_end(void *context);
/* The value of CAB_PIN: "FORMAT VALUE" a line. */
const char *job_pin_text(struct realizer_job *job);

/* known.c: what is known of a line, and stopping for it */
/* Prepares the table of this job: program, scope, shared formats. */
void known_prepare(struct realizer_job *job, struct bytes module);
/* True where the run is decided by this line, and is being stopped. */
bool known_decide(struct realizer_job *job, struct identity identity);
/* Looks for the wanted object before anything runs. */
bool known_find(struct realizer_job *job, struct realizer_result *out);

/* start.c: staging, FIFO, log, and the program; wasm.c and native.c: the two kinds of program */
int start_open_program(struct realizer_job *job, struct err *err);
/* All that the program may see of the store; a module that is cab's own does not see itself. */
MUST_CHECK bool start_closure(struct realizer_job *job, struct err *err);
MUST_CHECK bool start_job(struct realizer_job *job, struct err *err);
MUST_CHECK bool start_guest(
	struct realizer_job *job, struct bytes module, int log, struct err *err);
MUST_CHECK bool start_native(struct realizer_job *job, int log, struct err *err);

/* gate.c: the proxy of a native program that requires `network` */
/* Whether there may be one. */
MUST_CHECK bool gate_check(const struct realizer_job *job, struct err *err);
/* The caller's courier is for the sandbox, and closed once that has begun. */
MUST_CHECK bool gate_open(struct realizer_job *job, int *courier_out, struct err *err);
/* True where job_end follows. */
bool gate_close(struct realizer_job *job);
void gate_forget(struct realizer_job *job);

/* finish.c: exit status, claim, output, records */
MUST_CHECK bool finish_job(struct realizer_job *job, struct realizer_result *out, struct err *err);

MUST_CHECK bool embedded_ensure_sandbox(struct embedded *embedded, struct err *err);
bool embedded_has_feature(const struct embedded *embedded, struct bytes name);
