/* SPDX-License-Identifier: MPL-2.0 */
#include "store/blob.h"

#include "store/internal.h"
#include "store_fixture.h"

static const char *
blob_path(const struct digest *digest, const char *ending, char text[128])
{
	(void)snprintf(text, 128, "cull/blobs/%s%s", digest_print(digest).text, ending);
	return text;
}

static void
reads(const struct place *place, const struct digest *digest, const char *expected)
{
	cleanup_buf struct buf found = BUF(BUF_MAX);
	good(blob_read(place->store, digest, &found, &err));
	assert_string_equal(found.size ? buf_text(&found) : "", expected);
}

static struct digest
write_text(const struct place *place, const char *text)
{
	struct digest digest = digest_of(bytes_text(text));
	good(blob_write(place->store, &digest, bytes_text(text), &err));
	return digest;
}

static void
a_blob_is_written_once_and_read_by_its_hash(void **state)
{
	struct place *place = *state;
	struct stat first, second;
	char path[128];
	struct digest digest = write_text(place, "hello");
	assert_int_equal(fstatat(place->fd, blob_path(&digest, "", path), &first, 0), 0);
	assert_int_equal(first.st_mode & 07777, 0444);
	assert_int_equal(first.st_mtim.tv_sec, 1);
	reads(place, &digest, "hello");
	(void)write_text(place, "hello");
	assert_int_equal(fstatat(place->fd, path, &second, 0), 0);
	assert_int_equal(first.st_ino, second.st_ino);
	cleanup_buf struct buf none = BUF(BUF_MAX);
	struct digest absent = digest_of(BYTES_LITERAL("absent"));
	bad(blob_read(place->store, &absent, &none, &err), ERR_NOT_FOUND);
}

static void
the_empty_content_needs_no_blob(void **state)
{
	struct place *place = *state;
	struct digest digest = write_text(place, "");
	reads(place, &digest, "");
	assert_int_equal(count_names(place, "cull/blobs"), 0);
}

static void
an_executable_blob_is_as_good_as_a_plain_one(void **state)
{
	struct place *place = *state;
	struct staging staging = stage(place->store);
	put(staging.folder, "out", "#!/bin/sh\n", 0755);
	cleanup_object UNUSED struct object object = add(place->store, &staging, "script");
	struct digest digest = digest_of(BYTES_LITERAL("#!/bin/sh\n"));
	reads(place, &digest, "#!/bin/sh\n");
	(void)write_text(place, "#!/bin/sh\n");
	assert_int_equal(count_names(place, "cull/blobs"), 1);
	/* Damaged it is told so, not that there is none. */
	char path[128];
	flip_byte(place, blob_path(&digest, ".x", path), 2);
	cleanup_buf struct buf none = BUF(BUF_MAX);
	bad(blob_read(place->store, &digest, &none, &err), ERR_CORRUPT);
	/* The plain one beside it is taken instead. */
	(void)write_text(place, "#!/bin/sh\n");
	reads(place, &digest, "#!/bin/sh\n");
}

