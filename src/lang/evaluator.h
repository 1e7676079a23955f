/* SPDX-License-Identifier: MPL-2.0 */
/*
 * evaluator: what the files of evaluation share; callers of lang include eval.h instead.
 *
 * Every function that evaluates gives a value in weak head form, which is a temporary of the heap,
 * or NULL after it has filled evaluator->failure. All run on the evaluator's own stack.
 *
 *     eval.c       expressions, application, sets and lists
 *     select.c     selections
 *     thunk.c      forcing
 *     match.c      patterns
 *     operate.c    operators and order
 *     equal.c      deep equality
 *     coerce.c     what becomes text, names and islands
 *     fetcher.c    what a scheme is bound to
 *     failure.c    raising, and the way to a diagnostic
 *     builtin*.c   builtins
 *     load.c       files and imports
 *     evaluator.c  the functions of eval.h
 */
#pragma once

#include "base/arena.h"
#include "base/array.h"
#include "base/map.h"
#include "lang/builtin.h"
#include "lang/diagnostic.h"
#include "lang/eval.h"
#include "lang/heap.h"
#include "lang/stack.h"
#include "lang/syntax.h"

/* A file, or another text, that is evaluated. */
struct source_file {
	struct source *source;
	struct tree *tree;
	const struct island_ref *root;
	char *path;   /* absolute, in its root */
	char *folder; /* what its relative paths start from */
};

enum failure_kind {
	FAILURE_NONE,
	FAILURE_ERROR,
	FAILURE_THROWN,   /* by throw or assert: `try` catches it */
	FAILURE_REPORTED, /* in evaluator->diagnostics already */
};

enum note_kind {
	NOTE_CALL,
	NOTE_BUILTIN,
	NOTE_ATTRIBUTE,
	NOTE_IMPORT,
	NOTE_ENTRY,
	NOTE_DERIVATION,
};

struct failure_note {
	enum note_kind kind;
	struct span span;
	struct bytes name;
	size_t times; /* in a row */
};

/* Notes of the innermost and of the outermost frames are kept. */
enum { FAILURE_NOTES = 10 };

struct failure {
	enum failure_kind kind;
	enum err_kind cause;
	struct span span;
	struct span other; /* a second place, with other_text */
	const char *other_text;
	const char *title;
	const char *help;
	struct failure_note first[FAILURE_NOTES];
	struct failure_note last[FAILURE_NOTES];
	size_t note_count;
	struct arena arena;
};

struct evaluator {
	struct heap *heap;
	struct stack *stack;
	struct eval_host host;
	struct failure failure;
	uint32_t steps;      /* to know when to ask whether to go on */
	enum err_kind cause; /* of the last failure that was reported */
	struct diagnostics diagnostics;
	ARRAY(struct source_file *) files;
	struct map imports; /* root and path -> the thunk of the file's value, held */
	struct value *ambient[AMBIENT_COUNT];
	struct value *schemes; /* a set: scheme -> its fetcher, where no name binds it; or NULL */
	struct value **builtins;
	const char **builtin_names;
	const struct node *call; /* the call that the builtin just run was reached by */
};

/* Expressions. */
struct value *eval_place(
	struct evaluator *evaluator, const struct place *place, struct environment *environment);
struct value *eval_node(
	struct evaluator *evaluator, const struct node *node, struct environment *environment);
/* The expression as a part of a value: what it is when that is known at no cost, else a thunk. */
struct value *eval_delay(
	struct evaluator *evaluator, const struct node *node, struct environment *environment);
struct value *eval_force(struct evaluator *evaluator, struct value *value);
struct value *eval_apply(
	struct evaluator *evaluator, struct value *function, struct value *argument);
struct value *eval_apply_two(struct evaluator *evaluator, struct value *function,
	struct value *first, struct value *second);
/* Forces every part, too. */
struct value *eval_force_deep(struct evaluator *evaluator, struct value *value);

/* Forces and insists on a kind; `what` names the operand in the message. */
struct value *eval_expect(struct evaluator *evaluator, struct value *value, enum value_kind kind,
	struct span span, const char *what);

/* Walks the path of a selection; *missed_out where an attribute is not there, which is raised only
 * where the caller insists. The last attribute may still be a thunk. */
struct value *select_walk(struct evaluator *evaluator, const struct node *node,
	struct environment *environment, bool insist, bool *missed_out);
/* Raises that a value has no such attribute, with the nearest name. */
struct value *select_refuse(
	struct evaluator *evaluator, struct span span, struct bytes text, struct value *base);

/* What builtins want of an argument: forced and of the kind, else "'map' wants a list, not …". */
struct list *want_list(struct evaluator *evaluator, struct value *value, const char *who);
struct set *want_set(struct evaluator *evaluator, struct value *value, const char *who);
struct string *want_string(struct evaluator *evaluator, struct value *value, const char *who);
struct path *want_path(struct evaluator *evaluator, struct value *value, const char *who);
struct value *want_function(struct evaluator *evaluator, struct value *value, const char *who);
MUST_CHECK bool want_integer(
	struct evaluator *evaluator, struct value *value, const char *who, int64_t *out);
MUST_CHECK bool want_boolean(
	struct evaluator *evaluator, struct value *value, const char *who, bool *out);
