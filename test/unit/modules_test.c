/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_data.h"

#include "modules.h"

/* "PATH URL;" for each, and the sentence where the file is refused. */
static void
reads_as(struct span content, const char *expected)
{
	static struct modules modules;
	struct buf out = BUF(BUF_MAX);
	modules_start(&modules, content);
	while (modules_next(&modules))
		buf_format(&out, "%.*s %.*s;", (int)modules.path.size,
			(const char *)modules.path.data, (int)modules.url.size,
			(const char *)modules.url.data);
	if (modules.sentence)
		buf_add_text(&out, modules.sentence);
	assert_string_equal(buf_text(&out), expected);
	buf_release(&out);
}

static void
each_submodule_with_a_path_and_a_url_is_read(void **state)
{
	(void)state;
	reads_as(SPAN(""), "");
	reads_as(SPAN("[submodule \"a\"]\n\tpath = d/a\n\turl = ../a.git\n\tbranch = x\n"
		      "[submodule \"b\"]\nurl=u\npath=p"),
		"d/a ../a.git;p u;");
	reads_as(
		SPAN("[core]\npath = no\nurl = no\n[Submodule \"x\"] PATH = a\nUrl = b\nurl = c\n"),
		"a c;");
	reads_as(SPAN("[submodule \"a\"]\npath = a\n[submodule \"b\"]\nurl = b\n[submodule]\n"
		      "path = c\nurl = c\n[submodule.d]\npath = d\nurl = d\n"),
		"");
}

static void
values_are_read_as_git_reads_them(void **state)
{
	(void)state;
	reads_as(
		SPAN("# c\r\n[submodule \"q\\\"\"]\r\n path = a  b  # c\r\n url = \"x;\" y ;z\r\n"),
		"a  b x; y;");
	reads_as(SPAN("[submodule \"a\"]\npath = a\\\nb\nurl = \"\\\"\\\\\"\nflag\n"), "ab \"\\;");
}

static void
what_is_no_syntax_is_refused(void **state)
{
	(void)state;
#define SYNTAX "it is not in the syntax of git's configuration"
	reads_as(SPAN("[submodule \"a"), SYNTAX);
	reads_as(SPAN("[submodule \"a\n\"]"), SYNTAX);
	reads_as(SPAN("[submodule \"a\" x]"), SYNTAX);
	reads_as(SPAN("[submodule \"a\"]\npath = \"a\n"), SYNTAX);
	reads_as(SPAN("[submodule \"a\"]\npath = a\\q\n"), SYNTAX);
	reads_as(SPAN("[submodule \"a\"]\npath = a\\"), SYNTAX);
	reads_as(SPAN("= x\n"), SYNTAX);
	reads_as(SPAN("\0"), SYNTAX);
}

/* Row G8. */
static void
paths_and_urls_that_lead_elsewhere_are_refused(void **state)
{
	(void)state;
#define MODULE(path, url) SPAN("[submodule \"a\"]\npath = " path "\nurl = " url "\n")
#define ELSEWHERE         "a path leads elsewhere, or a path or URL begins with '-'"
#define NO_VALUE          "a path or URL is too long, or holds control characters"
	reads_as(MODULE("..", "u"), ELSEWHERE);
	reads_as(MODULE("a/../b", "u"), ELSEWHERE);
	reads_as(MODULE("/a", "u"), ELSEWHERE);
	reads_as(MODULE("a/", "u"), ELSEWHERE);
	reads_as(MODULE("a//b", "u"), ELSEWHERE);
	reads_as(MODULE(".", "u"), ELSEWHERE);
	reads_as(MODULE("-x", "u"), ELSEWHERE);
	reads_as(MODULE("a", "--upload-pack=x"), ELSEWHERE);
	reads_as(MODULE("\"a\r\"", "u"), NO_VALUE);
	reads_as(MODULE("a\r", "u"), "a u;");
	reads_as(MODULE("a\rb", "u"), NO_VALUE);
	reads_as(MODULE("a", "u\\nv"), NO_VALUE);
	struct buf long_one = BUF(BUF_MAX);
	buf_add_text(&long_one, "[submodule \"a\"]\nurl = u\npath = ");
	for (size_t at = 0; at <= MODULES_VALUE; at++)
		buf_add_byte(&long_one, 'x');
	reads_as(span_of(long_one.data, long_one.size), NO_VALUE);
	buf_release(&long_one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_submodule_with_a_path_and_a_url_is_read),
		cmocka_unit_test(values_are_read_as_git_reads_them),
		cmocka_unit_test(what_is_no_syntax_is_refused),
		cmocka_unit_test(paths_and_urls_that_lead_elsewhere_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
