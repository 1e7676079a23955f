/* SPDX-License-Identifier: MPL-2.0 */
/* What a module that had taken over its process could still do: this test is that process. */
#include "guest_host/confine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"

enum { NOBODY = 54321, MEMORY = 256 << 20, FILES = 32, SET_UP_FAILED = 101 };

/* In the confined process: true when it could not do what it must not. */
typedef bool attempt(void);

struct trial {
	attempt *attempt;
	bool filtered;
	int signal; /* that must end it, or 0 */
};

struct place {
	char folder[64];
	int control[2];
};

static int
open_place(void **state)
{
	struct place *place = memory_new(sizeof *place);
	(void)snprintf(place->folder, sizeof place->folder, "/tmp/cab-confine-test.XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	uint32_t id = geteuid() == 0 ? NOBODY : geteuid();
	assert_int_equal(chown(place->folder, id, geteuid() == 0 ? NOBODY : getegid()), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, place->control), 0);
	*state = place;
	return 0;
}

static int
close_place(void **state)
{
	struct place *place = *state;
	struct err err;
	assert_true(path_remove(AT_FDCWD, place->folder, &err));
	fd_close(place->control[0]);
	fd_close(place->control[1]);
	free(place);
	return 0;
}

_Noreturn static void
run_confined(const struct confine_settings *settings, const struct trial *each,
	const struct confine_filter *filter)
{
	struct err err;
	if (!confine_enter(settings, &err) ||
		(each->filtered && !confine_filter_enter(filter, &err))) {
		(void)fprintf(stderr, "%s\n", err.text);
		_exit(SET_UP_FAILED);
	}
	_exit(each->attempt() ? 0 : 1);
}

/* As the spawner does it, but as a child of this process; the wait status. */
static int
confined(const struct place *place, const struct trial *each)
{
	struct err err;
	struct confine_filter *filter = confine_filter_new(CONFINE_GUEST, &err);
	assert_non_null(filter);
	assert_int_equal(chdir(place->folder), 0);
	/* In its new user namespace an ordinary user's child is nobody: asked before. */
	const struct confine_settings settings = {
		.uid = geteuid() == 0 ? NOBODY : geteuid(),
		.gid = geteuid() == 0 ? NOBODY : getegid(),
		.memory = MEMORY,
		.files = FILES,
		.control = place->control[0],
	};
	struct clone_args arguments = {.flags = confine_clone_flags(), .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
	if (pid == 0)
		run_confined(&settings, each, filter);
	int refused = errno;
	confine_filter_free(filter);
	assert_int_equal(chdir("/"), 0);
	if (pid < 0 && (refused == EPERM || refused == ENOSPC)) {
		print_message("# namespaces are refused here\n");
		skip();
	}
	assert_true(pid >= 0);
	int status;
	assert_int_equal(waitpid((pid_t)pid, &status, 0), pid);
	return status;
}

static void
expect(void **state, const struct trial *cases, size_t count)
{
	for (size_t at = 0; at < count; at++) {
		int status = confined(*state, &cases[at]);
		int wanted = cases[at].signal;
		if (wanted ? !WIFSIGNALED(status) || WTERMSIG(status) != wanted : status != 0)
			print_error("attempt %zu: wait status %#x\n", at, status);
		assert_true(
			wanted ? WIFSIGNALED(status) && WTERMSIG(status) == wanted : status == 0);
	}
}

static bool
sees_no_host(void)
{
	static const char *const names[] = {
		"/etc/passwd", "/proc/self/mem", "/dev/null", "/usr", "/../etc", "/tmp"};
	for (size_t at = 0; at < sizeof names / sizeof *names; at++)
		if (open(names[at], O_PATH | O_CLOEXEC) >= 0 || errno != ENOENT)
			return false;
	/* Its own folder is there, and its own. */
	return open("/made", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) >= 0;
}

static bool
has_no_power(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	bool none = !data[0].effective && !data[0].permitted && !data[0].inheritable &&
		    !data[1].effective && !data[1].permitted;
	return none && mount("none", "/", "tmpfs", 0, NULL) < 0 && chroot("/") < 0 &&
	       sethostname("x", 1) < 0 && setuid(0) < 0 && setgid(0) < 0 &&
	       mknod("/device", S_IFCHR | 0666, 0x103) < 0 &&
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && prctl(PR_GET_DUMPABLE) == 0;
}

/* No interface but a loopback that is down. */
static bool
has_no_network(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	const struct {
		uint16_t family;
		uint16_t port;
		uint32_t address;
		char rest[8];
	} loopback = {AF_INET, 0x5000, 0x0100007f, {0}};
	return fd >= 0 &&
	       connect(fd, (const struct sockaddr *)(const void *)&loopback, sizeof loopback) < 0 &&
	       errno == ENETUNREACH;
}

static bool
runs_nothing_of_its_own(void)
{
	int fd = open("/program", O_CREAT | O_WRONLY | O_CLOEXEC, 0777);
	if (fd < 0 || write(fd, "#!/bin/sh\n", 10) != 10 || close(fd) < 0)
		return false;
	char *const none[] = {NULL};
	return execve("/program", none, none) < 0 && errno == EACCES;
}

static bool
is_limited(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max != FILES)
		return false;
	if (getrlimit(RLIMIT_CORE, &limit) < 0 || limit.rlim_max != 0)
		return false;
	const struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
	return setrlimit(RLIMIT_NOFILE, &more) < 0;
}

