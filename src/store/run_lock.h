/* SPDX-License-Identifier: MPL-2.0 */
/*
 * run_lock: one process at a time works on a derivation or island; lock/run/<digest>.
 *
 *     struct run_lock lock;
 *     cleanup_buf struct buf holder = BUF(RUN_LOCK_TEXT);
 *     enum run_lock_result result = run_lock_try(store, &digest, "building hello", &lock, &holder,
 * err); RUN_LOCK_BUSY: somebody else has it; holder says who; try again by a timer
 *     ... look for the result again: the one before may have made it ...
 *     store_sync(store, err); run_lock_release(&lock);
 *
 * It never blocks, it ends with the process, and it leaves no file behind but after a crash.
 */
#pragma once

#include "base/buf.h"
#include "base/digest.h"

struct store;

enum { RUN_LOCK_TEXT = 4096 };

enum run_lock_result { RUN_LOCK_FAILED, RUN_LOCK_HELD, RUN_LOCK_BUSY };

struct run_lock {
	struct store *store;
	int fd;
	char name[DIGEST_TEXT + 1];
};

#define RUN_LOCK ((struct run_lock){.fd = -1})

/* The holder's text is "process 123: <purpose>". */
enum run_lock_result run_lock_try(struct store *store, const struct digest *digest,
	const char *purpose, struct run_lock *out, struct buf *holder, struct err *err);
void run_lock_release(struct run_lock *lock);
