/* SPDX-License-Identifier: MPL-2.0 */
/*
 * escape: a hostile program, run inside a sandbox by sandbox_test: `escape CASE [ARGUMENT]`.
 *
 * It exits with 0 when every attempt of the case was refused as it should be; else it says on standard
 * output which was not, and exits with 1. It is linked statically, and never with a sanitizer.
 */
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { CALL_FCHMODAT2 = 452, CALL_SETXATTRAT = 463, X32_BIT = 0x40000000 };

static int bad;

static void
expect(bool refused, const char *what)
{
	if (refused)
		return;
	int number = errno;
	(void)printf("not refused: %s (errno %d, %s)\n", what, number, strerror(number));
	bad = 1;
}

#define REFUSED(call, number) expect((errno = 0, (call) < 0 && errno == (number)), #call)
/* By whichever wall it meets first. */
#define DENIED(call)                                                                               \
	expect((errno = 0, (call) < 0 &&                                                           \
				   (errno == EPERM || errno == EACCES || errno == ENOENT ||        \
					   errno == EROFS || errno == EBUSY || errno == ETXTBSY)), \
		#call)
#define GRANTED(call) expect((errno = 0, (call) >= 0), "wanted: " #call)

static void
case_setuid(const char *unused)
{
	(void)unused;
	int fd = open("/out/file", O_CREAT | O_RDWR, 0755);
	GRANTED(fd);
	REFUSED(chmod("/out/file", 04755), EPERM);
	REFUSED(chmod("/out/file", 02755), EPERM);
	REFUSED(fchmod(fd, 06755), EPERM);
	REFUSED(fchmodat(AT_FDCWD, "/out/file", 04755, 0), EPERM);
	REFUSED(syscall(CALL_FCHMODAT2, AT_FDCWD, "/out/file", 04755, 0), ENOSYS);
	REFUSED(open("/out/new", O_CREAT | O_RDWR, 04755), EPERM);
	REFUSED(openat(AT_FDCWD, "/out/new", O_CREAT | O_RDWR, 02755), EPERM);
	REFUSED(open("/out", O_TMPFILE | O_RDWR, 04755), EPERM);
	REFUSED(creat("/out/new", 04755), EPERM);
	REFUSED(mknod("/out/new", S_IFREG | 04755, 0), EPERM);
	REFUSED(mknodat(AT_FDCWD, "/out/new", S_IFREG | 02755, 0), EPERM);
	REFUSED(mkdir("/out/new", 02755), EPERM);
	uint64_t how[3] = {O_CREAT | O_RDWR, 04755, 0};
	REFUSED(syscall(SYS_openat2, AT_FDCWD, "/out/new", how, sizeof how), ENOSYS);
	GRANTED(chmod("/out/file", 0644));
	GRANTED(mkdir("/out/folder", 0755));
	struct stat status;
	GRANTED(stat("/out/file", &status));
	expect((status.st_mode & 07777) == 0644, "mode of /out/file");
	expect(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no_new_privs");
}

static void
case_calls(const char *unused)
{
	(void)unused;
	char letter = 'x';
	REFUSED(ioctl(0, TIOCSTI, &letter), EPERM);
	/* The kernel cuts the request to 32 bits, so a filter that does not is passed by. */
	REFUSED(syscall(SYS_ioctl, 0, TIOCSTI | 1UL << 32, &letter), EPERM);
	REFUSED(ioctl(0, TIOCLINUX, &letter), EPERM);
	REFUSED(syscall(SYS_io_uring_setup, 1, NULL), ENOSYS);
	REFUSED(syscall(SYS_userfaultfd, 0), EPERM);
	REFUSED(syscall(SYS_bpf, BPF_MAP_CREATE, NULL, 0), EPERM);
	REFUSED(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 0), EPERM);
	REFUSED(syscall(SYS_add_key, "user", "name", "x", 1, KEY_SPEC_USER_KEYRING), EPERM);
	REFUSED(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0), EPERM);
	REFUSED(syscall(SYS_open_by_handle_at, 0, NULL, 0), EPERM);
	REFUSED(syscall(SYS_pidfd_getfd, 0, 0, 0), EPERM);
	REFUSED(syscall(SYS_syslog, 3, &letter, 1), EPERM);
	REFUSED(syscall(SYS_clone3, NULL, 0), ENOSYS);
	REFUSED(unshare(CLONE_NEWUSER), EPERM);
	REFUSED(unshare(CLONE_NEWUSER | CLONE_NEWNS), EPERM);
	REFUSED(unshare(CLONE_NEWNS), EPERM);
	REFUSED(unshare(CLONE_NEWNET), EPERM);
	REFUSED(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), EPERM);
	REFUSED(setns(0, 0), EPERM);
	REFUSED(mount("none", "/tmp", "tmpfs", 0, NULL), EPERM);
	REFUSED(mount(NULL, "/in", NULL, MS_REMOUNT | MS_BIND, NULL), EPERM);
	REFUSED(umount2("/in", MNT_DETACH), EPERM);
	REFUSED(syscall(SYS_open_tree, AT_FDCWD, "/", 1), EPERM);
	REFUSED(chroot("/tmp"), EPERM);
	REFUSED(sethostname("other", 5), EPERM);
	REFUSED(setuid(0), EINVAL);
	REFUSED(setgid(0), EINVAL);
	REFUSED(socket(AF_VSOCK, SOCK_STREAM, 0), EAFNOSUPPORT);
	REFUSED(socket(AF_PACKET, SOCK_RAW, 0), EAFNOSUPPORT);
	REFUSED(socket(AF_ALG, SOCK_SEQPACKET, 0), EAFNOSUPPORT);
	REFUSED(socket(AF_NETLINK + 29, SOCK_SEQPACKET, 0), EAFNOSUPPORT);
	REFUSED(socket(AF_INET, SOCK_RAW, IPPROTO_TCP), EPERM);
}

