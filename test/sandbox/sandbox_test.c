/* SPDX-License-Identifier: MPL-2.0 */
/*
 * sandbox_test: each case tries to get out and must fail (rows S of the threat list).
 *
 *     sandbox_test ESCAPE           as whoever runs it
 *     sandbox_test ESCAPE user      as an ordinary user; skipped where root is needed to become one
 */
#include "sandbox/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/path.h"
#include "place.h"

enum { ORDINARY_ID = 64991 };

/* The helper says itself what was not refused. */
static void
refused(void **state, const char *name, const char *argument)
{
	struct place *place = (struct place *)*state;
	cleanup_buf struct buf output = BUF(64 << 10);
	struct sandbox_result result =
		place_run(place, place_spec(place, name, argument), &output, 0);
	assert_int_equal(result.left, 0);
}

static void
no_file_becomes_setuid(void **state)
{
	refused(state, "setuid", NULL);
}

static void
dangerous_system_calls_are_refused(void **state)
{
	refused(state, "calls", NULL);
}

static void
other_call_numbers_are_refused(void **state)
{
	refused(state, "architectures", NULL);
}

static void
no_attribute_or_device_is_made(void **state)
{
	refused(state, "attributes", NULL);
}

static void
inputs_and_root_cannot_be_changed(void **state)
{
	struct place *place = (struct place *)*state;
	refused(state, "inputs", NULL);
	struct err err;
	cleanup_buf struct buf text = BUF(64);
	assert_true(fd_read_file(place->fd, "in/file", &text, &err));
	assert_string_equal(buf_text(&text), "input\n");
}

static void
no_descriptor_of_ours_and_no_init_is_reached(void **state)
{
	/* As a library would leave them: open, and not close-on-exec. */
	int stray = fcntl(1, F_DUPFD, 0);
	int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fcntl(folder, F_SETFD, 0), 0);
	assert_true(stray >= 0 && folder >= 0);
	refused(state, "descriptors", NULL);
	fd_close(stray);
	fd_close(folder);
}

static void
the_hosts_abstract_sockets_are_not_there(void **state)
{
	char name[64];
	(void)snprintf(name, sizeof name, "cab-sandbox-test-%d", (int)getpid());
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path + 1, name, strlen(name));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		bind(fd, (struct sockaddr *)&address,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))),
		0);
	assert_int_equal(listen(fd, 1), 0);
	refused(state, "abstract", name);
	fd_close(fd);
}

static void
the_network_and_the_hosts_loopback_are_not_there(void **state)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	char port[16];
	(void)snprintf(port, sizeof port, "%d", ntohs(address.sin_port));
	refused(state, "network", port);
	fd_close(fd);
}

static void
the_hosts_files_and_processes_are_not_there(void **state)
{
	struct place *place = (struct place *)*state;
	/* Another sandbox runs meanwhile: it is not seen either. */
	struct sandbox_process other;
	struct err err;
	assert_true(sandbox_start(place->sandbox, place_spec(place, "wait", NULL), &other, &err));
	refused(state, "host", place->path);
	sandbox_release(&other);
}

static void
what_is_left_behind_is_killed_and_counted(void **state)
{
	struct place *place = (struct place *)*state;
	cleanup_buf struct buf output = BUF(64);
	struct sandbox_result result =
		place_run(place, place_spec(place, "leave", NULL), &output, 0);
	assert_int_equal(result.left, 2);
}

static void
a_closed_log_is_not_the_end(void **state)
{
	struct place *place = (struct place *)*state;
	cleanup_buf struct buf output = BUF(64);
	(void)place_run(place, place_spec(place, "close", NULL), &output, 7);
	struct stat status;
	assert_int_equal(fstatat(place->fd, "out/after", &status, 0), 0);
	uint32_t uid;
	uint32_t gid;
	sandbox_host_ids(0, &uid, &gid);
	assert_int_equal(status.st_uid, uid);
	assert_int_equal(status.st_gid, gid);
}

static void
a_flooded_log_stops_nobody(void **state)
{
	struct place *place = (struct place *)*state;
	cleanup_buf struct buf output = BUF(1000);
	(void)place_run(place, place_spec(place, "flood", NULL), &output, 0);
	assert_true(output.over);
}

