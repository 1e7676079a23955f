/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_data.h"

#include "json.h"

static void
expect_text(const char *json, const char *expected)
{
	uint8_t out[64];
	assert_null(json_problem(span_text(json)));
	size_t size = json_string((const uint8_t *)json, out);
	assert_int_equal(size, strlen(expected));
	assert_memory_equal(out, expected, size);
}

static struct json_walk
walk_of(const char *json)
{
	return json_walk((const uint8_t *)json);
}

static bool
is_value(const uint8_t *value, const char *plain)
{
	return span_is(json_plain(value), plain);
}

static void
documents_that_are_json_are_taken(void **state)
{
	(void)state;
	static const char *const good[] = {"0", "-0", "1.5e-7", "12E+3", "\"\"", "true", " null ",
		"[]", "{}", "[1,[2,{\"a\":[]}],3]", "{\"a\":{\"b\":{}},\"c\":[{}]}",
		"\t[\r\n1 , 2 ]"};
	for (size_t at = 0; at < sizeof good / sizeof *good; at++)
		if (json_problem(span_text(good[at])))
			fail_msg("%s", good[at]);
}

static void
what_is_no_json_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", " ", "01", "-", "1.", "1e", "+1", ".5", "tru",
		"truex", "\"", "\"\n\"", "\"\\x\"", "\"\\u12g4\"", "[", "]", "[1", "[1,", "[1,]",
		"[,1]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "[1}",
		"{\"a\":1]", "1 2", "[] []", "'a'", "\v1", "<html>"};
	for (size_t at = 0; at < sizeof bad / sizeof *bad; at++)
		if (!json_problem(span_text(bad[at])))
			fail_msg("%s", bad[at]);
}

/* A document a line: none is read into the next one. */
static void
a_line_is_a_document(void **state)
{
	(void)state;
	static const char text[] = "{\"a\":1}\n{\"a\":2,\n\"b\":3}\n \n7\nfal\nse";
	struct span rest = span_text(text);
	static const bool good[] = {true, false, false, false, true, false, false};
	for (size_t at = 0; at < sizeof good / sizeof *good; at++)
		assert_int_equal(json_problem(span_word(&rest, '\n')) == NULL, good[at]);
	assert_int_equal(rest.size, 0);
}

static void
values_lie_in_each_other_as_deep_as_the_ceiling(void **state)
{
	(void)state;
	uint8_t text[2 * JSON_DEPTH + 3];
	memset(text, '[', JSON_DEPTH);
	memset(text + JSON_DEPTH, ']', JSON_DEPTH);
	text[(size_t)2 * JSON_DEPTH] = 0;
	assert_null(json_problem(span_of(text, (size_t)2 * JSON_DEPTH)));
	memset(text, '[', JSON_DEPTH + 1);
	memset(text + JSON_DEPTH + 1, ']', JSON_DEPTH + 1);
	text[sizeof text - 1] = 0;
	assert_string_equal(json_problem(span_of(text, sizeof text - 1)),
		"the values of a JSON lie too deep in each other");
}

static void
a_walk_gives_members_and_items_in_order(void **state)
{
	(void)state;
	struct json_walk walk =
		walk_of(" {\"a\" : 1 , \"b,}\":\"x]\" ,\"c\":{\"d\":[1,2]}, \"e\":[] } ");
	static const char *const members[][2] = {
		{"a", "1"}, {"b,}", "x]"}, {"c", "{\"d\":[1,2]}"}, {"e", "[]"}};
	for (size_t at = 0; at < sizeof members / sizeof *members; at++) {
		assert_true(json_next(&walk));
		assert_true(span_is(walk.key, members[at][0]));
		assert_true(is_value(walk.value, members[at][1]));
	}
	assert_false(json_next(&walk));
	walk = walk_of("[\"s\",2 ]");
	assert_true(json_next(&walk) && is_value(walk.value, "s") && !walk.key.data);
	assert_true(json_next(&walk) && is_value(walk.value, "2") && !walk.key.data);
	assert_false(json_next(&walk));
	static const char *const empty[] = {"{}", "[ ]", "7", "\"{\"", ""};
	for (size_t at = 0; at < sizeof empty / sizeof *empty; at++) {
		walk = walk_of(empty[at]);
		assert_false(json_next(&walk));
	}
}

static void
a_member_is_found_by_its_key(void **state)
{
	(void)state;
	const uint8_t *object = (const uint8_t *)"{\"a\":{\"b\":1},\"b\":2,\"b\":3,\"\":4}";
	assert_true(is_value(json_find(object, "b"), "2"));
	assert_true(is_value(json_find(json_find(object, "a"), "b"), "1"));
	assert_true(is_value(json_find(object, ""), "4"));
	assert_null(json_find(object, "c"));
	assert_null(json_find(json_find(object, "c"), "d"));
	assert_null(json_find((const uint8_t *)"[\"b\"]", "b"));
	assert_int_equal(json_plain(NULL).size, 0);
}

static void
strings_are_unescaped(void **state)
{
	(void)state;
	expect_text("\"plain\"", "plain");
	expect_text("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
	expect_text(
		"\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	expect_text("\"\\ud83dx\\ude00\\ud83d\\u0041\"", "?x??A");
	expect_text("7", "");
	expect_text("[\"a\"]", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_that_are_json_are_taken),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(a_line_is_a_document),
		cmocka_unit_test(values_lie_in_each_other_as_deep_as_the_ceiling),
		cmocka_unit_test(a_walk_gives_members_and_items_in_order),
		cmocka_unit_test(a_member_is_found_by_its_key),
		cmocka_unit_test(strings_are_unescaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
