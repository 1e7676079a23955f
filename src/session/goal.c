/* SPDX-License-Identifier: MPL-2.0 */
#include "session/state.h"

#include <stdlib.h>

static bool
goal_add(struct session *session, const char *name, struct value *value, session_goals *out,
	bool *added, struct err *err)
{
	bool is_derivation = false;
	const struct context_item *item = NULL;
	if (!eval_derivation(session->evaluator, value, &is_derivation, &item))
		return err_set(err, ERR_REFUSED, "%s cannot be evaluated",
			*name            ? name
			: session->entry ? session->entry
					 : "the expression");
	*added = is_derivation;
	if (!is_derivation)
		return true;
	const struct session_derivation *derivation =
		(const struct session_derivation *)item->handle;
	*array_push(out) =
		(struct session_goal){strdup(name), derivation->node, bytes_text(item->output)};
	return true;
}

/* The derivation of an island that is itself the goal. */
static bool
goal_add_island(struct session *session, struct value *value, session_goals *out, struct err *err)
{
	struct path *path = as_path(value);
	size_t node = 0;
	if (!path->root)
		return err_set(err, ERR_REFUSED,
			"the entry's value is the path %s; a build wants a derivation", path->text);
	if (path->size != 1)
		return err_set(err, ERR_REFUSED,
			"<%s>%s: a part of an island is fetched as <…::%s>", path->root->text,
			path->text, path->text);
	if (!session_island_node(session, session_island_of(path->root), &node, err))
		return false;
	*array_push(out) = (struct session_goal){strdup(""), node, BYTES_LITERAL("out")};
	return true;
}

static bool
goal_find_in(struct session *session, struct value *value, const char *first, const char *second,
	session_goals *out, bool *added, struct err *err)
{
	struct bytes names[] = {bytes_text(first), bytes_text(second)};
	*added = false;
	for (size_t depth = 0; depth < 2; depth++) {
		bool has = false;
		for (size_t at = 0; at < eval_names(value); at++)
			has |= bytes_equal(eval_name_at(value, at), names[depth]);
		if (!has)
			return true;
		value = eval_select(session->evaluator, value, &names[depth], 1);
		if (!value)
			return err_set(
				err, ERR_REFUSED, "%s.%s cannot be evaluated", first, second);
	}
	return goal_add(session, second, value, out, added, err);
}

bool
session_find_goals(
	struct session *session, struct value *value, session_goals *out, struct err *err)
{
	bool added = false;
	if (value_is(value, VALUE_PATH))
		return goal_add_island(session, value, out, err);
	if (!value_is(value, VALUE_SET))
		return err_set(err, ERR_REFUSED,
			"the entry's value is %s; a build wants a derivation, or a set of them",
			value_describe(value));
	if (!goal_add(session, "", value, out, &added, err))
		return false;
	if (added)
		return true;
	if (!goal_find_in(session, value, "packages", "default", out, &added, err))
		return false;
	if (added)
		return true;
	/* A plain set of derivations: all of them. */
	for (size_t at = 0; at < eval_names(value); at++) {
		struct bytes name = eval_name_at(value, at);
		struct value *part = eval_select(session->evaluator, value, &name, 1);
		if (!part)
			return err_set(
				err, ERR_REFUSED, "%.*s cannot be evaluated", BYTES_ARGS(name));
		if (value_is(part, VALUE_SET) &&
			!goal_add(
				session, arena_text(&session->arena, name), part, out, &added, err))
			return false;
	}
	if (out->size)
		return true;
	return err_set(err, ERR_REFUSED,
		"the entry's value holds no derivation: name one with FILE#packages.NAME, or give "
		"packages.default");
}

void
session_goals_release(session_goals *goals)
{
	for (size_t at = 0; at < goals->size; at++)
		free(goals->data[at].name);
	array_release(goals);
}
