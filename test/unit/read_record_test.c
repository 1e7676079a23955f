/* SPDX-License-Identifier: MPL-2.0 */
#include "store/internal.h"
#include "store/read.h"
#include "store/record.h"
#include "store_fixture.h"

enum { LINES_MAX = 4 };

struct digests {
	struct digest all[4]; /* sorted */
	char text[4][DIGEST_TEXT + 1];
};

static struct digests
sorted(void)
{
	struct digests digests = {0};
	for (uint8_t at = 0; at < 4; at++) {
		digests.all[at].bytes[0] = at;
		(void)stpcpy(digests.text[at], digest_print(&digests.all[at]).text);
	}
	return digests;
}

static bool
decode_lines(const char *const lines[][2], const struct cab_hash *hash, struct read_record *out,
	struct err *err)
{
	cleanup_buf struct buf text = BUF(BUF_MAX);
	size_t start = record_start(&text, "read");
	for (size_t at = 0; at < LINES_MAX && lines[at][0]; at++)
		record_add(&text, lines[at][0], "%s", lines[at][1]);
	record_finish(&text, start);
	return read_record_decode(buf_bytes(&text), hash, out, err);
}

static void
a_record_reads_back_whatever_it_lists(void **state)
{
	(void)state;
	struct digests digests = sorted();
	struct cab_hash hash = {'d', digests.all[3]};
	for (size_t nodes = 0; nodes <= 4; nodes++)
		for (size_t blobs = 0; blobs <= 4; blobs++) {
			struct read_record record = {hash, digests.all, nodes, digests.all, blobs};
			struct read_record back;
			cleanup_buf struct buf text = BUF(BUF_MAX);
			read_record_encode(&record, &text);
			good(read_record_decode(buf_bytes(&text), &hash, &back, &err));
			assert_int_equal(back.node_count, nodes);
			assert_int_equal(back.blob_count, blobs);
			for (size_t at = 0; at < nodes; at++)
				assert_true(digest_equal(&back.nodes[at], &digests.all[at]));
			for (size_t at = 0; at < blobs; at++)
				assert_true(digest_equal(&back.blobs[at], &digests.all[at]));
			read_record_release(&back);
			assert_int_equal(back.node_count, 0);
		}
}

static void
no_flipped_or_missing_byte_is_believed(void **state)
{
	(void)state;
	struct digests digests = sorted();
	struct cab_hash hash = {'d', digests.all[3]};
	struct read_record record = {hash, digests.all, 2, digests.all, 1};
	struct read_record back;
	cleanup_buf struct buf text = BUF(BUF_MAX);
	read_record_encode(&record, &text);
	for (size_t at = 0; at < text.size; at++) {
		text.data[at] ^= 1;
		bad(read_record_decode(buf_bytes(&text), &hash, &back, &err), ERR_CORRUPT);
		text.data[at] ^= 1;
		bad(read_record_decode(bytes_first(buf_bytes(&text), at), &hash, &back, &err),
			ERR_CORRUPT);
	}
	hash.kind = 'f';
	bad(read_record_decode(buf_bytes(&text), &hash, &back, &err), ERR_CORRUPT);
	hash.kind = 'd';
	buf_add_byte(&text, '\n');
	bad(read_record_decode(buf_bytes(&text), &hash, &back, &err), ERR_CORRUPT);
}

static void
a_record_that_checks_and_breaks_a_rule_is_corrupt(void **state)
{
	(void)state;
	struct digests digests = sorted();
	struct cab_hash hash = {'d', digests.all[3]};
	struct cab_hash_text name = cab_hash_print(&hash);
	const char *const rows[][LINES_MAX][2] = {
		{{"node", digests.text[0]}},
		{{"hash", digests.text[3]}},
		{{"hash", name.text}, {"node", name.text}},
		{{"hash", name.text}, {"node", digests.text[1]}, {"node", digests.text[0]}},
		{{"hash", name.text}, {"node", digests.text[1]}, {"node", digests.text[1]}},
		{{"hash", name.text}, {"blob", digests.text[1]}, {"blob", digests.text[0]}},
		{{"hash", name.text}, {"blob", digests.text[1]}, {"node", digests.text[2]}},
		{{"hash", name.text}, {"node", digests.text[1]}, {"blob", digests.text[2]},
			{"leaf", digests.text[3]}},
		{{"hash", name.text}, {"hash", name.text}},
	};
	struct read_record back;
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		bad(decode_lines(rows[at], &hash, &back, &err), ERR_CORRUPT);
	const char *const right[LINES_MAX][2] = {
		{"hash", name.text}, {"node", digests.text[1]}, {"blob", digests.text[1]}};
	good(decode_lines(right, &hash, &back, &err));
	read_record_release(&back);
}

static void
a_record_is_found_by_its_hash_or_not_at_all(void **state)
{
	struct place *place = *state;
	struct digests digests = sorted();
	struct cab_hash hash = {'d', digests.all[3]};
	struct read_record record = {hash, digests.all, 2, digests.all, 1};
	struct read_record back;
	bad(read_record_find(place->store, &hash, &back, &err), ERR_NOT_FOUND);
	cleanup_buf struct buf text = BUF(BUF_MAX);
	read_record_encode(&record, &text);
	struct shard_name shard = shard_hash(&hash);
	good(store_write_record(
		place->store, FOLDER_READS, shard.text, buf_bytes(&text), false, &err));
	good(read_record_find(place->store, &hash, &back, &err));
	assert_int_equal(back.node_count, 2);
	read_record_release(&back);
	/* One that lies under another's name says nothing of that one. */
	hash.kind = 'x';
	bad(read_record_find(place->store, &hash, &back, &err), ERR_NOT_FOUND);
	shard = shard_hash(&hash);
	good(store_write_record(
		place->store, FOLDER_READS, shard.text, buf_bytes(&text), false, &err));
	bad(read_record_find(place->store, &hash, &back, &err), ERR_CORRUPT);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_reads_back_whatever_it_lists),
		cmocka_unit_test(no_flipped_or_missing_byte_is_believed),
		cmocka_unit_test(a_record_that_checks_and_breaks_a_rule_is_corrupt),
		in_place(a_record_is_found_by_its_hash_or_not_at_all),
	};
	return cmocka_run_group_tests_name("read_record", tests, NULL, NULL);
}
