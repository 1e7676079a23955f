/* SPDX-License-Identifier: MPL-2.0 */
#include "store/cache.h"

#include "store/claim.h"
#include "store/read.h"
#include "store/realization.h"
#include "store/verify.h"
#include "store_fixture.h"

static struct store *
open_other(const struct place *place, const char *name, unsigned flags)
{
	char path[400];
	struct store *store;
	(void)snprintf(path, sizeof path, "%s/%s", place->path, name);
	good((store = store_open(path, flags, &err)));
	return store;
}

static void
count_warning(void *context, const char *sentence)
{
	(void)sentence;
	++*(size_t *)context;
}

static void
an_object_comes_with_its_closure_from_a_cache(void **state)
{
	struct place *place = *state;
	cleanup_object struct object first = add_text(place->store, "first", "1");
	cleanup_object struct object second = add_reference(place->store, "second", &first);
	good(store_sync(place->store, &err));
	struct store *other = open_other(place, "other", STORE_CREATE);
	store_add_cache(other, open_other(place, "cull", STORE_READ_ONLY));
	cleanup_object struct object found = {0};
	bad(store_use(other, &second.path, &found, &err), ERR_NOT_FOUND);
	good(store_obtain(other, &second.path, &found, &err));
	assert_int_equal(found.vouch.kind, VOUCH_REALIZER);
	assert_non_null(strstr(found.vouch.name, "file:///"));
	good(store_sync(other, &err));
	good(store_verify_object(other, &first.path, &err));
	good(store_verify_object(other, &second.path, &err));
	store_close(other);
}

static void
a_cache_that_lies_is_passed_over_for_the_next(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_text(place->store, "a", "the right text");
	good(store_sync(place->store, &err));
	struct store *hostile = open_other(place, "hostile", STORE_CREATE);
	cleanup_object UNUSED struct object copy = add_text(hostile, "a", "the right text");
	good(store_sync(hostile, &err));
	store_close(hostile);
	char path[1024];
	(void)snprintf(path, sizeof path, "hostile/store/%s/file",
		object_file_print(&object.path, object.name).text);
	flip_byte(place, path, 4);
	struct store *other = open_other(place, "other", STORE_CREATE);
	size_t warnings = 0;
	store_on_warning(other, count_warning, &warnings);
	store_add_cache(other, open_other(place, "hostile", STORE_READ_ONLY));
	cleanup_object struct object found = {0};
	bad(store_obtain(other, &object.path, &found, &err), ERR_NOT_FOUND);
	assert_int_equal(warnings, 1);
	good(store_sync(other, &err));
	assert_int_equal(count_names(place, "other/store"), 0);
	assert_int_equal(count_names(place, "other/objects"), 0);
	store_add_cache(other, open_other(place, "cull", STORE_READ_ONLY));
	good(store_obtain(other, &object.path, &found, &err));
	good(store_verify_object(other, &object.path, &err));
	store_close(other);
}

static void
a_cache_that_lacks_a_part_of_the_closure_has_nothing(void **state)
{
	struct place *place = *state;
	cleanup_object struct object first = add_text(place->store, "first", "1");
	cleanup_object struct object second = add_reference(place->store, "second", &first);
	good(store_sync(place->store, &err));
	char path[1024];
	assert_int_equal(fchmodat(place->fd, lies_at(&first, "", path), 0755, 0), 0);
	good(path_remove(place->fd, path, &err));
	struct store *other = open_other(place, "other", STORE_CREATE);
	store_add_cache(other, open_other(place, "cull", STORE_READ_ONLY));
	cleanup_object struct object found = {0};
	bad(store_obtain(other, &second.path, &found, &err), ERR_NOT_FOUND);
	assert_int_equal(count_names(place, "other/store"), 0);
	store_close(other);
}

static struct realization
put_pinned(struct store *store, const char *name, const struct object *made,
	const struct digest *made_from)
{
	struct realization realization = {
		.kind = REALIZATION_PINNED, .derivation = digest_of(bytes_text(name))};
	struct realization_output *output = array_push(&realization.outputs);
	*output = (struct realization_output){.output = "out", .hash = made->hash};
	output->object = reference_of(made);
	if (made_from)
		*array_push(&realization.made_from) = *made_from;
	realization_put(store, &realization);
	return realization;
}

/* That the file that was read is there, by the reads alone. */
static void
expect_read(struct store *store, const struct read_source *reads)
{
	cleanup_buf struct buf text = BUF(100);
	good(read_file(store, reads, BYTES_LITERAL("Cargo.toml"), &text, &err));
	assert_string_equal(buf_text(&text), "[package]\n");
}

