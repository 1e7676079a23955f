/* SPDX-License-Identifier: MPL-2.0 */
#include "island/local.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "island_sample.h"

static void
expect_path(const struct island_case *row, const char *from, const char *expected)
{
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct island island = island_case_parse(&arena, row);
	struct bytes path;
	if (!local_path(&arena, &island, bytes_text(from), &path, &err))
		fail_msg("%s", err.text);
	assert_string_equal(arena_text(&arena, path), expected);
}

static void
self_is_the_repository_of_the_file_or_its_folder(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	char root[] = "/tmp/cab-local-XXXXXX";
	assert_non_null(mkdtemp(root));
	const char *deep = arena_format(&arena, "%s/a/b", root);
	assert_true(path_make_folders(AT_FDCWD, deep, 0755, &err));
	const char *file = arena_format(&arena, "%s/default.cab", deep);
	struct island_case self = {.scheme = "self"};
	struct island_case part = {.scheme = "self", .subpath = "/sub"};
	expect_path(&self, file, deep);
	expect_path(&part, file, arena_format(&arena, "%s/sub", deep));
	assert_int_equal(mkdir(arena_format(&arena, "%s/.git", root), 0755), 0);
	expect_path(&self, file, root);
	expect_path(&part, file, arena_format(&arena, "%s/sub", root));
	assert_true(path_remove(AT_FDCWD, root, &err));
}

static void
fs_is_the_path_it_says(void **state)
{
	(void)state;
	struct island_case row = {.scheme = "fs", .subpath = "/home/me/x"};
	expect_path(&row, "", "/home/me/x");
}

static void
what_is_not_local_or_stands_nowhere_is_refused(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct bytes path;
	struct island_case far = {.scheme = "github", .ref = "o/r"};
	struct island_case self = {.scheme = "self"};
	struct island island = island_case_parse(&arena, &far);
	assert_false(local_path(&arena, &island, BYTES_LITERAL("/x"), &path, &err));
	island = island_case_parse(&arena, &self);
	assert_false(local_path(&arena, &island, BYTES_LITERAL(""), &path, &err));
	assert_int_equal(err.kind, ERR_REFUSED);
}

static void
only_dot_git_is_left_out(void **state)
{
	(void)state;
	assert_false(local_includes(BYTES_LITERAL(".git")));
	assert_true(local_includes(BYTES_LITERAL(".gitignore")));
	assert_true(local_includes(BYTES_LITERAL("x.git")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(self_is_the_repository_of_the_file_or_its_folder),
		cmocka_unit_test(fs_is_the_path_it_says),
		cmocka_unit_test(what_is_not_local_or_stands_nowhere_is_refused),
		cmocka_unit_test(only_dot_git_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
