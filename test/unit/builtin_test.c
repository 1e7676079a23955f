/* SPDX-License-Identifier: MPL-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fd.h"
#include "lang/builtin.h"
#include "lang/eval.h"
#include "lang/heap.h"
#include "memory_host.h"

static void
every_example_is_true(void **state)
{
	(void)state;
	struct memory_host *host = memory_host_new();
	struct evaluator *evaluator = evaluator_new(memory_host_functions(host), (size_t)64 << 20);
	for (size_t family = 0; family < builtin_family_count(); family++) {
		for (size_t row = 0; row < builtin_family(family)->count; row++) {
			const struct builtin *builtin = &builtin_family(family)->rows[row];
			struct value *value = eval_text(evaluator, builtin->name,
				bytes_text(builtin->example), NULL, "/x", EVAL_IMPORTED);
			cleanup_buf struct buf out = BUF(BUF_MAX);
			if (value)
				eval_print(evaluator, value, &out);
			else
				diagnostics_render(evaluator_diagnostics(evaluator),
					(struct diagnostic_style){0}, &out);
			if (strcmp(buf_text(&out), "true") != 0)
				fail_msg("%s: %s gives %s", builtin->name, builtin->example,
					buf_text(&out));
		}
	}
	evaluator_free(evaluator);
	memory_host_free(host);
}

static void
every_row_is_whole_and_every_name_stands_once(void **state)
{
	(void)state;
	for (size_t family = 0; family < builtin_family_count(); family++) {
		for (size_t row = 0; row < builtin_family(family)->count; row++) {
			const struct builtin *builtin = &builtin_family(family)->rows[row];
			assert_true(builtin->arity <= BUILTIN_ARITY_MAX);
			assert_ptr_equal(builtin_find(bytes_text(builtin->name)), builtin);
			assert_true(strlen(builtin->summary) > 8);
			assert_true(strlen(builtin->type) > 0);
			assert_non_null(strstr(builtin->example, builtin->name));
			char last = builtin->summary[strlen(builtin->summary) - 1];
			assert_int_equal(last, '.');
		}
	}
}

/* A text as scdoc wants it. */
static void
add_escaped(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("*_\\", *text))
			buf_add_byte(out, '\\');
		buf_add_byte(out, (uint8_t)*text);
	}
}

static void
add_family(struct buf *out, const struct builtin_family *family)
{
	buf_format(out, "\n## %s\n", family->title);
	for (size_t row = 0; row < family->count; row++) {
		const struct builtin *builtin = &family->rows[row];
		buf_format(out, "\n*%s* : ", builtin->name);
		add_escaped(out, builtin->type);
		buf_add_text(out, "\n\t");
		add_escaped(out, builtin->summary);
		buf_add_text(out, "++\nExample: ");
		add_escaped(out, builtin->example);
		buf_add_text(out, "\n");
	}
}

static void
the_manual_says_what_the_table_says(void **state)
{
	(void)state;
	static const char heading[] = "# BUILTINS\n", next[] = "\n# SEE ALSO\n";
	cleanup_buf struct buf path = BUF(BUF_MAX);
	cleanup_buf struct buf manual = BUF((size_t)1 << 20);
	cleanup_buf struct buf wanted = BUF(BUF_MAX);
	struct err err = {0};
	/* The tests are compiled by paths from the build folder, in which they run. */
	buf_add(&path, bytes_first(BYTES_LITERAL(__FILE__),
			       strlen(__FILE__) - strlen("test/unit/builtin_test.c")));
	buf_add_text(&path, "doc/cab-language.5.scd");
	if (!fd_read_file(AT_FDCWD, buf_text(&path), &manual, &err))
		fail_msg("%s", err.text);
	const char *text = buf_text(&manual);
	const char *start = strstr(text, heading), *end = strstr(text, next);
	assert_true(start && end && start < end);
	buf_add(&wanted, bytes_of(text, (size_t)(start - text) + strlen(heading)));
	for (size_t family = 0; family < builtin_family_count(); family++)
		add_family(&wanted, builtin_family(family));
	buf_add_text(&wanted, end);
	if (getenv("CAB_BLESS")) {
		assert_true(
			fd_replace_file(AT_FDCWD, buf_text(&path), buf_bytes(&wanted), 0644, &err));
		return;
	}
	if (!bytes_equal(buf_bytes(&wanted), buf_bytes(&manual)))
		fail_msg("doc/cab-language.5.scd is not as the table: tools/bless builtin writes "
			 "it");
}

/* What an expression gives, or the diagnostics. */
static void
show(struct evaluator *evaluator, const char *text, struct buf *out)
{
	evaluator_clear(evaluator);
	struct value *value =
		eval_text(evaluator, "x", bytes_text(text), NULL, "/x", EVAL_IMPORTED);
	if (value)
		value = eval_deep(evaluator, value);
	if (value)
		eval_print(evaluator, value, out);
	else
		diagnostics_render(
			evaluator_diagnostics(evaluator), (struct diagnostic_style){0}, out);
}

