/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/entry.h"
#include "cli/terminal.h"
#include "store/store.h"

static void
island_line(const char *name, struct bytes text)
{
	cleanup_buf struct buf shown = BUF(64 << 10);
	terminal_escape(text, &shown);
	printf("%-11s %s\n", name, buf_text(&shown));
}

static bool
island_show_run(void *context, struct entry *entry, struct value *value, struct err *err)
{
	(void)context;
	session_goals goals = {0};
	if (!session_find_goals(entry->session, value, &goals, err))
		return false;
	const struct graph_node *node =
		graph_node(session_graph(entry->session), goals.data[0].node);
	island_line("island", node->island);
	island_line("name", node->derivation.name);
	island_line("program", node->derivation.program);
	for (size_t at = 0; at < node->derivation.argument_count; at++)
		island_line("argument", node->derivation.arguments[at]);
	for (size_t at = 0; at < node->derivation.origin_count; at++)
		island_line("origin", node->derivation.origins[at]);
	if (node->pin.size)
		island_line("pin", node->pin);
	session_goals_release(&goals);
	return true;
}

bool
command_island_show(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct entry_task task = {.context = NULL, .run = island_show_run};
	return entry_run(options, options->operands.data[0], true, false, &task, err);
}

static bool
island_fetch_run(void *context, struct entry *entry, struct value *value, struct err *err)
{
	(void)context;
	session_goals goals = {0};
	struct session *session = entry->session;
	bool done = session_find_goals(session, value, &goals, err) &&
		    session_resolve(session, &goals, false, err) &&
		    session_build(session, &goals, err);
	size_t count = 0;
	const struct realizer_output *outputs =
		done ? plan_outputs(session_plan(session), goals.data[0].node, &count) : NULL;
	struct object_reference object;
	if (outputs && store_path_parse(outputs[0].path, &object)) {
		progress_hide(entry->progress);
		char *physical = store_physical_path(session_store(session), &object);
		puts(physical);
		free(physical);
		struct plan_found found = plan_found(session_plan(session), goals.data[0].node);
		for (size_t at = 0; at < found.identity_count; at++)
			printf("%.*s %.*s\n", BYTES_ARGS(found.identities[at].format),
				BYTES_ARGS(found.identities[at].value));
	}
	session_goals_release(&goals);
	return done;
}

bool
command_island_fetch(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct entry_task task = {.context = NULL, .run = island_fetch_run};
	return entry_run(options, options->operands.data[0], true, false, &task, err);
}
