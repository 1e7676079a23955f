/* SPDX-License-Identifier: MPL-2.0 */
/*
 * island: a lazily fetched tree or file, `<scheme:ref:{config}:subpath>`, read from its parts.
 *
 *     struct island_words words = {.scheme = …, .ref = …, .entries = …, .subpath = …};
 *     if (!island_parse(arena, &words, &island, err)) …
 *     use(island.text, island.name);          the lock's key; the object's name
 *
 * Schemes that are no builtin ones are told in fetcher.h.
 *
 * Nothing is fetched and no configuration of the host is read. The language has done interpolation
 * and escapes; what comes here is hostile all the same, for the text may stand in a fetched tree.
 * Refused (ERR_REFUSED, with a sentence that names the island): an unknown scheme or key (with the
 * nearest name), a key that the scheme has no use for, control characters, spaces, a part that
 * begins with '-', user names in URLs, an empty host, "." and ".." parts, texts over ISLAND_TEXT.
 *
 * Configuration: reference, revision, submodules and lfs of git-shaped schemes; checksum of archives,
 * files and registries; strip of archives and registries; platform of images. `checksum` is "sha256-" or "sha512-"
 * followed by hexadecimal digits or base64 (as in Subresource Integrity), and is kept as lower-case
 * hexadecimal.
 *
 * `submodules` is true, or the origins besides the island's own that submodules may come from, in a
 * text with spaces between: ISLAND_ORIGINS at most. `lfs` is the same, for contents that the tree has pointers of.
 *
 * Canonical text: SCHEME[:REF][:{ KEY = VALUE, … }][:SUBPATH] in the language's own spelling, keys
 * in bytewise order, each entry followed by a comma; a subpath without configuration follows "::".
 *
 * Name of the object: the last part of subpath, URL or repository without an archive's ending;
 * NAME-VERSION for registries, NAME where the text has no version. Bytes that no object's name may
 * hold become '-'.
 */
#pragma once

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

struct island_fetcher;

enum { ISLAND_TEXT = 4096, ISLAND_STRIP = 16, ISLAND_ORIGINS = 16 };

/* A scheme that is no builtin one has the number SCHEME_COUNT. */
enum scheme_id {
#define SCHEME(name, text, shape, base, redirects, formats) SCHEME_##name,
#include "island/scheme_list.h"
	SCHEME_COUNT,
};

enum scheme_shape {
	SHAPE_FORGE,
	SHAPE_GIT,
	SHAPE_ARCHIVE,
	SHAPE_FILE,
	SHAPE_REGISTRY,
	SHAPE_OCI,
	SHAPE_LOCAL,
	SHAPE_FOREIGN, /* of no row: bound to a fetcher */
};

struct scheme {
	enum scheme_id id;
	enum scheme_shape shape;
	const char *text;
	const char *base;
	bool redirects;
	const char *formats; /* separated by one space */
};

/* NULL where there is none of this name. */
const struct scheme *scheme_find(struct bytes text);
const struct scheme *scheme_get(enum scheme_id id);

enum island_entry_kind { ISLAND_ENTRY_TEXT, ISLAND_ENTRY_NUMBER, ISLAND_ENTRY_TRUTH };

struct island_entry {
	struct bytes key;
	enum island_entry_kind kind;
	struct bytes text;
	int64_t number; /* 0 or 1 for a truth */
};

/* An island as the language hands it over. */
struct island_words {
	struct bytes scheme;
	struct bytes ref;
	const struct island_entry *entries; /* in any order */
	size_t entry_count;
	struct bytes subpath; /* empty, or with a leading '/' */
	/* What a scheme that is no builtin one is bound to, checked; kept by the island. NULL: such a scheme is refused, or, where
	 * only the island's text is wanted (`unbound`), taken without one. */
	const struct island_fetcher *fetcher;
	bool unbound;
};

/* What a git-shaped island has beside its commit. */
struct island_more {
	bool wanted;
	struct bytes origins; /* beyond its own: sorted, a space between; or empty */
};

struct island {
	const struct scheme *scheme;
	struct bytes ref;
	struct bytes place;     /* OWNER/REPO, the URL, the registry's NAME; empty for local ones */
	struct bytes reference; /* from `@` or the configuration; a registry's version; or empty */
	struct bytes revision;  /* or empty */
	struct bytes checksum;  /* "sha256-<hex>", or empty */
	struct bytes platform;  /* of an image: "linux/arm64"; or empty */
	struct bytes subpath;   /* without a leading '/', or empty; absolute for fs */
	struct island_more submodules;
	struct island_more lfs;
	bool versions; /* its tags or versions are wanted, not its content: island_versions, never its text */
	struct bytes
		since; /* commits are counted that lead to the revision and not to this one: island_commits, never its text */
	struct bytes read; /* some of its objects are wanted: island_objects, never its text */
	int strip;         /* -1: not said */
	bool reference_is_entry;              /* it came from the configuration */
	const struct island_fetcher *fetcher; /* of SHAPE_FOREIGN; NULL: nothing is known of it */
	const struct island_entry *entries;   /* of SHAPE_FOREIGN, in bytewise order of keys */
	size_t entry_count;
	struct bytes text; /* canonical */
	struct bytes name; /* of its object */
};

/* The builtin scheme that a word may have been meant for; NULL where none is near. */
const char *island_scheme_nearest(struct bytes text);
/* The island borrows from the arena alone. */
MUST_CHECK bool island_parse(
	struct arena *arena, const struct island_words *words, struct island *out, struct err *err);
/* The same island at another branch, tag or revision, for one run: its name, options and subpath stay. ERR_REFUSED, with a
 * sentence, for an island that is not git's or whose own text names a revision. */
MUST_CHECK bool island_at_reference(struct arena *arena, const struct island *island,
	struct bytes reference, struct island *out, struct err *err);
/* The listing of its tags, or of the versions of a package, as an island; of others there is none (ERR_REFUSED, with a
 * sentence). It has the text of the one that it is of; what comes is read by versions_read. */
MUST_CHECK bool island_versions(
	struct arena *arena, const struct island *island, struct island *out, struct err *err);
/* What tells how many commits lead to one revision and not to another, as an island: of git-shaped schemes only, from the values
 * of two `git` identities (else false). What its program reports as "commits" is read by commits_read. */
MUST_CHECK bool island_commits(struct arena *arena, const struct island *island, struct bytes old,
	struct bytes new, struct island *out);
/* Whether evaluation may read it by the ids of git's objects alone. */
bool island_has_objects(const struct island *island);
/*
 * Some objects of its repository, as an island whose output is a file of records (cab-guest(7)): `wanted` is "trees", the
 * commit with its trees, or ids of contents with a space between. With a revision (digits, or nothing) of that commit, else of
 * the one that the island means. Whatever the subpath, it is the same.
 */
void island_objects(struct arena *arena, const struct island *island, struct bytes revision,
	struct bytes wanted, struct island *out);
/* The value of its `git` identity at a revision. */
struct bytes island_git_value(
	struct arena *arena, const struct island *island, struct bytes revision);
bool island_is_local(const struct island *island);

/*
 * The pin that an island's own text gives, "sha256.tar1 HEX[:SUBPATH][+strip=N]" (or another
 * algorithm, or `.file1`), SUBPATH percent-encoded but for letters, digits and "-._~/". False where
 * its text holds no checksum: the lock says then.
 */
bool island_pin(struct arena *arena, const struct island *island, struct bytes *pin_out);
