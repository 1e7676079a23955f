/* SPDX-License-Identifier: MPL-2.0 */
/*
 * memo_commit: when a commit was made and what it follows, from the memo of the fetch that brought it
 * (cab-island(7), "A REF THAT MOVED").
 *
 *     struct memo_commit commit;
 *     if (memo_commit_read(memo, new, old, &commit)) use(commit.time, commit.commits);
 *
 * False where the memo is not of that revision, or says nothing that can be read. Revisions are in
 * hexadecimal digits.
 */
#pragma once

#include "base/bytes.h"

struct memo_commit {
	int64_t time; /* of the committer, seconds since 1970 */
	unsigned
		commits; /* between the two, where that is one: the old is its only parent; else 0 */
};

bool memo_commit_read(
	struct bytes memo, struct bytes revision, struct bytes old, struct memo_commit *out);
