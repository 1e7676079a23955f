/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/evaluator.h"

static struct value *
thunk_run(struct evaluator *evaluator, struct thunk *thunk)
{
	switch ((enum thunk_state)thunk->value.flag) {
	case THUNK_EXPRESSION:
		return eval_node(
			evaluator, thunk->node, (struct environment *)(void *)thunk->first);
	case THUNK_APPLY: {
		struct value *function = eval_force(evaluator, thunk->first);
		return function ? eval_apply(evaluator, function, thunk->second) : NULL;
	}
	case THUNK_STEP:
		return thunk->step(evaluator, thunk->first, thunk->second);
	case THUNK_MATCH:
		return match_run(evaluator, thunk->pattern,
			(struct environment *)(void *)thunk->first, thunk->second);
	case THUNK_PICK: {
		struct value *slots = eval_force(evaluator, thunk->first);
		if (!slots)
			return NULL;
		return eval_force(
			evaluator, ((struct environment *)(void *)slots)->slots[thunk->slot]);
	}
	case THUNK_DONE:
		return thunk->first;
	}
	return NULL;
}

struct value *
eval_force(struct evaluator *evaluator, struct value *value)
{
	value = value_of(value);
	if (value->kind != VALUE_THUNK)
		return value;
	struct thunk *thunk = (struct thunk *)value;
	struct span span = thunk->value.flag == THUNK_EXPRESSION ? thunk->node->span : NO_SPAN;
	if (thunk->value.count) {
		eval_fail(evaluator, span, "this value needs itself: infinite recursion");
		return NULL;
	}
	if (!eval_may_go_on(evaluator, span))
		return NULL;
	struct heap_mark mark = heap_mark(evaluator->heap);
	heap_keep(evaluator->heap, thunk);
	thunk->value.count = 1;
	struct value *result = thunk_run(evaluator, thunk);
	thunk->value.count = 0;
	if (result) {
		thunk->value.flag = THUNK_DONE;
		thunk->first = result;
		thunk->second = NULL;
	}
	return heap_return(evaluator->heap, mark, result);
}

static bool
force_parts(struct evaluator *evaluator, struct value *value)
{
	if (value_is(value, VALUE_LIST)) {
		for (struct list *at = as_list(value); at->length > 0; at = at->tail) {
			if (!eval_force_deep(evaluator, at->head))
				return false;
		}
		return true;
	}
	if (!value_is(value, VALUE_SET))
		return true;
	bool derivation = false;
	if (!coerce_is_derivation(evaluator, value, &derivation))
		return false;
	/* A derivation holds itself; its path stands for all of it. */
	if (derivation) {
		struct value *path = set_find(as_set(value), BYTES_LITERAL("derivationPath"));
		return !path || eval_force(evaluator, path) != NULL;
	}
	for (size_t at = 0; at < value->count; at++) {
		const struct set_entry *entry = &as_set(value)->entries[at];
		if (!eval_force_deep(evaluator, entry->value)) {
			failure_note(evaluator, NOTE_ATTRIBUTE, NO_SPAN, entry->name);
			return false;
		}
	}
	return true;
}

struct value *
eval_force_deep(struct evaluator *evaluator, struct value *value)
{
	struct heap_mark mark = heap_mark(evaluator->heap);
	heap_keep(evaluator->heap, value);
	value = eval_force(evaluator, value);
	/* What holds itself is forced once. */
	if (!value || value->visited)
		return heap_return(evaluator->heap, mark, value);
	heap_keep(evaluator->heap, value);
	value->visited = 1;
	bool forced = eval_may_go_on(evaluator, NO_SPAN) && force_parts(evaluator, value);
	value->visited = 0;
	return heap_return(evaluator->heap, mark, forced ? value : NULL);
}
