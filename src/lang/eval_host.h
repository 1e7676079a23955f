/* SPDX-License-Identifier: MPL-2.0 */
/*
 * eval_host: all that evaluation knows of the outside: a struct of functions and their context,
 * given to evaluator_new by a layer above lang. Evaluation itself opens no file, knows no scheme, no
 * store and no digest.
 *
 * Ownership: whatever a function hands out by pointer (island_ref, context_item, host_derivation and
 * every text in them) belongs to the host and lives as long as the host does, which is longer than
 * the evaluator. What evaluation hands in lives for the call.
 *
 * Identity: the host interns islands and items: asked twice for the same thing it gives the same
 * pointer for an island_ref, and items that compare equal by kind and path.
 *
 * Failure: false with *err filled; the text becomes the title of an evaluation error at the
 * expression that asked. ERR_NOT_FOUND, ERR_LIMIT and the rest keep their kind in it.
 *
 * Paths: { root, text }; root NULL is the machine that evaluates (or an object of the store, when
 * the text begins with the store's logical path), text is absolute and normalised: "/" is the root
 * of an island. Calls about one path may come many times; the host keeps what is dear.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

/* An island, opened: the host's own struct begins with this one. */
struct island_ref {
	const char *text; /* canonical, as a lock names it: `<github:o/r>` without the brackets */
};

enum context_kind {
	CONTEXT_OBJECT, /* something that is in the store already */
	CONTEXT_OUTPUT, /* an output of a derivation */
};

/* One thing that a string mentions. */
struct context_item {
	enum context_kind kind;
	bool placeholder;   /* the path is not the final one: not to be hashed or taken apart */
	const char *path;   /* how it stands in text: /cull/store/… */
	const char *output; /* the output's name; NULL for an object */
	const void *handle; /* the host's: its derivation or object */
};

/* A derivation that the host has accepted. */
struct host_derivation {
	const void *handle;
	const char *name;
	const char *path; /* of its .drv */
	size_t output_count;
	const struct context_item *const *outputs; /* in the order of the request */
};

enum option_kind { OPTION_TEXT, OPTION_NUMBER, OPTION_TRUTH };

/* One entry of an island's configuration. */
struct island_option {
	enum option_kind kind;
	struct bytes name;
	struct bytes text; /* OPTION_TEXT */
	int64_t number;    /* OPTION_NUMBER; 0 or 1 for OPTION_TRUTH */
};

/* What a scheme that the host does not have is bound to. */
struct host_fetcher {
	struct bytes program; /* the path of a module; it may mention items */
	const struct context_item *const *items;
	size_t item_count;
	struct bytes base; /* or empty */
	const struct bytes *origins;
	size_t origin_count;
};

/* <scheme:ref:{options}:subpath>, after interpolation. */
struct island_literal {
	struct bytes scheme;
	const struct host_fetcher *fetcher; /* NULL: a scheme of the host's, or bound to nothing */
	struct bytes ref;
	const struct island_option *options; /* in bytewise order of names */
	size_t option_count;
	struct bytes subpath;               /* empty or with a leading '/' */
	const struct island_ref *from_root; /* the file in which the literal stands */
	struct bytes from;                  /* its path */
};

struct host_path {
	const struct island_ref *root;
	struct bytes text;
	bool import; /* it is read as a source of the language */
};

enum path_kind { PATH_MISSING, PATH_FILE, PATH_FOLDER, PATH_LINK, PATH_OTHER };

/* Called for each name of a folder, in any order; names are valid UTF-8 (the host refuses others).
 */
typedef void path_visit(void *visitor, struct bytes name, enum path_kind kind);

struct host_pair {
	struct bytes name;
	struct bytes value;
};

/* What derivationStrict was given. Every text may mention paths of `items`; all are free of NUL. */
struct derivation_request {
	struct bytes name;
	struct bytes program;
	const struct bytes *arguments;
	size_t argument_count;
	const struct host_pair *environment; /* in bytewise order of names */
	size_t environment_count;
	const struct bytes *outputs; /* at least one, in the order given, distinct */
	size_t output_count;
	const struct bytes *features; /* sorted, distinct */
	size_t feature_count;
	const struct bytes *fixed; /* none; or "self" alone; or "FORMAT VALUE" lines */
	size_t fixed_count;
	const struct bytes *origins; /* sorted, distinct */
	size_t origin_count;
	const struct context_item *const *items; /* the inputs, sorted, distinct */
	size_t item_count;
};

enum host_message { MESSAGE_TRACE, MESSAGE_WARNING };

struct eval_host {
	void *context;

	/* Whether the host has a scheme itself: no binding of its name counts then. NULL: it has all. */
	bool (*scheme_is_own)(void *context, struct bytes scheme);
	/* Checks the text of an island and names it; fetches nothing. */
	bool (*island_open)(void *context, const struct island_literal *literal,
		const struct island_ref **out, struct err *err);
	/* What stands in a string for the island's root: its derivation's output, or the object of
	 * a local island. */
	bool (*island_output)(void *context, const struct island_ref *island,
		const struct context_item **out, struct err *err);
	/* toDerivation. */
	bool (*island_derive)(void *context, const struct island_ref *island,
		const struct host_derivation **out, struct err *err);

	/* What a path names, links not followed; PATH_MISSING is an answer, not a failure. */
	bool (*path_kind)(
		void *context, const struct host_path *path, enum path_kind *out, struct err *err);
	/* A whole file, added to out under out's ceiling. Links are followed inside the path's root
	 * only. */
	bool (*path_read)(
		void *context, const struct host_path *path, struct buf *out, struct err *err);
	bool (*path_list)(void *context, const struct host_path *path, path_visit *visit,
		void *visitor, struct err *err);
	/* Copies a local file or folder to the store. */
	bool (*path_store)(void *context, const struct host_path *path,
		const struct context_item **out, struct err *err);
	/* A file of the store with this content, which may mention the items. */
	bool (*text_store)(void *context, struct bytes name, struct bytes content,
		const struct context_item *const *items, size_t item_count,
		const struct context_item **out, struct err *err);
	/* The object that a store path's text names; it must be there. */
	bool (*store_path)(
		void *context, struct bytes text, const struct context_item **out, struct err *err);

	bool (*derive)(void *context, const struct derivation_request *request,
		const struct host_derivation **out, struct err *err);
	/* Builds what the placeholders among the items stand for, and adds the text to out with the
	 * final paths in it. NULL: evaluation may not build. */
	bool (*output_build)(void *context, struct bytes text,
		const struct context_item *const *items, size_t item_count, struct buf *out,
		struct err *err);

	/* `trace` and `warn`: one message, which may hold control characters. */
	void (*message)(void *context, enum host_message kind, struct bytes text);

	/* Whether somebody wants evaluation to end (it fails with ERR_CANCELLED then). Asked some
	 * hundred times a second, in the midst of evaluation; NULL is never. */
	bool (*cancelled)(void *context);
};
