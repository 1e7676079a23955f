/* SPDX-License-Identifier: MPL-2.0 */
/*
 * island_ref: how refs and subpaths are written, scheme by scheme. Inside island/ only.
 */
#pragma once

#include "island/island.h"

/* Fills place, reference and the name that the ref gives, from scheme and ref. */
MUST_CHECK bool island_ref_parse(struct arena *arena, struct island *island, struct err *err);
/* OS/ARCHITECTURE[/VARIANT], as images name it. */
bool island_platform_is_valid(struct bytes platform);
/* A branch, tag or revision, as git allows it to be named. */
bool island_reference_is_valid(struct bytes reference);
/* A version of a registry's package (of npm a dist-tag too), as a ref can name it. */
bool island_version_is_valid(enum scheme_id scheme, struct bytes version);
/* What the object of a package is called where its ref has no version. */
struct bytes island_package_name(struct arena *arena, const struct island *island);
/* Takes the leading '/' of a subpath away and checks its parts. */
MUST_CHECK bool island_subpath_parse(
	const struct island *island, struct bytes subpath, struct bytes *out, struct err *err);
/* A name that an object may have. */
struct bytes island_name_clean(struct arena *arena, struct bytes name);
/* The URL that an ARCHIVE, FILE or GIT ref stands for. */
struct bytes island_url(struct arena *arena, const struct island *island);
