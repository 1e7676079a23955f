/* SPDX-License-Identifier: MPL-2.0 */
#include "sandbox/init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/must.h"
#include "base/process.h"
#include "sandbox/idmap.h"
#include "sandbox/mount.h"

/* Where init keeps its descriptors; everything else that the realizer had open is closed. */
enum { FD_INPUT = 3, FD_OUTPUT, FD_LINK, FD_REST };
enum { FD_SPARE = 64, STACK_SIZE = 64 << 10 };

static bool
descriptors_keep(const struct init_start *start, int nothing)
{
	const struct sandbox_spec *spec = start->spec;
	int input = spec->input >= 0 ? spec->input : nothing;
	int output = spec->output >= 0 ? spec->output : nothing;
	int spare[3] = {
		fcntl(input, F_DUPFD_CLOEXEC, FD_SPARE),
		fcntl(output, F_DUPFD_CLOEXEC, FD_SPARE),
		fcntl(start->link, F_DUPFD_CLOEXEC, FD_SPARE),
	};
	int empty = fcntl(nothing, F_DUPFD_CLOEXEC, FD_SPARE);
	if (empty < 0 || spare[0] < 0 || spare[1] < 0 || spare[2] < 0)
		return false;
	for (int at = 0; at < FD_INPUT; at++)
		if (dup2(empty, at) < 0)
			return false;
	for (int at = 0; at < 3; at++)
		if (dup3(spare[at], FD_INPUT + at, O_CLOEXEC) < 0)
			return false;
	return syscall(SYS_close_range, FD_REST, ~0U, 0) == 0;
}

/* Sources that are descriptors are looked up before the rest is closed, and the trees are kept. */
static bool
sources_keep(const struct init_start *start, struct sandbox_failure *failure)
{
	/* A tree is a descriptor until it has its place, and a build may have hundreds. */
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	return mount_open(start->spec, start->trees, failure);
}

/* Where memory ends, a build goes before anything else of the host does. Raising one's own score
 * needs no privilege. */
static bool
score_raise(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool done = write(fd, "500", 3) == 3;
	(void)close(fd);
	return done;
}

/* The only interface of this network namespace; it leads nowhere else. */
static bool
loopback_raise(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
	memcpy(request.ifr_name, "lo", 3);
	bool done = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	(void)close(fd);
	return done;
}

/* Listens for the program's proxy, and sends the socket to whoever accepts on it. */
static bool
gate_open(const struct sandbox_spec *spec)
{
	if (!spec->has_gate)
		return true;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(SANDBOX_GATE_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
		listen(fd, SOMAXCONN) < 0)
		return false;
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	memset(&control, 0, sizeof control);
	control.header = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
	char byte = 0;
	struct iovec part = {&byte, 1};
	const struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	bool done = sendmsg(spec->gate, &message, MSG_NOSIGNAL) == 1;
	(void)close(fd);
	return done;
}

/* Hard and soft; what is asked for beyond the realizer's own hard limit is that limit. */
static bool
limit_set(__rlimit_resource_t resource, uint64_t value)
{
	struct rlimit limit;
	if (getrlimit(resource, &limit) < 0)
		return false;
	if (limit.rlim_max != RLIM_INFINITY && value > limit.rlim_max)
		value = limit.rlim_max;
	limit = (struct rlimit){value, value};
	return setrlimit(resource, &limit) == 0;
}

static bool
limits_set(const struct init_start *start)
{
	const struct sandbox_limits *limits = &start->spec->limits;
	/* Counted in this user namespace alone; one more for init. */
	if (limits->processes && !limit_set(RLIMIT_NPROC, (uint64_t)limits->processes + 1))
		return false;
	/* RLIMIT_DATA counts private memory that can be written: not what is only reserved, which
	 * runtimes do by the terabyte. */
	if (limits->memory && !start->has_cgroup && !limit_set(RLIMIT_DATA, limits->memory))
		return false;
	if (limits->file_size && !limit_set(RLIMIT_FSIZE, limits->file_size))
		return false;
	return limit_set(RLIMIT_CORE, 0);
}

