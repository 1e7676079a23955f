/* SPDX-License-Identifier: MPL-2.0 */
#include "store/mark.h"

#include "store/read.h"
#include "store_fixture.h"

/* base <- top, and a source that nothing refers to. */
struct sample {
	struct object base, top, source;
};

static struct sample
sample(struct place *place)
{
	struct sample sample = {.base = add_text(place->store, "base", "b")};
	sample.top = add_reference(place->store, "top", &sample.base);
	sample.source = add_text(place->store, "source", "s");
	good(store_sync(place->store, &err));
	place_reopen(place); /* the leases end */
	return sample;
}

static void
release(struct sample *sample)
{
	object_release(&sample->base);
	object_release(&sample->top);
	object_release(&sample->source);
}

static const char *
inside(const struct place *place, const char *name, char path[400])
{
	(void)snprintf(path, 400, "%s/%s", place->path, name);
	return path;
}

/* Which of base, top and source are live: "bts". */
static void
expect_live(
	struct place *place, const struct sample *sample, bool drop_sources, const char *letters)
{
	struct mark mark = {.store = place->store, .drop_sources = drop_sources};
	good(store_lock(place->store, true, &err));
	good(mark_objects(&mark, &err));
	char found[4] = "";
	const struct object *objects[] = {&sample->base, &sample->top, &sample->source};
	for (size_t at = 0, size = 0; at < 3; at++)
		if (map_has(&mark.paths, digest_bytes(&objects[at]->path)))
			found[size++] = "bts"[at];
	store_unlock(place->store);
	mark_release(&mark);
	assert_string_equal(found, letters);
}

static void
a_result_keeps_what_it_points_to_with_all_that_refers_on(void **state)
{
	struct place *place = *state;
	struct sample made = sample(place);
	char path[400];
	char target[1024];
	expect_live(place, &made, false, "");
	struct object_reference reference = reference_of(&made.base);
	good(root_link(place->store, inside(place, "result", path), &reference, &err));
	expect_live(place, &made, false, "b");
	/* Moved by hand, with a path inside: it keeps what it points to now. */
	assert_int_equal(unlink(path), 0);
	(void)lies_at(&made.top, "file", target);
	put(place->fd, "result", target, 0);
	expect_live(place, &made, false, "bt");
	/* What is no link any more is no root; its record goes. */
	assert_int_equal(unlink(path), 0);
	put(place->fd, "result", "text", 0644);
	expect_live(place, &made, false, "");
	assert_int_equal(count_names(place, "cull/roots"), 0);
	release(&made);
}

static void
a_lock_keeps_the_sources_whose_hashes_it_names(void **state)
{
	struct place *place = *state;
	struct sample made = sample(place);
	char path[400];
	put(place->fd, "lock", cab_hash_print(&made.source.hash).text, 0644);
	good(root_lock(place->store, inside(place, "lock", path), &err));
	expect_live(place, &made, false, "s");
	expect_live(place, &made, true, "");
	assert_int_equal(count_names(place, "cull/roots"), 1);
	assert_int_equal(unlink(path), 0);
	expect_live(place, &made, false, "");
	assert_int_equal(count_names(place, "cull/roots"), 0);
	release(&made);
}

static void
a_look_removes_no_record(void **state)
{
	struct place *place = *state;
	struct sample made = sample(place);
	char path[400];
	put(place->fd, "lock", "x", 0644);
	good(root_lock(place->store, inside(place, "lock", path), &err));
	assert_int_equal(unlink(path), 0);
	struct mark mark = {.store = place->store, .look_only = true};
	good(store_lock(place->store, true, &err));
	good(mark_objects(&mark, &err));
	store_unlock(place->store);
	mark_release(&mark);
	assert_int_equal(count_names(place, "cull/roots"), 1);
	release(&made);
}

static void
a_damaged_root_stops_the_mark_by_its_name(void **state)
{
	struct place *place = *state;
	put(place->fd, "cull/roots/rubbish", "cab root 1\n", 0444);
	struct mark mark = {.store = place->store};
	struct err failure;
	good(store_lock(place->store, true, &err));
	assert_false(mark_objects(&mark, &failure));
	store_unlock(place->store);
	mark_release(&mark);
	assert_int_equal(failure.kind, ERR_CORRUPT);
	assert_non_null(strstr(failure.text, "roots/rubbish"));
}

static void
the_result_that_needs_an_object_is_named(void **state)
{
	struct place *place = *state;
	struct sample made = sample(place);
	char path[400];
	char *result = NULL;
	struct object_reference reference = reference_of(&made.top);
	good(root_link(place->store, inside(place, "result", path), &reference, &err));
	struct mark mark = {.store = place->store};
	good(store_lock(place->store, true, &err));
	good(mark_objects(&mark, &err));
	good(mark_result_of(&mark, &made.base.path, &result, &err));
	assert_non_null(result);
	assert_non_null(strstr(result, path));
	free(result);
	good(mark_result_of(&mark, &made.source.path, &result, &err));
	assert_null(result);
	store_unlock(place->store);
	mark_release(&mark);
	release(&made);
}

/* What evaluation read of a source lives by the lock alone, object or not. */
static void
reads_that_a_lock_names_keep_their_nodes_and_blobs(void **state)
{
	struct place *place = *state;
	struct sample made = sample(place);
	char path[400];
	struct read_source source = {.hash = &made.source.hash, .name = "source"};
	cleanup_buf struct buf text = BUF(10);
	good(read_file(place->store, &source, BYTES_LITERAL("file"), &text, &err));
	good(store_sync(place->store, &err));
	put(place->fd, "lock", cab_hash_print(&made.source.hash).text, 0644);
	good(root_lock(place->store, inside(place, "lock", path), &err));
	place_reopen(place);
	for (int locked = 1; locked >= 0; locked--) {
		struct mark mark = {.store = place->store, .drop_sources = true};
		struct digest blob = digest_of(BYTES_LITERAL("s"));
		if (!locked)
			assert_int_equal(unlink(path), 0);
		good(store_lock(place->store, true, &err));
		good(mark_objects(&mark, &err));
		good(mark_contents(&mark, &err));
		store_unlock(place->store);
		assert_int_equal(mark.nodes.size, locked);
		assert_int_equal(map_has(&mark.blobs, digest_bytes(&blob)), locked);
		/* The root's record and the read's. */
		assert_int_equal(mark.records, locked ? 0 : 2);
		mark_release(&mark);
	}
	release(&made);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(a_result_keeps_what_it_points_to_with_all_that_refers_on),
		in_place(a_lock_keeps_the_sources_whose_hashes_it_names),
		in_place(a_look_removes_no_record),
		in_place(a_damaged_root_stops_the_mark_by_its_name),
		in_place(the_result_that_needs_an_object_is_named),
		in_place(reads_that_a_lock_names_keep_their_nodes_and_blobs),
	};
	return cmocka_run_group_tests_name("mark", tests, NULL, NULL);
}
