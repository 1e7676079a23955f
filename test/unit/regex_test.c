/* SPDX-License-Identifier: MPL-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lang/regex.h"

/* "0-2 (0-1)": the span of the match and of the groups, "-" where one took no part; "none". */
static void
finds(const char *pattern, const char *text, bool whole, const char *wanted)
{
	struct err err = {0};
	struct regex *regex = regex_new(bytes_text(pattern), &err);
	if (!regex)
		fail_msg("%s: %s", pattern, err.text);
	cleanup_buf struct buf out = BUF(BUF_MAX);
	size_t spans[2 * REGEX_GROUPS];
	bool found = whole ? regex_match(regex, bytes_text(text), spans)
			   : regex_search(regex, bytes_text(text), 0, spans);
	for (size_t group = 0; found && group <= regex_group_count(regex); group++) {
		buf_add_text(&out, group ? " " : "");
		if (spans[2 * group] == SIZE_MAX)
			buf_add_text(&out, "-");
		else
			buf_format(&out, "%zu-%zu", spans[2 * group], spans[2 * group + 1]);
	}
	if (!found)
		buf_add_text(&out, "none");
	if (strcmp(buf_text(&out), wanted) != 0)
		fail_msg("%s on %s: %s, wanted %s", pattern, text, buf_text(&out), wanted);
	regex_free(regex);
}

static void
refuses(const char *pattern, const char *reason)
{
	struct err err = {0};
	struct regex *regex = regex_new(bytes_text(pattern), &err);
	assert_null(regex);
	if (!strstr(err.text, reason))
		fail_msg("%s: '%s' is not in '%s'", pattern, reason, err.text);
}

static void
a_match_is_the_whole_text(void **state)
{
	(void)state;
	finds("ab", "ab", true, "0-2");
	finds("ab", "abc", true, "none");
	finds("b", "ab", true, "none");
	finds("", "", true, "0-0");
	finds("a|ab", "ab", true, "0-2");
	finds("(a|ab)(c|bcd)", "abcd", true, "0-4 0-1 1-4");
	finds("(a*)(b?)", "aab", true, "0-3 0-2 2-3");
	finds("(a)|(b)", "b", true, "0-1 - 0-1");
	finds(".", "ä", true, "0-2");
	finds("[^a]", "\n", true, "0-1");
}

static void
a_search_gives_the_leftmost_and_longest(void **state)
{
	(void)state;
	finds("a|ab", "xab", false, "1-3");
	finds("b+", "abbbc", false, "1-4");
	finds("x*", "abx", false, "0-0");
	finds("bcd|abc|b", "xabcd", false, "1-4");
	finds("^b", "ab", false, "none");
	finds("b$", "ab", false, "1-2");
	finds("(ab)*", "ababa", false, "0-4 2-4");
}

static void
sets_and_repetitions(void **state)
{
	(void)state;
	finds("[[:alpha:]_][[:alnum:]_-]*", "a-9_", true, "0-4");
	finds("[]a]+", "]a", true, "0-2");
	finds("[^]a]", "b", true, "0-1");
	finds("[a-]+", "a-", true, "0-2");
	finds("[\\n]+", "n\\", true, "0-2");
	finds("[à-ü]", "ä", true, "0-2");
	finds("a{2}", "aa", true, "0-2");
	finds("a{2,}", "aaaa", true, "0-4");
	finds("a{1,2}", "aaa", true, "none");
	finds("(a{0,2}b){2}", "abaab", true, "0-5 2-5");
	finds("\\.\\*", ".*", true, "0-2");
	finds("(a*)*", "aa", true, "0-2 0-2");
	finds("(|a)+", "aa", true, "0-2 1-2");
}

static void
wrong_patterns_are_refused(void **state)
{
	(void)state;
	refuses("(a", "not closed");
	refuses("a)", "closes nothing");
	refuses("[a", "not closed");
	refuses("*a", "nothing to repeat");
	refuses("a{", "a number is missing");
	refuses("a{2,1}", "ends before it begins");
	refuses("[b-a]", "ends before it begins");
	refuses("\\d", "punctuation only");
	refuses("\\", "punctuation only");
	refuses("[[:nope:]]", "no such character class");
	refuses("[[.a.]]", "collating");
	refuses("((a{1000}){1000}){1000}", "too large");
	refuses("a{9999}", "larger than 1000");
	cleanup_buf struct buf deep = BUF(BUF_MAX);
	for (int at = 0; at < 2000; at++)
		buf_add_byte(&deep, '(');
	refuses(buf_text(&deep), "more than 32 groups");
}

static void
time_is_linear_where_backtracking_would_not_end(void **state)
{
	(void)state;
	cleanup_buf struct buf text = BUF(BUF_MAX);
	for (int at = 0; at < 20000; at++)
		buf_add_byte(&text, 'a');
	finds("(a*)*b", buf_text(&text), true, "none");
	finds("(a|aa)+c", buf_text(&text), false, "none");
	finds("(a?){100}a{100}", "aaaaaaaaaaaaaaaaaaaa", true, "none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_match_is_the_whole_text),
		cmocka_unit_test(a_search_gives_the_leftmost_and_longest),
		cmocka_unit_test(sets_and_repetitions),
		cmocka_unit_test(wrong_patterns_are_refused),
		cmocka_unit_test(time_is_linear_where_backtracking_would_not_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
