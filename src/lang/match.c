/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/evaluator.h"

static enum match
match_literal(struct evaluator *evaluator, const struct pattern *pattern, struct value *value)
{
	struct value *literal = eval_node(evaluator, pattern->literal, NULL);
	bool equal = false;
	if (!literal || !operate_equal(evaluator, literal, value, &equal))
		return MATCH_FAILED;
	return equal ? MATCH_YES : MATCH_NO;
}

static enum match
match_list(struct evaluator *evaluator, const struct pattern *pattern, struct value *value,
	struct environment *slots, struct environment *environment)
{
	if (!value_is(value, VALUE_LIST))
		return MATCH_NO;
	struct list *list = as_list(value);
	size_t count = pattern->list.count;
	if (list->length < count || (!pattern->list.tail && list->length != count))
		return MATCH_NO;
	for (size_t at = 0; at < count; at++) {
		enum match match = match_pattern(
			evaluator, pattern->list.items[at], list->head, slots, environment);
		if (match != MATCH_YES)
			return match;
		list = list->tail;
	}
	if (!pattern->list.tail)
		return MATCH_YES;
	return match_pattern(evaluator, pattern->list.tail, &list->value, slots, environment);
}

static enum match
match_set(struct evaluator *evaluator, const struct pattern *pattern, struct value *value,
	struct environment *slots, struct environment *environment)
{
	if (!value_is(value, VALUE_SET))
		return MATCH_NO;
	size_t found = 0;
	for (size_t at = 0; at < pattern->set.count; at++) {
		const struct pattern_field *field = &pattern->set.fields[at];
		struct value *part = set_find(as_set(value), field->name);
		if (!part && !field->fallback)
			return MATCH_NO;
		found += part != NULL;
		if (!part)
			part = heap_new_thunk(evaluator->heap, field->fallback, environment);
		enum match match =
			match_pattern(evaluator, field->pattern, part, slots, environment);
		if (match != MATCH_YES)
			return match;
	}
	return pattern->set.open || found == value->count ? MATCH_YES : MATCH_NO;
}

enum match
match_pattern(struct evaluator *evaluator, const struct pattern *pattern, struct value *value,
	struct environment *slots, struct environment *environment)
{
	while (pattern->kind == PATTERN_AT) {
		slots->slots[pattern->name.slot] = value;
		pattern = pattern->name.inner;
	}
	if (pattern->kind == PATTERN_ANY)
		return MATCH_YES;
	if (pattern->kind == PATTERN_NAME) {
		slots->slots[pattern->name.slot] = value;
		return MATCH_YES;
	}
	if (!eval_may_go_on(evaluator, pattern->span))
		return MATCH_FAILED;
	value = eval_force(evaluator, value);
	if (!value)
		return MATCH_FAILED;
	switch (pattern->kind) {
	case PATTERN_LITERAL:
		return match_literal(evaluator, pattern, value);
	case PATTERN_LIST:
		return match_list(evaluator, pattern, value, slots, environment);
	case PATTERN_SET:
		return match_set(evaluator, pattern, value, slots, environment);
	case PATTERN_ANY:
	case PATTERN_NAME:
	case PATTERN_AT:
		break;
	}
	return MATCH_YES;
}

static bool
pattern_has_field(const struct pattern *pattern, struct bytes name)
{
	for (size_t at = 0; at < pattern->set.count; at++) {
		if (bytes_equal(pattern->set.fields[at].name, name))
			return true;
	}
	return false;
}

