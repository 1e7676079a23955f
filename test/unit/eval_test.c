/* SPDX-License-Identifier: MPL-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lang/eval.h"
#include "lang/heap.h"
#include "memory_host.h"

static const size_t ceiling = (size_t)256 << 20;

struct fixture {
	struct memory_host *host;
	struct evaluator *evaluator;
	struct buf out;
};

static struct fixture
fixture_new(size_t heap_ceiling)
{
	struct memory_host *host = memory_host_new();
	return (struct fixture){
		host, evaluator_new(memory_host_functions(host), heap_ceiling), BUF(BUF_MAX)};
}

static void
fixture_release(struct fixture *fixture)
{
	evaluator_free(fixture->evaluator);
	memory_host_free(fixture->host);
	buf_release(&fixture->out);
}

/* The value's text with everything forced or, on failure, the diagnostics. */
static const char *
show(struct fixture *fixture, const char *text)
{
	struct evaluator *evaluator = fixture->evaluator;
	buf_clear(&fixture->out);
	evaluator_clear(evaluator);
	struct value *value = eval_text(
		evaluator, "test.cab", bytes_text(text), NULL, "/test.cab", EVAL_IMPORTED);
	if (value)
		value = eval_deep(evaluator, value);
	if (value)
		eval_print(evaluator, value, &fixture->out);
	else
		diagnostics_render(evaluator_diagnostics(evaluator),
			(struct diagnostic_style){false, 100}, &fixture->out);
	return buf_text(&fixture->out);
}

static void
gives(const char *text, const char *wanted)
{
	struct fixture fixture = fixture_new(ceiling);
	const char *got = show(&fixture, text);
	if (strcmp(got, wanted) != 0)
		fail_msg("%s\n  gives  %s\n  wanted %s", text, got, wanted);
	fixture_release(&fixture);
}

static void
fails(const char *text, const char *reason)
{
	struct fixture fixture = fixture_new(ceiling);
	const char *got = show(&fixture, text);
	if (!strstr(got, "error") || !strstr(got, reason))
		fail_msg("%s\n  gives %s\n  wanted the error '%s'", text, got, reason);
	fixture_release(&fixture);
}

static void
arithmetic_is_checked(void **state)
{
	(void)state;
	gives("[1 + 2 * 3, 7 / 2, -7 / 2, 2 ^ 3 ^ 2, 2 ^ 3 * 2, 0 ^ 0, -2 ^ 2]",
		"[7, 3, -3, 512, 16, 1, -4]");
	gives("[1 + 1.5, 3 / 2.0, 2.0 ^ -1, 1e6, 0.1 + 0.2]",
		"[2.5, 1.5, 0.5, 1e6, 0.30000000000000004]");
	gives("-9223372036854775808", "-9223372036854775808");
	fails("9223372036854775807 + 1", "integer overflow");
	fails("-9223372036854775807 - 2", "integer overflow");
	fails("(-9223372036854775807 - 1) / -1", "integer overflow");
	fails("3037000500 * 3037000500", "integer overflow");
	fails("2 ^ 63", "integer overflow");
	fails("-(-9223372036854775807 - 1)", "integer overflow");
	fails("1 / 0", "division by zero");
	fails("1.0 / 0.0", "division by zero");
	fails("1e308 * 10", "not a finite number");
	fails("2 ^ -1", "negative exponent");
	fails("1 + \"a\"", "does not join");
	fails("1 - true", "wants numbers");
}

static void
comparison_follows_the_kinds(void **state)
{
	(void)state;
	gives("[1 == 1.0, 1 < 1.5, \"a\" < \"b\", \"a\" == 1, null == false, [1, [2]] == [1.0, "
	      "[2]]]",
		"[true, true, true, false, false, true]");
	gives("[9007199254740993 == 9007199254740992.0, 9007199254740993 > 9007199254740992.0]",
		"[false, true]");
	gives("{ a = 1, b.c = 2, } == { b = { c = 2, }, a = 1, }", "true");
	gives("f = x => x; [f == f, [f] == [f], map == map]", "[false, false, false]");
	fails("1 < \"a\"", "have no order");
	fails("[1] < [2]", "have no order");
}

