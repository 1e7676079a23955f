/* SPDX-License-Identifier: MPL-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "store/internal.h"
#include "store_fixture.h"

static struct digest
digest_number(unsigned number)
{
	return digest_of(bytes_of(&number, sizeof number));
}

static size_t
leases(const struct place *place)
{
	return count_names(place, "cull/lease");
}

/* Whether living processes have leased it, read as gc does. */
static bool
is_leased(struct store *store, enum lease_kind kind, const struct digest *digest)
{
	struct map all = {0};
	char key[72];
	(void)snprintf(key, sizeof key, "%c%s", kind, digest_print(digest).text);
	good(store_lock(store, true, &err));
	good(lease_read_all(store, &all, &err));
	store_unlock(store);
	bool leased = map_has(&all, bytes_text(key));
	map_release(&all);
	return leased;
}

static void
a_lease_is_made_by_the_first_that_needs_it_and_ends_with_the_store(void **state)
{
	struct place *place = *state;
	struct digest digest = digest_number(1);
	assert_int_equal(leases(place), 0);
	good(lease_add_many(place->store, LEASE_OBJECT, NULL, 0, &err));
	assert_int_equal(leases(place), 0);
	good(lease_add(place->store, LEASE_OBJECT, digest_print(&digest).text, &err));
	assert_int_equal(leases(place), 1);
	assert_true(is_leased(place->store, LEASE_OBJECT, &digest));
	assert_false(is_leased(place->store, LEASE_BLOB, &digest));
	place_reopen(place);
	assert_int_equal(leases(place), 0);
	assert_false(is_leased(place->store, LEASE_OBJECT, &digest));
}

static void
what_is_leased_already_is_not_written_again(void **state)
{
	struct place *place = *state;
	struct digest digests[3] = {digest_number(1), digest_number(2), digest_number(3)};
	struct stat before, after;
	good(lease_add_many(place->store, LEASE_NODE, digests, 2, &err));
	assert_int_equal(fstat(place->store->lease, &before), 0);
	good(lease_add_many(place->store, LEASE_NODE, digests, 2, &err));
	assert_int_equal(fstat(place->store->lease, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	good(lease_add_many(place->store, LEASE_NODE, digests, 3, &err));
	assert_int_equal(fstat(place->store->lease, &after), 0);
	assert_int_equal(after.st_size, before.st_size / 2 * 3);
	for (size_t at = 0; at < 3; at++)
		assert_true(is_leased(place->store, LEASE_NODE, &digests[at]));
}

static void
a_lease_holds_while_its_process_lives_and_is_swept_after_it(void **state)
{
	struct place *place = *state;
	struct digest digest = digest_number(7);
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fflush(NULL), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct err err;
		struct store *own = store_open(place->root, 0, &err);
		bool done = own && lease_add(own, LEASE_READ, digest_print(&digest).text, &err);
		if (write(ends[1], done ? "y" : "n", 1) == 1)
			(void)pause();
		_exit(1);
	}
	char answer = 0;
	assert_int_equal(read(ends[0], &answer, 1), 1);
	assert_int_equal(answer, 'y');
	assert_true(is_leased(place->store, LEASE_READ, &digest));
	/* Reading as gc does takes nothing away from the living. */
	assert_true(is_leased(place->store, LEASE_READ, &digest));
	assert_int_equal(leases(place), 1);
	assert_int_equal(kill(child, SIGKILL), 0);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_false(is_leased(place->store, LEASE_READ, &digest));
	assert_int_equal(leases(place), 0);
	fd_close(ends[0]);
	fd_close(ends[1]);
}

static void
a_line_that_was_cut_off_takes_no_other_with_it(void **state)
{
	struct place *place = *state;
	struct digest digest = digest_number(1);
	char text[256];
	/* As a full disk leaves it: the writer lives, its last line does not end. */
	(void)snprintf(text, sizeof text, "\n\no%s\no%.20s", digest_print(&digest).text,
		digest_print(&digest).text);
	put(place->fd, "cull/lease/other", text, 0644);
	cleanup_fd int fd = openat(place->fd, "cull/lease/other", O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_true(is_leased(place->store, LEASE_OBJECT, &digest));
	assert_int_equal(leases(place), 1);
}

static void
a_lease_that_cannot_be_written_is_an_error_and_counts_for_nothing(void **state)
{
	struct place *place = *state;
	struct digest digest = digest_number(1);
	good(lease_add(place->store, LEASE_OBJECT, digest_print(&digest).text, &err));
	struct digest other = digest_number(2);
	cleanup_fd int whole = place->store->lease;
	place->store->lease = openat(place->fd, "cull/version", O_RDONLY | O_CLOEXEC);
	bad(lease_add(place->store, LEASE_OBJECT, digest_print(&other).text, &err), ERR_SYSTEM);
	fd_close(place->store->lease);
	place->store->lease = fd_take(&whole);
	/* Asked again it is written, for nobody believes that it was. */
	good(lease_add(place->store, LEASE_OBJECT, digest_print(&other).text, &err));
	assert_true(is_leased(place->store, LEASE_OBJECT, &other));
}

#define lease_test(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		lease_test(a_lease_is_made_by_the_first_that_needs_it_and_ends_with_the_store),
		lease_test(what_is_leased_already_is_not_written_again),
		lease_test(a_lease_holds_while_its_process_lives_and_is_swept_after_it),
		lease_test(a_line_that_was_cut_off_takes_no_other_with_it),
		lease_test(a_lease_that_cannot_be_written_is_an_error_and_counts_for_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
