/* SPDX-License-Identifier: MPL-2.0 */
/*
 * feature: whether this is the whole module, or the small one, which shows what git and tar.gz alone
 * cost. A constant of feature.c, which is compiled for each: what it leaves unused is not linked. The
 * small one has neither repositories of SHA-256 nor servers of version 0, no submodules, no LFS, no parts of
 * commits, no list of tags, takes no hint, and has no images and no documents of registries: of these
 * only a crate of a version.
 */
#pragma once

#include "port.h"

extern const bool feature_whole;

/* The bytes of an id in a repository that has ids of so many. */
static inline size_t
id_size(size_t kept)
{
	return feature_whole ? kept : SUM_SHA1;
}
