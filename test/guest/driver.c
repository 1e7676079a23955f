/* SPDX-License-Identifier: MPL-2.0 */
#include "driver.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "guest/abi.h"
#include "wire/spawner.h"
#include "wire/wire.h"

enum { NOBODY = 54321, BODY = 3000000 };

static void
need(bool done, const char *what)
{
	if (done)
		return;
	(void)fprintf(stderr, "driver: %s: %s\n", what, strerror(errno));
	abort();
}

static void
need_err(bool done, const struct err *err)
{
	if (done)
		return;
	(void)fprintf(stderr, "driver: %s\n", err->text);
	abort();
}

uint32_t
driver_uid(void)
{
	return geteuid() == 0 ? NOBODY : geteuid();
}

uint32_t
driver_gid(void)
{
	return geteuid() == 0 ? NOBODY : getegid();
}

struct buf
driver_read(const char *path)
{
	struct buf data = BUF(64 << 20);
	struct err err;
	need_err(fd_read_file(AT_FDCWD, path, &data, &err), &err);
	return data;
}

struct within {
	uint64_t memory;
	unsigned seconds;
};

static void
limit(const struct within *within)
{
	const struct rlimit memory = {within->memory, within->memory};
	const struct rlimit time = {within->seconds, within->seconds + 1};
	need(!within->memory || setrlimit(RLIMIT_DATA, &memory) == 0, "limit memory");
	need(!within->seconds || setrlimit(RLIMIT_CPU, &time) == 0, "limit time");
}

/* Executes the program with `three` and `four` as its descriptors, and an empty environment. */
static pid_t
execute(const char *program, const char *mode, int three, int four, int errors,
	const struct within *within)
{
	pid_t pid = fork();
	need(pid >= 0, "fork");
	if (pid > 0)
		return pid;
	/* Out of each other's way first. */
	three = fcntl(three, F_DUPFD, 10);
	four = fcntl(four, F_DUPFD, 10);
	if (errors >= 0)
		need(dup2(errors, 2) == 2, "dup2");
	need(dup2(three, 3) == 3 && dup2(four, 4) == 4, "dup2");
	need(close_range(5, UINT32_MAX, 0) == 0, "close_range");
	limit(within);
	char *const arguments[] = {strdup("cab-guest"), strdup(mode), NULL};
	char *const environment[] = {NULL};
	(void)execve(program, arguments, environment);
	_exit(127);
}

int
driver_compile(const char *program, struct bytes module, struct buf *said)
{
	return driver_compile_within(program, module, 0, 0, said);
}

int
driver_compile_file(const char *program, const char *folder, const char *name, struct buf *said)
{
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	cleanup_buf struct buf module = driver_read(path);
	return driver_compile(program, buf_bytes(&module), said);
}

int
driver_compile_within(const char *program, struct bytes module, uint64_t memory, unsigned seconds,
	struct buf *said)
{
	const struct within within = {memory, seconds};
	struct err err;
	cleanup_fd int input = fd_memory("module", module, &err);
	need(input >= 0, "memory file");
	cleanup_fd int output = memfd_create("artifact", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	need(output >= 0, "memory file");
	int errors[2];
	need(pipe2(errors, O_CLOEXEC) == 0, "pipe");
	pid_t pid = execute(program, "compile", input, output, errors[1], &within);
	fd_close(errors[1]);
	need_err(fd_read_all(errors[0], said, &err), &err);
	fd_close(errors[0]);
	int status;
	need(waitpid(pid, &status, 0) == pid, "wait");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 1)
			buf_format(said, "(wait status %d)", status);
		return -1;
	}
	need(fcntl(output, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0, "seal");
	return fd_take(&output);
}

void
driver_open(struct driver *driver, const char *program, int artifact)
{
	struct err err;
	int other;
	need_err(wire_pair(&driver->socket, &other, &err), &err);
	cleanup_fd int none = memfd_create("none", MFD_CLOEXEC);
	driver->spawner = execute(
		program, "spawn", other, artifact < 0 ? none : artifact, -1, &(struct within){0});
	driver->runs = 0;
	fd_close(other);
}

void
driver_close(struct driver *driver)
{
	fd_release(&driver->socket);
	int status;
	need(waitpid(driver->spawner, &status, 0) == driver->spawner, "wait for the spawner");
	need(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the spawner ends well");
}

static size_t
add_texts(const char *const *texts, struct bytes *out)
{
	size_t count = 0;
	while (count < 8 && texts[count]) {
		out[count] = bytes_text(texts[count]);
		count++;
	}
	return count;
}

struct session {
	struct outcome *outcome;
	int control;
	int log;
	int fifo;
	int fifo_kept;
	int pidfd;
	pid_t pid;
};

static void
put(const char *folder, const char *name, const char *text)
{
	char path[128];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	cleanup_fd int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	need(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), name);
	need(fchown(fd, driver_uid(), driver_gid()) == 0, "chown");
}

