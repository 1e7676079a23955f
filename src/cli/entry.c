/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/terminal.h"
#include "island/commits.h"
#include "island/island.h"
#include "store/account.h"

enum { ENTRY_INPUT_MAX = 16 << 20, ENTRY_TABLE_MAX = 64 << 20, ENTRY_TRIES = 5 };

bool
entry_is_island(const char *text)
{
	if (*text == '<')
		return true;
	size_t colon = bytes_find(bytes_text(text), ':');
	return colon != SIZE_MAX && scheme_find(bytes_of(text, colon)) != NULL;
}

/* An island of whatever scheme, so that a mistyped one is not taken for a file. */
static bool
entry_is_named_island(const char *text)
{
	size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+.-");
	return *text == '<' || (size && text[size] == ':');
}

/* The operand that is no island; NULL where there is none. */
static bool
entry_sort_operands(const struct options *options, bool islands, struct options *own,
	const char **operand, struct err *err)
{
	for (size_t at = 0; at < options->operands.size; at++) {
		const char *text = options->operands.data[at];
		struct stat status;
		if (islands && entry_is_named_island(text) && stat(text, &status) < 0)
			*array_push(&own->update_list) = text;
		else if (*operand)
			return err_set(
				err, ERR_USAGE, "cab takes one entry: %s or %s", *operand, text);
		else
			*operand = text;
	}
	return true;
}

bool
entry_take_updates(const struct options *options, bool islands, struct options *own,
	const char **operand, struct err *err)
{
	*own = *options;
	*operand = NULL;
	/* Not the list itself: it grows here, and whoever parsed the options releases theirs. */
	own->update_list.data = NULL;
	own->update_list.size = own->update_list.capacity = 0;
	for (size_t at = 0; at < options->update_list.size; at++)
		*array_push(&own->update_list) = options->update_list.data[at];
	if (entry_sort_operands(options, islands, own, operand, err))
		return true;
	array_release(&own->update_list);
	return false;
}

static void
entry_on_start(void *context, size_t node, enum plan_work work, struct bytes name)
{
	static const char *const verbs[] = {
		[PLAN_ASK] = "ask", [PLAN_FETCH] = "fetch", [PLAN_BUILD] = "build"};
	struct entry *entry = (struct entry *)context;
	size_t row = progress_start(entry->progress, verbs[work], name);
	account_start(&entry->account, node, row, work);
}

static void
entry_on_event(void *context, size_t node, const struct realizer_event *event)
{
	struct entry *entry = (struct entry *)context;
	const struct account_run *run = account_find(&entry->account, node);
	if (!run)
		return;
	size_t row = run->row;
	account_event(&entry->account, node, event);
	switch (event->kind) {
	case REALIZER_EVENT_WAIT:
		progress_state(entry->progress, row, event->text);
		break;
	case REALIZER_EVENT_LOG:
		progress_log(entry->progress, row, event->text);
		break;
	case REALIZER_EVENT_PROGRESS:
		progress_bytes(
			entry->progress, row, event->received, event->expected, event->objects);
		break;
	case REALIZER_EVENT_START:
	case REALIZER_EVENT_IDENTITY:
	case REALIZER_EVENT_REACHED:
	case REALIZER_EVENT_REQUEST:
	case REALIZER_EVENT_FINISH:
		break;
	}
}

static void
entry_describe_identity(const struct realizer_result *result, struct buf *out)
{
	const struct identity *first = &result->identities[0];
	uint32_t commits = 0;
	if (!bytes_equal_text(first->format, "commits"))
		buf_format(out, "%s%.*s %.*s%s", result->known_from.size ? "nothing new (" : "",
			BYTES_ARGS(first->format), BYTES_ARGS(bytes_first(first->value, 12)),
			result->known_from.size ? ")" : "");
	else if (commits_read(first->value, &commits))
		buf_format(out, "%u commit%s", commits, commits == 1 ? "" : "s");
}

static void
entry_describe(const struct realizer_result *result, struct buf *out)
{
	if (result->end == REALIZER_END_STOPPED && result->identity_count)
		entry_describe_identity(result, out);
	if (!result->requests)
		return;
	buf_format(out, "%s%llu request%s, %llu kB", out->size ? ", " : "",
		(unsigned long long)result->requests, result->requests == 1 ? "" : "s",
		(unsigned long long)((result->received + 999) / 1000));
}

