/* SPDX-License-Identifier: MPL-2.0 */
#include <math.h>

#include "base/path.h"
#include "lang/evaluator.h"

static bool
is_number(const struct value *value)
{
	return value_is(value, VALUE_INTEGER) || value_is(value, VALUE_FLOAT);
}

static double
real_of(struct value *value)
{
	return value_is(value, VALUE_FLOAT) ? as_number(value)->real
					    : (double)as_number(value)->integer;
}

/* -1, 0, 1: without the rounding that a conversion to double would bring. */
static int
compare_mixed(int64_t integer, double real)
{
	if (real >= 0x1p63)
		return -1;
	if (real < -0x1p63)
		return 1;
	double whole = trunc(real);
	int64_t other = (int64_t)whole;
	if (integer != other)
		return integer < other ? -1 : 1;
	return (whole > real) - (whole < real);
}

static int
compare_numbers(struct value *left, struct value *right)
{
	bool left_real = value_is(left, VALUE_FLOAT), right_real = value_is(right, VALUE_FLOAT);
	if (left_real && right_real)
		return (as_number(left)->real > as_number(right)->real) -
		       (as_number(left)->real < as_number(right)->real);
	if (left_real)
		return -compare_mixed(as_number(right)->integer, as_number(left)->real);
	if (right_real)
		return compare_mixed(as_number(left)->integer, as_number(right)->real);
	return (as_number(left)->integer > as_number(right)->integer) -
	       (as_number(left)->integer < as_number(right)->integer);
}

bool
operate_less(struct evaluator *evaluator, struct value *left, struct value *right, struct span span,
	bool *out)
{
	if (is_number(left) && is_number(right)) {
		*out = compare_numbers(left, right) < 0;
		return true;
	}
	if (value_is(left, VALUE_STRING) && value_is(right, VALUE_STRING)) {
		*out = bytes_compare(
			       string_bytes(as_string(left)), string_bytes(as_string(right))) < 0;
		return true;
	}
	eval_fail(evaluator, span, "%s and %s have no order", value_describe(left),
		value_describe(right));
	eval_help(evaluator, "numbers are compared with numbers, strings with strings");
	return false;
}

static struct value *
fail_overflow(struct evaluator *evaluator, struct span span, const char *sign, struct value *left,
	struct value *right)
{
	return eval_fail(evaluator, span, "integer overflow: %lld %s %lld",
		(long long)as_number(left)->integer, sign, (long long)as_number(right)->integer);
}

static struct value *
new_float(struct evaluator *evaluator, double real, struct span span)
{
	if (!isfinite(real))
		return eval_fail(evaluator, span, "the result is not a finite number");
	return heap_new_float(evaluator->heap, real);
}

/* By squaring; false on overflow. */
static bool
power_integer(int64_t base, int64_t exponent, int64_t *out)
{
	int64_t result = 1;
	while (exponent > 0) {
		if ((exponent & 1) && __builtin_mul_overflow(result, base, &result))
			return false;
		exponent >>= 1;
		if (exponent > 0 && __builtin_mul_overflow(base, base, &base))
			return false;
	}
	*out = result;
	return true;
}

static struct value *
operate_integers(struct evaluator *evaluator, enum node_operator operation, struct value *left,
	struct value *right, struct span span)
{
	int64_t a = as_number(left)->integer, b = as_number(right)->integer, result = 0;
	bool over = false;
	if (operation == OPERATOR_ADD)
		over = __builtin_add_overflow(a, b, &result);
	else if (operation == OPERATOR_SUBTRACT)
		over = __builtin_sub_overflow(a, b, &result);
	else if (operation == OPERATOR_MULTIPLY)
		over = __builtin_mul_overflow(a, b, &result);
	else if (operation == OPERATOR_DIVIDE) {
		if (b == 0)
			return eval_fail(evaluator, span, "division by zero");
		over = a == INT64_MIN && b == -1;
		result = over ? 0 : a / b;
	} else {
		if (b < 0) {
			eval_fail(evaluator, span, "a negative exponent on an integer");
			return eval_help(evaluator, "write %lld.0 ^ %lld for a float", (long long)a,
				(long long)b);
		}
		over = !power_integer(a, b, &result);
	}
	if (over)
		return fail_overflow(evaluator, span, operator_text(operation), left, right);
	return heap_new_integer(evaluator->heap, result);
}

static struct value *
operate_reals(struct evaluator *evaluator, enum node_operator operation, double a, double b,
	struct span span)
{
	if (operation == OPERATOR_ADD)
		return new_float(evaluator, a + b, span);
	if (operation == OPERATOR_SUBTRACT)
		return new_float(evaluator, a - b, span);
	if (operation == OPERATOR_MULTIPLY)
		return new_float(evaluator, a * b, span);
	if (operation == OPERATOR_POWER)
		return new_float(evaluator, pow(a, b), span);
	if (b == 0)
		return eval_fail(evaluator, span, "division by zero");
	return new_float(evaluator, a / b, span);
}

