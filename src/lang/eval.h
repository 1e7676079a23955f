/* SPDX-License-Identifier: MPL-2.0 */
/*
 * eval: evaluation, for callers outside of lang.
 *
 *     struct evaluator *evaluator = evaluator_new(&host, HEAP_CEILING);
 *     evaluator_set_ambient(evaluator, AMBIENT_PACKAGES, eval_lazy_import(evaluator, NULL, library));
 *     struct value *value = eval_file(evaluator, NULL, "/home/me/x/default.cab", EVAL_ENTRY);
 *     if (value) value = eval_enter(evaluator, value, inputs);
 *     if (value) value = eval_select(evaluator, value, path, count);
 *     if (!value) diagnostics_render(evaluator_diagnostics(evaluator), ...);
 *     evaluator_free(evaluator);
 *
 * Functions that give a value give NULL on failure, those that give bool false; the reason is then
 * in evaluator_diagnostics, which collects (warnings of sources too) until it is cleared. Values
 * are in weak head form unless said otherwise; they belong to the evaluator and stay until
 * evaluator_rewind or its end.
 *
 * Evaluation is on demand and remembered; it reaches the outside through the host alone. It runs on
 * a stack of its own as large as the heap may grow: depth has no other limit.
 *
 * Ambient names are seen by entries only; their values may be lazy. One that is not set is an error
 * where it is used.
 */
#pragma once

#include "lang/diagnostic.h"
#include "lang/eval_host.h"
#include "lang/value.h"

struct evaluator;

enum ambient { AMBIENT_PACKAGES, AMBIENT_PLATFORM, AMBIENT_SYSTEM, AMBIENT_COUNT };

enum eval_role { EVAL_ENTRY, EVAL_IMPORTED };

/* The host's functions are copied; its context is borrowed. */
struct evaluator *evaluator_new(const struct eval_host *host, size_t heap_ceiling);
void evaluator_free(struct evaluator *evaluator);
struct diagnostics *evaluator_diagnostics(struct evaluator *evaluator);
/* What the host (ERR_CANCELLED, ERR_NOT_FOUND, …) or a ceiling (ERR_LIMIT) said at the last failure;
 * ERR_NONE for a fault of the program. */
enum err_kind evaluator_cause(const struct evaluator *evaluator);
/* Forgets what was reported. */
void evaluator_clear(struct evaluator *evaluator);
void evaluator_set_ambient(struct evaluator *evaluator, enum ambient ambient, struct value *value);

/* What schemes that neither the host has nor a name binds are bound to: a set, whose values may be lazy. */
void evaluator_set_schemes(struct evaluator *evaluator, struct value *schemes);

/* Values given since the mark may go. */
size_t evaluator_mark(const struct evaluator *evaluator);
void evaluator_rewind(struct evaluator *evaluator, size_t mark);

/* A text: `path` is where it is taken to stand (relative paths start from its folder), `name` what
 * messages call it. */
struct value *eval_text(struct evaluator *evaluator, const char *name, struct bytes text,
	const struct island_ref *root, const char *path, enum eval_role role);
/* A file, read through the host; not shared with imports of it. */
struct value *eval_file(struct evaluator *evaluator, const struct island_ref *root,
	const char *path, enum eval_role role);
/* What `import path` gives, when it is forced. */
struct value *eval_lazy_import(
	struct evaluator *evaluator, const struct island_ref *root, const char *path);

/* Builders, for ambient values and inputs. */
struct value *eval_new_string(struct evaluator *evaluator, struct bytes text);
struct value *eval_new_path(
	struct evaluator *evaluator, const struct island_ref *root, const char *path);
/* A set of `count` names (in any order, copied, distinct) and values, which may be lazy. */
struct value *eval_new_set(struct evaluator *evaluator, const struct bytes *names,
	struct value *const *values, size_t count);
/* function argument, when it is forced; both may be lazy. */
struct value *eval_lazy_call(
	struct evaluator *evaluator, struct value *function, struct value *argument);

struct value *eval_value(struct evaluator *evaluator, struct value *value);
/* Forces all parts; derivations are not entered. */
struct value *eval_deep(struct evaluator *evaluator, struct value *value);
/* An entry's value that is a function on a set pattern is called with the inputs that it names (all
 * with `...`); missing ones are one error. Any other value is given back. `inputs` is a set. */
struct value *eval_enter(struct evaluator *evaluator, struct value *value, struct value *inputs);
/* value.names[0].names[1]… */
struct value *eval_select(
	struct evaluator *evaluator, struct value *value, const struct bytes *names, size_t count);
/* The names of a set, or 0 of another value; borrowed from the value. */
size_t eval_names(const struct value *value);
struct bytes eval_name_at(const struct value *value, size_t at);

bool eval_is_function(const struct value *value);
/* The text of a string (or of what interpolation takes); its bytes live as long as the value. */
MUST_CHECK bool eval_string(struct evaluator *evaluator, struct value *value,
	struct value **string_out, struct bytes *out);
/* The items that a string mentions. */
size_t eval_string_items(const struct value *string, const struct context_item *const **items_out);

/* Whether a value is a derivation; if so the item of the output that it stands for, whose handle is
 * the host's derivation. */
MUST_CHECK bool eval_derivation(struct evaluator *evaluator, struct value *value,
	bool *is_derivation, const struct context_item **out);

/* Canonical Cab text; what was not forced is printed as `…` (print.h). */
void eval_print(struct evaluator *evaluator, struct value *value, struct buf *out);
/* JSON, forcing everything; `indent` in spaces, 0 for one line. */
MUST_CHECK bool eval_print_json(
	struct evaluator *evaluator, struct value *value, unsigned indent, struct buf *out);