static void
a_fork_bomb_meets_its_limit(void **state)
{
	struct place *place = (struct place *)*state;
	cleanup_buf struct buf output = BUF(4096);
	struct sandbox_spec *spec = place_spec(place, "fork-bomb", "64");
	spec->limits.processes = 64;
	struct sandbox_result result = place_run(place, spec, &output, 0);
	assert_true(result.left > 1 && result.left < 64);
}

static void
memory_meets_its_limit(void **state)
{
	struct place *place = (struct place *)*state;
	cleanup_buf struct buf output = BUF(4096);
	struct sandbox_spec *spec = place_spec(place, "memory", NULL);
	spec->limits.memory = 128 << 20;
	struct sandbox_result result = place_run(place, spec, &output, -1);
	/* In a cgroup the kernel kills; under an rlimit the program is told. */
	if (result.limit == ERR_LIMIT_MEMORY)
		assert_true(!result.ended || result.signal == SIGKILL);
	else
		assert_int_equal(result.code, 9);
}

static void
scratch_files_and_cores_meet_their_limits(void **state)
{
	struct place *place = (struct place *)*state;
	cleanup_buf struct buf output = BUF(4096);
	struct sandbox_spec *spec = place_spec(place, "scratch", NULL);
	spec->limits.scratch = 16 << 20;
	spec->limits.file_size = 1 << 30;
	spec->limits.open_files = 100;
	(void)place_run(place, spec, &output, 0);
}

static size_t
count_waiting(int fd)
{
	char text[4096];
	ssize_t size;
	size_t total = 0;
	while ((size = read(fd, text, sizeof text)) > 0)
		total += (size_t)size;
	return total;
}

static void
a_frozen_program_stands_still_until_thawed(void **state)
{
	struct place *place = (struct place *)*state;
	struct sandbox_spec *spec = place_spec(place, "count", NULL);
	struct sandbox_process process;
	struct sandbox_result result;
	struct err err;
	int log;
	assert_true(fd_pipe(&log, &spec->output, &err));
	assert_true(sandbox_start(place->sandbox, spec, &process, &err));
	fd_close(spec->output);
	char first;
	assert_int_equal(read(log, &first, 1), 1);
	assert_true(fd_set_blocking(log, false, &err));

	assert_true(sandbox_freeze(&process, &err));
	(void)usleep(20000);
	(void)count_waiting(log);
	(void)usleep(50000);
	assert_int_equal(count_waiting(log), 0);

	assert_true(sandbox_thaw(&process, &err));
	assert_true(fd_set_blocking(log, true, &err));
	assert_int_equal(read(log, &first, 1), 1);

	/* Frozen or not, it can be killed. */
	assert_true(sandbox_freeze(&process, &err));
	sandbox_kill(&process);
	assert_true(sandbox_collect(&process, &result, &err));
	assert_false(result.ended);
	assert_int_equal(result.signal, SIGKILL);
	sandbox_release(&process);
	fd_close(log);
}

static void
everything_dies_with_the_realizer(void **state)
{
	struct place *place = (struct place *)*state;
	struct sandbox_spec *spec = place_spec(place, "wait", NULL);
	struct err err;
	int log;
	assert_true(fd_pipe(&log, &spec->output, &err));
	pid_t realizer = fork();
	assert_true(realizer >= 0);
	if (realizer == 0) {
		struct sandbox_process process;
		char first;
		if (!sandbox_start(place->sandbox, spec, &process, &err) ||
			read(log, &first, 1) != 1)
			_exit(1);
		(void)kill(getpid(), SIGKILL);
	}
	fd_close(spec->output);
	int status;
	assert_int_equal(waitpid(realizer, &status, 0), realizer);
	assert_true(WIFSIGNALED(status));
	/* The end of the pipe: nobody is left who holds it. */
	char rest[16];
	while (read(log, rest, sizeof rest) > 0)
		;
	fd_close(log);
}

