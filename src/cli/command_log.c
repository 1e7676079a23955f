/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/command.h"
#include "cli/entry.h"
#include "cli/terminal.h"
#include "store/file.h"

enum { LOG_MAX = 80 << 20 };

static bool
log_print(int fd, struct err *err)
{
	cleanup_buf struct buf text = BUF(LOG_MAX);
	cleanup_buf struct buf shown = BUF((size_t)8 * LOG_MAX);
	if (!fd_read_all(fd, &text, err))
		return false;
	struct bytes rest = buf_bytes(&text);
	struct bytes line;
	bool plain = !isatty(STDOUT_FILENO);
	while (!plain && rest.size && bytes_split(&rest, '\n', &line)) {
		terminal_escape(line, &shown);
		buf_add_byte(&shown, '\n');
	}
	return fd_write_all(STDOUT_FILENO, plain ? buf_bytes(&text) : buf_bytes(&shown), err) ||
	       err_note(err, "standard output");
}

static bool
log_run(void *context, struct entry *entry, struct value *value, struct err *err)
{
	(void)context;
	struct session *session = entry->session;
	session_goals goals = {0};
	struct digest resolved;
	bool done = session_find_goals(session, value, &goals, err);
	if (done && !plan_is_realized(session_plan(session), goals.data[0].node) &&
		!plan_resolved(session_plan(session), goals.data[0].node, &resolved))
		done = err_set(
			err, ERR_NOT_FOUND, "there is no log: what it needs was not built yet");
	if (done)
		done = plan_resolved(session_plan(session), goals.data[0].node, &resolved) ||
		       err_set(err, ERR_NOT_FOUND, "there is no log: its inputs are not known");
	cleanup_fd int fd = done ? store_log_open(session_store(session), &resolved, err) : -1;
	if (done && fd < 0)
		(void)err_note(err, "%.*s",
			BYTES_ARGS(graph_node(session_graph(session), goals.data[0].node)
					   ->derivation.name));
	session_goals_release(&goals);
	progress_hide(entry->progress);
	return fd >= 0 && log_print(fd, err);
}

bool
command_log(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct entry_task task = {.context = NULL, .run = log_run};
	const char *operand = options->operands.size ? options->operands.data[0] : NULL;
	return entry_run(options, operand, operand && entry_is_island(operand), false, &task, err);
}
