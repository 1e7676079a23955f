/* SPDX-License-Identifier: MPL-2.0 */
#include "store/claim.h"

#include "store/record.h"
#include "store_fixture.h"

static struct claim
sample(const char *format, const char *value)
{
	struct claim claim = {
		.program = digest_of(BYTES_LITERAL("island.wasm")),
		.hash = {'d', digest_of(BYTES_LITERAL("tree"))},
		.size = 12,
		.files = 3,
	};
	(void)stpcpy(claim.format, format);
	(void)stpcpy(claim.value, value);
	return claim;
}

static void
formats_and_values_are_those_of_a_line_of_the_fifo(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool format, value;
	} rows[] = {
		{"", false, false},
		{"a", true, true},
		{"git-tree", true, true},
		{"sha256.tar1", true, true},
		{"c++", true, true},
		{"1git", false, true},
		{"-git", false, true},
		{"Git", false, true},
		{"giT", false, true},
		{"git_tree", false, true},
		{"git tree", false, false},
		{"git\n", false, false},
		{"git\x7f", false, false},
		{"git\xc3\xa9", false, false},
		{"abcdefghijklmnopqrstuvwxyz012345", true, true},
		{"abcdefghijklmnopqrstuvwxyz0123456", false, true},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct bytes text = bytes_text(rows[at].text);
		if (claim_is_format(text) != rows[at].format ||
			claim_is_value(text) != rows[at].value)
			fail_msg("'%s'", rows[at].text);
	}
	assert_false(claim_is_format(bytes_of("a\0b", 3)));
	assert_false(claim_is_value(bytes_of("a\0b", 3)));
	char value[CLAIM_VALUE_MAX + 1];
	memset(value, '~', sizeof value);
	assert_true(claim_is_value(bytes_of(value, CLAIM_VALUE_MAX)));
	assert_false(claim_is_value(bytes_of(value, CLAIM_VALUE_MAX + 1)));
}

/* Whatever names the claim tells its key from others; what it says of the tree does not. */
static void
a_key_is_made_of_what_names_the_claim_and_of_nothing_else(void **state)
{
	(void)state;
	struct claim claim = sample("git", "1f0c");
	struct claim others[] = {claim, claim, claim, claim, claim, claim};
	others[0].program.bytes[31] ^= 1;
	others[1].scoped = true;
	others[2].scoped = true;
	others[2].scope.bytes[0] = 1;
	(void)stpcpy(others[3].value, "1f0d");
	(void)stpcpy(others[4].format, "git1");
	/* "git" "1f0c" is not "git1" "f0c": the space stands between them. */
	(void)stpcpy(others[5].format, "git1");
	(void)stpcpy(others[5].value, "f0c");
	struct digest keys[7] = {claim_key(&claim)};
	for (size_t at = 0; at < 6; at++)
		keys[at + 1] = claim_key(&others[at]);
	for (size_t left = 0; left < 7; left++)
		for (size_t right = 0; right < left; right++)
			assert_false(digest_equal(&keys[left], &keys[right]));
	struct claim same = claim;
	same.hash.digest.bytes[0] ^= 1;
	same.size = same.files = 99;
	same.scope.bytes[5] = 7;
	struct digest key = claim_key(&same);
	assert_true(digest_equal(&key, &keys[0]));
}

/* Neither a byte that is another nor an end that is missing. */
static void
is_believed_whole_alone(struct buf *text, const struct digest *key)
{
	struct claim back;
	for (size_t byte = 0; byte < text->size; byte++) {
		text->data[byte] ^= 1;
		struct bytes rest = buf_bytes(text);
		bad(claim_decode(&rest, key, &back, &err), ERR_CORRUPT);
		text->data[byte] ^= 1;
		rest = bytes_first(buf_bytes(text), byte);
		bad(claim_decode(&rest, key, &back, &err), ERR_CORRUPT);
	}
}