static void
logic_wants_booleans_and_is_short(void **state)
{
	(void)state;
	gives("[false && throw \"x\", true || throw \"x\", false -> throw \"x\", !true]",
		"[false, true, true, false]");
	gives("true && false || true", "true");
	fails("1 && true", "must be a boolean");
	fails("if 1 then 2 else 3", "must be a boolean");
	fails("!null", "must be a boolean");
}

static void
blocks_are_recursive_and_braces_are_not(void **state)
{
	(void)state;
	gives("a = b + 1; b = 2; a", "3");
	gives("x = 1; { x = x + 1, y = x, }", "{ x = 2, y = 1, }");
	gives("self @ { a = 1, b = self.a, }", "{ a = 1, b = 1, }");
	gives("even = n => if n == 0 then true else odd (n - 1); odd = n => if n == 0 then false "
	      "else even (n - 1); even 101",
		"false");
	gives("{ a, b ? a + 1, ... } = { a = 1, c = 3, }; [a, b]", "[1, 2]");
	gives("[x, [y, ...ys]] = [1, [2, 3, 4]]; { x, y, ys, }", "{ x = 1, y = 2, ys = [3, 4], }");
	gives("unused @ [a] = [1]; a", "1");
	fails("{ a } = { b = 1, }; a", "lacks 'a'");
	fails("assert (1 == 2) \"no\"; 1", "no");
	gives("assert true \"no\"; 1", "1");
	fails("assert true; 1", "wants more arguments");
}

static void
functions_match_patterns(void **state)
{
	(void)state;
	gives("({ a, b ? a, ... } => [a, b]) { a = 1, c = 3, }", "[1, 1]");
	gives("(arguments @ { a, ... } => arguments) { a = 1, c = 3, }", "{ a = 1, c = 3, }");
	gives("({ name = n, version = [major, ..._] } => [n, major]) { name = \"x\", version = [1, "
	      "2], }",
		"[\"x\", 1]");
	gives("length = ([] => 0, x : xs => 1 + length xs,); length [1, 2, 3]", "3");
	gives("f = (0 => \"zero\", -1 => \"minus\", \"a\" => \"text\", true => \"yes\", null => "
	      "\"none\", _ => "
	      "\"other\",); map f [0, -1, \"a\", true, null, [], 0.0]",
		"[\"zero\", \"minus\", \"text\", \"yes\", \"none\", \"other\", \"zero\"]");
	gives("(x => y => x + y) 1 2", "3");
	gives("1 |> (x => x + 1)", "2");
	fails("({ a } => a) { a = 1, b = 2, }", "has 'b', which is not wanted");
	fails("({ name } => name) { nam = 2, }", "did you mean 'name'?");
	fails("([] => 1, x : xs => 2,) 5", "no clause matches 5");
	fails("({ a } => a) 5", "a set is wanted here, not an integer: 5");
	fails("f = 1; f 2", "only functions can be");
}

static void
evaluation_is_lazy_and_shared(void **state)
{
	(void)state;
	gives("head [1, throw \"x\"]", "1");
	gives("(x => 1) (throw \"x\")", "1");
	gives("({ a ? throw \"x\" } => 1) {}", "1");
	gives("{ a = throw \"x\", b = 1, }.b", "1");
	gives("length [throw \"x\", throw \"y\"]", "2");
	gives("ones = 1 : []; x = take 1 ones; x", "[1]");
	struct fixture fixture = fixture_new(ceiling);
	(void)show(&fixture, "x = trace \"once\" 1; x + x + x");
	assert_string_equal(buf_text(&fixture.out), "3");
	assert_string_equal(buf_text(memory_host_log(fixture.host)), "trace: once\n");
	fixture_release(&fixture);
}

