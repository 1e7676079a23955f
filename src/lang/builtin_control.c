/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/builtin_family.h"
#include "lang/print.h"

static struct value *
run_throw(struct evaluator *evaluator, struct value **arguments)
{
	struct string *message = want_string(evaluator, arguments[0], "throw");
	return message ? eval_throw(evaluator, string_bytes(message)) : NULL;
}

static struct value *
run_assert(struct evaluator *evaluator, struct value **arguments)
{
	bool holds = false;
	if (!want_boolean(evaluator, arguments[0], "assert", &holds))
		return NULL;
	if (holds)
		return heap_boolean(evaluator->heap, true);
	struct string *message = want_string(evaluator, arguments[1], "assert");
	return message ? eval_throw(evaluator, string_bytes(message)) : NULL;
}

static struct value *
run_try(struct evaluator *evaluator, struct value **arguments)
{
	struct value *value = eval_force(evaluator, arguments[0]);
	bool success = value != NULL;
	if (!success) {
		if (evaluator->failure.kind != FAILURE_THROWN)
			return NULL;
		failure_clear(evaluator);
		value = heap_null(evaluator->heap);
	}
	struct set *set = heap_new_set(evaluator->heap, 2);
	set->entries[0] = (struct set_entry){
		BYTES_LITERAL("success"), heap_boolean(evaluator->heap, success)};
	set->entries[1] = (struct set_entry){BYTES_LITERAL("value"), value};
	return &set->value;
}

static struct value *
say(struct evaluator *evaluator, struct value **arguments, enum host_message kind)
{
	struct value *message = eval_force(evaluator, arguments[0]);
	if (!message)
		return NULL;
	if (value_is(message, VALUE_STRING)) {
		evaluator->host.message(
			evaluator->host.context, kind, string_bytes(as_string(message)));
	} else {
		cleanup_buf struct buf shown = BUF(BUF_MAX);
		print_value(evaluator->stack, message, &shown);
		evaluator->host.message(evaluator->host.context, kind, buf_bytes(&shown));
	}
	return eval_force(evaluator, arguments[1]);
}

static struct value *
run_trace(struct evaluator *evaluator, struct value **arguments)
{
	return say(evaluator, arguments, MESSAGE_TRACE);
}

static struct value *
run_warn(struct evaluator *evaluator, struct value **arguments)
{
	return say(evaluator, arguments, MESSAGE_WARNING);
}

static struct value *
run_seq(struct evaluator *evaluator, struct value **arguments)
{
	if (!eval_force(evaluator, arguments[0]))
		return NULL;
	return eval_force(evaluator, arguments[1]);
}

static struct value *
run_deep_force(struct evaluator *evaluator, struct value **arguments)
{
	return eval_force_deep(evaluator, arguments[0]);
}

static struct value *
run_compose(struct evaluator *evaluator, struct value **arguments)
{
	struct value *outer = want_function(evaluator, arguments[0], "compose");
	if (!outer)
		return NULL;
	struct value *inner = heap_new_apply(evaluator->heap, arguments[1], arguments[2]);
	return eval_apply(evaluator, outer, inner);
}

static struct value *
run_fix(struct evaluator *evaluator, struct value **arguments)
{
	struct value *function = want_function(evaluator, arguments[0], "fix");
	if (!function)
		return NULL;
	struct thunk *self = (struct thunk *)(void *)heap_new_apply(
		evaluator->heap, function, heap_null(evaluator->heap));
	self->second = &self->value;
	return eval_force(evaluator, &self->value);
}

static struct value *
run_undefined(struct evaluator *evaluator, struct value **arguments UNUSED)
{
	return eval_fail(evaluator, NO_SPAN, "this value must be supplied");
}

static struct value *
run_document(struct evaluator *evaluator, struct value **arguments)
{
	if (!want_string(evaluator, arguments[0], "document"))
		return NULL;
	return eval_force(evaluator, arguments[1]);
}

static const struct builtin control_rows[] = {
	{"throw", 1, run_throw, "string -> a", "Fails with a message; `try` catches it.",
		"(try (throw \"no\")).success == false"},
	{"assert", 2, run_assert, "boolean -> string -> boolean",
		"Gives true where the condition holds, else fails with the message; `try` catches "
		"it.",
		"assert (1 < 2) \"numbers are in order\""},
	{"try", 1, run_try, "a -> { success : boolean, value : a | null }",
		"Evaluates to weak head form and says whether `throw` or `assert` failed on the "
		"way.",
		"(try 3).value == 3"},
	{"trace", 2, run_trace, "a -> b -> b",
		"Writes a message to standard error when the value is demanded, and gives the "
		"value.",
		"trace \"here\" 1 == 1"},
	{"warn", 2, run_warn, "a -> b -> b",
		"Writes a warning to standard error when the value is demanded, and gives the "
		"value.",
		"warn \"old name\" 1 == 1"},
	{"seq", 2, run_seq, "a -> b -> b",
		"Evaluates the first to weak head form, gives the second.", "seq [] 2 == 2"},
	{"deepForce", 1, run_deep_force, "a -> a", "Evaluates a value with all its parts.",
		"deepForce [1 + 1] == [2]"},
	{"compose", 3, run_compose, "(b -> c) -> (a -> b) -> a -> c",
		"Applies the second function, then the first.",
		"compose (x => x + 1) (x => x * 2) 5 == 11"},
	{"fix", 1, run_fix, "(a -> a) -> a", "The value that the function maps to itself.",
		"(fix (self => { a = 1, b = self.a + 1, })).b == 2"},
	{"undefined", 0, run_undefined, "a", "Fails when it is demanded: it must be supplied.",
		"({ a ? undefined, b } => b) { b = 1, } == 1"},
	{"document", 2, run_document, "string -> a -> a",
		"The value, with a text that describes it.",
		"document \"adds one\" (x => x + 1) 1 == 2"},
};
BUILTIN_FAMILY(control, "Control");

