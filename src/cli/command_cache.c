/* SPDX-License-Identifier: MPL-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/entry.h"
#include "realize/table.h"
#include "store/cache.h"
#include "store/store.h"

enum { CACHE_READS = 4096 };

struct cache {
	const char *target;
};

typedef ARRAY(struct digest) cache_digests;

/* The goals' objects, and the realizations of their graph. */
static bool
cache_collect(struct entry *entry, const session_goals *goals, cache_digests *paths,
	cache_digests *keys, struct err *err)
{
	struct plan *plan = session_plan(entry->session);
	for (size_t at = 0; at < goals->size; at++) {
		size_t count = 0;
		const struct realizer_output *outputs =
			plan_outputs(plan, goals->data[at].node, &count);
		must(outputs, "a goal that was built has outputs");
		for (size_t output = 0; output < count; output++) {
			struct object_reference object;
			if (!store_path_parse(outputs[output].path, &object))
				return err_set(err, ERR_CORRUPT, "output %.*s",
					BYTES_ARGS(outputs[output].path));
			*array_push(paths) = object.path;
		}
		struct digest key;
		if (plan_realization_key(plan, goals->data[at].node, &key))
			*array_push(keys) = key;
	}
	return true;
}

/* What is known of the islands: their identities, so that an update elsewhere is stopped at its first line. */
static void
cache_identities(struct entry *entry, cache_digests *out)
{
	for (size_t at = 0; at < session_source_count(entry->session); at++) {
		struct session_source source = session_source_at(entry->session, at);
		struct table table;
		if (source.node == SIZE_MAX ||
			!session_source_table(entry->session, &source, &table))
			continue;
		struct plan_found found = plan_found(session_plan(entry->session), source.node);
		for (size_t id = 0; id < found.identity_count; id++) {
			if (bytes_equal_text(found.identities[id].format, "cab"))
				continue;
			*array_push(out) = table_key(
				&table, found.identities[id].format, found.identities[id].value);
		}
	}
}

static bool
cache_send(
	const struct cache *cache, struct entry *entry, const session_goals *goals, struct err *err)
{
	cache_digests paths = {0};
	cache_digests keys = {0};
	cache_digests identities = {0};
	struct git_id *commits = (struct git_id *)memory_new(CACHE_READS * sizeof *commits);
	struct cab_hash *reads = (struct cab_hash *)memory_new(CACHE_READS * sizeof *reads);
	bool done = cache_collect(entry, goals, &paths, &keys, err);
	cache_identities(entry, &identities);
	struct store_push push = {
		.paths = paths.data,
		.path_count = paths.size,
		.realizations = keys.data,
		.realization_count = keys.size,
		.commits = commits,
		.commit_count = session_read_commits(entry->session, commits, CACHE_READS),
		.reads = reads,
		.read_count = session_reads(entry->session, reads, CACHE_READS),
		.identities = identities.data,
		.identity_count = identities.size,
	};
	const char *target =
		strncmp(cache->target, "file://", 7) == 0 ? cache->target + 7 : cache->target;
	done = done && (store_push(session_store(entry->session), target, &push, err) ||
			       err_note(err, "cache %s", target));
	array_release(&paths);
	array_release(&keys);
	array_release(&identities);
	free(commits);
	free(reads);
	return done;
}

static bool
cache_run(void *context, struct entry *entry, struct value *value, struct err *err)
{
	session_goals goals = {0};
	bool done = session_find_goals(entry->session, value, &goals, err) &&
		    session_resolve(entry->session, &goals, false, err) &&
		    session_build(entry->session, &goals, err) &&
		    cache_send((const struct cache *)context, entry, &goals, err);
	session_goals_release(&goals);
	return done;
}

bool
command_cache_push(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct cache cache = {options->operands.data[0]};
	struct entry_task task = {.context = &cache, .run = cache_run, .command = "cache push"};
	const char *operand = options->operands.size > 1 ? options->operands.data[1] : NULL;
	return entry_run(options, operand, operand && entry_is_island(operand), false, &task, err);
}
