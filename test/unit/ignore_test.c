/* SPDX-License-Identifier: MPL-2.0 */
#include "island/ignore.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
patterns_match_as_git_says(void **state)
{
	(void)state;
	static const struct {
		const char *pattern;
		const char *text;
		bool matches;
	} rows[] = {{"a", "a", true}, {"a", "b", false}, {"*", "", true}, {"*.o", "x.o", true},
		{"*", "a/b", false}, {"?", "/", false}, {"a*/b", "ax/b", true}, {"**/a", "a", true},
		{"**/a", "x/y/a", true}, {"**/a", "xa", false}, {"a/**", "a/b/c", true},
		{"a/**", "a", false}, {"a/**/b", "a/b", true}, {"a/**/b", "a/x/y/b", true},
		{"a**b", "a/b", false}, {"[a-c]x", "bx", true}, {"[!a-c]x", "bx", false},
		{"[^a]", "/", false}, {"[]a]", "]", true}, {"[[:digit:]]", "7", true},
		{"[[:nope:]]", "7", false}, {"[a", "a", false}, {"\\*", "*", true},
		{"\\*", "a", false}, {"*a*b*c", "xxaxxbxxc", true}, {"**/x/**/y", "x/y", true},
		{"**/*/b", "a/b", true}, {"**/*/b", "b", false}};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		if (ignore_match(bytes_text(rows[at].pattern), bytes_text(rows[at].text)) !=
			rows[at].matches)
			fail_msg("%s on %s", rows[at].pattern, rows[at].text);
}

static void
the_last_line_that_matches_answers(void **state)
{
	(void)state;
	struct ignore_list list = {0};
	ignore_parse(&list, BYTES_LITERAL("\xef\xbb\xbf# note\n\n*.o\n!keep.o\r\nbuild/\n/top  \n"
					  "a/b\n\\#x\n\\!y\nz\\ \n"));
	static const struct {
		const char *path;
		enum ignore_kind kind;
		enum ignore_answer answer;
	} rows[] = {{"d/x.o", IGNORE_FILE, IGNORE_YES}, {"d/keep.o", IGNORE_FILE, IGNORE_NO},
		{"build", IGNORE_FILE, IGNORE_SILENT}, {"d/build", IGNORE_FOLDER, IGNORE_YES},
		{"top", IGNORE_FILE, IGNORE_YES}, {"d/top", IGNORE_FILE, IGNORE_SILENT},
		{"a/b", IGNORE_FILE, IGNORE_YES}, {"d/a/b", IGNORE_FILE, IGNORE_SILENT},
		{"#x", IGNORE_FILE, IGNORE_YES}, {"!y", IGNORE_FILE, IGNORE_YES},
		{"z ", IGNORE_FILE, IGNORE_YES}, {"# note", IGNORE_FILE, IGNORE_SILENT}};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		if (ignore_ask(&list, bytes_text(rows[at].path), rows[at].kind) != rows[at].answer)
			fail_msg("%s", rows[at].path);
	ignore_release(&list);
}

static void
many_stars_take_no_exponential_time(void **state)
{
	(void)state;
	char pattern[4001];
	char text[4001];
	for (size_t at = 0; at < 4000; at++) {
		pattern[at] = at % 2 ? 'a' : '*';
		text[at] = 'a';
	}
	pattern[3999] = 'b';
	pattern[4000] = text[4000] = '\0';
	assert_false(ignore_match(bytes_text(pattern), bytes_text(text)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_as_git_says),
		cmocka_unit_test(the_last_line_that_matches_answers),
		cmocka_unit_test(many_stars_take_no_exponential_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