/* Objects as a store has them: a folder, a file and a link. They are the guest's own, for that must
 * not help it. */
static void
make_store(const char *folder)
{
	static const char *const folders[] = {"store", "store/tree", "store/tree/deep"};
	char path[128];
	for (size_t at = 0; at < sizeof folders / sizeof *folders; at++) {
		(void)snprintf(path, sizeof path, "%s/%s", folder, folders[at]);
		need(mkdir(path, 0755) == 0, "mkdir");
		need(chown(path, driver_uid(), driver_gid()) == 0, "chown");
	}
	put(folder, "store/tree/leaf", "leaf");
	put(folder, "store/tree/deep/tool", "tool");
	put(folder, "store/file", "file");
	put(folder, "store/other", "other");
	(void)snprintf(path, sizeof path, "%s/store/link", folder);
	need(symlink("tree/leaf", path) == 0, "symlink");
}

static void
make_folder(struct outcome *outcome, struct session *session)
{
	(void)snprintf(outcome->folder, sizeof outcome->folder, "/tmp/cab-guest-test.XXXXXX");
	need(mkdtemp(outcome->folder), "mkdtemp");
	char path[128];
	(void)snprintf(path, sizeof path, "%s/canary", outcome->folder);
	cleanup_fd int canary = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
	need(canary >= 0 && write(canary, "alive", 5) == 5, "canary");
	(void)snprintf(path, sizeof path, "%s/work", outcome->folder);
	need(mkdir(path, 0700) == 0, "mkdir");
	need(chmod(outcome->folder, 0755) == 0, "chmod");
	need(chown(path, driver_uid(), driver_gid()) == 0, "chown");
	(void)snprintf(path, sizeof path, "%s/work/hash", outcome->folder);
	need(mkfifo(path, 0600) == 0 && chown(path, driver_uid(), driver_gid()) == 0, "mkfifo");
	make_store(outcome->folder);
	session->fifo = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	session->fifo_kept = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	need(session->fifo >= 0 && session->fifo_kept >= 0, "open the FIFO");
}

static void
send_start(struct driver *driver, const struct run *run, const char *folder, int control, int log)
{
	char path[128];
	(void)snprintf(path, sizeof path, "%s/work", folder);
	cleanup_fd int work = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	need(work >= 0, "open the working directory");
	uint8_t seed[32];
	memset(seed, run->seed, sizeof seed);
	struct bytes texts[8];
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	wire_begin(&out, SPAWNER_START);
	buf_add_u32(&out, ++driver->runs);
	buf_add_u32(&out, driver_uid());
	buf_add_u32(&out, driver_gid());
	buf_add_u64(&out, run->memory);
	wire_add(&out, bytes_of(seed, sizeof seed));
	wire_add(&out, BYTES_LITERAL("probe"));
	wire_add_list(&out, texts, add_texts(run->arguments, texts));
	wire_add_list(&out, texts, add_texts(run->environment, texts));
	char store[128];
	(void)snprintf(store, sizeof store, "%s/store", folder);
	wire_add(&out, bytes_text(store));
	wire_add_list(&out, texts, add_texts(run->inputs, texts));
	const int fds[] = {work, control, log, run->artifact};
	struct err err;
	need_err(wire_send(driver->socket, &out, fds, run->artifact < 0 ? 3 : 4, &err), &err);
}

/* -1 with the spawner's sentence when there is no process. */
static pid_t
take_answer(struct driver *driver, struct session *session)
{
	static struct wire_packet packet;
	struct err err;
	need(wire_receive(driver->socket, &packet, &err) == WIRE_PACKET_READ,
		"the spawner answers");
	struct wire_in in = wire_open(&packet);
	need(wire_u32(&in) == driver->runs, "the answer is for this run");
	pid_t pid = -1;
	if (packet.kind == SPAWNER_STARTED) {
		pid = (pid_t)wire_u32(&in);
		session->pidfd = wire_take_fd(&packet, 0);
	} else {
		buf_add(&session->outcome->failure, wire_bytes(&in));
	}
	need_err(wire_end(&in, &err), &err);
	wire_release(&packet);
	return pid;
}

