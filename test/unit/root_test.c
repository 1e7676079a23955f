/* SPDX-License-Identifier: MPL-2.0 */
#include "store/root.h"

#include "store/record.h"
#include "store_fixture.h"

#define HASH "dlrwa6h4fkk6mhqa4k5qegvcqzoixznwmywpmpu7kezjhe24dllda"

static void
hashes_are_found_as_whole_words_and_nothing_else_is(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t count;
	} rows[] = {
		{"", 0}, {HASH, 1}, {HASH " ", 1}, {"\"" HASH "\"", 1},
		{"cab " HASH ",cab " HASH, 2}, {"-" HASH "-", 1}, {"_" HASH, 1}, {"x" HASH, 0},
		{HASH "a", 0}, {HASH "7", 0}, {HASH HASH, 0},
		{"elrwa6h4fkk6mhqa4k5qegvcqzoixznwmywpmpu7kezjhe24dllda", 0}, /* no such kind */
		{"dlrwa6h4fkk6mhqa4k5qegvcqzoixznwmywpmpu7kezjhe24dlld1", 0}, /* no such letter */
		{"Dlrwa6h4fkk6mhqa4k5qegvcqzoixznwmywpmpu7kezjhe24dllda", 0},
		{"dlrwa6h4fkk6mhqa4k5qegvcqzoixznwmywpmpu7kezjhe24dlld", 0},
		{"dlrwa6h4fkk6mhqa4k5qegvcqzoixznwmywpmpu7kezjhe24dlldb", 0}, /* bits left over */
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		cab_hash_list list = {0};
		root_search(bytes_text(rows[at].text), &list);
		if (list.size != rows[at].count)
			fail_msg("%s: %zu", rows[at].text, list.size);
		for (size_t found = 0; found < list.size; found++)
			assert_string_equal(cab_hash_print(&list.data[found]).text, HASH);
		array_release(&list);
	}
	cab_hash_list list = {0};
	root_search(bytes_of("\0" HASH "\0" HASH "\xff", 2 * CAB_HASH_TEXT + 3), &list);
	assert_int_equal(list.size, 2);
	array_release(&list);
}

static bool
decode(const char *key, const char *path, const char *object, struct root *out, struct err *err)
{
	cleanup_buf struct buf text = BUF(BUF_MAX);
	size_t start = record_start(&text, "root");
	record_add(&text, key, "%s", path);
	if (object)
		record_add(&text, "object", "%s", object);
	record_finish(&text, start);
	return root_decode(buf_bytes(&text), out, err);
}

static void
a_record_that_checks_and_breaks_a_rule_is_corrupt(void **state)
{
	(void)state;
	struct root root;
	char object[100];
	struct digest digest = digest_of(BYTES_LITERAL("x"));
	(void)snprintf(object, sizeof object, "%s-name", digest_print(&digest).text);
	good(decode("result", "/r", object, &root, &err));
	assert_int_equal(root.kind, ROOT_RESULT);
	good(decode("lock", "/r%20%25", NULL, &root, &err));
	assert_int_equal(root.kind, ROOT_LOCK);
	assert_string_equal(root.path, "/r %");
	bad(decode("result", "/r", NULL, &root, &err), ERR_CORRUPT);
	bad(decode("result", "/r", "name", &root, &err), ERR_CORRUPT);
	bad(decode("lock", "/r", object, &root, &err), ERR_CORRUPT);
	bad(decode("other", "/r", NULL, &root, &err), ERR_CORRUPT);
	bad(decode("lock", "", NULL, &root, &err), ERR_CORRUPT);
	bad(decode("lock", "r", NULL, &root, &err), ERR_CORRUPT);
	bad(decode("lock", "/a%00b", NULL, &root, &err), ERR_CORRUPT);
	bad(decode("lock", "/a%4", NULL, &root, &err), ERR_CORRUPT);
	char *path = memory_zero(ROOT_PATH_MAX + 1, 1);
	memset(path, '/', ROOT_PATH_MAX);
	bad(decode("lock", path, NULL, &root, &err), ERR_CORRUPT);
	path[ROOT_PATH_MAX - 1] = '\0';
	good(decode("lock", path, NULL, &root, &err));
	assert_int_equal(strlen(root.path), ROOT_PATH_MAX - 1);
	free(path);
}

