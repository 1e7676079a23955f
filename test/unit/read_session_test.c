/* SPDX-License-Identifier: MPL-2.0 */
#include "store/read_session.h"

#include "store_fixture.h"

static const struct cab_hash hash = {.kind = 'd', .digest = {.bytes = {7}}};

static struct digest
number(uint8_t at)
{
	return (struct digest){.bytes = {at}};
}

static struct read_session *
session_of(struct store *store)
{
	struct read_session *session = NULL;
	good(read_session_get(store, &hash, &session, &err));
	return session;
}

static void
a_session_is_one_for_each_hash_and_leases_it(void **state)
{
	struct place *place = *state;
	struct read_session *session = session_of(place->store);
	assert_ptr_equal(session_of(place->store), session);
	struct cab_hash other = {'f', hash.digest};
	struct read_session *second;
	good(read_session_get(place->store, &other, &second, &err));
	assert_ptr_not_equal(second, session);
	struct map all = {0};
	char key[72];
	(void)snprintf(key, sizeof key, "%c%s", LEASE_READ, cab_hash_print(&hash).text);
	good(store_lock(place->store, true, &err));
	good(lease_read_all(place->store, &all, &err));
	store_unlock(place->store);
	assert_true(map_has(&all, bytes_text(key)));
	map_release(&all);
}

static void
what_was_read_is_listed_from_the_next_sync_on(void **state)
{
	struct place *place = *state;
	struct read_session *session = session_of(place->store);
	struct digest one = number(1);
	struct digest two = number(2);
	read_session_add(place->store, session, LEASE_NODE, &two);
	read_session_add(place->store, session, LEASE_NODE, &one);
	read_session_add(place->store, session, LEASE_NODE, &one);
	read_session_add(place->store, session, LEASE_BLOB, &one);
	assert_true(read_session_has(session, LEASE_NODE, &one));
	/* A node and a blob of one digest are two things. */
	assert_false(read_session_has(session, LEASE_BLOB, &two));
	struct read_record record;
	bad(read_record_find(place->store, &hash, &record, &err), ERR_NOT_FOUND);
	good(store_sync(place->store, &err));
	good(read_record_find(place->store, &hash, &record, &err));
	assert_int_equal(record.node_count, 2);
	assert_int_equal(record.blob_count, 1);
	assert_true(digest_equal(&record.nodes[0], &one));
	read_record_release(&record);
	place_reopen(place);
	session = session_of(place->store);
	assert_true(read_session_has(session, LEASE_NODE, &two));
	assert_true(read_session_has(session, LEASE_BLOB, &one));
	assert_false(session->more);
}

static void
two_processes_that_read_lose_nothing_of_each_other(void **state)
{
	struct place *place = *state;
	struct store *second;
	struct digest one = number(1);
	struct digest two = number(2);
	good((second = store_open(place->root, 0, &err)));
	read_session_add(place->store, session_of(place->store), LEASE_NODE, &one);
	read_session_add(second, session_of(second), LEASE_NODE, &two);
	good(store_sync(place->store, &err));
	good(store_sync(second, &err));
	store_close(second);
	struct read_record record;
	good(read_record_find(place->store, &hash, &record, &err));
	assert_int_equal(record.node_count, 2);
	read_record_release(&record);
}

static void
a_damaged_record_counts_as_empty_and_is_replaced(void **state)
{
	struct place *place = *state;
	struct digest one = number(1);
	struct digest two = number(2);
	read_session_add(place->store, session_of(place->store), LEASE_BLOB, &one);
	good(store_sync(place->store, &err));
	char path[200];
	(void)snprintf(path, sizeof path, "cull/reads/%s", shard_hash(&hash).text);
	flip_byte(place, path, 30);
	place_reopen(place);
	struct read_session *session = session_of(place->store);
	assert_false(read_session_has(session, LEASE_BLOB, &one));
	read_session_add(place->store, session, LEASE_BLOB, &two);
	good(store_sync(place->store, &err));
	struct read_record record;
	good(read_record_find(place->store, &hash, &record, &err));
	assert_int_equal(record.blob_count, 1);
	assert_true(digest_equal(&record.blobs[0], &two));
	read_record_release(&record);
}

static void
a_merge_lists_what_either_lists_sorted(void **state)
{
	(void)state;
	struct digest odd[] = {number(1), number(3), number(5)};
	struct digest even[] = {number(2), number(3), number(4)};
	struct read_record left = {hash, odd, 3, odd, 0};
	struct read_record right = {hash, even, 3, even, 1};
	cleanup_buf struct buf old = BUF(BUF_MAX);
	cleanup_buf struct buf added = BUF(BUF_MAX);
	read_record_encode(&left, &old);
	read_record_encode(&right, &added);
	const struct {
		struct bytes old;
		size_t nodes, blobs;
	} rows[] = {
		{buf_bytes(&old), 5, 1},
		{bytes_of(NULL, 0), 3, 1},
		{bytes_text("rubbish"), 3, 1},
		{buf_bytes(&added), 3, 1},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		cleanup_buf struct buf both = BUF(BUF_MAX);
		struct read_record record;
		read_session_merge(shard_hash(&hash).text, rows[at].old, buf_bytes(&added), &both);
		good(read_record_decode(buf_bytes(&both), &hash, &record, &err));
		assert_int_equal(record.node_count, rows[at].nodes);
		assert_int_equal(record.blob_count, rows[at].blobs);
		read_record_release(&record);
	}
}

static void
a_cache_is_read_without_a_lease(void **state)
{
	struct place *place = *state;
	struct digest one = number(1);
	read_session_add(place->store, session_of(place->store), LEASE_NODE, &one);
	good(store_sync(place->store, &err));
	place_reopen(place);
	struct store *cache;
	good((cache = store_open(place->root, STORE_READ_ONLY, &err)));
	assert_true(read_session_has(session_of(cache), LEASE_NODE, &one));
	assert_int_equal(count_names(place, "cull/lease"), 0);
	store_close(cache);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(a_session_is_one_for_each_hash_and_leases_it),
		in_place(what_was_read_is_listed_from_the_next_sync_on),
		in_place(two_processes_that_read_lose_nothing_of_each_other),
		in_place(a_damaged_record_counts_as_empty_and_is_replaced),
		cmocka_unit_test(a_merge_lists_what_either_lists_sorted),
		in_place(a_cache_is_read_without_a_lease),
	};
	return cmocka_run_group_tests_name("read_session", tests, NULL, NULL);
}