static void
entry_on_end(
	void *context, size_t node, const struct realizer_result *result, const struct err *err)
{
	struct entry *entry = (struct entry *)context;
	const struct account_run *run = account_find(&entry->account, node);
	if (!run)
		return;
	size_t row = run->row;
	account_end(&entry->account, node, plan_realizer(session_plan(entry->session), node),
		result, err);
	if (!result && entry->is_counting) {
		progress_finish(entry->progress, row, PROGRESS_DONE,
			BYTES_LITERAL("the commits are not counted"));
		return;
	}
	if (!result) {
		/* The plan's own error is that of the first that failed by itself. */
		bool last = !entry->failed && err->kind != ERR_CANCELLED;
		entry->failed |= last;
		progress_finish(entry->progress, row, last ? PROGRESS_FAILED_LAST : PROGRESS_FAILED,
			bytes_text(err->text));
		return;
	}
	bool found = result->end == REALIZER_END_FOUND;
	cleanup_buf struct buf text = BUF(4096);
	entry_describe(result, &text);
	progress_moved(entry->progress, row, result->requests, result->received);
	progress_finish(
		entry->progress, row, found ? PROGRESS_FOUND : PROGRESS_DONE, buf_bytes(&text));
}

static void
entry_on_say(void *context, struct bytes line)
{
	struct entry *entry = (struct entry *)context;
	if (entry->progress) {
		progress_say(entry->progress, line);
		return;
	}
	terminal_escape(line, &entry->later);
	buf_add_byte(&entry->later, '\n');
}

static enum progress_style
entry_style(const struct options *options)
{
	if (options->json)
		return PROGRESS_JSON;
	if (options->quiet)
		return PROGRESS_QUIET;
	return terminal_is_live(STDERR_FILENO) ? PROGRESS_LIVE : PROGRESS_PLAIN;
}

/* "FILE#NAME.PATH": the last '#' splits, but a file of the literal name wins. */
static void
entry_split(struct entry *entry, const char *operand, struct session_options *out)
{
	struct stat status;
	const char *hash = operand ? strrchr(operand, '#') : NULL;
	if (!operand || !hash || stat(operand, &status) == 0) {
		out->entry = operand;
		return;
	}
	entry->path = strndup(operand, (size_t)(hash - operand));
	out->entry = *entry->path ? entry->path : NULL;
	out->selection = bytes_text(hash + 1);
}

static bool
entry_fill(struct entry *entry, const char *operand, bool island, bool update, struct buf *input,
	struct session_options *out, struct err *err)
{
	const struct options *options = entry->options;
	*out = (struct session_options){
		.expression = options->expression,
		.inputs = options->input.data,
		.input_count = options->input.size,
		.platform = options->platform.data,
		.platform_count = options->platform.size,
		.sets = options->set.data,
		.set_count = options->set.size,
		.max_heap = options->max_heap,
		.jobs = (unsigned)options->jobs,
		.fetches = (unsigned)options->max_fetches,
		.update = update && !options->update_list.size,
		.updates = options->update_list.data,
		.update_count = options->update_list.size,
		.overrides = options->override.data,
		.override_count = options->override.size,
		.update_to = options->update_to,
		.prune = options->prune,
		.locked = options->locked,
		.no_write_lock = options->no_write_lock,
		.offline = options->offline,
		.keep_going = options->keep_going,
		.deny_warnings = options->deny_warnings,
		.allow_build = options->allow_build,
		.listener = {entry, entry_on_start, entry_on_event, entry_on_end, entry_on_say},
	};
	if (island) {
		out->island = operand;
	} else if (operand && strcmp(operand, "-") == 0) {
		if (!fd_read_all(STDIN_FILENO, input, err))
			return err_note(err, "standard input");
		out->expression = buf_text(input);
	} else if (options->expression && operand) {
		return err_set(err, ERR_USAGE, "-e and %s: only one can be the entry", operand);
	} else {
		entry_split(entry, operand, out);
	}
	return true;
}

static void
entry_print(struct entry *entry, struct buf *text)
{
	if (!text->size)
		return;
	if (entry->progress)
		progress_hide(entry->progress);
	(void)fputs(buf_text(text), stderr);
}

