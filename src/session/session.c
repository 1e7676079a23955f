/* SPDX-License-Identifier: MPL-2.0 */
#include "session/session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "realize/network.h"
#include "session/state.h"

enum { SESSION_HEAP_MIB = 4096 };

static struct session_island *
session_find_island(const struct session *session, size_t node)
{
	for (size_t at = 0; at < session->islands.size; at++) {
		struct session_island *island =
			(struct session_island *)session->islands.entries[at].value;
		if (island->derivation && island->derivation->node == node)
			return island;
	}
	return NULL;
}

static struct bytes
session_node_name(const struct session *session, size_t node)
{
	const struct session_island *island = session_find_island(session, node);
	const struct graph_node *graph = graph_node(session->graph, node);
	if (island)
		return island->island.text;
	return graph->island.size ? graph->island : graph->derivation.name;
}

static void
session_on_start(void *context, size_t node, enum plan_work work)
{
	struct session *session = (struct session *)context;
	struct session_listener *listener = &session->options.listener;
	listener->start(listener->context, node, work, session_node_name(session, node));
}

static void
session_on_event(void *context, size_t node, const struct realizer_event *event)
{
	struct session_listener *listener = &((struct session *)context)->options.listener;
	listener->event(listener->context, node, event);
}

static void
session_on_end(
	void *context, size_t node, const struct realizer_result *result, const struct err *err)
{
	struct session_listener *listener = &((struct session *)context)->options.listener;
	listener->end(listener->context, node, result, err);
}

static struct value *
session_platform(struct session *session, struct value **system, struct err *err)
{
	const struct realizer_feature *features = NULL;
	size_t count = 0;
	if (!session->realizer->operations->features(session->realizer, &features, &count, err))
		return NULL;
	struct map values = {0};
	for (size_t at = 0; at < count; at++) {
		const char *name = bytes_has_prefix(features[at].name, BYTES_LITERAL("host-root:"))
					   ? "root"
				   : bytes_equal_text(features[at].name, "wasm") ? NULL
										 : "system";
		if (name && !map_has(&values, bytes_text(name)))
			map_put(&values, bytes_text(name),
				arena_text(&session->arena, features[at].name));
	}
	const char *keys[] = {"platform", NULL};
	const json_t *set = config_get(session->config, keys);
	for (void *at = json_object_iter((json_t *)(uintptr_t)set); at;
		at = json_object_iter_next((json_t *)(uintptr_t)set, at))
		map_put(&values, bytes_text(json_object_iter_key(at)),
			(void *)(uintptr_t)json_string_value(json_object_iter_value(at)));
	for (size_t at = 0; at < session->options.platform_count; at++) {
		const char *text = session->options.platform[at];
		size_t equals = bytes_find(bytes_text(text), '=');
		if (equals == SIZE_MAX) {
			map_release(&values);
			(void)err_set(
				err, ERR_USAGE, "--platform wants NAME=VALUE, not \"%s\"", text);
			return NULL;
		}
		map_put(&values, bytes_of(text, equals), (void *)(uintptr_t)(text + equals + 1));
	}
	struct bytes *names = arena_array(&session->arena, struct bytes, values.size);
	struct value **strings = arena_array(&session->arena, struct value *, values.size);
	for (size_t at = 0; at < values.size; at++) {
		names[at] = arena_copy(&session->arena, values.entries[at].key);
		strings[at] = eval_new_string(
			session->evaluator, bytes_text((const char *)values.entries[at].value));
		if (bytes_equal_text(names[at], "system"))
			*system = strings[at];
	}
	struct value *platform = eval_new_set(session->evaluator, names, strings, values.size);
	map_release(&values);
	return platform;
}

static bool
session_inputs(struct session *session, struct value **out, struct err *err)
{
	size_t count = session->options.input_count;
	struct bytes *names = arena_array(&session->arena, struct bytes, count);
	struct value **values = arena_array(&session->arena, struct value *, count);
	for (size_t at = 0; at < count; at++) {
		const char *text = session->options.inputs[at];
		size_t equals = bytes_find(bytes_text(text), '=');
		if (equals == SIZE_MAX || !equals)
			return err_set(err, ERR_USAGE, "--input wants NAME=EXPR, not \"%s\"", text);
		names[at] = bytes_of(text, equals);
		const char *place = arena_format(&session->arena, "%s/--input", session->folder);
		values[at] = eval_text(session->evaluator, "--input", bytes_text(text + equals + 1),
			NULL, place, EVAL_ENTRY);
		if (!values[at])
			return err_set(err, ERR_REFUSED, "--input %.*s cannot be evaluated",
				BYTES_ARGS(names[at]));
	}
	*out = eval_new_set(session->evaluator, names, values, count);
	return true;
}

