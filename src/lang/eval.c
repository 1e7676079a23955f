/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/evaluator.h"

/*
 * One activation of eval_node. A step either gives a value, or sets `node` (and `environment`) to
 * what is evaluated in its stead: a call in tail position takes no stack. NULL without a node is a
 * failure.
 */
struct run {
	struct evaluator *evaluator;
	const struct node *node;
	struct environment *environment;
	const struct node *call; /* the last call that was entered in this activation */
};

static struct value *
run_on(struct run *run, const struct node *node, struct environment *environment)
{
	run->node = node;
	run->environment = environment;
	return NULL;
}

static struct environment *
environment_up(struct environment *environment, uint32_t depth)
{
	while (depth-- > 0)
		environment = environment->up;
	return environment;
}

struct value *
eval_place(struct evaluator *evaluator, const struct place *place, struct environment *environment)
{
	switch (place->kind) {
	case PLACE_LOCAL:
		return environment_up(environment, place->depth)->slots[place->index];
	case PLACE_BUILTIN:
		return evaluator->builtins[place->index];
	case PLACE_AMBIENT:
		return evaluator->ambient[place->index];
	case PLACE_NONE:
		break;
	}
	must(false, "scope_resolve gives every name a place");
	return NULL;
}

struct value *
eval_delay(struct evaluator *evaluator, const struct node *node, struct environment *environment)
{
	struct value *known = NULL;
	switch (node->kind) {
	case NODE_NAME:
		known = eval_place(evaluator, &node->name.place, environment);
		break;
	case NODE_TRUE:
	case NODE_FALSE:
		return heap_boolean(evaluator->heap, node->kind == NODE_TRUE);
	case NODE_NULL:
		return heap_null(evaluator->heap);
	case NODE_INTEGER:
		return heap_new_integer(evaluator->heap, node->integer);
	case NODE_FLOAT:
		return heap_new_float(evaluator->heap, node->number);
	case NODE_LAMBDA:
		return heap_new_function(evaluator->heap, node, environment);
	case NODE_STRING:
		if (node->text.count == 0)
			return heap_new_string(evaluator->heap, BYTES_LITERAL(""), NULL);
		if (node->text.count == 1 && !node->text.parts[0].value)
			return heap_new_string(evaluator->heap, node->text.parts[0].text, NULL);
		break;
	case NODE_SHARED:
		known = environment->slots[node->shared.share->share->slot];
		break;
	case NODE_ERROR:
	case NODE_PATH:
	case NODE_ISLAND:
	case NODE_LIST:
	case NODE_SET:
	case NODE_BLOCK:
	case NODE_IF:
	case NODE_CALL:
	case NODE_SELECT:
	case NODE_HAS:
	case NODE_NEGATE:
	case NODE_NOT:
	case NODE_BINARY:
	case NODE_AT:
	case NODE_SHARE:
		break;
	}
	/* A slot of a block may be filled later. */
	return known ? known : heap_new_thunk(evaluator->heap, node, environment);
}

static struct value *
eval_list(struct run *run, const struct node *node)
{
	struct evaluator *evaluator = run->evaluator;
	struct heap_mark mark = heap_mark(evaluator->heap);
	struct list *list = heap_empty_list(evaluator->heap);
	for (size_t at = node->list.count; at-- > 0;) {
		const struct node_item *item = &node->list.items[at];
		struct value *value = NULL;
		if (!item->spread) {
			value = eval_delay(evaluator, item->value, run->environment);
			list = heap_new_list(evaluator->heap, value, list);
		} else {
			value = eval_node(evaluator, item->value, run->environment);
			if (!value || !eval_expect(evaluator, value, VALUE_LIST, item->value->span,
					      "what '...' spreads"))
				return NULL;
			list = as_list(operate_concat(evaluator, as_list(value), list));
			if (!list)
				return NULL;
		}
		heap_return(evaluator->heap, mark, &list->value);
	}
	return &list->value;
}

/* Entries whose names are known only now. */
static struct value *
eval_dynamic_set(struct run *run, const struct node *node)
{
	struct evaluator *evaluator = run->evaluator;
	size_t count = 0;
	ARRAY(struct set_entry) entries = {0};
	bool good = true;
	for (size_t at = 0; at < node->set.count && good; at++) {
		const struct node_entry *entry = &node->set.entries[at];
		struct bytes name = entry->name.text;
		bool dropped = false;
		if (entry->name.dynamic)
			good = coerce_name(
				evaluator, &entry->name, run->environment, &name, &dropped);
		if (!good || dropped)
			continue;
		count++;
		struct value *value = eval_delay(evaluator, entry->value, run->environment);
		*array_push(&entries) = (struct set_entry){name, value};
	}
	struct bytes repeated = {0};
	struct set *set = NULL;
	if (good)
		set = heap_new_set_of(evaluator->heap, entries.data, count, &repeated);
	array_release(&entries);
	if (good && !set)
		eval_fail(evaluator, node->span, "the attribute '%.*s' is defined twice",
			BYTES_ARGS(repeated));
	return set ? &set->value : NULL;
}