static void
selections_tell_what_is_missing(void **state)
{
	(void)state;
	gives("x = { a.b.c = 1, }; [x.a.b.c, x.a.z or 2, x.z.y or 3, x.a.b.c.d or 4]",
		"[1, 2, 3, 4]");
	gives("x = { a = 1, b.c = 2, }; [x.[a, b.c], x.{ a, b.c }]", "[[1, 2], { a = 1, c = 2, }]");
	gives("x = { a.b = 1, }; [x ? a.b, x ? a.c, x ? a.b.c, 1 ? a]",
		"[true, false, false, false]");
	gives("n = \"k\"; x = { `\\(n)` = 1, \"l\" = 2, `\\(null)` = 3, }; x.`\\(n)` + x.l", "3");
	fails("{ name = 1, }.nam", "did you mean 'name'?");
	fails("{ a = 1, }.zzz", "the set has 'a'");
	fails("1.5 |> (x => x.y)", "has no attributes");
	fails("x = { a = throw \"inner\", }; x.a or 2", "inner");
	fails("n = \"a\"; { a = 1, `\\(n)` = 2, }", "'a' is defined twice");
}

static void
operators_on_sets_and_lists(void **state)
{
	(void)state;
	gives("{ a = 1, b = 2, } // { b = 3, c = 4, }", "{ a = 1, b = 3, c = 4, }");
	gives("[1] ++ [2, 3] ++ []", "[1, 2, 3]");
	gives("1 : 2 : [3]", "[1, 2, 3]");
	gives("xs = [2, 3]; [1, ...xs, 4]", "[1, 2, 3, 4]");
	fails("1 : 2", "must be a list");
	fails("{} // 1", "must be a set");
	fails("[] ++ {}", "must be a list");
}

static void
strings_are_interpolated(void **state)
{
	(void)state;
	gives("x = 3; \"a\\(x)b\\(\"c\")\"", "\"a3bc\"");
	gives("\"a\" + \"b\\n\"", "\"ab\\n\"");
	gives("./x + \"/y/../z\"", "/x/z");
	gives("x = \"d\"; ./a/\\(x)/c", "/a/d/c");
	fails("\"\\(1.5)\"", "toString");
	fails("\"\\(true)\"", "toString");
	fails("\"\\(null)\"", "null is not text");
	fails("\"\\([\"a\"])\"", "join makes text");
	fails("\"a\" + 1", "put it into the text");
}

static void
throw_and_assert_are_caught_and_nothing_else(void **state)
{
	(void)state;
	gives("try (throw \"x\")", "{ success = false, value = null, }");
	gives("try (assert false \"x\")", "{ success = false, value = null, }");
	gives("try 1", "{ success = true, value = 1, }");
	gives("(try [throw \"x\"]).success", "true");
	fails("try (1 / 0)", "division by zero");
	fails("try {}.a", "missing");
	gives("x = throw \"again\"; [(try x).success, (try x).success]", "[false, false]");
}

static void
infinite_recursion_is_an_error(void **state)
{
	(void)state;
	fails("x = x + 1; x", "infinite recursion");
	fails("a = b; b = [c]; c = head b; c", "infinite recursion");
	fails("self @ { a = self.b, b = self.a, }", "infinite recursion");
	fails("fix (x => x)", "infinite recursion");
}

static void
depth_is_bounded_by_the_heap_alone(void **state)
{
	(void)state;
#ifdef CAB_HOSTILE
	const char *text = "sum = n => if n == 0 then 0 else n + sum (n - 1); sum 300";
	gives(text, "45150");
#else
	const char *text = "sum = n => if n == 0 then 0 else n + sum (n - 1); sum 100000";
	gives(text, "5000050000");
	gives("count = n => acc => if n == 0 then acc else count (n - 1) (acc + 1); count 100000 0",
		"100000");
	gives("fold (x => acc => x + acc) 0 (range 1 50000)", "1250025000");
#endif
	struct fixture fixture = fixture_new((size_t)16 << 20);
	const char *got = show(&fixture, "f = n => 1 + f (n + 1); f 0");
	assert_non_null(strstr(got, "evaluation is nested too deep"));
	assert_non_null(strstr(got, "while calling 'f'"));
	assert_non_null(strstr(got, "times in a row"));
	got = show(&fixture, "f = n => 1 + g n; g = n => 1 + f (n + 1); f 0");
	assert_non_null(strstr(got, "more frames are not shown"));
	assert_non_null(strstr(got, "while calling 'g'"));
	/* The evaluator is usable afterwards. */
	assert_string_equal(show(&fixture, "1 + 1"), "2");
	fixture_release(&fixture);
}

