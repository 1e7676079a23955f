/* SPDX-License-Identifier: MPL-2.0 */
#include "store/verify.h"

#include "store/claim.h"
#include "store/read.h"
#include "store/realization.h"
#include "store_fixture.h"

struct faults {
	size_t count;
	char last[512];
};

static void
note_fault(void *context, const char *sentence)
{
	struct faults *faults = context;
	faults->count++;
	(void)snprintf(faults->last, sizeof faults->last, "%s", sentence);
}

static struct faults
verify(struct store *store)
{
	struct faults faults = {0};
	struct verify_result result;
	good(store_verify(store, note_fault, &faults, &result, &err));
	assert_int_equal(result.faults, faults.count);
	return faults;
}

static void
expect_fault(struct store *store, const char *what)
{
	struct faults faults = verify(store);
	if (faults.count == 0)
		fail_msg("no fault was found: %s", what);
}

static struct object
add_small(struct store *store)
{
	struct staging staging = stage(store);
	put(staging.folder, "out/bin/run", "run!", 0755);
	put(staging.folder, "out/data", "data", 0644);
	put(staging.folder, "out/link", "data", 0);
	struct object object = add(store, &staging, "small");
	good(store_sync(store, &err));
	return object;
}

static void
every_flipped_byte_of_an_object_is_found(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_small(place->store);
	assert_int_equal(verify(place->store).count, 0);
	static const char *const files[] = {"bin/run", "data"};
	char path[1024];
	for (size_t file = 0; file < 2; file++)
		for (off_t at = 0; at < 4; at++) {
			(void)lies_at(&object, files[file], path);
			flip_byte(place, path, at);
			expect_fault(place->store, path);
			flip_byte(place, path, at);
		}
	assert_int_equal(verify(place->store).count, 0);
}

static void
other_changes_to_an_object_are_found(void **state)
{
	struct place *place = *state;
	char path[1024];
	char other[1024];
	cleanup_object struct object object = add_small(place->store);
	assert_int_equal(fchmodat(place->fd, lies_at(&object, "data", path), 0644, 0), 0);
	expect_fault(place->store, "mode");
	assert_int_equal(fchmodat(place->fd, path, 0444, 0), 0);
	assert_int_equal(fchmodat(place->fd, lies_at(&object, "", path), 0755, 0), 0);
	/* Swapped, renamed, gone, and one more: what each leaves behind is another tree. */
	assert_int_equal(renameat(place->fd, lies_at(&object, "data", path), place->fd,
				 lies_at(&object, "date", other)),
		0);
	struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	assert_int_equal(utimensat(place->fd, lies_at(&object, "", path), times, 0), 0);
	expect_fault(place->store, "renamed");
	assert_int_equal(unlinkat(place->fd, other, 0), 0);
	expect_fault(place->store, "removed");
	good(path_remove(place->fd, path, &err));
	expect_fault(place->store, "a tree that is gone");
}

static void
a_writable_root_is_mended(void **state)
{
	struct place *place = *state;
	char path[1024];
	struct stat status;
	cleanup_object struct object object = add_small(place->store);
	assert_int_equal(fchmodat(place->fd, lies_at(&object, "", path), 0755, 0), 0);
	struct verify_result result;
	good(store_verify(place->store, NULL, NULL, &result, &err));
	assert_int_equal(result.faults, 0);
	assert_int_equal(result.mended, 1);
	assert_int_equal(fstatat(place->fd, path, &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0555);
}

static void
damaged_blobs_nodes_and_records_are_found(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_small(place->store);
	struct read_source source = {.hash = &object.hash, .name = "small"};
	cleanup_buf struct buf text = BUF(100);
	good(read_file(place->store, &source, BYTES_LITERAL("data"), &text, &err));
	struct claim claim = {.program = object.path, .format = "git", .value = "1"};
	claim.hash = object.hash;
	claim_put(place->store, &claim);
	struct realization realization = {.kind = REALIZATION_RESOLVED};
	struct realization_output *output = array_push(&realization.outputs);
	*output = (struct realization_output){.output = "out", .hash = object.hash};
	output->object = reference_of(&object);
	realization_put(place->store, &realization);
	good(store_sync(place->store, &err));
	realization_release(&realization);
	assert_int_equal(verify(place->store).count, 0);
	static const char *const folders[] = {
		"blobs", "nodes", "objects/??", "identities/??", "realizations/??", "reads/??"};
	for (size_t at = 0; at < sizeof folders / sizeof *folders; at++) {
		char command[600];
		char path[512] = "";
		(void)snprintf(command, sizeof command, "cd %s && ls -d cull/%s/* | head -1",
			place->path, folders[at]);
		FILE *pipe = popen(command, "r");
		assert_non_null(fgets(path, sizeof path, pipe));
		assert_int_equal(pclose(pipe), 0);
		path[strcspn(path, "\n")] = '\0';
		for (off_t byte = 0; byte < 4; byte++) {
			flip_byte(place, path, byte);
			expect_fault(place->store, path);
			flip_byte(place, path, byte);
		}
	}
	assert_int_equal(verify(place->store).count, 0);
}

static void
objects_that_were_swapped_are_found(void **state)
{
	struct place *place = *state;
	cleanup_object struct object first = add_text(place->store, "same", "1");
	cleanup_object struct object second = add_text(place->store, "same", "2");
	good(store_sync(place->store, &err));
	char path[1024];
	char other[1024];
	(void)lies_at(&first, "", path);
	(void)lies_at(&second, "", other);
	assert_int_equal(renameat(place->fd, path, place->fd, "cull/x"), 0);
	assert_int_equal(renameat(place->fd, other, place->fd, path), 0);
	assert_int_equal(renameat(place->fd, "cull/x", place->fd, other), 0);
	assert_int_equal(verify(place->store).count, 2);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(every_flipped_byte_of_an_object_is_found),
		in_place(other_changes_to_an_object_are_found),
		in_place(a_writable_root_is_mended),
		in_place(damaged_blobs_nodes_and_records_are_found),
		in_place(objects_that_were_swapped_are_found),
	};
	return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