static struct value *
eval_set(struct run *run, const struct node *node)
{
	if (node->set.static_count < node->set.count)
		return eval_dynamic_set(run, node);
	struct set *set = heap_new_set(run->evaluator->heap, node->set.count);
	for (size_t at = 0; at < node->set.count; at++) {
		const struct node_entry *entry = &node->set.entries[at];
		set->entries[at].name = entry->name.text;
		set->entries[at].value = eval_delay(run->evaluator, entry->value, run->environment);
	}
	return &set->value;
}

static struct value *
eval_block(struct run *run, const struct node *node)
{
	const struct node_block *block = node->block;
	for (size_t at = 0; at < block->binding_count; at++)
		match_bind(run->evaluator, &block->bindings[at], run->environment);
	for (size_t at = 0; at < block->step_count; at++) {
		const struct node *step = block->steps[at];
		struct value *value = eval_node(run->evaluator, step, run->environment);
		if (!value)
			return NULL;
		if (value_is(value, VALUE_BUILTIN))
			return eval_fail(run->evaluator, step->span,
				"this statement does nothing: '%s' wants more arguments",
				as_partial(value)->builtin->name);
	}
	return run_on(run, block->value, run->environment);
}

static struct value *
eval_condition(struct run *run, const struct node *node, const char *what)
{
	struct value *value = eval_node(run->evaluator, node, run->environment);
	if (!value)
		return NULL;
	return eval_expect(run->evaluator, value, VALUE_BOOLEAN, node->span, what);
}

static struct value *
eval_if(struct run *run, const struct node *node)
{
	struct value *condition =
		eval_condition(run, node->branch.condition, "the condition of 'if'");
	if (!condition)
		return NULL;
	return run_on(run, condition->flag ? node->branch.yes : node->branch.no, run->environment);
}

/* The new frame of a call, filled; *body_out is the clause that was taken. */
static struct environment *
enter_function(struct evaluator *evaluator, struct function *function, struct value *argument,
	const struct node **body_out)
{
	const struct node_lambda *lambda = function->node->lambda;
	struct environment *environment =
		heap_new_environment(evaluator->heap, function->environment, lambda->frame_size);
	for (size_t at = 0; at < lambda->count; at++) {
		const struct node_clause *clause = &lambda->clauses[at];
		if (at > 0)
			heap_clear_environment(environment);
		enum match match = match_pattern(
			evaluator, clause->pattern, argument, environment, environment);
		if (match == MATCH_FAILED)
			return NULL;
		if (match == MATCH_YES) {
			*body_out = clause->body;
			return environment;
		}
	}
	struct value *value = eval_force(evaluator, argument);
	if (value && lambda->count == 1)
		match_refuse(evaluator, lambda->clauses[0].pattern, value);
	else if (value)
		eval_fail(
			evaluator, NO_SPAN, "no clause matches %s", failure_show(evaluator, value));
	evaluator->failure.other = function->node->span;
	evaluator->failure.other_text = "the function";
	return NULL;
}

static struct value *
apply_builtin(struct evaluator *evaluator, struct partial *partial, struct value *argument)
{
	const struct builtin *builtin = partial->builtin;
	uint32_t count = partial->value.count;
	if (count + 1 < builtin->arity) {
		struct partial *more = heap_new_partial(evaluator->heap, builtin, count + 1);
		for (uint32_t at = 0; at < count; at++)
			more->arguments[at] = partial->arguments[at];
		more->arguments[count] = argument;
		return &more->value;
	}
	if (!eval_may_go_on(evaluator, NO_SPAN))
		return NULL;
	struct value *arguments[BUILTIN_ARITY_MAX];
	for (uint32_t at = 0; at < count; at++)
		arguments[at] = partial->arguments[at];
	arguments[count] = argument;
	struct heap_mark mark = heap_mark(evaluator->heap);
	heap_keep(evaluator->heap, partial);
	heap_keep(evaluator->heap, argument);
	return heap_return(evaluator->heap, mark, builtin->run(evaluator, arguments));
}

static struct value *
refuse_call(struct evaluator *evaluator, struct value *value, struct span span)
{
	eval_fail(evaluator, span, "%s is called, but only functions can be: %s",
		value_describe(value), failure_show(evaluator, value));
	return NULL;
}

