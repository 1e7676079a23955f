/* SPDX-License-Identifier: MPL-2.0 */
/* Row D3 of the threat matrix: each call that changes the disk fails once, at every place. The
 * linker leads the calls of the store here (--wrap). */
#include <errno.h>
#include <stdatomic.h>

#include "store/claim.h"
#include "store/store.h"
#include "store/verify.h"
#include "store_fixture.h"

static atomic_size_t calls;
static size_t fail_at = SIZE_MAX;
static int fail_with;
static const char *failed_call;

static bool
fails(const char *call)
{
	if (atomic_fetch_add(&calls, 1) != fail_at)
		return false;
	failed_call = call;
	errno = fail_with;
	return true;
}

/* A call, its parameters, and their names. */
#define WRAP(result, name, parameters, names)                                                      \
	result __real_##name parameters;                                                           \
	result __wrap_##name parameters;                                                           \
	result __wrap_##name parameters                                                            \
	{                                                                                          \
		return fails(#name) ? (result)-1 : __real_##name names;                            \
	}

WRAP(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
WRAP(int, renameat, (int from, const char *old, int to, const char *new), (from, old, to, new))
WRAP(int, linkat, (int from, const char *old, int to, const char *new, int flags),
	(from, old, to, new, flags))
WRAP(int, mkdirat, (int folder, const char *name, mode_t mode), (folder, name, mode))
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(int, fchmodat, (int folder, const char *name, mode_t mode, int flags),
	(folder, name, mode, flags))
WRAP(int, futimens, (int fd, const struct timespec *times), (fd, times))
WRAP(int, utimensat, (int folder, const char *name, const struct timespec *times, int flags),
	(folder, name, times, flags))
WRAP(int, fsync, (int fd), (fd))
WRAP(int, syncfs, (int fd), (fd))
WRAP(int, flock, (int fd, int operation), (fd, operation))

int __real_openat(int folder, const char *name, int flags, mode_t mode);
int __wrap_openat(int folder, const char *name, int flags, mode_t mode);
int
__wrap_openat(int folder, const char *name, int flags, mode_t mode)
{
	return fails("openat") ? -1 : __real_openat(folder, name, flags, mode);
}

static bool
import(struct store *store, struct object *object, struct err *err)
{
	struct staging staging = {.folder = -1};
	if (!store_stage(store, &staging, err))
		return false;
	size_t at = fail_at;
	/* The program's own writes are not the store's. */
	fail_at = SIZE_MAX;
	size_t before = atomic_load(&calls);
	put(staging.folder, "out/file", "the text", 0644);
	put(staging.folder, "out/run", "the program", 0755);
	put(staging.folder, "out/link", "file", 0);
	atomic_store(&calls, before);
	fail_at = at;
	struct store_add_options options = {.name = "object"};
	bool done = store_add(store, staging.folder, "out", &options, object, err);
	if (done) {
		struct claim claim = {.program = object->path, .format = "git", .value = "1"};
		claim.hash = object->hash;
		claim_put(store, &claim);
		done = store_sync(store, err);
		if (!done)
			object_release(object);
	}
	store_unstage(&staging);
	return done;
}

/* True when the fault came up at all. */
static bool
import_with_fault(struct place *place, size_t at, int number)
{
	place_open(place);
	struct err failure;
	struct object object = {0};
	atomic_store(&calls, 0);
	failed_call = NULL;
	fail_at = at;
	fail_with = number;
	err_clear(&failure);
	bool done = import(place->store, &object, &failure);
	fail_at = SIZE_MAX;
	const char *call = failed_call;
	if (!done && (!call || !failure.text[0]))
		fail_msg("failed without a fault: %s", failure.text);
	if (done)
		object_release(&object);
	/* Nothing half, here and for others; and the next try works. */
	struct verify_result result;
	good(store_verify(place->store, NULL, NULL, &result, &err));
	if (result.faults)
		fail_msg("%s failed with %d: %llu faults", call, number,
			(unsigned long long)result.faults);
	good(import(place->store, &object, &err));
	place_reopen(place);
	good(store_verify_object(place->store, &object.path, &err));
	good(store_verify(place->store, NULL, NULL, &result, &err));
	assert_int_equal(result.faults, 0);
	assert_int_equal(result.objects, 1);
	object_release(&object);
	store_close(place->store);
	place->store = NULL;
	good(path_remove(place->fd, "cull", &err));
	return call != NULL;
}

static void
every_place(struct place *place, int number)
{
	store_close(place->store);
	place->store = NULL;
	good(path_remove(place->fd, "cull", &err));
	size_t at = 0;
	while (import_with_fault(place, at, number))
		at++;
	print_message("# %s at %zu places\n", strerror(number), at);
	assert_true(at > 20);
}

static void
a_full_disk_at_any_place_leaves_nothing_half(void **state)
{
	every_place(*state, ENOSPC);
}

static void
a_broken_disk_at_any_place_leaves_nothing_half(void **state)
{
	every_place(*state, EIO);
}

static void
too_many_open_files_at_any_place_leave_nothing_half(void **state)
{
	every_place(*state, EMFILE);
}

static void
a_flush_that_failed_is_final_for_its_batch(void **state)
{
	struct place *place = *state;
	struct object object = add_text(place->store, "a", "text");
	size_t at = atomic_load(&calls);
	fail_with = EIO;
	fail_at = at;
	bad(store_sync(place->store, &err), ERR_SYSTEM);
	fail_at = SIZE_MAX;
	assert_string_equal(failed_call, "syncfs");
	/* What memory holds of it is not believed: tree and blobs are gone, and nothing is pending. */
	assert_int_equal(count_names(place, "cull/store"), 0);
	assert_int_equal(count_names(place, "cull/blobs"), 0);
	good(store_sync(place->store, &err));
	struct object found;
	bad(store_use(place->store, &object.path, &found, &err), ERR_NOT_FOUND);
	object_release(&object);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	if (access("/dev/shm", W_OK | X_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 0);
	const struct CMUnitTest tests[] = {
		in_place(a_full_disk_at_any_place_leaves_nothing_half),
		in_place(a_broken_disk_at_any_place_leaves_nothing_half),
		in_place(too_many_open_files_at_any_place_leave_nothing_half),
		in_place(a_flush_that_failed_is_final_for_its_batch),
	};
	return cmocka_run_group_tests_name("store_fault", tests, NULL, NULL);
}
