/* SPDX-License-Identifier: MPL-2.0 */
/*
 * sandbox: from a spec to a running program in namespaces of its own (user, mount, pid, net, ipc,
 * uts, cgroup), as root or as an ordinary user.
 *
 *     struct sandbox *sandbox = sandbox_new(err);              once a run; NULL: the kernel
 * refuses, the err says what and why struct sandbox_process process; if (!sandbox_start(sandbox,
 * &spec, &process, err)) ...   the program has been executed loop_watch(loop, process.pidfd,
 * POLLIN, ...);            readable: every process of it is gone if (!sandbox_collect(&process,
 * &result, err)) ...        how it ended; once sandbox_release(&process); kills what still runs
 *     sandbox_free(sandbox);
 *
 *   realizer ──clone3──▶ pid 1: init (cab's own code) ──vfork, exec──▶ pid 2: the program
 *       ▲                  │ reaps; at the end of pid 2 kills and counts what is left, reports,
 * exits └── report pipe ◀──┘ ◀── control pipe: freeze, thaw
 *
 * The end of a sandbox is the end of its main process, not the end of its output: whatever it left
 * behind is killed by then. Everything dies with the thread that called sandbox_start (so call it
 * from a thread that lives as long as the program should).
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "sandbox/failure.h"
#include "sandbox/spec.h"

struct sandbox;

/* Compiles the filter, and looks where a cgroup can be had. */
struct sandbox *sandbox_new(struct err *err);
void sandbox_free(struct sandbox *sandbox);

/* The ids of the host for a slot: for root, an id that no user of the host has, one a slot (who
 * shares a machine holds a lock for each slot in use: two sandboxes must not have one id at one
 * time); for an ordinary user, his own. */
void sandbox_host_ids(unsigned slot, uint32_t *uid_out, uint32_t *gid_out);
enum { SANDBOX_SLOTS = 4096 };

/* What THREATS proposes, for a machine that runs `slots` programs at a time. */
struct sandbox_limits sandbox_limits_default(unsigned slots);

/* Which limits the kernel holds; the caller tells the user. */
enum sandbox_held {
	SANDBOX_HELD_MEMORY = 1 << 0,         /* of the whole sandbox, by a cgroup */
	SANDBOX_HELD_MEMORY_EACH = 1 << 1,    /* of each process, by rlimit */
	SANDBOX_HELD_PROCESSES = 1 << 2,      /* by a cgroup */
	SANDBOX_HELD_PROCESSES_EACH = 1 << 3, /* by rlimit, counted in the user namespace */
	SANDBOX_HELD_SCRATCH = 1 << 4,
	SANDBOX_HELD_FILES = 1 << 5, /* file size and open files */
};

/* Owned by the caller; the fields are for reading. */
struct sandbox_process {
	pid_t pid; /* of init, in the caller's namespace */
	int pidfd;
	int link;      /* to init: freeze, thaw; and its reports */
	unsigned held; /* enum sandbox_held */
	bool collected;
	bool began;    /* the program has been executed */
	bool failed;   /* it could not be: `failure` says at which step */
	bool reported; /* `status` and what follows hold what init said */
	struct sandbox_failure failure;
	const struct sandbox_spec *spec; /* borrowed until `began` or collected */
	int status;
	unsigned left;
	uint64_t cpu_microseconds;
	uint64_t memory_peak_bytes;
	char cgroup[32]; /* name of its cgroup, or "" */
	const struct sandbox *sandbox;
};

struct sandbox_result {
	bool ended;                 /* it ended by itself; else it was killed from outside */
	int code;                   /* exit status when `signal` is 0 */
	int signal;                 /* that ended the program, or 0 */
	unsigned left;              /* processes that it left behind, killed */
	enum err_limit limit;       /* ERR_LIMIT_MEMORY or _PROCESSES when its cgroup met one */
	uint64_t cpu_microseconds;  /* of all its processes */
	uint64_t memory_peak_bytes; /* of the largest process */
};

/* Where the kernel refuses namespaces, mounts or seccomp it is ERR_REFUSED with the reason: there is no
 * unconfined fallback. Other errors: the spec is wrong (ERR_REFUSED), a source or the program is absent (ERR_NOT_FOUND), or
 * what the kernel said at which step. Nothing is left behind then. */
MUST_CHECK bool sandbox_start(const struct sandbox *sandbox, const struct sandbox_spec *spec,
	struct sandbox_process *out, struct err *err);

/* The same, but comes back while the sandbox is still being set up, so that several can be at once: what goes
 * wrong on the way to the program is then told by sandbox_collect, with the errors above. The spec and
 * what it points to stay the caller's, unchanged, until the process was collected or released. */
MUST_CHECK bool sandbox_begin(const struct sandbox *sandbox, const struct sandbox_spec *spec,
	struct sandbox_process *out, struct err *err);

/* All processes stand still, or go on. A program that has ended meanwhile is no error. */
MUST_CHECK bool sandbox_freeze(struct sandbox_process *process, struct err *err);
MUST_CHECK bool sandbox_thaw(struct sandbox_process *process, struct err *err);
/* Ends all processes; the pidfd tells when they are gone. */
void sandbox_kill(struct sandbox_process *process);

/* Waits for the end, and says how it was; false also where the program never began. */
MUST_CHECK bool sandbox_collect(
	struct sandbox_process *process, struct sandbox_result *out, struct err *err);
/* Kills, waits and closes, as far as that is still to do. */
void sandbox_release(struct sandbox_process *process);
