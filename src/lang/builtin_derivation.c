/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The derivation of Cab programs. `derivationStrict` hands a request to the host; `derivation` is
 * the lazy set around it, made of a state that its parts share:
 *
 *     state = { attributes, outputs, strict }     strict: what derivationStrict gave, or a thunk
 *
 * Each output's attribute is the same set again with another output selected.
 */
#include <stdlib.h>

#include "lang/builtin_family.h"

enum { OUTPUTS_MAX = 64 };

static const char *const known_names[] = {"arguments", "environment", "fixed", "meta", "name",
	"origins", "outputs", "program", "requiredRealizerFeatures"};
enum { KNOWN_NAMES = sizeof known_names / sizeof known_names[0] };

struct texts {
	struct bytes *data;
	size_t size;
	size_t capacity;
};

/* A request under construction. Texts are those of living strings. */
struct draft {
	struct evaluator *evaluator;
	struct set *set;
	struct context *context;
	struct derivation_request request;
	ARRAY(struct host_pair) environment;
	struct texts arguments;
	struct texts outputs;
	struct texts features;
	struct texts fixed;
	struct texts origins;
};

static void
draft_release(struct draft *draft)
{
	array_release(&draft->arguments);
	array_release(&draft->environment);
	array_release(&draft->outputs);
	array_release(&draft->features);
	array_release(&draft->fixed);
	array_release(&draft->origins);
}

/* A text of the request; what it mentions becomes an input, or is refused. */
static bool
draft_text(
	struct draft *draft, struct value *value, const char *what, bool inputs, struct bytes *out)
{
	struct evaluator *evaluator = draft->evaluator;
	value = coerce_value(evaluator, value, COERCE_INTERPOLATE, NO_SPAN);
	if (!value) {
		failure_note(evaluator, NOTE_ATTRIBUTE, NO_SPAN, bytes_text(what));
		return false;
	}
	struct string *string = as_string(value);
	if (memchr(string->text, 0, string->size)) {
		eval_fail(evaluator, NO_SPAN, "a derivation's '%s' cannot hold a NUL", what);
		return false;
	}
	if (!inputs && string->context) {
		eval_fail(evaluator, NO_SPAN,
			"a derivation's '%s' cannot mention what is in the store: %s", what,
			string->context->items[0]->path);
		return false;
	}
	draft->context = heap_join_contexts(evaluator->heap, draft->context, string->context);
	*out = string_bytes(string);
	return true;
}

static struct value *
draft_find(struct draft *draft, const char *name)
{
	struct value *value = set_find(draft->set, bytes_text(name));
	if (!value)
		return NULL;
	value = eval_force(draft->evaluator, value);
	if (!value)
		failure_note(draft->evaluator, NOTE_ATTRIBUTE, NO_SPAN, bytes_text(name));
	return value;
}

/* The strings of a list; absent is none. */
static bool
draft_list(struct draft *draft, const char *name, bool inputs, struct texts *texts)
{
	if (!set_find(draft->set, bytes_text(name)))
		return true;
	struct value *value = draft_find(draft, name);
	if (!value)
		return false;
	if (!value_is(value, VALUE_LIST)) {
		eval_fail(draft->evaluator, NO_SPAN, "a derivation's '%s' is a list, not %s: %s",
			name, value_describe(value), failure_show(draft->evaluator, value));
		return false;
	}
	for (struct list *list = as_list(value); list->length > 0; list = list->tail) {
		struct bytes text = {0};
		if (!draft_text(draft, list->head, name, inputs, &text))
			return false;
		*array_push(texts) = text;
	}
	return true;
}

static int
compare_texts(const void *left, const void *right)
{
	return bytes_compare(*(const struct bytes *)left, *(const struct bytes *)right);
}

static void
sort_texts(struct texts *texts)
{
	if (texts->size > 1)
		qsort(texts->data, texts->size, sizeof *texts->data, compare_texts);
	size_t kept = 0;
	for (size_t at = 0; at < texts->size; at++) {
		if (kept == 0 || !bytes_equal(texts->data[kept - 1], texts->data[at]))
			texts->data[kept++] = texts->data[at];
	}
	texts->size = kept;
}

static bool
draft_required(struct draft *draft, const char *name, bool inputs, struct bytes *out)
{
	if (!set_find(draft->set, bytes_text(name))) {
		eval_fail(draft->evaluator, NO_SPAN, "a derivation wants '%s'", name);
		return false;
	}
	struct value *value = draft_find(draft, name);
	return value && draft_text(draft, value, name, inputs, out);
}

