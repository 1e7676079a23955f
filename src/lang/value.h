/* SPDX-License-Identifier: MPL-2.0 */
/*
 * value: what expressions evaluate to. Values are immutable once made and live in a collected heap
 * (heap.h), the only place that makes them; a pointer to one is a `struct value *`, and `kind` says
 * which struct it begins.
 *
 * A thunk is a value that is not known yet; where a thunk may stand is said beside each field. All
 * other places hold values in weak head form: their kind is known, their parts may be thunks.
 *
 *     kind                 struct        parts
 *     null boolean         value         `flag` holds the boolean
 *     integer float        number
 *     string               string        bytes (valid UTF-8, NUL allowed), context or NULL
 *     path                 path          text, and the island it is rooted in or NULL for local
 *     list                 list          head (may be a thunk), tail (a list); the empty list has
 *                                        length 0 and neither
 *     set                  set           entries in bytewise order of names (may be thunks)
 *     function             function      a lambda of the tree with its environment
 *     builtin              partial       a builtin with fewer arguments than it wants
 *
 * The text of a name belongs to a tree or to the heap, and lives as long as the evaluator.
 */
#pragma once

#include "base/bytes.h"
#include "lang/eval_host.h"

enum value_kind {
	VALUE_NULL,
	VALUE_BOOLEAN,
	VALUE_INTEGER,
	VALUE_FLOAT,
	VALUE_STRING,
	VALUE_PATH,
	VALUE_LIST,
	VALUE_SET,
	VALUE_FUNCTION,
	VALUE_BUILTIN,
	/* Never seen by programs. */
	VALUE_THUNK,
	VALUE_ENVIRONMENT,
	VALUE_CONTEXT,
	VALUE_FREE,
};

struct value {
	uint8_t kind;    /* enum value_kind */
	uint8_t marked;  /* the collector's */
	uint8_t flag;    /* a boolean's truth; a thunk's enum thunk_state */
	uint8_t visited; /* a walk over all parts is inside it */
	uint32_t count;  /* entries, slots, items or arguments that follow */
};

struct number {
	struct value value;
	union {
		int64_t integer;
		double real;
	};
};

struct context {
	struct value value;
	const struct context_item *items[]; /* value.count of them, sorted, without repeats */
};

struct string {
	struct value value;
	size_t size;
	struct context *context;
	uint8_t text[]; /* followed by a NUL that is not counted */
};

struct path {
	struct value value;
	const struct island_ref *root;
	size_t size;
	char text[]; /* absolute, normalised, followed by a NUL */
};

struct list {
	struct value value;
	size_t length;
	struct value *head;
	struct list *tail;
};

struct set_entry {
	struct bytes name;
	struct value *value;
};

struct set {
	struct value value;
	struct set_entry entries[];
};

struct environment {
	struct value value;
	struct environment *up;
	struct value *slots[];
};

struct node;
struct pattern;

struct function {
	struct value value;
	const struct node *node; /* a NODE_LAMBDA */
	struct environment *environment;
};

struct builtin;
struct partial {
	struct value value; /* count: how many arguments are there */
	const struct builtin *builtin;
	struct value *arguments[]; /* may be thunks */
};

enum thunk_state {
	THUNK_EXPRESSION, /* node in environment `first` */
	THUNK_APPLY,      /* function `first` (may be a thunk) on `second` */
	THUNK_STEP,       /* step(first, second) */
	THUNK_MATCH,      /* an environment: `pattern` of environment `first` against `second` */
	THUNK_PICK,       /* slot `slot` of what the THUNK_MATCH `first` gives */
	THUNK_DONE,       /* the value is `first` */
};

struct evaluator;
typedef struct value *thunk_step(
	struct evaluator *evaluator, struct value *first, struct value *second);

struct thunk {
	struct value value; /* flag: enum thunk_state; count: 1 while it is being forced */
	union {
		const struct node *node;
		const struct pattern *pattern;
		thunk_step *step;
		size_t slot;
	};
	struct value *first;
	struct value *second;
};

/* "an integer", "a set": for messages. */
const char *value_describe(const struct value *value);
/* What typeOf answers. */
const char *value_type(const struct value *value);

/* The value under a name (it may be a thunk), or NULL. */
struct value *set_find(const struct set *set, struct bytes name);
/* Where a name stands, or where it would be put. */
size_t set_position(const struct set *set, struct bytes name);

/* Bytewise order of paths, objects before outputs. */
int context_item_compare(const struct context_item *left, const struct context_item *right);
/* The first item whose text is only a placeholder, or NULL. */
const struct context_item *context_placeholder(const struct context *context);

static inline struct bytes
string_bytes(const struct string *string)
{
	return bytes_of(string->text, string->size);
}

static inline struct bytes
path_bytes(const struct path *path)
{
	return bytes_of(path->text, path->size);
}

/* A value that was forced may stand behind its thunk still: this is the value itself. */
static inline struct value *
value_of(struct value *value)
{
	while (value->kind == VALUE_THUNK && value->flag == THUNK_DONE)
		value = ((struct thunk *)value)->first;
	return value;
}

static inline bool
value_is(const struct value *value, enum value_kind kind)
{
	return value->kind == (uint8_t)kind;
}

static inline struct number *
as_number(struct value *value)
{
	return (struct number *)value;
}

static inline struct string *
as_string(struct value *value)
{
	return (struct string *)value;
}

static inline struct path *
as_path(struct value *value)
{
	return (struct path *)value;
}

static inline struct list *
as_list(struct value *value)
{
	return (struct list *)value;
}

static inline struct set *
as_set(struct value *value)
{
	return (struct set *)value;
}

static inline struct function *
as_function(struct value *value)
{
	return (struct function *)value;
}

static inline struct partial *
as_partial(struct value *value)
{
	return (struct partial *)value;
}
