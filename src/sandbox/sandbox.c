/* SPDX-License-Identifier: MPL-2.0 */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/cgroup.h"
#include "sandbox/failure.h"
#include "sandbox/idmap.h"
#include "sandbox/init.h"

struct sandbox {
	struct seccomp_program filter;
	struct cgroup_place place;
};

enum {
	NAMESPACES = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
		     CLONE_NEWUTS | CLONE_NEWCGROUP
};

struct sandbox *
sandbox_new(struct err *err)
{
	struct sandbox *sandbox = (struct sandbox *)memory_zero(1, sizeof *sandbox);
	if (!seccomp_program_compile(&sandbox->filter, err)) {
		sandbox_free(sandbox);
		return NULL;
	}
	cgroup_find(&sandbox->place);
	return sandbox;
}

void
sandbox_free(struct sandbox *sandbox)
{
	if (!sandbox)
		return;
	seccomp_program_release(&sandbox->filter);
	free(sandbox);
}

struct sandbox_limits
sandbox_limits_default(unsigned slots)
{
	uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t processes = processors > 8 ? 512 * (uint32_t)processors : 4096;
	return (struct sandbox_limits){
		.memory = memory / 5 * 4 / (slots ? slots : 1),
		.scratch = memory / 4,
		.processes = processes,
		.open_files = 65536,
	};
}

static bool
target_check(const char *target)
{
	if (!target || *target != '/' || strlen(target) >= 4096)
		return false;
	struct bytes rest = bytes_text(target + 1);
	struct bytes part;
	while (bytes_split(&rest, '/', &part))
		if (part.size == 0 || part.size > 255 || bytes_equal_text(part, ".") ||
			bytes_equal_text(part, ".."))
			return false;
	return true;
}

static bool
entry_check(const struct sandbox_entry *entry, struct err *err)
{
	if (!target_check(entry->target))
		return err_set(err, ERR_REFUSED,
			"sandbox: %s is no plain absolute path to put something at",
			entry->target ? entry->target : "(none)");
	switch (entry->kind) {
	case SANDBOX_BIND:
		if (entry->source ? *entry->source != '/' : entry->source_fd < 0)
			return err_set(err, ERR_REFUSED,
				"sandbox: the source of %s is no absolute path", entry->target);
		return true;
	case SANDBOX_LINK:
		if (!entry->source || !*entry->source)
			return err_set(
				err, ERR_REFUSED, "sandbox: link %s leads nowhere", entry->target);
		return true;
	case SANDBOX_SCRATCH:
	case SANDBOX_FILE:
		return true;
	}
	return err_set(err, ERR_REFUSED, "sandbox: %s is of no known kind", entry->target);
}

static bool
spec_check(const struct sandbox_spec *spec, struct err *err)
{
	for (size_t at = 0; at < spec->entry_count; at++)
		if (!entry_check(&spec->entries[at], err))
			return false;
	if (spec->folder && *spec->folder != '/')
		return err_set(err, ERR_REFUSED, "sandbox: working directory %s is not absolute",
			spec->folder);
	if (spec->host_uid == 0 || spec->host_gid == 0)
		return err_set(err, ERR_REFUSED, "sandbox: nothing runs as root of the host");
	if (!spec->program || *spec->program != '/')
		return err_set(err, ERR_REFUSED, "sandbox: program %s is no absolute path",
			spec->program ? spec->program : "(none)");
	if (!spec->arguments || !spec->environment)
		return err_set(err, ERR_REFUSED, "sandbox: %s lacks arguments or environment",
			spec->program);
	return true;
}

static int *
trees_new(const struct sandbox_spec *spec)
{
	int *trees = (int *)memory_zero(spec->entry_count + 1, sizeof *trees);
	for (size_t at = 0; at < spec->entry_count; at++)
		trees[at] = -1;
	return trees;
}

/* Gives 0, or errno. Born with its namespaces, so there is no moment in which it has some and not
 * others; in its cgroup, where that can be, so no fork of it is ever outside. */
