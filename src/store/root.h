/* SPDX-License-Identifier: MPL-2.0 */
/*
 * root: what gc starts from: links to results, and locks; a record each in roots/.
 *
 * A result is a symlink somewhere whose target is "<physical root>/store/<digest>-<name>", perhaps
 * with a path after it. It is a root as long as it is so; root_link makes and registers one.
 * A lock is a file that names Cab hashes and revisions of git; at gc its bytes are searched for them (a
 * letter d, f, x or l and 52 letters of base32, or 40 or 64 hexadecimal digits, not inside a longer
 * word). It is a root as long as the file is there.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"
#include "store/object.h"

struct store;

enum { ROOT_LOCK_MAX = 256 << 20, ROOT_PATH_MAX = 4096 };

/* Registers, then makes or replaces, the symlink `path` (absolute) to the object. What is there and
 * is no symlink is ERR_REFUSED. Call after store_sync. */
MUST_CHECK bool root_link(struct store *store, const char *path,
	const struct object_reference *object, struct err *err);
/* Whether root_link could take the name: ERR_REFUSED where something else than a symlink is there. */
MUST_CHECK bool root_check_link(const char *path, struct err *err);
/* Registers a lock, which is there by now, by its absolute path. Writes nothing if it is registered
 * already. */
MUST_CHECK bool root_lock(struct store *store, const char *path, struct err *err);

/* The Cab hashes in a text, found as gc does. */
typedef ARRAY(struct cab_hash) cab_hash_list;
void root_search(struct bytes text, cab_hash_list *out);
/* The ids of git in a text: words of 40 or 64 lower-case hexadecimal digits. Each is borrowed from the text. */
typedef ARRAY(struct bytes) git_word_list;
void root_search_git(struct bytes text, git_word_list *out);

/* Off the front of a result's target, what comes before the next part that names an object, and that: its path. */
bool root_next_path(struct bytes *target, struct digest *out);

enum root_kind { ROOT_RESULT, ROOT_LOCK };

struct root {
	enum root_kind kind;
	char path[ROOT_PATH_MAX];
	struct object_reference object; /* of a result, when it was registered */
};

void root_encode(const struct root *root, struct buf *out);
MUST_CHECK bool root_decode(struct bytes data, struct root *out, struct err *err);
