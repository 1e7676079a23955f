/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/syntax.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lang/scope.h"

/* A source with its tree; released by unit_release. */
struct unit {
	struct source *source;
	struct tree *tree;
	struct diagnostics diagnostics;
	bool sound;
};

static struct unit
unit_of(struct bytes text)
{
	struct err err;
	struct unit unit = {.diagnostics = DIAGNOSTICS};
	unit.source = source_new("a.cab", text, &err);
	assert_non_null(unit.source);
	unit.tree = tree_new(unit.source);
	unit.sound = syntax_parse(unit.tree, &unit.diagnostics);
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
expect_print(const char *text, const char *wanted)
{
	struct unit unit = unit_of(bytes_text(text));
	cleanup_buf struct buf printed = BUF(SOURCE_MAX);
	assert_true(unit.sound);
	syntax_print(unit.tree->root, &printed);
	assert_string_equal(buf_text(&printed), wanted);
	unit_release(&unit);
}

static void
operators_bind_by_their_powers(void **state)
{
	(void)state;
	expect_print("((a*b)+c)", "a * b + c");
	expect_print("a*(b+c)", "a * (b + c)");
	expect_print("2^(3^2)", "2 ^ 3 ^ 2");
	expect_print("(2^3)*2", "2 ^ 3 * 2");
	expect_print("-(2^2)", "-2 ^ 2");
	expect_print("(-2)^2", "(-2) ^ 2");
	expect_print("!(x ? a)", "!x ? a");
	expect_print("(a - b) - c", "a - b - c");
	expect_print("a - (b - c)", "a - (b - c)");
	expect_print("f <| (x => e)", "f <| x => e");
	expect_print("(a->(b->c))", "a -> b -> c");
	expect_print("(f x) ? a", "f x ? a");
}

static const struct node *
only_entry(const struct node *set)
{
	assert_int_equal(set->kind, NODE_SET);
	assert_int_equal(set->set.count, 1);
	return set->set.entries[0].value;
}

static void
paths_are_nested_sets_in_order_of_names(void **state)
{
	(void)state;
	struct unit unit = unit_of(BYTES_LITERAL("{ b = 1, a.d.e = 2, a.c = 3, \"\\(x)\" = 4 }"));
	assert_true(unit.sound);
	const struct node *set = unit.tree->root;
	assert_int_equal(set->set.count, 3);
	assert_int_equal(set->set.static_count, 2);
	assert_true(bytes_equal_text(set->set.entries[0].name.text, "a"));
	assert_true(bytes_equal_text(set->set.entries[1].name.text, "b"));
	assert_non_null(set->set.entries[2].name.dynamic);
	const struct node *inner = set->set.entries[0].value;
	assert_true(bytes_equal_text(inner->set.entries[0].name.text, "c"));
	assert_int_equal(only_entry(inner->set.entries[1].value)->integer, 2);
	unit_release(&unit);
}

static void
several_selections_share_their_base(void **state)
{
	(void)state;
	struct unit unit = unit_of(BYTES_LITERAL("x.{a, b.c} or d"));
	assert_true(unit.sound);
	const struct node *share = unit.tree->root;
	assert_int_equal(share->kind, NODE_SHARE);
	assert_int_equal(share->share->value->kind, NODE_NAME);
	const struct node *branch = share->share->body;
	assert_int_equal(branch->kind, NODE_IF);
	assert_int_equal(branch->branch.condition->kind, NODE_BINARY);
	assert_int_equal(branch->branch.condition->binary.operator, OPERATOR_AND);
	const struct node *set = branch->branch.yes;
	assert_int_equal(set->set.count, 2);
	assert_true(bytes_equal_text(set->set.entries[1].name.text, "c"));
	const struct node *select = set->set.entries[1].value;
	assert_int_equal(select->select.base->kind, NODE_SHARED);
	assert_ptr_equal(select->select.base->shared.share->share, share->share);
	unit_release(&unit);
}

static void
calls_take_all_their_arguments_at_once(void **state)
{
	(void)state;
	struct unit unit = unit_of(BYTES_LITERAL("f a b c"));
	assert_int_equal(unit.tree->root->kind, NODE_CALL);
	assert_int_equal(unit.tree->root->call.count, 3);
	unit_release(&unit);
}

static void
list_patterns_of_both_spellings_are_one(void **state)
{
	(void)state;
	struct unit cons = unit_of(BYTES_LITERAL("a : b : [c, ...d] => d"));
	struct unit list = unit_of(BYTES_LITERAL("[a, b, c, ...d] => d"));
	assert_true(cons.sound && list.sound);
	assert_true(syntax_equal(cons.tree->root, list.tree->root));
	unit_release(&cons);
	unit_release(&list);
}

static void
trees_that_differ_are_not_equal(void **state)
{
	(void)state;
	static const char *const texts[] = {"1", "1.0", "\"1\"", "a", "a b", "a.b", "a ? b",
		"a.b or c", "[a]", "[...a]", "{ a }", "{ a = 1 }", "x => x", "y => y",
		"(x => x, y => y)", "./a", "<a>", "<a:b>", "<a::b>", "-a", "!a", "a + b", "a - b",
		"a |> b", "a <| b", "b a", "x @ a", "x.{a}", "x.[a]", "{ x.{a} }", "(a; b)",
		"(a = 1; b)", "if a then b else c", "\"\\(a)\"", "true", "[a, ...] => 1",
		"[a] => 1", "{ a } => 1", "{ a, ... } => 1", "{ a ? 1 } => 1", "1 => 1",
		"a @ b => 1", "_ => 1"};
	enum { COUNT = sizeof texts / sizeof *texts };
	struct unit left[COUNT];
	struct unit right[COUNT];
	for (size_t at = 0; at < COUNT; at++) {
		left[at] = unit_of(bytes_text(texts[at]));
		right[at] = unit_of(bytes_text(texts[at]));
		assert_true(left[at].sound);
	}
	for (size_t at = 0; at < COUNT; at++)
		for (size_t to = 0; to < COUNT; to++)
			assert_int_equal(
				syntax_equal(left[at].tree->root, right[to].tree->root), at == to);
	for (size_t at = 0; at < COUNT; at++) {
		unit_release(&left[at]);
		unit_release(&right[at]);
	}
}

static struct bytes
text_repeat(struct buf *out, const char *head, const char *piece, size_t count, const char *tail)
{
	buf_clear(out);
	buf_add_text(out, head);
	while (count--)
		buf_add_text(out, piece);
	buf_add_text(out, tail);
	return buf_bytes(out);
}

/* Threat row L1: deep brackets are one error with a place. */
static void
nesting_has_a_limit_and_no_other_end(void **state)
{
	(void)state;
	static const char *const openers[] = {"(", "[", "\"\\(", "{a=", "-", "!", "if ", "x.{\"\\(",
		"<a:{b=", "(x => ", "{ a ? "};
	cleanup_buf struct buf text = BUF(SOURCE_MAX);
	for (size_t at = 0; at < sizeof openers / sizeof *openers; at++) {
		struct unit unit =
			unit_of(text_repeat(&text, "", openers[at], at < 3 ? 1000000 : 20000, ""));
		assert_false(unit.sound);
		const struct diagnostic *last =
			unit.diagnostics.found.data[unit.diagnostics.found.size - 1];
		bool said = false;
		for (size_t found = 0; found < unit.diagnostics.found.size; found++)
			said |= bytes_equal_text(unit.diagnostics.found.data[found]->title,
				"nesting deeper than 512 levels");
		assert_true(said);
		assert_non_null(last->span.source);
		unit_release(&unit);
	}
}

static void
chains_have_no_limit(void **state)
{
	(void)state;
	static const struct {
		const char *head, *piece, *tail;
	} rows[] = {{"a", " + a", ""}, {"", "x : ", "xs"}, {"", "x => ", "x"},
		{"", "f <| x => ", "x"}, {"", "if a then b else ", "c"}, {"", "a.b or ", "c"},
		{"a", ".b", ""}, {"a", ".{b}", ""}, {"f", " a", ""}, {"", "a -> ", "a"},
		{"", "a @ ", "b"}, {"", "a @ ", "b => b"}, {"", "a : ", "b => b"},
		{"a", " |> f", ""}, {"[", "1,", "]"}, {"{ ", "a.", "b = 1 }"}, {"\"", "a\\n", "\""},
		{"a", " ? b", ""}, {"a", " ^ a", ""}, {"(", "1 => 2,", ")"}, {"", "a; ", "b"}};
	cleanup_buf struct buf text = BUF(SOURCE_MAX);
	struct scope_names names = {0};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct unit unit = unit_of(
			text_repeat(&text, rows[at].head, rows[at].piece, 20000, rows[at].tail));
		cleanup_buf struct buf printed = BUF(SOURCE_MAX);
		assert_true(unit.sound);
		syntax_print(unit.tree->root, &printed);
		struct unit again = unit_of(buf_bytes(&printed));
		assert_true(again.sound);
		assert_true(syntax_equal(unit.tree->root, again.tree->root));
		(void)!scope_resolve(unit.tree, &names, &unit.diagnostics);
		unit_release(&again);
		unit_release(&unit);
	}
}

