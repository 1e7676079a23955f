/* SPDX-License-Identifier: MPL-2.0 */
/*
 * entry: what the commands that read an entry file share: options into a session, progress, Ctrl-C, diagnostics.
 *
 *     struct entry entry;
 *     if (!entry_open(&entry, options, operand, err)) …
 *     if (!entry_evaluate(&entry, &value, err)) …          diagnostics are printed
 *     …
 *     entry_close(&entry);                                  also after a failed open
 *
 * entry_run does all this, and again where another cab changed the lock meanwhile.
 */
#pragma once

#include "cli/account.h"
#include "cli/option.h"
#include "cli/progress.h"
#include "session/session.h"

struct entry {
	const struct options *options;
	struct session *session;
	struct progress *progress;
	struct account account;
	bool failed;      /* something did, by itself */
	bool is_counting; /* what runs may fail: nothing but a number is missing then */
	char *path;       /* of the operand, without the selection */
	struct buf later; /* lines said before there was a progress */
};

struct entry_task {
	void *context;
	/* After evaluation: what the command is there for. */
	bool (*run)(void *context, struct entry *entry, struct value *value, struct err *err);
	const char *command; /* its name, for the account; NULL: none is kept */
	bool alone;          /* no island is consumed: session_options */
	bool probe;          /* struct session_options */
	bool unevaluated;    /* the value is NULL: the command evaluates where it needs to */
};

/* `operand` is FILE[#NAME.PATH], an island's text where `island` says so, "-" for standard input, or NULL. */
MUST_CHECK bool entry_run(const struct options *options, const char *operand, bool island,
	bool update, const struct entry_task *task, struct err *err);

/* Whether a text can be an island's: it begins with '<', or with a scheme and a colon. */
bool entry_is_island(const char *text);

/*
 * The operands of a command that asks islands anew: those that are islands, and no file's name, go to the list of
 * `own` after those of --update, the other one is the entry. `own` is a copy of the options whose update_list is its
 * own, released by the caller after success.
 */
MUST_CHECK bool entry_take_updates(const struct options *options, bool islands, struct options *own,
	const char **operand, struct err *err);
