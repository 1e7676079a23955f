/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/account.h"
#include "cli/command.h"
#include "cli/entry.h"
#include "cli/terminal.h"
#include "island/versions.h"
#include "store/store.h"

static void
island_line(const char *name, struct bytes text)
{
	cleanup_buf struct buf shown = BUF(64 << 10);
	terminal_escape(text, &shown);
	printf("%-11s %s\n", name, buf_text(&shown));
}

static void
island_add_text(struct buf *line, const char *name, struct bytes text)
{
	buf_format(line, ",\"%s\":", name);
	terminal_add_json(line, text);
}

static void
island_add_list(struct buf *line, const char *name, const struct bytes *texts, size_t count)
{
	buf_format(line, ",\"%s\":[", name);
	for (size_t at = 0; at < count; at++) {
		if (at)
			buf_add_byte(line, ',');
		terminal_add_json(line, texts[at]);
	}
	buf_add_byte(line, ']');
}

static void
island_print_json(const struct graph_node *node)
{
	const struct derivation *derivation = &node->derivation;
	cleanup_buf struct buf line = BUF(1 << 20);
	buf_add_text(&line, "{\"island\":");
	terminal_add_json(&line, node->island);
	island_add_text(&line, "name", derivation->name);
	island_add_text(&line, "program", derivation->program);
	island_add_list(&line, "arguments", derivation->arguments, derivation->argument_count);
	island_add_list(&line, "origins", derivation->origins, derivation->origin_count);
	if (node->pin.size)
		island_add_text(&line, "pin", node->pin);
	printf("%s}\n", buf_text(&line));
}

static void
island_print(const struct graph_node *node)
{
	island_line("island", node->island);
	island_line("name", node->derivation.name);
	island_line("program", node->derivation.program);
	for (size_t at = 0; at < node->derivation.argument_count; at++)
		island_line("argument", node->derivation.arguments[at]);
	for (size_t at = 0; at < node->derivation.origin_count; at++)
		island_line("origin", node->derivation.origins[at]);
	if (node->pin.size)
		island_line("pin", node->pin);
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
	if (entry->options->json)
		island_print_json(node);
	else
		island_print(node);
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

static void
island_print_object(struct entry *entry, size_t node, const struct object_reference *object)
{
	char *physical = store_physical_path(session_store(entry->session), object);
	struct plan_found found = plan_found(session_plan(entry->session), node);
	bool json = entry->options->json;
	cleanup_buf struct buf line = BUF(1 << 20);
	if (json) {
		buf_add_text(&line, "{\"physical\":");
		terminal_add_json(&line, bytes_text(physical));
		buf_add_text(&line, ",\"identities\":[");
	} else {
		buf_format(&line, "%s\n", physical);
	}
	for (size_t at = 0; at < found.identity_count; at++)
		account_add_identity(&line, &found.identities[at], json, json && at);
	printf("%s%s", buf_text(&line), json ? "]}\n" : "");
	free(physical);
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
		island_print_object(entry, goals.data[0].node, &object);
	}
	session_goals_release(&goals);
	return done;
}

bool
command_island_fetch(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct entry_task task = {
		.context = NULL, .run = island_fetch_run, .command = "island fetch"};
	return entry_run(options, options->operands.data[0], true, false, &task, err);
}

enum { VERSIONS_NAME_COLUMN = 24 };

static void
island_print_version(const struct version *version, bool json)
{
	static const char *const marks[] = {[VERSION_GOOD] = NULL,
		[VERSION_YANKED] = "yanked",
		[VERSION_DEPRECATED] = "deprecated"};
	const char *mark = marks[version->mark];
	cleanup_buf struct buf line = BUF(64 << 10);
	if (json) {
		buf_add_text(&line, "{\"version\":");
		terminal_add_json(&line, version->name);
		if (version->revision.size)
			island_add_text(&line, "revision", version->revision);
		if (mark)
			buf_format(&line, ",\"%s\":true", mark);
		buf_add_text(&line, "}");
	} else {
		terminal_escape(version->name, &line);
		struct bytes behind = mark ? bytes_text(mark) : version->revision;
		if (behind.size)
			do
				buf_add_byte(&line, ' ');
			while (line.size < VERSIONS_NAME_COLUMN);
		terminal_escape(behind, &line);
	}
	puts(buf_text(&line));
}

static bool
island_versions_run(void *context, struct entry *entry, struct value *value, struct err *err)
{
	(void)value;
	cleanup_versions struct versions versions = VERSIONS;
	if (!session_list_versions(
		    entry->session, bytes_text((const char *)context), &versions, err))
		return false;
	progress_hide(entry->progress);
	for (size_t at = 0; at < versions.size; at++)
		island_print_version(&versions.rows[at], entry->options->json);
	return true;
}

bool
command_island_versions(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	const char *operand = options->operands.data[0];
	struct entry_task task = {.context = (void *)(uintptr_t)operand,
		.run = island_versions_run,
		.command = "island versions",
		.unevaluated = true};
	return entry_run(options, operand, true, false, &task, err);
}
