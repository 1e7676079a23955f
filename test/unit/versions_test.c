/* SPDX-License-Identifier: MPL-2.0 */
#include "island/versions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* "NAME[*|!|=REVISION] …": yanked, deprecated, of git. */
static void
expect_of(enum scheme_id scheme, const char *place, struct bytes document, const char *rows)
{
	struct island island = {.scheme = scheme_get(scheme),
		.place = bytes_text(place),
		.text = BYTES_LITERAL("an:island")};
	cleanup_versions struct versions versions = VERSIONS;
	cleanup_buf struct buf said = BUF(BUF_MAX);
	struct err err = {0};
	buf_add(&versions.document, document);
	if (!versions_read(&versions, &island, &err))
		fail_msg("%s", err.text);
	for (size_t at = 0; at < versions.size; at++) {
		const struct version *row = &versions.rows[at];
		static const char *const marks[] = {"", "*", "!"};
		buf_format(&said, "%s%.*s%s%s%.*s", at ? " " : "", BYTES_ARGS(row->name),
			marks[row->mark], row->revision.size ? "=" : "", BYTES_ARGS(row->revision));
	}
	assert_string_equal(buf_text(&said), rows);
}

static void
expect(enum scheme_id scheme, const char *document, const char *rows)
{
	expect_of(scheme, "some-thing", bytes_text(document), rows);
}

static void
expect_refused(enum scheme_id scheme, struct bytes document, enum err_kind kind, const char *says)
{
	struct island island = {.scheme = scheme_get(scheme),
		.place = BYTES_LITERAL("some-thing"),
		.text = BYTES_LITERAL("an:island")};
	cleanup_versions struct versions versions = VERSIONS;
	struct err err = {0};
	buf_add(&versions.document, document);
	if (versions_read(&versions, &island, &err))
		fail_msg("%.*s is taken", BYTES_ARGS(bytes_first(document, 100)));
	assert_int_equal(err.kind, kind);
	assert_non_null(strstr(err.text, says));
	assert_non_null(strstr(err.text, "<an:island>"));
}

static void
tags_are_in_the_order_that_people_count_in(void **state)
{
	(void)state;
	expect(SCHEME_GITHUB, "2 v1.10\n1 v1.9\n3 release-1\n", "release-1=3 v1.9=1 v1.10=2");
	expect(SCHEME_GIT, "1 v1\n2 v1", "v1=2");
	expect(SCHEME_GIT, "1 a b\n\n nothing\nx\n2 \n", "a b=1 nothing");
	expect(SCHEME_GIT, "", "");
}

static void
crates_are_lines_in_the_order_of_the_specification(void **state)
{
	(void)state;
	expect(SCHEME_CRATES,
		"{\"name\":\"x\",\"vers\":\"0.10.0\",\"yanked\":false}\n"
		"{\"vers\":\"0.9.0\",\"yanked\":true}\n\n"
		"{\"vers\":\"1.0.0-rc.1\",\"features\":{\"vers\":\"7.0.0\",\"yanked\":true}}\n"
		"{\"vers\":\"1.0.0+b\"}\n{\"vers\":\"1.0.0+a\"}",
		"0.9.0* 0.10.0 1.0.0-rc.1 1.0.0+a 1.0.0+b");
	/* The last of a name, the first of a key. */
	expect(SCHEME_CRATES,
		"{\"vers\":\"1.0.0\",\"yanked\":true}\n{\"vers\":\"1.0.0\"}\n"
		"{\"vers\":\"2.0.0\",\"vers\":\"3.0.0\",\"yanked\":true,\"yanked\":false}",
		"1.0.0 2.0.0*");
	expect(SCHEME_CRATES, "", "");
}

static void
npm_has_an_object_of_them(void **state)
{
	(void)state;
	expect(SCHEME_NPM,
		"{\"name\":\"x\",\"dist-tags\":{\"latest\":\"1.0.0\"},\"versions\":{"
		"\"1.0.0\":{\"dist\":{\"deprecated\":\"x\"},\"deprecated\":\"\"},"
		"\"0.9.0\":{\"deprecated\":\"why\"},\"0.10.0-1\":{\"deprecated\":false},"
		"\"0.8.0\":{\"deprecated\":true},\"0.7.0\":7,\"0.6.0\":[\"deprecated\"]},"
		"\"time\":{\"2.0.0\":{}}}",
		"0.6.0 0.8.0! 0.9.0! 0.10.0-1 1.0.0");
	/* The first of a name, and of the lists. */
	expect(SCHEME_NPM,
		"{\"versions\":{\"1.0.0\":{\"deprecated\":\"x\"},\"1.0.0\":{}},"
		"\"versions\":{\"2.0.0\":{}}}",
		"1.0.0!");
	expect(SCHEME_NPM, "{\"a\":{\"versions\":{\"1.0.0\":{}}},\"versions\":[{},{\"1.0.0\":{}}]}",
		"");
}

