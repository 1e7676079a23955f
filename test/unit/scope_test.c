/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const builtins[] = {"map", "filter"};
static const char *const ambient[] = {"packages", "system"};

struct unit {
	struct source *source;
	struct tree *tree;
	struct diagnostics diagnostics;
	bool sound;
};

static struct unit
unit_of(const char *text, bool entry)
{
	struct err err;
	struct unit unit = {.diagnostics = DIAGNOSTICS};
	unit.source = source_new("a.cab", bytes_text(text), &err);
	unit.tree = tree_new(unit.source);
	assert_true(syntax_parse(unit.tree, &unit.diagnostics));
	struct scope_names names = {builtins, 2, ambient, 2, entry};
	unit.sound = scope_resolve(unit.tree, &names, &unit.diagnostics);
	return unit;
}

static void
unit_release(struct unit *unit)
{
	diagnostics_release(&unit->diagnostics);
	tree_free(unit->tree);
	source_free(unit->source);
}

static void
expect_place(const struct node *node, enum place_kind kind, uint32_t depth, uint32_t index)
{
	assert_int_equal(node->kind, NODE_NAME);
	assert_int_equal(node->name.place.kind, kind);
	assert_int_equal(node->name.place.depth, depth);
	assert_int_equal(node->name.place.index, index);
}

static void
names_of_callers_are_rows_of_their_tables(void **state)
{
	(void)state;
	struct unit unit = unit_of("[filter, system, map]", true);
	assert_true(unit.sound);
	const struct node_item *items = unit.tree->root->list.items;
	expect_place(items[0].value, PLACE_BUILTIN, 0, 1);
	expect_place(items[1].value, PLACE_AMBIENT, 0, 1);
	expect_place(items[2].value, PLACE_BUILTIN, 0, 0);
	assert_int_equal(unit.tree->frame_size, 0);
	unit_release(&unit);
}

static void
ambient_names_are_the_entry_files_only(void **state)
{
	(void)state;
	struct unit unit = unit_of("packages", false);
	assert_false(unit.sound);
	assert_int_equal(unit.diagnostics.errors, 1);
	unit_release(&unit);
}

static void
depth_counts_functions_and_blocks_have_no_frame(void **state)
{
	(void)state;
	struct unit unit = unit_of("a = 1; x => (b = 2; y => [a, x, b, y])", true);
	assert_true(unit.sound);
	assert_int_equal(unit.tree->frame_size, 1);
	const struct node *outer = unit.tree->root->block->value;
	assert_int_equal(outer->lambda->frame_size, 2);
	const struct node *inner = outer->lambda->clauses[0].body->block->value;
	assert_int_equal(inner->lambda->frame_size, 1);
	const struct node_item *items = inner->lambda->clauses[0].body->list.items;
	expect_place(items[0].value, PLACE_LOCAL, 2, 0);
	expect_place(items[1].value, PLACE_LOCAL, 1, 0);
	expect_place(items[2].value, PLACE_LOCAL, 1, 1);
	expect_place(items[3].value, PLACE_LOCAL, 0, 0);
	unit_release(&unit);
}

static void
clauses_use_the_same_slots(void **state)
{
	(void)state;
	struct unit unit = unit_of("([] => 0, [a, b] => a b, c : d => (e = 1; c d e))", true);
	assert_true(unit.sound);
	assert_int_equal(unit.tree->root->lambda->frame_size, 3);
	unit_release(&unit);
}

static void
patterns_of_statements_have_a_slot_for_the_whole(void **state)
{
	(void)state;
	struct unit unit = unit_of("{ a, ... } = map; b = a; b", true);
	assert_true(unit.sound);
	assert_int_equal(unit.tree->frame_size, 3);
	const struct node_binding *bindings = unit.tree->root->block->bindings;
	assert_int_equal(bindings[0].pattern->set.fields[0].pattern->name.slot, 0);
	assert_int_equal(bindings[0].slot, 1);
	assert_int_equal(bindings[1].pattern->name.slot, 2);
	unit_release(&unit);
}

