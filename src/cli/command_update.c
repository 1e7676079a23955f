/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/account.h"
#include "cli/command.h"
#include "cli/entry.h"
#include "cli/terminal.h"
#include "island/memo_commit.h"

enum { UPDATE_REVISION = 12, UPDATE_DATE = 16 };

static void
update_add_short(struct buf *line, const struct identity *identity)
{
	struct bytes shown = bytes_first(identity->value, UPDATE_REVISION);
	terminal_escape(shown, line);
}

static const struct identity *
update_first(const struct identity *identities, size_t count)
{
	return count ? &identities[0] : NULL;
}

static void
update_add_date(struct buf *line, const char *before, int64_t seconds, const char *behind)
{
	time_t time = (time_t)seconds;
	struct tm parts;
	char text[UPDATE_DATE];
	if (seconds && gmtime_r(&time, &parts) && strftime(text, sizeof text, "%Y-%m-%d", &parts))
		buf_format(line, "%s%s%s", before, text, behind);
}

static void
update_add_identity(struct buf *line, const char *key, const struct identity *identity)
{
	if (!identity)
		return;
	buf_format(line, ",\"%s\":", key);
	account_add_identity(line, identity, true, false);
}

struct update_row {
	const struct session_source *source;
	const struct identity *old;
	const struct identity *new;
	bool changed;
	struct bytes compare;      /* the page of a forge, or empty */
	struct memo_commit commit; /* the new one; its time is 0 where nothing is known */
};

static void
update_print_json(const struct update_row *row)
{
	cleanup_buf struct buf line = BUF(64 << 10);
	buf_add_text(&line, "{\"island\":");
	terminal_add_json(&line, row->source->text);
	buf_format(&line, ",\"changed\":%s", row->changed ? "true" : "false");
	update_add_identity(&line, "old", row->old);
	update_add_identity(&line, "new", row->new);
	if (row->commit.time)
		buf_format(&line, ",\"committed\":%lld", (long long)row->commit.time);
	if (row->commit.commits)
		buf_format(&line, ",\"commits\":%u", row->commit.commits);
	if (row->compare.size) {
		buf_add_text(&line, ",\"compare\":");
		terminal_add_json(&line, row->compare);
	}
	buf_add_text(&line, "}");
	puts(buf_text(&line));
}

static void
update_print_text(const struct update_row *row)
{
	cleanup_buf struct buf line = BUF(64 << 10);
	terminal_escape(row->source->text, &line);
	if (!row->changed) {
		buf_add_text(&line, ": nothing new");
	} else if (row->new) {
		buf_format(&line, ": %.*s ", BYTES_ARGS(row->new->format));
		if (row->old) {
			update_add_short(&line, row->old);
			update_add_date(&line, " (locked ", row->source->before_time, ")");
			buf_add_text(&line, " -> ");
		}
		update_add_short(&line, row->new);
		update_add_date(
			&line, " (", row->commit.time, row->commit.commits ? ", 1 commit)" : ")");
	}
	if (row->compare.size) {
		buf_add_text(&line, "\n  ");
		terminal_escape(row->compare, &line);
	}
	puts(buf_text(&line));
}

static void
update_print(struct entry *entry, const struct session_source *source, bool json)
{
	struct plan_found found = source->found;
	if (!found.asked)
		return;
	struct update_row row = {.source = source,
		.old = update_first(source->before, source->before_count),
		.new = update_first(found.identities, found.identity_count),
		.changed = found.changed};
	bool both = row.old && row.new &&row.changed &&bytes_equal_text(row.old->format, "git") &&
		    bytes_equal_text(row.new->format, "git");
	if (!both || !session_compare_url(entry->session, source->island, row.old->value,
			     row.new->value, &row.compare))
		row.compare = bytes_of(NULL, 0);
	if (!both || !session_commit(
			     entry->session, source, row.new->value, row.old->value, &row.commit))
		row.commit = (struct memo_commit){0};
	if (json)
		update_print_json(&row);
	else
		update_print_text(&row);
}