static void
a_damaged_blob_is_replaced_whatever_it_became(void **state)
{
	struct place *place = *state;
	char path[128];
	struct digest digest = write_text(place, "hello");
	flip_byte(place, blob_path(&digest, "", path), 0);
	cleanup_buf struct buf none = BUF(BUF_MAX);
	bad(blob_read(place->store, &digest, &none, &err), ERR_CORRUPT);
	assert_int_equal(none.size, 0);
	(void)write_text(place, "hello");
	reads(place, &digest, "hello");

	/* Longer than it may be, empty, and a link that leads nowhere. */
	assert_int_equal(unlinkat(place->fd, path, 0), 0);
	put(place->fd, path, "hello and more than that", 0444);
	(void)write_text(place, "hello");
	reads(place, &digest, "hello");
	assert_int_equal(unlinkat(place->fd, path, 0), 0);
	put(place->fd, path, "", 0444);
	(void)write_text(place, "hello");
	reads(place, &digest, "hello");
	assert_int_equal(unlinkat(place->fd, path, 0), 0);
	put(place->fd, path, "../../nowhere", 0);
	(void)write_text(place, "hello");
	struct stat status;
	assert_int_equal(fstatat(place->fd, path, &status, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(status.st_mode));
}

static void
a_blob_above_the_ceiling_is_not_read(void **state)
{
	struct place *place = *state;
	struct digest digest = write_text(place, "0123456789");
	cleanup_buf struct buf small = BUF(9);
	bad(blob_read(place->store, &digest, &small, &err), ERR_LIMIT);
	cleanup_buf struct buf exact = BUF(10);
	good(blob_read(place->store, &digest, &exact, &err));
	/* What the buffer holds already counts. */
	bad(blob_read(place->store, &digest, &exact, &err), ERR_LIMIT);
}

static void
check_is(const struct place *place, const char *path, const char *text, char kind, bool whole)
{
	cleanup_fd int fd = openat(place->fd, path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	struct digest digest = digest_of(bytes_text(text));
	struct err err;
	bool found = blob_check(fd, &digest, kind, &err);
	if (found != whole)
		fail_msg("%s", found ? "taken for whole" : err.text);
	if (!found)
		assert_int_equal(err.kind, ERR_CORRUPT);
}

static void
a_check_sees_bytes_mode_and_time(void **state)
{
	struct place *place = *state;
	char path[128];
	struct digest digest = write_text(place, "hello");
	(void)blob_path(&digest, "", path);
	check_is(place, path, "hello", 'f', true);
	check_is(place, path, "hallo", 'f', false);
	check_is(place, path, "hello", 'x', false);
	assert_int_equal(fchmodat(place->fd, path, 0644, 0), 0);
	check_is(place, path, "hello", 'f', false);
	assert_int_equal(fchmodat(place->fd, path, 0444, 0), 0);
	const struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
	assert_int_equal(utimensat(place->fd, path, now, 0), 0);
	check_is(place, path, "hello", 'f', false);
	check_is(place, "cull/blobs", "", 'f', false);
}

static void
a_copy_replaces_nothing_and_leaves_nothing_half(void **state)
{
	struct place *place = *state;
	put(place->fd, "from", "hello", 0644);
	put(place->fd, "there", "kept", 0644);
	cleanup_fd int from = openat(place->fd, "from", O_RDONLY | O_CLOEXEC);
	bad(blob_copy(place->store, from, place->fd, "there", &err), ERR_SYSTEM);
	good(blob_copy(place->store, from, place->fd, "to", &err));
	cleanup_buf struct buf text = BUF(BUF_MAX);
	good(fd_read_file(place->fd, "to", &text, &err));
	good(fd_read_file(place->fd, "there", &text, &err));
	assert_string_equal(buf_text(&text), "hellokept");
	/* A folder cannot be read: the name that was begun is gone. */
	cleanup_fd int folder = openat(place->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bad(blob_copy(place->store, folder, place->fd, "half", &err), ERR_SYSTEM);
	assert_int_equal(faccessat(place->fd, "half", F_OK, 0), -1);
}

static void
a_damaged_blob_is_replaced_by_the_file_of_a_new_object(void **state)
{
	struct place *place = *state;
	char path[128];
	cleanup_object UNUSED struct object first = add_text(place->store, "first", "shared");
	struct digest digest = digest_of(BYTES_LITERAL("shared"));
	flip_byte(place, blob_path(&digest, "", path), 1);
	cleanup_object struct object second = add_text(place->store, "second", "shared");
	reads(place, &digest, "shared");
	cleanup_buf struct buf text = BUF(BUF_MAX);
	char file[1024];
	good(fd_read_file(place->fd, lies_at(&second, "file", file), &text, &err));
	assert_string_equal(buf_text(&text), "shared");
}

#define blob_test(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		blob_test(a_blob_is_written_once_and_read_by_its_hash),
		blob_test(the_empty_content_needs_no_blob),
		blob_test(an_executable_blob_is_as_good_as_a_plain_one),
		blob_test(a_damaged_blob_is_replaced_whatever_it_became),
		blob_test(a_blob_above_the_ceiling_is_not_read),
		blob_test(a_check_sees_bytes_mode_and_time),
		blob_test(a_copy_replaces_nothing_and_leaves_nothing_half),
		blob_test(a_damaged_blob_is_replaced_by_the_file_of_a_new_object),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
