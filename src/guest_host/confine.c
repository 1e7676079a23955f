/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "guest_host/limits.h"

uint64_t
confine_clone_flags(void)
{
	uint64_t flags = CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
	return geteuid() == 0 ? flags : flags | CLONE_NEWUSER;
}

static bool
write_map(const char *path, const char *text, struct err *err)
{
	cleanup_fd int fd = fd_open_at(AT_FDCWD, path, O_WRONLY, 0, err);
	if (fd < 0)
		return false;
	return fd_write_all(fd, bytes_text(text), err) || err_note(err, "%s", path);
}

/* In a user namespace of its own a process may map its own ids, and no others. */
static bool
map_ids(const struct confine_settings *settings, struct err *err)
{
	char users[64];
	char groups[64];
	(void)snprintf(users, sizeof users, "%u %u 1\n", settings->uid, settings->uid);
	(void)snprintf(groups, sizeof groups, "%u %u 1\n", settings->gid, settings->gid);
	return write_map("/proc/self/setgroups", "deny\n", err) &&
	       write_map("/proc/self/gid_map", groups, err) &&
	       write_map("/proc/self/uid_map", users, err);
}

/*
 * The current folder, which the new mount namespace brought along, becomes the root. It is cloned,
 * so that its flags are its own, mounted over itself, and taken as the root; the old root, stacked
 * there by pivot_root(".", "."), is let go. See pivot_root(2).
 */
static bool
change_root(const struct inputs *inputs, struct err *err)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_system(err, errno, "make mounts private");
	cleanup_fd int tree = open_tree(AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return err_system(err, errno, "clone the working directory's mount");
	struct mount_attr attributes = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
	if (mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0)
		return err_system(err, errno, "restrict the working directory's mount");
	if (move_mount(tree, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_system(err, errno, "mount the working directory");
	/* While the old root is there to name them by. */
	if (fchdir(tree) < 0)
		return err_system(err, errno, "enter the working directory's mount");
	if (!inputs_show(inputs, err))
		return false;
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return err_system(err, errno, "make the working directory the root");
	return true;
}

static bool
drop_privileges(const struct confine_settings *settings, struct err *err)
{
	if (geteuid() == 0 && setgroups(0, NULL) < 0)
		return err_system(err, errno, "drop groups");
	if (setresgid(settings->gid, settings->gid, settings->gid) < 0)
		return err_system(err, errno, "become group %u", settings->gid);
	if (setresuid(settings->uid, settings->uid, settings->uid) < 0)
		return err_system(err, errno, "become user %u", settings->uid);
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};
	if (syscall(SYS_capset, &header, none) < 0)
		return err_system(err, errno, "drop capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_system(err, errno, "give up new privileges");
	return true;
}

/* Last, for a change of user clears it. The realizer may have ended before: then its end of the
 * control socket is closed. */
static bool
die_with_realizer(const struct confine_settings *settings, struct err *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_system(err, errno, "set the signal for the realizer's end");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_system(err, errno, "forbid tracing");
	struct pollfd control = {.fd = settings->control};
	if (poll(&control, 1, 0) == 1 && control.revents & POLLHUP)
		return err_set(err, ERR_CANCELLED, "the realizer has ended");
	return true;
}

static bool
set_limit(int resource, uint64_t value, const char *name, struct err *err)
{
	/* What is lower already stays so: nobody but root may raise it. At the soft limit of time a
	 * process is told, at the hard one it is killed. */
	struct rlimit limit;
	if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
		return err_system(err, errno, "ask for the limit of %s", name);
	uint64_t hard = resource == RLIMIT_CPU ? value + 1 : value;
	limit.rlim_cur = value < limit.rlim_cur ? value : limit.rlim_cur;
	limit.rlim_max = hard < limit.rlim_max ? hard : limit.rlim_max;
	if (setrlimit((__rlimit_resource_t)resource, &limit) < 0)
		return err_system(err, errno, "limit %s", name);
	return true;
}

/* A sanitizer's shadow memory is counted too, and is larger than any limit. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Whoever started us may have little; the engine believes that the guest's share is there. */
static bool
ensure_stack(struct err *err)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_STACK, &limit) < 0)
		return err_system(err, errno, "ask for the limit of the stack");
	if (limit.rlim_cur >= LIMIT_HOST_STACK)
		return true;
	if (limit.rlim_max < LIMIT_HOST_STACK)
		return err_set(err, ERR_LIMIT, "the stack is limited to %llu bytes, %d are needed",
			(unsigned long long)limit.rlim_max, LIMIT_HOST_STACK);
	limit.rlim_cur = LIMIT_HOST_STACK;
	return setrlimit(RLIMIT_STACK, &limit) == 0 || err_system(err, errno, "raise the stack");
}

bool
confine_limits(const struct confine_settings *settings, struct err *err)
{
	return ensure_stack(err) &&
	       (SANITIZED || set_limit(RLIMIT_DATA, settings->memory, "memory", err)) &&
	       set_limit(RLIMIT_NOFILE, settings->files, "descriptors", err) &&
	       set_limit(RLIMIT_CORE, 0, "core files", err) &&
	       set_limit(RLIMIT_MEMLOCK, 0, "locked memory", err) &&
	       set_limit(RLIMIT_MSGQUEUE, 0, "message queues", err) &&
	       (!settings->seconds || set_limit(RLIMIT_CPU, settings->seconds, "time", err));
}

bool
confine_enter(const struct confine_settings *settings, struct err *err)
{
	(void)umask(022);
	/* An ordinary user's child is in a user namespace where nobody is mapped yet. */
	if (geteuid() != 0 && !map_ids(settings, err))
		return false;
	return change_root(&settings->inputs, err) && drop_privileges(settings, err) &&
	       die_with_realizer(settings, err) && confine_limits(settings, err);
}
