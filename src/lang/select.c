/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/evaluator.h"

struct value *
select_refuse(struct evaluator *evaluator, struct span span, struct bytes text, struct value *base)
{
	if (!value_is(base, VALUE_SET)) {
		eval_fail(evaluator, span, "%s has no attributes, so no '%.*s': %s",
			value_describe(base), BYTES_ARGS(text), failure_show(evaluator, base));
		return NULL;
	}
	struct diagnostic_nearest nearest = diagnostic_nearest(text);
	for (size_t at = 0; at < base->count; at++)
		diagnostic_nearest_offer(&nearest, as_set(base)->entries[at].name);
	eval_fail(evaluator, span, "the attribute '%.*s' is missing", BYTES_ARGS(text));
	if (nearest.best.size)
		eval_help(evaluator, "did you mean '%.*s'?", BYTES_ARGS(nearest.best));
	else if (base->count == 0)
		eval_help(evaluator, "the set has no attributes");
	else if (base->count <= 8) {
		cleanup_buf struct buf names = BUF(BUF_MAX);
		for (size_t at = 0; at < base->count; at++)
			buf_format(&names, "%s'%.*s'", at ? ", " : "",
				BYTES_ARGS(as_set(base)->entries[at].name));
		eval_help(evaluator, "the set has %s", buf_text(&names));
	}
	return NULL;
}

struct value *
select_walk(struct evaluator *evaluator, const struct node *node, struct environment *environment,
	bool insist, bool *missed_out)
{
	struct value *base = eval_node(evaluator, node->select.base, environment);
	for (size_t at = 0; base && at < node->select.path.count; at++) {
		const struct node_name *name = &node->select.path.names[at];
		struct bytes text = name->text;
		if (name->dynamic && !coerce_name(evaluator, name, environment, &text, NULL))
			return NULL;
		base = value_of(base);
		if (base->kind == VALUE_THUNK)
			base = eval_force(evaluator, base);
		if (!base) {
			failure_note(evaluator, NOTE_ATTRIBUTE, name[-1].span, name[-1].text);
			return NULL;
		}
		struct value *part =
			value_is(base, VALUE_SET) ? set_find(as_set(base), text) : NULL;
		if (!part) {
			*missed_out = true;
			return insist ? select_refuse(evaluator, name->span, text, base) : NULL;
		}
		base = part;
	}
	return base;
}
