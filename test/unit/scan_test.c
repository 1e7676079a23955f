/* SPDX-License-Identifier: MPL-2.0 */
#include "store/scan.h"

#include "store_fixture.h"

static struct scan_pattern
pattern_of(const char *text)
{
	struct scan_pattern pattern;
	struct digest digest = digest_of(bytes_text(text));
	memcpy(pattern.letters, digest_print(&digest).text, DIGEST_TEXT);
	return pattern;
}

static void
references_are_found_wherever_they_lie_in_a_file(void **state)
{
	struct place *place = *state;
	struct scan_pattern patterns[] = {pattern_of("a"), pattern_of("b"), pattern_of("c")};
	/* Across the borders of the chunks that a file is read in, at both ends, after letters. */
	static const size_t offsets[] = {0, 70, 65536 - 52, 65536 * 2 - 26, 65536 * 3 - 1, 200000};
	size_t size = 200052;
	char *data = memory_new(size + 1);
	memset(data, 'a', size);
	data[size] = '\0';
	for (size_t at = 0; at < 6; at++)
		memcpy(data + offsets[at], patterns[at % 2].letters, DIGEST_TEXT);
	put(place->fd, "out/file", data, 0644);
	free(data);
	scan_hits hits = {0};
	good(scan_tree(place->fd, "out", patterns, 3, &hits, &err));
	assert_int_equal(hits.size, 6);
	for (size_t at = 0; at < 6; at++) {
		assert_int_equal(hits.data[at].offset, offsets[at]);
		assert_int_equal(hits.data[at].pattern, at % 2);
		assert_int_equal(hits.data[at].place, SCAN_FILE);
		assert_true(bytes_equal_text(hits.data[at].path, "file"));
	}
	scan_release(&hits);
}

static void
targets_and_names_are_looked_at_too(void **state)
{
	struct place *place = *state;
	struct scan_pattern pattern = pattern_of("a");
	char text[200];
	(void)snprintf(text, sizeof text, "/cull/store/%.*s-a/lib", DIGEST_TEXT, pattern.letters);
	put(place->fd, "out/link", text, 0);
	(void)snprintf(text, sizeof text, "out/deep/x%.*s", DIGEST_TEXT, pattern.letters);
	put_folder(place->fd, text);
	scan_hits hits = {0};
	good(scan_tree(place->fd, "out", &pattern, 1, &hits, &err));
	assert_int_equal(hits.size, 2);
	assert_int_equal(hits.data[0].place, SCAN_NAME);
	assert_int_equal(hits.data[0].offset, 1);
	assert_int_equal(hits.data[1].place, SCAN_TARGET);
	assert_int_equal(hits.data[1].offset, 12);
	struct scan_pattern other = pattern_of("b");
	bad(scan_rewrite(place->fd, "out", &hits, 0, other.letters, &err), ERR_REFUSED);
	object_selves selves = {0};
	scan_selves(&hits, 0, &selves);
	assert_int_equal(selves.size, 1);
	free((void *)(uintptr_t)selves.data[0].path.data);
	array_release(&selves);
	scan_release(&hits);
}

static void
rewriting_changes_the_letters_and_nothing_else(void **state)
{
	struct place *place = *state;
	struct scan_pattern patterns[] = {pattern_of("a"), pattern_of("b")};
	char text[300];
	(void)snprintf(text, sizeof text, "<%.*s|%.*s|%.*s>", DIGEST_TEXT, patterns[0].letters,
		DIGEST_TEXT, patterns[1].letters, DIGEST_TEXT, patterns[0].letters);
	put(place->fd, "out/file", text, 0555);
	put(place->fd, "out/folder/link", text, 0);
	assert_int_equal(fchmodat(place->fd, "out/folder", 0555, 0), 0);
	scan_hits hits = {0};
	good(scan_tree(place->fd, "out", patterns, 2, &hits, &err));
	assert_int_equal(hits.size, 6);
	good(scan_rewrite(place->fd, "out", &hits, 0, pattern_of("c").letters, &err));
	scan_release(&hits);
	struct scan_pattern now[] = {pattern_of("a"), pattern_of("b"), pattern_of("c")};
	good(scan_tree(place->fd, "out", now, 3, &hits, &err));
	assert_int_equal(hits.size, 6);
	for (size_t at = 0; at < 6; at++)
		assert_int_equal(hits.data[at].pattern, at % 3 == 1 ? 1 : 2);
	scan_release(&hits);
	struct stat status;
	assert_int_equal(fstatat(place->fd, "out/file", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0555);
	assert_int_equal(status.st_size, strlen(text));
	assert_int_equal(fstatat(place->fd, "out/folder", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0555);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(references_are_found_wherever_they_lie_in_a_file),
		in_place(targets_and_names_are_looked_at_too),
		in_place(rewriting_changes_the_letters_and_nothing_else),
	};
	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