static void
entry_print_diagnostics(struct entry *entry)
{
	cleanup_buf struct buf text = BUF(16 << 20);
	struct diagnostic_style style = {terminal_has_colour(STDERR_FILENO),
		terminal_is_live(STDERR_FILENO) ? terminal_width(STDERR_FILENO) : 0};
	session_print_diagnostics(entry->session, entry->options->json, style, &text);
	entry_print(entry, &text);
}

static void
entry_close(struct entry *entry)
{
	if (entry->session)
		session_save(entry->session);
	progress_free(entry->progress);
	session_close(entry->session);
	account_release(&entry->account);
	buf_release(&entry->later);
	free(entry->path);
}

/* For whoever asks afterwards. A store that cannot take it does not make the run fail. */
static void
entry_keep_account(struct entry *entry, struct bytes text)
{
	struct err err;
	if (account_keep(session_store(entry->session), text, &err))
		return;
	(void)err_note(&err, "the account of this run is not kept");
	progress_say(entry->progress, bytes_text(err.text));
}

static bool
entry_print_account(struct entry *entry, struct bytes text, struct err *err)
{
	progress_hide(entry->progress);
	if (entry->options->json)
		return fwrite(text.data, 1, text.size, stdout) == text.size ||
		       err_set(err, ERR_SYSTEM, "standard output cannot be written");
	json_t *account = account_decode(text, err);
	if (!account)
		return false;
	cleanup_buf struct buf table = BUF(ENTRY_TABLE_MAX);
	account_print_table(account, &table);
	json_decref(account);
	(void)fputs(buf_text(&table), stdout);
	return true;
}

static bool
entry_tell_account(struct entry *entry, const struct entry_task *task, bool done, struct err *err)
{
	bool print = done && entry->options->account;
	bool keep = task->command && account_has_source(&entry->account, entry->session);
	if (!print && !keep)
		return done;
	cleanup_buf struct buf text = BUF(ACCOUNT_SIZE);
	account_encode(&entry->account, entry->session, task->command ? task->command : "", &text);
	struct err over;
	if (!buf_check(&text, &over, "the account of this run")) {
		progress_say(entry->progress, bytes_text(over.text));
		return done;
	}
	if (keep)
		entry_keep_account(entry, buf_bytes(&text));
	return print ? entry_print_account(entry, buf_bytes(&text), err) : done;
}

static bool
entry_try(struct entry *entry, const struct session_options *options, const struct entry_task *task,
	struct err *err)
{
	cleanup_buf struct buf printed = BUF(1 << 20);
	entry->session = session_open(options, &printed, err);
	entry_print(entry, &printed);
	entry_print(entry, &entry->later);
	if (!entry->session || !session_watch_signals(entry->session, err))
		return false;
	entry->progress = progress_new(session_loop(entry->session), entry_style(entry->options));
	struct value *value = NULL;
	bool done = task->unevaluated || session_evaluate(entry->session, &value, err);
	if (done && options->deny_warnings && session_warning_count(entry->session))
		done = err_set(err, ERR_REFUSED, "there are warnings, and --deny-warnings");
	done = done && task->run(task->context, entry, value, err) &&
	       session_say_overrides(entry->session, err);
	done = entry_tell_account(entry, task, done, err);
	entry_print_diagnostics(entry);
	return done;
}

bool
entry_run(const struct options *options, const char *operand, bool island, bool update,
	const struct entry_task *task, struct err *err)
{
	cleanup_buf struct buf input = BUF(ENTRY_INPUT_MAX);
	for (int tries = 1;; tries++) {
		struct entry entry = {.options = options, .later = BUF(1 << 20)};
		struct session_options session;
		account_init(&entry.account);
		bool done = entry_fill(&entry, operand, island, update, &input, &session, err);
		session.probe = task->probe;
		session.alone = task->alone;
		done = done && entry_try(&entry, &session, task, err);
		entry_close(&entry);
		/* Another cab wrote the lock while this one evaluated with the old one. */
		if (done || err->kind != ERR_LIMIT || err->number != SESSION_STALE ||
			tries == ENTRY_TRIES)
			return done;
	}
}
