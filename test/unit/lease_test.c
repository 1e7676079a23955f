/* SPDX-License-Identifier: MPL-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
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
		bool done = own && lease_add(own, LEASE_BLOB, digest_print(&digest).text, &err);
		if (write(ends[1], done ? "y" : "n", 1) == 1)
			(void)pause();
		_exit(1);
	}
	char answer = 0;
	assert_int_equal(read(ends[0], &answer, 1), 1);
	assert_int_equal(answer, 'y');
	assert_true(is_leased(place->store, LEASE_BLOB, &digest));
	/* Reading as gc does takes nothing away from the living. */
	assert_true(is_leased(place->store, LEASE_BLOB, &digest));
	assert_int_equal(leases(place), 1);
	assert_int_equal(kill(child, SIGKILL), 0);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_false(is_leased(place->store, LEASE_BLOB, &digest));
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

static void
what_a_full_disk_cut_off_takes_no_later_line_with_it(void **state)
{
	struct place *place = *state;
	struct digest digests[2] = {digest_number(1), digest_number(2)};
	struct rlimit before;
	struct stat status;
	good(lease_add_many(place->store, LEASE_NODE, digests, 1, &err));
	assert_int_equal(fstat(place->store->lease, &status), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	struct rlimit full = {(rlim_t)status.st_size + 20, before.rlim_max};
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	bad(lease_add(place->store, LEASE_OBJECT, digest_print(&digests[0]).text, &err),
		ERR_SYSTEM);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	/* Part of the line is there. */
	assert_int_equal(fstat(place->store->lease, &status), 0);
	assert_int_equal(status.st_size, full.rlim_cur);
	good(lease_add(place->store, LEASE_OBJECT, digest_print(&digests[1]).text, &err));
	assert_true(is_leased(place->store, LEASE_OBJECT, &digests[1]));
	assert_true(is_leased(place->store, LEASE_NODE, &digests[0]));
}

static void
a_line_of_another_form_keeps_nothing(void **state)
{
	(void)state;
	struct map all = {0};
	struct digest digest = digest_number(1);
	struct cab_hash hash = {'d', digest};
	char text[1024];
	(void)snprintf(text, sizeof text,
		"o%s\nr%s\nr%040d\nx%s\nd%s\no%s \no\n\nb%.51s\nr%039d\nr%s",
		digest_print(&digest).text, cab_hash_print(&hash).text, 7,
		digest_print(&digest).text, digest_print(&digest).text, digest_print(&digest).text,
		digest_print(&digest).text, 7, digest_print(&digest).text);
	lease_decode(bytes_text(text), &all);
	assert_int_equal(all.size, 3);
	map_release(&all);
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
		lease_test(what_a_full_disk_cut_off_takes_no_later_line_with_it),
		cmocka_unit_test(a_line_of_another_form_keeps_nothing),
		lease_test(a_lease_that_cannot_be_written_is_an_error_and_counts_for_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