static int
child_clone(const struct init_start *start, int cgroup, struct sandbox_process *out)
{
	sigset_t all;
	sigset_t before;
	(void)sigfillset(&all);
	must(sigprocmask(SIG_SETMASK, &all, &before) == 0, "signals can be blocked");
	struct clone_args arguments = {
		.flags = NAMESPACES | CLONE_PIDFD | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)&out->pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = cgroup >= 0 ? (uint64_t)cgroup : 0,
	};
	long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
	if (pid == 0)
		init_run(start);
	int number = errno;
	must(sigprocmask(SIG_SETMASK, &before, NULL) == 0, "signals can be unblocked");
	out->pid = (pid_t)pid;
	return pid < 0 ? number : 0;
}

static bool
link_send(const struct sandbox_process *process, enum init_message message, struct err *err)
{
	if (send(process->link, &message, sizeof message, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return err_system(err, errno, "sandbox: send to init");
	return true;
}

/* The next report; an end is kept in the process. False with `kind` 0: init is gone. */
static bool
link_receive(struct sandbox_process *process, struct init_report *out)
{
	*out = (struct init_report){0};
	ssize_t size;
	do
		size = recv(process->link, out, sizeof *out, 0);
	while (size < 0 && errno == EINTR);
	if (size != (ssize_t)sizeof *out)
		return false;
	process->began = process->began || out->kind == INIT_STARTED;
	if (out->kind == INIT_FAILED) {
		process->failed = true;
		process->failure = out->failure;
	}
	if (out->kind != INIT_ENDED)
		return true;
	process->reported = true;
	process->status = out->status;
	process->left = out->left;
	process->cpu_microseconds = out->cpu_microseconds;
	process->memory_peak_bytes = out->memory_peak_bytes;
	return true;
}

static bool
child_wait(struct sandbox_process *process, siginfo_t *info)
{
	while (waitid(P_PIDFD, (id_t)process->pidfd, info, WEXITED) < 0)
		if (errno != EINTR)
			return false;
	return true;
}

static bool
child_admit(const struct sandbox_spec *spec, struct sandbox_process *process, struct err *err)
{
	if (!idmap_write(process->pid, spec->host_uid, spec->host_gid, err))
		return failure_explain(err->number, err);
	return link_send(process, INIT_GO, err);
}

/* The first report of an init that was let go. */
static bool
child_await(struct sandbox_process *process, struct err *err)
{
	struct init_report report;
	while (!process->began && !process->failed)
		if (!link_receive(process, &report))
			return err_set(
				err, ERR_SYSTEM, "sandbox: init died before the program began");
	return process->began || failure_set(&process->failure, process->spec, err);
}

static unsigned
limits_held(const struct sandbox_limits *limits, bool cgroup)
{
	unsigned held = 0;
	if (limits->memory)
		held |= cgroup ? SANDBOX_HELD_MEMORY : SANDBOX_HELD_MEMORY_EACH;
	if (limits->processes)
		held |= SANDBOX_HELD_PROCESSES_EACH | (cgroup ? SANDBOX_HELD_PROCESSES : 0);
	if (limits->scratch)
		held |= SANDBOX_HELD_SCRATCH;
	if (limits->file_size || limits->open_files)
		held |= SANDBOX_HELD_FILES;
	return held;
}

/* A cgroup of its own, which the child is about to be born in. */
static bool
group_enter(const struct sandbox *sandbox, const struct sandbox_spec *spec, char name[CGROUP_NAME])
{
	if (!cgroup_make(&sandbox->place, &spec->limits, name))
		return false;
	if (cgroup_join(&sandbox->place, name))
		return true;
	cgroup_remove(&sandbox->place, name);
	*name = '\0';
	return false;
}

bool
sandbox_begin(const struct sandbox *sandbox, const struct sandbox_spec *spec,
	struct sandbox_process *out, struct err *err)
{
	if (!spec_check(spec, err))
		return false;
	struct sandbox_process process = {
		.pid = -1, .pidfd = -1, .link = -1, .sandbox = sandbox, .spec = spec};
	int links[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, links) < 0)
		return err_system(err, errno, "sandbox: socket pair");
	process.link = links[0];
	bool grouped = group_enter(sandbox, spec, process.cgroup);
	process.held = limits_held(&spec->limits, grouped);

	cleanup_fd int cgroup = grouped ? cgroup_open(&sandbox->place, process.cgroup) : -1;
	struct init_start start = {
		.spec = spec,
		.filter = &sandbox->filter,
		.trees = trees_new(spec),
		.link = links[1],
		.has_cgroup = grouped,
	};
	int number = child_clone(&start, cgroup, &process);
	if (grouped)
		cgroup_leave(&sandbox->place);
	free(start.trees);
	fd_close(links[1]);
	bool done = number == 0;
	if (!done)
		(void)(err_system(err, number, "sandbox: new namespaces") ||
			failure_explain(number, err));
	done = done && child_admit(spec, &process, err);
	if (!done) {
		sandbox_release(&process);
		return false;
	}
	*out = process;
	return true;
}

bool
sandbox_start(const struct sandbox *sandbox, const struct sandbox_spec *spec,
	struct sandbox_process *out, struct err *err)
{
	struct sandbox_process process;
	if (!sandbox_begin(sandbox, spec, &process, err))
		return false;
	if (!child_await(&process, err)) {
		sandbox_release(&process);
		return false;
	}
	process.spec = NULL;
	*out = process;
	return true;
}

static bool
hold(struct sandbox_process *process, enum init_message command, enum init_message answer,
	struct err *err)
{
	if (process->collected || process->reported)
		return true;
	if (!link_send(process, command, err))
		return false;
	/* No answer: init has ended meanwhile, which its pidfd tells. */
	struct init_report report;
	while (link_receive(process, &report) && report.kind != answer && report.kind != INIT_ENDED)
		;
	return true;
}

bool
sandbox_freeze(struct sandbox_process *process, struct err *err)
{
	return hold(process, INIT_FREEZE, INIT_FROZEN, err);
}

bool
sandbox_thaw(struct sandbox_process *process, struct err *err)
{
	return hold(process, INIT_THAW, INIT_THAWED, err);
}

/* Pid 1 of a namespace ends only when every process in it is gone: so its pidfd is enough. */
void
sandbox_kill(struct sandbox_process *process)
{
	if (process->pidfd >= 0 && !process->collected)
		(void)syscall(SYS_pidfd_send_signal, process->pidfd, SIGKILL, NULL, 0U);
}

bool
sandbox_collect(struct sandbox_process *process, struct sandbox_result *out, struct err *err)
{
	must(!process->collected && process->pid > 0, "a sandbox is collected once");
	struct sandbox_result result = {.limit = ERR_LIMIT_OTHER};
	siginfo_t info;
	if (!child_wait(process, &info))
		return err_system(err, errno, "sandbox: wait for its end");
	process->collected = true;
	struct init_report report;
	while (!process->reported && !process->failed && link_receive(process, &report))
		;
	result.ended = process->reported;
	if (process->reported && WIFEXITED(process->status))
		result.code = WEXITSTATUS(process->status);
	else
		result.signal = process->reported ? WTERMSIG(process->status) : SIGKILL;
	result.left = process->left;
	result.cpu_microseconds = process->cpu_microseconds;
	result.memory_peak_bytes = process->memory_peak_bytes;
	if (*process->cgroup) {
		result.limit = cgroup_limit_met(&process->sandbox->place, process->cgroup);
		cgroup_remove(&process->sandbox->place, process->cgroup);
		*process->cgroup = '\0';
	}
	if (!process->began)
		return child_await(process, err);
	*out = result;
	return true;
}

void
sandbox_release(struct sandbox_process *process)
{
	if (process->pid > 0 && !process->collected) {
		siginfo_t info;
		sandbox_kill(process);
		(void)child_wait(process, &info);
		process->collected = true;
	}
	if (*process->cgroup)
		cgroup_remove(&process->sandbox->place, process->cgroup);
	*process->cgroup = '\0';
	fd_release(&process->pidfd);
	fd_release(&process->link);
}
