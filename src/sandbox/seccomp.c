/* SPDX-License-Identifier: MPL-2.0 */
#include "sandbox/seccomp.h"

#include <errno.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

/* Numbers that libseccomp 2.5.4 does not know by name; they are the same on every architecture
 * (linux/include/uapi/asm-generic/unistd.h). */
enum {
	CALL_FCHMODAT2 = 452,
	CALL_SETXATTRAT = 463,
	CALL_OPEN_TREE_ATTR = 467,
	CALL_FILE_SETATTR = 469,
};

struct call {
	const char *name;
	int number; /* where there is no name */
	int error;
};

/* Refused whole to a program. ENOSYS where it then takes another way. */
static const struct call program_refused[] = {
	/* Keys are kept by user, across all namespaces. */
	{"add_key", 0, EPERM},
	{"keyctl", 0, EPERM},
	{"request_key", 0, EPERM},
	/* The parts of the kernel that most escapes began in, and that no build needs. */
	{"bpf", 0, EPERM},
	{"io_uring_enter", 0, ENOSYS},
	{"io_uring_register", 0, ENOSYS},
	{"io_uring_setup", 0, ENOSYS},
	{"perf_event_open", 0, EPERM},
	{"userfaultfd", 0, EPERM},
	{"fanotify_init", 0, EPERM},
	{"lookup_dcookie", 0, EPERM},
	{"modify_ldt", 0, EPERM},
	{"vmsplice", 0, EPERM},
	/* Descriptors and memory of processes that are not one's children. */
	{"kcmp", 0, EPERM},
	{"pidfd_getfd", 0, EPERM},
	/* Files by number instead of by path, beneath every mount. */
	{"name_to_handle_at", 0, EPERM},
	{"open_by_handle_at", 0, EPERM},
	/* Mounts and namespaces; without a capability they fail anyway, and a new user namespace,
	 * which would give capabilities, is refused below. */
	{"chroot", 0, EPERM},
	{"fsconfig", 0, EPERM},
	{"fsmount", 0, EPERM},
	{"fsopen", 0, EPERM},
	{"fspick", 0, EPERM},
	{"mount", 0, EPERM},
	{"mount_setattr", 0, EPERM},
	{"move_mount", 0, EPERM},
	{"open_tree", 0, EPERM},
	{NULL, CALL_OPEN_TREE_ATTR, EPERM},
	{"pivot_root", 0, EPERM},
	{"setns", 0, EPERM},
	{"umount", 0, EPERM},
	{"umount2", 0, EPERM},
	/* The machine's own affairs. */
	{"acct", 0, EPERM},
	{"delete_module", 0, EPERM},
	{"finit_module", 0, EPERM},
	{"init_module", 0, EPERM},
	{"ioperm", 0, EPERM},
	{"iopl", 0, EPERM},
	{"kexec_file_load", 0, EPERM},
	{"kexec_load", 0, EPERM},
	{"nfsservctl", 0, ENOSYS},
	{"quotactl", 0, EPERM},
	{"quotactl_fd", 0, EPERM},
	{"reboot", 0, EPERM},
	{"swapoff", 0, EPERM},
	{"swapon", 0, EPERM},
	{"syslog", 0, EPERM},
	{"vhangup", 0, EPERM},
	/* Attributes that an object does not have: access lists above all. */
	{"setxattr", 0, EOPNOTSUPP},
	{"fsetxattr", 0, EOPNOTSUPP},
	{"lsetxattr", 0, EOPNOTSUPP},
	{NULL, CALL_SETXATTRAT, EOPNOTSUPP},
	{NULL, CALL_FILE_SETATTR, EOPNOTSUPP},
	/* Their flags or modes lie in memory, where a filter cannot look; the C library and every
	 * program that was met fall back to the older call. */
	{"clone3", 0, ENOSYS},
	{"openat2", 0, ENOSYS},
	/* A libc older than the kernel falls back to fchmodat, which is filtered by mode. */
	{NULL, CALL_FCHMODAT2, ENOSYS},
};

/* Where in its arguments a call takes a mode; and with which flag in which argument only. */
struct mode_call {
	const char *name;
	unsigned mode;
	bool creates; /* the mode counts only with O_CREAT or O_TMPFILE in the argument before it */
};

static const struct mode_call mode_calls[] = {
	{"chmod", 1, false},
	{"fchmod", 1, false},
	{"fchmodat", 2, false},
	{"creat", 1, false},
	{"mknod", 1, false},
	{"mknodat", 2, false},
	{"mkdir", 1, false},
	{"mkdirat", 2, false},
	{"open", 2, true},
	{"openat", 3, true},
};

static const unsigned socket_families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

static bool
rule_add(scmp_filter_ctx context, uint32_t action, int number, unsigned count,
	const struct scmp_arg_cmp *compares)
{
	/* EDOM: this architecture lacks the call, so nobody can make it. */
	int result = seccomp_rule_add_array(context, action, number, count, compares);
	return result == 0 || result == -EDOM;
}

static bool
rule_named(scmp_filter_ctx context, uint32_t action, const char *name, unsigned count,
	const struct scmp_arg_cmp *compares)
{
	int number = seccomp_syscall_resolve_name(name);
	/* Negative: a call of another architecture, or one that this libseccomp is too old for. */
	return number < 0 || rule_add(context, action, number, count, compares);
}

/* setuid and setgid bits have no effect inside (nosuid, no_new_privs), but on the host they would lie
 * in a file that belongs to the host's id for as long as the build's folder exists. */