static bool
draft_environment(struct draft *draft)
{
	if (!set_find(draft->set, BYTES_LITERAL("environment")))
		return true;
	struct value *value = draft_find(draft, "environment");
	if (!value)
		return false;
	if (!value_is(value, VALUE_SET)) {
		eval_fail(draft->evaluator, NO_SPAN,
			"a derivation's 'environment' is a set, not %s: %s", value_describe(value),
			failure_show(draft->evaluator, value));
		return false;
	}
	for (size_t at = 0; at < value->count; at++) {
		const struct set_entry *entry = &as_set(value)->entries[at];
		struct bytes text = {0};
		if (!draft_text(draft, entry->value, "environment", true, &text)) {
			failure_note(draft->evaluator, NOTE_ATTRIBUTE, NO_SPAN, entry->name);
			return false;
		}
		*array_push(&draft->environment) = (struct host_pair){entry->name, text};
	}
	return true;
}

/* "self", or a list of identities. */
static bool
draft_fixed(struct draft *draft)
{
	if (!set_find(draft->set, BYTES_LITERAL("fixed")))
		return true;
	struct value *value = draft_find(draft, "fixed");
	if (!value || value_is(value, VALUE_NULL))
		return value != NULL;
	if (value_is(value, VALUE_LIST))
		return draft_list(draft, "fixed", false, &draft->fixed);
	struct bytes text = {0};
	if (value_is(value, VALUE_STRING)) {
		if (!draft_text(draft, value, "fixed", false, &text))
			return false;
		if (bytes_equal_text(text, "self")) {
			*array_push(&draft->fixed) = text;
			return true;
		}
	}
	eval_fail(draft->evaluator, NO_SPAN,
		"a derivation's 'fixed' is \"self\" or a list of "
		"identities, not %s",
		failure_show(draft->evaluator, value));
	return false;
}

static bool
draft_outputs(struct draft *draft)
{
	if (!draft_list(draft, "outputs", false, &draft->outputs))
		return false;
	if (!set_find(draft->set, BYTES_LITERAL("outputs")))
		*array_push(&draft->outputs) = BYTES_LITERAL("out");
	size_t count = draft->outputs.size;
	for (size_t at = 1; at < count; at++) {
		for (size_t other = 0; other < at; other++) {
			if (!bytes_equal(draft->outputs.data[at], draft->outputs.data[other]))
				continue;
			eval_fail(draft->evaluator, NO_SPAN,
				"a derivation has the output '%.*s' twice",
				BYTES_ARGS(draft->outputs.data[at]));
			return false;
		}
		if (at >= OUTPUTS_MAX) {
			eval_fail(draft->evaluator, NO_SPAN,
				"a derivation has more than %d outputs", (int)OUTPUTS_MAX);
			return false;
		}
	}
	if (count == 0)
		eval_fail(draft->evaluator, NO_SPAN, "a derivation has at least one output");
	return count > 0;
}

static bool
draft_names(struct draft *draft)
{
	for (size_t at = 0; at < draft->set->value.count; at++) {
		struct bytes name = draft->set->entries[at].name;
		bool known = false;
		for (size_t row = 0; !known && row < KNOWN_NAMES; row++)
			known = bytes_equal_text(name, known_names[row]);
		if (known)
			continue;
		struct diagnostic_nearest nearest = diagnostic_nearest(name);
		for (size_t row = 0; row < KNOWN_NAMES; row++)
			diagnostic_nearest_offer(&nearest, bytes_text(known_names[row]));
		eval_fail(draft->evaluator, NO_SPAN, "a derivation has no attribute '%.*s'",
			BYTES_ARGS(name));
		if (nearest.best.size)
			eval_help(
				draft->evaluator, "did you mean '%.*s'?", BYTES_ARGS(nearest.best));
		else
			eval_help(draft->evaluator,
				"add to the set that is made: derivation { … } // { %.*s = … }",
				BYTES_ARGS(name));
		return false;
	}
	return true;
}

static bool
draft_fill(struct draft *draft)
{
	struct derivation_request *request = &draft->request;
	if (!draft_names(draft) || !draft_required(draft, "name", false, &request->name) ||
		!draft_required(draft, "program", true, &request->program) ||
		!draft_list(draft, "arguments", true, &draft->arguments) ||
		!draft_environment(draft) || !draft_outputs(draft) ||
		!draft_list(draft, "requiredRealizerFeatures", false, &draft->features) ||
		!draft_fixed(draft) || !draft_list(draft, "origins", false, &draft->origins))
		return false;
	sort_texts(&draft->features);
	sort_texts(&draft->origins);
	request->arguments = draft->arguments.data;
	request->argument_count = draft->arguments.size;
	request->environment = draft->environment.data;
	request->environment_count = draft->environment.size;
	request->outputs = draft->outputs.data;
	request->output_count = draft->outputs.size;
	request->features = draft->features.data;
	request->feature_count = draft->features.size;
	request->fixed = draft->fixed.data;
	request->fixed_count = draft->fixed.size;
	request->origins = draft->origins.data;
	request->origin_count = draft->origins.size;
	request->items = draft->context ? draft->context->items : NULL;
	request->item_count = draft->context ? draft->context->value.count : 0;
	return true;
}