static void
links_replace_links_and_nothing_else(void **state)
{
	struct place *place = *state;
	char path[400];
	cleanup_object struct object object = add_text(place->store, "object", "text");
	good(store_sync(place->store, &err));
	struct object_reference reference = reference_of(&object);
	(void)snprintf(path, sizeof path, "%s/result", place->path);
	good(root_check_link(path, &err));
	put(place->fd, "result", "/anywhere/else", 0);
	good(root_check_link(path, &err));
	good(root_link(place->store, path, &reference, &err));
	good(root_link(place->store, path, &reference, &err));
	assert_int_equal(count_names(place, "cull/roots"), 1);
	char target[400] = "";
	assert_true(readlink(path, target, sizeof target - 1) > 0);
	char *physical = store_physical_path(place->store, &reference);
	assert_string_equal(target, physical);
	free(physical);
	static const char *const taken[] = {"file", "folder"};
	put(place->fd, "file", "mine", 0644);
	put_folder(place->fd, "folder");
	for (size_t at = 0; at < 2; at++) {
		(void)snprintf(path, sizeof path, "%s/%s", place->path, taken[at]);
		bad(root_check_link(path, &err), ERR_REFUSED);
		bad(root_link(place->store, path, &reference, &err), ERR_REFUSED);
	}
	cleanup_buf struct buf text = BUF(10);
	good(fd_read_file(place->fd, "file", &text, &err));
	assert_string_equal(buf_text(&text), "mine");
	(void)snprintf(path, sizeof path, "%s/no/such/folder/result", place->path);
	bad(root_link(place->store, path, &reference, &err), ERR_NOT_FOUND);
	bad(root_link(place->store, "result", &reference, &err), ERR_REFUSED);
	/* No half-made link is left behind. */
	assert_int_equal(faccessat(place->fd, "result", F_OK, AT_SYMLINK_NOFOLLOW), 0);
	char command[400];
	(void)snprintf(command, sizeof command, "ls -A %s | grep -q new", place->path);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_int_not_equal(pclose(pipe), 0);
}

static void
a_lock_is_registered_once(void **state)
{
	struct place *place = *state;
	struct stat first, second;
	char path[400];
	put(place->fd, "default.cab.lock", "{}", 0644);
	(void)snprintf(path, sizeof path, "%s/default.cab.lock", place->path);
	good(root_lock(place->store, path, &err));
	assert_int_equal(fstatat(place->fd, "cull/roots", &first, 0), 0);
	good(root_lock(place->store, path, &err));
	assert_int_equal(fstatat(place->fd, "cull/roots", &second, 0), 0);
	assert_int_equal(count_names(place, "cull/roots"), 1);
	assert_int_equal(first.st_mtim.tv_nsec, second.st_mtim.tv_nsec);
	bad(root_lock(place->store, "default.cab.lock", &err), ERR_REFUSED);
	bad(root_lock(place->store, "", &err), ERR_REFUSED);
	char *many = memory_zero(ROOT_PATH_MAX + 1, 1);
	memset(many, '/', ROOT_PATH_MAX);
	bad(root_lock(place->store, many, &err), ERR_REFUSED);
	free(many);
	assert_int_equal(count_names(place, "cull/roots"), 1);
}

static void
a_cache_takes_no_roots(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_text(place->store, "object", "text");
	good(store_sync(place->store, &err));
	struct store *cache;
	good((cache = store_open(place->root, STORE_READ_ONLY, &err)));
	struct object_reference reference = reference_of(&object);
	char path[400];
	(void)snprintf(path, sizeof path, "%s/result", place->path);
	bad(root_link(cache, path, &reference, &err), ERR_REFUSED);
	bad(root_lock(cache, path, &err), ERR_REFUSED);
	assert_int_equal(count_names(place, "cull/roots"), 0);
	store_close(cache);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_found_as_whole_words_and_nothing_else_is),
		cmocka_unit_test(a_record_that_checks_and_breaks_a_rule_is_corrupt),
		in_place(links_replace_links_and_nothing_else),
		in_place(a_lock_is_registered_once),
		in_place(a_cache_takes_no_roots),
	};
	return cmocka_run_group_tests_name("root", tests, NULL, NULL);
}
