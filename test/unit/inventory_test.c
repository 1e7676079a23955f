/* SPDX-License-Identifier: MPL-2.0 */
#include "store/inventory.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "store/normal.h"
#include "store_fixture.h"

static void
walk(struct inventory *inventory, const struct place *place, enum inventory_mode mode)
{
	good(inventory_walk(inventory, place->fd, "tree", mode, NULL, &err));
}

static void
refuse(const struct place *place, enum inventory_mode mode, enum err_kind kind, const char *part)
{
	cleanup_inventory struct inventory inventory = {0};
	struct err failure;
	bool done = inventory_walk(&inventory, place->fd, "tree", mode, NULL, &failure) &&
		    inventory_digest(&inventory, NULL, &failure);
	assert_false(done);
	if (failure.kind != kind || !strstr(failure.text, part))
		fail_msg("kind %d: \"%s\" does not say \"%s\"", (int)failure.kind, failure.text,
			part);
}

static void
every_entry_is_found_by_its_path_and_nothing_else_is(void **state)
{
	struct place *place = *state;
	put(place->fd, "tree/a/b/c", "deep", 0644);
	put(place->fd, "tree/a-b", "1", 0644);
	put(place->fd, "tree/a.b", "2", 0755);
	put(place->fd, "tree/link", "a", 0);
	put_folder(place->fd, "tree/empty");
	cleanup_inventory struct inventory inventory = {0};
	walk(&inventory, place, INVENTORY_LOOK);
	static const char *const there[] = {"", "a", "a/b", "a/b/c", "a-b", "a.b", "link", "empty"};
	assert_int_equal(inventory.entries.size, 8);
	for (size_t at = 0; at < 8; at++) {
		size_t found = inventory_find(&inventory, bytes_text(there[at]));
		assert_true(found < 8);
		cleanup_buf struct buf path = BUF(BUF_MAX);
		inventory_path(&inventory, found, &path);
		assert_string_equal(path.size ? buf_text(&path) : "", there[at]);
	}
	static const char *const absent[] = {
		"b", "a/", "/a", "a//b", "link/b", "a-b/x", "empty/x", "a/b/c/d", "..", "."};
	for (size_t at = 0; at < 10; at++)
		assert_int_equal(inventory_find(&inventory, bytes_text(absent[at])), SIZE_MAX);
}

static void
what_is_no_tree_is_refused_by_its_path(void **state)
{
	struct place *place = *state;
	put_folder(place->fd, "tree/sub");
	assert_int_equal(mkfifoat(place->fd, "tree/sub/pipe", 0600), 0);
	refuse(place, INVENTORY_LOOK, ERR_REFUSED, "tree/sub/pipe: is a FIFO");
	cleanup_inventory struct inventory inventory = {0};
	bad(inventory_walk(&inventory, place->fd, "..", INVENTORY_LOOK, NULL, &err), ERR_REFUSED);
	bad(inventory_walk(&inventory, place->fd, "tree/sub", INVENTORY_LOOK, NULL, &err),
		ERR_REFUSED);
	bad(inventory_walk(&inventory, place->fd, "absent", INVENTORY_LOOK, NULL, &err),
		ERR_NOT_FOUND);
}

static void
links_are_never_followed(void **state)
{
	struct place *place = *state;
	put(place->fd, "outside/secret", "s", 0644);
	put(place->fd, "tree/a/file", "x", 0644);
	cleanup_inventory struct inventory inventory = {0};
	walk(&inventory, place, INVENTORY_LOOK);
	size_t file = inventory_find(&inventory, BYTES_LITERAL("a/file"));
	/* Between the walk and the reading the folder becomes a link to somewhere else. */
	good(path_remove(place->fd, "tree/a", &err));
	put(place->fd, "outside/file", "x", 0644);
	put(place->fd, "tree/a", "../outside", 0);
	struct err failure;
	assert_int_equal(inventory_open(&inventory, file, O_RDONLY, &failure), -1);
	char name[TREE_NAME_MAX + 1];
	assert_int_equal(inventory_open_parent(&inventory, file, name, &failure), -1);
	assert_false(inventory_digest(&inventory, NULL, &failure));
}

