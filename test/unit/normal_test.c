/* SPDX-License-Identifier: MPL-2.0 */
#include "store/normal.h"

#include <sys/xattr.h>

#include "store_fixture.h"

static struct stat
status_at(const struct place *place, const char *name)
{
	struct stat status;
	assert_int_equal(fstatat(place->fd, name, &status, AT_SYMLINK_NOFOLLOW), 0);
	return status;
}

static void
a_kind_follows_from_type_and_the_owner_s_right_to_execute(void **state)
{
	(void)state;
	static const struct {
		mode_t mode;
		char kind; /* 0: refused */
		const char *word;
	} rows[] = {
		{S_IFDIR | 0755, TREE_DIRECTORY, ""},
		{S_IFDIR | 0000, TREE_DIRECTORY, ""},
		{S_IFLNK | 0777, TREE_SYMLINK, ""},
		{S_IFREG | 0644, TREE_FILE, ""},
		{S_IFREG | 0000, TREE_FILE, ""},
		{S_IFREG | 0611, TREE_FILE, ""},
		{S_IFREG | 06644, TREE_FILE, ""},
		{S_IFREG | 0744, TREE_EXECUTABLE, ""},
		{S_IFREG | 0100, TREE_EXECUTABLE, ""},
		{S_IFREG | 04755, TREE_EXECUTABLE, ""},
		{S_IFIFO | 0644, 0, "FIFO"},
		{S_IFSOCK | 0755, 0, "socket"},
		{S_IFCHR | 0666, 0, "device"},
		{S_IFBLK | 0666, 0, "device"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct stat status = {.st_mode = rows[at].mode};
		struct err failure;
		char kind = '?';
		bool is_kind = normal_kind(&status, &kind, &failure);
		assert_int_equal(is_kind, rows[at].kind != 0);
		assert_int_equal(kind, is_kind ? rows[at].kind : '?');
		if (is_kind)
			continue;
		assert_int_equal(failure.kind, ERR_REFUSED);
		assert_non_null(strstr(failure.text, rows[at].word));
	}
}

static void
what_is_not_normal_is_corrupt(void **state)
{
	(void)state;
	const struct stat file = {
		.st_mode = S_IFREG | 0444, .st_mtim = {.tv_sec = 1}, .st_uid = geteuid()};
	good(normal_check(&file, TREE_FILE, &err));
	struct stat other = file;
	other.st_mode = S_IFREG | 0555;
	bad(normal_check(&other, TREE_FILE, &err), ERR_CORRUPT);
	good(normal_check(&other, TREE_EXECUTABLE, &err));
	other.st_mode = S_IFREG | 04555;
	bad(normal_check(&other, TREE_EXECUTABLE, &err), ERR_CORRUPT);
	other = file;
	other.st_mtim.tv_nsec = 1;
	bad(normal_check(&other, TREE_FILE, &err), ERR_CORRUPT);
	other.st_mtim = (struct timespec){.tv_sec = 0};
	bad(normal_check(&other, TREE_FILE, &err), ERR_CORRUPT);
	other = file;
	other.st_uid = geteuid() + 1;
	bad(normal_check(&other, TREE_FILE, &err), ERR_CORRUPT);
	/* Root's is fine for everybody: a cache may be root's. */
	other.st_uid = 0;
	good(normal_check(&other, TREE_FILE, &err));
	/* A symlink has no mode of its own. */
	other.st_mode = S_IFLNK | 0777;
	good(normal_check(&other, TREE_SYMLINK, &err));
}

static void
a_file_becomes_normal_whatever_it_was(void **state)
{
	struct place *place = *state;
	static const mode_t modes[] = {0644, 0600, 0777, 06755, 01644, 0400};
	for (size_t at = 0; at < sizeof modes / sizeof *modes; at++) {
		put(place->fd, "file", "text", modes[at]);
		struct stat status = status_at(place, "file");
		char kind = 0;
		good(normal_kind(&status, &kind, &err));
		good(normal_make_open(place->fd, "file", &status, &err));
		cleanup_fd int fd = openat(place->fd, "file", O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		(void)fsetxattr(fd, "user.cab", "x", 1, 0);
		good(normal_make_file(fd, &status, kind, &err));
		good(normal_make_time(fd, &err));
		assert_int_equal(flistxattr(fd, NULL, 0) > 0, 0);
		status = status_at(place, "file");
		good(normal_check(&status, kind, &err));
		assert_int_equal(unlinkat(place->fd, "file", 0), 0);
	}
}

/* As an ordinary user would meet it: root reads everything, so the mode alone is looked at. */
static void
a_walk_can_go_on_after_make_open(void **state)
{
	struct place *place = *state;
	put(place->fd, "closed", "text", 0600);
	assert_int_equal(fchmodat(place->fd, "closed", 0000, 0), 0);
	put(place->fd, "run", "text", 0100);
	put_folder(place->fd, "folder");
	assert_int_equal(fchmodat(place->fd, "folder", 0000, 0), 0);
	put(place->fd, "link", "closed", 0);
	static const struct {
		const char *name;
		mode_t mode;
	} rows[] = {{"closed", 0400}, {"run", 0500}, {"folder", 0755}};
	for (size_t at = 0; at < 3; at++) {
		struct stat status = status_at(place, rows[at].name);
		good(normal_make_open(place->fd, rows[at].name, &status, &err));
		status = status_at(place, rows[at].name);
		assert_int_equal(status.st_mode & 07777, rows[at].mode);
	}
	/* What a link points to is not the link's affair. */
	assert_int_equal(fchmodat(place->fd, "closed", 0000, 0), 0);
	struct stat status = status_at(place, "link");
	good(normal_make_open(place->fd, "link", &status, &err));
	assert_int_equal(status_at(place, "closed").st_mode & 07777, 0);
}

static void
folders_and_links_are_sealed_in_place(void **state)
{
	struct place *place = *state;
	put_folder(place->fd, "folder");
	put(place->fd, "target", "text", 0644);
	put(place->fd, "link", "target", 0);
	struct stat before = status_at(place, "target");
	good(normal_seal(place->fd, "folder", TREE_DIRECTORY, false, &err));
	assert_int_equal(status_at(place, "folder").st_mode & 07777, 0755);
	assert_int_equal(status_at(place, "folder").st_mtim.tv_sec, 1);
	good(normal_seal(place->fd, "folder", TREE_DIRECTORY, true, &err));
	struct stat status = status_at(place, "folder");
	good(normal_check(&status, TREE_DIRECTORY, &err));
	good(normal_seal(place->fd, "link", TREE_SYMLINK, true, &err));
	status = status_at(place, "link");
	good(normal_check(&status, TREE_SYMLINK, &err));
	/* The link's own time, not its target's. */
	assert_int_equal(status_at(place, "target").st_mtim.tv_sec, before.st_mtim.tv_sec);
	/* A link where a folder was said to be is not followed. */
	put(place->fd, "false", "folder", 0);
	bad(normal_seal(place->fd, "false", TREE_DIRECTORY, true, &err), ERR_SYSTEM);
	bad(normal_seal(place->fd, "absent", TREE_SYMLINK, true, &err), ERR_NOT_FOUND);
}

static void
the_mode_of_a_kind_never_lets_anybody_write(void **state)
{
	(void)state;
	assert_int_equal(normal_mode(TREE_FILE), 0444);
	assert_int_equal(normal_mode(TREE_EXECUTABLE), 0555);
	assert_int_equal(normal_mode(TREE_DIRECTORY), 0555);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kind_follows_from_type_and_the_owner_s_right_to_execute),
		cmocka_unit_test(what_is_not_normal_is_corrupt),
		in_place(a_file_becomes_normal_whatever_it_was),
		in_place(a_walk_can_go_on_after_make_open),
		in_place(folders_and_links_are_sealed_in_place),
		cmocka_unit_test(the_mode_of_a_kind_never_lets_anybody_write),
	};
	return cmocka_run_group_tests_name("normal", tests, NULL, NULL);
}
