/* SPDX-License-Identifier: MPL-2.0 */
#include "base/array.h"
#include "base/bytes.h"
#include "lang/syntax.h"

/* Two nodes, or two patterns, still to be compared. */
struct pair {
	const struct node *left;
	const struct node *right;
	const struct pattern *left_pattern;
	const struct pattern *right_pattern;
};

struct comparison {
	ARRAY(struct pair) pairs;
};

/* Both or neither; what is there is compared later. */
static bool
later(struct comparison *comparison, const struct node *left, const struct node *right)
{
	if (!left || !right)
		return left == right;
	*array_push(&comparison->pairs) = (struct pair){.left = left, .right = right};
	return true;
}

static bool
later_pattern(
	struct comparison *comparison, const struct pattern *left, const struct pattern *right)
{
	if (!left || !right)
		return left == right;
	*array_push(&comparison->pairs) =
		(struct pair){.left_pattern = left, .right_pattern = right};
	return true;
}

static bool
equal_text(struct comparison *comparison, struct node_text left, struct node_text right)
{
	if (left.count != right.count)
		return false;
	for (size_t at = 0; at < left.count; at++)
		if (!bytes_equal(left.parts[at].text, right.parts[at].text) ||
			!later(comparison, left.parts[at].value, right.parts[at].value))
			return false;
	return true;
}

static bool
equal_name(
	struct comparison *comparison, const struct node_name *left, const struct node_name *right)
{
	return bytes_equal(left->text, right->text) &&
	       later(comparison, left->dynamic, right->dynamic);
}

static bool
equal_path(
	struct comparison *comparison, const struct node_path *left, const struct node_path *right)
{
	if (left->count != right->count)
		return false;
	for (size_t at = 0; at < left->count; at++)
		if (!equal_name(comparison, &left->names[at], &right->names[at]))
			return false;
	return true;
}

static bool
equal_select(struct comparison *comparison, const struct node_select *left,
	const struct node_select *right)
{
	return equal_path(comparison, &left->path, &right->path) &&
	       later(comparison, left->base, right->base) &&
	       later(comparison, left->fallback, right->fallback);
}

static bool
equal_island(struct comparison *comparison, const struct node_island *left,
	const struct node_island *right)
{
	return equal_text(comparison, left->scheme, right->scheme) &&
	       equal_text(comparison, left->reference, right->reference) &&
	       later(comparison, left->config, right->config) &&
	       equal_text(comparison, left->subpath, right->subpath) &&
	       equal_text(comparison, left->outer, right->outer);
}

/* By its bits: the two zeros are printed differently. */
static bool
equal_float(double left, double right)
{
	uint64_t bits[2];
	memcpy(&bits[0], &left, sizeof left);
	memcpy(&bits[1], &right, sizeof right);
	return bits[0] == bits[1];
}

static bool
equal_list(struct comparison *comparison, const struct node *left, const struct node *right)
{
	if (left->list.count != right->list.count)
		return false;
	for (size_t at = 0; at < left->list.count; at++)
		if (left->list.items[at].spread != right->list.items[at].spread ||
			!later(comparison, left->list.items[at].value, right->list.items[at].value))
			return false;
	return true;
}

static bool
equal_set(struct comparison *comparison, const struct node *left, const struct node *right)
{
	if (left->set.count != right->set.count ||
		left->set.static_count != right->set.static_count)
		return false;
	for (size_t at = 0; at < left->set.count; at++)
		if (!equal_name(comparison, &left->set.entries[at].name,
			    &right->set.entries[at].name) ||
			!later(comparison, left->set.entries[at].value,
				right->set.entries[at].value))
			return false;
	return true;
}

static bool
equal_block(struct comparison *comparison, const struct node_block *left,
	const struct node_block *right)
{
	if (left->binding_count != right->binding_count || left->step_count != right->step_count)
		return false;
	for (size_t at = 0; at < left->binding_count; at++)
		if (!later_pattern(
			    comparison, left->bindings[at].pattern, right->bindings[at].pattern) ||
			!later(comparison, left->bindings[at].value, right->bindings[at].value))
			return false;
	for (size_t at = 0; at < left->step_count; at++)
		if (!later(comparison, left->steps[at], right->steps[at]))
			return false;
	return later(comparison, left->value, right->value);
}

static bool
equal_lambda(struct comparison *comparison, const struct node_lambda *left,
	const struct node_lambda *right)
{
	if (left->count != right->count)
		return false;
	for (size_t at = 0; at < left->count; at++)
		if (!later_pattern(
			    comparison, left->clauses[at].pattern, right->clauses[at].pattern) ||
			!later(comparison, left->clauses[at].body, right->clauses[at].body))
			return false;
	return true;
}