/* Other numbers for the same calls must not pass the filter by. */
static void
case_architectures(const char *unused)
{
	(void)unused;
#ifdef __x86_64__
	REFUSED(syscall(X32_BIT | SYS_getpid), ENOSYS);
	REFUSED(syscall(X32_BIT | SYS_mount, "none", "/tmp", "tmpfs", 0, NULL), ENOSYS);
	long result;
	/* 20 is getpid of i386. */
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
	expect(result == -ENOSYS, "int 0x80");
#endif
}

static void
case_attributes(const char *unused)
{
	(void)unused;
	int fd = open("/out/file", O_CREAT | O_RDWR, 0644);
	GRANTED(fd);
	REFUSED(setxattr("/out/file", "user.name", "x", 1, 0), EOPNOTSUPP);
	REFUSED(lsetxattr("/out/file", "user.name", "x", 1, 0), EOPNOTSUPP);
	REFUSED(fsetxattr(fd, "system.posix_acl_access", "x", 1, 0), EOPNOTSUPP);
	REFUSED(syscall(CALL_SETXATTRAT, AT_FDCWD, "/out/file", 0, "user.name", NULL, 0),
		EOPNOTSUPP);
	REFUSED(mknod("/out/device", S_IFCHR | 0666, 0x103), EPERM);
	REFUSED(mknod("/out/device", S_IFBLK | 0666, 0x700), EPERM);
	REFUSED(chown("/out/file", 0, 0), EINVAL);
	unsigned flags = 0x10 /* FS_IMMUTABLE_FL */;
	int result = ioctl(fd, _IOW('f', 2, long), &flags);
	expect(result < 0, "immutable flag");
}