/* The three ambient names; an input of one of these names replaces it. */
static bool
session_ambient(struct session *session, struct value **inputs, struct err *err)
{
	struct value *system = NULL;
	struct value *platform = session_platform(session, &system, err);
	if (!platform)
		return false;
	char *library = session_own_path("share", "packages/default.cab");
	struct value *import = eval_lazy_import(
		session->evaluator, NULL, arena_text(&session->arena, bytes_text(library)));
	free(library);
	struct bytes names[] = {BYTES_LITERAL("platform")};
	struct value *argument = eval_new_set(session->evaluator, names, &platform, 1);
	evaluator_set_ambient(session->evaluator, AMBIENT_PACKAGES,
		eval_lazy_call(session->evaluator, import, argument));
	evaluator_set_ambient(session->evaluator, AMBIENT_PLATFORM, platform);
	if (system)
		evaluator_set_ambient(session->evaluator, AMBIENT_SYSTEM, system);
	if (!session_inputs(session, inputs, err))
		return false;
	static const char *const ambient[] = {"packages", "platform", "system"};
	for (size_t at = 0; at < AMBIENT_COUNT; at++) {
		struct bytes name = bytes_text(ambient[at]);
		for (size_t input = 0; input < eval_names(*inputs); input++)
			if (bytes_equal(eval_name_at(*inputs, input), name))
				evaluator_set_ambient(session->evaluator, (enum ambient)at,
					eval_select(session->evaluator, *inputs, &name, 1));
	}
	return true;
}

struct session *
session_open(const struct session_options *options, struct buf *printed, struct err *err)
{
	struct session *session = (struct session *)memory_zero(1, sizeof *session);
	session->options = *options;
	session->arena = ARENA;
	session->lock_folder = -1;
	session->signals = -1;
	if (!session_open_parts(session, printed, err)) {
		session_close(session);
		return NULL;
	}
	struct eval_host host = session_host(session);
	uint64_t heap = options->max_heap ? options->max_heap : SESSION_HEAP_MIB;
	session->evaluator = evaluator_new(&host, (size_t)heap << 20);
	struct plan_setup setup = {
		.loop = session->loop,
		.store = session->store,
		.graph = session->graph,
		.realizers = &session->realizer,
		.realizer_count = 1,
		.jobs = session->options.jobs,
		.fetches = session->options.fetches,
		.keep_going = options->keep_going,
		.listener = {session, session_on_start, session_on_event, session_on_end},
	};
	session->plan = plan_new(&setup);
	return session;
}

void
session_close(struct session *session)
{
	if (!session)
		return;
	loop_unwatch(session->signal_watch);
	fd_release(&session->signals);
	plan_free(session->plan);
	evaluator_free(session->evaluator);
	if (session->realizer)
		session->realizer->operations->close(session->realizer);
	network_free(session->network);
	loop_free(session->loop);
	graph_free(session->graph);
	session_commits_close(session);
	store_close(session->store);
	config_free(session->config);
	if (session->holds)
		lock_hold_end(&session->hold);
	lock_release(&session->lock);
	fd_release(&session->lock_folder);
	array_release(&session->pruned);
	map_release(&session->islands);
	map_release(&session->listed);
	map_release(&session->items);
	map_release(&session->derivations);
	free(session->guest_program);
	free(session->entry);
	free(session->folder);
	free(session->lock_name);
	free(session->lock_path);
	arena_release(&session->arena);
	free(session);
}

static struct value *
session_read_entry(struct session *session)
{
	if (session->entry)
		return eval_file(session->evaluator, NULL, session->entry, EVAL_ENTRY);
	const char *place = arena_format(&session->arena, "%s/default.cab", session->folder);
	if (session->options.island) {
		const char *text = session->options.island;
		const char *open = *text == '<' ? "" : "<";
		const char *shut = *text == '<' ? "" : ">";
		const char *whole = arena_format(&session->arena, "%s%s%s", open, text, shut);
		return eval_text(
			session->evaluator, "island", bytes_text(whole), NULL, place, EVAL_ENTRY);
	}
	return eval_text(session->evaluator, "expression", bytes_text(session->options.expression),
		NULL, place, EVAL_ENTRY);
}