static void
the_same_is_seen_each_time(void **state)
{
	struct place *place = (struct place *)*state;
	cleanup_buf struct buf first = BUF(64 << 10);
	(void)place_run(place, place_spec(place, "print", NULL), &first, 0);
	assert_non_null(strstr(
		buf_text(&first), "uid 1000 1000 gid 1000 1000 pid 2 1 session 2 umask 22\n"));
	assert_non_null(strstr(buf_text(&first), "host localhost domain (none)\nWORD=here\n"));
	for (int at = 0; at < 20; at++) {
		cleanup_buf struct buf again = BUF(64 << 10);
		mode_t before = umask(at % 2 ? 077 : 0);
		int stray = fcntl(0, F_DUPFD, 0);
		sigset_t blocked;
		sigset_t unblocked;
		(void)sigemptyset(&blocked);
		(void)sigaddset(&blocked, SIGCHLD);
		(void)sigprocmask(SIG_BLOCK, &blocked, &unblocked);
		sighandler_t handler = signal(SIGPIPE, at % 2 ? SIG_IGN : SIG_DFL);
		(void)place_run(place, place_spec(place, "print", NULL), &again, 0);
		(void)signal(SIGPIPE, handler);
		(void)sigprocmask(SIG_SETMASK, &unblocked, NULL);
		fd_close(stray);
		(void)umask(before);
		assert_string_equal(buf_text(&again), buf_text(&first));
	}
}

static void
inputs_may_lie_in_the_folder_of_the_output(void **state)
{
	struct place *place = (struct place *)*state;
	struct sandbox_spec *spec = place_spec(place, "store", NULL);
	struct sandbox_entry entries[PLACE_ENTRIES];
	entries[0] = place->entries[0];
	entries[1] = place->entries[4];
	entries[1].target = "/cull/store";
	entries[2] = place->entries[1];
	entries[2].target = "/cull/store/x-in";
	entries[3] = place->entries[2];
	entries[3].target = "/cull/store/y-single";
	entries[4] = place->entries[3];
	entries[4].target = "/cull/store/w-link";
	spec->entries = entries;
	spec->entry_count = 5;
	cleanup_buf struct buf output = BUF(64 << 10);
	(void)place_run(place, spec, &output, 0);
	char text[16];
	assert_int_equal(readlinkat(place->fd, "out/z-out/again", text, sizeof text), 16);
	assert_int_equal(readlinkat(place->fd, "out/w-link", text, sizeof text), 5);
	/* Nothing of an input has come into the folder itself. */
	assert_int_equal(faccessat(place->fd, "out/x-in/file", F_OK, 0), -1);
}

static void
expect_refusal(
	struct place *place, const struct sandbox_spec *spec, enum err_kind kind, const char *part)
{
	struct sandbox_process process;
	struct err err = {0};
	assert_false(sandbox_start(place->sandbox, spec, &process, &err));
	if (err.kind != kind || !strstr(err.text, part))
		fail_msg("not \"%s\" but: %s (kind %d)", part, err.text, (int)err.kind);
}

static void
a_wrong_spec_is_refused_with_its_operand(void **state)
{
	struct place *place = (struct place *)*state;
	static const char *const targets[] = {"relative", "/", "/a/../b", "/a//b", "/a/", "/./a"};
	for (size_t at = 0; at < sizeof targets / sizeof *targets; at++) {
		struct sandbox_spec *spec = place_spec(place, "wait", NULL);
		place->entries[5].target = targets[at];
		expect_refusal(place, spec, ERR_REFUSED, targets[at]);
	}
	struct sandbox_spec *spec = place_spec(place, "wait", NULL);
	place->entries[5].target = "/in/scratch";
	expect_refusal(place, spec, ERR_SYSTEM, "place /in/scratch");
	place->entries[5].target = "/out/scratch";
	expect_refusal(place, spec, ERR_SYSTEM, "place /out/scratch");
	place->entries[5].target = "/link/scratch";
	expect_refusal(place, spec, ERR_SYSTEM, "place /link/scratch");
	place->entries[5] = (struct sandbox_entry){
		.kind = SANDBOX_BIND, .target = "/absent", .source = "/nonexistent/source"};
	expect_refusal(place, spec, ERR_NOT_FOUND, "/nonexistent/source");
	place->entries[5] = (struct sandbox_entry){.kind = SANDBOX_SCRATCH, .target = "/scratch"};
	spec->program = "/nonexistent/program";
	expect_refusal(place, spec, ERR_NOT_FOUND, "execute /nonexistent/program");
	spec->program = "/escape";
	spec->folder = "/nonexistent/folder";
	expect_refusal(place, spec, ERR_NOT_FOUND, "enter /nonexistent/folder");
	spec->folder = NULL;
	spec->host_uid = 0;
	expect_refusal(place, spec, ERR_REFUSED, "root");
}

