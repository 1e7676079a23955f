/* SPDX-License-Identifier: MPL-2.0 */
#include "derivation/graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/map.h"
#include "derivation_sample.h"

#define PINNED_DIGEST "2bcxcgbgaeldgpufiepuh5sytb2takru6e4wwt6qujrdov3oilxq"

static size_t
add(struct graph *graph, const struct derivation *derivation, const char *island)
{
	struct err err = {0};
	size_t node;
	if (!graph_add(graph, derivation, bytes_text(island), &node, &err))
		fail_msg("%s", err.text);
	return node;
}

struct sample {
	struct arena arena;
	struct graph *graph;
	size_t hello, island, crate, report, consumer;
};

static struct sample
sample_new(const char *wasm)
{
	struct sample sample = {.arena = ARENA, .graph = graph_new()};
	struct derivation hello = sample_hello(&sample.arena);
	struct derivation island = sample_island(&sample.arena, wasm);
	struct derivation crate = sample_crate(&sample.arena, wasm);
	struct derivation report = sample_report(&sample.arena);
	struct derivation consumer = sample_consumer(&sample.arena, wasm);
	sample.hello = add(sample.graph, &hello, "");
	sample.crate = add(sample.graph, &crate, "crates:hexyl@0.17.0");
	sample.island = add(sample.graph, &island, "github:cull-os/cab");
	sample.report = add(sample.graph, &report, "");
	sample.consumer = add(sample.graph, &consumer, "");
	graph_annotate(sample.graph, &sample_annotation, 1);
	return sample;
}

static void
sample_free(struct sample *sample)
{
	graph_free(sample->graph);
	arena_release(&sample->arena);
}

static void
the_pinned_digest_is_that_of_the_vector_whatever_fetches(void **state)
{
	(void)state;
	static const char *const modules[] = {"one", "two"};
	struct digest own[2];
	for (size_t at = 0; at < 2; at++) {
		struct sample sample = sample_new(modules[at]);
		graph_set_pin(sample.graph, sample.island, BYTES_LITERAL(SAMPLE_PIN));
		graph_set_pin(sample.graph, sample.crate, BYTES_LITERAL(SAMPLE_CRATE_PIN));
		struct digest digest;
		size_t unknown;
		assert_int_equal(graph_pinned(sample.graph, sample.consumer, &digest, &unknown),
			GRAPH_KNOWN);
		assert_string_equal(digest_print(&digest).text, PINNED_DIGEST);
		own[at] = graph_node(sample.graph, sample.consumer)->digest;

		struct derivation pinned =
			graph_pinned_derivation(&sample.arena, sample.graph, sample.consumer);
		struct digest again = derivation_digest(&pinned);
		assert_true(digest_equal(&digest, &again));
		for (size_t input = 0; input < pinned.input_count; input++)
			assert_true(bytes_has_prefix(
				pinned.inputs[input], BYTES_LITERAL(STORE_PREFIX)));
		sample_free(&sample);
	}
	assert_false(digest_equal(&own[0], &own[1]));
}

static void
a_pin_that_is_not_known_is_named(void **state)
{
	(void)state;
	struct sample sample = sample_new("one");
	struct digest digest;
	size_t unknown = SIZE_MAX;
	assert_int_equal(
		graph_pinned(sample.graph, sample.consumer, &digest, &unknown), GRAPH_UNKNOWN);
	assert_int_equal(unknown, sample.crate);
	size_t nodes[5];
	assert_int_equal(graph_waits(sample.graph, sample.consumer, nodes), 2);
	assert_int_equal(nodes[0], sample.crate);
	assert_int_equal(nodes[1], sample.island);

	graph_set_pin(sample.graph, sample.crate, BYTES_LITERAL(SAMPLE_CRATE_PIN));
	assert_int_equal(
		graph_pinned(sample.graph, sample.consumer, &digest, &unknown), GRAPH_UNKNOWN);
	assert_int_equal(unknown, sample.island);
	/* What needs no island is known all the while. */
	assert_int_equal(graph_pinned(sample.graph, sample.hello, &digest, &unknown), GRAPH_KNOWN);
	sample_free(&sample);
}

static void
another_pin_or_annotation_gives_another_digest(void **state)
{
	(void)state;
	struct sample sample = sample_new("one");
	graph_set_pin(sample.graph, sample.island, BYTES_LITERAL(SAMPLE_PIN));
	graph_set_pin(sample.graph, sample.crate, BYTES_LITERAL(SAMPLE_CRATE_PIN));
	struct digest first, second, third, back;
	size_t unknown;
	(void)graph_pinned(sample.graph, sample.consumer, &first, &unknown);
	graph_set_pin(sample.graph, sample.island, BYTES_LITERAL("cab f" SAMPLE_REPORT));
	(void)graph_pinned(sample.graph, sample.consumer, &second, &unknown);
	assert_false(digest_equal(&first, &second));
	graph_annotate(sample.graph, NULL, 0);
	(void)graph_pinned(sample.graph, sample.consumer, &third, &unknown);
	assert_false(digest_equal(&second, &third));
	graph_annotate(sample.graph, &sample_annotation, 1);
	graph_set_pin(sample.graph, sample.island, BYTES_LITERAL(SAMPLE_PIN));
	(void)graph_pinned(sample.graph, sample.consumer, &back, &unknown);
	assert_true(digest_equal(&first, &back));
	sample_free(&sample);
}