static void
a_record_reads_back_and_no_flipped_byte_is_believed(void **state)
{
	(void)state;
	struct claim claims[] = {sample("git", "1f0c"), sample("http", "x/%20?")};
	claims[1].scoped = true;
	claims[1].scope.bytes[3] = 9;
	claims[1].vouch = (struct vouch){VOUCH_KEY, "builder-1"};
	for (size_t at = 0; at < 2; at++) {
		cleanup_buf struct buf text = BUF(BUF_MAX);
		struct digest key = claim_key(&claims[at]);
		struct claim back;
		claim_encode(&claims[at], &text);
		struct bytes rest = buf_bytes(&text);
		good(claim_decode(&rest, &key, &back, &err));
		assert_int_equal(rest.size, 0);
		assert_string_equal(back.value, claims[at].value);
		assert_true(cab_hash_equal(&back.hash, &claims[at].hash));
		assert_int_equal(back.size, 12);
		assert_int_equal(back.files, 3);
		assert_int_equal(back.scoped, claims[at].scoped);
		assert_true(vouch_equal(&back.vouch, &claims[at].vouch));
		is_believed_whole_alone(&text, &key);
		/* A whole record in the file of another key is none of its. */
		key.bytes[0] ^= 1;
		rest = buf_bytes(&text);
		bad(claim_decode(&rest, &key, &back, &err), ERR_CORRUPT);
	}
}

static void
what_was_said_behind_it_is_kept_in_its_order(void **state)
{
	(void)state;
	struct claim claim = sample("git", "1f0c");
	struct digest key = claim_key(&claim);
	assert_true(claim_add_then(&claim, BYTES_LITERAL("git-tree"), BYTES_LITERAL("9ab1")));
	assert_true(claim_add_then(&claim, BYTES_LITERAL("mark"), BYTES_LITERAL("x%2")));
	cleanup_buf struct buf text = BUF(BUF_MAX);
	struct claim back;
	claim_encode(&claim, &text);
	assert_non_null(strstr(
		buf_text(&text), "\nfiles 3\nthen git-tree 9ab1\nthen mark x%2\nvouch self\n"));
	struct bytes rest = buf_bytes(&text);
	good(claim_decode(&rest, &key, &back, &err));
	assert_string_equal(back.then, "git-tree 9ab1\nmark x%2\n");
	is_believed_whole_alone(&text, &key);
	/* No more than a report has lines and bytes. */
	char value[CLAIM_VALUE_MAX + 1];
	memset(value, '~', sizeof value);
	struct bytes long_one = bytes_of(value, CLAIM_VALUE_MAX);
	for (size_t at = 2; at < CLAIM_THEN_LINES; at++)
		assert_true(claim_add_then(&claim, BYTES_LITERAL("a"), long_one));
	assert_false(claim_add_then(&claim, BYTES_LITERAL("a"), BYTES_LITERAL("b")));
	buf_clear(&text);
	claim_encode(&claim, &text);
	rest = buf_bytes(&text);
	good(claim_decode(&rest, &key, &back, &err));
	assert_string_equal(back.then, claim.then);
}

static void
what_was_said_behind_it_is_lines_of_a_report(void **state)
{
	(void)state;
	static const char *const rows[] = {"git-tree 9ab1", "git-tree", "Git 1", "a b c", "a ", ""};
	struct claim claim = sample("git", "1f0c");
	struct digest key = claim_key(&claim);
	for (size_t at = 0; at <= sizeof rows / sizeof *rows; at++) {
		cleanup_buf struct buf text = BUF(BUF_MAX);
		struct claim back;
		bool over = at == sizeof rows / sizeof *rows;
		size_t start = record_start(&text, "identity");
		record_add(&text, "program", "%s", digest_print(&claim.program).text);
		record_add(&text, "identity", "git 1f0c");
		record_add(&text, "hash", "%s", cab_hash_print(&claim.hash).text);
		record_add(&text, "size", "12");
		record_add(&text, "files", "3");
		for (size_t line = 0; line < (over ? CLAIM_THEN_LINES + 1 : 1); line++)
			record_add(&text, "then", "%s", over ? "a b" : rows[at]);
		record_add(&text, "vouch", "%s", "self");
		record_finish(&text, start);
		struct bytes rest = buf_bytes(&text);
		if (at == 0)
			good(claim_decode(&rest, &key, &back, &err));
		else
			bad(claim_decode(&rest, &key, &back, &err), ERR_CORRUPT);
	}
}

/* A record of before it was kept, and that of a later run. */
static void
a_later_record_that_says_more_is_the_one_that_counts(void **state)
{
	struct place *place = *state;
	struct claim claim = sample("git", "1f0c");
	claim_put(place->store, &claim);
	good(store_sync(place->store, &err));
	assert_true(claim_add_then(&claim, BYTES_LITERAL("git-tree"), BYTES_LITERAL("9ab1")));
	claim_put(place->store, &claim);
	good(store_sync(place->store, &err));
	place_reopen(place);
	struct claim asked = sample("git", "1f0c");
	good(claim_find(place->store, &asked, &err));
	assert_string_equal(asked.then, "git-tree 9ab1\n");
}

