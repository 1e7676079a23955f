/* SPDX-License-Identifier: MPL-2.0 */
#include "island/local_tree.h"

#include <time.h>

#include "store/stat_cache.h"
#include "store_fixture.h"

static void
shell(const struct place *place, const char *script)
{
	char command[4096];
	(void)snprintf(command, sizeof command,
		"cd %s && export HOME=%s GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a "
		"GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b && "
		"{ %s; } >/dev/null 2>log || { cat log >&2; exit 1; }",
		place->path, place->path, script);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	if (pclose(pipe) != 0)
		fail_msg("%s", script);
}

static const char *
inside(const struct place *place, const char *name, char path[512])
{
	(void)snprintf(path, 512, "%s/%s", place->path, name);
	return path;
}

static struct cab_hash
hash_of(const struct place *place, const char *name)
{
	struct tree_facts facts;
	char parent[512];
	(void)snprintf(parent, sizeof parent, "%.*s", BYTES_ARGS(path_folder(bytes_text(name))));
	cleanup_fd int folder = openat(place->fd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(folder >= 0);
	(void)snprintf(parent, sizeof parent, "%.*s", BYTES_ARGS(path_name(bytes_text(name))));
	good(store_hash_tree(folder, parent, NULL, NULL, &facts, &err));
	return facts.hash;
}

static struct cab_hash
read_tree(const struct place *place, const char *name, size_t *read_out)
{
	char path[512];
	cleanup_local_tree struct local_tree tree = {0};
	good(local_tree_read(&tree, place->store, inside(place, name, path), &err));
	if (read_out)
		*read_out = tree.read;
	return tree.hash;
}

static void
same(struct cab_hash left, struct cab_hash right)
{
	assert_string_equal(cab_hash_print(&left).text, cab_hash_print(&right).text);
}

/* What git would add now, taken out again beside it. */
static void
is_what_git_would_add(const struct place *place)
{
	shell(place, "rm -rf out index; cp -p repository/.git/index index 2>/dev/null || :; "
		     "export GIT_INDEX_FILE=\"$PWD/index\"; git -C repository add --all && "
		     "git -C repository checkout-index --all --prefix=\"$PWD/out/\"");
	same(read_tree(place, "repository", NULL), hash_of(place, "out"));
}

#define REPOSITORY                                                                                 \
	"mkdir -p repository && cd repository && git init -q . && "                                \
	"mkdir -p src/deep empty/er build && printf 'int x;' >src/a.c && "                         \
	"printf '#!/bin/sh\\n' >src/run && chmod 755 src/run && ln -s src link && "                \
	"ln -s nowhere dangling && printf o >src/a.o && printf k >src/keep.o && "                  \
	"printf b >build/made && printf t >tracked.o && printf d >src/deep/d && "                  \
	"printf n >\"$(printf 'n\\377me')\" && : >none && "                                        \
	"printf '*.o\\n!keep.o\\n/build/\\n' >.gitignore && printf '/deep\\n' >src/.gitignore"

static void
a_repository_is_what_git_would_add(void **state)
{
	struct place *place = *state;
	shell(place, REPOSITORY);
	is_what_git_would_add(place);
	shell(place, "cd repository && git add -f tracked.o && git add . && git commit -qm one");
	is_what_git_would_add(place);
	/* Changes that are not committed, files that are gone, files that became folders. */
	shell(place, "cd repository && printf 'int y;' >src/a.c && rm none && mkdir none && "
		     "printf f >none/file && printf new >untracked && rm link && printf l >link");
	is_what_git_would_add(place);
	/* What is tracked stays although it is ignored by now. */
	shell(place, "cd repository && printf '*\\n' >.gitignore");
	is_what_git_would_add(place);
}

static void
a_repository_within_is_an_empty_folder(void **state)
{
	struct place *place = *state;
	shell(place,
		REPOSITORY " && git add . && git commit -qm one && git init -q vendor/other && "
			   "cd vendor/other && printf x >file && git add . && "
			   "git commit -qm two");
	is_what_git_would_add(place);
	struct stat status;
	assert_int_equal(fstatat(place->fd, "out/vendor/other", &status, 0), 0);
	assert_int_equal(faccessat(place->fd, "out/vendor/other/file", F_OK, 0), -1);
}

static void
a_folder_that_is_ignored_or_in_no_repository_is_taken_whole(void **state)
{
	struct place *place = *state;
	shell(place, REPOSITORY " && mkdir build/empty && printf o >build/x.o");
	same(read_tree(place, "repository/build", NULL), hash_of(place, "repository/build"));
	put(place->fd, "plain/.gitignore", "*\n", 0644);
	put(place->fd, "plain/file.o", "x", 0755);
	put(place->fd, "plain/link", "file.o", 0);
	put_folder(place->fd, "plain/empty");
	same(read_tree(place, "plain", NULL), hash_of(place, "plain"));
	/* A file, and one that may be executed. */
	same(read_tree(place, "plain/file.o", NULL), hash_of(place, "plain/file.o"));
	same(read_tree(place, "plain/.gitignore", NULL), hash_of(place, "plain/.gitignore"));
}

static void
a_folder_of_a_repository_follows_the_rules_above_it(void **state)
{
	struct place *place = *state;
	shell(place, REPOSITORY " && mkdir ../expected && cp -P src/a.c src/run src/keep.o "
				"src/.gitignore ../expected/");
	same(read_tree(place, "repository/src", NULL), hash_of(place, "expected"));
}

/* Until what was written last is older than the clock of files. */
static void
let_time_pass(const struct place *place)
{
	put(place->fd, "clock", "x", 0644);
	struct stat status;
	assert_int_equal(fstatat(place->fd, "clock", &status, 0), 0);
	const struct timespec pause = {.tv_nsec = 2000000};
	while (!stat_cache_keeps(&status, stat_cache_now()))
		(void)nanosleep(&pause, NULL);
}

static void
what_did_not_change_is_not_read_again_and_what_did_is(void **state)
{
	struct place *place = *state;
	shell(place, REPOSITORY);
	let_time_pass(place);
	size_t read = 0;
	struct cab_hash first = read_tree(place, "repository", &read);
	assert_true(read > 0);
	struct cab_hash second = read_tree(place, "repository", &read);
	assert_int_equal(read, 0);
	same(first, second);
	/* As long as before, and as old: only the inode knows. */
	shell(place, "cd repository/src && touch -r a.c ../../old && printf 'int z;' >a.c && "
		     "touch -r ../../old a.c");
	struct cab_hash third = read_tree(place, "repository", &read);
	assert_int_equal(read, 1);
	assert_false(digest_equal(&third.digest, &first.digest));
	is_what_git_would_add(place);
	/* A mode is no change of bytes, but one of the tree. */
	let_time_pass(place);
	(void)read_tree(place, "repository", &read);
	shell(place, "chmod 755 repository/src/a.c");
	struct cab_hash fourth = read_tree(place, "repository", &read);
	assert_false(digest_equal(&fourth.digest, &third.digest));
	is_what_git_would_add(place);
}

static void
a_copy_is_the_tree_that_was_read(void **state)
{
	struct place *place = *state;
	char path[512];
	shell(place, REPOSITORY);
	cleanup_local_tree struct local_tree tree = {0};
	good(local_tree_read(&tree, place->store, inside(place, "repository", path), &err));
	good(local_tree_copy(&tree, place->fd, "copy", &err));
	same(tree.hash, hash_of(place, "copy"));
	assert_int_equal(faccessat(place->fd, "copy/.git", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	struct err failure;
	assert_false(local_tree_copy(&tree, place->fd, "copy", &failure));
	/* A file that is gone meanwhile is an error, not a hole. */
	assert_int_equal(unlinkat(place->fd, "repository/src/a.c", 0), 0);
	assert_false(local_tree_copy(&tree, place->fd, "second", &failure));
	assert_non_null(strstr(failure.text, "src/a.c"));
}

/* The names that a listing has, each followed by its kind; "whole" where no rules hold. */
static const char *
listed(const struct place *place, const char *name, char out[512])
{
	char path[512];
	cleanup_local_tree struct local_tree tree = {0};
	struct err err;
	bool ruled = false;
	if (!local_tree_list(&tree, inside(place, name, path), &ruled, &err))
		fail_msg("%s", err.text);
	if (!ruled)
		return "whole";
	size_t size = 0;
	out[0] = '\0';
	const struct local_entry *entries = tree.entries.data;
	for (uint32_t at = entries[0].first; at; at = entries[at].next)
		if (entries[at].kind)
			size += (size_t)snprintf(out + size, 512 - size, "%s:%c ",
				(const char *)entries[at].path.data, entries[at].kind);
	return out;
}

static void
a_listing_has_what_the_rules_leave_and_no_folder_without_it(void **state)
{
	struct place *place = *state;
	char out[512];
	shell(place, REPOSITORY
		" && mkdir -p gone/deep && : >gone/deep/x.o && mkdir -p deep/er && : >deep/er/b && "
		": >deep/er/c.o && ln -s src to_src");
	const char *names = listed(place, "repository", out);
	assert_non_null(strstr(names, "deep:d "));
	assert_non_null(strstr(names, "to_src:l "));
	assert_non_null(strstr(names, ".gitignore:f "));
	assert_null(strstr(names, "gone:"));
	assert_null(strstr(names, "build:"));
	assert_null(strstr(names, ".git:"));
	assert_string_equal(listed(place, "repository/deep", out), "er:d ");
	assert_string_equal(listed(place, "repository/deep/er", out), "b:f ");
	assert_string_equal(listed(place, "repository/gone", out), "");
	/* An ignored folder, a link, a file and nothing: these are not this one's to list. */
	assert_string_equal(listed(place, "repository/build", out), "whole");
	assert_string_equal(listed(place, "repository/to_src", out), "whole");
	assert_string_equal(listed(place, "repository/deep/er/b", out), "whole");
	assert_string_equal(listed(place, "repository/none/such", out), "whole");
}

static void
what_is_not_there_is_an_error_with_its_path(void **state)
{
	struct place *place = *state;
	char path[512];
	cleanup_local_tree struct local_tree tree = {0};
	struct err failure;
	assert_false(local_tree_read(&tree, place->store, inside(place, "absent", path), &failure));
	assert_non_null(strstr(failure.text, "absent"));
}

#define tree_test(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_repository_is_what_git_would_add),
		tree_test(a_repository_within_is_an_empty_folder),
		tree_test(a_folder_that_is_ignored_or_in_no_repository_is_taken_whole),
		tree_test(a_folder_of_a_repository_follows_the_rules_above_it),
		tree_test(what_did_not_change_is_not_read_again_and_what_did_is),
		tree_test(a_copy_is_the_tree_that_was_read),
		tree_test(a_listing_has_what_the_rules_leave_and_no_folder_without_it),
		tree_test(what_is_not_there_is_an_error_with_its_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