bool
session_evaluate(struct session *session, struct value **out, struct err *err)
{
	struct value *inputs = NULL;
	session->evaluated = true;
	if (!session_ambient(session, &inputs, err))
		return false;
	if (!session_bind_schemes(session, err) || !session_override_read(session, err))
		return false;
	struct value *value = session_read_entry(session);
	if (value)
		value = eval_enter(session->evaluator, value, inputs);
	struct bytes rest = session->options.selection;
	struct bytes name;
	while (value && rest.size && bytes_split(&rest, '.', &name))
		value = eval_select(session->evaluator, value, &name, 1);
	if (session->stale)
		return err_limit(
			err, (enum err_limit)SESSION_STALE, "the lock was changed by another cab");
	if (!value && evaluator_cause(session->evaluator) == ERR_CANCELLED)
		return err_set(err, ERR_CANCELLED, "the evaluation was interrupted");
	if (!value)
		return err_set(err, ERR_REFUSED, "%s cannot be evaluated",
			session->entry ? session->entry : "the expression");
	*out = value;
	return true;
}

void
session_print_diagnostics(
	struct session *session, bool json, struct diagnostic_style style, struct buf *out)
{
	struct diagnostics *list = evaluator_diagnostics(session->evaluator);
	diagnostics_sort(list);
	if (json)
		diagnostics_encode_json(list, out);
	else
		diagnostics_render(list, style, out);
}

size_t
session_warning_count(struct session *session)
{
	return evaluator_diagnostics(session->evaluator)->warnings;
}

struct evaluator *
session_evaluator(struct session *session)
{
	return session->evaluator;
}

struct store *
session_store(struct session *session)
{
	return session->store;
}

struct graph *
session_graph(struct session *session)
{
	return session->graph;
}

struct plan *
session_plan(struct session *session)
{
	return session->plan;
}

static void
session_on_signal(void *context, short events)
{
	(void)events;
	const struct session *session = (const struct session *)context;
	struct signalfd_siginfo info;
	while (read(session->signals, &info, sizeof info) == (ssize_t)sizeof info)
		plan_cancel(session->plan);
}

bool
session_watch_signals(struct session *session, struct err *err)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_system(err, errno, "signals");
	session->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (session->signals < 0)
		return err_system(err, errno, "signals");
	session->signal_watch =
		loop_watch(session->loop, session->signals, POLLIN, session_on_signal, session);
	return true;
}

struct loop *
session_loop(struct session *session)
{
	return session->loop;
}

const struct config *
session_config(struct session *session)
{
	return session->config;
}

const char *
session_entry(const struct session *session)
{
	return session->entry;
}

const char *
session_lock_path(const struct session *session)
{
	return session->lock_path;
}

bool
session_lock_failed(const struct session *session)
{
	return session->lock_failed;
}

size_t
session_source_count(const struct session *session)
{
	return session->islands.size;
}

struct session_source
session_source_at(const struct session *session, size_t at)
{
	const struct session_island *island =
		(const struct session_island *)session->islands.entries[at].value;
	return (struct session_source){
		.text = island->key,
		.node = island->derivation ? island->derivation->node : SIZE_MAX,
		.before = island->before,
		.before_count = island->before_count,
		.before_time = island->before_time,
		.reads = island->reads,
		.is_read = island->reading == READING_COMMIT,
		.found = session_island_found(session, island),
		.is_local = island->local.size > 0,
		.is_asked = session_is_asked(session, island),
		.has_checksum = island->has_checksum,
		.instead = island->instead,
		.island = &island->island,
	};
}

size_t
session_reads(struct session *session, struct cab_hash *out, size_t capacity)
{
	size_t count = 0;
	for (size_t at = 0; at < session->islands.size && count < capacity; at++) {
		const struct session_island *island =
			(const struct session_island *)session->islands.entries[at].value;
		if (island->reads && island->has_hash)
			out[count++] = island->hash;
	}
	return count;
}

size_t
session_read_commits(struct session *session, struct git_id *out, size_t capacity)
{
	size_t count = 0;
	for (size_t at = 0; at < session->islands.size && count < capacity; at++) {
		const struct session_island *island =
			(const struct session_island *)session->islands.entries[at].value;
		if (island->reads && island->reading == READING_COMMIT)
			out[count++] = island->revision;
	}
	return count;
}
