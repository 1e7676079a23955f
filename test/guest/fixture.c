/* SPDX-License-Identifier: MPL-2.0 */
#include "fixture.h"

#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "expect.h"

int
fixture_compile(const struct fixture *fixture, const char *name)
{
	cleanup_buf struct buf said = BUF(1 << 16);
	int artifact = driver_compile_file(fixture->program, fixture->modules, name, &said);
	if (artifact < 0)
		fail_msg("%s: %s", name, buf_text(&said));
	return artifact;
}

struct outcome
fixture_module(void **state, const char *name)
{
	struct fixture *fixture = *state;
	cleanup_fd int artifact = fixture_compile(fixture, name);
	const struct run run = {.artifact = artifact};
	return driver_run(&fixture->driver, &run);
}

struct outcome
fixture_probe(void **state, const char *name)
{
	struct fixture *fixture = *state;
	const struct run run = {
		.arguments = {name}, .environment = {"CAB_OUT=out"}, .artifact = -1};
	return driver_run(&fixture->driver, &run);
}

void
fixture_passes(void **state, const char *name)
{
	struct outcome outcome = fixture_probe(state, name);
	expect_status(&outcome, 0);
	outcome_release(&outcome);
}

/* Whether this machine lets an ordinary user make namespaces at all. */
static const char *
become_user(void)
{
	if (geteuid() == 0) {
		if (setgroups(0, NULL) < 0 || setresgid(54322, 54322, 54322) < 0 ||
			setresuid(54322, 54322, 54322) < 0)
			return "root may not become another user here";
	}
	pid_t pid = fork();
	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
	int status = 0;
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		return "user namespaces are refused here";
	return NULL;
}

static const char *
why_not(const char *program, bool user)
{
	const char *why = user ? become_user() : geteuid() != 0 ? "not root" : NULL;
	if (!why && access(program, X_OK) < 0)
		why = "the program lies in a folder that this user may not enter";
	return why;
}

int
fixture_main(const char *name, int argument_count, char **arguments, const struct CMUnitTest *tests,
	size_t count)
{
	if (argument_count < 3)
		return 2;
	const bool user = argument_count == 4 && strcmp(arguments[3], "user") == 0;
	const char *why = why_not(arguments[1], user);
	if (why) {
		(void)printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	struct fixture fixture = {.program = arguments[1],
		.modules = arguments[2],
		.user = user,
		.full = getenv("CAB_FULL") || (!user && !IS_SANITIZED)};
	cleanup_buf struct buf said = BUF(1 << 16);
	fixture.probe = driver_compile_file(fixture.program, fixture.modules, "probe.wasm", &said);
	if (fixture.probe < 0) {
		(void)fprintf(stderr, "%s\n", buf_text(&said));
		return 1;
	}
	driver_open(&fixture.driver, fixture.program, fixture.probe);
	struct CMUnitTest *bound = memory_new(count * sizeof *bound);
	memcpy(bound, tests, count * sizeof *bound);
	for (size_t at = 0; at < count; at++)
		bound[at].initial_state = &fixture;
	int failed = _cmocka_run_group_tests(name, bound, count, NULL, NULL);
	free(bound);
	driver_close(&fixture.driver);
	fd_close(fixture.probe);
	return failed;
}
