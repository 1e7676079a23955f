/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_data.h"

/* The guest's: the store has a tree.h of its own. */
#include "../../guest/tree.h"

#define ID                "0123456789abcdefghij"
#define ENTRY(mode, name) mode " " name "\0" ID

/* "KIND NAME " for each entry, and the sentence where it is no tree. */
static void
reads_as(struct span content, const char *expected)
{
	struct buf out = BUF(BUF_MAX);
	struct tree tree = tree_start(content, SUM_SHA1);
	while (tree_next(&tree)) {
		buf_format(&out, "%c %.*s ", (char)tree.kind, (int)tree.name.size,
			(const char *)tree.name.data);
		assert_memory_equal(tree.id, ID, 20);
	}
	if (tree.sentence)
		buf_add_text(&out, tree.sentence);
	assert_string_equal(buf_text(&out), expected);
	buf_release(&out);
}

static void
each_kind_of_entry_is_read_in_gits_order(void **state)
{
	(void)state;
	reads_as(SPAN(""), "");
	reads_as(SPAN(ENTRY("100644", "a.b") ENTRY("40000", "a") ENTRY("100755", "a0")
				 ENTRY("120000", "l") ENTRY("160000", "sub")),
		"f a.b d a x a0 l l s sub ");
	reads_as(SPAN(ENTRY("100664", "old") ENTRY("040000", "padded")), "f old d padded ");
	reads_as(SPAN(ENTRY("100644", "gr\xfc\xdf")), "f gr\xfc\xdf ");
}

static void
P6_entries_out_of_order_or_twice_are_refused(void **state)
{
	(void)state;
#define ORDER "entries are out of order or twice"
	reads_as(SPAN(ENTRY("100644", "b") ENTRY("100644", "a")), "f b " ORDER);
	reads_as(SPAN(ENTRY("100644", "a") ENTRY("100644", "a")), "f a " ORDER);
	reads_as(SPAN(ENTRY("100644", "a") ENTRY("40000", "a")), "f a " ORDER);
	reads_as(SPAN(ENTRY("40000", "a") ENTRY("100644", "a.b")), "d a " ORDER);
}

static void
P6_names_that_lead_elsewhere_are_refused(void **state)
{
	(void)state;
#define ELSEWHERE "a name leads elsewhere, is empty, or too long"
	reads_as(SPAN(ENTRY("100644", ".")), ELSEWHERE);
	reads_as(SPAN(ENTRY("40000", "..")), ELSEWHERE);
	reads_as(SPAN(ENTRY("100644", "a/b")), ELSEWHERE);
	reads_as(SPAN(ENTRY("100644", "")), ELSEWHERE);
}

static void
P6_every_spelling_of_the_git_folder_is_refused(void **state)
{
	(void)state;
#define GIT "a name stands for the folder .git"
	reads_as(SPAN(ENTRY("40000", ".git")), GIT);
	reads_as(SPAN(ENTRY("40000", ".GiT")), GIT);
	reads_as(SPAN(ENTRY("40000", ".git.")), GIT);
	reads_as(SPAN(ENTRY("40000", ".git . ")), GIT);
	reads_as(SPAN(ENTRY("40000", "GIT~1")), GIT);
	reads_as(SPAN(ENTRY("40000", "git~1 .")), GIT);
	reads_as(SPAN(ENTRY("40000", ".git::$INDEX_ALLOCATION")), GIT);
	reads_as(SPAN(ENTRY("40000", ".g\xe2\x80\x8cit")), GIT);
	reads_as(SPAN(ENTRY("40000", "\xef\xbb\xbf.git")), GIT);
	reads_as(SPAN(ENTRY("100644", ".gitignore")), "f .gitignore ");
	reads_as(SPAN(ENTRY("100644", "git~2")), "f git~2 ");
	reads_as(SPAN(ENTRY("100644", ".git2")), "f .git2 ");
}

static void
P6_modes_and_cut_off_entries_are_refused(void **state)
{
	(void)state;
#define MODE "an entry is no file, link, folder or submodule"
	reads_as(SPAN(ENTRY("0", "a")), MODE);
	reads_as(SPAN(ENTRY("60000", "a")), MODE);
	reads_as(SPAN(ENTRY("", "a")), MODE);
	reads_as(SPAN(ENTRY("1006x4", "a")), "a mode is no number");
	reads_as(SPAN("100644 a\0"
		      "0123456789abcdefghi"),
		"an entry is cut off");
	reads_as(SPAN("100644 a"), "an entry is cut off");
	reads_as(SPAN("100644"), "an entry is cut off");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_entry_is_read_in_gits_order),
		cmocka_unit_test(P6_entries_out_of_order_or_twice_are_refused),
		cmocka_unit_test(P6_names_that_lead_elsewhere_are_refused),
		cmocka_unit_test(P6_every_spelling_of_the_git_folder_is_refused),
		cmocka_unit_test(P6_modes_and_cut_off_entries_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
