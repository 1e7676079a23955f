/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/diagnostic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct source *
source_of(const char *text)
{
	struct err err;
	return source_new("dir/a.cab", bytes_text(text), &err);
}

static void
expect_render(const struct diagnostics *list, struct diagnostic_style style, const char *wanted)
{
	cleanup_buf struct buf out = BUF(1 << 20);
	diagnostics_render(list, style, &out);
	assert_string_equal(buf_text(&out), wanted);
}

static void
labels_help_and_notes_are_shown_in_order(void **state)
{
	(void)state;
	struct source *source = source_of("first\nsecond line\n\n\nfifth\n");
	struct diagnostics list = DIAGNOSTICS;
	struct diagnostic *found = diagnostic_add(
		&list, SEVERITY_ERROR, span_of(source, 6, 12), "undefined name '%s'", "second");
	diagnostic_explain(&list, found, "here");
	diagnostic_label(&list, found, span_of(source, 20, 25), "and there");
	diagnostic_help(&list, found, "write it");
	diagnostic_note(&list, found, NO_SPAN, "a note");
	diagnostic_note(&list, found, span_of(source, 0, 5), "while evaluating");
	expect_render(&list, (struct diagnostic_style){false, 80},
		"error: undefined name 'second'\n"
		"  --> dir/a.cab:2:1\n"
		"   |\n"
		" 2 | second line\n"
		"   | ^^^^^^ here\n"
		"  ...\n"
		" 5 | fifth\n"
		"   | ----- and there\n"
		"   = help: write it\n"
		"   = note: a note\n"
		"   = note: while evaluating\n"
		"  --> dir/a.cab:1:1\n"
		"   |\n"
		" 1 | first\n"
		"   | -----\n");
	diagnostics_release(&list);
	source_free(source);
}

/* Threat row L3: nothing from a source reaches a terminal as it is. */
static void
controls_are_shown_and_never_sent(void **state)
{
	(void)state;
	struct source *source = source_of("a\x1b[31m\t\xff\xe2\x80\xae z");
	struct diagnostics list = DIAGNOSTICS;
	diagnostic_add(&list, SEVERITY_WARNING, span_of(source, 12, 13), "bad '\x1b\x07\n'");
	expect_render(&list, (struct diagnostic_style){false, 80},
		"warning: bad '\\u{1b}\\u{7}\\n'\n"
		"  --> dir/a.cab:1:11\n"
		"   |\n"
		" 1 | a\\u{1b}[31m \\xff<U+202E> z\n"
		"   |                          ^\n");
	diagnostics_release(&list);
	source_free(source);
}

static void
wide_characters_and_tabs_keep_carets_in_place(void **state)
{
	(void)state;
	struct source *source = source_of("\t\xe5\xad\x97 e\xcc\x81 x");
	struct diagnostics list = DIAGNOSTICS;
	diagnostic_add(&list, SEVERITY_ERROR, span_of(source, 9, 10), "here");
	expect_render(&list, (struct diagnostic_style){false, 80},
		"error: here\n"
		"  --> dir/a.cab:1:7\n"
		"   |\n"
		" 1 |     \xe5\xad\x97 e\xcc\x81 x\n"
		"   |          ^\n");
	diagnostics_release(&list);
	source_free(source);
}

static void
nothing_is_wider_than_the_terminal(void **state)
{
	(void)state;
	cleanup_buf struct buf text = BUF(1 << 20);
	for (int at = 0; at < 400; at++)
		buf_add_text(&text, "word ");
	struct err err;
	struct source *source = source_new("a.cab", buf_bytes(&text), &err);
	struct diagnostics list = DIAGNOSTICS;
	struct diagnostic *found = diagnostic_add(
		&list, SEVERITY_ERROR, span_of(source, 1000, 1004), "%.*s", 300, buf_text(&text));
	diagnostic_help(&list, found, "%.*s", 300, buf_text(&text));
	cleanup_buf struct buf out = BUF(1 << 20);
	diagnostics_render(&list, (struct diagnostic_style){false, 60}, &out);
	struct bytes rest = buf_bytes(&out);
	struct bytes line;
	size_t carets = 0;
	while (bytes_split(&rest, '\n', &line)) {
		assert_true(line.size <= 60);
		carets += bytes_find(line, '^') != SIZE_MAX;
	}
	assert_int_equal(carets, 1);
	diagnostics_release(&list);
	source_free(source);
}

static void
they_are_sorted_by_place_and_told_once(void **state)
{
	(void)state;
	struct source *source = source_of("abcdef");
	struct diagnostics list = DIAGNOSTICS;
	diagnostic_add(&list, SEVERITY_ERROR, span_of(source, 3, 4), "later");
	diagnostic_add(&list, SEVERITY_WARNING, span_of(source, 1, 2), "soon");
	diagnostic_add(&list, SEVERITY_ERROR, span_of(source, 3, 4), "later");
	diagnostic_add(&list, SEVERITY_ERROR, span_of(source, 1, 2), "soon");
	diagnostics_sort(&list);
	assert_int_equal(list.found.size, 3);
	assert_int_equal(list.errors, 2);
	assert_int_equal(list.warnings, 1);
	assert_int_equal(list.found.data[0]->severity, SEVERITY_ERROR);
	assert_int_equal(list.found.data[1]->severity, SEVERITY_WARNING);
	assert_true(bytes_equal_text(list.found.data[2]->title, "later"));
	diagnostics_release(&list);
	source_free(source);
}

