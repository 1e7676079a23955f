/* SPDX-License-Identifier: MPL-2.0 */
/*
 * hash_thread: a thread that hashes beside the guest, for SHA-1 with its search for collisions costs as much as all
 * else that a fetch does with a byte.
 *
 *     struct hash_thread *thread = hash_thread_start(err);       before the filter holds: none can be made after it
 *     struct hash_task task = {.hasher = hasher};
 *     hash_thread_add(thread, &task, data);                      copies; waits only while the ring is full
 *     hash_thread_wait(thread, &task);                           from here the hasher is the caller's again
 *
 * Bytes of one task are hashed in the order in which they were added. The hasher is the thread's from the first
 * hash_thread_add to hash_thread_wait. All functions but the first are for one thread, which is the other end of the
 * ring. The thread allocates nothing and makes no system call but futex; it ends with the process. Memory:
 * HASH_THREAD_RING bytes and a small stack.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

enum { HASH_THREAD_RING = 1 << 20 };

struct hash_thread;
struct hasher;

struct hash_task {
	struct hasher *hasher;
	size_t end; /* its last piece, of all that were ever added */
};

/* NULL, with *err, where the system has no thread to give. */
struct hash_thread *hash_thread_start(struct err *err);
void hash_thread_add(struct hash_thread *thread, struct hash_task *task, struct bytes data);
void hash_thread_wait(struct hash_thread *thread, const struct hash_task *task);
/*
 * Whether so much waits to be hashed that who has a new task is better off hashing it himself: soon he would only wait.
 */
bool hash_thread_is_laden(const struct hash_thread *thread);
/* For tests: ends the thread once all is hashed. */
void hash_thread_stop(struct hash_thread *thread);
