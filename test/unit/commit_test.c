/* SPDX-License-Identifier: MPL-2.0 */
#include "store/commit.h"

#include "git_sample.h"
#include "store/collect.h"
#include "store/root.h"
#include "store_fixture.h"

/* A commit of "f" and "d/g": its ids, and files of records of its trees and of each content. */
struct sample {
	struct git_id revision;
	struct git_id f;
	struct git_id g;
	struct buf trees;
	struct buf contents;
};

static struct sample
sample_make(bool sha256)
{
	struct sample sample = {.trees = BUF(4096), .contents = BUF(4096)};
	cleanup_buf struct buf inner = BUF(1000);
	cleanup_buf struct buf top = BUF(1000);
	cleanup_buf struct buf commit = BUF(1000);
	sample.f = git_sample_id("blob", BYTES_LITERAL("f\n"), sha256);
	sample.g = git_sample_id("blob", BYTES_LITERAL("g\n"), sha256);
	git_sample_entry(&inner, "100755", "g", &sample.g);
	struct git_id folder = git_sample_id("tree", buf_bytes(&inner), sha256);
	git_sample_entry(&top, "40000", "d", &folder);
	git_sample_entry(&top, "100644", "f", &sample.f);
	git_sample_entry(&top, "120000", "l", &sample.f);
	git_sample_entry(&top, "160000", "s", &sample.f);
	struct git_id root = git_sample_id("tree", buf_bytes(&top), sha256);
	git_sample_commit(&commit, &root);
	sample.revision = git_sample_id("commit", buf_bytes(&commit), sha256);
	git_sample_record(&sample.trees, &sample.revision, buf_bytes(&commit));
	git_sample_record(&sample.trees, &root, buf_bytes(&top));
	git_sample_record(&sample.trees, &folder, buf_bytes(&inner));
	git_sample_record(&sample.contents, &sample.f, BYTES_LITERAL("f\n"));
	return sample;
}

static void
sample_release(struct sample *sample)
{
	buf_release(&sample->trees);
	buf_release(&sample->contents);
}

#define cleanup_sample __attribute__((cleanup(sample_release)))

static struct commit *
commit_of(struct place *place, const struct sample *sample)
{
	struct commit *commit;
	good((commit = commit_open(place->store, &sample->revision, &err)));
	return commit;
}

static void
expect_kind(struct commit *commit, const char *path, char kind, bool is_submodule)
{
	struct commit_entry entry;
	good(commit_find(commit, bytes_text(path), &entry, &err));
	assert_int_equal(entry.kind, kind);
	assert_true(entry.is_submodule == is_submodule);
}

static void
expect_content(struct commit *commit, const struct git_id *id, const char *text)
{
	cleanup_buf struct buf out = BUF(100);
	good(commit_read(commit, id, &out, &err));
	assert_string_equal(buf_text(&out), text);
}

static void
paths_are_found_from_the_revision_down(void **state)
{
	struct place *place = *state;
	for (unsigned sha256 = 0; sha256 < 2; sha256++) {
		cleanup_sample struct sample sample = sample_make(sha256);
		struct commit *commit = commit_of(place, &sample);
		struct commit_entry entry;
		assert_false(commit_has_trees(commit));
		bad(commit_find(commit, BYTES_LITERAL("f"), &entry, &err), ERR_NOT_FOUND);
		good(commit_add(commit, buf_bytes(&sample.trees), &err));
		assert_true(commit_has_trees(commit) && commit_check_trees(commit));
		expect_kind(commit, "", 'd', false);
		expect_kind(commit, "f", 'f', false);
		expect_kind(commit, "d", 'd', false);
		expect_kind(commit, "d/g", 'x', false);
		expect_kind(commit, "l", 'l', false);
		expect_kind(commit, "s", 'd', true);
		expect_kind(commit, "no", COMMIT_ABSENT, false);
		expect_kind(commit, "d/no/more", COMMIT_ABSENT, false);
		expect_kind(commit, "f/x", COMMIT_ABSENT, false);
		expect_kind(commit, "l/x", COMMIT_ABSENT, false);
		expect_kind(commit, "s/x", COMMIT_ABSENT, false);
		bad(commit_find(commit, BYTES_LITERAL("d/../f"), &entry, &err), ERR_REFUSED);
		bad(commit_find(commit, BYTES_LITERAL("/f"), &entry, &err), ERR_REFUSED);
		commit_close(commit);
	}
}

static void
trees_that_are_not_all_there_are_noticed(void **state)
{
	struct place *place = *state;
	cleanup_sample struct sample sample = sample_make(false);
	struct commit *commit = commit_of(place, &sample);
	struct git_records records;
	struct git_record record;
	struct git_id id = {.size = GIT_ID_SHA1};
	cleanup_buf struct buf part = BUF(4096);
	good(git_records_start(&records, buf_bytes(&sample.trees), &err));
	for (size_t at = 0; at < 2; at++) {
		good(git_records_next(&records, &record, &err));
		memcpy(id.bytes, record.id.data, GIT_ID_MAX);
		git_sample_record(&part, &id, record.content);
	}
	good(commit_add(commit, buf_bytes(&part), &err));
	assert_true(commit_has_trees(commit));
	assert_false(commit_check_trees(commit));
	struct commit_entry entry;
	bad(commit_find(commit, BYTES_LITERAL("d/g"), &entry, &err), ERR_NOT_FOUND);
	commit_close(commit);
}