/* Threat row L2. */
static void
many_parameters_and_attributes_parse(void **state)
{
	(void)state;
	cleanup_buf struct buf text = BUF(SOURCE_MAX);
	buf_add_text(&text, "{ ");
	for (int at = 0; at < 70000; at++)
		buf_format(&text, "a%d, ", at);
	buf_add_text(&text, "} => { ");
	for (int at = 0; at < 70000; at++)
		buf_format(&text, "a%d, ", at);
	buf_add_text(&text, "}");
	struct unit unit = unit_of(buf_bytes(&text));
	struct scope_names names = {0};
	assert_true(unit.sound);
	assert_true(scope_resolve(unit.tree, &names, &unit.diagnostics));
	assert_int_equal(unit.tree->root->lambda->frame_size, 70000);
	unit_release(&unit);
}

static void
every_independent_error_is_reported(void **state)
{
	(void)state;
	static const char text[] =
		"a = [1 2]; b = { c = ; }; d = \"\\q\"; e = (f = ); g = 0x; h < i < j";
	static const char *const faults[] = {"1 2", "; }", "\\q", ")", "0x", "< j"};
	struct unit unit = unit_of(bytes_text(text));
	assert_int_equal(unit.diagnostics.errors, 6);
	diagnostics_sort(&unit.diagnostics);
	for (size_t at = 0; at < unit.diagnostics.found.size; at++)
		assert_ptr_equal(text + unit.diagnostics.found.data[at]->span.start,
			strstr(text, faults[at]));
	unit_release(&unit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operators_bind_by_their_powers),
		cmocka_unit_test(paths_are_nested_sets_in_order_of_names),
		cmocka_unit_test(several_selections_share_their_base),
		cmocka_unit_test(calls_take_all_their_arguments_at_once),
		cmocka_unit_test(list_patterns_of_both_spellings_are_one),
		cmocka_unit_test(trees_that_differ_are_not_equal),
		cmocka_unit_test(nesting_has_a_limit_and_no_other_end),
		cmocka_unit_test(chains_have_no_limit),
		cmocka_unit_test(many_parameters_and_attributes_parse),
		cmocka_unit_test(every_independent_error_is_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
