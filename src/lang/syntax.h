/* SPDX-License-Identifier: MPL-2.0 */
/*
 * syntax: the tree of a source, by a parser that recovers and reports every independent error.
 *
 *     struct tree *tree = tree_new(source);
 *     bool sound = syntax_parse(tree, &diagnostics);
 *     sound = scope_resolve(tree, &names, &diagnostics) && sound;      scope.h; also after errors
 *     if (sound) evaluate(tree->root);
 *     tree_free(tree);
 *
 * The tree belongs to its arena; texts in it are copies or spans of the source. What stands in it
 * is what is evaluated, not how it was written:
 *   - attribute paths are nested sets (`a.b = 1, a.c = 2` is `a = { b = 1, c = 2, }`), an inherited
 *     name is a definition, entries are in bytewise order of their names, those with a dynamic name
 *     last;
 *   - parentheses are gone, a block without statements is its value;
 *   - `v |> f` and `f <| v` are calls, `f a b` is one call with two arguments;
 *   - `x.{a, b} or d` is  SHARE x in if x ? a && x ? b then { a = x.a, b = x.b, } else d.
 *
 * Depth. Brackets, interpolations, prefix operators and `if` in a condition or a `then` may nest
 * SYNTAX_DEPTH_MAX deep; more is one error. Everything else is unbounded and makes trees as deep as
 * the file is long: `a + a + …` to the left, `x : x : …`, `x => x => …`, `else if`, `a.b or c.d or
 * …` to the right, `a.a.a = 1` downwards. So every pass over a tree keeps its own stack: none
 * recurses.
 */
#pragma once

#include "base/arena.h"
#include "lang/diagnostic.h"
#include "lang/source.h"

enum { SYNTAX_DEPTH_MAX = 512 };

struct node;
struct pattern;

enum node_kind {
#define NODE(name, member) NODE_##name,
#include "lang/node_list.h"
#undef NODE
};

enum node_operator {
#define OPERATOR(name, token, text, left, right) OPERATOR_##name,
#include "lang/node_list.h"
#undef OPERATOR
};

/* Where the value of a name is: filled by scope_resolve, see scope.h. */
enum place_kind {
	PLACE_NONE,
	PLACE_LOCAL,   /* slot `index` of the frame `depth` functions further out */
	PLACE_BUILTIN, /* row `index` of scope_names.builtins */
	PLACE_AMBIENT, /* row `index` of scope_names.ambient */
};

struct place {
	enum place_kind kind;
	uint32_t depth;
	uint32_t index;
};

/* Text and holes: a part with a value is a hole, its text is empty. Two texts are never neighbours,
 * none is empty; an empty string has no parts. */
struct node_part {
	struct bytes text;
	struct node *value;
	struct span span;
};

struct node_text {
	struct node_part *parts;
	size_t count;
};

/* The name of an attribute: text, or a NODE_STRING with holes. */
struct node_name {
	struct bytes text;
	struct node *dynamic; /* NULL where the name is known */
	struct span span;
};

struct node_path {
	struct node_name *names;
	size_t count; /* at least 1 */
};

struct node_item {
	struct node *value;
	bool spread; /* ...value */
};

struct node_entry {
	struct node_name name;
	struct node *value;
};

/* pattern = value; in a block. */
struct node_binding {
	struct pattern *pattern;
	struct node *value;
	uint32_t slot; /* of a pattern other than a name: where the whole value is kept (scope.h) */
	struct span span;
};

struct node_block {
	struct node_binding *bindings;
	size_t binding_count;
	struct node **steps; /* expression statements, forced in this order before the value */
	size_t step_count;
	struct node *value;
};

struct node_clause {
	struct pattern *pattern;
	struct node *body;
};

struct node_lambda {
	struct node_clause *clauses; /* the first that matches is taken */
	size_t count;                /* at least 1 */
	uint32_t frame_size;         /* slots of the frame that a call makes */
};

enum call_form {
	CALL_PLAIN,
	CALL_PIPE_RIGHT, /* argument |> function */
	CALL_PIPE_LEFT,  /* function <| argument */
};

struct node_call {
	struct node *function;
	struct node **arguments;
	uint32_t count; /* at least 1; exactly 1 in a pipe */
	enum call_form form;
};

struct node_select {
	struct node *base;
	struct node_path path;
	struct node *fallback; /* of `or`; NULL for none, and in NODE_HAS */
};

