/* SPDX-License-Identifier: MPL-2.0 */
#include "base/process.h"

#include <errno.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

/* What the child does between fork and exec, in order; the first that fails comes back by pipe. */
enum process_step {
	STEP_SIGNALS,
	STEP_LIFETIME,
	STEP_GROUP,
	STEP_DESCRIPTORS,
	STEP_FOLDER,
	STEP_EXECUTE,
};

struct process_failure {
	int step;
	int number;
};

static const char *const step_texts[] = {
	[STEP_SIGNALS] = "reset signals",
	[STEP_LIFETIME] = "bind its life to ours",
	[STEP_GROUP] = "make a process group",
	[STEP_DESCRIPTORS] = "set up descriptors",
	[STEP_FOLDER] = "enter the working directory",
	[STEP_EXECUTE] = "execute",
};

/* Numbers from here on are free for copies while the low ones are given out. */
enum { DESCRIPTOR_SPARE = 64 };

bool
process_signals_reset(void)
{
	/* KILL and STOP refuse, and so do the two that the C library keeps for itself: neither can have
	 * been changed. */
	struct sigaction action = {.sa_handler = SIG_DFL};
	for (int number = 1; number < _NSIG; number++)
		if (sigaction(number, &action, NULL) < 0 && errno != EINVAL)
			return false;
	sigset_t none;
	(void)sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

static bool
child_descriptors(const struct process_spec *spec)
{
	/* All are copied out of the way first, so that 1 -> 2 and 2 -> 1 in one spec works. */
	int spare[PROCESS_FDS];
	for (size_t at = 0; at < spec->fd_count; at++) {
		spare[at] = fcntl(spec->fds[at].ours, F_DUPFD_CLOEXEC, DESCRIPTOR_SPARE);
		if (spare[at] < 0)
			return false;
	}
	if (syscall(SYS_close_range, PROCESS_FDS, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return false;
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nothing < 0)
		return false;
	nothing = fcntl(nothing, F_DUPFD_CLOEXEC, DESCRIPTOR_SPARE);
	for (int theirs = 0; theirs < PROCESS_FDS; theirs++) {
		size_t at = 0;
		while (at < spec->fd_count && spec->fds[at].theirs != theirs)
			at++;
		if (at == spec->fd_count && theirs > STDERR_FILENO)
			(void)close(theirs);
		else if (dup2(at < spec->fd_count ? spare[at] : nothing, theirs) < 0)
			return false;
	}
	return true;
}

/* Only async-signal-safe calls: another thread may have held any lock when the process was copied. */
static _Noreturn void
child_run(const struct process_spec *spec, pid_t parent, int failure_fd)
{
	struct process_failure failure = {STEP_DESCRIPTORS, 0};
	const char *const alone[] = {spec->program, NULL};
	const char *const *arguments = spec->arguments ? spec->arguments : alone;

	int report = fcntl(failure_fd, F_DUPFD_CLOEXEC, DESCRIPTOR_SPARE);
	if (report < 0) {
		report = failure_fd;
		goto failed;
	}
	failure.step = STEP_LIFETIME;
	if (!spec->keep_running) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
			goto failed;
		if (getppid() != parent)
			_exit(127);
	}
	failure.step = STEP_GROUP;
	if (spec->own_group && setpgid(0, 0) < 0)
		goto failed;
	failure.step = STEP_DESCRIPTORS;
	if (!child_descriptors(spec))
		goto failed;
	failure.step = STEP_FOLDER;
	if (spec->folder && chdir(spec->folder) < 0)
		goto failed;
	failure.step = STEP_SIGNALS;
	if (!process_signals_reset())
		goto failed;
	failure.step = STEP_EXECUTE;
	/* execve takes its lists without const for history's sake and does not write to them. */
	union {
		const char *const *ours;
		char *const *theirs;
	} argv = {arguments}, envp = {spec->environment};
	(void)execve(spec->program, argv.theirs, spec->environment ? envp.theirs : environ);
failed:
	failure.number = errno;
	/* A pipe takes so few bytes at once or not at all; and there is nobody else to tell. */
	ssize_t written = write(report, &failure, sizeof failure);
	_exit(written == (ssize_t)sizeof failure ? 127 : 126);
}

static bool
spec_check(const struct process_spec *spec)
{
	if (!spec->program || spec->fd_count > PROCESS_FDS)
		return false;
	unsigned seen = 0;
	for (size_t at = 0; at < spec->fd_count; at++) {
		int theirs = spec->fds[at].theirs;
		if (spec->fds[at].ours < 0 || theirs < 0 || theirs >= PROCESS_FDS ||
			seen & 1U << theirs)
			return false;
		seen |= 1U << theirs;
	}
	return true;
}

bool
process_start(const struct process_spec *spec, struct process *out, struct err *err)
{
	must(spec_check(spec), "a process gets each descriptor once, below PROCESS_FDS");
	cleanup_fd int failure_in = -1;
	cleanup_fd int failure_out = -1;
	if (!fd_pipe(&failure_in, &failure_out, err))
		return err_note(err, "start %s", spec->program);

	/* No handler of ours may run in the child before it has put them back. */
	sigset_t all;
	sigset_t before;
	(void)sigfillset(&all);
	must(sigprocmask(SIG_SETMASK, &all, &before) == 0, "signals can be blocked");
	int pidfd = -1;
	struct clone_args arguments = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t parent = getpid();
	long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
	if (pid == 0)
		child_run(spec, parent, failure_out);
	int number = errno;
	must(sigprocmask(SIG_SETMASK, &before, NULL) == 0, "signals can be unblocked");
	if (pid < 0)
		return err_system(err, number, "start %s", spec->program);

	struct process process = {(pid_t)pid, pidfd};
	fd_release(&failure_out);
	struct process_failure failure;
	ssize_t size = fd_read_some(failure_in, &failure, sizeof failure, err);
	if (size == 0) {
		*out = process;
		return true;
	}
	process_release(&process);
	if (size < 0)
		return err_note(err, "start %s", spec->program);
	must(size == (ssize_t)sizeof failure && failure.step <= STEP_EXECUTE,
		"a child tells its failure whole");
	if (failure.step == STEP_FOLDER)
		return err_system(
			err, failure.number, "start %s: enter %s", spec->program, spec->folder);
	return err_system(
		err, failure.number, "start %s: %s", spec->program, step_texts[failure.step]);
}

bool
process_collect(struct process *process, struct process_end *out, struct err *err)
{
	must(process->pid > 0, "a process is collected once");
	siginfo_t info = {0};
	while (waitid(P_PIDFD, (id_t)process->pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return err_system(err, errno, "wait for process %d", (int)process->pid);
	bool exited = info.si_code == CLD_EXITED;
	*out = (struct process_end){exited ? info.si_status : 0, exited ? 0 : info.si_status};
	process->pid = -1;
	return true;
}

void
process_signal(const struct process *process, int signal)
{
	if (process->pid > 0)
		(void)syscall(SYS_pidfd_send_signal, process->pidfd, signal, NULL, 0U);
}

void
process_release(struct process *process)
{
	if (process->pid > 0) {
		struct process_end end;
		struct err ignored;
		process_signal(process, SIGKILL);
		/* Only a process that somebody else has reaped cannot be waited for; it is gone then. */
		(void)!process_collect(process, &end, &ignored);
	}
	process->pid = -1;
	fd_release(&process->pidfd);
}

struct process_text
process_end_print(const struct process_end *end)
{
	struct process_text text;
	if (end->signal)
		(void)snprintf(text.text, sizeof text.text, "signal %d (%s)", end->signal,
			strsignal(end->signal));
	else
		(void)snprintf(text.text, sizeof text.text, "exit status %d", end->code);
	return text;
}