/* To a guest that has ended meanwhile is no fault. */
static void
reply(int control, const struct buf *out, const int *fds, size_t count)
{
	struct err err;
	need_err(wire_send(control, out, fds, count, &err) || err.number == EPIPE ||
			 err.number == ECONNRESET,
		&err);
}

static void
reply_head(int control, uint32_t id, int body)
{
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	wire_begin(&out, GUEST_HEAD);
	buf_add_u32(&out, id);
	buf_add_u32(&out, 200);
	wire_add(&out, BYTES_LITERAL("http://final/body"));
	wire_add(&out, BYTES_LITERAL("etag: \"tag\"\nmany: 1\nmany: 2\n"));
	reply(control, &out, &body, 1);
}

static void
reply_end(int control, uint32_t id, uint64_t size, const char *why)
{
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	wire_begin(&out, GUEST_END);
	buf_add_u32(&out, id);
	buf_add_u64(&out, size);
	wire_add(&out, bytes_text(why));
	reply(control, &out, NULL, 0);
}

static void
reply_refused(int control, uint32_t id)
{
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	wire_begin(&out, GUEST_FAIL);
	buf_add_u32(&out, id);
	buf_add_u32(&out, (uint32_t)CAB_ERROR_REFUSED);
	wire_add(&out, BYTES_LITERAL("http://host/refused: not in origins"));
	reply(control, &out, NULL, 0);
}

/* A process writes the body, as the network process would. */
static int
body_pipe(struct bytes body)
{
	int ends[2];
	need(pipe2(ends, O_CLOEXEC) == 0, "pipe");
	pid_t pid = fork();
	need(pid >= 0, "fork");
	if (pid == 0) {
		(void)signal(SIGPIPE, SIG_DFL);
		(void)close(ends[0]);
		struct err err;
		_exit(fd_write_all(ends[1], body, &err) ? 0 : 1);
	}
	fd_close(ends[1]);
	return ends[0];
}

static void
answer_request(struct session *session, uint32_t id, struct bytes url, struct bytes body)
{
	if (bytes_equal_text(url, "http://host/refused")) {
		reply_refused(session->control, id);
		return;
	}
	uint8_t *large = NULL;
	uint64_t size = body.size;
	const char *why = "";
	if (!bytes_equal_text(url, "http://host/echo")) {
		large = memory_new(BODY);
		for (size_t at = 0; at < BODY; at++)
			large[at] = (uint8_t)(at % 251);
		body = bytes_of(large, BODY);
		size = BODY;
	}
	if (bytes_equal_text(url, "http://host/broken")) {
		body.size = 1000;
		why = "http://host/broken: connection reset";
	}
	if (bytes_equal_text(url, "http://host/short"))
		body.size = BODY - 1;
	int pipe = body_pipe(body);
	reply_head(session->control, id, pipe);
	fd_close(pipe);
	reply_end(session->control, id, size, why);
	free(large);
}

static void
take_open(struct session *session, struct wire_packet *packet, struct wire_in *in)
{
	uint32_t id = wire_u32(in);
	struct bytes method = wire_bytes(in);
	struct bytes url = wire_bytes(in);
	struct bytes headers = wire_bytes(in);
	struct bytes body = wire_bytes(in);
	need(method.size && (!headers.size || bytes_equal_text(headers, "Accept: x\n")),
		"the request is whole");
	cleanup_fd int file = wire_take_fd(packet, 0);
	cleanup_buf struct buf large = BUF(CAB_HTTP_BODY);
	struct err err;
	if (file >= 0) {
		need(!body.size, "one body");
		need_err(fd_read_all(file, &large, &err), &err);
		body = buf_bytes(&large);
	}
	session->outcome->opens++;
	/* The guest waits within the call. */
	if (bytes_equal_text(url, "http://host/never"))
		return;
	answer_request(session, id, url, body);
}

/* False once the guest's end is closed. */
static bool
take_packet(struct session *session)
{
	static struct wire_packet packet;
	struct err err;
	if (wire_receive(session->control, &packet, &err) != WIRE_PACKET_READ)
		return false;
	struct wire_in in = wire_open(&packet);
	if (packet.kind == GUEST_OPEN) {
		take_open(session, &packet, &in);
	} else if (packet.kind == GUEST_CLOSE) {
		(void)wire_u32(&in);
		need(wire_u64(&in) <= BODY, "no more was read than there is");
		session->outcome->closes++;
	} else {
		need(packet.kind == GUEST_PROGRESS, "a known message");
		need(wire_u64(&in) == BODY && !wire_u64(&in) && wire_u64(&in) == 1 &&
				wire_u64(&in) > 0,
			"progress");
	}
	need_err(wire_end(&in, &err), &err);
	wire_release(&packet);
	return true;
}