static void
contents_are_read_once_they_are_held(void **state)
{
	struct place *place = *state;
	cleanup_sample struct sample sample = sample_make(false);
	struct commit *commit = commit_of(place, &sample);
	cleanup_buf struct buf out = BUF(100);
	good(commit_add(commit, buf_bytes(&sample.trees), &err));
	assert_false(commit_has_blob(commit, &sample.f));
	bad(commit_read(commit, &sample.f, &out, &err), ERR_NOT_FOUND);
	good(commit_add(commit, buf_bytes(&sample.contents), &err));
	assert_true(commit_has_blob(commit, &sample.f));
	assert_false(commit_has_blob(commit, &sample.g));
	expect_content(commit, &sample.f, "f\n");
	cleanup_buf struct buf small = BUF(1);
	bad(commit_read(commit, &sample.f, &small, &err), ERR_LIMIT);
	/* An object of another type is none, whatever its id. */
	bad(commit_read(commit, &sample.revision, &out, &err), ERR_CORRUPT);
	commit_close(commit);
}

static void
what_its_id_does_not_prove_is_not_held(void **state)
{
	struct place *place = *state;
	cleanup_sample struct sample sample = sample_make(false);
	struct commit *commit = commit_of(place, &sample);
	cleanup_buf struct buf lie = BUF(1000);
	cleanup_buf struct buf out = BUF(100);
	good(commit_add(commit, buf_bytes(&sample.trees), &err));
	git_sample_record(&lie, &sample.f, BYTES_LITERAL("x\n"));
	good(commit_add(commit, buf_bytes(&lie), &err));
	assert_false(commit_has_blob(commit, &sample.f));
	bad(commit_read(commit, &sample.f, &out, &err), ERR_CORRUPT);
	/* The truth that comes later counts, and a lie after it does not. */
	good(commit_add(commit, buf_bytes(&sample.contents), &err));
	expect_content(commit, &sample.f, "f\n");
	git_sample_record(&lie, &sample.f, BYTES_LITERAL("y\n"));
	good(commit_add(commit, buf_bytes(&lie), &err));
	expect_content(commit, &sample.f, "f\n");
	bad(commit_add(commit, BYTES_LITERAL("no records"), &err), ERR_CORRUPT);
	bad(commit_add(commit, bytes_first(buf_bytes(&lie), lie.size - 1), &err), ERR_CORRUPT);
	expect_content(commit, &sample.f, "f\n");
	commit_close(commit);
}

static void
what_was_added_and_noted_stays(void **state)
{
	struct place *place = *state;
	cleanup_sample struct sample sample = sample_make(true);
	struct commit *commit = commit_of(place, &sample);
	good(commit_add(commit, buf_bytes(&sample.trees), &err));
	commit_note(commit, BYTES_LITERAL("f"));
	commit_note(commit, BYTES_LITERAL("a b%"));
	commit_note(commit, BYTES_LITERAL("f"));
	commit_save(commit);
	commit_close(commit);
	good(store_sync(place->store, &err));
	place_reopen(place);
	commit = commit_of(place, &sample);
	assert_true(commit_has_trees(commit));
	assert_int_equal(commit_path_count(commit), 2);
	assert_true(bytes_equal_text(commit_path_at(commit, 0), "a b%"));
	/* What another process adds meanwhile is not lost. */
	struct store *other;
	good((other = store_open(place->root, STORE_CREATE, &err)));
	struct commit *second;
	good((second = commit_open(other, &sample.revision, &err)));
	good(commit_add(second, buf_bytes(&sample.contents), &err));
	commit_save(second);
	commit_close(second);
	good(store_sync(other, &err));
	store_close(other);
	commit_note(commit, BYTES_LITERAL("d/g"));
	commit_save(commit);
	commit_close(commit);
	good(store_sync(place->store, &err));
	place_reopen(place);
	commit = commit_of(place, &sample);
	assert_int_equal(commit_path_count(commit), 3);
	expect_content(commit, &sample.f, "f\n");
	commit_close(commit);
}

static void
a_commit_is_kept_as_long_as_a_lock_names_it(void **state)
{
	struct place *place = *state;
	cleanup_sample struct sample sample = sample_make(false);
	struct commit *commit = commit_of(place, &sample);
	good(commit_add(commit, buf_bytes(&sample.trees), &err));
	commit_save(commit);
	commit_close(commit);
	good(store_sync(place->store, &err));
	char lock[400];
	char text[200];
	(void)snprintf(lock, sizeof lock, "%s/default.cab.lock", place->path);
	(void)snprintf(text, sizeof text, "{\"a:b\": {\"identities\":[\"git %s:d\"]},\n\"~\": 1}\n",
		git_id_print(&sample.revision).text);
	put(place->fd, "default.cab.lock", text, 0644);
	good(root_lock(place->store, lock, &err));
	place_reopen(place);
	struct collect_result result;
	good(store_collect(
		place->store, &(struct collect_options){.drop_sources = true}, &result, &err));
	commit = commit_of(place, &sample);
	assert_true(commit_has_trees(commit));
	commit_close(commit);
	place_reopen(place);
	assert_int_equal(unlinkat(place->fd, "default.cab.lock", 0), 0);
	good(store_collect(place->store, &(struct collect_options){0}, &result, &err));
	assert_int_equal(count_names(place, "cull/blobs"), 0);
	commit = commit_of(place, &sample);
	assert_false(commit_has_trees(commit));
	commit_close(commit);
}

