/* SPDX-License-Identifier: MPL-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/entry.h"
#include "cli/terminal.h"
#include "store/root.h"
#include "store/store.h"

struct build {
	const struct options *options;
	int *status;
};

/* "result", "result-dev", "result-NAME": one link a goal's output. */
static bool
build_link_path(const struct build *build, const struct session_goal *goal, bool many,
	struct bytes output, struct buf *out, struct err *err)
{
	const char *link = build->options->link ? build->options->link : "result";
	char *here = *link == '/' ? strdup("") : realpath(".", NULL);
	if (!here)
		return err_system(err, errno, "the working directory");
	buf_format(out, "%s%s%s", here, *link == '/' ? "" : "/", link);
	free(here);
	if (many && *goal->name)
		buf_format(out, "-%s", goal->name);
	if (!bytes_equal_text(output, "out"))
		buf_format(out, "-%.*s", BYTES_ARGS(output));
	return buf_check(out, err, "name of the link");
}

/* Before anything runs: a result that cannot be linked would be found out at the very end. */
static bool
build_check_links(const struct build *build, struct session *session, const session_goals *goals,
	struct err *err)
{
	for (size_t goal = 0; !build->options->no_link && goal < goals->size; goal++) {
		const struct derivation *derivation =
			&graph_node(session_graph(session), goals->data[goal].node)->derivation;
		for (size_t at = 0; at < derivation->output_count; at++) {
			cleanup_buf struct buf link = BUF(8192);
			if (!build_link_path(build, &goals->data[goal], goals->size > 1,
				    derivation->outputs[at], &link, err) ||
				!root_check_link(buf_text(&link), err))
				return false;
		}
	}
	return true;
}

static bool
build_publish(const struct build *build, struct session *session, const struct session_goal *goal,
	bool many, struct err *err)
{
	size_t count = 0;
	const struct realizer_output *outputs =
		plan_outputs(session_plan(session), goal->node, &count);
	must(outputs, "a goal that was built has outputs");
	for (size_t at = 0; at < count; at++) {
		struct object_reference object;
		if (!store_path_parse(outputs[at].path, &object))
			return err_set(
				err, ERR_CORRUPT, "output %.*s", BYTES_ARGS(outputs[at].path));
		cleanup_buf struct buf link = BUF(8192);
		if (!build->options->no_link &&
			(!build_link_path(build, goal, many, outputs[at].name, &link, err) ||
				!root_link(session_store(session), buf_text(&link), &object, err)))
			return false;
		char *physical = store_physical_path(session_store(session), &object);
		if (build->options->json) {
			cleanup_buf struct buf line = BUF(16 << 10);
			buf_add_text(&line, "{\"goal\":");
			terminal_add_json(&line, bytes_text(goal->name));
			buf_add_text(&line, ",\"output\":");
			terminal_add_json(&line, outputs[at].name);
			buf_add_text(&line, ",\"path\":");
			terminal_add_json(&line, outputs[at].path);
			buf_add_text(&line, ",\"physical\":");
			terminal_add_json(&line, bytes_text(physical));
			buf_format(
				&line, ",\"hash\":\"%s\"}", cab_hash_print(&outputs[at].hash).text);
			puts(buf_text(&line));
		} else if (bytes_equal(outputs[at].name, goal->output)) {
			puts(physical);
		}
		free(physical);
	}
	return true;
}

static bool
build_say_dry(struct session *session, const session_goals *goals)
{
	for (size_t at = 0; at < goals->size; at++) {
		const struct graph_node *node =
			graph_node(session_graph(session), goals->data[at].node);
		bool there = plan_is_realized(session_plan(session), goals->data[at].node);
		printf("%s %.*s\n", there ? "realized" : "would build",
			BYTES_ARGS(node->derivation.name));
	}
	return true;
}

static bool
build_goals(struct build *build, struct entry *entry, const session_goals *goals, struct err *err)
{
	struct session *session = entry->session;
	if (build->options->dry_run)
		return build_say_dry(session, goals);
	if (!build_check_links(build, session, goals, err) ||
		!session_resolve(session, goals, build->options->update, err) ||
		!session_build(session, goals, err))
		return false;
	progress_hide(entry->progress);
	for (size_t at = 0; at < goals->size; at++)
		if (!build_publish(build, session, &goals->data[at], goals->size > 1, err))
			return false;
	if (session_lock_failed(session))
		*build->status = 1;
	return true;
}

static bool
build_run(void *context, struct entry *entry, struct value *value, struct err *err)
{
	session_goals goals = {0};
	bool done = session_find_goals(entry->session, value, &goals, err) &&
		    build_goals((struct build *)context, entry, &goals, err);
	session_goals_release(&goals);
	return done;
}

static bool
build_with(const struct options *own, const char *operand, int *status_out, struct err *err)
{
	if (own->update && own->locked)
		return err_set(err, ERR_USAGE, "--update and --locked contradict each other");
	struct build build = {own, status_out};
	struct entry_task task = {.context = &build, .run = build_run, .command = "build"};
	bool island = operand && entry_is_island(operand);
	return entry_run(own, operand, island, own->update, &task, err);
}

bool
command_build(const struct options *options, int *status_out, struct err *err)
{
	struct options own;
	const char *operand = NULL;
	if (!entry_take_updates(options, options->update, &own, &operand, err))
		return false;
	bool done = build_with(&own, operand, status_out, err);
	array_release(&own.update_list);
	return done;
}
