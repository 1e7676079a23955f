/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/evaluator.h"

static bool
equal_numbers(struct value *left, struct value *right)
{
	if (left->kind == right->kind)
		return value_is(left, VALUE_INTEGER)
			       ? as_number(left)->integer == as_number(right)->integer
			       : as_number(left)->real == as_number(right)->real;
	if (value_is(left, VALUE_FLOAT))
		return equal_numbers(right, left);
	double real = as_number(right)->real;
	return real >= -0x1p63 && real < 0x1p63 && (double)(int64_t)real == real &&
	       (int64_t)real == as_number(left)->integer;
}

static bool
equal_lists(struct evaluator *evaluator, struct list *left, struct list *right, bool *out)
{
	*out = left->length == right->length;
	for (; *out && left->length > 0; left = left->tail, right = right->tail) {
		struct heap_mark mark = heap_mark(evaluator->heap);
		bool good = operate_equal(evaluator, left->head, right->head, out);
		heap_rewind(evaluator->heap, mark);
		if (!good)
			return false;
	}
	return true;
}

/* Derivations are one when their .drv and the selected output are. */
static bool
equal_derivations(struct evaluator *evaluator, struct set *left, struct set *right, bool *out)
{
	static const char *const names[] = {"derivationPath", "outputName"};
	*out = true;
	for (size_t at = 0; *out && at < 2; at++) {
		struct value *left_part = set_find(left, bytes_text(names[at]));
		struct value *right_part = set_find(right, bytes_text(names[at]));
		if (!left_part || !right_part)
			*out = left_part == right_part;
		else if (!operate_equal(evaluator, left_part, right_part, out))
			return false;
	}
	return true;
}

static bool
equal_sets(struct evaluator *evaluator, struct set *left, struct set *right, bool *out)
{
	bool left_derivation = false, right_derivation = false;
	if (!coerce_is_derivation(evaluator, &left->value, &left_derivation) ||
		!coerce_is_derivation(evaluator, &right->value, &right_derivation))
		return false;
	if (left_derivation && right_derivation)
		return equal_derivations(evaluator, left, right, out);
	*out = left->value.count == right->value.count;
	for (size_t at = 0; *out && at < left->value.count; at++)
		*out = bytes_equal(left->entries[at].name, right->entries[at].name);
	for (size_t at = 0; *out && at < left->value.count; at++) {
		if (!operate_equal(
			    evaluator, left->entries[at].value, right->entries[at].value, out))
			return false;
	}
	return true;
}

static bool
equal_forced(struct evaluator *evaluator, struct value *left, struct value *right, bool *out)
{
	bool left_number = value_is(left, VALUE_INTEGER) || value_is(left, VALUE_FLOAT);
	bool right_number = value_is(right, VALUE_INTEGER) || value_is(right, VALUE_FLOAT);
	*out = false;
	if (left_number && right_number)
		*out = equal_numbers(left, right);
	if (left->kind != right->kind)
		return true;
	switch ((enum value_kind)left->kind) {
	case VALUE_NULL:
		*out = true;
		return true;
	case VALUE_BOOLEAN:
		*out = left->flag == right->flag;
		return true;
	case VALUE_STRING:
		*out = bytes_equal(string_bytes(as_string(left)), string_bytes(as_string(right)));
		return true;
	case VALUE_PATH:
		*out = as_path(left)->root == as_path(right)->root &&
		       bytes_equal(path_bytes(as_path(left)), path_bytes(as_path(right)));
		return true;
	case VALUE_LIST:
		return equal_lists(evaluator, as_list(left), as_list(right), out);
	case VALUE_SET:
		return equal_sets(evaluator, as_set(left), as_set(right), out);
	case VALUE_INTEGER:
	case VALUE_FLOAT:
	case VALUE_FUNCTION:
	case VALUE_BUILTIN:
	case VALUE_THUNK:
	case VALUE_ENVIRONMENT:
	case VALUE_CONTEXT:
	case VALUE_FREE:
		break;
	}
	return true;
}

bool
operate_equal(struct evaluator *evaluator, struct value *left, struct value *right, bool *out)
{
	struct heap_mark mark = heap_mark(evaluator->heap);
	left = eval_force(evaluator, left);
	right = left ? eval_force(evaluator, right) : NULL;
	bool good = right && eval_may_go_on(evaluator, NO_SPAN) &&
		    equal_forced(evaluator, left, right, out);
	heap_rewind(evaluator->heap, mark);
	return good;
}
