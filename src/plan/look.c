/* SPDX-License-Identifier: MPL-2.0 */
#include "plan/work.h"

#include "base/trace.h"
#include "store/realization.h"
#include "store/store.h"

/* What the realizers say beside their features enters every pinned and resolved digest from now on. */
bool
look_annotate(struct plan *plan, struct err *err)
{
	if (plan->annotated)
		return true;
	ARRAY(struct derivation_annotation) annotations = {0};
	bool done = true;
	for (size_t at = 0; done && at < plan->setup.realizer_count; at++) {
		const struct realizer_feature *features = NULL;
		size_t count = 0;
		struct realizer *realizer = plan->setup.realizers[at];
		done = realizer->operations->features(realizer, &features, &count, err);
		for (size_t feature = 0; done && feature < count; feature++)
			if (features[feature].annotation.size)
				*array_push(&annotations) = (struct derivation_annotation){
					features[feature].name, features[feature].annotation};
	}
	if (done)
		graph_annotate(plan->setup.graph, annotations.data, annotations.size);
	plan->annotated = done;
	array_release(&annotations);
	return done;
}

static const struct derivation *
look_derivation(const struct work *work)
{
	return &graph_node(work->plan->setup.graph, work->node)->derivation;
}

static bool
look_key(struct plan *plan, size_t node, struct digest *key, struct digest *pinned_out)
{
	const struct derivation *derivation = &graph_node(plan->setup.graph, node)->derivation;
	struct digest pinned;
	size_t unknown;
	if (derivation->fixed != DERIVATION_ORDINARY ||
		graph_pinned(plan->setup.graph, node, &pinned, &unknown) != GRAPH_KNOWN)
		return false;
	const char **names = arena_array(&plan->arena, const char *, derivation->output_count);
	for (size_t at = 0; at < derivation->output_count; at++)
		names[at] = arena_text(&plan->arena, derivation->outputs[at]);
	*key = realization_key(REALIZATION_PINNED, &pinned, names, derivation->output_count);
	if (pinned_out)
		*pinned_out = pinned;
	return true;
}

bool
plan_realization_key(struct plan *plan, size_t node, struct digest *out)
{
	return look_key(plan, node, out, NULL);
}

static void
look_take(struct work *work, size_t at, struct bytes output, const struct object *object,
	struct realizer_output *outputs)
{
	struct arena *arena = &work->plan->arena;
	struct store_path path = store_path_print(&object->path, object->name);
	outputs[at] = (struct realizer_output){
		arena_copy(arena, output), arena_copy(arena, bytes_text(path.text)), object->hash};
}

/* A closure holds one of each thing: a record made from another choice than this run's is not taken. */
static bool
look_agrees(const struct work *work, const struct realization *found)
{
	struct plan *plan = work->plan;
	const struct graph_node *node = graph_node(plan->setup.graph, work->node);
	for (size_t at = 0; at < node->need_count; at++) {
		struct work *need = plan_work(plan, node->needs[at]);
		struct digest key;
		if (need->state != WORK_DONE || !look_key(plan, need->node, &key, NULL))
			continue;
		struct realization other = {0};
		struct err miss;
		for (size_t from = 0; from < found->made_from.size; from++) {
			if (!digest_equal(&found->made_from.data[from], &key) ||
				!realization_find(plan->setup.store, &key, &other, &miss))
				continue;
			struct store_path path =
				store_path_print(&other.outputs.data[0].object.path,
					other.outputs.data[0].object.name);
			bool same = bytes_equal_text(need->outputs[0].path, path.text);
			realization_release(&other);
			if (!same)
				return false;
		}
	}
	return true;
}

bool
look_realization(struct work *work)
{
	struct plan *plan = work->plan;
	const struct derivation *derivation = look_derivation(work);
	struct digest key;
	struct err miss;
	if (!look_key(plan, work->node, &key, NULL))
		return false;
	cleanup_realization struct realization found = {0};
	if (!realization_find(plan->setup.store, &key, &found, &miss) ||
		found.outputs.size != derivation->output_count || !look_agrees(work, &found))
		return false;
	struct realizer_output *outputs =
		arena_array(&plan->arena, struct realizer_output, found.outputs.size);
	for (size_t at = 0; at < found.outputs.size; at++) {
		cleanup_object struct object object = {0};
		if (!store_obtain(plan->setup.store, &found.outputs.data[at].object.path, &object,
			    &miss)) {
			trace("plan", "%.*s is realized, but its output cannot be had: %s",
				BYTES_ARGS(derivation->name), miss.text);
			return false;
		}
		look_take(work, at, bytes_text(found.outputs.data[at].output), &object, outputs);
	}
	work->resolved = found.resolved;
	work->has_resolved = true;
	work->outputs = outputs;
	work->output_count = found.outputs.size;
	work->state = WORK_DONE;
	return true;
}

/* A source or fixed output by its Cab hash: its pin and name give its path. */
bool
look_object(struct work *work)
{
	struct plan *plan = work->plan;
	const struct derivation *derivation = look_derivation(work);
	struct cab_hash hash = work->found.hash;
	if (derivation->fixed == DERIVATION_FIXED) {
		const struct identity *cab =
			&derivation->identities[derivation->identity_count - 1];
		if (!cab_hash_parse(cab->value, &hash))
			return false;
	} else if (!work->found.has_hash) {
		return false;
	}
	struct bytes name =
		derivation_output_name(&plan->arena, derivation->name, derivation->outputs[0]);
	struct digest path = object_plain_path(&hash, arena_text(&plan->arena, name));
	cleanup_object struct object object = {0};
	struct err miss;
	if (!store_obtain(plan->setup.store, &path, &object, &miss))
		return false;
	struct realizer_output *outputs = arena_new(&plan->arena, struct realizer_output);
	look_take(work, 0, derivation->outputs[0], &object, outputs);
	work->outputs = outputs;
	work->output_count = 1;
	work->state = WORK_DONE;
	return true;
}

bool
look_at(struct work *work)
{
	if (look_derivation(work)->fixed == DERIVATION_ORDINARY)
		return look_realization(work);
	return look_object(work);
}

void
look_record(struct work *work, const struct realizer_result *result)
{
	struct plan *plan = work->plan;
	const struct graph_node *node = graph_node(plan->setup.graph, work->node);
	struct realization realization = {.kind = REALIZATION_PINNED, .resolved = work->resolved};
	struct digest key;
	realization.vouch.kind = VOUCH_SELF;
	if (!look_key(plan, work->node, &key, &realization.derivation))
		return;
	for (size_t at = 0; at < result->output_count; at++) {
		struct realization_output *output = array_push(&realization.outputs);
		struct bytes name = bytes_first(result->outputs[at].name, OBJECT_NAME_MAX);
		memcpy(output->output, name.data, name.size);
		output->hash = result->outputs[at].hash;
		if (!store_path_parse(result->outputs[at].path, &output->object)) {
			realization_release(&realization);
			return;
		}
	}
	for (size_t at = 0; at < node->need_count; at++)
		if (look_key(plan, node->needs[at], &key, NULL))
			*array_push(&realization.made_from) = key;
	realization_put(plan->setup.store, &realization);
	realization_release(&realization);
}
