/* SPDX-License-Identifier: MPL-2.0 */
/* What marks do to the layers below is tested by images whole (fetch-image); here is what a mark is. */
#include "guest_native.h"

#include "layer.h"

static void
names_of_marks_are_told_from_names(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		enum layer_mark mark;
		const char *marked;
	} rows[] = {
		{"", LAYER_ENTRY, ""},
		{"a", LAYER_ENTRY, ""},
		{"a/b", LAYER_ENTRY, ""},
		{"a.wh.b", LAYER_ENTRY, ""},
		{".wh", LAYER_ENTRY, ""},
		{".wh.a/b", LAYER_ENTRY, ""},
		{".wh.a", LAYER_HIDES, "a"},
		{"a/b/.wh.c", LAYER_HIDES, "a/b/c"},
		{".wh.a.wh.b", LAYER_HIDES, "a.wh.b"},
		{".wh..hidden", LAYER_HIDES, ".hidden"},
		{".wh.\xff", LAYER_HIDES, "\xff"},
		{".wh..wh..opq", LAYER_OPAQUE, ""},
		{"a/b/.wh..wh..opq", LAYER_OPAQUE, "a/b"},
		{".wh.", LAYER_NOTHING, ""},
		{"a/.wh.", LAYER_NOTHING, "a"},
		{".wh..wh..plnk", LAYER_NOTHING, ""},
		{".wh..wh.aufs", LAYER_NOTHING, ""},
		{".wh..wh..opqx", LAYER_NOTHING, ""},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct text marked = {0};
		if (layer_mark(span_text(rows[at].path), &marked) != rows[at].mark)
			fail_msg("%s", rows[at].path);
		if (rows[at].mark != LAYER_NOTHING && !span_is(text_span(&marked), rows[at].marked))
			fail_msg("%s: %.*s", rows[at].path, (int)marked.size, marked.data);
		text_release(&marked);
	}
}

/* A mark never names a place above its own folder: what is behind the mark is one name, or is refused where it is looked up. */
static void
a_mark_for_the_folder_itself_or_the_one_above_names_no_entry(void **state)
{
	(void)state;
	static const char *const rows[][2] = {{"a/.wh..", "a/."}, {"a/.wh...", "a/.."}};
	for (size_t at = 0; at < 2; at++) {
		struct text marked = {0};
		assert_int_equal(layer_mark(span_text(rows[at][0]), &marked), LAYER_HIDES);
		assert_true(span_is(text_span(&marked), rows[at][1]));
		assert_false(span_is_name(SPAN(".")));
		assert_false(span_is_name(SPAN("..")));
		text_release(&marked);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_marks_are_told_from_names),
		cmocka_unit_test(a_mark_for_the_folder_itself_or_the_one_above_names_no_entry),
	};
	return cmocka_run_group_tests_name("layer", tests, NULL, NULL);
}