static void
a_store_gets_from_a_cache_what_it_lacks(void **state)
{
	struct place *place = *state;
	cleanup_sample struct sample sample = sample_make(false);
	char path[300];
	(void)snprintf(path, sizeof path, "%s/cache", place->path);
	struct store *cache;
	good((cache = store_open(path, STORE_CREATE, &err)));
	struct commit *there;
	struct commit *commit = commit_of(place, &sample);
	good(commit_add(commit, buf_bytes(&sample.trees), &err));
	commit_note(commit, BYTES_LITERAL("f"));
	good((there = commit_open(cache, &sample.revision, &err)));
	good(commit_copy(commit, there, &err));
	commit_close(there);
	commit_close(commit);
	good(store_sync(cache, &err));
	store_close(cache);
	(void)snprintf(place->root, sizeof place->root, "%s/another", place->path);
	place_reopen(place);
	good((cache = store_open(path, STORE_READ_ONLY, &err)));
	store_add_cache(place->store, cache);
	commit = commit_of(place, &sample);
	assert_true(commit_has_trees(commit));
	assert_int_equal(commit_path_count(commit), 1);
	commit_save(commit);
	commit_close(commit);
	good(store_sync(place->store, &err));
	place_reopen(place);
	commit = commit_of(place, &sample);
	assert_true(commit_has_trees(commit));
	commit_close(commit);
}

static void
a_record_is_what_the_manual_says(void **state)
{
	(void)state;
	struct digest part;
	struct commit_record record = {.id = git_sample_id("blob", bytes_of(NULL, 0), false)};
	static const char digest[] = "3g6qqcegt5e4rgbekjvdav4f7zy2l5bupxde54acnuzcprz3g2ea";
	assert_true(digest_parse(bytes_text(digest), &part));
	map_put(&record.parts, digest_bytes(&part), &record);
	map_put(&record.paths, BYTES_LITERAL("a b"), &record);
	cleanup_buf struct buf text = BUF(4096);
	commit_record_encode(&record, &text);
	assert_string_equal(buf_text(&text),
		"cab commit 1\n"
		"id e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\n"
		"part 3g6qqcegt5e4rgbekjvdav4f7zy2l5bupxde54acnuzcprz3g2ea\n"
		"path a%20b\n"
		"check hupuuj6vugvc23tjjuceolwukt6r5fgoist7or2jharebanrczaq\n");
	commit_record_release(&record);
}

static void
a_record_has_one_text(void **state)
{
	(void)state;
	struct err err;
	struct commit_record record = {.id = git_sample_id("blob", BYTES_LITERAL("f\n"), false)};
	struct digest one = digest_of(BYTES_LITERAL("1"));
	struct digest two = digest_of(BYTES_LITERAL("2"));
	map_put(&record.parts, digest_bytes(&two), &record);
	map_put(&record.parts, digest_bytes(&one), &record);
	map_put(&record.paths, BYTES_LITERAL("b"), &record);
	map_put(&record.paths, BYTES_LITERAL("a \n"), &record);
	cleanup_buf struct buf text = BUF(4096);
	commit_record_encode(&record, &text);
	struct commit_record back = {0};
	assert_true(commit_record_decode(buf_bytes(&text), &record.id, &back, &err));
	cleanup_buf struct buf again = BUF(4096);
	commit_record_encode(&back, &again);
	assert_string_equal(buf_text(&text), buf_text(&again));
	assert_non_null(strstr(buf_text(&text), "\npath a%20%0a\npath b\n"));
	struct git_id other = git_sample_id("blob", BYTES_LITERAL("g\n"), false);
	struct commit_record none = {0};
	assert_false(commit_record_decode(buf_bytes(&text), &other, &none, &err));
	assert_int_equal(err.kind, ERR_CORRUPT);
	commit_record_release(&none);
	commit_record_release(&back);
	commit_record_release(&record);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(paths_are_found_from_the_revision_down),
		in_place(trees_that_are_not_all_there_are_noticed),
		in_place(contents_are_read_once_they_are_held),
		in_place(what_its_id_does_not_prove_is_not_held),
		in_place(what_was_added_and_noted_stays),
		in_place(a_commit_is_kept_as_long_as_a_lock_names_it),
		in_place(a_store_gets_from_a_cache_what_it_lacks),
		in_place(a_record_is_what_the_manual_says),
		in_place(a_record_has_one_text),
	};
	return cmocka_run_group_tests_name("commit", tests, NULL, NULL);
}
