/* SPDX-License-Identifier: MPL-2.0 */
#include "session/state.h"

#include <signal.h>
#include <stdlib.h>

const struct context_item *
session_item_object(struct session *session, const struct object *object)
{
	struct store_path path = store_path_print(&object->path, object->name);
	void **slot = map_at(&session->items, bytes_text(path.text));
	if (!*slot) {
		struct session_item *item = arena_new(&session->arena, struct session_item);
		item->item = (struct context_item){.kind = CONTEXT_OBJECT,
			.path = arena_text(&session->arena, bytes_text(path.text)),
			.handle = item};
		item->node = SIZE_MAX;
		item->object.path = object->path;
		memcpy(item->object.name, object->name, sizeof item->object.name);
		*slot = item;
	}
	return &((struct session_item *)*slot)->item;
}

const struct context_item *
session_item_output(struct session *session, size_t node, struct bytes output)
{
	const struct graph_node *graph = graph_node(session->graph, node);
	struct bytes path = derivation_placeholder(
		&session->arena, &graph->digest, graph->derivation.name, output);
	void **slot = map_at(&session->items, path);
	if (!*slot) {
		struct session_item *item = arena_new(&session->arena, struct session_item);
		item->item = (struct context_item){.kind = CONTEXT_OUTPUT,
			.placeholder = true,
			.path = arena_text(&session->arena, path),
			.output = arena_text(&session->arena, output)};
		item->item.handle = session_derivation_at(session, node);
		item->node = node;
		*slot = item;
	}
	return &((struct session_item *)*slot)->item;
}

/* One record a node of the graph: what the language sees of a derivation. */
struct session_derivation *
session_derivation_at(struct session *session, size_t node)
{
	const struct graph_node *graph = graph_node(session->graph, node);
	void **slot = map_at(&session->derivations, digest_bytes(&graph->digest));
	if (*slot)
		return (struct session_derivation *)*slot;
	struct session_derivation *derivation =
		arena_new(&session->arena, struct session_derivation);
	*slot = derivation;
	derivation->node = node;
	struct bytes file =
		derivation_file_name(&session->arena, &graph->derivation, &graph->digest);
	const struct context_item **outputs = arena_array(
		&session->arena, const struct context_item *, graph->derivation.output_count);
	derivation->host = (struct host_derivation){
		.handle = derivation,
		.name = arena_text(&session->arena, graph->derivation.name),
		.path = arena_format(&session->arena, "/cull/derivations/%.*s", BYTES_ARGS(file)),
		.output_count = graph->derivation.output_count,
		.outputs = outputs,
	};
	for (size_t at = 0; at < graph->derivation.output_count; at++)
		outputs[at] = session_item_output(session, node, graph->derivation.outputs[at]);
	return derivation;
}

static int
host_bytes_order(const void *left, const void *right)
{
	return bytes_compare(*(const struct bytes *)left, *(const struct bytes *)right);
}

static size_t
host_sort(struct bytes *items, size_t count)
{
	qsort(items, count, sizeof *items, host_bytes_order);
	size_t kept = 0;
	for (size_t at = 0; at < count; at++)
		if (!kept || !bytes_equal(items[kept - 1], items[at]))
			items[kept++] = items[at];
	return kept;
}

struct bytes *
session_item_inputs(struct session *session, const struct context_item *const *items,
	size_t item_count, size_t *count_out)
{
	struct bytes *inputs = arena_array(&session->arena, struct bytes, item_count);
	for (size_t at = 0; at < item_count; at++) {
		const struct context_item *item = items[at];
		if (item->kind == CONTEXT_OBJECT) {
			inputs[at] = bytes_text(item->path);
			continue;
		}
		const struct session_derivation *derivation =
			(const struct session_derivation *)item->handle;
		const struct graph_node *node = graph_node(session->graph, derivation->node);
		inputs[at] = derivation_input_print(&session->arena, &node->derivation,
			&node->digest, bytes_text(item->output));
	}
	*count_out = host_sort(inputs, item_count);
	return inputs;
}

