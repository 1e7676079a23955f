/* SPDX-License-Identifier: MPL-2.0 */
/* What evaluation has built for itself, where --allow-build-during-evaluation says that it may. */
#include "session/state.h"

/* Its final path. The islands that it needs are asked and held as those of a goal; the lock is written with theirs. */
static bool
host_build_item(struct session *session, const struct context_item *item, struct bytes *path_out,
	struct err *err)
{
	size_t node = ((const struct session_item *)item)->node;
	struct bytes name = graph_node(session->graph, node)->derivation.name;
	if (!session_settle(session, node, err) || !plan_build(session->plan, &node, 1, err))
		return err_note(err, "during evaluation");
	size_t count = 0;
	const struct realizer_output *outputs = plan_outputs(session->plan, node, &count);
	must(outputs, "what was built has outputs");
	for (size_t at = 0; at < count; at++)
		if (bytes_equal_text(outputs[at].name, item->output)) {
			*path_out = outputs[at].path;
			return true;
		}
	return err_set(
		err, ERR_NOT_FOUND, "%.*s has no output \"%s\"", BYTES_ARGS(name), item->output);
}

bool
host_output_build(void *context, struct bytes text, const struct context_item *const *items,
	size_t item_count, struct buf *out, struct err *err)
{
	struct session *session = (struct session *)context;
	struct bytes *paths = arena_array(&session->arena, struct bytes, item_count);
	for (size_t at = 0; at < item_count; at++)
		if (items[at]->placeholder && !host_build_item(session, items[at], &paths[at], err))
			return false;
	while (text.size) {
		size_t at = 0;
		while (at < item_count &&
			!(paths[at].size && bytes_has_prefix(text, bytes_text(items[at]->path))))
			at++;
		if (at < item_count) {
			buf_add(out, paths[at]);
			text = bytes_from(text, strlen(items[at]->path));
		} else {
			buf_add_byte(out, text.data[0]);
			text = bytes_from(text, 1);
		}
	}
	return buf_check(out, err, "path of what was built");
}