/* Two at once, in the order in which they were begun or in the other. */
static void
what_goes_wrong_after_sandbox_begin_is_told_by_sandbox_collect(void **state)
{
	struct place *place = (struct place *)*state;
	struct sandbox_spec *spec = place_spec(place, "wait", NULL);
	struct sandbox_spec other = *spec;
	struct sandbox_process bad;
	struct sandbox_process good;
	struct sandbox_result result;
	struct err err = {0};
	other.program = "/nonexistent/program";
	assert_true(sandbox_begin(place->sandbox, &other, &bad, &err));
	assert_true(sandbox_begin(place->sandbox, spec, &good, &err));
	assert_false(sandbox_collect(&bad, &result, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "execute /nonexistent/program"));
	sandbox_release(&bad);
	/* A command waits until there is a program. */
	assert_true(sandbox_freeze(&good, &err));
	assert_true(good.began);
	sandbox_kill(&good);
	assert_true(sandbox_collect(&good, &result, &err));
	assert_false(result.ended);
	sandbox_release(&good);
}

static void
a_sandbox_killed_while_it_is_set_up_is_gone(void **state)
{
	struct place *place = (struct place *)*state;
	struct sandbox_spec *spec = place_spec(place, "wait", NULL);
	struct sandbox_process process;
	struct sandbox_result result;
	struct err err = {0};
	assert_true(sandbox_begin(place->sandbox, spec, &process, &err));
	sandbox_kill(&process);
	/* It may have been quicker. */
	if (sandbox_collect(&process, &result, &err))
		assert_int_equal(result.signal, SIGKILL);
	else
		assert_non_null(strstr(err.text, "died before the program began"));
	sandbox_release(&process);
}

static void
a_folder_exchanged_behind_its_descriptor_is_refused(void **state)
{
	struct place *place = (struct place *)*state;
	struct sandbox_spec *spec = place_spec(place, "wait", NULL);
	struct err err;
	struct sandbox_process process;
	int fd = fd_open_at(place->fd, "in", O_PATH | O_DIRECTORY, 0, &err);
	assert_true(fd >= 0);
	struct sandbox_entry before = place->entries[1];
	place->entries[1].source = NULL;
	place->entries[1].source_fd = fd;
	assert_true(sandbox_start(place->sandbox, spec, &process, &err));
	sandbox_release(&process);

	assert_int_equal(renameat(place->fd, "in", place->fd, "moved"), 0);
	assert_int_equal(unlinkat(place->fd, "moved/file", 0), 0);
	assert_int_equal(unlinkat(place->fd, "moved", AT_REMOVEDIR), 0);
	assert_int_equal(mkdirat(place->fd, "in", 0755), 0);
	expect_refusal(place, spec, ERR_NOT_FOUND, "/in");
	assert_true(fd_replace_file(place->fd, "in/file", BYTES_LITERAL("input\n"), 0666, &err));
	place->entries[1] = before;
	fd_close(fd);
}

/* In a user namespace of its own, where namespaces can be forbidden without harm to the host. */
static int
refuse_in_child(struct place *place, const struct sandbox_spec *spec)
{
	struct err err;
	struct sandbox_process process;
	if (unshare(CLONE_NEWUSER) < 0)
		return 2;
	int fd = open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0\n", 2) != 2)
		return 3;
	if (sandbox_start(place->sandbox, spec, &process, &err))
		return 4;
	return err.kind == ERR_REFUSED && strstr(err.text, "user.max_user_namespaces is 0") ? 0 : 5;
}