/* Lines with a good check that say what no claim may. */
static void
a_record_that_checks_and_breaks_a_rule_is_corrupt(void **state)
{
	(void)state;
	char digest[DIGEST_TEXT + 1];
	struct claim claim = sample("git", "1f0c");
	struct cab_hash_text hash = cab_hash_print(&claim.hash);
	(void)stpcpy(digest, digest_print(&claim.program).text);
	struct digest key = claim_key(&claim);
	const char *const rows[][5] = {
		{digest, "git 1f0c", hash.text, "12", "3"}, /* the one that is right */
		{digest, "git", hash.text, "12", "3"},
		{digest, " 1f0c", hash.text, "12", "3"},
		{digest, "git  1f0c", hash.text, "12", "3"},
		{digest, "Git 1f0c", hash.text, "12", "3"},
		{digest, "git 1f0c ", hash.text, "12", "3"},
		{"digest", "git 1f0c", hash.text, "12", "3"},
		{digest, "git 1f0c", digest, "12", "3"},
		{digest, "git 1f0c", hash.text, "-12", "3"},
		{digest, "git 1f0c", hash.text, "12", "03"},
		{digest, "git 1f0c", hash.text, "12", "18446744073709551616"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		cleanup_buf struct buf text = BUF(BUF_MAX);
		static const char *const names[] = {"program", "identity", "hash", "size", "files"};
		size_t start = record_start(&text, "identity");
		for (size_t line = 0; line < 5; line++)
			record_add(&text, names[line], "%s", rows[at][line]);
		record_add(&text, "vouch", "%s", "self");
		record_finish(&text, start);
		struct bytes rest = buf_bytes(&text);
		struct claim back;
		if (at == 0)
			good(claim_decode(&rest, &key, &back, &err));
		else
			bad(claim_decode(&rest, &key, &back, &err), ERR_CORRUPT);
	}
}

static void
our_own_word_counts_before_that_of_others(void **state)
{
	struct place *place = *state;
	struct claim hearsay = sample("git", "1f0c");
	hearsay.vouch = (struct vouch){VOUCH_REALIZER, "file:///other"};
	hearsay.hash.digest.bytes[0] ^= 1;
	claim_put(place->store, &hearsay);
	struct claim own = sample("git", "1f0c");
	claim_put(place->store, &own);
	good(store_sync(place->store, &err));
	place_reopen(place);
	struct claim asked = sample("git", "1f0c");
	asked.hash = (struct cab_hash){0};
	good(claim_find(place->store, &asked, &err));
	assert_true(cab_hash_equal(&asked.hash, &own.hash));
	assert_null(asked.cache);
	(void)stpcpy(asked.value, "1f0d");
	bad(claim_find(place->store, &asked, &err), ERR_NOT_FOUND);
}

static void
a_cache_is_asked_after_the_store_and_named(void **state)
{
	struct place *place = *state;
	char path[400];
	(void)snprintf(path, sizeof path, "%s/cache", place->path);
	struct store *cache;
	good((cache = store_open(path, STORE_CREATE, &err)));
	struct claim claim = sample("git", "1f0c");
	claim_put(cache, &claim);
	good(store_sync(cache, &err));
	store_close(cache);
	good((cache = store_open(path, STORE_READ_ONLY, &err)));
	store_add_cache(place->store, cache);
	struct claim asked = sample("git", "1f0c");
	asked.hash = (struct cab_hash){0};
	good(claim_find(place->store, &asked, &err));
	assert_true(cab_hash_equal(&asked.hash, &claim.hash));
	assert_non_null(asked.cache);
	assert_string_equal(asked.cache, store_root(cache));
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_and_values_are_those_of_a_line_of_the_fifo),
		cmocka_unit_test(a_key_is_made_of_what_names_the_claim_and_of_nothing_else),
		cmocka_unit_test(a_record_reads_back_and_no_flipped_byte_is_believed),
		cmocka_unit_test(what_was_said_behind_it_is_kept_in_its_order),
		cmocka_unit_test(what_was_said_behind_it_is_lines_of_a_report),
		in_place(a_later_record_that_says_more_is_the_one_that_counts),
		cmocka_unit_test(a_record_that_checks_and_breaks_a_rule_is_corrupt),
		in_place(our_own_word_counts_before_that_of_others),
		in_place(a_cache_is_asked_after_the_store_and_named),
	};
	return cmocka_run_group_tests_name("claim", tests, NULL, NULL);
}