static void
shares_and_named_values_have_slots(void **state)
{
	(void)state;
	struct unit unit = unit_of("self @ { a = self.{ b, c }, }", true);
	assert_true(unit.sound);
	assert_int_equal(unit.tree->frame_size, 2);
	const struct node *share = unit.tree->root->at.value->set.entries[0].value;
	assert_int_equal(unit.tree->root->at.slot, 0);
	assert_int_equal(share->share->slot, 1);
	const struct node *shared = share->share->selects[0]->select.base;
	assert_int_equal(shared->shared.share->share->slot, 1);
	unit_release(&unit);
}

static void
constants_are_nodes_unless_they_are_shadowed(void **state)
{
	(void)state;
	struct unit unit = unit_of("[true, false, null, `true` => true]", true);
	assert_true(unit.sound);
	assert_int_equal(unit.diagnostics.warnings, 1);
	const struct node_item *items = unit.tree->root->list.items;
	assert_int_equal(items[0].value->kind, NODE_TRUE);
	assert_int_equal(items[1].value->kind, NODE_FALSE);
	assert_int_equal(items[2].value->kind, NODE_NULL);
	expect_place(items[3].value->lambda->clauses[0].body, PLACE_LOCAL, 0, 0);
	unit_release(&unit);
}

static void
a_name_is_seen_only_where_it_is_bound(void **state)
{
	(void)state;
	struct unit unit = unit_of("[(a = 1; a), a, x => x, x, (y @ 1), y]", true);
	assert_int_equal(unit.diagnostics.errors, 3);
	unit_release(&unit);
}

/* Dynamic names are walked once although two nodes hold them: this would take 2^40 steps. */
static void
dynamic_names_in_selections_are_walked_once(void **state)
{
	(void)state;
	cleanup_buf struct buf text = BUF(1 << 20);
	for (int at = 0; at < 40; at++)
		buf_add_text(&text, "map.{\"\\(");
	buf_add_text(&text, "map");
	for (int at = 0; at < 40; at++)
		buf_add_text(&text, ")\"} or map");
	struct unit unit = unit_of(buf_text(&text), true);
	assert_true(unit.sound);
	unit_release(&unit);
}

static void
a_scheme_is_the_name_that_is_bound_where_it_stands(void **state)
{
	(void)state;
	struct unit unit =
		unit_of("paste = 1; x => [<paste:a>, <map:b>, <\\(x):c>, <other:d>]", true);
	assert_true(unit.sound);
	assert_int_equal(unit.diagnostics.warnings, 0);
	const struct node *body = unit.tree->root->block->value->lambda->clauses[0].body;
	const struct place place = body->list.items[0].value->island->fetcher;
	assert_int_equal(place.kind, PLACE_LOCAL);
	assert_int_equal(place.depth, 1);
	assert_int_equal(place.index, 0);
	for (size_t at = 1; at < 4; at++)
		assert_int_equal(body->list.items[at].value->island->fetcher.kind, PLACE_NONE);
	unit_release(&unit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_callers_are_rows_of_their_tables),
		cmocka_unit_test(ambient_names_are_the_entry_files_only),
		cmocka_unit_test(depth_counts_functions_and_blocks_have_no_frame),
		cmocka_unit_test(clauses_use_the_same_slots),
		cmocka_unit_test(patterns_of_statements_have_a_slot_for_the_whole),
		cmocka_unit_test(shares_and_named_values_have_slots),
		cmocka_unit_test(constants_are_nodes_unless_they_are_shadowed),
		cmocka_unit_test(a_name_is_seen_only_where_it_is_bound),
		cmocka_unit_test(a_scheme_is_the_name_that_is_bound_where_it_stands),
		cmocka_unit_test(dynamic_names_in_selections_are_walked_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
