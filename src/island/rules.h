/* SPDX-License-Identifier: MPL-2.0 */
/*
 * rules: which names of a folder git would have: what its index tracks, and what no pattern of
 * .gitignore, .git/info/exclude or core.excludesFile ignores.
 *
 *     struct rules *rules;
 *     if (!rules_open("/home/me/project", &rules, err)) ...       NULL: it is no repository
 *     enum rules_verdict verdict = rules_judge(rules, "src/a.c", RULES_FILE)
 *     rules_close(rules);
 *
 * Repository and git's configuration are read by libgit2 (the index by tracked.h), which is loaded at the first
 * rules_open, so that a run without local trees does not wait for it; it is the version that cab was
 * built with. The patterns are matched by ignore.h: libgit2 drops a negated pattern that negates
 * none of its own file, and takes a link to a folder for a folder. Paths are bytes beneath the
 * repository's root, without a '/' at either end; asked in the order of a walk they are cheap.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

struct rules;

enum rules_verdict {
	RULES_OUT,
	RULES_IN,
	RULES_LINK, /* a repository of its own, tracked as one: an empty folder */
};

enum rules_kind { RULES_FILE, RULES_FOLDER };

/* The folder that holds `.git`. *out is NULL, without an error, where git sees no repository there. */
MUST_CHECK bool rules_open(const char *root, struct rules **out, struct err *err);
void rules_close(struct rules *rules);

/* Of a folder RULES_IN says that something of it may be in. */
MUST_CHECK bool rules_judge(struct rules *rules, const char *path, enum rules_kind kind,
	enum rules_verdict *out, struct err *err);
/* Whether the index has something beneath a folder ("" for all). */
bool rules_tracks_beneath(const struct rules *rules, const char *folder);
