/* SPDX-License-Identifier: MPL-2.0 */
/* The options: field, long name, letter or 0, kind, where, the argument's name, one line of help. */
OPTION(help, "help", 'h', SHAPE_FLAG, OPTION_EVERY, NULL, "print this help")
OPTION(set, "set", 0, SHAPE_LIST, OPTION_EVERY, "NAME.PATH=EXPR",
	"set a configuration key for this run")
OPTION(json, "json", 0, SHAPE_FLAG, OPTION_EVERY, NULL,
	"events, results and errors as JSON, one object a line")
OPTION(quiet, "quiet", 'q', SHAPE_FLAG, OPTION_EVERY, NULL, "no progress, only errors and results")
OPTION(expression, "expression", 'e', SHAPE_TEXT, OPTION_ENTRY, "EXPR",
	"evaluate EXPR instead of a file")
OPTION(input, "input", 0, SHAPE_LIST, OPTION_ENTRY, "NAME=EXPR",
	"give an input, or replace an ambient name")
OPTION(platform, "platform", 0, SHAPE_LIST, OPTION_ENTRY, "NAME=VALUE",
	"set platform.NAME for this run")
OPTION(max_heap, "max-heap", 0, SHAPE_NUMBER, OPTION_ENTRY, "MIB",
	"ceiling of the evaluator's heap")
OPTION(allow_build, "allow-build-during-evaluation", 0, SHAPE_FLAG, OPTION_ENTRY, NULL,
	"build what evaluation reads of a derivation's output")
OPTION(deny_warnings, "deny-warnings", 0, SHAPE_FLAG, OPTION_ENTRY, NULL,
	"fail where there is a warning")
OPTION(update, "update", 0, SHAPE_FLAG_OR_LIST, OPTION_BUILD, "ISLAND",
	"ask again for all islands, or for this one")
OPTION(update_to, "update-to", 0, SHAPE_TEXT, OPTION_UPDATE, "REF",
	"ask one island for this branch, tag or revision")
OPTION(prune, "prune", 0, SHAPE_FLAG, OPTION_UPDATE, NULL,
	"take out of the lock what evaluation does not meet")
OPTION(lock, "lock", 0, SHAPE_FLAG, OPTION_CHECK, NULL,
	"say of each pair of the lock whether it is proved")
OPTION(deep, "deep", 0, SHAPE_FLAG, OPTION_CHECK, NULL, "fetch what is not proved, and compare")
OPTION(override, "override", 0, SHAPE_LIST, OPTION_ENTRY, "ISLAND=PATH",
	"take PATH, or another island, for this one in this run")
OPTION(locked, "locked", 0, SHAPE_FLAG, OPTION_LOCK, NULL,
	"fail where the lock would have to be written")
OPTION(no_write_lock, "no-write-lock", 0, SHAPE_FLAG, OPTION_LOCK, NULL, "do not write the lock")
OPTION(offline, "offline", 0, SHAPE_FLAG, OPTION_REALIZE, NULL, "reach no network")
OPTION(jobs, "jobs", 'j', SHAPE_NUMBER, OPTION_REALIZE, "N", "native programs run at once")
OPTION(max_fetches, "max-fetches", 0, SHAPE_NUMBER, OPTION_REALIZE, "N",
	"fetches, and requests, at once")
OPTION(keep_going, "keep-going", 'k', SHAPE_FLAG, OPTION_REALIZE, NULL,
	"after a failure, run what does not need it")
OPTION(account, "account", 0, SHAPE_FLAG, OPTION_REALIZE, NULL,
	"say for each source what was fetched, and why")
OPTION(svg, "svg", 0, SHAPE_TEXT, OPTION_ACCOUNT, "FILE", "draw the timeline of the run's requests")
OPTION(link, "out-link", 'o', SHAPE_TEXT, OPTION_BUILD, "NAME",
	"name of the result's link (result)")
OPTION(no_link, "no-out-link", 0, SHAPE_FLAG, OPTION_BUILD, NULL, "make no link to the result")
OPTION(strict, "strict", 0, SHAPE_FLAG, OPTION_EVAL, NULL, "force the whole value")
OPTION(derivation, "derivation", 0, SHAPE_FLAG, OPTION_SHOW, NULL,
	"only the derivation's own JSON, as it is digested")
OPTION(raw, "raw", 0, SHAPE_FLAG, OPTION_CAT | OPTION_EVAL, NULL,
	"bytes as they are, also on a terminal")
OPTION(drop_sources, "drop-sources", 0, SHAPE_FLAG, OPTION_GC, NULL, "do not keep what locks name")
OPTION(dry_run, "dry-run", 'n', SHAPE_FLAG, OPTION_GC | OPTION_BUILD | OPTION_UPDATE, NULL,
	"only say what would be done")