static bool
modes_refuse(scmp_filter_ctx context)
{
	static const unsigned bits[] = {S_ISUID, S_ISGID};
	/* O_TMPFILE contains O_DIRECTORY, so its own bit alone is tested. */
	static const unsigned creating[] = {O_CREAT, O_TMPFILE & ~O_DIRECTORY};
	uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
	for (size_t at = 0; at < sizeof mode_calls / sizeof *mode_calls; at++) {
		const struct mode_call *call = &mode_calls[at];
		for (size_t bit = 0; bit < 2; bit++) {
			struct scmp_arg_cmp compares[2] = {
				SCMP_CMP(call->mode, SCMP_CMP_MASKED_EQ, bits[bit], bits[bit]),
			};
			if (!call->creates) {
				if (!rule_named(context, refuse, call->name, 1, compares))
					return false;
				continue;
			}
			for (size_t flag = 0; flag < 2; flag++) {
				compares[1] = SCMP_CMP(call->mode - 1, SCMP_CMP_MASKED_EQ,
					creating[flag], creating[flag]);
				if (!rule_named(context, refuse, call->name, 2, compares))
					return false;
			}
		}
	}
	return true;
}

static bool
arguments_refuse(scmp_filter_ctx context)
{
	uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
	/* Pushing letters into a terminal's input. The kernel looks at 32 bits of the request, so the
	 * filter must not look at more (CVE-2019-10063). */
	static const unsigned long requests[] = {TIOCSTI, TIOCLINUX, TIOCSETD};
	for (size_t at = 0; at < sizeof requests / sizeof *requests; at++) {
		struct scmp_arg_cmp compare =
			SCMP_CMP(1, SCMP_CMP_MASKED_EQ, 0xffffffffUL, requests[at]);
		if (!rule_named(context, refuse, "ioctl", 1, &compare))
			return false;
	}
	/* A user namespace of its own would give a program capabilities over new namespaces. s390
	 * has clone's flags second. */
	struct scmp_arg_cmp flags = SCMP_CMP(0, SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER);
	if (!rule_named(context, refuse, "clone", 1, &flags) ||
		!rule_named(context, refuse, "unshare", 1, &flags))
		return false;

	/* Families other than these reach the hypervisor (AF_VSOCK) or rarely used kernel code. */
	uint32_t family = SCMP_ACT_ERRNO(EAFNOSUPPORT);
	for (size_t at = 0; at < sizeof socket_families / sizeof *socket_families; at++) {
		unsigned low = at ? socket_families[at - 1] + 1 : 0;
		for (unsigned number = low; number < socket_families[at]; number++) {
			struct scmp_arg_cmp compare =
				SCMP_CMP(0, SCMP_CMP_MASKED_EQ, 0xffffffffUL, number);
			if (!rule_named(context, family, "socket", 1, &compare))
				return false;
		}
	}
	for (unsigned number = AF_NETLINK + 1; number < 64; number++) {
		struct scmp_arg_cmp compare = SCMP_CMP(0, SCMP_CMP_MASKED_EQ, 0xffffffffUL, number);
		if (!rule_named(context, family, "socket", 1, &compare))
			return false;
	}
	return true;
}

static bool
program_fill(scmp_filter_ctx context)
{
	for (size_t at = 0; at < sizeof program_refused / sizeof *program_refused; at++) {
		const struct call *call = &program_refused[at];
		uint32_t refuse = SCMP_ACT_ERRNO(call->error);
		bool done = call->name ? rule_named(context, refuse, call->name, 0, NULL)
				       : rule_add(context, refuse, call->number, 0, NULL);
		if (!done)
			return false;
	}
	return modes_refuse(context) && arguments_refuse(context);
}

static bool
context_export(scmp_filter_ctx context, struct seccomp_program *out, struct err *err)
{
	cleanup_fd int fd = memfd_create("filter", MFD_CLOEXEC);
	if (fd < 0)
		return err_system(err, errno, "memory file for the system call filter");
	int result = seccomp_export_bpf(context, fd);
	if (result < 0)
		return err_system(err, -result, "compile the system call filter");
	cleanup_buf struct buf text = BUF(sizeof(struct sock_filter) * BPF_MAXINSNS);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_system(err, errno, "read the system call filter");
	if (!fd_read_all(fd, &text, err))
		return err_note(err, "system call filter");
	struct seccomp_program program = {
		.steps = (struct sock_filter *)memory_new(text.size),
		.count = (unsigned short)(text.size / sizeof(struct sock_filter)),
	};
	memcpy(program.steps, text.data, text.size);
	*out = program;
	return true;
}

bool
seccomp_program_compile(struct seccomp_program *out, struct err *err)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
	if (!context)
		return err_set(err, ERR_SYSTEM, "no system call filter can be made");
	/* Optimisation 2: a tree instead of a list, for every call of a build goes through it. */
	bool done =
		seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)) == 0 &&
		seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0;
	done = done && program_fill(context);
	done = done ? context_export(context, out, err)
		    : err_set(err, ERR_SYSTEM, "the system call filter cannot be filled");
	seccomp_release(context);
	return done;
}

void
seccomp_program_release(struct seccomp_program *program)
{
	free(program->steps);
	*program = (struct seccomp_program){0};
}

bool
seccomp_program_enter(const struct seccomp_program *program, struct sandbox_failure *failure)
{
	struct sock_fprog prog = {program->count, program->steps};
	/* SPEC_ALLOW: the mitigation that seccomp otherwise switches on costs builds several percent,
	 * and there is nothing in this process but the program's own. */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &prog) <
		0)
		return step_failed(failure, STEP_FILTER, 0);
	return true;
}
