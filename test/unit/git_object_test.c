/* SPDX-License-Identifier: MPL-2.0 */
#include "store/git_object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "git_sample.h"
#include "store/tree.h"

static void
ids_are_40_or_64_lower_case_digits(void **state)
{
	(void)state;
	struct git_id id;
	static const char sha1[] = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
	assert_true(git_id_parse(bytes_text(sha1), &id));
	assert_int_equal(id.size, GIT_ID_SHA1);
	assert_string_equal(git_id_print(&id).text, sha1);
	static const char sha256[] =
		"473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813";
	assert_true(git_id_parse(bytes_text(sha256), &id));
	assert_string_equal(git_id_print(&id).text, sha256);
	assert_false(git_id_parse(BYTES_LITERAL(""), &id));
	assert_false(git_id_parse(bytes_of(sha1, 39), &id));
	assert_false(git_id_parse(bytes_of(sha256, 63), &id));
	assert_false(git_id_parse(BYTES_LITERAL("E69DE29BB2D1D6434B8B29AE775AD8C2E48C5391"), &id));
}

static void
a_content_is_proved_by_its_id_and_type(void **state)
{
	(void)state;
	struct err err;
	struct git_id id;
	/* What git itself says of an empty blob and tree, in both kinds of repositories. */
	assert_true(git_id_parse(BYTES_LITERAL("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"), &id));
	assert_true(git_object_prove(&id, GIT_BLOB, bytes_of(NULL, 0), &err));
	assert_false(git_object_prove(&id, GIT_TREE, bytes_of(NULL, 0), &err));
	assert_false(git_object_prove(&id, GIT_BLOB, BYTES_LITERAL("x"), &err));
	assert_int_equal(err.kind, ERR_CORRUPT);
	assert_true(git_id_parse(BYTES_LITERAL("4b825dc642cb6eb9a060e54bf8d69288fbee4904"), &id));
	assert_true(git_object_prove(&id, GIT_TREE, bytes_of(NULL, 0), &err));
	assert_true(git_id_parse(
		BYTES_LITERAL("473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"),
		&id));
	assert_true(git_object_prove(&id, GIT_BLOB, bytes_of(NULL, 0), &err));
	assert_false(git_object_prove(&id, GIT_COMMIT, bytes_of(NULL, 0), &err));
}

static void
a_commit_names_its_tree(void **state)
{
	(void)state;
	struct git_id tree;
	struct git_id found;
	struct git_id none = {.size = GIT_ID_SHA1};
	cleanup_buf struct buf commit = BUF(1000);
	tree = git_sample_id("tree", bytes_of(NULL, 0), false);
	git_sample_commit(&commit, &tree);
	assert_true(git_commit_tree(&none, buf_bytes(&commit), &found));
	assert_memory_equal(&found, &tree, sizeof tree);
	for (size_t size = 0; size < 46; size++)
		assert_false(git_commit_tree(&none, bytes_first(buf_bytes(&commit), size), &found));
	assert_false(git_commit_tree(
		&none, BYTES_LITERAL("object e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\n"), &found));
	none.size = GIT_ID_MAX;
	assert_false(git_commit_tree(&none, buf_bytes(&commit), &found));
}

static void
expect_tree(struct bytes content, const char *expected)
{
	struct err err;
	struct git_entry entry;
	struct git_id id = {.size = GIT_ID_SHA1};
	cleanup_buf struct buf out = BUF(1000);
	struct git_tree tree = git_tree_start(&id, content);
	while (git_tree_next(&tree, &entry, &err))
		buf_format(&out, "%c%s%.*s ", entry.kind, entry.is_submodule ? "!" : "",
			BYTES_ARGS(entry.name));
	if (!tree.done)
		buf_add_text(&out, err.text);
	assert_string_equal(buf_text(&out), expected);
}

static void
entries_of_a_tree_come_in_its_order(void **state)
{
	(void)state;
	struct git_id id = git_sample_id("blob", bytes_of(NULL, 0), false);
	cleanup_buf struct buf tree = BUF(1000);
	expect_tree(bytes_of(NULL, 0), "");
	git_sample_entry(&tree, "100644", "a", &id);
	git_sample_entry(&tree, "100755", "b", &id);
	git_sample_entry(&tree, "100664", "c-d", &id);
	git_sample_entry(&tree, "40000", "c", &id);
	git_sample_entry(&tree, "120000", "l", &id);
	git_sample_entry(&tree, "160000", "s", &id);
	expect_tree(buf_bytes(&tree), "fa xb fc-d dc ll d!s ");
	expect_tree(bytes_first(buf_bytes(&tree), tree.size - 1),
		"fa xb fc-d dc ll a tree of git: an entry is cut off");
	git_sample_entry(&tree, "100644", "r", &id);
	expect_tree(buf_bytes(&tree),
		"fa xb fc-d dc ll d!s a tree of git: entries are out of order or twice");
}