static bool
host_fixed(struct session *session, const struct derivation_request *request,
	struct derivation *out, struct err *err)
{
	if (!request->fixed_count)
		return true;
	if (request->fixed_count == 1 && bytes_equal_text(request->fixed[0], "self")) {
		out->fixed = DERIVATION_SELF;
		return true;
	}
	struct identity *identities =
		arena_array(&session->arena, struct identity, request->fixed_count);
	for (size_t at = 0; at < request->fixed_count; at++)
		if (!identity_parse(request->fixed[at], &identities[at]))
			return err_set(err, ERR_REFUSED,
				"`fixed` of %.*s: \"%.*s\" is not \"FORMAT VALUE\"",
				BYTES_ARGS(request->name),
				BYTES_ARGS(bytes_first(request->fixed[at], 100)));
	out->fixed = DERIVATION_FIXED;
	out->identities = identities;
	out->identity_count = request->fixed_count;
	return true;
}

static bool
host_derive(void *context, const struct derivation_request *request,
	const struct host_derivation **out, struct err *err)
{
	struct session *session = (struct session *)context;
	struct derivation_variable *environment = arena_array(
		&session->arena, struct derivation_variable, request->environment_count);
	for (size_t at = 0; at < request->environment_count; at++)
		environment[at] = (struct derivation_variable){
			request->environment[at].name, request->environment[at].value};
	struct bytes *outputs = arena_array(&session->arena, struct bytes, request->output_count);
	memcpy(outputs, request->outputs, request->output_count * sizeof *outputs);
	struct derivation derivation = {
		.name = request->name,
		.program = request->program,
		.arguments = request->arguments,
		.argument_count = request->argument_count,
		.environment = environment,
		.environment_count = request->environment_count,
		.outputs = outputs,
		.output_count = host_sort(outputs, request->output_count),
		.features = request->features,
		.feature_count = request->feature_count,
		.origins = request->origins,
		.origin_count = request->origin_count,
	};
	derivation.inputs = session_item_inputs(
		session, request->items, request->item_count, &derivation.input_count);
	size_t node = 0;
	if (!host_fixed(session, request, &derivation, err) ||
		!graph_add(session->graph, &derivation, bytes_of(NULL, 0), &node, err))
		return false;
	struct session_derivation *made = session_derivation_at(session, node);
	/* The language wants the outputs in the order of its request. */
	struct host_derivation *answer = arena_new(&session->arena, struct host_derivation);
	const struct context_item **items =
		arena_array(&session->arena, const struct context_item *, request->output_count);
	for (size_t at = 0; at < request->output_count; at++)
		items[at] = session_item_output(session, node, request->outputs[at]);
	*answer = made->host;
	answer->outputs = items;
	*out = answer;
	return true;
}

static void
host_message(void *context, enum host_message kind, struct bytes text)
{
	struct session *session = (struct session *)context;
	cleanup_buf struct buf line = BUF(1 << 20);
	buf_add_text(&line, kind == MESSAGE_TRACE ? "trace: " : "warning: ");
	buf_add(&line, bytes_first(text, 1 << 16));
	session->options.listener.say(session->options.listener.context, buf_bytes(&line));
}

/* The signals that end a run are blocked and read from the loop, which does not turn while an
 * expression is evaluated. */
static bool
host_cancelled(void *context)
{
	(void)context;
	sigset_t pending;
	if (sigpending(&pending) < 0)
		return false;
	return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
	       sigismember(&pending, SIGHUP) == 1;
}

struct eval_host
session_host(struct session *session)
{
	return (struct eval_host){
		.context = session,
		.scheme_is_own = host_scheme_is_own,
		.island_open = host_island_open,
		.island_output = host_island_output,
		.island_derive = host_island_derive,
		.path_kind = host_path_kind,
		.path_read = host_path_read,
		.path_list = host_path_list,
		.path_store = host_path_store,
		.text_store = host_text_store,
		.store_path = host_store_path,
		.derive = host_derive,
		.output_build = session->options.allow_build ? host_output_build : NULL,
		.message = host_message,
		.cancelled = host_cancelled,
	};
}
