/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/hash_thread.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/must.h"

enum {
	HASH_THREAD_PIECES = 64,
	HASH_THREAD_PIECE = HASH_THREAD_RING / 8,
	/* The thread sleeps on until this many bytes, or this many pieces, wait, or somebody waits for them: waking it
	 * for each would cost more than the small ones do. */
	HASH_THREAD_LOT = 64 << 10,
	HASH_THREAD_MANY = HASH_THREAD_PIECES / 4,
	HASH_THREAD_LADEN = 28, /* pieces */
	HASH_THREAD_LADEN_BYTES = HASH_THREAD_RING / 2,
	HASH_THREAD_STACK = 256 << 10,
	CACHE_LINE = 64,
};

/* `from` counts the bytes of the ring's every turn. */
struct hash_piece {
	struct hash_task *task;
	size_t from;
	size_t size;
};

/*
 * Pieces stand in the ring one behind the other; one that would cross its end begins at its start. What is passed on
 * goes by two counts, each written by one side; the mutex and its conditions are there to sleep by.
 *
 *     bytes   |....[done][    ][added - 1]..........|
 *                  ^ from                 ^ to
 */
struct hash_thread {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t roused;
	pthread_cond_t hashed;
	bool is_running;
	atomic_bool is_ending;
	atomic_bool is_asleep;
	atomic_size_t
		awaited; /* who adds sleeps until so many are done; SIZE_MAX while he does not */
	size_t to;
	struct hash_piece pieces[HASH_THREAD_PIECES];
	alignas(CACHE_LINE) atomic_size_t added; /* pieces, ever */
	alignas(CACHE_LINE) atomic_size_t done;  /* of these */
	alignas(CACHE_LINE) uint8_t bytes[HASH_THREAD_RING];
};

/* Returns at once if something came before it was seen to sleep. */
static void
sleep_until_roused(struct hash_thread *thread, size_t done)
{
	atomic_store(&thread->is_asleep, true);
	if (atomic_load(&thread->is_ending) || atomic_load(&thread->added) != done) {
		atomic_store(&thread->is_asleep, false);
		return;
	}
	(void)pthread_mutex_lock(&thread->mutex);
	while (atomic_load(&thread->is_asleep))
		(void)pthread_cond_wait(&thread->roused, &thread->mutex);
	(void)pthread_mutex_unlock(&thread->mutex);
}

static void
rouse(struct hash_thread *thread)
{
	if (!atomic_load(&thread->is_asleep))
		return;
	(void)pthread_mutex_lock(&thread->mutex);
	atomic_store(&thread->is_asleep, false);
	(void)pthread_mutex_unlock(&thread->mutex);
	/* Told before, it would wake only to wait for the mutex. */
	(void)pthread_cond_signal(&thread->roused);
}

/* One that is about to wait has the mutex until it does. */
static void
tell_hashed(struct hash_thread *thread)
{
	(void)pthread_mutex_lock(&thread->mutex);
	(void)pthread_mutex_unlock(&thread->mutex);
	(void)pthread_cond_signal(&thread->hashed);
}

static void
await_hashed(struct hash_thread *thread, size_t count)
{
	if (atomic_load(&thread->done) >= count)
		return;
	atomic_store(&thread->awaited, count);
	rouse(thread);
	(void)pthread_mutex_lock(&thread->mutex);
	while (atomic_load(&thread->done) < count)
		(void)pthread_cond_wait(&thread->hashed, &thread->mutex);
	(void)pthread_mutex_unlock(&thread->mutex);
	atomic_store(&thread->awaited, SIZE_MAX);
}

static void *
hash_thread_run(void *context)
{
	struct hash_thread *thread = context;
	(void)pthread_mutex_lock(&thread->mutex);
	thread->is_running = true;
	(void)pthread_mutex_unlock(&thread->mutex);
	(void)pthread_cond_signal(&thread->hashed);
	for (size_t done = 0;;) {
		/* Read first: what was added before the end is hashed. */
		bool is_ending = atomic_load(&thread->is_ending);
		if (atomic_load(&thread->added) == done) {
			if (is_ending)
				return NULL;
			sleep_until_roused(thread, done);
			continue;
		}
		const struct hash_piece *piece = &thread->pieces[done % HASH_THREAD_PIECES];
		hasher_add(piece->task->hasher,
			bytes_of(thread->bytes + piece->from % HASH_THREAD_RING, piece->size));
		atomic_store(&thread->done, ++done);
		if (done >= atomic_load(&thread->awaited))
			tell_hashed(thread);
	}
}