static void
P6_trees_that_git_would_not_write_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *mode;
		const char *name;
		const char *says;
	} rows[] = {
		{"100644", "..", "a tree of git: a name leads elsewhere, is empty, or too long"},
		{"100644", ".", "a tree of git: a name leads elsewhere, is empty, or too long"},
		{"100644", "", "a tree of git: a name leads elsewhere, is empty, or too long"},
		{"100644", "a/b", "a tree of git: a name leads elsewhere, is empty, or too long"},
		{"010644", "a", "a tree of git: an entry is no file, link, folder or submodule"},
		{"10x644", "a", "a tree of git: a mode is no number"},
		{"000100644", "a", "a tree of git: a mode is no number"},
	};
	struct git_id id = git_sample_id("blob", bytes_of(NULL, 0), false);
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		cleanup_buf struct buf tree = BUF(1000);
		git_sample_entry(&tree, rows[at].mode, rows[at].name, &id);
		expect_tree(buf_bytes(&tree), rows[at].says);
	}
	cleanup_buf struct buf twice = BUF(1000);
	git_sample_entry(&twice, "100644", "a", &id);
	git_sample_entry(&twice, "100644", "a", &id);
	expect_tree(buf_bytes(&twice), "fa a tree of git: entries are out of order or twice");
}

static void
P6_a_file_and_a_folder_of_one_name_are_refused_whatever_stands_between(void **state)
{
	(void)state;
	struct git_id id = git_sample_id("blob", bytes_of(NULL, 0), false);
	cleanup_buf struct buf tree = BUF(1000);
	git_sample_entry(&tree, "100644", "a", &id);
	git_sample_entry(&tree, "40000", "a b", &id);
	git_sample_entry(&tree, "120000", "a-", &id);
	git_sample_entry(&tree, "160000", "a-b", &id);
	git_sample_entry(&tree, "100644", "a.b", &id);
	size_t between = tree.size;
	git_sample_entry(&tree, "40000", "a.c", &id);
	git_sample_entry(&tree, "40000", "b", &id);
	expect_tree(buf_bytes(&tree), "fa da b la- d!a-b fa.b da.c db ");
	static const char *const names[] = {"a", "a.b"};
	for (size_t at = 0; at < 2; at++) {
		cleanup_buf struct buf twice = BUF(1000);
		buf_add(&twice, bytes_first(buf_bytes(&tree), between));
		git_sample_entry(&twice, "40000", names[at], &id);
		expect_tree(buf_bytes(&twice),
			"fa da b la- d!a-b fa.b a tree of git: entries are out of order or twice");
	}
}

static void
records_are_read_to_their_end(void **state)
{
	(void)state;
	struct err err;
	struct git_records records;
	struct git_record record;
	struct git_id id = git_sample_id("blob", BYTES_LITERAL("x"), true);
	cleanup_buf struct buf data = BUF(1000);
	git_sample_record(&data, &id, BYTES_LITERAL("x"));
	git_sample_record(&data, &id, bytes_of(NULL, 0));
	assert_true(git_records_start(&records, buf_bytes(&data), &err));
	assert_true(git_records_next(&records, &record, &err));
	assert_memory_equal(record.id.data, id.bytes, GIT_ID_MAX);
	assert_true(bytes_equal_text(record.content, "x"));
	assert_true(git_records_next(&records, &record, &err));
	assert_int_equal(record.content.size, 0);
	assert_false(git_records_next(&records, &record, &err));
	assert_true(records.done);
	assert_false(git_records_start(&records, BYTES_LITERAL("cab git 2\n"), &err));
	/* As cab-store(5) has it. */
	cleanup_buf struct buf vector = BUF(100);
	struct git_id empty = git_sample_id("blob", bytes_of(NULL, 0), false);
	git_sample_record(&vector, &empty, bytes_of(NULL, 0));
	struct digest digest = digest_of(buf_bytes(&vector));
	assert_string_equal(
		digest_print(&digest).text, "3g6qqcegt5e4rgbekjvdav4f7zy2l5bupxde54acnuzcprz3g2ea");
	/* Cut at any byte but between two of them. */
	for (size_t size = 10; size < data.size; size++) {
		assert_true(git_records_start(&records, bytes_first(buf_bytes(&data), size), &err));
		while (git_records_next(&records, &record, &err))
			continue;
		assert_true(records.done == (size == 10 || size == 10 + 37));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_40_or_64_lower_case_digits),
		cmocka_unit_test(a_content_is_proved_by_its_id_and_type),
		cmocka_unit_test(a_commit_names_its_tree),
		cmocka_unit_test(entries_of_a_tree_come_in_its_order),
		cmocka_unit_test(
			P6_a_file_and_a_folder_of_one_name_are_refused_whatever_stands_between),
		cmocka_unit_test(P6_trees_that_git_would_not_write_are_refused),
		cmocka_unit_test(records_are_read_to_their_end),
	};
	return cmocka_run_group_tests_name("git_object", tests, NULL, NULL);
}