/* A part that was not written has count 0; what was written is not empty. */
struct node_island {
	struct node_text scheme;
	struct place fetcher; /* of the scheme as a name, where one is bound; scope_resolve */
	struct node_text reference;
	struct node *config; /* a NODE_SET, perhaps in NODE_SHAREs; or NULL */
	struct node_text subpath;
	struct node_text outer; /* the glued path after '>', beginning with '/' */
};

/* Evaluates body, in which NODE_SHARED stands for `value`, evaluated at most once. */
enum share_form {
	SHARE_SET,     /* value.{…}: body is a NODE_SET, or a NODE_IF with it and a fallback */
	SHARE_LIST,    /* value.[…]: the same with a NODE_LIST */
	SHARE_ENTRIES, /* { value.{…}, … }: body is a NODE_SET, or another such share */
};

struct node_share {
	struct node *value;
	struct node *body;
	struct node **selects; /* the NODE_SELECTs of it, in the order written */
	size_t count;
	enum share_form form;
	uint32_t slot;
};

struct node {
	enum node_kind kind;
	bool parenthesised;
	struct span span;
	union {
		struct {
			struct bytes text;
			struct place place;
		} name;
		int64_t integer;
		double number;
		struct node_text text;
		struct node_island *island;
		struct {
			struct node_item *items;
			size_t count;
		} list;
		struct {
			struct node_entry *entries;
			size_t count;
			size_t static_count; /* the first ones, whose names are known */
		} set;
		struct node_block *block;
		struct {
			struct node *condition;
			struct node *yes;
			struct node *no;
		} branch;
		struct node_lambda *lambda;
		struct node_call call;
		struct node_select select;
		struct node *operand;
		struct {
			struct node *left;
			struct node *right;
			enum node_operator operator;
			struct span span; /* of the operator itself */
		} binary;
		struct {
			struct bytes name;
			struct node *value;
			uint32_t slot;
			struct span span; /* of the name */
		} at;
		struct node_share *share;
		struct {
			struct node *share; /* a NODE_SHARE of the same frame */
		} shared;
		struct draft *draft; /* of the parser, until it is done */
	};
};

enum pattern_kind {
	PATTERN_ANY,     /* _ */
	PATTERN_NAME,    /* name */
	PATTERN_LITERAL, /* compared by == */
	PATTERN_AT,      /* name @ inner */
	PATTERN_LIST,    /* [a, b, ...tail], and a : b : tail */
	PATTERN_SET,     /* { a, b ? default, c = inner, ... } */
};

struct pattern_field {
	struct bytes name;
	struct pattern *pattern;
	struct node *fallback; /* of name ? expr, or NULL */
	struct span span;
};

struct pattern {
	enum pattern_kind kind;
	struct span span;
	union {
		struct {
			struct bytes text;
			uint32_t slot;
			struct pattern *inner; /* of PATTERN_AT */
		} name;
		struct node
			*literal; /* INTEGER FLOAT STRING TRUE FALSE NULL; negative ones folded */
		struct {
			struct pattern **items;
			size_t count;
			struct pattern *tail; /* NULL: exactly `count` items; no PATTERN_LIST with
						 items, those are joined */
		} list;
		struct {
			struct pattern_field *fields; /* in bytewise order */
			size_t count;
			bool open;
		} set;
	};
};

struct tree {
	const struct source *source;
	struct node *root;
	uint32_t frame_size; /* slots of the file's own frame */
	bool lossy;          /* faults may have cost definitions: absent names say nothing */
	struct arena arena;
};

/* The source must outlive the tree. */
struct tree *tree_new(const struct source *source);
void tree_free(struct tree *tree);

/* False where at least one error was added. tree->root is never NULL afterwards. */
MUST_CHECK bool syntax_parse(struct tree *tree, struct diagnostics *diagnostics);

/* The tree, as syntax_parse made it, as compact canonical Cab text with no more parentheses than
 * reading it back needs. syntax_parse of it gives an equal tree, unless brackets that stand for
 * what the source wrote without them pass SYNTAX_DEPTH_MAX. */
void syntax_print(const struct node *node, struct buf *out);
/* Equal but for spans and for what scope_resolve fills in. */
bool syntax_equal(const struct node *left, const struct node *right);

const char *operator_text(enum node_operator operator);

/* A pattern that is only a name or `_`: it matches anything without looking. */
static inline bool
pattern_is_plain(const struct pattern *pattern)
{
	return pattern->kind == PATTERN_ANY || pattern->kind == PATTERN_NAME;
}
