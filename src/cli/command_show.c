/* SPDX-License-Identifier: MPL-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/entry.h"

/* The derivation as it is digested, or laid out with what is known of it beside. */
static bool
show_node(const struct options *options, struct session *session, size_t number, struct err *err)
{
	const struct graph_node *node = graph_node(session_graph(session), number);
	cleanup_buf struct buf text = BUF(DERIVATION_SIZE);
	derivation_encode(&node->derivation, &text);
	if (options->derivation) {
		puts(buf_text(&text));
		return true;
	}
	json_t *json = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
	if (!json)
		return err_set(
			err, ERR_CORRUPT, "derivation %.*s", BYTES_ARGS(node->derivation.name));
	char *pretty = json_dumps(json, JSON_INDENT(2) | JSON_SORT_KEYS);
	json_decref(json);
	puts(pretty ? pretty : "");
	free(pretty);
	return true;
}

static bool
show_run(void *context, struct entry *entry, struct value *value, struct err *err)
{
	session_goals goals = {0};
	bool done = session_find_goals(entry->session, value, &goals, err);
	for (size_t at = 0; done && at < goals.size; at++)
		done = show_node(
			(const struct options *)context, entry->session, goals.data[at].node, err);
	session_goals_release(&goals);
	return done;
}

bool
command_show(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct entry_task task = {.context = (void *)(uintptr_t)options,
		.run = show_run,
		.command = "show",
		.alone = true};
	const char *operand = options->operands.size ? options->operands.data[0] : NULL;
	return entry_run(options, operand, operand && entry_is_island(operand), false, &task, err);
}