static void
case_inputs(const char *unused)
{
	(void)unused;
	REFUSED(open("/in/file", O_WRONLY), EROFS);
	REFUSED(open("/in/file", O_RDWR | O_TRUNC), EROFS);
	REFUSED(open("/in/new", O_CREAT | O_WRONLY, 0644), EROFS);
	REFUSED(unlink("/in/file"), EROFS);
	REFUSED(rename("/in/file", "/in/other"), EROFS);
	REFUSED(chmod("/in/file", 0777), EROFS);
	REFUSED(utimensat(AT_FDCWD, "/in/file", NULL, 0), EROFS);
	REFUSED(link("/in/file", "/out/link"), EXDEV);
	REFUSED(link("/in/file", "/in/link"), EROFS);
	DENIED(rename("/in", "/other"));
	DENIED(rmdir("/in"));
	DENIED(unlink("/single"));
	REFUSED(open("/single", O_WRONLY), EROFS);
	/* The root and what is generated in it. */
	REFUSED(open("/new", O_CREAT | O_WRONLY, 0644), EROFS);
	REFUSED(unlink("/etc/passwd"), EROFS);
	REFUSED(chmod("/etc/passwd", 0666), EROFS);
	REFUSED(mkdir("/dev/new", 0755), EROFS);
	REFUSED(chmod("/dev/null", 0600), EROFS);
	DENIED(unlink("/dev/null"));
	char text[64];
	ssize_t size = readlink("/link", text, sizeof text);
	expect(size == 5 && memcmp(text, "aside", 5) == 0, "a bound symlink is the same symlink");
	int fd = open("/in/file", O_RDONLY);
	expect(fd >= 0 && read(fd, text, sizeof text) == 6 && memcmp(text, "input\n", 6) == 0,
		"an input can be read");
}

static void
case_descriptors(const char *unused)
{
	(void)unused;
	DIR *listing = opendir("/proc/self/fd");
	GRANTED(listing ? 0 : -1);
	struct dirent *entry;
	while (listing && (entry = readdir(listing))) {
		long number = strtol(entry->d_name, NULL, 10);
		expect(number <= 2 || number == dirfd(listing), entry->d_name);
	}
	DENIED(open("/proc/self/exe", O_WRONLY));
	REFUSED(ptrace(PTRACE_ATTACH, 1, 0, 0), EPERM);
	REFUSED(open("/proc/1/mem", O_RDWR), ENOENT);
	REFUSED(open("/proc/1/cmdline", O_RDONLY), ENOENT);
	REFUSED(open("/proc/1/root", O_PATH), ENOENT);
	expect(getppid() == 1 && getpid() == 2, "init is 1 and the program is 2");
	/* init takes no signal from inside. */
	GRANTED(kill(1, SIGKILL));
	GRANTED(kill(1, SIGTERM));
	GRANTED(kill(1, SIGSTOP));
}

static int
connect_abstract(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t size = strlen(name);
	memcpy(address.sun_path + 1, name, size);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int result = connect(fd, (struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + size));
	int number = errno;
	(void)close(fd);
	errno = number;
	return result;
}

static void
case_abstract(const char *name)
{
	REFUSED(connect_abstract(name), ECONNREFUSED);
	/* The same name is free here. */
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path + 1, name, strlen(name));
	GRANTED(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))));
}

static int
connect_inet(uint32_t host, uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(host)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int result = connect(fd, (struct sockaddr *)&address, sizeof address);
	int number = errno;
	(void)close(fd);
	errno = number;
	return result;
}

static void
case_network(const char *port)
{
	REFUSED(connect_inet(INADDR_LOOPBACK, (uint16_t)strtoul(port, NULL, 10)), ECONNREFUSED);
	REFUSED(connect_inet(0xc0000201 /* 192.0.2.1 */, 80), ENETUNREACH);
	REFUSED(connect_inet(0xa9fea9fe /* 169.254.169.254 */, 80), ENETUNREACH);
	/* Its own loopback works. */
	int server = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	GRANTED(bind(server, (struct sockaddr *)&address, sizeof address));
	GRANTED(listen(server, 1));
	GRANTED(getsockname(server, (struct sockaddr *)&address, &size));
	GRANTED(connect_inet(INADDR_LOOPBACK, ntohs(address.sin_port)));
}

