/* SPDX-License-Identifier: MPL-2.0 */
/*
 * fetcher: what a scheme that is no builtin one is bound to: a WebAssembly module, and what it may reach.
 *
 *     if (!fetcher_check(arena, scheme, &given, &fetcher, err)) …
 *     words.fetcher = &fetcher;                   island_parse and island_derive do the rest
 *
 * A scheme of one's own is written in lower-case letters, digits and "+._-", begins with a letter, has
 * FETCHER_SCHEME bytes at most, is no builtin one, and not "derivation", which locks use.
 *
 * Its islands have any ref without blanks, control characters and characters that are not ASCII. Their configuration is
 * the module's: KEY is a letter and letters, digits, '-' and '_'; texts are printable ASCII. "base" and "subpath" are cab's.
 * The name of the object is the last part of subpath or ref, or the scheme's.
 *
 * The arguments of the module are those of island.wasm (scheme_list.h): the scheme's text, the ref, then KEY=VALUE in
 * bytewise order of keys: what the configuration says, numbers in decimal, truths as `true` and `false`; base=URL and
 * subpath=a/b where there are any.
 */
#pragma once

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

enum {
	FETCHER_SCHEME = 32,
	FETCHER_ORIGINS = 64,
	FETCHER_VALUE = 1024,
	FETCHER_ENTRIES = 64,
	FETCHER_TEXT =
		8000, /* of an island, canonical: a lock's key has room for it and for the island in whose file it stands */
};

struct island_fetcher {
	struct bytes program;       /* a file of one of the inputs */
	const struct bytes *inputs; /* as a derivation has them: sorted, distinct */
	size_t input_count;
	struct bytes
		base; /* a URL without a last '/', or empty; its origin is one of the origins */
	/* Origins; "redirects": to others as well; "ref": that of the ref, which then is a URL. Sorted, distinct. */
	const struct bytes *origins;
	size_t origin_count;
};

bool fetcher_scheme_is_valid(struct bytes scheme);
/* Checks base and origins, and gives them in their form; the rest is taken as it is. ERR_REFUSED names the scheme. */
MUST_CHECK bool fetcher_check(struct arena *arena, struct bytes scheme,
	const struct island_fetcher *given, struct island_fetcher *out, struct err *err);
bool fetcher_equal(const struct island_fetcher *left, const struct island_fetcher *right);