static void
a_tail_call_takes_no_depth(void **state)
{
	(void)state;
	struct fixture fixture = fixture_new((size_t)16 << 20);
#ifdef CAB_HOSTILE
	const char *text = "loop = n => if n == 0 then \"done\" else loop (n - 1); loop 300";
#else
	const char *text = "loop = n => if n == 0 then \"done\" else loop (n - 1); loop 1000000";
#endif
	assert_string_equal(show(&fixture, text), "\"done\"");
	fixture_release(&fixture);
}

static void
a_full_heap_is_an_error(void **state)
{
	(void)state;
	struct fixture fixture = fixture_new((size_t)8 << 20);
	const char *got = show(&fixture, "double = n => s => if n == 0 then s else double (n - 1) "
					 "(s + s); stringLength (double 30 \"x\")");
	if (!strstr(got, "error"))
		fail_msg("%s", got);
	assert_int_equal(evaluator_cause(fixture.evaluator), ERR_LIMIT);
	/* The evaluator is usable afterwards. */
	assert_string_equal(show(&fixture, "1 + 1"), "2");
	fixture_release(&fixture);
#ifndef CAB_HOSTILE
	fixture = fixture_new((size_t)8 << 20);
	got = show(&fixture, "length (range 1 1000000000)");
	if (!strstr(got, "take more than 8 MiB"))
		fail_msg("%s", got);
	assert_string_equal(show(&fixture, "length (range 1 10)"), "10");
	fixture_release(&fixture);
#endif
}

static void
files_are_imported_once_and_cycles_are_errors(void **state)
{
	(void)state;
	struct fixture fixture = fixture_new(ceiling);
	memory_host_add(fixture.host, "/lib/default.cab",
		BYTES_LITERAL("trace \"read\" { a = 1, here = ./x, }"));
	memory_host_add(fixture.host, "/a.cab", BYTES_LITERAL("{ b = import ./b.cab, x = 1, }"));
	memory_host_add(fixture.host, "/b.cab", BYTES_LITERAL("(import ./a.cab).x"));
	memory_host_add(fixture.host, "/c.cab", BYTES_LITERAL("1 + import ./c.cab"));
	memory_host_add(fixture.host, "/d.cab", BYTES_LITERAL("a = 1\nb"));
	memory_host_add(fixture.host, "/e.cab", BYTES_LITERAL("platform"));
	assert_string_equal(show(&fixture, "[(import ./lib).a, (import ./lib/default.cab).here]"),
		"[1, /lib/x]");
	assert_string_equal(buf_text(memory_host_log(fixture.host)), "trace: read\n");
	assert_string_equal(show(&fixture, "(import ./a.cab).b"), "1");
	assert_non_null(strstr(show(&fixture, "import ./c.cab"), "imports itself"));
	assert_non_null(strstr(show(&fixture, "import ./d.cab"), "/d.cab"));
	assert_non_null(strstr(show(&fixture, "import ./e.cab"), "platform"));
	assert_non_null(strstr(show(&fixture, "import ./none.cab"), "there is no file /none.cab"));
	fixture_release(&fixture);
}