static bool
take_some(int fd, struct buf *out)
{
	char room[65536];
	ssize_t count = read(fd, room, sizeof room);
	if (count > 0)
		buf_add(out, bytes_of(room, (size_t)count));
	return count > 0;
}

static void
signal_guest(const struct session *session, int signal)
{
	need(syscall(SYS_pidfd_send_signal, session->pidfd, signal, NULL, 0) == 0 || errno == ESRCH,
		"signal");
}

/* Halts a guest for a moment, wherever it is. */
static void
interrupt(const struct session *session)
{
	signal_guest(session, SIGSTOP);
	(void)usleep(1000);
	signal_guest(session, SIGCONT);
}

static void
serve(struct session *session, const struct run *run)
{
	struct outcome *outcome = session->outcome;
	struct pollfd watched[] = {
		{.fd = session->control, .events = POLLIN},
		{.fd = session->log, .events = POLLIN},
		{.fd = session->fifo, .events = POLLIN},
		{.fd = session->pidfd, .events = POLLIN},
	};
	bool killed = false;
	bool watches = run->watch;
	while (!watched[3].revents) {
		if (run->stopped)
			interrupt(session);
		int patience = run->kill_after && !killed ? (int)run->kill_after : -1;
		int count = poll(watched, 4, run->stopped ? 1 : patience);
		need(count >= 0 || errno == EINTR, "poll");
		if (count == 0 && !run->stopped) {
			signal_guest(session, SIGKILL);
			killed = true;
		}
		if (watched[0].revents && !take_packet(session))
			watched[0].fd = -1;
		if (watched[1].revents && !take_some(session->log, &outcome->log))
			watched[1].fd = -1;
		if (watches && outcome->log.size) {
			run->watch(session->pid);
			watches = false;
		}
		if (watched[2].revents)
			(void)take_some(session->fifo, &outcome->reported);
	}
	while (take_some(session->log, &outcome->log))
		;
	while (take_some(session->fifo, &outcome->reported))
		;
	siginfo_t end = {0};
	struct rusage usage = {0};
	/* The C library's own gives no usage. */
	outcome->parent = syscall(SYS_waitid, P_PIDFD, session->pidfd, &end, WEXITED, &usage) == 0;
	outcome->memory = (size_t)usage.ru_maxrss << 10;
	outcome->status = end.si_code == CLD_EXITED ? end.si_status : -1;
	outcome->signal = end.si_code == CLD_EXITED ? 0 : end.si_status;
}

struct outcome
driver_run(struct driver *driver, const struct run *run)
{
	struct outcome outcome = {.status = -2,
		.log = BUF(16 << 20),
		.reported = BUF(1 << 20),
		.failure = BUF(1 << 20)};
	struct session session = {.outcome = &outcome, .pidfd = -1};
	make_folder(&outcome, &session);
	struct err err;
	int control;
	int log;
	need_err(wire_pair(&session.control, &control, &err), &err);
	need_err(fd_pipe(&session.log, &log, &err), &err);
	send_start(driver, run, outcome.folder, control, log);
	fd_close(control);
	fd_close(log);
	session.pid = take_answer(driver, &session);
	if (session.pid >= 0)
		serve(&session, run);
	fd_close(session.pidfd);
	fd_close(session.control);
	fd_close(session.log);
	fd_close(session.fifo);
	fd_close(session.fifo_kept);
	/* The processes that wrote bodies. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return outcome;
}

pid_t
driver_start(struct driver *driver, const struct run *run)
{
	struct outcome *outcome = memory_zero(1, sizeof *outcome);
	struct session session = {.outcome = outcome, .pidfd = -1};
	make_folder(outcome, &session);
	struct err err;
	int control;
	int log;
	need_err(wire_pair(&session.control, &control, &err), &err);
	need_err(fd_pipe(&session.log, &log, &err), &err);
	send_start(driver, run, outcome->folder, control, log);
	fd_close(control);
	fd_close(log);
	pid_t pid = take_answer(driver, &session);
	need_err(path_remove(AT_FDCWD, outcome->folder, &err), &err);
	return pid;
}

void
outcome_release(struct outcome *outcome)
{
	struct err err;
	need_err(path_remove(AT_FDCWD, outcome->folder, &err), &err);
	buf_release(&outcome->log);
	buf_release(&outcome->reported);
	buf_release(&outcome->failure);
}