static void
pypi_has_files_of_which_source_archives_count(void **state)
{
	(void)state;
	expect(SCHEME_PYPI,
		"{\"files\":[{\"filename\":\"Some_Thing-1.10.tar.gz\",\"yanked\":false},"
		"{\"filename\":\"some.thing-1.9.zip\"},"
		"{\"filename\":\"some_thing-1.11rc1.tar.gz\",\"yanked\":null},"
		"{\"filename\":\"some_thing-2.0.tar.gz\",\"yanked\":\"broken\"},"
		"{\"filename\":\"some_thing-2.1.tar.gz\",\"yanked\":true},"
		"{\"filename\":\"some_thing-2.2.tar.gz\",\"yanked\":\"\"},"
		"{\"filename\":\"some_thing-1!0.1.tar.gz\"},"
		"{\"filename\":\"some_thing-3.0-py3-none-any.whl\"},"
		"{\"filename\":\"some_thing_more-4.0.tar.gz\"},"
		"{\"filename\":\"some-5.0.tar.gz\"},{\"filename\":\"some_thing.tar.gz\"},{},7,["
		"\"x\"]]}",
		"1.9 1.10 1.11rc1 2.0* 2.1* 2.2* 1!0.1");
	/* Yanked is what all its archives are. */
	expect(SCHEME_PYPI,
		"{\"files\":[{\"filename\":\"some_thing-1.0.tar.gz\",\"yanked\":true},"
		"{\"yanked\":false,\"filename\":\"some_thing-1.0.zip\"},"
		"{\"yanked\":true,\"filename\":\"some_thing-2.0.zip\",\"url\":\"x\"},"
		"{\"filename\":\"some_thing-2.0.tar.gz\",\"yanked\":true}]}",
		"1.0 2.0*");
	expect_of(SCHEME_PYPI, "SOME..thing",
		BYTES_LITERAL("{\"files\":[{\"filename\":\"some-thing-1.0.tar.gz\"}]}"), "1.0");
}

static void
what_an_island_cannot_name_is_left_out(void **state)
{
	(void)state;
	expect(SCHEME_CRATES,
		"{\"vers\":\"1.0.0\\u0000\"}\n{\"vers\":\"\\u001b[2J\"}\n{\"vers\":\"1.0 "
		"\"}\n{}\n7\n"
		"{\"vers\":7}\n{\"vers\":\"\"}\n{\"vers\":\"x\"}\n{\"vers\":\"1..0\"}\n{\"vers\":"
		"\"-1\"}\n"
		"{\"vers\":\"\xe2\x80\xae\"}\n{\"vers\":"
		"\"1.0000000000000000000000000000000000000000000000000000000000000000\"}\n"
		"{\"vers\":\"2.0.0\"}",
		"2.0.0");
	expect(SCHEME_NPM,
		"{\"versions\":{\"\":{},\"\\\"\":{},\"a/b\":{},\"../x\":{},\"1.0.0\":{}}}",
		"1.0.0");
	expect_of(SCHEME_PYPI, "x", BYTES_LITERAL("{\"files\":[{\"filename\":\"x-1\x7f.zip\"}]}"),
		"");
}

static void
what_is_no_document_is_refused(void **state)
{
	(void)state;
	static const enum scheme_id schemes[] = {SCHEME_CRATES, SCHEME_NPM, SCHEME_PYPI};
	cleanup_buf struct buf deep = BUF(BUF_MAX);
	for (size_t at = 0; at < 100000; at++)
		buf_add_text(&deep, "{\"versions\":[");
	for (size_t at = 0; at < 3; at++) {
		expect_refused(
			schemes[at], BYTES_LITERAL("<html>log in</html>"), ERR_CORRUPT, "no JSON");
		expect_refused(
			schemes[at], BYTES_LITERAL("{\"versions\":{"), ERR_CORRUPT, "no JSON");
		expect_refused(schemes[at], buf_bytes(&deep), ERR_CORRUPT, "in each other");
	}
	expect_refused(SCHEME_NPM, BYTES_LITERAL(""), ERR_CORRUPT, "no JSON");
	expect_refused(
		SCHEME_NPM, BYTES_LITERAL("{\"error\":\"no\"}"), ERR_CORRUPT, "\"versions\"");
	expect_refused(SCHEME_PYPI, BYTES_LITERAL("[]"), ERR_CORRUPT, "\"files\"");
	expect_refused(SCHEME_CRATES, BYTES_LITERAL("{\"vers\":\"1.0.0\"}\nnonsense"), ERR_CORRUPT,
		"no JSON");
}

static void
so_many_versions_and_no_more(void **state)
{
	(void)state;
	cleanup_buf struct buf text = BUF(BUF_MAX);
	buf_add_text(&text, "{\"versions\":{");
	for (size_t at = 0; at <= VERSIONS_ROWS; at++)
		buf_format(&text, "%s\"%zu\":{}", at ? "," : "", at);
	buf_add_text(&text, "}}");
	expect_refused(SCHEME_NPM, buf_bytes(&text), ERR_LIMIT, "more than 1048576 versions");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_are_in_the_order_that_people_count_in),
		cmocka_unit_test(crates_are_lines_in_the_order_of_the_specification),
		cmocka_unit_test(npm_has_an_object_of_them),
		cmocka_unit_test(pypi_has_files_of_which_source_archives_count),
		cmocka_unit_test(what_an_island_cannot_name_is_left_out),
		cmocka_unit_test(what_is_no_document_is_refused),
		cmocka_unit_test(so_many_versions_and_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
