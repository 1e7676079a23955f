/* SPDX-License-Identifier: MPL-2.0 */
/*
 * submodule: the submodules of a commit, each fetched by its own commit id into its folder, and theirs.
 *
 * Which they are the tree says; where they come from, `.gitmodules` at the top of the commit. A URL
 * may be relative to that of the repository, or is http or https; whether its origin may be reached the
 * realizer decides. SUBMODULES in all, SUBMODULE_DEPTH in each other.
 */
#pragma once

#include "checkout.h"

enum { SUBMODULES = 1000, SUBMODULE_DEPTH = 8, SUBMODULE_FILE = 256 << 10 };

/* A repository whose checkout is finished. */
struct superproject {
	const struct checkout *checkout;
	struct span url;
	struct span subpath; /* what of it was checked out */
	unsigned depth;
	uint32_t *count; /* of submodules so far */
};

void submodules_fetch(const struct superproject *super);
/* Where a submodule's URL leads, relative to its repository's; ends the program where it may not. */
void submodule_url(struct text *out, struct span base, struct span url);

/* git.c's: a commit of a repository into a folder that is there, with its submodules. */
void git_submodule(const struct superproject *super, struct span url, const struct link *link);