static void
W7_a_confined_process_sees_and_may_nothing(void **state)
{
	static const struct trial cases[] = {
		{sees_no_host, false, 0},
		{has_no_power, false, 0},
		{has_no_network, false, 0},
		{runs_nothing_of_its_own, false, 0},
		{is_limited, false, 0},
	};
	expect(state, cases, sizeof cases / sizeof *cases);
}

static bool
opens_a_name(void)
{
	return open("/x", O_RDONLY | O_CLOEXEC) < 0;
}

static bool
makes_a_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) < 0;
}

static bool
makes_a_process(void)
{
	return fork() < 0;
}

static bool
executes(void)
{
	char *const none[] = {NULL};
	return execve("/x", none, none) < 0;
}

static bool
maps_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	       MAP_FAILED;
}

static bool
turns_data_into_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0;
}

static bool
traces(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0) < 0;
}

static bool
unshares(void)
{
	return unshare(CLONE_NEWUSER) < 0;
}

static bool
asks_io_uring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL) < 0;
}

static bool
owns_a_descriptor(void)
{
	return fcntl(2, F_SETOWN, 1) < 0;
}

#if defined(__x86_64__)
/* getpid of the x32 table, and of the 32-bit one. */
static bool
calls_by_x32(void)
{
	return syscall(0x40000000 | 39) < 0;
}

static bool
calls_by_int80(void)
{
	long result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
	return result < 0;
}
#endif

static void
W7_a_filtered_process_is_killed_for_what_a_guest_does_not_need(void **state)
{
	static const struct trial cases[] = {
		{opens_a_name, true, SIGSYS},
		{makes_a_socket, true, SIGSYS},
		{makes_a_process, true, SIGSYS},
		{executes, true, SIGSYS},
		{maps_code, true, SIGSYS},
		{turns_data_into_code, true, SIGSYS},
		{traces, true, SIGSYS},
		{unshares, true, SIGSYS},
		{asks_io_uring, true, SIGSYS},
		{owns_a_descriptor, true, SIGSYS},
#if defined(__x86_64__)
		{calls_by_x32, true, SIGSYS},
		{calls_by_int80, true, SIGSYS},
#endif
	};
	expect(state, cases, sizeof cases / sizeof *cases);
}

static bool
works_with_memory_and_descriptors(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page != MAP_FAILED && munmap(page, 4096) == 0 && mkdirat(AT_FDCWD, "d", 0755) == 0 &&
	       write(2, "", 0) == 0;
}

static void
what_a_guest_needs_goes_on_working(void **state)
{
	static const struct trial cases[] = {{works_with_memory_and_descriptors, true, 0}};
	expect(state, cases, 1);
}

static bool
never_asked(void)
{
	return false;
}

static void
a_process_whose_realizer_is_gone_is_not_set_up(void **state)
{
	struct place *place = *state;
	fd_release(&place->control[1]);
	static const struct trial each = {never_asked, false, 0};
	int status = confined(place, &each);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), SET_UP_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			W7_a_confined_process_sees_and_may_nothing, open_place, close_place),
		cmocka_unit_test_setup_teardown(
			W7_a_filtered_process_is_killed_for_what_a_guest_does_not_need, open_place,
			close_place),
		cmocka_unit_test_setup_teardown(
			what_a_guest_needs_goes_on_working, open_place, close_place),
		cmocka_unit_test_setup_teardown(
			a_process_whose_realizer_is_gone_is_not_set_up, open_place, close_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