/* Last, for the way in needs a descriptor for each entry. */
static bool
files_limit(const struct sandbox_spec *spec)
{
	return !spec->limits.open_files || limit_set(RLIMIT_NOFILE, spec->limits.open_files);
}

static bool
folder_enter(const struct sandbox_spec *spec, struct sandbox_failure *failure)
{
	if (chdir(spec->folder ? spec->folder : "/") < 0)
		return step_failed(failure, STEP_FOLDER, 0);
	if (!files_limit(spec))
		return step_failed(failure, STEP_LIMITS, 0);
	return true;
}

static bool
init_enter(const struct init_start *start, struct sandbox_failure *failure)
{
	const struct sandbox_spec *spec = start->spec;
	if (!idmap_enter(failure) || !mount_root(spec, start->trees, failure))
		return false;
	if (!loopback_raise())
		return step_failed(failure, STEP_LOOPBACK, 0);
	if (!gate_open(spec))
		return step_failed(failure, STEP_GATE, 0);
	const char *name = spec->host_name ? spec->host_name : "localhost";
	if (sethostname(name, strlen(name)) < 0 || setdomainname("(none)", 6) < 0)
		return step_failed(failure, STEP_HOST_NAME, 0);
	if (!limits_set(start))
		return step_failed(failure, STEP_LIMITS, 0);
	if (!idmap_drop(failure))
		return false;
	/* Nobody inside may look into this copy of the realizer, though it has their uid. And only now
	 * the bond to the parent: each change of ids above would have untied it. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return step_failed(failure, STEP_LIFETIME, 0);
	return true;
}

struct main_start {
	const struct init_start *start;
	struct sandbox_failure failure;
	bool failed;
};

/* The program's process, in init's memory until exec (CLONE_VM, CLONE_VFORK: init waits). */
static int
main_run(void *context)
{
	struct main_start *main_start = (struct main_start *)context;
	const struct sandbox_spec *spec = main_start->start->spec;
	struct sandbox_failure *failure = &main_start->failure;
	main_start->failed = true;

	/* A session of its own: no terminal is its terminal. */
	if (setsid() < 0 || dup2(FD_INPUT, 0) < 0 || dup2(FD_OUTPUT, 1) < 0 ||
		dup2(FD_OUTPUT, 2) < 0 ||
		syscall(SYS_close_range, FD_INPUT, ~0U, CLOSE_RANGE_CLOEXEC) < 0) {
		(void)step_failed(failure, STEP_DESCRIPTORS, 0);
		return 127;
	}
	if (!folder_enter(spec, failure))
		return 127;
	/* Addresses that are the same each time: what a program prints or sorts by them is too. */
	if (!process_signals_reset() || personality(ADDR_NO_RANDOMIZE) < 0) {
		(void)step_failed(failure, STEP_FORK, 0);
		return 127;
	}
	if (!seccomp_program_enter(main_start->start->filter, failure))
		return 127;
	union {
		const char *const *ours;
		char *const *theirs;
	} argv = {spec->arguments}, envp = {spec->environment};
	/* On success this memory is init's alone again, with the last word that was written to it. */
	main_start->failed = false;
	(void)execve(spec->program, argv.theirs, envp.theirs);
	main_start->failed = true;
	(void)step_failed(failure, STEP_EXECUTE, 0);
	return 127;
}

static pid_t
main_start(const struct init_start *start, struct sandbox_failure *failure)
{
	_Alignas(16) char stack[STACK_SIZE];
	struct main_start main_start = {.start = start};
	pid_t pid = clone(
		main_run, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &main_start);
	if (pid < 0) {
		(void)step_failed(failure, STEP_FORK, 0);
		return -1;
	}
	if (main_start.failed) {
		*failure = main_start.failure;
		return -1;
	}
	return pid;
}

static void
report_send(int link, const struct init_report *report)
{
	/* A realizer that does not read any more is gone; PDEATHSIG is on its way. */
	(void)!send(link, report, sizeof *report, MSG_NOSIGNAL);
}

static _Noreturn void
init_failed(int link, const struct sandbox_failure *failure)
{
	struct init_report report = {.kind = INIT_FAILED, .failure = *failure};
	report_send(link, &report);
	_exit(127);
}

static bool
link_receive(int link, enum init_message *out)
{
	ssize_t size;
	do
		size = recv(link, out, sizeof *out, 0);
	while (size < 0 && errno == EINTR);
	return size == (ssize_t)sizeof *out;
}

/* Ends what the program left behind. kill(-1) reaches every process of the namespace but init, and
 * none can be born meanwhile: fork fails in a process that has a signal to die of. */
static unsigned
left_kill(void)
{
	unsigned left = 0;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (kill(-1, SIGKILL) < 0)
		return 0;
	for (;;) {
		pid_t pid = waitpid(-1, NULL, 0);
		if (pid > 0)
			left++;
		else if (errno != EINTR)
			return left;
	}
}

static _Noreturn void
init_ended(int status)
{
	struct init_report report = {.kind = INIT_ENDED, .status = status};
	report.left = left_kill();
	struct rusage usage;
	if (getrusage(RUSAGE_CHILDREN, &usage) == 0) {
		report.cpu_microseconds =
			(uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
			(uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
		report.memory_peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
	}
	report_send(FD_LINK, &report);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void
init_reap(int signals, pid_t main_pid)
{
	struct signalfd_siginfo taken;
	while (read(signals, &taken, sizeof taken) > 0)
		;
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);
		if (pid <= 0)
			return;
		if (pid == main_pid)
			init_ended(status);
	}
}

static void
init_command(void)
{
	enum init_message message;
	if (!link_receive(FD_LINK, &message))
		_exit(127);
	/* No process can refuse SIGSTOP; init itself is not reached. ESRCH: nobody is left. */
	struct init_report report = {.kind = INIT_FROZEN};
	if (message == INIT_FREEZE) {
		(void)kill(-1, SIGSTOP);
	} else {
		(void)kill(-1, SIGCONT);
		report.kind = INIT_THAWED;
	}
	report_send(FD_LINK, &report);
}

static _Noreturn void
init_watch(pid_t main_pid, int signals)
{
	for (;;) {
		struct pollfd polled[] = {{signals, POLLIN, 0}, {FD_LINK, POLLIN, 0}};
		if (poll(polled, 2, -1) < 0 && errno != EINTR)
			_exit(127);
		if (polled[0].revents)
			init_reap(signals, main_pid);
		if (polled[1].revents)
			init_command();
	}
}

_Noreturn void
init_run(const struct init_start *start)
{
	struct sandbox_failure failure = {STEP_PARENT, 0, 0};
	int link = start->link;
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
	(void)umask(022);
	/* All signals were blocked by the parent and stay so: a handler of the realizer's never runs
	 * here. What has failed by now is said only when the parent has done its part too. */
	bool done = score_raise() || step_failed(&failure, STEP_SCORE, 0);
	done = done && sources_keep(start, &failure);
	enum init_message message;
	if (!link_receive(link, &message) || message != INIT_GO)
		_exit(127);
	if (!done)
		init_failed(link, &failure);
	if (!init_enter(start, &failure))
		init_failed(link, &failure);
	if (!descriptors_keep(start, nothing)) {
		(void)step_failed(&failure, STEP_DESCRIPTORS, 0);
		init_failed(link, &failure);
	}
	/* Had the parent died before PDEATHSIG was set, its end of the socket would be closed. */
	struct pollfd parent = {FD_LINK, 0, 0};
	if (poll(&parent, 1, 0) != 0)
		_exit(127);

	sigset_t child;
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0) {
		(void)step_failed(&failure, STEP_FORK, 0);
		init_failed(FD_LINK, &failure);
	}
	pid_t main_pid = main_start(start, &failure);
	if (main_pid < 0)
		init_failed(FD_LINK, &failure);
	/* The log's pipe is the program's alone, so that its reader sees an end. */
	(void)close(FD_INPUT);
	(void)close(FD_OUTPUT);
	struct init_report report = {.kind = INIT_STARTED};
	report_send(FD_LINK, &report);
	init_watch(main_pid, signals);
}