static bool
equal_call(
	struct comparison *comparison, const struct node_call *left, const struct node_call *right)
{
	if (left->count != right->count || left->form != right->form)
		return false;
	for (size_t at = 0; at < left->count; at++)
		if (!later(comparison, left->arguments[at], right->arguments[at]))
			return false;
	return later(comparison, left->function, right->function);
}

/* What selects from a share says nothing that its body does not. */
static bool
equal_share(struct comparison *comparison, const struct node_share *left,
	const struct node_share *right)
{
	return left->form == right->form && left->count == right->count &&
	       later(comparison, left->value, right->value) &&
	       later(comparison, left->body, right->body);
}

static bool
equal_nodes(struct comparison *comparison, const struct node *left, const struct node *right)
{
	if (left->kind != right->kind)
		return false;
	switch (left->kind) {
	case NODE_ERROR:
	case NODE_TRUE:
	case NODE_FALSE:
	case NODE_NULL:
	case NODE_SHARED:
		return true;
	case NODE_NAME:
		return bytes_equal(left->name.text, right->name.text);
	case NODE_INTEGER:
		return left->integer == right->integer;
	case NODE_FLOAT:
		return equal_float(left->number, right->number);
	case NODE_STRING:
	case NODE_PATH:
		return equal_text(comparison, left->text, right->text);
	case NODE_ISLAND:
		return equal_island(comparison, left->island, right->island);
	case NODE_LIST:
		return equal_list(comparison, left, right);
	case NODE_SET:
		return equal_set(comparison, left, right);
	case NODE_BLOCK:
		return equal_block(comparison, left->block, right->block);
	case NODE_IF:
		return later(comparison, left->branch.condition, right->branch.condition) &&
		       later(comparison, left->branch.yes, right->branch.yes) &&
		       later(comparison, left->branch.no, right->branch.no);
	case NODE_LAMBDA:
		return equal_lambda(comparison, left->lambda, right->lambda);
	case NODE_CALL:
		return equal_call(comparison, &left->call, &right->call);
	case NODE_SELECT:
	case NODE_HAS:
		return equal_select(comparison, &left->select, &right->select);
	case NODE_NEGATE:
	case NODE_NOT:
		return later(comparison, left->operand, right->operand);
	case NODE_BINARY:
		return left->binary.operator== right->binary.operator&&
		       later(comparison, left->binary.left, right->binary.left) &&
		       later(comparison, left->binary.right, right->binary.right);
	case NODE_AT:
		return bytes_equal(left->at.name, right->at.name) &&
		       later(comparison, left->at.value, right->at.value);
	case NODE_SHARE:
		return equal_share(comparison, left->share, right->share);
	}
	must(false, "a node must be of one of its kinds");
}

static bool
equal_fields(struct comparison *comparison, const struct pattern *left, const struct pattern *right)
{
	if (left->set.count != right->set.count || left->set.open != right->set.open)
		return false;
	for (size_t at = 0; at < left->set.count; at++) {
		const struct pattern_field *first = &left->set.fields[at];
		const struct pattern_field *second = &right->set.fields[at];
		if (!bytes_equal(first->name, second->name) ||
			!later_pattern(comparison, first->pattern, second->pattern) ||
			!later(comparison, first->fallback, second->fallback))
			return false;
	}
	return true;
}

static bool
equal_patterns(
	struct comparison *comparison, const struct pattern *left, const struct pattern *right)
{
	if (left->kind != right->kind)
		return false;
	switch (left->kind) {
	case PATTERN_ANY:
		return true;
	case PATTERN_NAME:
		return bytes_equal(left->name.text, right->name.text);
	case PATTERN_LITERAL:
		return later(comparison, left->literal, right->literal);
	case PATTERN_AT:
		return bytes_equal(left->name.text, right->name.text) &&
		       later_pattern(comparison, left->name.inner, right->name.inner);
	case PATTERN_LIST:
		if (left->list.count != right->list.count)
			return false;
		for (size_t at = 0; at < left->list.count; at++)
			if (!later_pattern(comparison, left->list.items[at], right->list.items[at]))
				return false;
		return later_pattern(comparison, left->list.tail, right->list.tail);
	case PATTERN_SET:
		return equal_fields(comparison, left, right);
	}
	must(false, "a pattern must be of one of its kinds");
}

bool
syntax_equal(const struct node *left, const struct node *right)
{
	struct comparison comparison = {0};
	bool equal = later(&comparison, left, right);
	while (equal && comparison.pairs.size) {
		struct pair pair = comparison.pairs.data[--comparison.pairs.size];
		equal = pair.left ? equal_nodes(&comparison, pair.left, pair.right)
				  : equal_patterns(
					    &comparison, pair.left_pattern, pair.right_pattern);
	}
	array_release(&comparison.pairs);
	return equal;
}