/* A string that mentions no output which is not known yet. */
struct string *want_known_string(struct evaluator *evaluator, struct value *value, const char *who);

/* Patterns. Fills slots of `slots`; defaults are evaluated in `environment`. */
enum match { MATCH_FAILED, MATCH_NO, MATCH_YES };
enum match match_pattern(struct evaluator *evaluator, const struct pattern *pattern,
	struct value *value, struct environment *slots, struct environment *environment);
/* Raises the reason why a value does not match the only pattern there is. */
struct value *match_refuse(
	struct evaluator *evaluator, const struct pattern *pattern, struct value *value);
/* Fills the slots of a binding of a block. */
void match_bind(struct evaluator *evaluator, const struct node_binding *binding,
	struct environment *environment);
struct value *match_run(struct evaluator *evaluator, const struct pattern *pattern,
	struct environment *environment, struct value *value);

/* Operators. */
struct value *operate_binary(
	struct evaluator *evaluator, const struct node *node, struct environment *environment);
struct value *operate_add(
	struct evaluator *evaluator, struct value *left, struct value *right, struct span span);
struct value *operate_negate(struct evaluator *evaluator, struct value *value, struct span span);
MUST_CHECK bool operate_equal(
	struct evaluator *evaluator, struct value *left, struct value *right, bool *out);
/* `<`: numbers with numbers, strings with strings. */
MUST_CHECK bool operate_less(struct evaluator *evaluator, struct value *left, struct value *right,
	struct span span, bool *out);
struct value *operate_concat(struct evaluator *evaluator, struct list *left, struct list *right);
struct set *operate_update(struct evaluator *evaluator, struct set *left, struct set *right);

/* Text. */
enum coerce_mode {
	COERCE_INTERPOLATE, /* strings, integers, paths, islands, derivations */
	COERCE_SHOW,        /* toString: also booleans and floats; local paths are not copied */
	COERCE_NAME,        /* strings only */
};
struct text {
	struct buf buf;
	struct context *context;
};
#define cleanup_text __attribute__((cleanup(text_release)))
struct text text_start(struct evaluator *evaluator);
void text_release(struct text *text);
MUST_CHECK bool text_add(struct evaluator *evaluator, struct text *text, struct value *value,
	enum coerce_mode mode, struct span span);
struct value *text_finish(struct evaluator *evaluator, struct text *text, struct span span);
struct value *coerce_value(
	struct evaluator *evaluator, struct value *value, enum coerce_mode mode, struct span span);
MUST_CHECK bool coerce_is_derivation(struct evaluator *evaluator, struct value *value, bool *out);
/* The texts and holes of a node. */
struct value *coerce_parts(struct evaluator *evaluator, const struct node_text *parts,
	struct environment *environment, enum coerce_mode mode, struct span span);
/* The name of an entry or a selection; *null_out where it is one interpolation that gave null. */
MUST_CHECK bool coerce_name(struct evaluator *evaluator, const struct node_name *name,
	struct environment *environment, struct bytes *out, bool *null_out);
struct value *coerce_path(
	struct evaluator *evaluator, const struct node *node, struct environment *environment);
struct value *coerce_island(
	struct evaluator *evaluator, const struct node *node, struct environment *environment);
/* Reads the set that a scheme is bound to; what is in `out` lives as long as the heap's temporaries and the list of origins,
 * which is the caller's to free. */
MUST_CHECK bool fetcher_read(struct evaluator *evaluator, struct value *value, struct bytes scheme,
	struct span span, struct host_fetcher *out);
/* The shortest text that reads back. */
void coerce_float(double real, struct buf *out);

/* Files. */
struct source_file *file_of(struct evaluator *evaluator, const struct source *source);
/* Evaluates a file, or a text that is taken to stand at `path`. */
struct value *file_load(struct evaluator *evaluator, const struct island_ref *root,
	struct bytes path, enum eval_role role);
struct value *file_load_text(struct evaluator *evaluator, const char *name, struct bytes text,
	const struct island_ref *root, const char *path, enum eval_role role);
struct value *file_import(struct evaluator *evaluator, const struct path *path);

/* Failures; all give NULL. */
struct value *eval_fail(struct evaluator *evaluator, struct span span, const char *format, ...)
	PRINTF(3, 4);
struct value *eval_fail_err(struct evaluator *evaluator, struct span span, const struct err *err);
struct value *eval_throw(struct evaluator *evaluator, struct bytes message);
/* Adds to the failure that was just raised. */
struct value *eval_help(struct evaluator *evaluator, const char *format, ...) PRINTF(2, 3);
/* On the way out: the place, where there is none yet, and the notes. */
void failure_place(struct evaluator *evaluator, struct span span);
void failure_note(
	struct evaluator *evaluator, enum note_kind kind, struct span span, struct bytes name);
void failure_clear(struct evaluator *evaluator);
/* Moves the failure to evaluator->diagnostics. */
void failure_report(struct evaluator *evaluator);
/* Whether evaluation may go on: not too deep, the heap not full, nobody against it; else raises. */
MUST_CHECK bool eval_may_go_on(struct evaluator *evaluator, struct span span);
/* A few words that show a value. */
const char *failure_show(struct evaluator *evaluator, struct value *value);