static struct value *
refuse_set(struct evaluator *evaluator, const struct pattern *pattern, struct value *value)
{
	cleanup_buf struct buf missing = BUF(BUF_MAX);
	cleanup_buf struct buf extra = BUF(BUF_MAX);
	struct bytes first_extra = {0};
	for (size_t at = 0; at < pattern->set.count; at++) {
		const struct pattern_field *field = &pattern->set.fields[at];
		if (!field->fallback && !set_find(as_set(value), field->name))
			buf_format(&missing, "%s'%.*s'", missing.size ? ", " : "",
				BYTES_ARGS(field->name));
	}
	for (size_t at = 0; at < value->count && !pattern->set.open; at++) {
		struct bytes name = as_set(value)->entries[at].name;
		if (pattern_has_field(pattern, name))
			continue;
		if (!extra.size)
			first_extra = name;
		buf_format(&extra, "%s'%.*s'", extra.size ? ", " : "", BYTES_ARGS(name));
	}
	if (!missing.size && !extra.size)
		return eval_fail(evaluator, NO_SPAN, "the set does not match the pattern: %s",
			failure_show(evaluator, value));
	if (!extra.size)
		return eval_fail(evaluator, NO_SPAN, "the set lacks %s", buf_text(&missing));
	if (missing.size)
		eval_fail(evaluator, NO_SPAN, "the set lacks %s and has %s, which is not wanted",
			buf_text(&missing), buf_text(&extra));
	else
		eval_fail(evaluator, NO_SPAN, "the set has %s, which is not wanted",
			buf_text(&extra));
	struct diagnostic_nearest nearest = diagnostic_nearest(first_extra);
	for (size_t at = 0; at < pattern->set.count; at++)
		diagnostic_nearest_offer(&nearest, pattern->set.fields[at].name);
	if (nearest.best.size)
		return eval_help(evaluator, "did you mean '%.*s'?", BYTES_ARGS(nearest.best));
	return eval_help(evaluator, "a pattern that ends in '...' takes any further attribute");
}

struct value *
match_refuse(struct evaluator *evaluator, const struct pattern *pattern, struct value *value)
{
	while (pattern->kind == PATTERN_AT)
		pattern = pattern->name.inner;
	if (pattern->kind == PATTERN_SET && value_is(value, VALUE_SET))
		return refuse_set(evaluator, pattern, value);
	if (pattern->kind == PATTERN_SET)
		return eval_fail(evaluator, NO_SPAN, "a set is wanted here, not %s: %s",
			value_describe(value), failure_show(evaluator, value));
	if (pattern->kind == PATTERN_LIST && !value_is(value, VALUE_LIST))
		return eval_fail(evaluator, NO_SPAN, "a list is wanted here, not %s: %s",
			value_describe(value), failure_show(evaluator, value));
	return eval_fail(evaluator, NO_SPAN, "the pattern does not match %s",
		failure_show(evaluator, value));
}

/* Every name that the pattern binds becomes a part of the match that is yet to be made. */
static void
bind_names(struct evaluator *evaluator, const struct pattern *pattern, struct value *match,
	struct environment *environment)
{
	for (; pattern->kind == PATTERN_AT || pattern->kind == PATTERN_NAME;
		pattern = pattern->name.inner) {
		uint32_t slot = pattern->name.slot;
		environment->slots[slot] = heap_new_pick(evaluator->heap, match, slot);
		if (pattern->kind == PATTERN_NAME)
			return;
	}
	if (pattern->kind == PATTERN_LIST) {
		for (size_t at = 0; at < pattern->list.count; at++)
			bind_names(evaluator, pattern->list.items[at], match, environment);
		if (pattern->list.tail)
			bind_names(evaluator, pattern->list.tail, match, environment);
	}
	if (pattern->kind == PATTERN_SET) {
		for (size_t at = 0; at < pattern->set.count; at++)
			bind_names(evaluator, pattern->set.fields[at].pattern, match, environment);
	}
}

void
match_bind(struct evaluator *evaluator, const struct node_binding *binding,
	struct environment *environment)
{
	const struct pattern *pattern = binding->pattern;
	if (pattern->kind == PATTERN_ANY)
		return;
	struct value *value = eval_delay(evaluator, binding->value, environment);
	if (pattern->kind == PATTERN_NAME) {
		environment->slots[pattern->name.slot] = value;
		return;
	}
	environment->slots[binding->slot] = value;
	struct value *match = heap_new_match(evaluator->heap, pattern, environment, value);
	bind_names(evaluator, pattern, match, environment);
}

struct value *
match_run(struct evaluator *evaluator, const struct pattern *pattern,
	struct environment *environment, struct value *value)
{
	struct environment *slots =
		heap_new_environment(evaluator->heap, environment->up, environment->value.count);
	switch (match_pattern(evaluator, pattern, value, slots, environment)) {
	case MATCH_YES:
		return &slots->value;
	case MATCH_NO:
		break;
	case MATCH_FAILED:
		return NULL;
	}
	value = eval_force(evaluator, value);
	if (value)
		match_refuse(evaluator, pattern, value);
	failure_place(evaluator, pattern->span);
	return NULL;
}
