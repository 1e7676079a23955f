/* SPDX-License-Identifier: MPL-2.0 */
/*
 * derive: toDerivation: the derivation that fetches an island.
 *
 * Program and only input is the one module shared by all builtin islands; the arguments are told in
 * scheme_list.h; the environment is empty but for CAB_READ of island_objects; `requiredRealizerFeatures` is ["wasm"], `fixed` "self",
 * `outputs` ["out"]. `origins` is what the program may reach: the base's origin or that of the
 * ref's URL, and "redirects" where the scheme's row allows them and it is not ssh, and those that
 * `submodules` and `lfs` name. The same island and settings give
 * the same bytes always; no lock, no revision that was found out and no machine enters.
 */
#pragma once

#include "derivation/derivation.h"
#include "island/island.h"

struct island_settings {
	struct bytes program;            /* "/cull/store/<digest>-island.wasm" */
	struct bytes base[SCHEME_COUNT]; /* from `islands.SCHEME.base`; empty: the row's */
};

/* Checks a base of the configuration: an http(s) URL (of a forge also ssh, or the registry's symbolic
 * origin), no user name but with ssh, no query or fragment; gives it without a last '/'. */
MUST_CHECK bool island_base_parse(struct arena *arena, const struct scheme *scheme,
	struct bytes text, struct bytes *out, struct err *err);

/* A local island is ERR_REFUSED: it has no derivation. The result borrows from arena and settings.
 */
MUST_CHECK bool island_derive(struct arena *arena, const struct island *island,
	const struct island_settings *settings, struct derivation *out, struct err *err);
/* Where a forge shows what lies between two `git` values (COMPARE rows of scheme_list.h); false where it has no such page. */
bool island_compare_url(struct arena *arena, const struct island *island,
	const struct island_settings *settings, struct bytes old, struct bytes new,
	struct bytes *out);
/* scheme://host[:port] of an http(s) URL, host in lower case, without the scheme's usual port;
 * "registry:NAME" of a symbolic one. False where it is neither. */
MUST_CHECK bool island_origin(struct arena *arena, struct bytes url, struct bytes *out);