static void
inputs_come_before_consumers(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct graph *graph = graph_new();
	struct derivation consumer = sample_consumer(&arena, "one");
	struct err err = {0};
	size_t node = 7;
	assert_false(graph_add(graph, &consumer, BYTES_LITERAL(""), &node, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(node, 7);
	graph_free(graph);

	struct sample sample = sample_new("one");
	const struct graph_node *app = graph_node(sample.graph, sample.consumer);
	/* Two outputs of hello are one need. */
	assert_int_equal(app->need_count, 4);
	size_t nodes[5];
	assert_int_equal(graph_reach(sample.graph, sample.consumer, nodes), 5);
	for (size_t at = 0; at < 5; at++)
		assert_int_equal(nodes[at], at);
	assert_int_equal(graph_reach(sample.graph, sample.report, nodes), 1);
	assert_int_equal(graph_find(sample.graph, &app->digest), sample.consumer);
	/* The same again is the same node. */
	assert_int_equal(add(sample.graph, &app->derivation, ""), sample.consumer);
	assert_int_equal(graph_size(sample.graph), 5);
	sample_free(&sample);
}

static void
an_output_that_is_not_there_is_no_input(void **state)
{
	(void)state;
	struct sample sample = sample_new("one");
	struct derivation user = sample_hello(&sample.arena);
	const struct derivation *hello = &graph_node(sample.graph, sample.hello)->derivation;
	const struct bytes inputs[] = {sample_input(&sample.arena, hello, "doc")};
	user.inputs = inputs;
	user.input_count = 1;
	struct err err = {0};
	size_t node;
	assert_false(graph_add(sample.graph, &user, BYTES_LITERAL(""), &node, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	sample_free(&sample);
}

static void
two_self_fixing_derivations_of_one_name_are_refused_unless_islands(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct graph *graph = graph_new();
	struct derivation first = sample_island(&arena, "one");
	struct derivation second = sample_island(&arena, "two");
	struct err err = {0};
	size_t node;
	assert_true(graph_add(graph, &first, BYTES_LITERAL(""), &node, &err));
	assert_false(graph_add(graph, &second, BYTES_LITERAL(""), &node, &err));
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_true(graph_add(graph, &second, BYTES_LITERAL("github:cull-os/cab"), &node, &err));
	graph_free(graph);
}

static bool
read_file(void *context, struct bytes file, struct buf *out, struct err *err)
{
	const struct buf *json = map_find(context, file);
	if (!json)
		return err_set(err, ERR_NOT_FOUND, "%.*s is not there", BYTES_ARGS(file));
	buf_add(out, buf_bytes(json));
	return true;
}

static void
a_graph_is_read_from_its_files(void **state)
{
	(void)state;
	struct sample sample = sample_new("one");
	struct buf files[5] = {
		BUF(BUF_MAX), BUF(BUF_MAX), BUF(BUF_MAX), BUF(BUF_MAX), BUF(BUF_MAX)};
	struct map names = {0};
	struct bytes goal = {0};
	for (size_t at = 0; at < 5; at++) {
		const struct graph_node *node = graph_node(sample.graph, at);
		derivation_encode(&node->derivation, &files[at]);
		goal = derivation_file_name(&sample.arena, &node->derivation, &node->digest);
		map_put(&names, goal, &files[at]);
	}
	struct graph *graph = graph_new();
	struct err err = {0};
	size_t node;
	if (!graph_load(graph, goal, read_file, &names, &node, &err))
		fail_msg("%s", err.text);
	assert_int_equal(graph_size(graph), 5);
	assert_true(digest_equal(&graph_node(graph, node)->digest,
		&graph_node(sample.graph, sample.consumer)->digest));
	graph_free(graph);

	/* A file that holds another derivation, and one that is absent. */
	map_put(&names, goal, &files[0]);
	graph = graph_new();
	assert_false(graph_load(graph, goal, read_file, &names, &node, &err));
	assert_int_equal(err.kind, ERR_CORRUPT);
	assert_false(graph_load(graph, BYTES_LITERAL("x.drv"), read_file, &names, &node, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	graph_free(graph);
	for (size_t at = 0; at < 5; at++)
		buf_release(&files[at]);
	map_release(&names);
	sample_free(&sample);
}

/* A chain so deep that recursion would leave the stack. */
static void
depth_costs_no_stack(void **state)
{
	(void)state;
	enum { DEEP = 5000 };
	cleanup_arena struct arena arena = ARENA;
	struct graph *graph = graph_new();
	struct derivation link = sample_hello(&arena);
	size_t node = add(graph, &link, "");
	for (size_t at = 1; at < DEEP; at++) {
		const struct derivation *before = &graph_node(graph, node)->derivation;
		const struct bytes inputs[] = {sample_input(&arena, before, "out")};
		link.inputs = inputs;
		link.input_count = 1;
		node = add(graph, &link, "");
	}
	struct digest digest;
	size_t unknown;
	assert_int_equal(graph_pinned(graph, node, &digest, &unknown), GRAPH_KNOWN);
	assert_int_equal(graph_size(graph), DEEP);
	graph_free(graph);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pinned_digest_is_that_of_the_vector_whatever_fetches),
		cmocka_unit_test(a_pin_that_is_not_known_is_named),
		cmocka_unit_test(another_pin_or_annotation_gives_another_digest),
		cmocka_unit_test(inputs_come_before_consumers),
		cmocka_unit_test(an_output_that_is_not_there_is_no_input),
		cmocka_unit_test(
			two_self_fixing_derivations_of_one_name_are_refused_unless_islands),
		cmocka_unit_test(a_graph_is_read_from_its_files),
		cmocka_unit_test(depth_costs_no_stack),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