static bool
is_kind(struct evaluator *evaluator, struct value *value, enum value_kind kind, bool *out)
{
	value = eval_force(evaluator, value);
	if (value)
		*out = value_is(value, kind);
	return value != NULL;
}

static struct value *
run_type_of(struct evaluator *evaluator, struct value **arguments)
{
	struct value *value = eval_force(evaluator, arguments[0]);
	if (!value)
		return NULL;
	return heap_new_string(evaluator->heap, bytes_text(value_type(value)), NULL);
}

#define IS_KIND(function, kind)                                                                    \
	static struct value *function(struct evaluator *evaluator, struct value **arguments)       \
	{                                                                                          \
		bool is = false;                                                                   \
		if (!is_kind(evaluator, arguments[0], kind, &is))                                  \
			return NULL;                                                               \
		return heap_boolean(evaluator->heap, is);                                          \
	}
IS_KIND(run_is_string, VALUE_STRING)
IS_KIND(run_is_list, VALUE_LIST)
IS_KIND(run_is_set, VALUE_SET)
IS_KIND(run_is_integer, VALUE_INTEGER)
IS_KIND(run_is_float, VALUE_FLOAT)
IS_KIND(run_is_boolean, VALUE_BOOLEAN)
IS_KIND(run_is_path, VALUE_PATH)
#undef IS_KIND

static struct value *
run_is_function(struct evaluator *evaluator, struct value **arguments)
{
	struct value *value = eval_force(evaluator, arguments[0]);
	return value ? heap_boolean(evaluator->heap, eval_is_function(value)) : NULL;
}

static struct value *
run_is_derivation(struct evaluator *evaluator, struct value **arguments)
{
	struct value *value = eval_force(evaluator, arguments[0]);
	bool is = false;
	if (!value || !coerce_is_derivation(evaluator, value, &is))
		return NULL;
	return heap_boolean(evaluator->heap, is);
}

static struct value *
run_function_arguments(struct evaluator *evaluator, struct value **arguments)
{
	struct value *value = want_function(evaluator, arguments[0], "functionArguments");
	if (!value)
		return NULL;
	if (!value_is(value, VALUE_FUNCTION))
		return &heap_empty_set(evaluator->heap)->value;
	const struct node_lambda *lambda = as_function(value)->node->lambda;
	const struct pattern *pattern = lambda->clauses[0].pattern;
	while (pattern->kind == PATTERN_AT)
		pattern = pattern->name.inner;
	if (pattern->kind != PATTERN_SET || lambda->count > 1)
		return &heap_empty_set(evaluator->heap)->value;
	struct set *set = heap_new_set(evaluator->heap, pattern->set.count);
	for (size_t at = 0; at < pattern->set.count; at++) {
		const struct pattern_field *field = &pattern->set.fields[at];
		set->entries[at].name = field->name;
		set->entries[at].value = heap_boolean(evaluator->heap, field->fallback != NULL);
	}
	return &set->value;
}

static const struct builtin type_rows[] = {
	{"typeOf", 1, run_type_of, "a -> string",
		"The kind: integer, float, boolean, null, string, path, list, set or function.",
		"map typeOf [1, 1.5, \"a\", {}] == [\"integer\", \"float\", \"string\", \"set\"]"},
	{"isString", 1, run_is_string, "a -> boolean", "Whether a value is a string.",
		"isString \"\""},
	{"isList", 1, run_is_list, "a -> boolean", "Whether a value is a list.", "isList [1]"},
	{"isSet", 1, run_is_set, "a -> boolean", "Whether a value is a set; a derivation is one.",
		"isSet {}"},
	{"isFunction", 1, run_is_function, "a -> boolean", "Whether a value is a function.",
		"isFunction map && isFunction (x => x)"},
	{"isInteger", 1, run_is_integer, "a -> boolean", "Whether a value is an integer.",
		"isInteger 1 && !isInteger 1.0"},
	{"isFloat", 1, run_is_float, "a -> boolean", "Whether a value is a float.", "isFloat 1.0"},
	{"isBoolean", 1, run_is_boolean, "a -> boolean", "Whether a value is a boolean.",
		"isBoolean false"},
	{"isPath", 1, run_is_path, "a -> boolean", "Whether a value is a path; an island is one.",
		"isPath ./x"},
	{"isDerivation", 1, run_is_derivation, "a -> boolean", "Whether a value is a derivation.",
		"!isDerivation { type = \"other\", }"},
	{"functionArguments", 1, run_function_arguments, "function -> { name : boolean }",
		"The names that a function on a set pattern takes, and whether each has a default.",
		"functionArguments ({ a, b ? 1 } => a) == { a = false, b = true, }"},
};
BUILTIN_FAMILY(type, "Types");
