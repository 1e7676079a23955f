/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Schemes that are no builtin ones: `schemes.NAME` of the configuration, and what an island's scheme is bound to in the text that
 * it stands in. A fetcher of the configuration is an expression that is evaluated when its scheme is first met.
 */
#include "session/state.h"

#include "base/fd.h"
#include "island/fetcher.h"
#include "realize/program.h"
#include "realize/table.h"

static const json_t *
schemes_rows(const struct session *session)
{
	const char *keys[] = {"schemes", NULL};
	return config_get(session->config, keys);
}

bool
session_check_schemes(struct session *session, struct err *err)
{
	const char *name = NULL;
	json_t *row = NULL;
	json_object_foreach((json_t *)(uintptr_t)schemes_rows(session), name, row)
	{
		const char *base = json_string_value(json_object_get(row, "base"));
		struct island_fetcher given = {.base = bytes_text(base ? base : "")};
		struct island_fetcher checked;
		if (!fetcher_check(&session->arena, bytes_text(name), &given, &checked, err))
			return err_note(err, "configuration: schemes.%s", name);
		if (!json_object_get(row, "fetcher"))
			return err_set(err, ERR_REFUSED,
				"configuration: schemes.%s has no fetcher: an expression is "
				"wanted, such "
				"as \"import /etc/cab/%s\"",
				name, name);
	}
	return true;
}

/* A function, so that the expression waits for its first use. A base in the configuration wins over the fetcher's own. */
static struct value *
schemes_bind(struct session *session, const char *name, const json_t *row)
{
	const char *text = json_string_value(json_object_get(row, "fetcher"));
	const char *base = json_string_value(json_object_get(row, "base"));
	const char *label = arena_format(&session->arena, "schemes.%s.fetcher", name);
	const char *place = arena_format(&session->arena, "%s/default.cab", session->folder);
	const char *more = "";
	if (base)
		more = arena_format(&session->arena, " // { base = \"%s\", }", base);
	const char *whole = arena_format(&session->arena, "_ => (%s\n)%s", text, more);
	struct value *function =
		eval_text(session->evaluator, label, bytes_text(whole), NULL, place, EVAL_ENTRY);
	struct value *nothing = eval_new_string(session->evaluator, BYTES_LITERAL(""));
	return function ? eval_lazy_call(session->evaluator, function, nothing) : NULL;
}

bool
session_bind_schemes(struct session *session, struct err *err)
{
	const json_t *rows = schemes_rows(session);
	size_t count = 0;
	struct bytes *names = arena_array(&session->arena, struct bytes, json_object_size(rows));
	struct value **values =
		arena_array(&session->arena, struct value *, json_object_size(rows));
	const char *name = NULL;
	json_t *row = NULL;
	json_object_foreach((json_t *)(uintptr_t)rows, name, row)
	{
		names[count] = bytes_text(name);
		values[count] = schemes_bind(session, name, row);
		if (!values[count++])
			return err_set(err, ERR_REFUSED,
				"configuration: schemes.%s.fetcher cannot be evaluated", name);
	}
	if (count)
		evaluator_set_schemes(
			session->evaluator, eval_new_set(session->evaluator, names, values, count));
	return true;
}

/* A file of an object of the store, which may hold links to anywhere. */
static bool
schemes_read_file(struct session *session, struct bytes program, struct buf *out)
{
	struct object_reference object;
	struct err miss;
	size_t prefix = sizeof STORE_PREFIX - 1;
	size_t slash = bytes_find(bytes_from(program, prefix), '/');
	struct bytes root = slash == SIZE_MAX ? program : bytes_first(program, prefix + slash);
	if (!store_path_parse(root, &object))
		return false;
	cleanup_fd int folder = store_open_object(session->store, &object, &miss);
	if (folder < 0 || slash == SIZE_MAX)
		return folder >= 0 && fd_read_all(folder, out, &miss);
	const char *rest = arena_text(&session->arena, bytes_from(program, prefix + slash + 1));
	cleanup_fd int fd = fd_open_beneath(folder, rest, O_RDONLY | O_NONBLOCK, 0, &miss);
	return fd >= 0 && fd_read_all(fd, out, &miss);
}

/* What a program that is no module says is kept by its path, and one of the host's root is not in the store. */
static bool
schemes_read_program(struct session *session, struct bytes program, struct bytes *module_out)
{
	enum program_kind kind;
	struct err err;
	*module_out = bytes_of(NULL, 0);
	if (bytes_equal(program, session->module_path)) {
		*module_out = session->module;
		return true;
	}
	if (!bytes_has_prefix(program, BYTES_LITERAL(STORE_PREFIX)))
		return true;
	cleanup_buf struct buf read = BUF(PROGRAM_MODULE_MAX);
	if (!schemes_read_file(session, program, &read) ||
		!program_classify(buf_bytes(&read), &kind, &err))
		return false;
	if (kind == PROGRAM_WASM)
		*module_out = arena_copy(&session->arena, buf_bytes(&read));
	return true;
}

bool
session_node_table(struct session *session, size_t node, struct table *out)
{
	struct derivation resolved;
	struct digest digest;
	struct bytes module;
	if (!plan_resolve(session->plan, node, &resolved) ||
		!plan_resolved(session->plan, node, &digest) ||
		!schemes_read_program(session, resolved.program, &module))
		return false;
	*out = module.size ? table_of_module(session->store, &resolved, &digest, module)
			   : table_of_program(session->store, &resolved, &digest);
	return true;
}

bool
session_source_table(
	struct session *session, const struct session_source *source, struct table *out)
{
	return session_node_table(session, source->node, out);
}

bool
host_scheme_is_own(void *context, struct bytes scheme)
{
	(void)context;
	return scheme_find(scheme) != NULL;
}

/* Where only an island's text is read, the entry file's names are not known; a scheme that its lock has is. */
bool
session_scheme_is_locked(const struct session *session, struct bytes scheme)
{
	for (size_t at = 0; at < session->lock.size; at++) {
		struct bytes key = session->lock.entries[at].key;
		if (bytes_has_prefix(key, scheme) &&
			(key.size == scheme.size || key.data[scheme.size] == ':'))
			return true;
	}
	return false;
}

bool
session_take_fetcher(struct session *session, const struct island_literal *literal,
	struct island_words *words, struct err *err)
{
	words->unbound = (session->nameless && words->ref.size) ||
			 (session->detached && session_scheme_is_locked(session, literal->scheme));
	if (!literal->fetcher)
		return true;
	const struct host_fetcher *bound = literal->fetcher;
	struct bytes *origins = arena_array(&session->arena, struct bytes, bound->origin_count);
	for (size_t at = 0; at < bound->origin_count; at++)
		origins[at] = arena_copy(&session->arena, bound->origins[at]);
	struct island_fetcher given = {.program = arena_copy(&session->arena, bound->program),
		.base = bound->base,
		.origins = origins,
		.origin_count = bound->origin_count};
	given.inputs =
		session_item_inputs(session, bound->items, bound->item_count, &given.input_count);
	struct island_fetcher *fetcher = arena_new(&session->arena, struct island_fetcher);
	words->fetcher = fetcher;
	return fetcher_check(&session->arena, literal->scheme, &given, fetcher, err);
}