static void
a_file_that_changed_after_the_walk_is_noticed(void **state)
{
	struct place *place = *state;
	put(place->fd, "tree/file", "before", 0644);
	cleanup_inventory struct inventory inventory = {0};
	walk(&inventory, place, INVENTORY_LOOK);
	put(place->fd, "tree/file", "longer than before", 0644);
	struct err failure;
	assert_false(inventory_digest(&inventory, NULL, &failure));
	assert_string_equal(failure.text, "tree/file: changed while it was read");
}

static void
a_normalised_tree_is_what_the_check_wants(void **state)
{
	struct place *place = *state;
	put(place->fd, "tree/sub/run", "#!", 04711);
	put(place->fd, "tree/sub/file", "x", 0600);
	put(place->fd, "tree/sub/none", "", 0200);
	put(place->fd, "tree/unreadable", "y", 0200);
	assert_int_equal(fchmodat(place->fd, "tree/sub", 0, 0), 0);
	refuse(place, INVENTORY_CHECK, ERR_CORRUPT, "tree/");
	cleanup_inventory struct inventory inventory = {0};
	walk(&inventory, place, INVENTORY_NORMALISE);
	good(inventory_digest(&inventory, NULL, &err));
	good(inventory_seal(&inventory, &err));
	cleanup_inventory struct inventory checked = {0};
	walk(&checked, place, INVENTORY_CHECK);
	good(inventory_digest(&checked, NULL, &err));
	struct cab_hash made = inventory_hash(&inventory);
	struct cab_hash found = inventory_hash(&checked);
	assert_true(digest_equal(&made.digest, &found.digest));
	struct stat status;
	assert_int_equal(fstatat(place->fd, "tree/sub/run", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0555);
	/* Any one change is seen. */
	assert_int_equal(fchmodat(place->fd, "tree/sub", 0755, 0), 0);
	refuse(place, INVENTORY_CHECK, ERR_CORRUPT, "tree/sub: has mode 0755");
	assert_int_equal(fchmodat(place->fd, "tree/sub", 0555, 0), 0);
	assert_int_equal(fchmodat(place->fd, "tree/sub/run", 0444, 0), 0);
	cleanup_inventory struct inventory other = {0};
	walk(&other, place, INVENTORY_CHECK);
	good(inventory_digest(&other, NULL, &err));
	found = inventory_hash(&other);
	assert_false(digest_equal(&made.digest, &found.digest));
	const struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
	assert_int_equal(utimensat(place->fd, "tree/sub/file", now, 0), 0);
	refuse(place, INVENTORY_CHECK, ERR_CORRUPT, "tree/sub/file: was modified");
}

static void
names_sort_as_bytes(void **state)
{
	struct place *place = *state;
	static const char *const names[] = {
		"tree/\xff", "tree/a", "tree/B", "tree/\x01", "tree/a\x01", "tree/\xc3\xa9"};
	for (size_t at = 0; at < 6; at++)
		put(place->fd, names[at], "", 0644);
	cleanup_inventory struct inventory inventory = {0};
	walk(&inventory, place, INVENTORY_LOOK);
	for (size_t at = 2; at < inventory.entries.size; at++)
		assert_true(bytes_compare(inventory.entries.data[at - 1].name,
				    inventory.entries.data[at].name) < 0);
}

/* Self-references. */

#define LETTERS "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst"
#define OTHERS  "zbcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst"

static bool
digest_with(const struct place *place, const struct object_self *selves, size_t count,
	struct tree_facts *facts, struct err *err)
{
	object_selves list = {0};
	for (size_t at = 0; at < count; at++)
		*array_push(&list) = selves[at];
	cleanup_inventory struct inventory inventory = {0};
	bool done = inventory_walk(&inventory, place->fd, "tree", INVENTORY_LOOK, NULL, err) &&
		    inventory_digest(&inventory, &list, err);
	if (done) {
		facts->hash = inventory_hash(&inventory);
		facts->blanked = inventory_blanked(&inventory);
	}
	array_release(&list);
	return done;
}

static void
selves_are_refused(const struct place *place, const struct object_self *selves, size_t count)
{
	struct tree_facts facts;
	bad(digest_with(place, selves, count, &facts, &err), ERR_CORRUPT);
}

static void
self_references_that_lie_elsewhere_are_refused(void **state)
{
	struct place *place = *state;
	put(place->fd, "tree/file", "<" LETTERS LETTERS ">", 0644);
	put(place->fd, "tree/other", OTHERS, 0644);
	put(place->fd, "tree/link", LETTERS, 0);
	put(place->fd, "tree/short", "abc", 0644);
	struct tree_facts facts;
	const struct object_self fine[] = {{BYTES_LITERAL("file"), 1}, {BYTES_LITERAL("file"), 53},
		{BYTES_LITERAL("link"), 0}};
	good(digest_with(place, fine, 3, &facts, &err));
	assert_false(digest_equal(&facts.hash.digest, &facts.blanked.digest));
	const struct object_self overlapping[] = {
		{BYTES_LITERAL("file"), 1}, {BYTES_LITERAL("file"), 52}};
	const struct object_self twice[] = {{BYTES_LITERAL("file"), 1}, {BYTES_LITERAL("file"), 1}};
	const struct object_self differing[] = {
		{BYTES_LITERAL("file"), 1}, {BYTES_LITERAL("other"), 0}};
	selves_are_refused(place, overlapping, 2);
	selves_are_refused(place, twice, 2);
	selves_are_refused(place, differing, 2);
	const struct object_self outside[] = {{BYTES_LITERAL("file"), 55},
		{BYTES_LITERAL("file"), UINT64_MAX}, {BYTES_LITERAL("file"), UINT64_MAX - 51},
		{BYTES_LITERAL("short"), 0}, {BYTES_LITERAL(""), 0}, {BYTES_LITERAL("absent"), 0},
		{BYTES_LITERAL("link"), 1}};
	for (size_t at = 0; at < 7; at++)
		selves_are_refused(place, &outside[at], 1);
}

static void
blanking_reaches_over_the_pieces_that_are_read(void **state)
{
	struct place *place = *state;
	/* The letters stand across 64 KiB, where one reading ends and the next begins. */
	static char text[(64 << 10) + 200];
	struct digest blanked[2];
	for (size_t turn = 0; turn < 2; turn++) {
		memset(text, '.', sizeof text - 1);
		memcpy(text + (64 << 10) - 20, turn ? OTHERS : LETTERS, DIGEST_TEXT);
		put(place->fd, "tree", text, 0644);
		const struct object_self self = {BYTES_LITERAL(""), (64 << 10) - 20};
		struct tree_facts facts;
		good(digest_with(place, &self, 1, &facts, &err));
		blanked[turn] = facts.blanked.digest;
		struct digest plain = digest_of(bytes_text(text));
		assert_true(digest_equal(&plain, &facts.hash.digest));
	}
	memset(text + (64 << 10) - 20, '0', DIGEST_TEXT);
	struct digest expected = digest_of(bytes_text(text));
	assert_true(digest_equal(&blanked[0], &expected));
	assert_true(digest_equal(&blanked[1], &expected));
}

#define inventory_test(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		inventory_test(every_entry_is_found_by_its_path_and_nothing_else_is),
		inventory_test(what_is_no_tree_is_refused_by_its_path),
		inventory_test(links_are_never_followed),
		inventory_test(a_file_that_changed_after_the_walk_is_noticed),
		inventory_test(a_normalised_tree_is_what_the_check_wants),
		inventory_test(names_sort_as_bytes),
		inventory_test(self_references_that_lie_elsewhere_are_refused),
		inventory_test(blanking_reaches_over_the_pieces_that_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