static void
the_rulings_of_the_language_hold(void **state) /* NOLINT: a table */
{
	(void)state;
	static const char *const rows[] = {
		"substring 2 10 \"abc\" == \"c\"",
		"substring 5 1 \"abc\" == \"\"",
		"substring 1 1 \"aäb\" == \"ä\"",
		"split \",\" \"\" == [\"\"]",
		"split \"ab\" \"xababy\" == [\"x\", \"\", \"y\"]",
		"replace \"aa\" \"a\" \"aaaa\" == \"aa\"",
		"replace \"a\" \"aa\" \"aa\" == \"aaaa\"",
		"lines \"a\\n\\nb\" == [\"a\", \"\", \"b\"]",
		"lines \"\" == []",
		"take 5 [1] == [1] && drop 5 [1] == []",
		"take 0 [throw \"x\"] == []",
		"range 3 1 == []",
		"range (-1) 1 == [-1, 0, 1]",
		"fold (x => acc => x : acc) [] [1, 2] == [1, 2]",
		"fold (x => acc => x) 0 [1, throw \"lazy\"] == 1",
		"reduce (a => b => a - b) [10, 2, 3] == 5",
		"sortBy (a => b => a.k < b.k) [{ k = 2, n = 1, }, { k = 1, n = 2, }, { k = 2, n = "
		"3, }] "
		"== [{ k = 1, n = 2, }, { k = 2, n = 1, }, { k = 2, n = 3, }]",
		"sort [\"b\", \"a\", \"ab\"] == [\"a\", \"ab\", \"b\"]",
		"sort [2, 1.5, 1] == [1, 1.5, 2]",
		"unique [\"a\", 1, \"a\", 1.0] == [\"a\", 1]",
		"any (x => x) [] == false && all (x => x) [] == true",
		"mergeDeep [{ a = { x = 1, }, b = 1, }, { a = 2, b = { y = 1, }, }] == { a = 2, b "
		"= { y = "
		"1, }, }",
		"intersect { a = 1, z = 1, } { b = 1, } == {}",
		"remove [] { a = 1, } == { a = 1, }",
		"(mapAttributes (n => v => throw n) { a = 1, }) ? a",
		"filterAttributes (n => v => n == \"a\") { a = throw \"x\", } ? a",
		"listToAttributes [{ name = \"b\", value = 1, other = 2, }] == { b = 1, }",
		"toString 0.1 == \"0.1\" && toString 1.0 == \"1.0\" && toString (-0.5) == \"-0.5\"",
		"toString /a/../b == \"/b\"",
		"compareVersions \"1.0\" \"1.0\" == 0 && compareVersions \"1.0pre\" \"1.0\" == -1",
		"compareVersions \"2.3a\" \"2.3.1\" == -1 && compareVersions \"010\" \"10\" == 0",
		"parseVersion \"1.x\" == { components = [1, \"x\"], prerelease = null, }",
		"match \"a\" \"b\" == null && match \"a\" \"a\" == []",
		"matchAll \"b*\" \"ab\" == [{ groups = [], start = 0, text = \"\", }, { groups = "
		"[], "
		"start = 1, text = \"b\", }, { groups = [], start = 2, text = \"\", }]",
		"(head (matchAll \"b\" \"äb\")).start == 1",
		"hash \"sha256\" \"abc\" == "
		"\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"",
		"hash \"md5\" \"\" == \"d41d8cd98f00b204e9800998ecf8427e\"",
		"fromJSON \"[1, 1.0, 1e2, -5, true, \\\"\\\\u00e4\\\"]\" == [1, 1.0, 100.0, -5, "
		"true, "
		"\"ä\"]",
		"typeOf (head (fromJSON \"[1e2]\")) == \"float\"",
		"fromJSON (toJSON { a = [{}, [], \"\\n\"], }) == { a = [{}, [], \"\\n\"], }",
		"(fromTOML \"a = 1979-05-27\").a == \"1979-05-27\"",
		"functionArguments map == {} && functionArguments (x => x) == {}",
		"typeOf null == \"null\" && typeOf ./x == \"path\" && typeOf <github:o/r> == "
		"\"path\"",
		"typeOf map == \"function\" && typeOf (map 1) == \"function\"",
		"(try (assert false \"x\")).success == false",
		"fromBase64 (toBase64 \"äöü!\") == \"äöü!\"",
		"groupBy (x => x.k) [{ k = \"b\", }, { k = \"a\", }, { k = \"b\", }] == { a = [{ k "
		"= \"a\", "
		"}], b = [{ k = \"b\", }, { k = \"b\", }], }",
		"(x : xs => xs) [1, 2] == [2]",
		"zip [] [1] == []",
	};
	struct memory_host *host = memory_host_new();
	struct evaluator *evaluator = evaluator_new(memory_host_functions(host), (size_t)64 << 20);
	for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
		cleanup_buf struct buf out = BUF(BUF_MAX);
		show(evaluator, rows[at], &out);
		if (strcmp(buf_text(&out), "true") != 0)
			fail_msg("%s gives %s", rows[at], buf_text(&out));
	}
	evaluator_free(evaluator);
	memory_host_free(host);
}

