/* SPDX-License-Identifier: MPL-2.0 */
#include "again.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/digest.h"
#include "expect.h"

enum { REALIZERS = 20 };

/* False where the run failed: no assertion, for a child would go on with the tests that follow. */
static bool
written_by(struct driver *driver, bool http, bool stopped, struct digest *out)
{
	const struct run run = {
		.arguments = {http ? "http" : "random"}, .stopped = stopped, .artifact = -1};
	struct outcome outcome = driver_run(driver, &run);
	bool done = outcome.status == 0;
	if (done) {
		cleanup_buf struct buf written = contents_of(&outcome, http ? "sum" : "random");
		*out = digest_of(buf_bytes(&written));
	}
	outcome_release(&outcome);
	return done;
}

/* A realizer of its own: the end of a guest's namespaces is waited for by many at once. */
static void
run_again(const char *program, int artifact, int start, int rounds, const struct digest *first)
{
	struct driver driver;
	struct digest digest;
	bool same = true;
	driver_open(&driver, program, artifact);
	for (int round = start; same && round < start + rounds; round++)
		same = written_by(&driver, round / 2 % 2, round % 10 == 9, &digest) &&
		       digest_equal(&first[round / 2 % 2], &digest);
	driver_close(&driver);
	_exit(same ? 0 : 1);
}

bool
again_writes_the_same(const char *program, int artifact, struct driver *driver, int runs)
{
	pid_t realizers[REALIZERS];
	struct digest first[2];
	for (int kind = 0; kind < 2; kind++)
		if (!written_by(driver, kind, false, &first[kind]))
			return false;
	bool same = true;
	for (int at = 0; at < REALIZERS; at++) {
		realizers[at] = fork();
		if (realizers[at] == 0)
			run_again(program, artifact, at * (runs / REALIZERS), runs / REALIZERS,
				first);
	}
	for (int at = 0; at < REALIZERS; at++) {
		int status = -1;
		same &= waitpid(realizers[at], &status, 0) == realizers[at] && status == 0;
	}
	return same;
}
