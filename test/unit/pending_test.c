/* SPDX-License-Identifier: MPL-2.0 */
#include "store/claim.h"
#include "store/internal.h"
#include "store_fixture.h"

static const struct shard_name name = {"aa/aaaaaa"};

static void
expect_record(const struct store *store, enum store_folder folder, const char *text)
{
	cleanup_buf struct buf out = BUF(BUF_MAX);
	good(store_record(store, folder, &name, &out, &err));
	assert_string_equal(buf_text(&out), text);
}

static void
a_record_is_kept_or_added_to_by_its_rule(void **state)
{
	struct place *place = *state;
	struct store *store = place->store;
	cleanup_buf struct buf out = BUF(BUF_MAX);
	assert_int_equal(store_pending(store, FOLDER_READS, &name).size, 0);
	bad(store_record(store, FOLDER_READS, &name, &out, &err), ERR_NOT_FOUND);
	store_pend(store, FOLDER_READS, &name, PENDING_UNION, BYTES_LITERAL("old"));
	store_pend(store, FOLDER_READS, &name, PENDING_UNION, BYTES_LITERAL("new"));
	expect_record(store, FOLDER_READS, "new");
	store_pend(store, FOLDER_NODES, &name, PENDING_KEEP, BYTES_LITERAL("old"));
	store_pend(store, FOLDER_NODES, &name, PENDING_KEEP, BYTES_LITERAL("new"));
	expect_record(store, FOLDER_NODES, "new");
	store_pend(store, FOLDER_IDENTITIES, &name, PENDING_APPEND, BYTES_LITERAL("one,"));
	store_pend(store, FOLDER_IDENTITIES, &name, PENDING_APPEND, BYTES_LITERAL("two"));
	expect_record(store, FOLDER_IDENTITIES, "one,two");
	/* One name in two folders is two records. */
	expect_record(store, FOLDER_READS, "new");
	bad(store_record(store, FOLDER_OBJECTS, &name, &out, &err), ERR_NOT_FOUND);
	store_drop_pending(store);
	bad(store_record(store, FOLDER_READS, &name, &out, &err), ERR_NOT_FOUND);
	assert_false(store->dirty);
}

static void
what_is_pending_stands_before_what_is_on_the_disk(void **state)
{
	struct place *place = *state;
	struct store *store = place->store;
	good(store_write_record(
		store, FOLDER_IDENTITIES, name.text, BYTES_LITERAL("disk"), false, &err));
	expect_record(store, FOLDER_IDENTITIES, "disk");
	store_pend(store, FOLDER_IDENTITIES, &name, PENDING_APPEND, BYTES_LITERAL("pending,"));
	expect_record(store, FOLDER_IDENTITIES, "pending,disk");
	cleanup_buf struct buf out = BUF(BUF_MAX);
	good(store_record_file(store, FOLDER_IDENTITIES, name.text, &out, &err));
	assert_string_equal(buf_text(&out), "disk");
	cleanup_buf struct buf small = BUF(3);
	bad(store_record_file(store, FOLDER_IDENTITIES, name.text, &small, &err), ERR_LIMIT);
	store_drop_pending(store);
}

static void
a_record_is_written_whole_under_its_name(void **state)
{
	struct place *place = *state;
	struct store *store = place->store;
	struct stat first, second;
	good(store_write_record(store, FOLDER_READS, name.text, BYTES_LITERAL("1"), false, &err));
	assert_int_equal(fstatat(place->fd, "cull/reads/aa/aaaaaa", &first, 0), 0);
	assert_int_equal(first.st_mode & 07777, 0444);
	cleanup_fd int reader = openat(place->fd, "cull/reads/aa/aaaaaa", O_RDONLY | O_CLOEXEC);
	good(store_write_record(store, FOLDER_READS, name.text, BYTES_LITERAL("22"), true, &err));
	assert_int_equal(fstatat(place->fd, "cull/reads/aa/aaaaaa", &second, 0), 0);
	/* Another file: whoever reads the old one reads it to its end. */
	assert_true(first.st_ino != second.st_ino);
	char byte[4] = "";
	assert_int_equal(read(reader, byte, sizeof byte), 1);
	assert_string_equal(byte, "1");
	/* A name that cannot be had leaves no half record in the work folder. */
	put_folder(place->fd, "cull/reads/bb/taken/full");
	bad(store_write_record(store, FOLDER_READS, "bb/taken", BYTES_LITERAL("x"), true, &err),
		ERR_SYSTEM);
	assert_int_equal(count_names(place, "cull/staging"), 1);
}

/* What is there and does not decode goes; what decodes stays beside the new; nothing stands twice. */
static void
blocks_are_added_to_those_of_a_file_that_decode(void **state)
{
	struct place *place = *state;
	struct claim own = {.format = "git", .value = "1f0c", .hash = {.kind = 'd'}};
	struct claim signed_one = own;
	signed_one.vouch = (struct vouch){VOUCH_KEY, "builder"};
	struct digest key = claim_key(&own);
	struct shard_name shard = shard_digest(&key);
	cleanup_buf struct buf file = BUF(BUF_MAX);
	cleanup_buf struct buf both = BUF(BUF_MAX);
	claim_encode(&signed_one, &file);
	claim_encode(&signed_one, &both);
	claim_encode(&own, &both);
	buf_add(&file, BYTES_LITERAL("cab identity 1\ntorn"));
	good(store_write_record(
		place->store, FOLDER_IDENTITIES, shard.text, buf_bytes(&file), false, &err));
	for (int round = 0; round < 2; round++) {
		claim_put(place->store, &own);
		claim_put(place->store, &signed_one);
		good(store_sync(place->store, &err));
		cleanup_buf struct buf out = BUF(BUF_MAX);
		good(store_record_file(place->store, FOLDER_IDENTITIES, shard.text, &out, &err));
		assert_true(bytes_equal(buf_bytes(&out), buf_bytes(&both)));
	}
}

static void
an_object_s_record_that_holds_is_kept_and_another_is_replaced(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_text(place->store, "object", "text");
	struct shard_name shard = shard_digest(&object.path);
	cleanup_buf struct buf before = BUF(BUF_MAX);
	good(store_sync(place->store, &err));
	good(store_record_file(place->store, FOLDER_OBJECTS, shard.text, &before, &err));
	struct object other = object;
	other.vouch = (struct vouch){VOUCH_KEY, "builder"};
	cleanup_buf struct buf record = BUF(BUF_MAX);
	object_encode(&other, &other.hash, &record);
	for (int damaged = 0; damaged < 2; damaged++) {
		char path[200];
		(void)snprintf(path, sizeof path, "cull/objects/%s", shard.text);
		if (damaged)
			flip_byte(place, path, 20);
		store_pend(place->store, FOLDER_OBJECTS, &shard, PENDING_KEEP, buf_bytes(&record));
		good(store_sync(place->store, &err));
		cleanup_buf struct buf after = BUF(BUF_MAX);
		good(store_record_file(place->store, FOLDER_OBJECTS, shard.text, &after, &err));
		assert_true(bytes_equal(buf_bytes(&after), buf_bytes(damaged ? &record : &before)));
	}
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(a_record_is_kept_or_added_to_by_its_rule),
		in_place(what_is_pending_stands_before_what_is_on_the_disk),
		in_place(a_record_is_written_whole_under_its_name),
		in_place(blocks_are_added_to_those_of_a_file_that_decode),
		in_place(an_object_s_record_that_holds_is_kept_and_another_is_replaced),
	};
	return cmocka_run_group_tests_name("pending", tests, NULL, NULL);
}