static struct value *
operate_numbers(struct evaluator *evaluator, enum node_operator operation, struct value *left,
	struct value *right, struct span span)
{
	if (!is_number(left) || !is_number(right))
		return eval_fail(evaluator, span, "'%s' wants numbers, not %s and %s",
			operator_text(operation), value_describe(left), value_describe(right));
	if (value_is(left, VALUE_INTEGER) && value_is(right, VALUE_INTEGER))
		return operate_integers(evaluator, operation, left, right, span);
	return operate_reals(evaluator, operation, real_of(left), real_of(right), span);
}

struct value *
operate_negate(struct evaluator *evaluator, struct value *value, struct span span)
{
	if (value_is(value, VALUE_FLOAT))
		return heap_new_float(evaluator->heap, -as_number(value)->real);
	if (!value_is(value, VALUE_INTEGER))
		return eval_fail(
			evaluator, span, "'-' wants a number, not %s", value_describe(value));
	if (as_number(value)->integer == INT64_MIN)
		return eval_fail(evaluator, span, "integer overflow: -(%lld)",
			(long long)as_number(value)->integer);
	return heap_new_integer(evaluator->heap, -as_number(value)->integer);
}

static struct value *
refuse_size(struct evaluator *evaluator, size_t size)
{
	eval_fail(evaluator, NO_SPAN, "a string of %zu bytes passes the heap's ceiling", size);
	evaluator->failure.cause = ERR_LIMIT;
	return eval_help(evaluator, "a larger --max-heap lets it have more");
}

static struct value *
add_strings(struct evaluator *evaluator, struct string *left, struct string *right)
{
	struct context *context =
		heap_join_contexts(evaluator->heap, left->context, right->context);
	if (!heap_has_room(evaluator->heap, left->size + right->size))
		return refuse_size(evaluator, left->size + right->size);
	struct string *sum =
		heap_new_string_room(evaluator->heap, left->size + right->size, context);
	memcpy(sum->text, left->text, left->size);
	memcpy(sum->text + left->size, right->text, right->size);
	return &sum->value;
}

static struct value *
add_to_path(struct evaluator *evaluator, struct path *left, struct string *right, struct span span)
{
	if (right->context)
		return eval_fail(evaluator, span, "a path cannot hold what the store holds: %s",
			right->context->items[0]->path);
	if (memchr(right->text, 0, right->size))
		return eval_fail(evaluator, span, "a path cannot hold a NUL");
	cleanup_buf struct buf joined = BUF(BUF_MAX);
	cleanup_buf struct buf normal = BUF(BUF_MAX);
	buf_add(&joined, path_bytes(left));
	buf_add(&joined, string_bytes(right));
	path_join(BYTES_LITERAL("/"), buf_bytes(&joined), &normal);
	return heap_new_path(evaluator->heap, left->root, buf_bytes(&normal));
}

struct value *
operate_add(struct evaluator *evaluator, struct value *left, struct value *right, struct span span)
{
	if (is_number(left) && is_number(right))
		return operate_numbers(evaluator, OPERATOR_ADD, left, right, span);
	bool text = value_is(right, VALUE_STRING);
	if (value_is(left, VALUE_STRING) && text)
		return add_strings(evaluator, as_string(left), as_string(right));
	if (value_is(left, VALUE_PATH) && text)
		return add_to_path(evaluator, as_path(left), as_string(right), span);
	eval_fail(evaluator, span, "'+' does not join %s and %s", value_describe(left),
		value_describe(right));
	if (value_is(left, VALUE_STRING) || text)
		eval_help(evaluator, "put it into the text: \"…\\(value)…\"");
	else if (value_is(left, VALUE_LIST))
		eval_help(evaluator, "lists are joined by '++'");
	else if (value_is(left, VALUE_SET))
		eval_help(evaluator, "sets are joined by '//'");
	else if (value_is(left, VALUE_PATH))
		eval_help(evaluator, "what is added to a path is a string");
	return NULL;
}

struct value *
operate_concat(struct evaluator *evaluator, struct list *left, struct list *right)
{
	if (left->length == 0)
		return &right->value;
	if (right->length == 0)
		return &left->value;
	/* Cells are made front to back; each is reachable from the first, which stays. */
	struct list *first = NULL, *last = NULL;
	size_t length = left->length + right->length;
	for (; left->length > 0; left = left->tail, length--) {
		struct heap_mark mark = heap_mark(evaluator->heap);
		struct list *cell = heap_new_list(evaluator->heap, left->head, right);
		cell->length = length;
		if (last) {
			last->tail = cell;
			heap_rewind(evaluator->heap, mark);
		} else
			first = cell;
		last = cell;
		if (!eval_may_go_on(evaluator, NO_SPAN))
			return NULL;
	}
	return &first->value;
}