struct value *
eval_apply(struct evaluator *evaluator, struct value *function, struct value *argument)
{
	function = value_of(function);
	if (value_is(function, VALUE_BUILTIN))
		return apply_builtin(evaluator, as_partial(function), argument);
	if (!value_is(function, VALUE_FUNCTION))
		return refuse_call(evaluator, function, NO_SPAN);
	if (!eval_may_go_on(evaluator, NO_SPAN))
		return NULL;
	struct heap_mark mark = heap_mark(evaluator->heap);
	heap_keep(evaluator->heap, function);
	heap_keep(evaluator->heap, argument);
	const struct node *body = NULL;
	struct environment *environment =
		enter_function(evaluator, as_function(function), argument, &body);
	struct value *result = environment ? eval_node(evaluator, body, environment) : NULL;
	return heap_return(evaluator->heap, mark, result);
}

struct value *
eval_apply_two(struct evaluator *evaluator, struct value *function, struct value *first,
	struct value *second)
{
	struct value *partial = eval_apply(evaluator, function, first);
	return partial ? eval_apply(evaluator, partial, second) : NULL;
}

static struct bytes
call_name(const struct node *node)
{
	const struct node *function = node->call.function;
	if (function->kind == NODE_NAME)
		return function->name.text;
	if (function->kind == NODE_SELECT)
		return function->select.path.names[function->select.path.count - 1].text;
	return BYTES_LITERAL("");
}

static void
call_failed(struct evaluator *evaluator, const struct value *function, const struct node *node)
{
	if (!evaluator->failure.span.source) {
		failure_place(evaluator, node->span);
		return;
	}
	if (value_is(function, VALUE_BUILTIN))
		failure_note(evaluator, NOTE_BUILTIN, node->span,
			bytes_text(((const struct partial *)function)->builtin->name));
	else
		failure_note(evaluator, NOTE_CALL, node->span, call_name(node));
}

static struct value *
eval_call(struct run *run, const struct node *node)
{
	struct evaluator *evaluator = run->evaluator;
	struct value *function = eval_node(evaluator, node->call.function, run->environment);
	if (!function)
		return NULL;
	for (uint32_t at = 0; at < node->call.count; at++) {
		const struct node *argument_node = node->call.arguments[at];
		struct value *argument = eval_delay(evaluator, argument_node, run->environment);
		bool last = at + 1 == node->call.count;
		if (last && value_is(function, VALUE_FUNCTION)) {
			const struct node *body = NULL;
			struct environment *environment =
				enter_function(evaluator, as_function(function), argument, &body);
			if (environment) {
				run->call = node;
				return run_on(run, body, environment);
			}
			call_failed(evaluator, function, node);
			return NULL;
		}
		if (!value_is(function, VALUE_FUNCTION) && !value_is(function, VALUE_BUILTIN)) {
			refuse_call(evaluator, function, node->call.function->span);
			if (at > 0)
				eval_help(evaluator, "it was given %u %s already", at,
					at == 1 ? "argument" : "arguments");
			return NULL;
		}
		evaluator->call = node;
		struct value *result = eval_apply(evaluator, function, argument);
		if (!result) {
			call_failed(evaluator, function, node);
			return NULL;
		}
		function = result;
	}
	return function;
}

static struct value *
select_attribute(struct run *run, const struct node *node)
{
	bool missed = false;
	struct value *value = select_walk(
		run->evaluator, node, run->environment, !node->select.fallback, &missed);
	if (missed && node->select.fallback)
		return run_on(run, node->select.fallback, run->environment);
	if (!value)
		return NULL;
	value = eval_force(run->evaluator, value);
	if (!value) {
		const struct node_name *name =
			&node->select.path.names[node->select.path.count - 1];
		failure_place(run->evaluator, name->span);
		failure_note(run->evaluator, NOTE_ATTRIBUTE, name->span, name->text);
	}
	return value;
}

static struct value *
eval_has(struct run *run, const struct node *node)
{
	bool missed = false;
	struct value *value = select_walk(run->evaluator, node, run->environment, false, &missed);
	if (!value && !missed)
		return NULL;
	return heap_boolean(run->evaluator->heap, !missed);
}

static struct value *
eval_logic(struct run *run, const struct node *node)
{
	const char *what = operator_text(node->binary.operator);
	struct value *left = eval_condition(run, node->binary.left, what);
	if (!left)
		return NULL;
	bool decided = node->binary.operator== OPERATOR_AND ? !left->flag : left->flag;
	if (node->binary.operator== OPERATOR_IMPLIES)
		decided = !left->flag;
	if (decided)
		return heap_boolean(run->evaluator->heap, node->binary.operator!= OPERATOR_AND);
	return eval_condition(run, node->binary.right, what);
}

