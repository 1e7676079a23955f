/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/hash_thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/must.h"

enum {
	HASH_THREAD_PIECES = 64,
	HASH_THREAD_PIECE = HASH_THREAD_RING / 8,
	/* The thread sleeps on until this many bytes, or this many pieces, have come, or somebody waits: waking it for
	 * each would cost more than the small ones do. */
	HASH_THREAD_LOT = 32 << 10,
	HASH_THREAD_MANY = HASH_THREAD_PIECES / 4,
	HASH_THREAD_STACK = 256 << 10,
};

struct hash_piece {
	struct hash_task *task;
	size_t size;
};

/*
 * Pieces stand in the ring one behind the other; one that would cross its end begins at its start, and the rest of
 * the ring is counted to the piece before. `oldest` is the piece that the thread
 * reads. One thread adds.
 *
 *     bytes   |....[oldest][    ][newest]..........|
 *                  ^ from               ^ to
 */
struct hash_thread {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t roused;
	pthread_cond_t hashed;
	bool is_running;
	bool is_ending;
	bool is_asleep;
	size_t lot; /* bytes added since it fell asleep */
	struct hash_piece pieces[HASH_THREAD_PIECES];
	size_t oldest;
	size_t count;
	size_t from;
	size_t to;
	uint8_t bytes[HASH_THREAD_RING];
};

/* Under the mutex: whether the thread is to be told, once that is given back. */
static bool
rouse(struct hash_thread *thread)
{
	bool was_asleep = thread->is_asleep;
	thread->is_asleep = false;
	return was_asleep;
}

static void *
hash_thread_run(void *context)
{
	struct hash_thread *thread = context;
	(void)pthread_mutex_lock(&thread->mutex);
	thread->is_running = true;
	(void)pthread_cond_signal(&thread->hashed);
	for (;;) {
		if (!thread->count && thread->is_ending)
			break;
		if (!thread->count) {
			thread->is_asleep = true;
			thread->lot = 0;
			while (thread->is_asleep)
				(void)pthread_cond_wait(&thread->roused, &thread->mutex);
			continue;
		}
		struct hash_piece piece = thread->pieces[thread->oldest];
		if (thread->from + piece.size > HASH_THREAD_RING)
			thread->from = 0;
		size_t from = thread->from;
		(void)pthread_mutex_unlock(&thread->mutex);
		hasher_add(piece.task->hasher, bytes_of(thread->bytes + from, piece.size));
		(void)pthread_mutex_lock(&thread->mutex);
		thread->from = from + piece.size;
		thread->oldest = (thread->oldest + 1) % HASH_THREAD_PIECES;
		thread->count--;
		piece.task->waiting--;
		(void)pthread_cond_signal(&thread->hashed);
	}
	(void)pthread_mutex_unlock(&thread->mutex);
	return NULL;
}

struct hash_thread *
hash_thread_start(struct err *err)
{
	struct hash_thread *thread = memory_zero(1, sizeof *thread);
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

/* Where `size` bytes may go now; SIZE_MAX while there is no room. Under the mutex. */
static size_t
ring_room(const struct hash_thread *thread, size_t size)
{
	if (!thread->count)
		return thread->to + size <= HASH_THREAD_RING ? thread->to : 0;
	if (thread->count == HASH_THREAD_PIECES)
		return SIZE_MAX;
	if (thread->to <= thread->from)
		return thread->to + size <= thread->from ? thread->to : SIZE_MAX;
	if (thread->to + size <= HASH_THREAD_RING)
		return thread->to;
	return size <= thread->from ? 0 : SIZE_MAX;
}

/* Under the mutex. The thread is told before, if it sleeps. */
static void
await_hashed(struct hash_thread *thread)
{
	if (rouse(thread))
		(void)pthread_cond_signal(&thread->roused);
	(void)pthread_cond_wait(&thread->hashed, &thread->mutex);
}

static void
piece_add(struct hash_thread *thread, struct hash_task *task, struct bytes data)
{
	(void)pthread_mutex_lock(&thread->mutex);
	size_t at;
	while ((at = ring_room(thread, data.size)) == SIZE_MAX)
		await_hashed(thread);
	/* Nobody else adds, and the thread only frees: the room stays. */
	(void)pthread_mutex_unlock(&thread->mutex);
	memcpy(thread->bytes + at, data.data, data.size);
	(void)pthread_mutex_lock(&thread->mutex);
	if (!thread->count)
		thread->from = at;
	thread->to = at + data.size;
	thread->pieces[(thread->oldest + thread->count) % HASH_THREAD_PIECES] =
		(struct hash_piece){task, data.size};
	task->waiting++;
	thread->count++;
	thread->lot += data.size;
	bool is_told = (thread->lot >= HASH_THREAD_LOT || thread->count >= HASH_THREAD_MANY) &&
		       rouse(thread);
	(void)pthread_mutex_unlock(&thread->mutex);
	/* Told before, it would wake only to wait for the mutex. */
	if (is_told)
		(void)pthread_cond_signal(&thread->roused);
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
hash_thread_wait(struct hash_thread *thread, struct hash_task *task)
{
	(void)pthread_mutex_lock(&thread->mutex);
	while (task->waiting)
		await_hashed(thread);
	(void)pthread_mutex_unlock(&thread->mutex);
}

void
hash_thread_stop(struct hash_thread *thread)
{
	if (!thread)
		return;
	(void)pthread_mutex_lock(&thread->mutex);
	thread->is_ending = true;
	if (rouse(thread))
		(void)pthread_cond_signal(&thread->roused);
	(void)pthread_mutex_unlock(&thread->mutex);
	(void)pthread_join(thread->thread, NULL);
	(void)pthread_mutex_destroy(&thread->mutex);
	(void)pthread_cond_destroy(&thread->roused);
	(void)pthread_cond_destroy(&thread->hashed);
	free(thread);
}