static void
an_entry_function_gets_its_inputs(void **state)
{
	(void)state;
	struct fixture fixture = fixture_new(ceiling);
	struct evaluator *evaluator = fixture.evaluator;
	const struct bytes names[] = {BYTES_LITERAL("b"), BYTES_LITERAL("a")};
	struct value *const values[] = {eval_new_string(evaluator, BYTES_LITERAL("B")),
		eval_new_string(evaluator, BYTES_LITERAL("A"))};
	struct value *inputs = eval_new_set(evaluator, names, values, 2);
	struct value *entry = eval_text(
		evaluator, "x", BYTES_LITERAL("{ a, c ? 1 } => a"), NULL, "/x", EVAL_ENTRY);
	struct value *value = eval_enter(evaluator, entry, inputs);
	assert_non_null(value);
	assert_true(bytes_equal_text(string_bytes(as_string(value)), "A"));
	entry = eval_text(
		evaluator, "x", BYTES_LITERAL("{ ... } @ all => all"), NULL, "/x", EVAL_ENTRY);
	if (!entry)
		entry = eval_text(evaluator, "x", BYTES_LITERAL("all @ { ... } => all"), NULL, "/x",
			EVAL_ENTRY);
	value = eval_enter(evaluator, entry, inputs);
	assert_int_equal(eval_names(value), 2);
	evaluator_clear(evaluator);
	entry = eval_text(evaluator, "x", BYTES_LITERAL("{ p, q } => p"), NULL, "/x", EVAL_ENTRY);
	assert_null(eval_enter(evaluator, entry, inputs));
	diagnostics_render(
		evaluator_diagnostics(evaluator), (struct diagnostic_style){0}, &fixture.out);
	assert_non_null(strstr(buf_text(&fixture.out), "this entry wants 'p', 'q'"));
	fixture_release(&fixture);
}

static void
an_ambient_name_is_lazy(void **state)
{
	(void)state;
	struct fixture fixture = fixture_new(ceiling);
	struct evaluator *evaluator = fixture.evaluator;
	evaluator_set_ambient(
		evaluator, AMBIENT_PACKAGES, eval_lazy_import(evaluator, NULL, "/none.cab"));
	assert_non_null(eval_text(
		evaluator, "x", BYTES_LITERAL("(x => 1) packages"), NULL, "/x", EVAL_ENTRY));
	assert_null(eval_text(evaluator, "x", BYTES_LITERAL("packages.a"), NULL, "/x", EVAL_ENTRY));
	assert_null(eval_text(evaluator, "x", BYTES_LITERAL("system"), NULL, "/x", EVAL_ENTRY));
	fixture_release(&fixture);
}

static bool
cancel(void *context)
{
	(void)context;
	return true;
}

static void
an_endless_evaluation_can_be_cancelled(void **state)
{
	(void)state;
	struct memory_host *host = memory_host_new();
	struct eval_host functions = *memory_host_functions(host);
	functions.cancelled = cancel;
	struct evaluator *evaluator = evaluator_new(&functions, ceiling);
	assert_null(eval_text(
		evaluator, "x", BYTES_LITERAL("f = x => f x; f 1"), NULL, "/x", EVAL_IMPORTED));
	assert_int_equal(evaluator_cause(evaluator), ERR_CANCELLED);
	evaluator_free(evaluator);
	memory_host_free(host);
}

static bool
owns(void *context, struct bytes scheme)
{
	(void)context;
	return bytes_equal_text(scheme, "git");
}

/* "SCHEME PROGRAM BASE ORIGINS": what the host was told of a literal's scheme. */
static bool
tell(void *context, const struct island_literal *literal, const struct island_ref **out,
	struct err *err)
{
	static char text[256];
	static const struct island_ref ref = {text};
	static const struct host_fetcher none = {0};
	const struct host_fetcher *fetcher = literal->fetcher ? literal->fetcher : &none;
	(void)context;
	(void)err;
	int size = snprintf(text, sizeof text, "%.*s %.*s %zu %.*s", BYTES_ARGS(literal->scheme),
		BYTES_ARGS(fetcher->program), fetcher->item_count, BYTES_ARGS(fetcher->base));
	for (size_t at = 0; at < fetcher->origin_count; at++)
		size += snprintf(text + size, sizeof text - (size_t)size, " %.*s",
			BYTES_ARGS(fetcher->origins[at]));
	*out = &ref;
	return true;
}