struct set *
operate_update(struct evaluator *evaluator, struct set *left, struct set *right)
{
	if (left->value.count == 0)
		return right;
	if (right->value.count == 0)
		return left;
	size_t from_left = 0, from_right = 0, count = 0;
	size_t most = (size_t)left->value.count + right->value.count;
	struct set *set = heap_new_set(evaluator->heap, most);
	while (from_left < left->value.count || from_right < right->value.count) {
		int order = from_left == left->value.count ? 1
			    : from_right == right->value.count
				    ? -1
				    : bytes_compare(left->entries[from_left].name,
					      right->entries[from_right].name);
		set->entries[count++] =
			order < 0 ? left->entries[from_left] : right->entries[from_right];
		from_left += order <= 0;
		from_right += order >= 0;
	}
	set->value.count = (uint32_t)count;
	return set;
}

static struct value *
operate_order(struct evaluator *evaluator, enum node_operator operation, struct value *left,
	struct value *right, struct span span)
{
	bool swapped = operation == OPERATOR_GREATER || operation == OPERATOR_LESS_EQUAL;
	bool negated = operation == OPERATOR_LESS_EQUAL || operation == OPERATOR_GREATER_EQUAL;
	bool less = false;
	if (!operate_less(evaluator, swapped ? right : left, swapped ? left : right, span, &less))
		return NULL;
	return heap_boolean(evaluator->heap, less != negated);
}

static struct value *
operate_lists(struct evaluator *evaluator, struct value *left, struct value *right,
	const struct node *node)
{
	if (!eval_expect(evaluator, left, VALUE_LIST, node->binary.left->span,
		    "the left operand of '++'") ||
		!eval_expect(evaluator, right, VALUE_LIST, node->binary.right->span,
			"the right operand of '++'"))
		return NULL;
	return operate_concat(evaluator, as_list(left), as_list(right));
}

static struct value *
operate_sets(struct evaluator *evaluator, struct value *left, struct value *right,
	const struct node *node)
{
	if (!eval_expect(evaluator, left, VALUE_SET, node->binary.left->span,
		    "the left operand of '//'") ||
		!eval_expect(evaluator, right, VALUE_SET, node->binary.right->span,
			"the right operand of '//'"))
		return NULL;
	return &operate_update(evaluator, as_set(left), as_set(right))->value;
}

static struct value *
operate_cons(struct evaluator *evaluator, const struct node *node, struct environment *environment)
{
	struct value *head = eval_delay(evaluator, node->binary.left, environment);
	struct value *tail = eval_node(evaluator, node->binary.right, environment);
	if (!tail || !eval_expect(evaluator, tail, VALUE_LIST, node->binary.right->span,
			     "the right operand of ':'"))
		return NULL;
	return &heap_new_list(evaluator->heap, head, as_list(tail))->value;
}

struct value *
operate_binary(
	struct evaluator *evaluator, const struct node *node, struct environment *environment)
{
	enum node_operator operation = node->binary.operator;
	if (operation == OPERATOR_CONS)
		return operate_cons(evaluator, node, environment);
	struct value *left = eval_node(evaluator, node->binary.left, environment);
	struct value *right = left ? eval_node(evaluator, node->binary.right, environment) : NULL;
	if (!right)
		return NULL;
	struct span span = node->binary.span;
	bool equal = false;
	switch (operation) {
	case OPERATOR_CONCAT:
		return operate_lists(evaluator, left, right, node);
	case OPERATOR_UPDATE:
		return operate_sets(evaluator, left, right, node);
	case OPERATOR_ADD: {
		struct value *sum = operate_add(evaluator, left, right, span);
		if (!sum)
			failure_place(evaluator, span);
		return sum;
	}
	case OPERATOR_POWER:
	case OPERATOR_MULTIPLY:
	case OPERATOR_DIVIDE:
	case OPERATOR_SUBTRACT:
		return operate_numbers(evaluator, operation, left, right, span);
	case OPERATOR_LESS:
	case OPERATOR_LESS_EQUAL:
	case OPERATOR_GREATER:
	case OPERATOR_GREATER_EQUAL:
		return operate_order(evaluator, operation, left, right, span);
	case OPERATOR_EQUAL:
	case OPERATOR_NOT_EQUAL:
		if (!operate_equal(evaluator, left, right, &equal))
			return NULL;
		return heap_boolean(evaluator->heap, equal == (operation == OPERATOR_EQUAL));
	case OPERATOR_CONS:
	case OPERATOR_AND:
	case OPERATOR_OR:
	case OPERATOR_IMPLIES:
		break;
	}
	must(false, "short circuits and cons are handled before");
	return NULL;
}