struct hash_thread *
hash_thread_start(struct err *err)
{
	struct hash_thread *thread = aligned_alloc(CACHE_LINE, sizeof *thread);
	must(thread, "there is memory");
	memset(thread, 0, sizeof *thread - sizeof thread->bytes);
	atomic_init(&thread->awaited, SIZE_MAX);
	pthread_attr_t attributes;
	must(pthread_attr_init(&attributes) == 0 &&
			pthread_attr_setstacksize(&attributes, HASH_THREAD_STACK) == 0 &&
			pthread_mutex_init(&thread->mutex, NULL) == 0 &&
			pthread_cond_init(&thread->roused, NULL) == 0 &&
			pthread_cond_init(&thread->hashed, NULL) == 0,
		"a thread can be described");
	int number = pthread_create(&thread->thread, &attributes, hash_thread_run, thread);
	(void)pthread_attr_destroy(&attributes);
	if (number) {
		free(thread);
		(void)err_system(err, number, "start a thread that hashes");
		return NULL;
	}
	/* What the C library does at a thread's start, the filter would not let it do. */
	(void)pthread_mutex_lock(&thread->mutex);
	while (!thread->is_running)
		(void)pthread_cond_wait(&thread->hashed, &thread->mutex);
	(void)pthread_mutex_unlock(&thread->mutex);
	return thread;
}

static size_t
pieces_waiting(const struct hash_thread *thread)
{
	return atomic_load_explicit(&thread->added, memory_order_relaxed) -
	       atomic_load(&thread->done);
}

/* Bytes of the ring that are taken, those that a turn left out among them. */
static size_t
bytes_waiting(const struct hash_thread *thread)
{
	size_t done = atomic_load(&thread->done);
	if (done == atomic_load_explicit(&thread->added, memory_order_relaxed))
		return 0;
	return thread->to - thread->pieces[done % HASH_THREAD_PIECES].from;
}

/* Where `size` bytes go next. */
static size_t
piece_place(const struct hash_thread *thread, size_t size)
{
	size_t rest = HASH_THREAD_RING - thread->to % HASH_THREAD_RING;
	return size <= rest ? thread->to : thread->to + rest;
}

static void
piece_add(struct hash_thread *thread, struct hash_task *task, struct bytes data)
{
	size_t added = atomic_load_explicit(&thread->added, memory_order_relaxed);
	size_t from = piece_place(thread, data.size);
	size_t waiting;
	/* Half of it, that one does not wait again for the next. */
	while ((waiting = pieces_waiting(thread)) == HASH_THREAD_PIECES ||
		bytes_waiting(thread) + (from - thread->to) + data.size > HASH_THREAD_RING)
		await_hashed(thread, added - waiting / 2);
	memcpy(thread->bytes + from % HASH_THREAD_RING, data.data, data.size);
	thread->to = from + data.size;
	thread->pieces[added % HASH_THREAD_PIECES] = (struct hash_piece){task, from, data.size};
	task->end = added + 1;
	atomic_store(&thread->added, added + 1);
	if (pieces_waiting(thread) >= HASH_THREAD_MANY || bytes_waiting(thread) >= HASH_THREAD_LOT)
		rouse(thread);
}

void
hash_thread_add(struct hash_thread *thread, struct hash_task *task, struct bytes data)
{
	while (data.size) {
		size_t size = data.size < HASH_THREAD_PIECE ? data.size : HASH_THREAD_PIECE;
		piece_add(thread, task, bytes_first(data, size));
		data = bytes_from(data, size);
	}
}

void
hash_thread_wait(struct hash_thread *thread, const struct hash_task *task)
{
	await_hashed(thread, task->end);
}

bool
hash_thread_is_laden(const struct hash_thread *thread)
{
	return pieces_waiting(thread) >= HASH_THREAD_LADEN ||
	       bytes_waiting(thread) >= HASH_THREAD_LADEN_BYTES;
}

void
hash_thread_stop(struct hash_thread *thread)
{
	if (!thread)
		return;
	atomic_store(&thread->is_ending, true);
	rouse(thread);
	(void)pthread_join(thread->thread, NULL);
	(void)pthread_mutex_destroy(&thread->mutex);
	(void)pthread_cond_destroy(&thread->roused);
	(void)pthread_cond_destroy(&thread->hashed);
	free(thread);
}