static void
case_host(const char *path)
{
	static const char *const absent[] = {"/root", "/home", "/var", "/sys", "/run", "/usr",
		"/etc/shadow", "/etc/machine-id", "/etc/resolv.conf", "/dev/kmsg", "/dev/mem",
		"/dev/tty", "/dev/pts", "/dev/ptmx", "/dev/console", "/boot", "/mnt"};
	REFUSED(open(path, O_RDONLY), ENOENT);
	for (size_t at = 0; at < sizeof absent / sizeof *absent; at++)
		expect(open(absent[at], O_RDONLY) < 0 && errno == ENOENT, absent[at]);
	int fd = open("/", O_RDONLY | O_DIRECTORY);
	for (int at = 0; at < 20; at++)
		fd = openat(fd, "..", O_RDONLY | O_DIRECTORY);
	struct stat up;
	struct stat root;
	GRANTED(fstat(fd, &up));
	GRANTED(stat("/", &root));
	expect(up.st_dev == root.st_dev && up.st_ino == root.st_ino, "`..` stays at the root");
	DENIED(open("/proc/kmsg", O_RDONLY));
	DENIED(open("/proc/kcore", O_RDONLY));
	DENIED(open("/proc/sysrq-trigger", O_WRONLY));
	DENIED(open("/proc/sys/kernel/core_pattern", O_WRONLY));
	DENIED(open("/proc/sys/net/ipv4/ip_forward", O_WRONLY));
	unsigned seen = 0;
	DIR *listing = opendir("/proc");
	struct dirent *entry;
	while (listing && (entry = readdir(listing)))
		seen += strtol(entry->d_name, NULL, 10) > 0;
	expect(seen == 1, "only its own process is in /proc");
}

/* Two that detach themselves as well as they can, and hold the log open. */
static void
case_leave(const char *unused)
{
	(void)unused;
	for (int at = 0; at < 2; at++) {
		if (fork() != 0)
			continue;
		(void)setsid();
		for (int number = 1; number < 65; number++)
			(void)signal(number, SIG_IGN);
		if (fork() != 0)
			_exit(0);
		(void)!write(1, "r", 1);
		for (;;)
			(void)pause();
	}
	for (int at = 0; at < 2; at++)
		(void)wait(NULL);
	/* Until both grandchildren are there. */
	while (access("/proc/4", F_OK) < 0 && access("/proc/5", F_OK) < 0)
		(void)usleep(1000);
}

static void
case_close(const char *unused)
{
	(void)unused;
	(void)close(0);
	(void)close(1);
	(void)close(2);
	(void)usleep(50000);
	int fd = open("/out/after", O_CREAT | O_WRONLY, 0644);
	_exit(fd >= 0 ? 7 : 1);
}

static void
case_flood(const char *unused)
{
	(void)unused;
	static char text[65536];
	memset(text, 0x1b, sizeof text);
	for (int at = 0; at < 160; at++)
		if (write(1, text, sizeof text) < 0)
			_exit(1);
}

static void
case_fork_bomb(const char *most)
{
	long count = 0;
	pid_t pid;
	while (count < 5000 && (pid = fork()) >= 0) {
		if (pid == 0)
			for (;;)
				(void)pause();
		count++;
	}
	expect(errno == EAGAIN && count < strtol(most, NULL, 10), "more processes than the limit");
	expect(count > 1, "some processes");
}

