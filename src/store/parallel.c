/* SPDX-License-Identifier: MPL-2.0 */
#include "store/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>

enum {
	PARALLEL_THREADS = 16,
	PARALLEL_SHARE = 32, /* indices that are worth a thread */
};

struct parallel {
	size_t count;
	parallel_step *step;
	void *context;
	atomic_size_t next;
	pthread_mutex_t mutex;
	size_t failed; /* lowest index that failed, or SIZE_MAX; guarded, with err, by the mutex */
	struct err err;
};

static void
parallel_fail(struct parallel *parallel, size_t index, const struct err *err)
{
	(void)pthread_mutex_lock(&parallel->mutex);
	if (index < parallel->failed) {
		parallel->failed = index;
		parallel->err = *err;
	}
	(void)pthread_mutex_unlock(&parallel->mutex);
	atomic_store(&parallel->next, parallel->count);
}

static void *
parallel_run(void *context)
{
	struct parallel *parallel = context;
	for (;;) {
		size_t index = atomic_fetch_add(&parallel->next, 1);
		if (index >= parallel->count)
			return NULL;
		struct err err;
		if (!parallel->step(parallel->context, index, &err)) {
			parallel_fail(parallel, index, &err);
			return NULL;
		}
	}
}

static size_t
parallel_threads(size_t count)
{
	cpu_set_t cores;
	size_t threads =
		sched_getaffinity(0, sizeof cores, &cores) == 0 ? (size_t)CPU_COUNT(&cores) : 1;
	if (threads > PARALLEL_THREADS)
		threads = PARALLEL_THREADS;
	size_t shares = count / PARALLEL_SHARE + 1;
	return threads < shares ? threads : shares;
}

bool
parallel_each(size_t count, parallel_step *step, void *context, struct err *err)
{
	struct parallel parallel = {
		.count = count,
		.step = step,
		.context = context,
		.mutex = PTHREAD_MUTEX_INITIALIZER,
		.failed = SIZE_MAX,
	};
	pthread_t threads[PARALLEL_THREADS];
	size_t started = 0;
	size_t wanted = parallel_threads(count);
	/* Signals are the calling thread's affair: a handler must not run in a helper. */
	sigset_t all;
	sigset_t before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	while (started + 1 < wanted &&
		pthread_create(&threads[started], NULL, parallel_run, &parallel) == 0)
		started++;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	/* This thread works too, so a process that may start none still gets done. */
	(void)parallel_run(&parallel);
	for (size_t at = 0; at < started; at++)
		(void)pthread_join(threads[at], NULL);
	if (parallel.failed == SIZE_MAX)
		return true;
	*err = parallel.err;
	return false;
}
