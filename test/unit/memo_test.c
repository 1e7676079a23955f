/* SPDX-License-Identifier: MPL-2.0 */
#include "store/memo.h"

#include "store/collect.h"
#include "store/verify.h"
#include "store_fixture.h"

static struct memo
sample(const struct object *object)
{
	struct memo memo = {
		.program = digest_of(BYTES_LITERAL("program")),
		.derivation = digest_of(BYTES_LITERAL("derivation")),
		.object = reference_of(object),
		.hash = object->hash,
		.identities = {{BYTES_LITERAL("git"), BYTES_LITERAL("1f0c")},
			{BYTES_LITERAL("git-tree"), BYTES_LITERAL("9ab1")}},
		.identity_count = 2,
		.data = BYTES_LITERAL("opaque\0bytes\n"),
	};
	return memo;
}

static void
a_memo_is_found_by_program_and_derivation(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_text(place->store, "a", "text");
	struct memo memo = sample(&object);
	cleanup_memo struct memo found = {.file = BUF(0)};
	bad(memo_find(place->store, &memo.program, &memo.derivation, &found, &err), ERR_NOT_FOUND);
	good(memo_put(place->store, &memo, &err));
	good(memo_find(place->store, &memo.program, &memo.derivation, &found, &err));
	assert_true(bytes_equal(found.data, memo.data));
	assert_true(cab_hash_equal(&found.hash, &memo.hash));
	assert_true(digest_equal(&found.object.path, &object.path));
	assert_int_equal(found.identity_count, 2);
	assert_true(bytes_equal_text(found.identities[1].format, "git-tree"));
	assert_true(bytes_equal_text(found.identities[1].value, "9ab1"));
	bad(memo_find(place->store, &memo.derivation, &memo.program, &found, &err), ERR_NOT_FOUND);
	/* The same without its bytes. */
	cleanup_memo struct memo record = {.file = BUF(0)};
	good(memo_find_record(place->store, &memo.program, &memo.derivation, &record, &err));
	assert_true(cab_hash_equal(&record.hash, &memo.hash));
	assert_true(bytes_equal_text(record.identities[1].value, "9ab1"));
	assert_int_equal(record.data.size, 0);
	bad(memo_find_record(place->store, &memo.derivation, &memo.program, &record, &err),
		ERR_NOT_FOUND);
	struct digest key = memo_key(&memo.program, &memo.derivation);
	assert_string_equal(
		digest_print(&key).text, "2gfakfsugv26bqsr4uvvcrfixawx3e6hmhfgjbjydqqg6zfwn6nq");
}

static void
the_newest_counts_until_it_is_dropped(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_text(place->store, "a", "text");
	struct memo memo = sample(&object);
	good(memo_put(place->store, &memo, &err));
	memo.data = BYTES_LITERAL("newer");
	memo.identity_count = 0;
	good(memo_put(place->store, &memo, &err));
	struct memo found;
	good(memo_find(place->store, &memo.program, &memo.derivation, &found, &err));
	assert_true(bytes_equal_text(found.data, "newer"));
	assert_int_equal(found.identity_count, 0);
	memo_release(&found);
	memo_drop(place->store, &memo.program, &memo.derivation);
	memo_drop(place->store, &memo.program, &memo.derivation);
	bad(memo_find(place->store, &memo.program, &memo.derivation, &found, &err), ERR_NOT_FOUND);
}

static void
each_changed_byte_is_found(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_text(place->store, "a", "text");
	struct memo memo = sample(&object);
	struct digest key = memo_key(&memo.program, &memo.derivation);
	cleanup_buf struct buf file = BUF(1 << 16);
	struct memo found;
	memo_encode(&memo, &file);
	good(memo_decode(buf_bytes(&file), &key, true, &found, &err));
	for (size_t at = 0; at < file.size; at++) {
		file.data[at] ^= 1;
		bad(memo_decode(buf_bytes(&file), &key, true, &found, &err), ERR_CORRUPT);
		file.data[at] ^= 1;
		bad(memo_decode(bytes_first(buf_bytes(&file), at), &key, true, &found, &err),
			ERR_CORRUPT);
	}
	bad(memo_decode(buf_bytes(&file), &memo.program, true, &found, &err), ERR_CORRUPT);
	/* The record alone is enough to tell whose it is. */
	struct bytes head = bytes_first(buf_bytes(&file), file.size - memo.data.size);
	good(memo_decode(head, &key, false, &found, &err));
	assert_true(digest_equal(&found.object.path, &object.path));
	assert_int_equal(found.data.size, 0);
}

static void
gc_takes_a_memo_with_its_object(void **state)
{
	struct place *place = *state;
	struct object object = add_text(place->store, "a", "text");
	struct memo memo = sample(&object);
	struct memo found;
	struct verify_result verified;
	good(memo_put(place->store, &memo, &err));
	good(store_sync(place->store, &err));
	good(store_verify(place->store, NULL, NULL, &verified, &err));
	assert_int_equal(verified.faults, 0);
	struct collect_options options = {0};
	struct collect_result result;
	good(store_collect(place->store, &options, &result, &err));
	good(memo_find(place->store, &memo.program, &memo.derivation, &found, &err));
	memo_release(&found);
	object_release(&object);
	place_reopen(place);
	good(store_collect(place->store, &options, &result, &err));
	bad(memo_find(place->store, &memo.program, &memo.derivation, &found, &err), ERR_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
		TEST(a_memo_is_found_by_program_and_derivation),
		TEST(the_newest_counts_until_it_is_dropped),
		TEST(each_changed_byte_is_found),
		TEST(gc_takes_a_memo_with_its_object),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