/* One identity that this store proved, and one that it was told. */
static void
put_claims(struct store *store, const struct object *source, struct digest keys_out[2])
{
	struct claim claim = {.program = digest_of(BYTES_LITERAL("program")),
		.format = "git",
		.value = "1f0c",
		.hash = source->hash};
	claim_put(store, &claim);
	keys_out[0] = claim_key(&claim);
	(void)stpcpy(claim.value, "2e1d");
	claim.vouch = (struct vouch){VOUCH_REALIZER, "elsewhere"};
	claim_put(store, &claim);
	keys_out[1] = claim_key(&claim);
}

static void
a_push_holds_all_that_a_build_elsewhere_looks_for(void **state)
{
	struct place *place = *state;
	struct staging staging = stage(place->store);
	put(staging.folder, "out/Cargo.toml", "[package]\n", 0644);
	put(staging.folder, "out/src/main.rs", "fn main() {}\n", 0644);
	cleanup_object struct object source = add(place->store, &staging, "source");
	cleanup_object struct object library = add_text(place->store, "library", "so");
	cleanup_object struct object result = add_reference(place->store, "result", &library);
	struct read_source reads = {.hash = &source.hash, .name = "source"};
	expect_read(place->store, &reads);
	struct realization dependency = put_pinned(place->store, "dependency", &library, NULL);
	struct realization goal = put_pinned(place->store, "goal", &result, &dependency.key);
	struct digest identities[2];
	put_claims(place->store, &source, identities);
	struct store_push push = {
		.paths = &result.path,
		.path_count = 1,
		.realizations = &goal.key,
		.realization_count = 1,
		.reads = &source.hash,
		.read_count = 1,
		.identities = identities,
		.identity_count = 2,
	};
	char target[400];
	(void)snprintf(target, sizeof target, "%s/pushed", place->path);
	good(store_push(place->store, target, &push, &err));
	assert_int_equal(count_names(place, "pushed/staging"), 0);
	assert_true(count_names(place, "pushed/nodes") >= 3);

	struct store *other = open_other(place, "other", STORE_CREATE);
	store_add_cache(other, open_other(place, "pushed", STORE_READ_ONLY));
	struct realization found;
	good(realization_find(other, &goal.key, &found, &err));
	cleanup_object struct object object = {0};
	good(store_obtain(other, &found.outputs.data[0].object.path, &object, &err));
	realization_release(&found);
	good(realization_find(other, &dependency.key, &found, &err));
	realization_release(&found);
	struct claim asked = {
		.program = digest_of(BYTES_LITERAL("program")), .format = "git", .value = "1f0c"};
	good(claim_find(other, &asked, &err));
	assert_true(cab_hash_equal(&asked.hash, &source.hash));
	(void)stpcpy(asked.value, "2e1d");
	bad(claim_find(other, &asked, &err), ERR_NOT_FOUND);
	expect_read(other, &reads);
	cleanup_buf struct buf text = BUF(100);
	bad(read_file(other, &reads, BYTES_LITERAL("src/main.rs"), &text, &err), ERR_NOT_FOUND);
	bad(store_use(other, &source.path, &object, &err), ERR_NOT_FOUND);
	/* What came from the cache is this store's own from the sync on. */
	good(store_sync(other, &err));
	store_close(other);
	other = open_other(place, "other", 0);
	expect_read(other, &reads);
	store_close(other);
	realization_release(&goal);
	realization_release(&dependency);
}

static void
a_cache_is_never_written(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_text(place->store, "a", "text");
	good(store_sync(place->store, &err));
	store_close(place->store);
	place->store = NULL;
	size_t before = count_names(place, "cull");
	struct store *cache = open_other(place, "cull", STORE_READ_ONLY);
	struct staging staging;
	bad(store_stage(cache, &staging, &err), ERR_REFUSED);
	cleanup_object struct object found = {0};
	good(store_use(cache, &object.path, &found, &err));
	struct read_source source = {.hash = &object.hash, .name = "a"};
	cleanup_buf struct buf text = BUF(100);
	good(read_file(cache, &source, BYTES_LITERAL("file"), &text, &err));
	good(store_sync(cache, &err));
	store_close(cache);
	assert_int_equal(count_names(place, "cull"), before);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(an_object_comes_with_its_closure_from_a_cache),
		in_place(a_cache_that_lies_is_passed_over_for_the_next),
		in_place(a_cache_that_lacks_a_part_of_the_closure_has_nothing),
		in_place(a_push_holds_all_that_a_build_elsewhere_looks_for),
		in_place(a_cache_is_never_written),
	};
	return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
