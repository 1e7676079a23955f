/* SPDX-License-Identifier: MPL-2.0 */
/*
 * lock: `<entry file>.lock`, which maps islands to the identities that they were resolved to. The
 * manual is cab-lock(5); the contract is DESIGN section 5.
 *
 *     {
 *     "derivation:report": {"identities":["cab f…"],"locked":"…","pinned":"<pinned digest>"},
 *     "github:o/r": {"identities":["git 1f0c…","cab d…"],"locked":"2026-01-02T03:04:05Z"},
 *     "~": 1
 *     }
 *
 * One line an entry, sorted bytewise by key, each followed by a comma; "~" is the format's version
 * and always last, so that git merges lines of two branches. Keys: an island's canonical text,
 * "ORIGIN>TEXT" for an island met in the files of the island ORIGIN, "derivation:<name>".
 *
 *     struct lock lock = {0};
 *     if (!lock_read(folder, "default.cab.lock", &lock, err)) …    absent is an empty lock
 *     entry = lock_find(&lock, text);
 *     lock_release(&lock);
 *
 * Writing: hold the folder, read anew, put, write.
 *
 *     struct lock_hold hold;
 *     if (!lock_hold_try(folder, &hold, err)) …                    or lock_hold_wait
 *     lock_read …; lock_put(&lock, &entry); …
 *     if (!lock_write(folder, "default.cab.lock", &lock, &written, err)) …
 *     lock_hold_end(&hold);
 *
 * The reader is strict and names the line: what it refuses is ERR_CORRUPT, a file that is no
 * regular file or over LOCK_SIZE is refused before it is read. It takes entries in any order and
 * rewrites nothing by itself.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"
#include "derivation/identity.h"

enum { LOCK_SIZE = 64 << 20, LOCK_LINE = 64 << 10, LOCK_KEY = 16 << 10, LOCK_VERSION = 1 };

struct lock_entry {
	struct bytes key;
	const struct identity *identities; /* as reported, 1 to 16; formats are distinct */
	size_t identity_count;
	int64_t time; /* seconds since 1970, UTC */
	bool has_pinned;
	struct digest pinned; /* of `derivation:<name>` entries: the pinned digest that was run */
};

struct lock {
	struct arena arena;
	struct lock_entry *entries; /* sorted by key, distinct */
	size_t size;
	size_t capacity;
	struct buf original; /* the file's bytes, for "unchanged is untouched" */
};

#define cleanup_lock __attribute__((cleanup(lock_release)))

/* An absent file is an empty lock. `out` is released before it is filled. Links are not followed.
 */
MUST_CHECK bool lock_read(int folder, const char *name, struct lock *out, struct err *err);
MUST_CHECK bool lock_decode(struct bytes text, struct lock *out, struct err *err);
void lock_encode(const struct lock *lock, struct buf *out);
void lock_release(struct lock *lock);

/* Borrowed until the next lock_put or lock_release; NULL when absent. */
const struct lock_entry *lock_find(const struct lock *lock, struct bytes key);
/* Adds or replaces. An entry whose identities and pinned digest are those that it has already is
 * left as it is, its time too. Copies. False, when nothing changed. */
bool lock_put(struct lock *lock, const struct lock_entry *entry);
bool lock_remove(struct lock *lock, struct bytes key);
bool lock_entry_equal(const struct lock_entry *left, const struct lock_entry *right);
/* "cab HASH" of an entry, what a pin is made of; empty where it has none (only evaluation read it).
 */
struct bytes lock_entry_cab(const struct lock_entry *entry);

/* Writes by rename; a lock whose bytes are those of the file leaves it untouched. An empty lock
 * without a file makes none. *written_out says whether a file was written. */
MUST_CHECK bool lock_write(
	int folder, const char *name, struct lock *lock, bool *written_out, struct err *err);

/* "ORIGIN>TEXT"; TEXT alone where origin is empty. */
struct bytes lock_key(struct arena *arena, struct bytes origin, struct bytes text);
/* "derivation:<name>". */
struct bytes lock_derivation_key(struct arena *arena, struct bytes name);

/* The exclusive flock on an entry file's folder; it ends with the process, too. */
struct lock_hold {
	int fd;
};
/* ERR_LIMIT when another process holds it. */
MUST_CHECK bool lock_hold_try(int folder, struct lock_hold *out, struct err *err);
MUST_CHECK bool lock_hold_wait(int folder, struct lock_hold *out, struct err *err);
void lock_hold_end(struct lock_hold *hold);