/* The text of the one island that an expression opens, or the diagnostics. */
static void
bound(const char *text, const char *wanted)
{
	struct memory_host *host = memory_host_new();
	struct eval_host functions = *memory_host_functions(host);
	functions.scheme_is_own = owns;
	functions.island_open = tell;
	struct fixture fixture = {host, evaluator_new(&functions, ceiling), BUF(BUF_MAX)};
	const struct bytes names[] = {BYTES_LITERAL("set")};
	struct value *set = eval_text(fixture.evaluator, "set",
		BYTES_LITERAL("{ program = \"\\(derivation { name = \"m\", program = \"/m\", })\", "
			      "base = \"b\", }"),
		NULL, "/set", EVAL_IMPORTED);
	assert_non_null(set);
	evaluator_set_schemes(fixture.evaluator, eval_new_set(fixture.evaluator, names, &set, 1));
	const char *got = show(&fixture, text);
	if (!strstr(got, wanted))
		fail_msg("%s\n  gives  %s\n  wanted %s", text, got, wanted);
	fixture_release(&fixture);
}

#define MODULE "m = derivation { name = \"m\", program = \"/m\", }; "

static void
a_scheme_means_what_its_name_is_bound_to(void **state)
{
	(void)state;
	bound("git = 1; <git:x>", "<git  0 >");
	bound("<other:x>", "<other  0 >");
	bound("<set:x>", " 1 b>");
	bound(MODULE "set = { program = m, origins = [\"c\", \"d\"], }; <set:x>", " 1  c d>");
	bound(MODULE "f = { paste, } => <paste:x>; f { paste = { program = \"\\(m)/a\", }, }",
		"/a 1 >");
	bound("s = \"set\"; <\\(s):x>", " 1 b>");
	bound("set = 1; <set:x>", "the scheme 'set' is bound to an integer");
	bound(MODULE "set = m; <set:x>", "is bound to a derivation");
	bound("set = {}; <set:x>", "has no 'program'");
	bound("set = { program = \"/bin/true\", }; <set:x>", "names nothing of the store");
	bound(MODULE "set = { program = m, bse = 1, }; <set:x>", "did you mean 'base'?");
	bound(MODULE "set = { program = m, base = m, }; <set:x>", "'base' wants plain strings");
	bound(MODULE "set = { program = m, origins = 1, }; <set:x>", "'origins' is a list");
	bound(MODULE "set = { program = m, origins = [1], }; <set:x>",
		"'origins' wants plain strings");
	bound("set = { program = <set:y>, }; <set:x>", "infinite recursion");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic_is_checked),
		cmocka_unit_test(a_scheme_means_what_its_name_is_bound_to),
		cmocka_unit_test(comparison_follows_the_kinds),
		cmocka_unit_test(logic_wants_booleans_and_is_short),
		cmocka_unit_test(blocks_are_recursive_and_braces_are_not),
		cmocka_unit_test(functions_match_patterns),
		cmocka_unit_test(evaluation_is_lazy_and_shared),
		cmocka_unit_test(selections_tell_what_is_missing),
		cmocka_unit_test(operators_on_sets_and_lists),
		cmocka_unit_test(strings_are_interpolated),
		cmocka_unit_test(throw_and_assert_are_caught_and_nothing_else),
		cmocka_unit_test(infinite_recursion_is_an_error),
		cmocka_unit_test(depth_is_bounded_by_the_heap_alone),
		cmocka_unit_test(a_tail_call_takes_no_depth),
		cmocka_unit_test(a_full_heap_is_an_error),
		cmocka_unit_test(files_are_imported_once_and_cycles_are_errors),
		cmocka_unit_test(an_entry_function_gets_its_inputs),
		cmocka_unit_test(an_ambient_name_is_lazy),
		cmocka_unit_test(an_endless_evaluation_can_be_cancelled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
