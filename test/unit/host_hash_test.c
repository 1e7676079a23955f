/* SPDX-License-Identifier: MPL-2.0 */
#include "base/digest.h"
#include "base/hash.h"

#include "guest_host/hash_thread.h"
#include "host_fixture.h"

static const struct {
	uint64_t algorithm;
	int32_t size;
	const char *abc;
} kinds[] = {
	{CAB_HASH_BLAKE3, 32, "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"},
	{CAB_HASH_SHA1, 20, "a9993e364706816aba3e25717850c26c9cd0d89d"},
	{CAB_HASH_SHA256, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{CAB_HASH_SHA512, 64,
		"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
	{CAB_HASH_CRC32, 4, "c2412435"},
	{CAB_HASH_SHA1_PLAIN, 20, "a9993e364706816aba3e25717850c26c9cd0d89d"},
	{CAB_HASH_CRC64, 8, "2776271a4a09d82c"},
	{CAB_HASH_XXH64, 8, "990977adf52cbc44"},
	{CAB_HASH_CRC32_BZIP2, 4, "73bb8c64"},
};

static void
expect_sum(struct host_fixture *fixture, size_t kind)
{
	char text[129];
	hex_print(bytes_of(fixture->host->memory, (size_t)kinds[kind].size), text);
	assert_string_equal(text, kinds[kind].abc);
	memset(fixture->host->memory, 0, 64);
}

static void
sums_are_the_published_ones_at_once_and_in_pieces(void **state)
{
	struct host_fixture *fixture = *state;
	fixture_put(fixture, 100, BYTES_LITERAL("abc"));
	for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
		for (int round = 0; round < 2; round++) {
			uint64_t algorithm = kinds[kind].algorithm;
			assert_int_equal(
				CALL(fixture, "hash", algorithm, 100, 3, 0), kinds[kind].size);
			expect_sum(fixture, kind);
			uint32_t handle = (uint32_t)CALL(fixture, "hash_new", algorithm);
			assert_int_equal(CALL(fixture, "hash_add", handle, 100, 1), 0);
			assert_int_equal(CALL(fixture, "hash_add", handle, 101, 2), 0);
			assert_int_equal(CALL(fixture, "hash_finish", handle, 0), kinds[kind].size);
			expect_sum(fixture, kind);
			assert_int_equal(
				CALL(fixture, "hash_finish", handle, 0), CAB_ERROR_INVALID);
		}
	}
}

static void
W4_a_sum_may_lie_where_its_data_is(void **state)
{
	struct host_fixture *fixture = *state;
	fixture_put(fixture, 0, BYTES_LITERAL("abc"));
	assert_int_equal(CALL(fixture, "hash", CAB_HASH_SHA256, 0, 3, 0), 32);
	expect_sum(fixture, 2);
}

static void
handles_run_out_and_come_back(void **state)
{
	struct host_fixture *fixture = *state;
	for (int32_t at = 0; at < CAB_HASH_HANDLES; at++)
		assert_int_equal(CALL(fixture, "hash_new", CAB_HASH_SHA1), at);
	assert_int_equal(CALL(fixture, "hash_new", CAB_HASH_SHA1), CAB_ERROR_LIMIT);
	assert_int_equal(CALL(fixture, "hash_finish", 3, 0), 20);
	assert_int_equal(CALL(fixture, "hash_new", CAB_HASH_SHA512), 3);
}

static void
what_is_not_there_is_refused_without_effect(void **state)
{
	struct host_fixture *fixture = *state;
	assert_int_equal(CALL(fixture, "hash_new", 9), CAB_ERROR_INVALID);
	assert_int_equal(CALL(fixture, "hash", 9, 0, 0, 0), CAB_ERROR_INVALID);
	assert_int_equal(CALL(fixture, "hash_add", 0, 0, 0), CAB_ERROR_INVALID);
	assert_int_equal(CALL(fixture, "hash_new", CAB_HASH_SHA256), 0);
	fixture_put(fixture, 100, BYTES_LITERAL("abc"));
	assert_int_equal(CALL(fixture, "hash_add", 0, 100, 3), 0);
	assert_int_equal(CALL(fixture, "hash_add", 0, FIXTURE_MEMORY - 2, 3), CAB_ERROR_FAULT);
	assert_int_equal(CALL(fixture, "hash_finish", 0, FIXTURE_MEMORY - 31), CAB_ERROR_FAULT);
	assert_int_equal(CALL(fixture, "hash_finish", 0, 0), 32);
	expect_sum(fixture, 2);
	assert_int_equal(
		CALL(fixture, "hash", CAB_HASH_SHA1, 0, 3, FIXTURE_MEMORY - 19), CAB_ERROR_FAULT);
}

/* The first 320 bytes of shattered-1.pdf; see hash_test.c. */
static const char collision[] =
	"255044462d312e330a25e2e3cfd30a0a0a312030206f626a0a3c3c2f57696474682032203020522f"
	"4865696768742033203020522f547970652034203020522f537562747970652035203020522f4669"
	"6c7465722036203020522f436f6c6f7253706163652037203020522f4c656e677468203820302052"
	"2f42697473506572436f6d706f6e656e7420383e3e0a73747265616d0affd8fffe00245348412d31"
	"20697320646561642121212121852fec092339759c39b1a1c63c4c97e1fffe017346dc9166b67e11"
	"8f029ab621b2560ff9ca67cca8c7f85ba84c79030c2b3de218f86db3a90901d5df45c14f26fedfb3"
	"dc38e96ac22fe7bd728f0e45bce046d23c570feb141398bb552ef5a0a82be331fea48037b8b5d71f"
	"0e332edf93ac3500eb4ddc0decc1a864790c782c76215660dd309791d06bd0af3f98cda4bc4629b1";

static void
P5_an_input_that_was_made_to_collide_has_no_sum(void **state)
{
	struct host_fixture *fixture = *state;
	uint8_t data[320];
	assert_true(hex_parse(bytes_text(collision), data));
	fixture_put(fixture, 100, bytes_of(data, sizeof data));
	assert_int_equal(CALL(fixture, "hash", CAB_HASH_SHA1, 100, 320, 0), CAB_ERROR_FAILED);
	assert_int_equal(fixture_u64(fixture, 0), 0);
	char room[200];
	assert_string_equal(
		fixture_log(fixture, room, sizeof room), "sha1: the input was made to collide\n");
}

/* The thread hashes the first of these, and the caller what comes while it has enough to do. */
static void
sums_are_the_same_whoever_hashes(void **state)
{
	enum { DATA = 48 << 10, AT = 1 << 10 };
	struct host_fixture *fixture = *state;
	struct err err;
	struct hash_thread *thread = hash_thread_start(&err);
	assert_non_null(thread);
	fixture->start.hash_thread = thread;
	uint8_t *data = fixture->host->memory + AT;
	for (size_t at = 0; at < DATA; at++)
		data[at] = (uint8_t)(at * at >> 3);
	struct hasher *hasher = hasher_new(HASH_SHA1);
	for (int round = 0; round < 4; round++) {
		for (int32_t at = 0; at < CAB_HASH_HANDLES; at++) {
			data[0] = (uint8_t)at;
			assert_int_equal(CALL(fixture, "hash_new", CAB_HASH_SHA1), at);
			for (size_t from = 0; from < DATA; from += DATA / 4)
				assert_int_equal(CALL(fixture, "hash_add", (uint32_t)at, AT + from,
							 DATA / 4),
					0);
		}
		for (int32_t at = 0; at < CAB_HASH_HANDLES; at++) {
			uint8_t sum[HASH_SIZE_MAX];
			data[0] = (uint8_t)at;
			hasher_add(hasher, bytes_of(data, DATA));
			assert_int_equal(hasher_finish(hasher, sum, &err), 20);
			assert_int_equal(CALL(fixture, "hash_finish", (uint32_t)at, 0), 20);
			assert_memory_equal(fixture->host->memory, sum, 20);
		}
	}
	hasher_free(hasher);
	hash_thread_stop(thread);
	fixture->start.hash_thread = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(sums_are_the_published_ones_at_once_and_in_pieces),
		FIXTURE_TEST(W4_a_sum_may_lie_where_its_data_is),
		FIXTURE_TEST(handles_run_out_and_come_back),
		FIXTURE_TEST(what_is_not_there_is_refused_without_effect),
		FIXTURE_TEST(P5_an_input_that_was_made_to_collide_has_no_sum),
		FIXTURE_TEST(sums_are_the_same_whoever_hashes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