static void
case_memory(const char *unused)
{
	(void)unused;
	for (int at = 0; at < 64; at++) {
		char *memory = (char *)mmap(
			NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			_exit(9);
		for (size_t page = 0; page < 16 << 20; page += 4096)
			memory[page] = 1;
	}
}

static void
case_scratch(const char *unused)
{
	(void)unused;
	static char text[1 << 20];
	int fd = open("/tmp/file", O_CREAT | O_WRONLY, 0644);
	int other = open("/dev/shm/file", O_CREAT | O_WRONLY, 0644);
	int third = open("/scratch/file", O_CREAT | O_WRONLY, 0644);
	GRANTED(fd);
	GRANTED(other);
	GRANTED(third);
	int count = 0;
	while (count < 100 && write(count % 2 ? fd : other, text, sizeof text) > 0)
		count++;
	expect(count < 20 && errno == ENOSPC, "more in memory than the limit");
	(void)signal(SIGXFSZ, SIG_IGN);
	int file = open("/out/large", O_CREAT | O_WRONLY, 0644);
	REFUSED(ftruncate(file, 1LL << 40), EFBIG);
	struct rlimit limit;
	GRANTED(getrlimit(RLIMIT_CORE, &limit));
	expect(limit.rlim_max == 0, "core files");
	GRANTED(getrlimit(RLIMIT_NOFILE, &limit));
	expect(limit.rlim_max == 100, "open files");
}

static void
case_count(const char *unused)
{
	(void)unused;
	for (;;) {
		if (write(1, ".", 1) < 0)
			_exit(1);
		(void)usleep(500);
	}
}

static void
case_wait(const char *unused)
{
	(void)unused;
	(void)!write(1, "r", 1);
	for (;;)
		(void)pause();
}

/* Inputs are mounted in the folder that the output is made in. */
static void
case_store(const char *unused)
{
	(void)unused;
	char text[64];
	int fd = open("/cull/store/x-in/file", O_RDONLY);
	expect(fd >= 0 && read(fd, text, sizeof text) == 6, "an input in the output's folder");
	REFUSED(rename("/cull/store/x-in", "/cull/store/other"), EBUSY);
	REFUSED(rmdir("/cull/store/x-in"), EBUSY);
	REFUSED(unlink("/cull/store/y-single"), EBUSY);
	REFUSED(rename("/cull/store", "/cull/other"), EROFS);
	REFUSED(open("/cull/new", O_CREAT | O_WRONLY, 0644), EROFS);
	GRANTED(mkdir("/cull/store/z-out", 0755));
	GRANTED(symlink("/cull/store/x-in/file", "/cull/store/z-out/link"));
	GRANTED(link("/cull/store/z-out/link", "/cull/store/z-out/again"));
}

/* All that a program can see of where it is. */
static void
case_print(const char *unused)
{
	(void)unused;
	char text[256];
	mode_t mask = umask(0);
	(void)printf("uid %u %u gid %u %u pid %d %d session %d umask %o\n", getuid(), geteuid(),
		getgid(), getegid(), getpid(), getppid(), getsid(0), mask);
	(void)printf("groups %d here %s\n", getgroups(0, NULL), getcwd(text, sizeof text));
	(void)!gethostname(text, sizeof text);
	(void)printf("host %s ", text);
	(void)!getdomainname(text, sizeof text);
	(void)printf("domain %s\n", text);
	for (char **word = environ; *word; word++)
		(void)puts(*word);
	static const char *const folders[] = {"/", "/dev", "/etc", "/tmp", "/out", "/proc/self/fd"};
	for (size_t at = 0; at < sizeof folders / sizeof *folders; at++) {
		DIR *listing = opendir(folders[at]);
		struct dirent *entry;
		while (listing && (entry = readdir(listing)))
			(void)printf("%s/%s\n", folders[at], entry->d_name);
	}
	sigset_t blocked;
	(void)sigprocmask(SIG_SETMASK, NULL, &blocked);
	struct rlimit files;
	(void)getrlimit(RLIMIT_NOFILE, &files);
	(void)printf("blocked %d files %ju stack %p\n", sigismember(&blocked, SIGCHLD),
		(uintmax_t)files.rlim_cur, (void *)text);
	for (int number = 1; number < 32; number++) {
		struct sigaction action;
		if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			(void)printf("ignored %d\n", number);
	}
}

static const struct {
	const char *name;
	void (*run)(const char *argument);
} cases[] = {
	{"abstract", case_abstract},
	{"architectures", case_architectures},
	{"attributes", case_attributes},
	{"calls", case_calls},
	{"close", case_close},
	{"count", case_count},
	{"descriptors", case_descriptors},
	{"flood", case_flood},
	{"fork-bomb", case_fork_bomb},
	{"host", case_host},
	{"inputs", case_inputs},
	{"leave", case_leave},
	{"memory", case_memory},
	{"network", case_network},
	{"print", case_print},
	{"scratch", case_scratch},
	{"setuid", case_setuid},
	{"store", case_store},
	{"wait", case_wait},
};

int
main(int count, char **arguments)
{
	for (size_t at = 0; count > 1 && at < sizeof cases / sizeof *cases; at++)
		if (strcmp(arguments[1], cases[at].name) == 0) {
			cases[at].run(count > 2 ? arguments[2] : "");
			(void)fflush(stdout);
			return bad;
		}
	return 2;
}
