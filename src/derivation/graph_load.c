/* SPDX-License-Identifier: MPL-2.0 */
/* Derivations read from files, inputs before consumers, without recursion. */
#include "derivation/graph.h"

#include "base/array.h"
#include "derivation/graph_entry.h"

/* A derivation whose inputs are being read. */
struct frame {
	struct digest digest;
	struct derivation derivation;
	size_t next; /* of its inputs */
};

struct loader {
	struct graph *graph;
	graph_read *read;
	void *context;
	struct arena arena;
	ARRAY(struct frame) frames;
	struct map open; /* raw digests of the frames */
	size_t count;
};

static bool
load_open(struct loader *loader, struct bytes file, struct err *err)
{
	cleanup_buf struct buf json = BUF(DERIVATION_SIZE);
	if (++loader->count > GRAPH_LOAD_MAX)
		return err_limit(err, ERR_LIMIT_OTHER, "more than %d derivations", GRAPH_LOAD_MAX);
	struct frame frame = {0};
	if (!loader->read(loader->context, file, &json, err))
		return err_note(err, "reading %.*s", BYTES_ARGS(file));
	if (!buf_check(&json, err, "%.*s", BYTES_ARGS(file)))
		return false;
	if (!derivation_decode(&loader->arena, buf_bytes(&json), &frame.derivation, err))
		return err_note(err, "%.*s", BYTES_ARGS(file));
	frame.digest = digest_of(buf_bytes(&json));
	struct bytes expected =
		derivation_file_name(&loader->arena, &frame.derivation, &frame.digest);
	if (!bytes_equal(expected, file))
		return err_set(err, ERR_CORRUPT, "%.*s: the file holds %.*s", BYTES_ARGS(file),
			BYTES_ARGS(expected));
	if (map_has(&loader->open, digest_bytes(&frame.digest)))
		return err_set(
			err, ERR_CORRUPT, "%.*s: the derivation needs itself", BYTES_ARGS(file));
	map_put(&loader->open, digest_bytes(&frame.digest), loader);
	*array_push(&loader->frames) = frame;
	return true;
}

/* The file of the next input of the last frame that is not in the graph yet, or an empty span. */
static struct bytes
load_next(struct loader *loader)
{
	struct frame *frame = &loader->frames.data[loader->frames.size - 1];
	for (; frame->next < frame->derivation.input_count; frame->next++) {
		struct bytes input = frame->derivation.inputs[frame->next];
		struct derivation_input parts;
		if (!derivation_input_parse(input, &parts) || parts.is_object)
			continue;
		if (graph_find(loader->graph, &parts.digest) == SIZE_MAX)
			return bytes_first(input, bytes_find(input, '#'));
	}
	return bytes_of(NULL, 0);
}

static bool
load_all(struct loader *loader, struct bytes file, size_t *node_out, struct err *err)
{
	if (!load_open(loader, file, err))
		return false;
	size_t node = 0;
	while (loader->frames.size > 0) {
		struct bytes next = load_next(loader);
		if (next.size > 0) {
			if (!load_open(loader, next, err))
				return false;
			continue;
		}
		const struct frame *frame = &loader->frames.data[loader->frames.size - 1];
		if (!graph_insert(loader->graph, &frame->derivation, bytes_of(NULL, 0), false,
			    &node, err))
			return false;
		loader->frames.size--;
	}
	*node_out = node;
	return true;
}

bool
graph_load(struct graph *graph, struct bytes file, graph_read *read, void *context,
	size_t *node_out, struct err *err)
{
	struct loader loader = {.graph = graph, .read = read, .context = context, .arena = ARENA};
	bool loaded = load_all(&loader, file, node_out, err);
	array_release(&loader.frames);
	map_release(&loader.open);
	arena_release(&loader.arena);
	return loaded;
}
