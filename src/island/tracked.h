/* SPDX-License-Identifier: MPL-2.0 */
/*
 * tracked: the names that the index of a git repository holds, in bytewise order.
 *
 *     struct tracked tracked = TRACKED;
 *     if (!tracked_read(&tracked, "/home/me/project/.git/index", err)) ...   nothing where there is none
 *     const struct tracked_row *row = tracked_find(&tracked, path);
 *     tracked_release(&tracked);
 *
 * An index of version 2, 3 or 4 as gitformat-index(5) says it, with object ids of 20 bytes: of each
 * entry its mode and its name, of the extensions only that none is of those that must be understood
 * (`link`, a split index; `sdir`, a sparse one). What git reads without looking at its checksum is
 * so read here. It is a sixth of the work of an unchanged tree, which is why it is not libgit2's.
 */
#pragma once

#include "base/arena.h"
#include "base/array.h"
#include "base/buf.h"
#include "base/err.h"

enum { TRACKED_FILE_MAX = 1 << 30, TRACKED_NAME_MAX = 4096 };

struct tracked_row {
	struct bytes path;
	bool link; /* a repository of its own */
};

struct tracked {
	struct buf data;
	struct arena
		names; /* those of version 4, which are written as what differs from the one before */
	ARRAY(struct tracked_row) rows;
	size_t last; /* found last: a walk asks in nearly the same order */
};

#define TRACKED ((struct tracked){.data = BUF(TRACKED_FILE_MAX)})

MUST_CHECK bool tracked_read(struct tracked *tracked, const char *path, struct err *err);
/* Of bytes that stay where they are as long as the names are used. */
MUST_CHECK bool tracked_decode(struct tracked *tracked, struct bytes data, struct err *err);
void tracked_release(struct tracked *tracked);

const struct tracked_row *tracked_find(struct tracked *tracked, struct bytes path);
/* Whether a name begins with these bytes, which end in '/' or are empty. */
bool tracked_has_beneath(const struct tracked *tracked, struct bytes folder);