static struct value *
eval_binary(struct run *run, const struct node *node)
{
	enum node_operator operation = node->binary.operator;
	if (operation == OPERATOR_AND || operation == OPERATOR_OR || operation == OPERATOR_IMPLIES)
		return eval_logic(run, node);
	return operate_binary(run->evaluator, node, run->environment);
}

static struct value *
eval_not(struct run *run, const struct node *node)
{
	struct value *value = eval_condition(run, node->operand, "the operand of '!'");
	return value ? heap_boolean(run->evaluator->heap, !value->flag) : NULL;
}

static struct value *
eval_slot(struct run *run, uint32_t slot, const struct node *value)
{
	run->environment->slots[slot] =
		heap_new_thunk(run->evaluator->heap, value, run->environment);
	return run->environment->slots[slot];
}

static struct value *
eval_name(struct run *run, const struct node *node)
{
	struct value *value = eval_place(run->evaluator, &node->name.place, run->environment);
	if (!value)
		return eval_fail(run->evaluator, node->span, "'%.*s' is not given here",
			BYTES_ARGS(node->name.text));
	value = eval_force(run->evaluator, value);
	if (!value)
		failure_place(run->evaluator, node->span);
	return value;
}

static struct value *
eval_negate(struct run *run, const struct node *node)
{
	struct value *value = eval_node(run->evaluator, node->operand, run->environment);
	return value ? operate_negate(run->evaluator, value, node->span) : NULL;
}

static struct value *
eval_kind(struct run *run, const struct node *node)
{
	struct evaluator *evaluator = run->evaluator;
	switch (node->kind) {
	case NODE_NAME:
		return eval_name(run, node);
	case NODE_TRUE:
	case NODE_FALSE:
	case NODE_NULL:
	case NODE_INTEGER:
	case NODE_FLOAT:
	case NODE_LAMBDA:
		return eval_delay(evaluator, node, run->environment);
	case NODE_STRING:
		return coerce_parts(
			evaluator, &node->text, run->environment, COERCE_INTERPOLATE, node->span);
	case NODE_PATH:
		return coerce_path(evaluator, node, run->environment);
	case NODE_ISLAND:
		return coerce_island(evaluator, node, run->environment);
	case NODE_LIST:
		return eval_list(run, node);
	case NODE_SET:
		return eval_set(run, node);
	case NODE_BLOCK:
		return eval_block(run, node);
	case NODE_IF:
		return eval_if(run, node);
	case NODE_CALL:
		return eval_call(run, node);
	case NODE_SELECT:
		return select_attribute(run, node);
	case NODE_HAS:
		return eval_has(run, node);
	case NODE_NEGATE:
		return eval_negate(run, node);
	case NODE_NOT:
		return eval_not(run, node);
	case NODE_BINARY:
		return eval_binary(run, node);
	case NODE_AT:
		return eval_force(evaluator, eval_slot(run, node->at.slot, node->at.value));
	case NODE_SHARE:
		eval_slot(run, node->share->slot, node->share->value);
		return run_on(run, node->share->body, run->environment);
	case NODE_SHARED:
		return eval_force(
			evaluator, run->environment->slots[node->shared.share->share->slot]);
	case NODE_ERROR:
		break;
	}
	must(false, "a tree with errors is not evaluated");
	return NULL;
}

struct value *
eval_node(struct evaluator *evaluator, const struct node *node, struct environment *environment)
{
	if (!eval_may_go_on(evaluator, node->span))
		return NULL;
	struct heap_mark mark = heap_mark(evaluator->heap);
	struct run run = {evaluator, NULL, environment, NULL};
	for (;;) {
		run.node = NULL;
		heap_keep(evaluator->heap, run.environment);
		struct value *value = eval_kind(&run, node);
		if (value)
			return heap_return(evaluator->heap, mark, value);
		if (!run.node)
			break;
		node = run.node;
		heap_rewind(evaluator->heap, mark);
	}
	if (run.call)
		failure_note(evaluator, NOTE_CALL, run.call->span, call_name(run.call));
	heap_rewind(evaluator->heap, mark);
	return NULL;
}

struct value *
eval_expect(struct evaluator *evaluator, struct value *value, enum value_kind kind,
	struct span span, const char *what)
{
	value = eval_force(evaluator, value);
	if (!value || value_is(value, kind))
		return value;
	struct value wanted = {.kind = (uint8_t)kind};
	return eval_fail(evaluator, span, "%s must be %s, not %s: %s", what,
		value_describe(&wanted), value_describe(value), failure_show(evaluator, value));
}