static void
update_print_pruned(struct session *session, bool json)
{
	for (size_t at = 0; at < session_pruned_count(session); at++) {
		cleanup_buf struct buf line = BUF(64 << 10);
		if (json) {
			buf_add_text(&line, "{\"removed\":");
			terminal_add_json(&line, session_pruned_at(session, at));
			buf_add_text(&line, "}");
		} else {
			terminal_escape(session_pruned_at(session, at), &line);
			buf_add_text(&line, ": removed");
		}
		puts(buf_text(&line));
	}
}

/* How much of the lock is its own word alone. */
static bool
update_print_proofs(struct session *session, bool json, struct err *err)
{
	const struct session_entry *entries = NULL;
	size_t count = 0;
	size_t pairs = 0;
	size_t unproved = 0;
	if (!session_prove(session, false, &entries, &count, err))
		return false;
	for (size_t at = 0; at < count; at++)
		for (size_t pair = 0; pair < entries[at].pair_count; pair++) {
			pairs++;
			unproved += entries[at].pairs[pair].proof == PROOF_NONE;
		}
	if (json)
		printf("{\"pairs\":%zu,\"unproved\":%zu}\n", pairs, unproved);
	else if (pairs)
		printf("%zu of the lock's %zu pairs unproved%s\n", unproved, pairs,
			unproved ? " (cab check --lock says which)" : "");
	return true;
}

/* What a build would take; of what is pruned nothing may be left out. */
static bool
update_evaluate(struct entry *entry, const struct options *options, struct value *value,
	session_goals *goals, struct err *err)
{
	if (!options->prune)
		return session_find_goals(entry->session, value, goals, err);
	return eval_deep(session_evaluator(entry->session), value) ||
	       err_set(err, ERR_REFUSED,
		       "--prune wants the whole value, and it cannot be evaluated");
}

static bool
update_run(void *context, struct entry *entry, struct value *value, struct err *err)
{
	const struct options *options = (const struct options *)context;
	session_goals goals = {0};
	bool done = update_evaluate(entry, options, value, &goals, err) &&
		    session_resolve(entry->session, &goals, true, err);
	session_goals_release(&goals);
	if (!done)
		return false;
	progress_hide(entry->progress);
	for (size_t at = 0; at < session_source_count(entry->session); at++) {
		struct session_source source = session_source_at(entry->session, at);
		update_print(entry, &source, options->json);
	}
	update_print_pruned(entry->session, options->json);
	if (options->dry_run && !options->json)
		puts("nothing was written");
	if (!options->dry_run && !update_print_proofs(entry->session, options->json, err))
		return false;
	return !session_lock_failed(entry->session) ||
	       err_set(err, ERR_REFUSED, "the lock could not be written");
}

static bool
update_check(const struct options *options, const char *operand, struct err *err)
{
	if (options->locked)
		return err_set(
			err, ERR_USAGE, "cab update writes the lock: --locked contradicts it");
	if (options->update_to && options->update_list.size != 1)
		return err_set(err, ERR_USAGE, "--update-to wants the one island that it is for");
	if (!options->prune)
		return true;
	if (options->override.size)
		return err_set(err, ERR_USAGE,
			"--prune and --override contradict each other: what is replaced is not "
			"evaluated");
	if (options->expression || (operand && strchr(operand, '#')))
		return err_set(err, ERR_USAGE,
			"--prune wants the whole of an entry file, not a part of it");
	return true;
}

bool
command_update(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct options own;
	const char *operand = NULL;
	if (!entry_take_updates(options, true, &own, &operand, err))
		return false;
	struct entry_task task = {
		.context = &own, .run = update_run, .command = "update", .probe = own.dry_run};
	bool done = update_check(&own, operand, err) &&
		    entry_run(&own, operand, false, !own.prune, &task, err);
	array_release(&own.update_list);
	return done;
}