static void
where_the_kernel_refuses_namespaces_the_reason_is_said(void **state)
{
	struct place *place = (struct place *)*state;
	struct sandbox_spec *spec = place_spec(place, "wait", NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(refuse_in_child(place, spec));
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Root leaves for good; the folder becomes the user's. */
static bool
become_ordinary(const char *folder)
{
	return chown(folder, ORDINARY_ID, ORDINARY_ID) == 0 && setgroups(0, NULL) == 0 &&
	       setresgid(ORDINARY_ID, ORDINARY_ID, ORDINARY_ID) == 0 &&
	       setresuid(ORDINARY_ID, ORDINARY_ID, ORDINARY_ID) == 0 &&
	       /* As after exec: what changed its ids is not dumpable, and /proc then is root's. */
	       prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

static bool
helper_copy(const char *from, const char *to)
{
	struct err err;
	cleanup_buf struct buf text = BUF(64 << 20);
	if (fd_read_file(AT_FDCWD, from, &text, &err) &&
		fd_replace_file(AT_FDCWD, to, buf_bytes(&text), 0755, &err))
		return true;
	(void)printf("Bail out! %s\n", err.text);
	return false;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(no_file_becomes_setuid),
	cmocka_unit_test(dangerous_system_calls_are_refused),
	cmocka_unit_test(other_call_numbers_are_refused),
	cmocka_unit_test(no_attribute_or_device_is_made),
	cmocka_unit_test(inputs_and_root_cannot_be_changed),
	cmocka_unit_test(no_descriptor_of_ours_and_no_init_is_reached),
	cmocka_unit_test(the_hosts_abstract_sockets_are_not_there),
	cmocka_unit_test(the_network_and_the_hosts_loopback_are_not_there),
	cmocka_unit_test(the_hosts_files_and_processes_are_not_there),
	cmocka_unit_test(what_is_left_behind_is_killed_and_counted),
	cmocka_unit_test(a_closed_log_is_not_the_end),
	cmocka_unit_test(a_flooded_log_stops_nobody),
	cmocka_unit_test(a_fork_bomb_meets_its_limit),
	cmocka_unit_test(memory_meets_its_limit),
	cmocka_unit_test(scratch_files_and_cores_meet_their_limits),
	cmocka_unit_test(a_frozen_program_stands_still_until_thawed),
	cmocka_unit_test(everything_dies_with_the_realizer),
	cmocka_unit_test(the_same_is_seen_each_time),
	cmocka_unit_test(inputs_may_lie_in_the_folder_of_the_output),
	cmocka_unit_test(a_wrong_spec_is_refused_with_its_operand),
	cmocka_unit_test(what_goes_wrong_after_sandbox_begin_is_told_by_sandbox_collect),
	cmocka_unit_test(a_sandbox_killed_while_it_is_set_up_is_gone),
	cmocka_unit_test(a_folder_exchanged_behind_its_descriptor_is_refused),
	cmocka_unit_test(where_the_kernel_refuses_namespaces_the_reason_is_said),
};

int
main(int count, char **arguments)
{
	bool ordinary = count > 2 && strcmp(arguments[2], "user") == 0;
	if (count < 2)
		return 2;
	if (ordinary && geteuid() != 0) {
		(void)printf("1..0 # SKIP not root: the other run was that of an ordinary user\n");
		return 0;
	}
	char folder[] = "/tmp/cab-sandbox-XXXXXX";
	char helper[64];
	if (!mkdtemp(folder) || chmod(folder, 0755) < 0)
		return 2;
	(void)snprintf(helper, sizeof helper, "%s/escape", folder);
	if (!helper_copy(arguments[1], helper))
		return 2;
	if (ordinary && chown(helper, ORDINARY_ID, ORDINARY_ID) < 0)
		return 2;
	if (ordinary && !become_ordinary(folder)) {
		(void)printf("Bail out! cannot become an ordinary user\n");
		return 2;
	}
	if (setenv("CAB_TEST_HELPER", helper, 1) < 0)
		return 2;
	int failed = cmocka_run_group_tests_name("sandbox", tests, place_setup, place_teardown);
	struct err err;
	if (!path_remove(AT_FDCWD, folder, &err)) {
		(void)printf("# %s\n", err.text);
		failed++;
	}
	return failed;
}