static void
wrong_arguments_are_told(void **state) /* NOLINT: a table */
{
	(void)state;
	static const char *const rows[][2] = {
		{"map 1 []", "'map' wants a function, not an integer: 1"},
		{"map (x => x) {}", "'map' wants a list, not a set: {}"},
		{"head []", "'head' wants a list that is not empty"},
		{"tail []", "not empty"},
		{"last []", "not empty"},
		{"init []", "not empty"},
		{"reduce (a => b => a) []", "not empty"},
		{"take (-1) []", "wants a count, not -1"},
		{"drop (-1) []", "wants a count, not -1"},
		{"elementAt 1 [1]", "has no item 1 in a list of 1"},
		{"sort [1, \"a\"]", "have no order"},
		{"filter (x => 1) [1]", "'filter' wants a boolean"},
		{"get \"b\" { a = 1, }", "the attribute 'b' is missing"},
		{"listToAttributes [{ name = \"a\", value = 1, }, { name = \"a\", value = 2, }]",
			"the name 'a' twice"},
		{"listToAttributes [{ name = \"a\", }]", "the attribute 'value' is missing"},
		{"split \"\" \"a\"", "separator that is not empty"},
		{"replace \"\" \"b\" \"a\"", "not empty"},
		{"substring (-1) 1 \"a\"", "not negative"},
		{"match \"(\" \"\"", "the regular expression"},
		{"hash \"sha3\" \"\"", "there is no hash algorithm 'sha3'"},
		{"fromBase64 \"a\"", "not base64"},
		{"fromBase64 \"/w==\"", "not UTF-8"},
		{"fromJSON \"{\\\"a\\\":1,\\\"a\\\":2}\"", "not JSON"},
		{"fromJSON \"9223372036854775808\"", "not JSON"},
		{"fromJSON \"\\\"\\\\ud800\\\"\"", "not JSON"},
		{"fromJSON (join \"\" (map (x => \"[\") (range 1 600)) + join \"\" (map (x => "
		 "\"]\") (range 1 "
		 "600)))",
			"nested deeper than 512"},
		{"fromTOML \"a = nan\"", "infinity and NaN"},
		{"toString null", "null is not text"},
		{"toString []", "a list is not text"},
		{"toString {}", "a set that is no derivation"},
		{"toString map", "a function is not text"},
		{"join \",\" [1.5]", "toString makes text"},
		{"undefined", "must be supplied"},
		{"throw 1", "'throw' wants a string"},
		{"assert 1 \"x\"", "'assert' wants a boolean"},
		{"import \"/x\"", "'import' wants a path, not a string"},
		{"readFile ./none", "there is no file /none"},
		{"readDirectory ./none", "there is no folder /none"},
		{"toDerivation ./x", "wants an island"},
		{"toDerivation <github:o/r>/x", "wants a whole island"},
		{"toDerivation <fs::/x>", "is local"},
		{"derivation 1", "'derivation' wants a set"},
		{"\"\\(derivation { name = \"x\", })\"", "a derivation wants 'program'"},
		{"\"\\(derivation { name = \"a/b\", program = \"/x\", })\"",
			"is no name of a derivation"},
		{"\"\\(derivation { name = \"x\", program = \"/x\\0\", })\"", "cannot hold a NUL"},
		{"\"\\(derivation { name = \"x\", program = \"/x\", fixed = 1, })\"", "'fixed' is"},
		{"\"\\(derivation { name = \"x\", program = \"/x\", arguments = \"a\", })\"",
			"'arguments' is a list"},
		{"derivation { name = \"x\", program = \"/x\", outputs = [\"name\"], }",
			"output cannot be called 'name'"},
		{"derivation { name = \"x\", program = \"/x\", outputs = [], }",
			"has 1 to 64 outputs"},
		{"hash \"md5\" \"\\(<github:o/r>)\"", "is not known before it is built"},
		{"{ `\\(\"\\(./x)\")` = 1, }", "there is nothing at /x"},
	};
	struct memory_host *host = memory_host_new();
	struct evaluator *evaluator = evaluator_new(memory_host_functions(host), (size_t)64 << 20);
	for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
		cleanup_buf struct buf out = BUF(BUF_MAX);
		show(evaluator, rows[at][0], &out);
		if (!strstr(buf_text(&out), "error") || !strstr(buf_text(&out), rows[at][1]))
			fail_msg(
				"%s gives %s, wanted %s", rows[at][0], buf_text(&out), rows[at][1]);
	}
	evaluator_free(evaluator);
	memory_host_free(host);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_is_true),
		cmocka_unit_test(every_row_is_whole_and_every_name_stands_once),
		cmocka_unit_test(the_manual_says_what_the_table_says),
		cmocka_unit_test(the_rulings_of_the_language_hold),
		cmocka_unit_test(wrong_arguments_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
