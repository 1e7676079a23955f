/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/spawner.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "guest_host/confine.h"
#include "guest_host/guest.h"
#include "guest_host/host_functions.h"
#include "guest_host/limits.h"
#include "guest_host/mapping.h"
#include "guest_host/runtime.h"
#include "guest_host/start.h"
#include "wire/spawner.h"
#include "wire/wire.h"

struct spawner {
	struct runtime *runtime;
	struct runtime_program *program; /* island.wasm, or NULL */
	struct confine_filter *filter;
	int null;
	struct wire_packet packet;
	struct start_lists lists;
};

/* What a guest process finds ready in its copy of this memory. */
static bool
spawner_prepare(struct spawner *spawner, struct err *err)
{
	spawner->null = fd_open_at(AT_FDCWD, "/dev/null", O_RDWR, 0, err);
	if (spawner->null < 0)
		return false;
	spawner->filter = confine_filter_new(CONFINE_GUEST, err);
	spawner->runtime = runtime_new(err);
	if (!spawner->filter || !spawner->runtime)
		return false;
	struct mapping artifact;
	if (!mapping_open(SPAWNER_ARTIFACT, LIMIT_ARTIFACT, &artifact, err))
		return err_note(err, "artifact");
	if (artifact.bytes.size) {
		spawner->program = runtime_load(spawner->runtime, artifact.bytes, err);
		if (!spawner->program)
			return err_note(err, "artifact");
	}
	mapping_close(&artifact);
	fd_close(SPAWNER_ARTIFACT);
	return true;
}

static bool
start_check(const struct spawner *spawner, const struct start *start, struct err *err)
{
	if (start->artifact < 0 && !spawner->program)
		return err_set(err, ERR_REFUSED, "no module was given");
	if (geteuid() == 0 && (start->uid == 0 || start->gid == 0))
		return err_set(err, ERR_REFUSED, "a guest is never run as root");
	if (geteuid() != 0 && (start->uid != geteuid() || start->gid != getegid()))
		return err_set(err, ERR_REFUSED, "an ordinary user's guest has his own ids");
	return inputs_check(&start->inputs, err);
}

/*
 * The child is a copy of this process in namespaces of its own, and a child of the realizer. Raw,
 * for glibc's fork knows neither flag; sound, for there is one thread. The current folder alone is
 * brought into a new mount namespace: descriptors stay with mounts outside.
 */
static pid_t
clone_guest(struct spawner *spawner, const struct start *start, int *pidfd_out, struct err *err)
{
	*pidfd_out = -1;
	if (fchdir(start->host.directory) < 0) {
		(void)err_system(err, errno, "enter the working directory");
		return -1;
	}
	struct clone_args arguments = {
		.flags = CLONE_PARENT | CLONE_PIDFD | confine_clone_flags(),
		.pidfd = (uint64_t)(uintptr_t)pidfd_out,
	};
	long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
	if (pid == 0)
		guest_main(
			start, spawner->runtime, spawner->program, spawner->filter, spawner->null);
	if (pid < 0)
		(void)err_system(err, errno, "make a guest process in its own namespaces");
	/* Not to keep the folder busy. */
	must(chdir("/") == 0, "the root can be entered");
	return (pid_t)pid;
}

static bool
answer_started(uint32_t run, pid_t pid, int pidfd, struct err *err)
{
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	wire_begin(&out, SPAWNER_STARTED);
	buf_add_u32(&out, run);
	buf_add_u32(&out, (uint32_t)pid);
	return wire_send(SPAWNER_SOCKET, &out, &pidfd, 1, err);
}

static bool
answer_failed(uint32_t run, const struct err *why, struct err *err)
{
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	wire_begin(&out, SPAWNER_FAILED);
	buf_add_u32(&out, run);
	wire_add(&out, bytes_text(why->text));
	return wire_send(SPAWNER_SOCKET, &out, NULL, 0, err);
}

static bool
spawner_start(struct spawner *spawner, struct err *err)
{
	struct start start;
	if (!start_decode(&spawner->packet, &spawner->lists, &start, err))
		return false;
	struct err why;
	cleanup_fd int pidfd = -1;
	pid_t pid = -1;
	if (start_check(spawner, &start, &why))
		pid = clone_guest(spawner, &start, &pidfd, &why);
	if (pid < 0)
		return answer_failed(start.run, &why, err);
	return answer_started(start.run, pid, pidfd, err);
}

static bool
spawner_serve(struct spawner *spawner, struct err *err)
{
	for (;;) {
		switch (wire_receive(SPAWNER_SOCKET, &spawner->packet, err)) {
		case WIRE_PACKET_READ:
			break;
		case WIRE_CLOSED:
			return true;
		case WIRE_LATER:
			return err_set(err, ERR_REFUSED, "the socket must wait for packets");
		case WIRE_FAILED:
			return false;
		}
		bool started = spawner_start(spawner, err);
		wire_release(&spawner->packet);
		if (!started)
			return false;
	}
}

/* What a program inherits from whoever executes it, undone. */
static void
spawner_isolate(void)
{
	(void)setsid();
	(void)signal(SIGPIPE, SIG_IGN);
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	must(close_range(SPAWNER_ARTIFACT + 1, UINT32_MAX, 0) == 0, "descriptors can be closed");
	must(chdir("/") == 0, "the root can be entered");
}

int
spawner_main(void)
{
	struct err err;
	struct spawner *spawner = memory_zero(1, sizeof *spawner);
	spawner->null = -1;
	spawner_isolate();
	bool done = spawner_prepare(spawner, &err) && spawner_serve(spawner, &err);
	if (!done)
		(void)fprintf(stderr, "cab-guest: %s\n", err.text);
	fd_close(spawner->null);
	runtime_program_free(spawner->program);
	runtime_free(spawner->runtime);
	confine_filter_free(spawner->filter);
	free(spawner);
	return done ? 0 : 1;
}
