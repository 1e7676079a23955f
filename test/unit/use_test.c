/* SPDX-License-Identifier: MPL-2.0 */
#include "store/internal.h"
#include "store_fixture.h"

static bool
names_are(const object_list *list, const char *const *names, size_t count)
{
	bool equal = list->size == count;
	for (size_t at = 0; equal && at < count; at++)
		equal = strcmp(list->data[at].name, names[at]) == 0;
	return equal;
}

static void
a_closure_has_references_first_and_each_once(void **state)
{
	struct place *place = *state;
	cleanup_object struct object base = add_text(place->store, "base", "b");
	cleanup_object struct object left = add_reference(place->store, "left", &base);
	cleanup_object struct object right = add_reference(place->store, "right", &base);
	object_list list;
	struct digest paths[] = {left.path, base.path, right.path, left.path};
	good(store_closure(place->store, paths, 4, &list, &err));
	assert_true(names_are(&list, (const char *const[]){"base", "left", "right"}, 3));
	object_list_release(&list);
	good(store_closure(place->store, paths, 0, &list, &err));
	assert_int_equal(list.size, 0);
	object_list_release(&list);
	/* Leased with all that they refer to. */
	struct map all = {0};
	char key[72];
	(void)snprintf(key, sizeof key, "%c%s", LEASE_OBJECT, digest_print(&base.path).text);
	good(store_sync(place->store, &err));
	place_reopen(place);
	struct object used = {0};
	good(store_use(place->store, &left.path, &used, &err));
	assert_string_equal(used.name, "left");
	object_release(&used);
	good(store_lock(place->store, true, &err));
	good(lease_read_all(place->store, &all, &err));
	store_unlock(place->store);
	assert_true(map_has(&all, bytes_text(key)));
	map_release(&all);
}

static void
a_long_chain_is_walked_without_a_deep_stack(void **state)
{
	struct place *place = *state;
	enum { LINKS = 300 };
	struct object objects[LINKS] = {0};
	for (size_t at = 0; at < LINKS; at++)
		objects[at] = at ? add_reference(place->store, "link", &objects[at - 1])
				 : add_text(place->store, "first", "text");
	object_list list;
	good(store_closure(place->store, &objects[LINKS - 1].path, 1, &list, &err));
	assert_int_equal(list.size, LINKS);
	for (size_t at = 0; at < LINKS; at++) {
		assert_true(digest_equal(&list.data[at].path, &objects[at].path));
		object_release(&objects[at]);
	}
	object_list_release(&list);
}

static void
what_lacks_a_record_or_a_tree_is_not_there(void **state)
{
	struct place *place = *state;
	struct object used = {0};
	object_list list;
	char path[1024];
	cleanup_object struct object base = add_text(place->store, "base", "b");
	cleanup_object struct object top = add_reference(place->store, "top", &base);
	good(store_sync(place->store, &err));
	struct digest nobody = digest_of(BYTES_LITERAL("nobody"));
	bad(store_use(place->store, &nobody, &used, &err), ERR_NOT_FOUND);
	/* The tree of a reference is gone, its record stays. */
	good(path_remove(place->fd, lies_at(&base, "", path), &err));
	bad(store_use(place->store, &top.path, &used, &err), ERR_NOT_FOUND);
	bad(store_closure(place->store, &top.path, 1, &list, &err), ERR_NOT_FOUND);
	good(store_closure_records(place->store, &top.path, 1, &list, &err));
	assert_int_equal(list.size, 2);
	object_list_release(&list);
	good(store_info(place->store, &base.path, &used, &err));
	object_release(&used);
	assert_true(store_has_tree(place->store, &top.path, "top"));
	assert_false(store_has_tree(place->store, &top.path, "base"));
	assert_false(store_has_tree(place->store, &base.path, "base"));
	/* A record that does not decode is none, and is warned of. */
	(void)snprintf(path, sizeof path, "cull/objects/%s", shard_digest(&top.path).text);
	flip_byte(place, path, 9);
	bad(store_use(place->store, &top.path, &used, &err), ERR_NOT_FOUND);
	bad(store_info(place->store, &top.path, &used, &err), ERR_CORRUPT);
}

static void
count_warning(void *context, const char *sentence)
{
	(void)sentence;
	++*(int *)context;
}

static void
a_list_is_sorted_and_passes_over_what_does_not_decode(void **state)
{
	struct place *place = *state;
	int warnings = 0;
	char path[1024];
	cleanup_object UNUSED struct object one = add_text(place->store, "one", "1");
	cleanup_object struct object two = add_text(place->store, "two", "2");
	cleanup_object UNUSED struct object three = add_text(place->store, "three", "3");
	good(store_sync(place->store, &err));
	store_on_warning(place->store, count_warning, &warnings);
	put(place->fd, "cull/objects/aa/rubbish", "x", 0444);
	(void)snprintf(path, sizeof path, "cull/objects/%s", shard_digest(&two.path).text);
	flip_byte(place, path, 9);
	object_list list;
	good(store_list(place->store, &list, &err));
	assert_int_equal(list.size, 2);
	assert_int_equal(warnings, 2);
	assert_true(memcmp(list.data[0].path.bytes, list.data[1].path.bytes, DIGEST_SIZE) < 0);
	object_list_release(&list);
}

static void
an_object_is_opened_whatever_its_root_is(void **state)
{
	struct place *place = *state;
	static const struct {
		const char *name, *text;
		mode_t mode, type;
	} rows[] = {
		{"file", "text", 0644, S_IFREG},
		{"program", "text", 0755, S_IFREG},
		{"link", "/nowhere", 0, S_IFLNK},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct staging staging = stage(place->store);
		put(staging.folder, "out", rows[at].text, rows[at].mode);
		cleanup_object struct object object = add(place->store, &staging, rows[at].name);
		struct object_reference reference = reference_of(&object);
		struct stat status;
		struct err err;
		cleanup_fd int fd = store_open_object(place->store, &reference, &err);
		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &status), 0);
		assert_true((status.st_mode & S_IFMT) == rows[at].type);
		(void)stpcpy(reference.name, "other");
		assert_int_equal(store_open_object(place->store, &reference, &err), -1);
	}
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(a_closure_has_references_first_and_each_once),
		in_place(a_long_chain_is_walked_without_a_deep_stack),
		in_place(what_lacks_a_record_or_a_tree_is_not_there),
		in_place(a_list_is_sorted_and_passes_over_what_does_not_decode),
		in_place(an_object_is_opened_whatever_its_root_is),
	};
	return cmocka_run_group_tests_name("use", tests, NULL, NULL);
}
