/* SPDX-License-Identifier: MPL-2.0 */
#include "base/path.h"

#include <sys/resource.h>

#include "store_fixture.h"

static int
enter(int folder, const char *name)
{
	assert_int_equal(mkdirat(folder, name, 0700), 0);
	int next = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(next >= 0);
	fd_close(folder);
	return next;
}

static void
a_tree_deeper_than_descriptors_reach_is_removed(void **state)
{
	struct place *place = *state;
	int folder = enter(openat(place->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "deep");
	for (int depth = 0; depth < 600; depth++)
		folder = enter(folder, "d");
	put(folder, "file", "at the bottom", 0400);
	assert_int_equal(fchmod(folder, 0500), 0);
	fd_close(folder);
	const struct rlimit few = {200, 200};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	good(path_remove(place->fd, "deep", &err));
	assert_true(faccessat(place->fd, "deep", F_OK, 0) < 0);
}

static void
removal_follows_no_link_and_opens_what_is_closed(void **state)
{
	struct place *place = *state;
	put(place->fd, "kept/file", "kept", 0644);
	put(place->fd, "tree/link", "../kept", 0);
	put(place->fd, "tree/closed/file", "x", 0);
	assert_int_equal(fchmodat(place->fd, "tree/closed", 0, 0), 0);
	good(path_remove(place->fd, "tree", &err));
	good(path_remove(place->fd, "tree", &err));
	assert_int_equal(faccessat(place->fd, "kept/file", F_OK, 0), 0);
}

static void
a_name_is_one_part_of_a_path(void **state UNUSED)
{
	char longest[257];
	memset(longest, 'n', sizeof longest);
	assert_true(path_is_name(bytes_of(longest, 255)));
	assert_false(path_is_name(bytes_of(longest, 256)));
	assert_true(path_is_name(BYTES_LITERAL("...")));
	assert_true(path_is_name(BYTES_LITERAL("\xff\n")));
	assert_false(path_is_name(BYTES_LITERAL("")));
	assert_false(path_is_name(BYTES_LITERAL(".")));
	assert_false(path_is_name(BYTES_LITERAL("..")));
	assert_false(path_is_name(BYTES_LITERAL("a/b")));
	assert_false(path_is_name(BYTES_LITERAL("a\0")));
}

static void
a_join_is_normal_and_stays_beneath_the_root(void **state UNUSED)
{
	static const char *const rows[][3] = {{"/", "", "/"}, {"/a", "b", "/a/b"},
		{"/a", "/b", "/b"}, {"/a/b", "..", "/a"}, {"/a", "../../../b", "/b"},
		{"/a", "./b//c/.", "/a/b/c"}, {"/a/b/", "../c", "/a/c"}, {"a", "b", "/a/b"},
		{"/", "..", "/"}, {"/ab", "../abc/..", "/"}, {"", "", "/"},
		{"/a", "...", "/a/..."}};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		cleanup_buf struct buf out = BUF(100);
		buf_add_text(&out, "what was there before");
		path_join(bytes_text(rows[at][0]), bytes_text(rows[at][1]), &out);
		assert_string_equal(buf_text(&out), rows[at][2]);
	}
}

static void
a_path_is_its_folder_and_its_name(void **state UNUSED)
{
	static const char *const rows[][3] = {{"/a/b", "/a", "b"}, {"/a", "/", "a"},
		{"a", ".", "a"}, {"a/b/c", "a/b", "c"}, {"a/", "a", ""}, {"/", "/", ""},
		{"", ".", ""}};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct bytes path = bytes_text(rows[at][0]);
		assert_true(bytes_equal_text(path_folder(path), rows[at][1]));
		assert_true(bytes_equal_text(path_name(path), rows[at][2]));
	}
}

static void
folders_are_made_where_they_are_missing(void **state)
{
	struct place *place = *state;
	struct stat status;
	char path[400];
	good(path_make_folders(place->fd, "made/a/b", 0755, &err));
	good(path_make_folders(place->fd, "made/a/b/c//d/", 0755, &err));
	assert_int_equal(fstatat(place->fd, "made/a/b/c/d", &status, 0), 0);
	assert_true(S_ISDIR(status.st_mode));
	(void)snprintf(path, sizeof path, "%s/absolute/a", place->path);
	good(path_make_folders(AT_FDCWD, path, 0755, &err));
	good(path_make_folders(place->fd, "absolute/a", 0755, &err));
	put(place->fd, "made/file", "x", 0644);
	bad(path_make_folders(place->fd, "made/file/a", 0755, &err), ERR_SYSTEM);
	bad(path_make_folders(place->fd, "made/file", 0755, &err), ERR_SYSTEM);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(a_tree_deeper_than_descriptors_reach_is_removed),
		in_place(removal_follows_no_link_and_opens_what_is_closed),
		cmocka_unit_test(a_name_is_one_part_of_a_path),
		cmocka_unit_test(a_join_is_normal_and_stays_beneath_the_root),
		cmocka_unit_test(a_path_is_its_folder_and_its_name),
		in_place(folders_are_made_where_they_are_missing),
	};
	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