static struct value *
item_value(struct evaluator *evaluator, const struct context_item *item)
{
	struct context *context = heap_new_context(evaluator->heap, item);
	return heap_new_string(evaluator->heap, bytes_text(item->path), context);
}

/* { derivationPath, name, outputs = { out = "…", … } } */
static struct value *
strict_set(struct evaluator *evaluator, const struct host_derivation *made)
{
	struct set *outputs = heap_new_set(evaluator->heap, made->output_count);
	for (size_t at = 0; at < made->output_count; at++)
		outputs->entries[at] = (struct set_entry){bytes_text(made->outputs[at]->output),
			item_value(evaluator, made->outputs[at])};
	struct bytes repeated = {0};
	outputs = heap_new_set_of(evaluator->heap, outputs->entries, made->output_count, &repeated);
	must(outputs, "the host names each output once");
	struct value *path = heap_new_string(evaluator->heap, bytes_text(made->path), NULL);
	struct value *name = heap_new_string(evaluator->heap, bytes_text(made->name), NULL);
	struct set *set = heap_new_set(evaluator->heap, 3);
	set->entries[0] = (struct set_entry){BYTES_LITERAL("derivationPath"), path};
	set->entries[1] = (struct set_entry){BYTES_LITERAL("name"), name};
	set->entries[2] = (struct set_entry){BYTES_LITERAL("outputs"), &outputs->value};
	return &set->value;
}

static struct value *
derive_strictly(struct evaluator *evaluator, struct set *attributes)
{
	struct draft draft = {.evaluator = evaluator, .set = attributes};
	const struct host_derivation *made = NULL;
	struct err err = {0};
	if (draft_fill(&draft) &&
		!evaluator->host.derive(evaluator->host.context, &draft.request, &made, &err)) {
		eval_fail_err(evaluator, NO_SPAN, &err);
		made = NULL;
	}
	draft_release(&draft);
	return made ? strict_set(evaluator, made) : NULL;
}

static struct value *
run_derivation_strict(struct evaluator *evaluator, struct value **arguments)
{
	struct set *set = want_set(evaluator, arguments[0], "derivationStrict");
	return set ? derive_strictly(evaluator, set) : NULL;
}

static struct value *derivation_set(
	struct evaluator *evaluator, struct set *state, struct bytes output);

static struct value *
strict_step(struct evaluator *evaluator, struct value *first, struct value *second)
{
	const struct node *call = ((struct thunk *)(void *)second)->node;
	struct value *made = derive_strictly(evaluator, as_set(first));
	if (made)
		return made;
	struct span span = call ? call->span : NO_SPAN;
	bool placed = evaluator->failure.span.source != NULL;
	failure_place(evaluator, span);
	struct value *name = set_find(as_set(first), BYTES_LITERAL("name"));
	name = name ? value_of(name) : NULL;
	if (name && value_is(name, VALUE_STRING))
		failure_note(evaluator, NOTE_DERIVATION, placed ? span : NO_SPAN,
			heap_name(evaluator->heap, string_bytes(as_string(name))));
	return NULL;
}

static struct set *
state_strict(struct evaluator *evaluator, struct value *state)
{
	return (struct set *)(void *)eval_force(
		evaluator, set_find(as_set(state), BYTES_LITERAL("strict")));
}

static struct value *
path_step(struct evaluator *evaluator, struct value *first, struct value *second UNUSED)
{
	struct set *strict = state_strict(evaluator, first);
	return strict ? set_find(strict, BYTES_LITERAL("derivationPath")) : NULL;
}

static struct value *
output_path_step(struct evaluator *evaluator, struct value *first, struct value *second)
{
	struct set *strict = state_strict(evaluator, first);
	if (!strict)
		return NULL;
	struct value *outputs = set_find(strict, BYTES_LITERAL("outputs"));
	struct value *path = set_find(as_set(outputs), string_bytes(as_string(second)));
	must(path, "the host gives every output that was asked for");
	return path;
}

static struct value *
output_step(struct evaluator *evaluator, struct value *first, struct value *second)
{
	return derivation_set(evaluator, as_set(first), string_bytes(as_string(second)));
}