static void
past_the_ceiling_they_are_only_counted(void **state)
{
	(void)state;
	struct source *source = source_of("abc");
	struct diagnostics list = DIAGNOSTICS;
	for (int at = 0; at < DIAGNOSTICS_MAX + 7; at++) {
		struct diagnostic *found = diagnostic_add(
			&list, SEVERITY_ERROR, span_of(source, 0, 1), "number %d", at);
		diagnostic_help(&list, found, "help");
		diagnostic_explain(&list, found, "label");
	}
	assert_int_equal(list.found.size, DIAGNOSTICS_MAX);
	assert_int_equal(list.dropped, 7);
	assert_int_equal(list.errors, DIAGNOSTICS_MAX + 7);
	diagnostics_release(&list);
	source_free(source);
}

static void
json_says_the_same_as_data(void **state)
{
	(void)state;
	struct source *source = source_of("ab\n\"c\"");
	struct diagnostics list = DIAGNOSTICS;
	struct diagnostic *found = diagnostic_add(
		&list, SEVERITY_ERROR, span_of(source, 3, 6), "a \"title\"\n\x01\xff");
	diagnostic_explain(&list, found, "here");
	diagnostic_label(&list, found, span_of(source, 0, 2), "there");
	diagnostic_help(&list, found, "so");
	cleanup_buf struct buf out = BUF(1 << 20);
	diagnostics_encode_json(&list, &out);
	assert_string_equal(buf_text(&out),
		"{\"severity\":\"error\",\"title\":\"a \\\"title\\\"\\n\\u0001\xef\xbf\xbd\","
		"\"file\":\"dir/a.cab\",\"start\":{\"line\":2,\"column\":1,\"offset\":3},"
		"\"end\":{\"line\":2,\"column\":4,\"offset\":6},\"label\":\"here\",\"marks\":["
		"{\"kind\":\"label\",\"text\":\"there\",\"file\":\"dir/a.cab\","
		"\"start\":{\"line\":1,\"column\":1,\"offset\":0},"
		"\"end\":{\"line\":1,\"column\":3,\"offset\":2}},"
		"{\"kind\":\"help\",\"text\":\"so\"}]}\n");
	diagnostics_release(&list);
	source_free(source);
}

static void
colour_follows_the_environment(void **state)
{
	(void)state;
	assert_true(diagnostic_color(true, NULL, NULL, NULL));
	assert_false(diagnostic_color(false, NULL, NULL, NULL));
	assert_false(diagnostic_color(true, "1", NULL, "1"));
	assert_true(diagnostic_color(true, "", NULL, NULL));
	assert_true(diagnostic_color(false, NULL, NULL, "1"));
	assert_false(diagnostic_color(false, NULL, "1", "0"));
	assert_false(diagnostic_color(true, NULL, "0", NULL));
}

static void
colours_are_paired_and_only_on_request(void **state)
{
	(void)state;
	struct source *source = source_of("abc");
	struct diagnostics list = DIAGNOSTICS;
	diagnostic_add(&list, SEVERITY_ERROR, span_of(source, 0, 1), "title");
	cleanup_buf struct buf out = BUF(1 << 20);
	diagnostics_render(&list, (struct diagnostic_style){true, 80}, &out);
	assert_non_null(strstr(buf_text(&out), "\x1b[1;31merror:"));
	assert_non_null(strstr(buf_text(&out), "^\x1b[0m\n"));
	diagnostics_release(&list);
	source_free(source);
}

static void
expect_nearest(const char *wanted, const char *near)
{
	static const char *const names[] = {"length", "map", "filter", "fold", "foldLeft", "x"};
	struct diagnostic_nearest nearest = diagnostic_nearest(bytes_text(wanted));
	for (size_t at = 0; at < sizeof names / sizeof *names; at++)
		diagnostic_nearest_offer(&nearest, bytes_text(names[at]));
	assert_true(bytes_equal_text(nearest.best, near));
}

static void
the_nearest_name_is_found_or_none(void **state)
{
	(void)state;
	expect_nearest("lenght", "length");
	expect_nearest("fitler", "filter");
	expect_nearest("mapp", "map");
	expect_nearest("foldleft", "foldLeft");
	expect_nearest("quite-other", "");
	expect_nearest("y", "");
	expect_nearest("", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_help_and_notes_are_shown_in_order),
		cmocka_unit_test(controls_are_shown_and_never_sent),
		cmocka_unit_test(wide_characters_and_tabs_keep_carets_in_place),
		cmocka_unit_test(nothing_is_wider_than_the_terminal),
		cmocka_unit_test(they_are_sorted_by_place_and_told_once),
		cmocka_unit_test(past_the_ceiling_they_are_only_counted),
		cmocka_unit_test(json_says_the_same_as_data),
		cmocka_unit_test(colour_follows_the_environment),
		cmocka_unit_test(colours_are_paired_and_only_on_request),
		cmocka_unit_test(the_nearest_name_is_found_or_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
