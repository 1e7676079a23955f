/* SPDX-License-Identifier: MPL-2.0 */
/* The seccomp filters of confine.h, compiled once and entered by any number of children. */
#include "guest_host/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

struct confine_filter {
	struct buf program; /* struct sock_filter[] */
};

/* Numbers below 0 are calls that this architecture does not have. */
static const int common_calls[] = {
	/* descriptors that are open */
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(close),
	SCMP_SYS(lseek),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	/* memory, locks, signals */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(sched_yield),
	SCMP_SYS(clock_gettime),
	/* abort and exit */
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(tgkill),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

static const int guest_calls[] = {
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(preadv),
	SCMP_SYS(pwritev),
	SCMP_SYS(openat2),
	SCMP_SYS(getdents64),
	SCMP_SYS(fchmod),
	SCMP_SYS(ftruncate),
	SCMP_SYS(mkdirat),
	SCMP_SYS(symlinkat),
	SCMP_SYS(readlinkat),
	SCMP_SYS(unlinkat),
	SCMP_SYS(linkat),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(memfd_create),
};

static bool
allow(scmp_filter_ctx context, const int *calls, size_t count, struct err *err)
{
	for (size_t at = 0; at < count; at++) {
		int result =
			calls[at] < 0 ? 0 : seccomp_rule_add(context, SCMP_ACT_ALLOW, calls[at], 0);
		if (result < 0)
			return err_system(err, -result, "system call %d in a filter", calls[at]);
	}
	return true;
}

/* Calls that are let through with some arguments only. */
static bool
allow_some(scmp_filter_ctx context, enum confine_kind kind, struct err *err)
{
	int result = 0;
	/* The third argument of both says what the pages are for. */
	const struct scmp_arg_cmp pages = {.arg = 2,
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = kind == CONFINE_COMPILE ? 0 : PROT_EXEC};
	static const int mapping[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
	for (size_t at = 0; at < 2 && result >= 0; at++)
		result = seccomp_rule_add(context, SCMP_ACT_ALLOW, mapping[at], 1, pages);
	static const unsigned controls[] = {F_GETFL, F_SETFL, F_SETPIPE_SZ, F_ADD_SEALS};
	for (size_t at = 0; at < sizeof controls / sizeof *controls && result >= 0; at++) {
		const struct scmp_arg_cmp control = {
			.arg = 1, .op = SCMP_CMP_EQ, .datum_a = controls[at]};
		result = seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, control);
	}
	/* Rust's library asks for it before it says why it gives up. */
	if (result >= 0 && kind == CONFINE_GUEST)
		result = seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOENT), SCMP_SYS(getcwd), 0);
	return result >= 0 || err_system(err, -result, "a filter's condition");
}

static bool
filter_build(scmp_filter_ctx context, enum confine_kind kind, struct buf *out, struct err *err)
{
	/* A binary tree of calls, and no mercy for another architecture's. */
	(void)seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	(void)seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (!allow(context, common_calls, sizeof common_calls / sizeof *common_calls, err) ||
		!allow_some(context, kind, err))
		return false;
	static const int compile_calls[] = {SCMP_SYS(recvmsg)};
	if (kind == CONFINE_COMPILE && !allow(context, compile_calls, 1, err))
		return false;
	if (kind == CONFINE_GUEST &&
		!allow(context, guest_calls, sizeof guest_calls / sizeof *guest_calls, err))
		return false;
	cleanup_fd int file = memfd_create("filter", MFD_CLOEXEC);
	if (file < 0)
		return err_system(err, errno, "memory file for a filter");
	int result = seccomp_export_bpf(context, file);
	if (result < 0)
		return err_system(err, -result, "compile a filter");
	if (lseek(file, 0, SEEK_SET) < 0)
		return err_system(err, errno, "rewind a filter");
	return fd_read_all(file, out, err);
}

struct confine_filter *
confine_filter_new(enum confine_kind kind, struct err *err)
{
	/* A compiler that gives up for want of memory tries this and that; it is only refused. */
	scmp_filter_ctx context = seccomp_init(
		kind == CONFINE_COMPILE ? SCMP_ACT_ERRNO(ENOSYS) : SCMP_ACT_KILL_PROCESS);
	if (!context) {
		(void)err_set(err, ERR_SYSTEM, "start a filter: libseccomp refuses");
		return NULL;
	}
	cleanup_buf struct buf program = BUF(BPF_MAXINSNS * sizeof(struct sock_filter));
	bool built = filter_build(context, kind, &program, err);
	seccomp_release(context);
	if (!built)
		return NULL;
	struct confine_filter *filter = memory_new(sizeof *filter);
	filter->program = buf_take(&program);
	return filter;
}

void
confine_filter_free(struct confine_filter *filter)
{
	if (!filter)
		return;
	buf_release(&filter->program);
	free(filter);
}

bool
confine_filter_enter(const struct confine_filter *filter, struct err *err)
{
	const struct sock_fprog program = {
		.len = (unsigned short)(filter->program.size / sizeof(struct sock_filter)),
		.filter = (struct sock_filter *)(void *)filter->program.data,
	};
	/* All threads at once: the flag gives the id of one that could not follow. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_system(err, errno, "give up new privileges");
	long result =
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
	if (result != 0)
		return err_system(err, result < 0 ? errno : ESRCH, "enter a filter");
	return true;
}