/* attributes // { type, derivationPath, outputPath, outputName, OUTPUT… } */
static struct value *
derivation_set(struct evaluator *evaluator, struct set *state, struct bytes output)
{
	struct heap *heap = evaluator->heap;
	struct list *outputs = as_list(set_find(state, BYTES_LITERAL("outputs")));
	struct set *attributes = as_set(set_find(state, BYTES_LITERAL("attributes")));
	struct value *output_name = heap_new_string(heap, output, NULL);
	struct set_entry entries[OUTPUTS_MAX + 4] = {
		{BYTES_LITERAL("type"), heap_new_string(heap, BYTES_LITERAL("derivation"), NULL)},
		{BYTES_LITERAL("derivationPath"),
			heap_new_step(heap, path_step, &state->value, NULL)},
		{BYTES_LITERAL("outputPath"),
			heap_new_step(heap, output_path_step, &state->value, output_name)},
		{BYTES_LITERAL("outputName"), output_name},
	};
	size_t count = 4;
	for (; outputs->length > 0; outputs = outputs->tail) {
		struct string *name = as_string(value_of(outputs->head));
		if (set_find(attributes, string_bytes(name)))
			return eval_fail(evaluator, NO_SPAN,
				"a derivation's output cannot be called '%.*s', as one of its "
				"attributes is",
				BYTES_ARGS(string_bytes(name)));
		struct value *value = heap_new_step(heap, output_step, &state->value, &name->value);
		entries[count++] = (struct set_entry){heap_name(heap, string_bytes(name)), value};
	}
	struct bytes repeated = {0};
	struct set *made = heap_new_set_of(heap, entries, count, &repeated);
	if (!made)
		return eval_fail(evaluator, NO_SPAN, "a derivation has the attribute '%.*s' twice",
			BYTES_ARGS(repeated));
	return &operate_update(evaluator, attributes, made)->value;
}

static struct set *
state_new(struct evaluator *evaluator, struct set *attributes, struct list *outputs,
	struct value *strict)
{
	struct set *state = heap_new_set(evaluator->heap, 3);
	state->entries[0] = (struct set_entry){BYTES_LITERAL("attributes"), &attributes->value};
	state->entries[1] = (struct set_entry){BYTES_LITERAL("outputs"), &outputs->value};
	state->entries[2] = (struct set_entry){BYTES_LITERAL("strict"), strict};
	return state;
}

/* The names of the outputs, which the lazy set must know: strings, each forced. */
static struct list *
output_names(struct evaluator *evaluator, struct set *attributes)
{
	struct value *value = set_find(attributes, BYTES_LITERAL("outputs"));
	if (!value) {
		struct value *name = heap_new_string(evaluator->heap, BYTES_LITERAL("out"), NULL);
		return heap_new_list(evaluator->heap, name, heap_empty_list(evaluator->heap));
	}
	struct list *list = want_list(evaluator, value, "derivation");
	for (struct list *at = list; at && at->length > 0; at = at->tail) {
		if (!want_string(evaluator, at->head, "derivation"))
			return NULL;
	}
	if (list && (list->length == 0 || list->length > OUTPUTS_MAX)) {
		eval_fail(evaluator, NO_SPAN, "a derivation has 1 to %d outputs, not %zu",
			(int)OUTPUTS_MAX, list->length);
		return NULL;
	}
	return list;
}

static struct value *
run_derivation(struct evaluator *evaluator, struct value **arguments)
{
	const struct node *call_node = evaluator->call;
	struct set *attributes = want_set(evaluator, arguments[0], "derivation");
	struct list *outputs = attributes ? output_names(evaluator, attributes) : NULL;
	if (!outputs)
		return NULL;
	/* Only its place matters: where `derivation` was called. */
	struct value *call = heap_new_thunk(evaluator->heap, call_node, NULL);
	struct value *strict =
		heap_new_step(evaluator->heap, strict_step, &attributes->value, call);
	struct set *state = state_new(evaluator, attributes, outputs, strict);
	struct string *first = as_string(value_of(outputs->head));
	return derivation_set(evaluator, state, string_bytes(first));
}

static struct value *
made_derivation(struct evaluator *evaluator, const struct host_derivation *made)
{
	struct value *strict = strict_set(evaluator, made);
	struct set *attributes = heap_new_set(evaluator->heap, 1);
	attributes->entries[0] = (struct set_entry){
		BYTES_LITERAL("name"), set_find(as_set(strict), BYTES_LITERAL("name"))};
	struct list *outputs = heap_empty_list(evaluator->heap);
	for (size_t at = made->output_count; at-- > 0;) {
		struct value *name = heap_new_string(
			evaluator->heap, bytes_text(made->outputs[at]->output), NULL);
		outputs = heap_new_list(evaluator->heap, name, outputs);
	}
	struct set *state = state_new(evaluator, attributes, outputs, strict);
	return derivation_set(evaluator, state, bytes_text(made->outputs[0]->output));
}

