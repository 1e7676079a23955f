/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
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
	struct session_source source;
	const struct identity *old;
	const struct identity *new;
	bool changed;
	bool moved;                /* from one revision of git to another */
	struct bytes compare;      /* the page of a forge, or empty */
	struct memo_commit commit; /* the new one; its time is 0 where nothing is known */
	uint32_t commits;          /* between them; 0: not known, or none */
};

static void
update_print_json(const struct update_row *row)
{
	cleanup_buf struct buf line = BUF(64 << 10);
	buf_add_text(&line, "{\"island\":");
	terminal_add_json(&line, row->source.text);
	buf_format(&line, ",\"changed\":%s", row->changed ? "true" : "false");
	update_add_identity(&line, "old", row->old);
	update_add_identity(&line, "new", row->new);
	if (row->commit.time)
		buf_format(&line, ",\"committed\":%lld", (long long)row->commit.time);
	if (row->commits)
		buf_format(&line, ",\"commits\":%u", row->commits);
	if (row->compare.size) {
		buf_add_text(&line, ",\"compare\":");
		terminal_add_json(&line, row->compare);
	}
	buf_add_text(&line, "}");
	puts(buf_text(&line));
}

/* "DATE, N commits", or what of it is known. */
static void
update_add_commits(struct buf *line, const struct update_row *row)
{
	if (!row->commit.time && !row->commits)
		return;
	buf_add_text(line, " (");
	update_add_date(line, "", row->commit.time, row->commits ? ", " : "");
	if (row->commits)
		buf_format(line, "%u commit%s", row->commits, row->commits == 1 ? "" : "s");
	buf_add_byte(line, ')');
}

/* Its entry lacked an identity, or its Cab hash. */
static bool
update_is_same(const struct update_row *row)
{
	return row->old && row->new &&identity_equal(*row->old, *row->new);
}

static void
update_print_text(const struct update_row *row)
{
	cleanup_buf struct buf line = BUF(64 << 10);
	terminal_escape(row->source.text, &line);
	if (!row->changed) {
		buf_add_text(&line, ": nothing new");
	} else if (update_is_same(row)) {
		buf_add_text(&line, ": nothing new; its entry is completed");
	} else if (row->new) {
		buf_format(&line, ": %.*s ", BYTES_ARGS(row->new->format));
		if (row->old) {
			update_add_short(&line, row->old);
			update_add_date(&line, " (locked ", row->source.before_time, ")");
			buf_add_text(&line, " -> ");
		}
		update_add_short(&line, row->new);
		update_add_commits(&line, row);
	}
	if (row->compare.size) {
		buf_add_text(&line, "\n  ");
		terminal_escape(row->compare, &line);
	}
	puts(buf_text(&line));
}

/* What an island was and is; what lies between is counted later. */
static bool
update_read(struct session *session, struct update_row *row)
{
	struct plan_found found = row->source.found;
	if (!found.asked)
		return false;
	row->old = update_first(row->source.before, row->source.before_count);
	row->new = update_first(found.identities, found.identity_count);
	row->changed = found.changed;
	row->moved = row->old && row->new &&
		     row->changed &&bytes_equal_text(row->old->format, "git") &&
		     bytes_equal_text(row->new->format, "git") && !update_is_same(row);
	if (!row->moved)
		return true;
	if (!session_compare_url(
		    session, row->source.island, row->old->value, row->new->value, &row->compare))
		row->compare = bytes_of(NULL, 0);
	if (!session_commit(session, &row->source, row->new->value, row->old->value, &row->commit))
		row->commit = (struct memo_commit){0};
	row->commits = row->commit.commits;
	return true;
}

/* Of those that moved by more than the one commit that is at hand. */
static bool
update_count(struct entry *entry, struct update_row *rows, size_t size, struct err *err)
{
	ARRAY(struct session_count) counts = {0};
	for (size_t at = 0; at < size; at++)
		if (rows[at].moved && !rows[at].commits)
			*array_push(&counts) = (struct session_count){
				&rows[at].source, rows[at].old->value, rows[at].new->value, 0};
	entry->is_counting = true;
	bool done = session_count_commits(entry->session, counts.data, counts.size, err);
	entry->is_counting = false;
	size_t next = 0;
	for (size_t at = 0; at < size && next < counts.size; at++)
		if (rows[at].moved && !rows[at].commits)
			rows[at].commits = counts.data[next++].commits;
	array_release(&counts);
	return done;
}

static bool
update_print_rows(struct entry *entry, bool json, struct err *err)
{
	ARRAY(struct update_row) rows = {0};
	for (size_t at = 0; at < session_source_count(entry->session); at++) {
		struct update_row row = {.source = session_source_at(entry->session, at)};
		if (update_read(entry->session, &row))
			*array_push(&rows) = row;
	}
	bool done = update_count(entry, rows.data, rows.size, err);
	progress_hide(entry->progress);
	for (size_t at = 0; done && at < rows.size; at++) {
		if (json)
			update_print_json(&rows.data[at]);
		else
			update_print_text(&rows.data[at]);
	}
	array_release(&rows);
	return done;
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
	if (!update_print_rows(entry, options->json, err))
		return false;
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
