/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/entry.h"
#include "cli/terminal.h"

static void
update_print(const struct entry *entry, const struct session_source *source, bool json)
{
	struct plan_found found = plan_found(session_plan(entry->session), source->node);
	if (!found.asked)
		return;
	const struct identity *old = source->before_count ? &source->before[0] : NULL;
	const struct identity *now = found.identity_count ? &found.identities[0] : NULL;
	cleanup_buf struct buf line = BUF(64 << 10);
	if (json) {
		buf_add_text(&line, "{\"island\":");
		terminal_add_json(&line, source->text);
		buf_format(&line, ",\"changed\":%s", found.changed ? "true" : "false");
		if (old)
			buf_format(&line, ",\"old\":\"%.*s %.*s\"", BYTES_ARGS(old->format),
				BYTES_ARGS(old->value));
		if (now)
			buf_format(&line, ",\"new\":\"%.*s %.*s\"", BYTES_ARGS(now->format),
				BYTES_ARGS(now->value));
		buf_add_text(&line, "}");
	} else {
		terminal_escape(source->text, &line);
		if (!found.changed)
			buf_add_text(&line, ": nothing new");
		else if (old && now)
			buf_format(&line, ": %.*s %.*s -> %.*s", BYTES_ARGS(now->format),
				BYTES_ARGS(bytes_first(old->value, 16)),
				BYTES_ARGS(bytes_first(now->value, 16)));
		else if (now)
			buf_format(&line, ": %.*s %.*s", BYTES_ARGS(now->format),
				BYTES_ARGS(bytes_first(now->value, 40)));
	}
	puts(buf_text(&line));
}

static bool
update_run(void *context, struct entry *entry, struct value *value, struct err *err)
{
	const struct options *options = (const struct options *)context;
	session_goals goals = {0};
	bool done = session_find_goals(entry->session, value, &goals, err) &&
		    session_resolve(entry->session, &goals, true, err);
	session_goals_release(&goals);
	if (!done)
		return false;
	progress_hide(entry->progress);
	for (size_t at = 0; at < session_source_count(entry->session); at++) {
		struct session_source source = session_source_at(entry->session, at);
		if (source.node != SIZE_MAX)
			update_print(entry, &source, options->json);
	}
	return !session_lock_failed(entry->session) ||
	       err_set(err, ERR_REFUSED, "the lock could not be written");
}

bool
command_update(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct options own;
	const char *operand = NULL;
	if (options->locked)
		return err_set(
			err, ERR_USAGE, "cab update writes the lock: --locked contradicts it");
	if (!entry_take_updates(options, true, &own, &operand, err))
		return false;
	struct entry_task task = {&own, update_run};
	bool done = entry_run(&own, operand, false, true, &task, err);
	array_release(&own.update_list);
	return done;
}