static struct value *
run_to_derivation(struct evaluator *evaluator, struct value **arguments)
{
	struct value *value = eval_force(evaluator, arguments[0]);
	bool derivation = false;
	if (!value || !coerce_is_derivation(evaluator, value, &derivation))
		return NULL;
	if (derivation)
		return value;
	if (!value_is(value, VALUE_PATH) || !as_path(value)->root) {
		eval_fail(evaluator, NO_SPAN, "'toDerivation' wants an island, not %s: %s",
			value_describe(value), failure_show(evaluator, value));
		if (value_is(value, VALUE_PATH))
			eval_help(evaluator, "a local path becomes an object of the store where "
					     "it is used in a string");
		return NULL;
	}
	if (as_path(value)->size > 1) {
		eval_fail(evaluator, NO_SPAN, "'toDerivation' wants a whole island, not %s in it",
			as_path(value)->text);
		return eval_help(evaluator, "a part that is an island itself is written <…::%s>",
			as_path(value)->text);
	}
	const struct host_derivation *made = NULL;
	struct err err = {0};
	if (!evaluator->host.island_derive(
		    evaluator->host.context, as_path(value)->root, &made, &err))
		return eval_fail_err(evaluator, NO_SPAN, &err);
	return made_derivation(evaluator, made);
}

static struct value *
context_set(struct evaluator *evaluator, const struct context_item *item)
{
	struct heap *heap = evaluator->heap;
	struct value *kind = heap_new_string(
		heap, bytes_text(item->kind == CONTEXT_OBJECT ? "object" : "output"), NULL);
	struct value *output = item->output ? heap_new_string(heap, bytes_text(item->output), NULL)
					    : heap_null(heap);
	struct value *path = heap_new_string(heap, bytes_text(item->path), NULL);
	struct set *set = heap_new_set(heap, 3);
	set->entries[0] = (struct set_entry){BYTES_LITERAL("kind"), kind};
	set->entries[1] = (struct set_entry){BYTES_LITERAL("output"), output};
	set->entries[2] = (struct set_entry){BYTES_LITERAL("path"), path};
	return &set->value;
}

static struct value *
run_get_context(struct evaluator *evaluator, struct value **arguments)
{
	struct string *string = want_string(evaluator, arguments[0], "getContext");
	if (!string)
		return NULL;
	const struct context *context = string->context;
	struct list *list = heap_empty_list(evaluator->heap);
	for (size_t at = context ? context->value.count : 0; at-- > 0;) {
		struct value *item = context_set(evaluator, context->items[at]);
		list = heap_new_list(evaluator->heap, item, list);
	}
	return &list->value;
}

static struct value *
run_discard_context(struct evaluator *evaluator, struct value **arguments)
{
	struct string *string = want_string(evaluator, arguments[0], "discardContext");
	if (!string || !string->context)
		return (struct value *)(void *)string;
	return heap_new_string(evaluator->heap, string_bytes(string), NULL);
}

static const struct builtin derivation_rows[] = {
	{"derivation", 1, run_derivation,
		"{ name, program, arguments ?, environment ?, outputs ?, requiredRealizerFeatures "
		"?, fixed ?, origins ? } -> derivation",
		"A derivation: the given set with type, derivationPath, outputPath, outputName and "
		"an attribute for each output. Nothing is evaluated before it is used.",
		"(derivation { name = \"x\", program = undefined, }).outputName == \"out\""},
	{"derivationStrict", 1, run_derivation_strict,
		"{ name, program, … } -> { derivationPath : string, name : string, outputs : { "
		"name : string } }",
		"The primitive under `derivation`: evaluates everything and takes as inputs what "
		"the strings mention.",
		"isFunction derivationStrict"},
	{"toDerivation", 1, run_to_derivation, "island -> derivation",
		"The derivation that fetches an island; a derivation is itself.",
		"isFunction toDerivation"},
	{"getContext", 1, run_get_context,
		"string -> [{ kind : string, output : string | null, path : string }]",
		"The objects and derivation outputs that a string mentions.",
		"getContext \"plain\" == []"},
	{"discardContext", 1, run_discard_context, "string -> string",
		"The same text, mentioning nothing. A build that uses it has no such input.",
		"discardContext \"plain\" == \"plain\""},
};
BUILTIN_FAMILY(derivation, "Derivations");
